/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: plays the pending events one by one.
 */
#include "core/engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

struct registration {
    char *name;
    engine_handler *handler;
    void *context;
};

struct engine {
    struct event_queue *queue;
    struct registration *kinds;
    size_t kind_count, kind_capacity;
    int64_t now_ps;
    uint64_t played;
    const struct event *playing; /* NULL between events */
};

struct engine *engine_create(void)
{
    struct engine *engine = memory_alloc(sizeof *engine);

    engine->queue = event_queue_create();
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t kind = 0; kind < engine->kind_count; kind++)
        free(engine->kinds[kind].name);
    free(engine->kinds);
    event_queue_free(engine->queue);
    free(engine);
}

uint32_t engine_register(struct engine *engine, const char *name, engine_handler *handler,
                         void *context)
{
    CHECK(engine->kind_count < UINT32_MAX, "too many kinds of events");
    if (engine->kind_count == engine->kind_capacity)
        engine->kinds = memory_grow(engine->kinds, &engine->kind_capacity, engine->kind_count + 1,
                                    sizeof *engine->kinds);
    engine->kinds[engine->kind_count] =
        (struct registration){memory_copy_string(name), handler, context};
    return (uint32_t)engine->kind_count++;
}

event_handle engine_at(struct engine *engine, int64_t time_ps, enum event_class class_,
                       uint32_t kind, uint32_t target, uint64_t arg)
{
    ENGINE_CHECK(engine, time_ps >= engine->now_ps, "an event at %" PRId64 " ps lies in the past",
                 time_ps);
    ENGINE_CHECK(engine, kind < engine->kind_count, "event kind %" PRIu32 " is not registered",
                 kind);
    return event_queue_push(engine->queue, time_ps, class_, kind, target, arg);
}

bool engine_cancel(struct engine *engine, event_handle handle)
{
    return event_queue_cancel(engine->queue, handle);
}

int64_t engine_now(const struct engine *engine)
{
    return engine->now_ps;
}

bool engine_next_time(struct engine *engine, int64_t *time_ps)
{
    return event_queue_peek(engine->queue, time_ps);
}

bool engine_step(struct engine *engine)
{
    struct event event;
    const struct registration *kind;

    if (!event_queue_pop(engine->queue, &event))
        return false;
    engine->now_ps = event.time_ps;
    engine->played++;
    engine->playing = &event;
    kind = &engine->kinds[event.kind]; /* not valid after the call: a handler may register */
    kind->handler(kind->context, &event);
    engine->playing = NULL;
    return true;
}

uint64_t engine_event_count(const struct engine *engine)
{
    return engine->played;
}

void engine_check_failed(const struct engine *engine, const char *file, int line,
                         const char *condition, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "hearsay: check failed at %" PRId64 ".%012" PRId64 " s, ",
            (int64_t)(engine->now_ps / SIMTIME_PS_PER_S),
            (int64_t)(engine->now_ps % SIMTIME_PS_PER_S));
    if (engine->playing != NULL)
        fprintf(stderr, "event %s target %" PRIu32 ": ", engine->kinds[engine->playing->kind].name,
                engine->playing->target);
    else
        fputs("between events: ", stderr);
    fprintf(stderr, "%s:%d: %s: ", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}
