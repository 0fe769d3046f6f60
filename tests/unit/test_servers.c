/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parameter servers: when things happen, worked out by hand.  The numerics are in
 * test_servers_numerics.c, expected times of random ones in test_servers_theory.c.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "play.h"
#include "testing.h"

#define MS 1000000000LL /* ps */

/* 8 Gbps = 1 byte a nanosecond: 30 MB take 30 ms. */
static const char equal_text[] =
    "{\"nodes\": 4, \"algorithm\": \"parameter-server\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"50 us\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 8},"
    " \"stop\": {\"iterations\": 10}}";

/* Gradients of 100, 150, 250 and 400 ms; every message takes 30 ms, whatever else is on its way. */
static const char unequal_text[] =
    "{\"nodes\": 4, \"algorithm\": \"parameter-server\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"},"
    "   \"stragglers\": [{\"first\": 1, \"slowdown\": 1.5}, {\"first\": 2, \"slowdown\": 2.5},"
    "     {\"first\": 3, \"slowdown\": 4}]},"
    " \"network\": {\"model\": \"ideal\", \"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 8},"
    " \"stop\": {\"iterations\": 10}}";

static struct play timed(const char *text, const char *const *set)
{
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

/* What one update says. */
struct expected_update {
    int64_t at_ms;
    uint32_t origin;
    int64_t version, staleness;
};

static void assert_updates(const struct play *play, uint32_t server,
                           const struct expected_update *expected, size_t count)
{
    ck_assert_uint_eq(play->rows.update_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct trace_update *row = &play->rows.updates[i];
        ck_assert_uint_eq(row->node, server);
        ck_assert_int_eq(row->time_ps, expected[i].at_ms * MS);
        ck_assert_uint_eq(row->origin, expected[i].origin);
        ck_assert_int_eq(row->version, expected[i].version);
        ck_assert_int_eq(row->staleness, expected[i].staleness);
    }
}
#define ASSERT_UPDATES(play, expected)                                                             \
    assert_updates(play, 4, expected, sizeof(expected) / sizeof *(expected))

/* ---- The synchronous server ---- */

struct layout_case {
    const char *algorithm;
    int64_t exchange_us; /* pushes, or answers, without the latency */
};

/* Four pushes share a server's link, as four answers do: 4 x 30 MB / s each way on s shards.
 * Beside its worker a shard gets three of four pushes over its link: 3 x 30 MB / 4; a single one
 * beside worker 0, 3 x 30 MB, and worker 0 has its answer as soon as the last push is in. */
START_TEST(pushes_share_the_servers_link)
{
    static const struct layout_case cases[] = {
        {"{\"name\": \"parameter-server\"}", 120000},
        {"{\"name\": \"parameter-server\", \"shards\": 2}", 60000},
        {"{\"name\": \"parameter-server\", \"shards\": 4}", 30000},
        {"{\"name\": \"parameter-server\", \"shards\": 4, \"placement\": \"co-located\"}", 22500},
        {"{\"name\": \"parameter-server\", \"placement\": \"co-located\"}", 90000},
        {"{\"name\": \"async-server\"}", 120000},
        {"{\"name\": \"async-server\", \"shards\": 2}", 60000},
        {"{\"name\": \"ssp\", \"bound\": 3, \"shards\": 4, \"placement\": \"co-located\"}", 22500},
        {"{\"name\": \"k-sync\", \"K\": 4}", 120000},
        {"{\"name\": \"k-async\", \"K\": 4, \"placement\": \"co-located\"}", 90000},
    };
    char algorithm[128];
    snprintf(algorithm, sizeof algorithm, "algorithm=%s", cases[_i].algorithm);
    const char *set[] = {algorithm, NULL};
    struct play play = timed(equal_text, set);
    bool beside_worker_0 = strstr(algorithm, "located") && !strstr(algorithm, "shards");
    int64_t exchange_ps = cases[_i].exchange_us * MS / 1000 + MS / 20;
    int64_t iteration_ps = 100 * MS + 2 * exchange_ps;
    ck_assert_int_eq(play.result.last.time_ps, 10 * iteration_ps);
    for (int64_t k = 0; k < 10; k++)
        for (uint32_t i = 0; i < 4; i++) {
            bool early = k > 0 && i == 0 && beside_worker_0;
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k),
                             k * iteration_ps - (early ? exchange_ps : 0));
        }
    ck_assert_double_eq(play.result.summary.bytes, 10 * 4 * 2 * 30e6);
    play_free(&play);
}
END_TEST

