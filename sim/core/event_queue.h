/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pending events, in a branch-free 4-ary heap of 16-byte keys.
 *
 * THE ORDER OF EVENTS is total: (time, priority class, sequence number), all ascending; the
 * sequence number counts pushes.  Equal times and classes thus leave in the order they came.
 *
 * push and pop are O(log4 n) comparisons without unpredictable branches; cancel is O(1) amortised
 * (the key stays as a tombstone; when tombstones outnumber the living the heap is rebuilt).
 * A handle names one push for ever: cancelling an event that was popped or cancelled before
 * returns false and harms nothing.
 */
#ifndef HEARSAY_CORE_EVENT_QUEUE_H
#define HEARSAY_CORE_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Priority classes at one instant: first what ends, then what programs do, then what the network
 * makes of all starts and ends of that instant together, and at last what programs do when nothing
 * else is left to happen at it. */
enum event_class {
    EVENT_CLASS_FAULT = 0,
    EVENT_CLASS_ARRIVAL = 1, /* a message or flow ends */
    EVENT_CLASS_COMPUTE = 2, /* a resource becomes free */
    EVENT_CLASS_TIMER = 3,
    EVENT_CLASS_START = 4, /* a flow joins the network */
    EVENT_CLASS_SOLVE = 5, /* rates are computed anew, once an instant */
    EVENT_CLASS_LAST = 6,
};

struct event {
    int64_t time_ps;
    uint32_t kind;   /* registered handler (core/engine.h) */
    uint32_t target; /* node, host, link ... as the kind defines */
    uint64_t arg;
};

typedef uint64_t event_handle; /* 0 is never a handle */

struct event_queue;

struct event_queue *event_queue_create(void);
void event_queue_free(struct event_queue *queue);
event_handle event_queue_push(struct event_queue *queue, int64_t time_ps, enum event_class class_,
                              uint32_t kind, uint32_t target, uint64_t arg);
bool event_queue_cancel(struct event_queue *queue, event_handle handle);
/* Removes the first event into *event; false when none is pending. */
bool event_queue_pop(struct event_queue *queue, struct event *event);
/* Time of the first event; false when none is pending. */
bool event_queue_peek(struct event_queue *queue, int64_t *time_ps);
size_t event_queue_count(const struct event_queue *queue); /* living events */

#endif
