/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pending events: a 4-ary heap of 128-bit keys, and a slot a payload.
 *
 * A. LaMarca, R. E. Ladner, "The influence of caches on the performance of heaps", JEA 1, 1996,
 * for four aligned children a cache line; I. Wegener, "Bottom-up heapsort", TCS 118, 1993, for
 * letting the hole sink to a leaf before the last key is put in, which saves a comparison and an
 * unpredictable branch a level.
 */
#include "core/event_queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/event_queue_private.h"
#include "core/memory.h"

#define ROOT     3
#define GREATEST (~(event_queue_key)0)
/* Few tombstones are not worth a rebuild. */
#define TOMBSTONES_KEPT 64

static size_t parent_of(size_t place)
{
    return place / 4 + 2;
}

static size_t children_of(size_t place)
{
    return 4 * place - 8;
}

static event_queue_key key_of(int64_t time_ps, enum event_class class_, uint64_t sequence,
                              uint64_t slot)
{
    uint64_t high = (uint64_t)time_ps ^ (uint64_t)1 << 63;
    uint64_t low = (uint64_t)class_ << (EVENT_QUEUE_SEQUENCE_BITS + EVENT_QUEUE_SLOT_BITS) |
                   sequence << EVENT_QUEUE_SLOT_BITS | slot;

    return (event_queue_key)high << 64 | low;
}

static int64_t key_time_ps(event_queue_key key)
{
    return (int64_t)((uint64_t)(key >> 64) ^ (uint64_t)1 << 63);
}

static uint64_t key_slot(event_queue_key key)
{
    return (uint64_t)key & (EVENT_QUEUE_SLOTS_MAX - 1);
}

static uint64_t key_sequence(event_queue_key key)
{
    return (uint64_t)key >> EVENT_QUEUE_SLOT_BITS & (EVENT_QUEUE_SEQUENCE_MAX - 1);
}

static bool key_lives(const struct event_queue *queue, event_queue_key key)
{
    return queue->slots[key_slot(key)].sequence == key_sequence(key);
}

/* A cache-line aligned copy of `array`, twice as long at least. */
static void *grow_aligned(void *array, size_t used_bytes, size_t new_bytes)
{
    void *grown = memory_try_aligned(new_bytes);

    CHECK(grown != NULL, "out of memory: %zu bytes of events", new_bytes);
    if (array != NULL)
        memcpy(grown, array, used_bytes);
    free(array);
    return grown;
}

static void heap_grow(struct event_queue *queue)
{
    size_t capacity = queue->heap_capacity * 2;

    queue->heap =
        grow_aligned(queue->heap, queue->end * sizeof *queue->heap, capacity * sizeof *queue->heap);
    queue->heap_capacity = capacity;
}

static void slots_grow(struct event_queue *queue)
{
    uint64_t capacity = queue->slot_capacity * 2;

    CHECK(queue->slot_capacity < EVENT_QUEUE_SLOTS_MAX, "%zu events are pending, more than fit",
          queue->living);
    queue->slots = grow_aligned(queue->slots, queue->slot_count * sizeof *queue->slots,
                                capacity * sizeof *queue->slots);
    queue->slot_capacity = capacity;
}

struct event_queue *event_queue_create(void)
{
    struct event_queue *queue = memory_alloc(sizeof *queue);

    queue->heap_capacity = 128;
    queue->slot_capacity = 128;
    queue->heap = grow_aligned(NULL, 0, queue->heap_capacity * sizeof *queue->heap);
    queue->slots = grow_aligned(NULL, 0, queue->slot_capacity * sizeof *queue->slots);
    queue->end = ROOT;
    queue->heap[ROOT] = GREATEST;
    queue->free_slot = EVENT_QUEUE_NONE;
    return queue;
}

void event_queue_free(struct event_queue *queue)
{
    if (queue == NULL)
        return;
    free(queue->heap);
    free(queue->slots);
    free(queue);
}

static uint64_t slot_take(struct event_queue *queue)
{
    uint64_t slot = queue->free_slot;

    if (slot != EVENT_QUEUE_NONE) {
        queue->free_slot = queue->slots[slot].kind;
        return slot;
    }
    if (queue->slot_count == queue->slot_capacity)
        slots_grow(queue);
    slot = queue->slot_count++;
    queue->slots[slot].generation = 1; /* so that no handle is 0 */
    return slot;
}

static void slot_release(struct event_queue *queue, uint64_t slot)
{
    struct event_queue_slot *held = &queue->slots[slot];

    held->sequence = EVENT_QUEUE_FREE;
    held->generation++;
    queue->living--;
    if (held->generation == EVENT_QUEUE_GENERATION_MAX)
        return;
    held->kind = queue->free_slot;
    queue->free_slot = (uint32_t)slot;
}

/* Moves parents down until `key` fits at or above `place`, and puts it there. */
static void sift_up(event_queue_key *heap, size_t place, event_queue_key key)
{
    while (place > ROOT && key < heap[parent_of(place)]) {
        heap[place] = heap[parent_of(place)];
        place = parent_of(place);
    }
    heap[place] = key;
}

/* The least of four, without a branch: which one it is can't be foreseen. */
static size_t least_of_four(const event_queue_key *heap, size_t first)
{
    size_t a = first + (heap[first + 1] < heap[first]);
    size_t b = first + 2 + (heap[first + 3] < heap[first + 2]);

    return a ^ ((a ^ b) & -(size_t)(heap[b] < heap[a]));
}

