/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: a clock, the event queue and a table of handlers.  Handlers run at the time of their
 * event; they may push events at or after now, never before (a check trips).
 */
#ifndef HEARSAY_CORE_ENGINE_H
#define HEARSAY_CORE_ENGINE_H

#include "core/event_queue.h"

struct engine;

typedef void engine_handler(void *context, const struct event *event);

struct engine *engine_create(void);
void engine_free(struct engine *engine);

/* Registers a handler under a name for reports; returns the kind to push events with. */
uint32_t engine_register(struct engine *engine, const char *name, engine_handler *handler,
                         void *context);

event_handle engine_at(struct engine *engine, int64_t time_ps, enum event_class class_,
                       uint32_t kind, uint32_t target, uint64_t arg);
bool engine_cancel(struct engine *engine, event_handle handle);
int64_t engine_now(const struct engine *engine);
/* Time of the next event; false when the queue is empty. */
bool engine_next_time(struct engine *engine, int64_t *time_ps);
/* Plays one event; false when none is pending. */
bool engine_step(struct engine *engine);
uint64_t engine_event_count(const struct engine *engine); /* events played so far */

_Noreturn void engine_check_failed(const struct engine *engine, const char *file, int line,
                                   const char *condition, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* As CHECK, and the message names simulated time and the event being played. */
#define ENGINE_CHECK(engine, condition, ...)                                                       \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            engine_check_failed(engine, __FILE__, __LINE__, #condition, __VA_ARGS__);              \
    } while (0)

#endif
