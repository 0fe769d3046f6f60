/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the event queue, for event_queue.c and its test alone.
 *
 * A key is one 128-bit number, so that one comparison is the whole order:
 *
 *   bits 127..64  time, sign bit flipped
 *         63..61  priority class
 *         60..27  sequence number
 *         26..0   slot of the payload (decides nothing: sequence numbers are unique)
 *
 * The heap starts at index 3 and the children of p lie at 4p - 8 ... 4p - 5: each group of four
 * fills one cache line.  Unused places of the last group hold the greatest key, so that the least
 * of four needs no bound.
 *
 * A key lives while its slot holds its sequence number.  Cancelling frees the slot at once; the
 * key stays in the heap as a tombstone.
 */
#ifndef HEARSAY_CORE_EVENT_QUEUE_PRIVATE_H
#define HEARSAY_CORE_EVENT_QUEUE_PRIVATE_H

#include "core/event_queue.h"

#define EVENT_QUEUE_SLOT_BITS     27 /* 134 million events at once */
#define EVENT_QUEUE_SEQUENCE_BITS 34 /* 17 billion pushes between two renumberings */
#define EVENT_QUEUE_CLASS_BITS    3

#define EVENT_QUEUE_SLOTS_MAX    ((uint64_t)1 << EVENT_QUEUE_SLOT_BITS)
#define EVENT_QUEUE_SEQUENCE_MAX ((uint64_t)1 << EVENT_QUEUE_SEQUENCE_BITS)
/* A slot that was used so often is not used again: handles stay unique for ever. */
#define EVENT_QUEUE_GENERATION_MAX ((uint64_t)1 << (64 - EVENT_QUEUE_SLOT_BITS))

#define EVENT_QUEUE_FREE UINT64_MAX /* the sequence of a slot that holds no event */
#define EVENT_QUEUE_NONE UINT32_MAX /* the end of the free list */

__extension__ typedef unsigned __int128 event_queue_key;

struct event_queue_slot {
    uint64_t sequence;
    uint64_t generation; /* of the event held, or of the next one */
    uint64_t arg;
    uint32_t kind; /* of a free slot: the next free one */
    uint32_t target;
};

struct event_queue {
    event_queue_key *heap;
    struct event_queue_slot *slots;
    size_t end;           /* one past the last key; EVENT_QUEUE_ROOT when empty */
    size_t heap_capacity; /* a multiple of four */
    size_t living;
    uint64_t next_sequence;
    uint64_t slot_count, slot_capacity;
    uint32_t free_slot;
};

#endif