/* Everybody waits for the slowest: 400 ms, its push, its answer. */
START_TEST(synchronous_workers_wait_for_the_slowest)
{
    struct play play = timed(unequal_text, NULL);
    for (int64_t k = 0; k < 10; k++)
        for (uint32_t i = 0; i < 4; i++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), 460 * k * MS);
    ck_assert_int_eq(play.result.last.time_ps, 4600 * MS);
    /* of 460 ms worker 0 stands still for 360, 1 for 310, 2 for 210, 3 for 60 */
    ck_assert_double_eq_tol(play.result.summary.blocked_share, 940.0 / 4 / 460, 1e-12);
    ck_assert_double_eq(play.result.summary.staleness_max, 0);
    play_free(&play);
}
END_TEST

/* 60 MB on shared links.  At 100 push 0 starts, alone until 150, when it has 10 MB to go; with push
 * 1 at half the rate it is in at 170.  Push 1 then has 50 MB to go and is in at 220.  Push 2 comes
 * at 250 and is in at 310, push 3 at 400 and 460.  Four answers share the link: 240 ms, 700. */
START_TEST(late_pushes_share_the_link_with_later_ones)
{
    const char *set[] = {"network.model=fair", "wire.message_size=60 MB", "stop.iterations=1",
                         NULL};
    static const int64_t in_ms[4] = {170, 220, 310, 460};
    struct play play = timed(unequal_text, set);
    ck_assert_uint_eq(play.rows.message_count, 8);
    for (size_t m = 0; m < 8; m++) {
        const struct trace_message *row = &play.rows.messages[m];
        ck_assert_int_eq(row->arrived_ps, (row->dst == 4 ? in_ms[row->src] : 700) * MS);
    }
    play_free(&play);
}
END_TEST

/* ---- Backup workers, K-sync, K-batch-sync ---- */

/* Three of four: pushes are in at 130, 180 and 280, answers at 310, and so on every 310 ms.  Worker
 * 3 is through at 400; its push, in at 430, is of version 0 and dropped, and its answer comes at
 * 460; and so on every 460 ms.  It ends its fifth at 2300 ms; the others keep on until then and
 * make 7 steps, at 280 + 310 m up to 2140. */
START_TEST(backup_workers_are_dropped_when_they_arrive)
{
    const char *set[] = {"algorithm={\"name\": \"parameter-server\", \"backup\": 1}",
                         "stop.iterations=5", NULL};
    struct play play = timed(unequal_text, set);
    for (int64_t k = 0; k < 5; k++) {
        for (uint32_t i = 0; i < 3; i++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), 310 * k * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 3, k), 460 * k * MS);
    }
    ck_assert_int_eq(play.result.last.time_ps, 2300 * MS);
    ck_assert_double_eq(play.result.summary.epochs, 7 * 3 / 4.0);
    ck_assert_double_eq(play.result.summary.gradients_dropped, 5);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 0);
    play_free(&play);
}
END_TEST

static const char *const three_of_four[] = {
    "algorithm={\"name\": \"parameter-server\", \"backup\": 1, \"cancel\": true}",
    "algorithm={\"name\": \"k-sync\", \"K\": 3}"};

