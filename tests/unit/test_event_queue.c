/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event queue against sorted and searched reference lists.
 */
#include "core/event_queue.h"

#include <check.h>
#include <stdlib.h>

#include "core/event_queue_private.h"
#include "core/memory.h"
#include "core/rng.h"
#include "testing.h"

/* One push as the reference sees it; `order` counts pushes. */
struct pushed {
    int64_t time_ps;
    int class_;
    uint64_t order;
    event_handle handle;
    bool pending;
};

/* A Check assertion costs more than the queue: the loops assert through this. */
static void must(bool condition, const char *what, uint64_t event)
{
    if (!condition)
        ck_abort_msg("event %lu: %s", (unsigned long)event, what);
}

static int compare_pushed(const void *a, const void *b)
{
    const struct pushed *x = a, *y = b;

    if (x->time_ps != y->time_ps)
        return x->time_ps < y->time_ps ? -1 : 1;
    if (x->class_ != y->class_)
        return x->class_ - y->class_;
    return (x->order > y->order) - (x->order < y->order);
}

static uint64_t draw(struct rng *rng, uint64_t below)
{
    return rng_next(rng) % below;
}

/* Pushes an event at one of `times` instants; its arg is its order. */
static struct pushed push_random(struct event_queue *queue, struct rng *rng, uint64_t order,
                                 uint64_t times)
{
    struct pushed pushed = {.time_ps = (int64_t)draw(rng, times) - (int64_t)(times / 4),
                            .class_ = (int)draw(rng, 6),
                            .order = order,
                            .pending = true};

    pushed.handle = event_queue_push(queue, pushed.time_ps, (enum event_class)pushed.class_,
                                     (uint32_t)order, (uint32_t)(order * 3), order);
    must(pushed.handle != 0, "has handle 0", order);
    return pushed;
}

static void assert_popped(struct event_queue *queue, const struct pushed *expected)
{
    struct event event;
    int64_t peeked;

    must(event_queue_peek(queue, &peeked), "is not there", expected->order);
    must(peeked == expected->time_ps, "is not seen", expected->order);
    must(event_queue_pop(queue, &event), "does not leave", expected->order);
    must(event.time_ps == expected->time_ps, "leaves at another time", expected->order);
    must(event.arg == expected->order, "leaves out of order", expected->order);
    must(event.kind == (uint32_t)expected->order, "changed its kind", expected->order);
    must(event.target == (uint32_t)(expected->order * 3), "changed its target", expected->order);
}

static void assert_drained(struct event_queue *queue)
{
    struct event event;
    int64_t time_ps;

    ck_assert_uint_eq(event_queue_count(queue), 0);
    ck_assert(!event_queue_peek(queue, &time_ps));
    ck_assert(!event_queue_pop(queue, &event));
}

/* Pops everything and compares with the pending ones of `all`, sorted. */
static void assert_leaves_sorted(struct event_queue *queue, struct pushed *all, size_t count)
{
    qsort(all, count, sizeof *all, compare_pushed);
    for (size_t i = 0; i < count; i++)
        if (all[i].pending)
            assert_popped(queue, &all[i]);
    assert_drained(queue);
}

/* 1e5 events at few instants, a third of them cancelled; the sequence numbers may start late, so
 * that they run out on the way. */
