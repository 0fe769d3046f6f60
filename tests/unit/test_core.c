/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statuses, checks, memory, time, digests and the engine.
 */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/check.h"
#include "core/digest.h"
#include "core/engine.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/simtime.h"
#include "core/status.h"
#include "testing.h"

/* Runs `act` in a child, asserts that it aborts, and gives what it said. */
static void assert_aborts(void (*act)(void), char *said, size_t size)
{
    int ends[2], state;
    size_t used = 0;
    ssize_t got;
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        act();
        _exit(0);
    }
    close(ends[1]);
    while (used + 1 < size && (got = read(ends[0], said + used, size - 1 - used)) > 0)
        used += (size_t)got;
    said[used] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ck_assert_msg(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT, "did not abort: %s", said);
}

static void assert_aborts_saying(void (*act)(void), const char *words)
{
    char said[4096];

    assert_aborts(act, said, sizeof said);
    ck_assert_msg(strstr(said, words) != NULL, "said: %s", said);
}

/* ---- statuses and checks ---- */

START_TEST(failures_fill_the_error)
{
    struct error error = {0};
    char path[400];

    ck_assert_int_eq(status_fail(&error, STATUS_DEADLOCK, "%d wait", 3), STATUS_DEADLOCK);
    ck_assert_int_eq(error.status, STATUS_DEADLOCK);
    ck_assert_str_eq(error.text, "3 wait");
    ck_assert_str_eq(error.path, "");
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(status_fail_at(&error, "a.b[0]", "found %s", "x"), STATUS_REQUEST);
    ck_assert_str_eq(error.path, "a.b[0]");
    ck_assert_str_eq(error.text, "found x");
    status_fail_at(&error, path, "%2000s", "long");
    ck_assert_uint_eq(strlen(error.path), sizeof error.path - 1);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
    ck_assert_int_eq(status_fail(NULL, STATUS_EXPECT, "nobody listens"), STATUS_EXPECT);
}
END_TEST