/* The same, but at 310 worker 3 too gets the new x and gives up. */
START_TEST(late_workers_are_cancelled)
{
    const char *set[] = {three_of_four[_i], NULL};
    struct play play = timed(unequal_text, set);
    size_t cancelled = 0;
    for (size_t s = 0; s < play.rows.span_count; s++) {
        const struct trace_span *span = &play.rows.spans[s];
        if (span->kind != TRACE_SPAN_CANCELLED)
            continue;
        ck_assert_uint_eq(span->node, 3);
        ck_assert_int_eq(span->begin_ps, 310 * (int64_t)cancelled * MS);
        ck_assert_int_eq(span->end_ps, 310 * (int64_t)(cancelled + 1) * MS);
        cancelled++;
    }
    ck_assert_uint_eq(cancelled, 10);
    for (int64_t k = 0; k < 10; k++)
        for (uint32_t i = 0; i < 3; i++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), 310 * k * MS);
    ck_assert_int_eq(play.result.last.time_ps, 3100 * MS);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 10);
    ck_assert_double_eq(play.result.summary.gradients_dropped, 0);
    play_free(&play);
}
END_TEST

/* With 275 ms worker 3's push is on its way when the third is in: it comes at 305 and is dropped,
 * while its answer is on its way already. */
START_TEST(a_push_under_way_is_dropped)
{
    const char *set[] = {three_of_four[_i],
                         "compute.stragglers=[{\"first\": 1, \"slowdown\": 1.5},"
                         "{\"first\": 2, \"slowdown\": 2.5}, {\"first\": 3, \"slowdown\": 2.75}]",
                         NULL};
    struct play play = timed(unequal_text, set);
    for (int64_t k = 0; k < 10; k++)
        for (uint32_t i = 0; i < 4; i++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), 310 * k * MS);
    ck_assert_double_eq(play.result.summary.gradients_dropped, 10);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 0);
    ck_assert_double_eq(play.result.summary.messages, 80);
    play_free(&play);
}
END_TEST

/* Three mini-batches: worker 0's first is in at 130, worker 1's at 180, worker 0's second at 230;
 * answers at 260 find everybody computing.  Worker 2 was through at 250; that push, in at 280, is
 * dropped (the last one is on its way when the run ends at 2600). */
START_TEST(fast_workers_give_several_batches)
{
    const char *set[] = {"algorithm={\"name\": \"k-sync\", \"K\": 3, \"batches\": true}", NULL};
    static const struct expected_update step[] = {{230, 0, 0, 0}, {230, 0, 0, 0}, {230, 1, 0, 0}};
    struct expected_update expected[30];
    struct play play = timed(unequal_text, set);
    for (int k = 0; k < 10; k++) {
        for (uint32_t i = 0; i < 3; i++) {
            expected[3 * k + (int)i] = step[i];
            expected[3 * k + (int)i].at_ms += 260 * k;
            expected[3 * k + (int)i].version = k;
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), 260 * k * MS);
        }
    }
    ASSERT_UPDATES(&play, expected);
    ck_assert_int_eq(play.result.last.time_ps, 2600 * MS);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 40);
    ck_assert_double_eq(play.result.summary.gradients_dropped, 9);
    ck_assert_double_eq(play.result.summary.blocked_share, 0);
    play_free(&play);
}
END_TEST

/* Workers that are faster than the server's link, 300 ms a push on 8 Gbps: gradients of 100 and 260
 * ms, and of a worker that never gets done.  K = 2; a push leaves only when the worker's last has.
 *
 *   worker 0's first push: 100-260 alone, then shared: in at 540; its second (complete at 200)
 * leaves then.  Worker 1's first: 260-860, shared.  That is version 1; three answers until 1760.
 * Until then the pushes of both share the link, for the old version: worker 0's end at 1140 and
 * 1740, worker 1's at 1460. 1760: worker 0 computes (from 1740) and cancels; worker 1 holds a
 * gradient until its third push has left, at 2060, drops it and begins anew.  Worker 0's fourth
 * push leaves until 2200, alone from 2060; its new gradient (1860) then: 120 ms alone, from 2320
 * shared with worker 1's: in at 2680.  Worker 1's at 2920 ends version 2, the answers are there at
 * 3820.
 *
 * Dropped at the server: five pushes of version 0 (1140, 1460, 1740, 2060, 2200), two of version 1
 * (3280, 3520); at worker 1 the one that it held. */