static void play_sorted(uint64_t first_sequence, uint64_t times)
{
    enum { COUNT = 100000 };
    struct pushed *all = memory_array(COUNT, sizeof *all);
    struct event_queue *queue = event_queue_create();
    struct rng rng;
    size_t cancelled = 0;

    rng_open(&rng, first_sequence, RNG_TEST, 0, times, 0);
    queue->next_sequence = first_sequence;
    for (size_t i = 0; i < COUNT; i++) {
        all[i] = push_random(queue, &rng, i, times);
        if (draw(&rng, 2) == 0) {
            struct pushed *victim = &all[draw(&rng, i + 1)];

            must(event_queue_cancel(queue, victim->handle) == victim->pending,
                 "is cancelled wrongly", victim->order);
            cancelled += victim->pending;
            victim->pending = false;
        }
        must(event_queue_count(queue) == i + 1 - cancelled, "is miscounted", i);
    }
    assert_leaves_sorted(queue, all, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        must(!event_queue_cancel(queue, all[i].handle), "is cancelled after it left", i);
    event_queue_free(queue);
    free(all);
}

START_TEST(order_is_that_of_a_sorted_list)
{
    play_sorted(0, 50);
    play_sorted(0, 1000000);
}
END_TEST

START_TEST(order_survives_renumbering)
{
    play_sorted(EVENT_QUEUE_SEQUENCE_MAX - 30000, 50);
    play_sorted(EVENT_QUEUE_SEQUENCE_MAX - 1, 3);
    play_sorted(EVENT_QUEUE_SEQUENCE_MAX, 1);
}
END_TEST

/* Nine of ten are cancelled, in random order: the heap is rebuilt several times. */
START_TEST(order_survives_compaction)
{
    enum { COUNT = 20000 };
    struct pushed *all = memory_array(COUNT, sizeof *all);
    struct event_queue *queue = event_queue_create();
    struct rng rng;
    size_t keys = COUNT;

    rng_open(&rng, 6, RNG_TEST, 3, 0, 0);
    for (size_t i = 0; i < COUNT; i++)
        all[i] = push_random(queue, &rng, i, 1000);
    for (size_t living = COUNT; living > COUNT / 10;) {
        struct pushed *victim = &all[draw(&rng, COUNT)];

        must(event_queue_cancel(queue, victim->handle) == victim->pending, "is cancelled wrongly",
             victim->order);
        living -= victim->pending;
        victim->pending = false;
        keys = queue->end;
        must(keys <= 2 * living + 100, "leaves too many tombstones", victim->order);
    }
    ck_assert_uint_lt(keys, COUNT / 4);
    assert_leaves_sorted(queue, all, COUNT);
    event_queue_free(queue);
    free(all);
}
END_TEST

static struct pushed *first_pending(struct pushed *all, size_t count)
{
    struct pushed *first = NULL;

    for (size_t i = 0; i < count; i++)
        if (all[i].pending && (first == NULL || compare_pushed(&all[i], first) < 0))
            first = &all[i];
    return first;
}

/* Pushes, pops and cancels in random turns; the sequence numbers run out every 500 pushes. */
START_TEST(random_turns_match_a_searched_list)
{
    enum { PUSHES = 3000 };
    struct pushed *all = memory_array(PUSHES, sizeof *all);
    struct event_queue *queue = event_queue_create();
    struct rng rng;
    size_t count = 0;

    rng_open(&rng, 7, RNG_TEST, 1, 0, 0);
    while (count < PUSHES) {
        uint64_t turn = draw(&rng, 10);

        if (count % 500 == 499)
            queue->next_sequence = EVENT_QUEUE_SEQUENCE_MAX - 1;
        if (turn < 5) {
            all[count] = push_random(queue, &rng, count, 20);
            count++;
        } else if (turn < 7 && count > 0) {
            struct pushed *victim = &all[draw(&rng, count)];

            must(event_queue_cancel(queue, victim->handle) == victim->pending,
                 "is cancelled wrongly", victim->order);
            victim->pending = false;
        } else {
            struct pushed *first = first_pending(all, count);

            if (first == NULL) {
                assert_drained(queue);
                continue;
            }
            assert_popped(queue, first);
            first->pending = false;
            must(!event_queue_cancel(queue, first->handle), "is cancelled after it left",
                 first->order);
        }
    }
    assert_leaves_sorted(queue, all, count);
    event_queue_free(queue);
    free(all);
}
END_TEST

START_TEST(handle_names_one_push_for_ever)
{
    struct event_queue *queue = event_queue_create();
    struct event event;
    event_handle first = event_queue_push(queue, 1, EVENT_CLASS_TIMER, 0, 0, 10), second;

    ck_assert(!event_queue_cancel(queue, 0));
    ck_assert(!event_queue_cancel(queue, UINT64_MAX));
    ck_assert(event_queue_cancel(queue, first));
    ck_assert(!event_queue_cancel(queue, first));
    second = event_queue_push(queue, 1, EVENT_CLASS_TIMER, 0, 0, 20); /* the same slot */
    ck_assert_uint_ne(first, second);
    ck_assert(!event_queue_cancel(queue, first));
    ck_assert(event_queue_pop(queue, &event));
    ck_assert_uint_eq(event.arg, 20);
    ck_assert(!event_queue_cancel(queue, second));
    assert_drained(queue);
    event_queue_free(queue);
}
END_TEST

START_TEST(worn_out_slot_is_retired)
{
    struct event_queue *queue = event_queue_create();
    event_handle handle = event_queue_push(queue, 1, EVENT_CLASS_TIMER, 0, 0, 0);

    ck_assert(event_queue_cancel(queue, handle));
    queue->slots[0].generation = EVENT_QUEUE_GENERATION_MAX - 1;
    handle = event_queue_push(queue, 1, EVENT_CLASS_TIMER, 0, 0, 0);
    ck_assert_uint_eq(handle & (EVENT_QUEUE_SLOTS_MAX - 1), 0);
    ck_assert(event_queue_cancel(queue, handle));
    handle = event_queue_push(queue, 1, EVENT_CLASS_TIMER, 0, 0, 0);
    ck_assert_uint_eq(handle & (EVENT_QUEUE_SLOTS_MAX - 1), 1);
    ck_assert(event_queue_cancel(queue, handle));
    assert_drained(queue);
    event_queue_free(queue);
}
END_TEST

START_TEST(tombstones_do_not_pile_up)
{
    struct event_queue *queue = event_queue_create();
    size_t keys_max = 0;

    event_queue_push(queue, 5, EVENT_CLASS_TIMER, 1, 0, 0);
    for (int i = 0; i < 100000; i++) {
        event_handle handle = event_queue_push(queue, 10 + i, EVENT_CLASS_TIMER, 0, 0, 0);

        must(event_queue_cancel(queue, handle), "is not cancelled", (uint64_t)i);
        keys_max = queue->end > keys_max ? queue->end : keys_max;
    }
    ck_assert_uint_lt(keys_max, 100);
    ck_assert_uint_eq(event_queue_count(queue), 1);
    event_queue_free(queue);
}
END_TEST

START_TEST(an_instant_has_a_last_class)
{
    struct event_queue *queue = event_queue_create();
    struct event event;
    for (int class_ = EVENT_CLASS_LAST; class_ >= EVENT_CLASS_FAULT; class_--)
        event_queue_push(queue, 7, (enum event_class)class_, (uint32_t)class_, 0, 0);
    for (uint32_t class_ = EVENT_CLASS_FAULT; class_ <= EVENT_CLASS_LAST; class_++) {
        ck_assert(event_queue_pop(queue, &event));
        ck_assert_uint_eq(event.kind, class_);
    }
    event_queue_free(queue);
}
END_TEST

START_TEST(extreme_times_are_ordered)
{
    const int64_t times[] = {INT64_MAX, 0, -1, INT64_MIN, 1};
    const int64_t sorted[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    struct event_queue *queue = event_queue_create();
    struct event event;

    for (size_t i = 0; i < 5; i++)
        event_queue_push(queue, times[i], EVENT_CLASS_SOLVE, 0, 0, 0);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(event_queue_pop(queue, &event));
        ck_assert_int_eq(event.time_ps, sorted[i]);
    }
    event_queue_free(queue);
}
END_TEST

START_TEST(million_events_wait)
{
    enum { COUNT = 1000000 };
    struct event_queue *queue = event_queue_create();
    struct event event, before = {.time_ps = INT64_MIN};
    struct rng rng;
    uint64_t sum = 0;

    rng_open(&rng, 3, RNG_TEST, 2, 0, 0);
    for (uint64_t i = 0; i < COUNT; i++)
        event_queue_push(queue, (int64_t)draw(&rng, COUNT / 4), EVENT_CLASS_TIMER, 0, 0, i);
    ck_assert_uint_eq(event_queue_count(queue), COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        must(event_queue_pop(queue, &event), "does not leave", i);
        must(i == 0 || event.time_ps > before.time_ps ||
                 (event.time_ps == before.time_ps && event.arg > before.arg),
             "leaves out of order", i);
        before = event;
        sum += event.arg;
    }
    ck_assert_uint_eq(sum, (uint64_t)COUNT * (COUNT - 1) / 2);
    assert_drained(queue);
    event_queue_free(queue);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event queue");
    TCase *cases = tcase_create("event queue");

    tcase_add_test(cases, order_is_that_of_a_sorted_list);
    tcase_add_test(cases, order_survives_renumbering);
    tcase_add_test(cases, order_survives_compaction);
    tcase_add_test(cases, random_turns_match_a_searched_list);
    tcase_add_test(cases, handle_names_one_push_for_ever);
    tcase_add_test(cases, worn_out_slot_is_retired);
    tcase_add_test(cases, tombstones_do_not_pile_up);
    tcase_add_test(cases, extreme_times_are_ordered);
    tcase_add_test(cases, an_instant_has_a_last_class);
    tcase_add_test(cases, million_events_wait);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