/* Moves least children up into the hole at `place` until it is a leaf, and returns the leaf. */
static size_t sink_hole(event_queue_key *heap, size_t end, size_t place)
{
    for (size_t first = children_of(place); first < end; first = children_of(place)) {
        size_t least = least_of_four(heap, first);

        heap[place] = heap[least];
        place = least;
    }
    return place;
}

static void remove_root(struct event_queue *queue)
{
    event_queue_key *heap = queue->heap;
    size_t last = --queue->end;
    event_queue_key moved = heap[last];

    heap[last] = GREATEST;
    if (last > ROOT)
        sift_up(heap, sink_hole(heap, last, ROOT), moved);
}

/* Keeps the living keys, in any order, and fills the last group up. */
static void drop_tombstones(struct event_queue *queue)
{
    event_queue_key *heap = queue->heap;
    size_t kept = ROOT;

    for (size_t place = ROOT; place < queue->end; place++)
        if (key_lives(queue, heap[place]))
            heap[kept++] = heap[place];
    queue->end = kept;
    for (size_t place = kept; place % 4 != 0; place++)
        heap[place] = GREATEST;
}

static void sift_down(struct event_queue *queue, size_t place)
{
    event_queue_key *heap = queue->heap;
    event_queue_key key = heap[place];

    for (size_t first = children_of(place); first < queue->end; first = children_of(place)) {
        size_t least = least_of_four(heap, first);

        if (key < heap[least])
            break;
        heap[place] = heap[least];
        place = least;
    }
    heap[place] = key;
}

static void compact(struct event_queue *queue)
{
    drop_tombstones(queue);
    if (queue->end <= ROOT + 1)
        return;
    for (size_t place = parent_of(queue->end - 1); place >= ROOT; place--)
        sift_down(queue, place);
}

static int compare_keys(const void *a, const void *b)
{
    const event_queue_key *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* The sequence numbers are used up: the pending events get 0, 1, 2, ... in their order.  A sorted
 * array is a heap. */
static void renumber(struct event_queue *queue)
{
    const event_queue_key field = (event_queue_key)(EVENT_QUEUE_SEQUENCE_MAX - 1)
                                  << EVENT_QUEUE_SLOT_BITS;

    drop_tombstones(queue);
    qsort(queue->heap + ROOT, queue->end - ROOT, sizeof *queue->heap, compare_keys);
    queue->next_sequence = 0;
    for (size_t place = ROOT; place < queue->end; place++) {
        event_queue_key *key = &queue->heap[place];

        queue->slots[key_slot(*key)].sequence = queue->next_sequence;
        *key = (*key & ~field) | (event_queue_key)queue->next_sequence << EVENT_QUEUE_SLOT_BITS;
        queue->next_sequence++;
    }
}

static void heap_insert(struct event_queue *queue, event_queue_key key)
{
    size_t place = queue->end;

    if (place % 4 == 0) { /* a new group */
        if (place == queue->heap_capacity)
            heap_grow(queue);
        for (size_t i = 0; i < 4; i++)
            queue->heap[place + i] = GREATEST;
    }
    queue->end = place + 1;
    sift_up(queue->heap, place, key);
}

event_handle event_queue_push(struct event_queue *queue, int64_t time_ps, enum event_class class_,
                              uint32_t kind, uint32_t target, uint64_t arg)
{
    uint64_t sequence, slot;
    struct event_queue_slot *held;

    CHECK((unsigned)class_ <= EVENT_CLASS_LAST, "event class %d is none", (int)class_);
    if (__builtin_expect(queue->next_sequence == EVENT_QUEUE_SEQUENCE_MAX, 0))
        renumber(queue);
    sequence = queue->next_sequence++;
    slot = slot_take(queue);
    held = &queue->slots[slot];
    held->sequence = sequence;
    held->arg = arg;
    held->kind = kind;
    held->target = target;
    queue->living++;
    heap_insert(queue, key_of(time_ps, class_, sequence, slot));
    return held->generation << EVENT_QUEUE_SLOT_BITS | slot;
}

bool event_queue_cancel(struct event_queue *queue, event_handle handle)
{
    uint64_t slot = handle & (EVENT_QUEUE_SLOTS_MAX - 1);
    size_t keys;

    if (slot >= queue->slot_count || queue->slots[slot].sequence == EVENT_QUEUE_FREE ||
        queue->slots[slot].generation != handle >> EVENT_QUEUE_SLOT_BITS)
        return false;
    slot_release(queue, slot);
    keys = queue->end - ROOT;
    if (keys - queue->living > queue->living + TOMBSTONES_KEPT)
        compact(queue);
    return true;
}

bool event_queue_pop(struct event_queue *queue, struct event *event)
{
    while (queue->end > ROOT) {
        event_queue_key first = queue->heap[ROOT];
        uint64_t slot = key_slot(first);
        const struct event_queue_slot *held = &queue->slots[slot];

        __builtin_prefetch(held, 1); /* arrives while the hole sinks */
        remove_root(queue);
        if (!key_lives(queue, first))
            continue;
        *event = (struct event){key_time_ps(first), held->kind, held->target, held->arg};
        slot_release(queue, slot);
        return true;
    }
    return false;
}

bool event_queue_peek(struct event_queue *queue, int64_t *time_ps)
{
    while (queue->end > ROOT && !key_lives(queue, queue->heap[ROOT]))
        remove_root(queue);
    if (queue->end == ROOT)
        return false;
    *time_ps = key_time_ps(queue->heap[ROOT]);
    return true;
}

size_t event_queue_count(const struct event_queue *queue)
{
    return queue->living;
}