START_TEST(a_push_waits_for_the_last_one)
{
    const char *set[] = {"nodes=3",
                         "algorithm={\"name\": \"k-sync\", \"K\": 2, \"batches\": true}",
                         "compute.stragglers=[{\"first\": 1, \"slowdown\": 2.6}, {\"first\": 2, "
                         "\"slowdown\": 1000}]",
                         "network={\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"}",
                         "wire.message_size=300 MB",
                         "stop.iterations=2",
                         NULL};
    struct play play = timed(unequal_text, set);
    static const struct expected_update expected[] = {
        {860, 0, 0, 0}, {860, 1, 0, 0}, {2920, 0, 1, 0}, {2920, 1, 1, 0}};
    assert_updates(&play, 3, expected, 4);
    ck_assert_int_eq(play.result.last.time_ps, 3820 * MS);
    ck_assert_double_eq(play.result.summary.gradients_dropped, 8);
    play_free(&play);
}
END_TEST

/* ---- K-async, K-batch-async, asynchronous ---- */

/* Two of four.  Pushes 0 and 1 are in at 130 and 180: version 1, back at 210.  Push 2 (of version
 * 0) is in at 280, worker 0's next at 340: version 2, back at 370.  Worker 1's is in at 390, 3's
 * (of version 0) at 430: version 3, back at 460.  Worker 0's is in at 500 (of version 2), worker
 * 1's at 640 (of 3): version 4. */
START_TEST(contributors_wait_for_k_pushes)
{
    const char *set[] = {"algorithm={\"name\": \"k-async\", \"K\": 2}",
                         "stop={\"time\": \"645 ms\"}", NULL};
    static const struct expected_update expected[] = {
        {180, 0, 0, 0}, {180, 1, 0, 0}, {340, 0, 1, 0}, {340, 2, 1, 1},
        {430, 1, 2, 1}, {430, 3, 2, 2}, {640, 0, 3, 1}, {640, 1, 3, 0},
    };
    struct play play = timed(unequal_text, set);
    ASSERT_UPDATES(&play, expected);
    ck_assert_int_eq(play_gradient_begin_ps(&play, 0, 1), 210 * MS);
    ck_assert_int_eq(play_gradient_begin_ps(&play, 0, 2), 370 * MS);
    ck_assert_int_eq(play_gradient_begin_ps(&play, 1, 2), 460 * MS);
    ck_assert_double_eq(play.result.summary.staleness_mean, 5.0 / 8);
    play_free(&play);
}
END_TEST

/* Nobody waits for others: pushes are in at 130 + 160 m, 180 + 210 m, 280 + 310 m and 430 + 460 m,
 * and every second of them makes a step.  A push that fills a step is answered with its result. */
START_TEST(any_two_batches_make_a_step)
{
    const char *set[] = {"algorithm={\"name\": \"k-async\", \"K\": 2, \"batches\": true}",
                         "stop={\"time\": \"620 ms\"}", NULL};
    static const struct expected_update expected[] = {
        {180, 0, 0, 0}, {180, 1, 0, 0}, {290, 0, 1, 1}, {290, 2, 1, 1}, {430, 1, 2, 1},
        {430, 3, 2, 2}, {590, 0, 3, 1}, {590, 2, 3, 2}, {610, 0, 4, 1}, {610, 1, 4, 2},
    };
    struct play play = timed(unequal_text, set);
    ASSERT_UPDATES(&play, expected);
    for (int64_t k = 0; k < 3; k++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, 0, k), 160 * k * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 1, k), 210 * k * MS);
    }
    play_free(&play);
}
END_TEST

/* The same pushes, each a step. */
START_TEST(every_push_is_a_step)
{
    const char *set[] = {"algorithm=async-server", "stop={\"time\": \"620 ms\"}", NULL};
    static const struct expected_update expected[] = {
        {130, 0, 0, 0}, {180, 1, 1, 1}, {280, 2, 2, 2}, {290, 0, 3, 2}, {390, 1, 4, 2},
        {430, 3, 5, 5}, {450, 0, 6, 2}, {590, 2, 7, 4}, {600, 1, 8, 3}, {610, 0, 9, 2},
    };
    struct play play = timed(unequal_text, set);
    ASSERT_UPDATES(&play, expected);
    ck_assert_double_eq(play.result.summary.staleness_mean, 2.3);
    ck_assert_double_eq(play.result.summary.staleness_max, 5);
    /* 60 ms after each gradient, of the last ones what lies before 620 */
    ck_assert_double_eq_tol(play.result.summary.blocked_share,
                            (3 * 60 + 40 + 2 * 60 + 50 + 60 + 60 + 60) / 4.0 / 620, 1e-12);
    play_free(&play);
}
END_TEST

