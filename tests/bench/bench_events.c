/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event queue in the hold model (D. W. Jones, "An empirical comparison of priority-queue and
 * event-set implementations", CACM 29, 1986): the first event leaves, and one at its time plus an
 * exponential increment comes, with 10^2 .. 10^6 events pending.
 *
 * Three in turns: a bare branch-free 4-ary heap of 16-byte entries, which knows neither payloads
 * nor handles; the event queue; the engine, which also calls a handler that pushes the next event.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine.h"
#include "core/memory.h"
#include "tests/bench/bench.h"

#define TURNS      5
#define EVENTS     400000 /* of a turn */
#define INCREMENTS 65536  /* drawn beforehand */

struct holder {
    int64_t *increments;
    size_t next;
    struct engine *engine;
    uint32_t kind;
};

static int64_t increment(struct holder *holder)
{
    return holder->increments[holder->next++ % INCREMENTS];
}

static void holder_init(struct holder *holder)
{
    *holder = (struct holder){.increments = memory_array(INCREMENTS, sizeof(int64_t))};
    for (uint64_t i = 0; i < INCREMENTS; i++) {
        double uniform = ((double)(bench_hash(i) >> 11) + 0.5) * 0x1p-53;
        holder->increments[i] = (int64_t)(-1e12 * log(uniform)) + 1;
    }
}

/* ---- The bare heap: entries 1 .. count of (time, sequence number), children 4i - 2 .. 4i + 1. */

__extension__ typedef unsigned __int128 bare_entry;

struct bare_heap {
    bare_entry *entry;
    size_t count;
    uint64_t sequence;
};

static void bare_push(struct bare_heap *heap, int64_t time)
{
    bare_entry entry = (bare_entry)(uint64_t)time << 64 | heap->sequence++;
    size_t at = ++heap->count;
    for (size_t parent; at > 1 && entry < heap->entry[parent = (at + 2) / 4]; at = parent)
        heap->entry[at] = heap->entry[parent];
    heap->entry[at] = entry;
}

static size_t bare_least(const bare_entry *entry, size_t first)
{
    size_t a = first + (entry[first + 1] < entry[first]);
    size_t b = first + 2 + (entry[first + 3] < entry[first + 2]);
    return a ^ ((a ^ b) & -(size_t)(entry[b] < entry[a]));
}

/* Beyond the last entry lie the greatest ones: four children are always there. */
static int64_t bare_pop(struct bare_heap *heap)
{
    bare_entry first = heap->entry[1], last = heap->entry[heap->count];
    size_t at = 1;
    heap->entry[heap->count--] = ~(bare_entry)0;
    while (4 * at - 2 <= heap->count) {
        size_t least = bare_least(heap->entry, 4 * at - 2);
        heap->entry[at] = heap->entry[least];
        at = least;
    }
    for (size_t parent; at > 1 && last < heap->entry[parent = (at + 2) / 4]; at = parent)
        heap->entry[at] = heap->entry[parent];
    heap->entry[at] = heap->count ? last : ~(bare_entry)0;
    return (int64_t)(first >> 64);
}

/* The block is shifted so that four children share a cache line. */
static bare_entry *bare_block(size_t pending, void **block)
{
    size_t bytes = (pending + 12) * sizeof(bare_entry);
    *block = memory_try_aligned(bytes);
    if (*block == NULL)
        exit(1);
    memset(*block, 255, bytes);
    return (bare_entry *)*block + 2;
}

static double bare_turn(struct holder *holder, size_t pending)
{
    void *block;
    struct bare_heap heap = {.entry = bare_block(pending, &block)};
    for (size_t i = 0; i < pending; i++)
        bare_push(&heap, increment(holder));
    for (size_t i = 0; i < pending; i++)
        bare_push(&heap, bare_pop(&heap) + increment(holder));
    double then_s = bench_now_s();
    for (size_t i = 0; i < EVENTS; i++)
        bare_push(&heap, bare_pop(&heap) + increment(holder));
    double taken_s = bench_now_s() - then_s;
    free(block);
    return taken_s / EVENTS;
}

/* ---- The queue and the engine ------------------------------------------------------------------
 */

static void hold(struct holder *holder, struct event_queue *queue, size_t events)
{
    struct event event;
    for (size_t i = 0; i < events && event_queue_pop(queue, &event); i++)
        event_queue_push(queue, event.time_ps + increment(holder), EVENT_CLASS_COMPUTE, event.kind,
                         event.target, event.arg);
}

static double queue_turn(struct holder *holder, size_t pending)
{
    struct event_queue *queue = event_queue_create();
    for (size_t i = 0; i < pending; i++)
        event_queue_push(queue, increment(holder), EVENT_CLASS_COMPUTE, 0, (uint32_t)i, i);
    hold(holder, queue, pending);
    double then_s = bench_now_s();
    hold(holder, queue, EVENTS);
    double taken_s = bench_now_s() - then_s;
    event_queue_free(queue);
    return taken_s / EVENTS;
}

static void on_event(void *context, const struct event *event)
{
    struct holder *holder = context;
    engine_at(holder->engine, event->time_ps + increment(holder), EVENT_CLASS_COMPUTE, holder->kind,
              event->target, event->arg);
}

static double engine_turn(struct holder *holder, size_t pending)
{
    holder->engine = engine_create();
    holder->kind = engine_register(holder->engine, "hold", on_event, holder);
    for (size_t i = 0; i < pending; i++)
        engine_at(holder->engine, increment(holder), EVENT_CLASS_COMPUTE, holder->kind, (uint32_t)i,
                  i);
    for (size_t i = 0; i < pending; i++)
        engine_step(holder->engine);
    double then_s = bench_now_s();
    for (size_t i = 0; i < EVENTS; i++)
        engine_step(holder->engine);
    double taken_s = bench_now_s() - then_s;
    engine_free(holder->engine);
    return taken_s / EVENTS;
}

static void compare(struct holder *holder, size_t pending)
{
    struct bench_series bare = {.count = 0}, queue = {.count = 0}, engine = {.count = 0};
    for (int turn = 0; turn < TURNS; turn++) {
        bench_add(&bare, bare_turn(holder, pending));
        bench_add(&queue, queue_turn(holder, pending));
        bench_add(&engine, engine_turn(holder, pending));
    }
    printf("%9zu %9.1f %9.1f %9.1f %13.2f %13.2f\n", pending, 1e9 * bench_median(&bare),
           1e9 * bench_median(&queue), 1e9 * bench_median(&engine), bench_paired(&queue, &bare),
           bench_paired(&engine, &bare));
}

int main(int argc, char **argv)
{
    struct holder holder;
    (void)argc;
    bench_begin(argv);
    holder_init(&holder);
    printf("hold model, ns an event (one pop and one push), median of %d turns\n", TURNS);
    printf("%9s %9s %9s %9s %13s %13s\n", "pending", "bare", "queue", "engine", "queue/bare",
           "engine/bare");
    for (size_t pending = 100; pending <= 1000000; pending *= 10)
        compare(&holder, pending);
    free(holder.increments);
    return 0;
}