START_TEST(statuses_have_names_and_exit_codes)
{
    ck_assert_int_eq(status_exit_code(STATUS_OK), 0);
    ck_assert_int_eq(status_exit_code(STATUS_REQUEST), 2);
    ck_assert_int_eq(status_exit_code(STATUS_INTERRUPTED), 130);
    ck_assert_str_eq(status_name(STATUS_NO_MEMORY), "no_memory");
    ck_assert_str_eq(status_text(STATUS_DIVERGED), "diverged");
#define LOWER(upper, code, text)                                                                   \
    ck_assert_int_eq(strcasecmp(status_name(STATUS_##upper), #upper), 0);
    STATUS_LIST(LOWER)
#undef LOWER
}
END_TEST

static void trip(void)
{
    CHECK(1 + 1 == 3, "sum is %d", 2);
}

static void wrong_status(void)
{
    status_name((enum status)99);
}

START_TEST(checks_abort_and_say_why)
{
    CHECK(1 + 1 == 2, "never said");
    assert_aborts_saying(trip, "1 + 1 == 3: sum is 2\n");
    assert_aborts_saying(wrong_status, "status 99 is none");
}
END_TEST

/* ---- memory ---- */

static void array_overflow(void)
{
    free(memory_array(SIZE_MAX / 2, 4));
}

static void resize_overflow(void)
{
    free(memory_resize(NULL, SIZE_MAX / 2, 4));
}

START_TEST(allocation_is_checked)
{
    unsigned char *block = memory_alloc(1000);
    char *copy = memory_copy_string("gossip");
    void *aligned = memory_try_aligned(100);

    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(block[i], 0);
    block = memory_resize(block, 500, 4);
    block[1999] = 1;
    ck_assert_str_eq(copy, "gossip");
    ck_assert_uint_eq((uintptr_t)aligned % 64, 0);
    ck_assert_ptr_null(memory_try_aligned(SIZE_MAX));
    ck_assert_ptr_null(memory_try_aligned(PTRDIFF_MAX));
    free(block);
    free(copy);
    free(aligned);
    free(memory_alloc(0));
    free(memory_resize(NULL, 0, 8));
    assert_aborts_saying(array_overflow, "overflow");
    assert_aborts_saying(resize_overflow, "overflow");
}
END_TEST

START_TEST(arrays_grow_by_doubling)
{
    int *array = NULL;
    size_t capacity = 0, moves = 0;

    for (size_t i = 0; i < 10000; i++) {
        if (i == capacity) {
            array = memory_grow(array, &capacity, i + 1, sizeof *array);
            moves++;
        }
        array[i] = (int)i;
    }
    for (size_t i = 0; i < 10000; i++)
        ck_assert(array[i] == (int)i);
    ck_assert_uint_le(moves, 12);
    array = memory_grow(array, &capacity, 1000000, sizeof *array);
    ck_assert_uint_ge(capacity, 1000000);
    free(array);
}
END_TEST

START_TEST(arena_blocks_stay)
{
    enum { BLOCKS = 2000 };
    struct memory_arena arena = {0};
    unsigned char *blocks[BLOCKS];
    struct rng rng;

    rng_open(&rng, 9, RNG_TEST, 0, 0, 0);
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = rng_next(&rng) % (i % 100 == 0 ? 200000 : 300) + 2;

        blocks[i] = memory_arena_alloc(&arena, size);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
        ck_assert(blocks[i][0] == 0 && memcmp(blocks[i], blocks[i] + 1, size - 1) == 0);
        memset(blocks[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        ck_assert(blocks[i][0] == i % 251 && blocks[i][1] == i % 251);
    ck_assert_str_eq(memory_arena_string(&arena, "exactly", 5), "exact");
    memory_arena_free(&arena);
    ck_assert_ptr_null(arena.chunks);
    memory_arena_free(&arena);
}
END_TEST

/* ---- time ---- */

START_TEST(seconds_round_up_once)
{
    ck_assert_int_eq(simtime_from_s(0), 0);
    ck_assert_int_eq(simtime_from_s(-0.0), 0);
    ck_assert_int_eq(simtime_from_s(1), SIMTIME_PS_PER_S);
    ck_assert_int_eq(simtime_from_s(81.92e-3), 81920000000);
    ck_assert_int_eq(simtime_from_s(0.1 + 0.2), 300000000000);
    ck_assert_int_eq(simtime_from_s(1e-13), 1);
    ck_assert_int_eq(simtime_from_s(1.001e-12), 2);
    ck_assert_int_eq(simtime_from_s(1.999e-12), 2);
    ck_assert_int_eq(simtime_from_s(1e-300), 1);
    ck_assert_int_eq(simtime_from_s(1.0 / 3), 333333333334);
    ck_assert_double_eq(simtime_to_s(229 * (SIMTIME_PS_PER_S / 1000)), 0.229);
}
END_TEST

/* Against long double: whole picoseconds stay, others go up by less than one. */
START_TEST(rounding_holds_for_random_durations)
{
    struct rng rng;

    rng_open(&rng, 4, RNG_TEST, 0, 0, 0);
    for (int i = 0; i < 100000; i++) {
        int64_t whole = (int64_t)(rng_next(&rng) % 1000000000000000);
        double s = ldexp(rng_uniform(&rng), (int)(rng_next(&rng) % 50) - 40);
        long double exact = (long double)s * 1e12L;
        long double slack = 4.5L * (long double)(nextafter(s, INFINITY) - s) * 1e12L;
        int64_t ps = simtime_from_s(s);

        if (simtime_from_s((double)whole / 1e12) != whole)
            ck_abort_msg("%" PRId64 " ps changes", whole);
        if ((long double)ps < exact - 2 * slack || (long double)ps >= exact + 1 + 2 * slack)
            ck_abort_msg("%.17g s becomes %" PRId64 " ps", s, ps);
    }
}
END_TEST

static void from_negative(void)
{
    simtime_from_s(-1e-12);
}

static void from_nan(void)
{
    simtime_from_s(NAN);
}

START_TEST(time_never_wraps)
{
    ck_assert_int_gt(simtime_from_s(9223372.0), 0);
    ck_assert_int_lt(simtime_from_s(9223372.0), SIMTIME_BEYOND_PS);
    ck_assert_int_eq(simtime_from_s(9223372.1), SIMTIME_BEYOND_PS);
    ck_assert_int_eq(simtime_from_s(INFINITY), SIMTIME_BEYOND_PS);
    ck_assert_int_eq(simtime_add(SIMTIME_BEYOND_PS - 1, 1), SIMTIME_BEYOND_PS);
    ck_assert_int_eq(simtime_add(SIMTIME_BEYOND_PS, SIMTIME_BEYOND_PS), SIMTIME_BEYOND_PS);
    assert_aborts_saying(from_negative, "no duration");
    assert_aborts_saying(from_nan, "no duration");
}
END_TEST

START_TEST(times_read_well)
{
    static const struct {
        int64_t ps;
        const char *text;
    } rows[] = {
        {0, "0 ps"},
        {999, "999 ps"},
        {1000, "1.0 ns"},
        {50000000, "50.0 us"},
        {82000000000, "82.0 ms"},
        {999949999999, "999.9 ms"},
        {999960000000, "1.000 s"},
        {1234000000000, "1.234 s"},
        {59999400000000, "59.999 s"},
        {59999700000000, "1 min 00 s"},
        {185 * SIMTIME_PS_PER_S, "3 min 05 s"},
        {7380 * SIMTIME_PS_PER_S, "2 h 03 min"},
        {3599600000000000, "1 h 00 min"},
        {50 * 3600 * SIMTIME_PS_PER_S, "2 d 02 h"},
        {-82000000000, "-82.0 ms"},
        {INT64_MIN, "-106 d 18 h"},
    };
    char text[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(simtime_format(rows[i].ps, text, sizeof text), rows[i].text);
}
END_TEST

/* ---- digests ---- */

/* Bytes written by hand, digested by xxHash in one call. */
START_TEST(digest_is_of_little_endian_records)
{
    const unsigned char bytes[] = {'a', 'b', 'c', 8,    7,    6, 5, 4, 3, 2, 1, 0, 0, 0,
                                   0,   0,   0,   0xf8, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0};
    XXH128_hash_t expected = XXH3_128bits(bytes, sizeof bytes);
    struct digest *digest = digest_create();
    char text[DIGEST_TEXT_SIZE], words[DIGEST_TEXT_SIZE];

    digest_text(digest, text);
    ck_assert_str_eq(text, "99aa06d3014798d86001c324468d497f"); /* xxh128sum of nothing */
    digest_bytes(digest, "abc", 3);
    digest_u64(digest, 0x0102030405060708);
    digest_double(digest, -1.5);
    digest_double(digest, -0.0);
    snprintf(words, sizeof words, "%016" PRIx64 "%016" PRIx64, (uint64_t)expected.high64,
             (uint64_t)expected.low64);
    digest_text(digest, text);
    ck_assert_str_eq(text, words);
    ck_assert_uint_eq(digest_high64(digest), expected.high64);
    digest_free(digest);
    digest_free(NULL);
}
END_TEST

START_TEST(equal_numbers_have_equal_digests)
{
    struct digest *a = digest_create(), *b = digest_create();

    digest_double(a, NAN);
    digest_double(b, -NAN);
    ck_assert_uint_eq(digest_high64(a), digest_high64(b));
    digest_double(a, 0.0);
    digest_double(b, -0.0);
    ck_assert_uint_eq(digest_high64(a), digest_high64(b));
    digest_double(a, 1);
    digest_double(b, -1);
    ck_assert_uint_ne(digest_high64(a), digest_high64(b));
    digest_free(a);
    digest_free(b);
}
END_TEST

/* ---- engine ---- */

struct player {
    struct engine *engine;
    uint32_t kind;
    int64_t times[100];
    uint64_t args[100];
    size_t count;
};

/* Records, registers more kinds so that the table moves, and pushes a successor. */
static void play(void *context, const struct event *event)
{
    struct player *player = context;

    ck_assert_int_eq(engine_now(player->engine), event->time_ps);
    player->times[player->count] = event->time_ps;
    player->args[player->count++] = event->arg;
    for (int i = 0; i < 10; i++)
        engine_register(player->engine, "more", play, player);
    if (event->arg > 0)
        engine_at(player->engine, event->time_ps + 5, EVENT_CLASS_TIMER, player->kind, 0,
                  event->arg - 1);
}

START_TEST(engine_plays_in_order)
{
    struct player player = {.engine = engine_create()};
    struct engine *engine = player.engine;
    event_handle handle;
    int64_t time_ps;

    player.kind = engine_register(engine, "play", play, &player);
    ck_assert(!engine_next_time(engine, &time_ps));
    ck_assert(!engine_step(engine));
    engine_at(engine, 7, EVENT_CLASS_TIMER, player.kind, 0, 0);
    engine_at(engine, 3, EVENT_CLASS_TIMER, player.kind, 0, 2); /* and at 8, 13 */
    handle = engine_at(engine, 1, EVENT_CLASS_TIMER, player.kind, 0, 0);
    ck_assert(engine_cancel(engine, handle));
    ck_assert(!engine_cancel(engine, handle));
    ck_assert(engine_next_time(engine, &time_ps));
    ck_assert_int_eq(time_ps, 3);
    while (engine_step(engine))
        ;
    ck_assert_uint_eq(player.count, 4);
    ck_assert_uint_eq(engine_event_count(engine), 4);
    for (size_t i = 0; i < 4; i++) {
        const int64_t times[] = {3, 7, 8, 13};
        const uint64_t args[] = {2, 0, 1, 0};

        ck_assert_int_eq(player.times[i], times[i]);
        ck_assert_uint_eq(player.args[i], args[i]);
    }
    ck_assert_int_eq(engine_now(engine), 13);
    engine_free(engine);
    engine_free(NULL);
}
END_TEST

static void push_into_the_past(void *context, const struct event *event)
{
    engine_at(context, event->time_ps - 1, EVENT_CLASS_TIMER, event->kind, 0, 0);
}

static void run_past(void)
{
    struct engine *engine = engine_create();
    uint32_t kind = engine_register(engine, "arrive", push_into_the_past, engine);

    engine_at(engine, 1234567890123, EVENT_CLASS_TIMER, kind, 42, 0);
    engine_step(engine);
    engine_free(engine);
}

static void push_unknown_kind(void)
{
    struct engine *engine = engine_create();

    engine_at(engine, 0, EVENT_CLASS_TIMER, 5, 0, 0);
    engine_free(engine);
}

static void push_unknown_class(void)
{
    struct event_queue *queue = event_queue_create();

    event_queue_push(queue, 0, (enum event_class)7, 0, 0, 0);
    event_queue_free(queue);
}

START_TEST(mistakes_name_time_and_event)
{
    assert_aborts_saying(run_past, "hearsay: check failed at 1.234567890123 s, event arrive target "
                                   "42: ");
    assert_aborts_saying(run_past, "an event at 1234567890122 ps lies in the past");
    assert_aborts_saying(push_unknown_kind, "at 0.000000000000 s, between events: ");
    assert_aborts_saying(push_unknown_kind, "event kind 5 is not registered");
    assert_aborts_saying(push_unknown_class, "event class 7 is none");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core");
    TCase *cases = tcase_create("core");

    tcase_add_test(cases, failures_fill_the_error);
    tcase_add_test(cases, statuses_have_names_and_exit_codes);
    tcase_add_test(cases, checks_abort_and_say_why);
    tcase_add_test(cases, allocation_is_checked);
    tcase_add_test(cases, arrays_grow_by_doubling);
    tcase_add_test(cases, arena_blocks_stay);
    tcase_add_test(cases, seconds_round_up_once);
    tcase_add_test(cases, rounding_holds_for_random_durations);
    tcase_add_test(cases, time_never_wraps);
    tcase_add_test(cases, times_read_well);
    tcase_add_test(cases, digest_is_of_little_endian_records);
    tcase_add_test(cases, equal_numbers_have_equal_digests);
    tcase_add_test(cases, engine_plays_in_order);
    tcase_add_test(cases, mistakes_name_time_and_event);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