START_TEST(asynchronous_workers_end_with_their_iterations)
{
    const char *set[] = {"algorithm=async-server", NULL};
    struct play play = timed(unequal_text, set);
    ck_assert_int_eq(play.result.last.time_ps, 4600 * MS);
    ck_assert_double_eq(play.result.summary.messages, 80);
    play_free(&play);
}
END_TEST

/* The rate is divided by the staleness, from 2 on. */
START_TEST(stale_gradients_count_less)
{
    const char *set[] = {"algorithm={\"name\": \"async-server\", \"staleness_aware\": true}",
                         "stop={\"time\": \"620 ms\"}", NULL};
    struct play play = timed(unequal_text, set);
    ck_assert_uint_eq(play.rows.update_count, 10);
    for (size_t i = 0; i < 10; i++)
        ck_assert_double_eq(play.rows.updates[i].scale,
                            1 / fmax(1, (double)play.rows.updates[i].staleness));
    play_free(&play);
}
END_TEST

/* ---- SSP ---- */

/* Three workers of 100, 150 and 400 ms, messages that take no time.  With bound 1 a worker reads at
 * clock 2 when all are at clock 1, at 400; at clock 3 when all are at 2, at 800; and so on. With
 * bound 3 worker 0 reads at clocks 1, 2, 3 freely, at 4 when worker 2 is at 1: at 400, just then;
 * at 5 at 800. */
START_TEST(nobody_runs_ahead_of_the_bound)
{
    char algorithm[64];
    int64_t bound = _i ? 3 : 1;
    snprintf(algorithm, sizeof algorithm, "algorithm={\"name\": \"ssp\", \"bound\": %ld}",
             (long)bound);
    const char *set[] = {algorithm, "nodes=3", "wire.message_size=0 B",
                         "compute.stragglers=[{\"first\": 1, \"slowdown\": 1.5},"
                         "{\"first\": 2, \"slowdown\": 4}]",
                         NULL};
    struct play play = timed(unequal_text, set);
    for (int64_t k = 0; k < 10; k++) {
        int64_t allowed = 400 * (k - bound), zero = 100 * k, one = 150 * k;
        ck_assert_int_eq(play_gradient_begin_ps(&play, 0, k),
                         (zero > allowed ? zero : allowed) * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 1, k), (one > allowed ? one : allowed) * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), 400 * k * MS);
    }
    play_free(&play);
}
END_TEST

/* The same workers with bound 1, and 30 ms each way.  Worker 2 never waits for others: it begins at
 * 460 k, and its push of clock k is in at 460 k + 430.  Worker 0 pushes at 100 (in at 130) and has
 * its answer at 160; its push of clock 1 is in at 290, worker 1's, which began at 210, at 390. Both
 * are answered when worker 2's first is in, at 430: they go on at 460; and so at 920, 1380, ... */
START_TEST(a_bound_is_counted_at_the_server)
{
    const char *set[] = {"algorithm={\"name\": \"ssp\", \"bound\": 1}", "nodes=3",
                         "compute.stragglers=[{\"first\": 1, \"slowdown\": 1.5},"
                         "{\"first\": 2, \"slowdown\": 4}]",
                         NULL};
    struct play play = timed(unequal_text, set);
    ck_assert_int_eq(play_gradient_begin_ps(&play, 0, 1), 160 * MS);
    ck_assert_int_eq(play_gradient_begin_ps(&play, 1, 1), 210 * MS);
    for (int64_t k = 0; k < 10; k++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), 460 * k * MS);
        if (k < 2)
            continue;
        ck_assert_int_eq(play_gradient_begin_ps(&play, 0, k), 460 * (k - 1) * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 1, k), 460 * (k - 1) * MS);
    }
    play_free(&play);
}
END_TEST

/* ---- Refusals ---- */

struct refusal {
    const char *set, *path;
};

START_TEST(contradictions_are_refused)
{
    static const struct refusal cases[] = {
        {"algorithm={\"name\": \"parameter-server\", \"backup\": 4}", "algorithm.backup"},
        {"algorithm={\"name\": \"parameter-server\", \"backup\": 1, \"shards\": 2}",
         "algorithm.shards"},
        {"algorithm={\"name\": \"parameter-server\", \"cancel\": true}", "algorithm.cancel"},
        {"algorithm={\"name\": \"k-sync\", \"K\": 5}", "algorithm.K"},
        {"algorithm={\"name\": \"k-async\", \"K\": 5}", "algorithm.K"},
        {"algorithm={\"name\": \"k-sync\"}", "algorithm.K"},
        {"algorithm={\"name\": \"k-sync\", \"K\": 0}", "algorithm.K"},
        {"algorithm={\"name\": \"ssp\", \"bound\": -1}", "algorithm.bound"},
        {"algorithm={\"name\": \"async-server\", \"shards\": 0}", "algorithm.shards"},
        {"algorithm={\"name\": \"async-server\", \"delay_decay\": 0.9}", "algorithm.delay_decay"},
        {"algorithm={\"name\": \"async-server\", \"shards\": 9}", "algorithm"},
    };
    const char *set[] = {cases[_i].set, NULL};
    struct play play = play_text(unequal_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, cases[_i].path);
    play_free(&play);
}
END_TEST

START_TEST(shards_do_not_cut_layers)
{
    const char *set[] = {"algorithm={\"name\": \"parameter-server\", \"shards\": 2}",
                         "optimizer=lars", NULL};
    const char *whole[] = {"algorithm={\"name\": \"parameter-server\", \"shards\": 1}",
                           "optimizer=lars", NULL};
    struct play play = play_text(unequal_text, set, (struct play_options){.device = "none"});
    struct play one = play_text(unequal_text, whole, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "optimizer.name");
    ck_assert_int_eq(one.status, STATUS_OK);
    play_free(&play);
    play_free(&one);
}
END_TEST

static Suite *servers_suite(void)
{
    Suite *suite = suite_create("servers");
    TCase *synchronous = tcase_create("synchronous"), *asynchronous = tcase_create("asynchronous"),
          *refusals = tcase_create("refusals");
    tcase_add_loop_test(synchronous, pushes_share_the_servers_link, 0, 10);
    tcase_add_test(synchronous, synchronous_workers_wait_for_the_slowest);
    tcase_add_test(synchronous, late_pushes_share_the_link_with_later_ones);
    tcase_add_test(synchronous, backup_workers_are_dropped_when_they_arrive);
    tcase_add_loop_test(synchronous, late_workers_are_cancelled, 0, 2);
    tcase_add_loop_test(synchronous, a_push_under_way_is_dropped, 0, 2);
    tcase_add_test(synchronous, fast_workers_give_several_batches);
    tcase_add_test(synchronous, a_push_waits_for_the_last_one);
    tcase_add_test(asynchronous, contributors_wait_for_k_pushes);
    tcase_add_test(asynchronous, any_two_batches_make_a_step);
    tcase_add_test(asynchronous, every_push_is_a_step);
    tcase_add_test(asynchronous, asynchronous_workers_end_with_their_iterations);
    tcase_add_test(asynchronous, stale_gradients_count_less);
    tcase_add_loop_test(asynchronous, nobody_runs_ahead_of_the_bound, 0, 2);
    tcase_add_test(asynchronous, a_bound_is_counted_at_the_server);
    tcase_add_loop_test(refusals, contradictions_are_refused, 0, 11);
    tcase_add_test(refusals, shards_do_not_cut_layers);
    suite_add_tcase(suite, synchronous);
    suite_add_tcase(suite, asynchronous);
    suite_add_tcase(suite, refusals);
    return suite;
}

int main(void)
{
    return testing_run(servers_suite());
}
