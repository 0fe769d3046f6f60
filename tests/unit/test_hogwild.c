/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hogwild against SGD, against a plain loop over times worked out by hand, and its staleness.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define MS 1000000000LL /* ps */

static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": {\"name\": \"hogwild\", \"updaters\": 1},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 1, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 40}, \"trace\": {\"parameters\": \"final\"}}";

/* ---- One updater ---- */

#define DECAY "optimizer.weight_decay=0.01", "optimizer.schedule={\"milestones\": [20]}"

/* AR-SGD with nobody to average with is SGD; blocks and times change no bit of it. */
START_TEST(one_updater_is_sgd)
{
    static const char *const optimizers[] = {
        "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.05}",
        "optimizer={\"name\": \"nesterov\", \"learning_rate\": 0.05, \"momentum\": 0.9}",
        "optimizer={\"name\": \"adam\", \"learning_rate\": 0.05}",
    };
    static const char *const programs[] = {
        "algorithm={\"name\": \"hogwild\", \"updaters\": 1}",
        "algorithm={\"name\": \"hogwild\", \"updaters\": 1, \"blocks\": 3}",
        "algorithm={\"name\": \"hogwild\", \"updaters\": 1, \"blocks\": 20, \"read_time\": \"9 "
        "ms\","
        " \"write_time\": \"5 ms\"}",
    };
    const char *hogwild[] = {
        "nodes=1", optimizers[_i % 3], programs[_i / 3], "model.sigma=1", DECAY, NULL};
    const char *sgd[] = {"nodes=1", optimizers[_i % 3], "algorithm=ar-sgd", "model.sigma=1", DECAY,
                         NULL};
    struct play one = play_fine(quadratic_text, hogwild), two = play_fine(quadratic_text, sgd);
    ck_assert(memcmp(one.rows.x, two.rows.x, D * sizeof(double)) == 0);
    ck_assert_int_eq(one.result.last.time_ps, 40 * (_i / 3 == 2 ? 114 : 100) * MS);
    ck_assert_double_eq(one.result.summary.staleness_max, 0);
    ck_assert_double_eq(one.result.summary.epochs, two.result.summary.epochs);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* ---- Three updaters of unequal speed ---- */

#define READ_MS  24
#define WRITE_MS 10
#define BLOCKS   2
#define UPDATES  10

static const int gradient_ms[] = {96, 241, 166};

/* Cycles take 130, 275 and 200 ms.  Updates complete, up to the tenth (and the reads of their
 * copies end, at 24 ms of each cycle): P = 2  updater 0 at 130, 260, ... 910 (24, 154, ... 804),
 * updater 1 at 275, 550, 825 (24, 299, 574) P = 3  also updater 2 at 200, 400, 600 (24, 224, 424)
 * and each is as stale as there are updates between the end of its read and its own. */
static const struct {
    int updaters;
    int64_t at_ms[UPDATES], staleness[UPDATES];
} hand[] = {
    {2, {130, 260, 275, 390, 520, 550, 650, 780, 825, 910}, {0, 0, 2, 0, 0, 2, 1, 0, 2, 1}},
    {3, {130, 200, 260, 275, 390, 400, 520, 550, 600, 650}, {0, 1, 1, 3, 0, 3, 0, 3, 2, 2}},
};

/* The scenario's times, a column for every updater. */
static void write_times(char *path, int updaters)
{
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    FILE *out = fdopen(file, "w");
    fputs("host,step,seconds\n", out);
    for (int slot = 0; slot < updaters; slot++)
        fprintf(out, "%d,0,%g\n", slot, gradient_ms[slot] * 1e-3);
    fclose(out);
}

static struct play play_unequal(int updaters, const char *more)
{
    char path[] = "/tmp/hearsay-hogwild-XXXXXX", algorithm[200], times[100];
    write_times(path, updaters);
    snprintf(algorithm, sizeof algorithm,
             "algorithm={\"name\": \"hogwild\", \"updaters\": %d, \"blocks\": %d,"
             " \"read_time\": \"%d ms\", \"write_time\": \"%d ms\"}",
             updaters, BLOCKS, READ_MS, WRITE_MS);
    snprintf(times, sizeof times, "compute.gradient_time={\"name\": \"trace\", \"path\": \"%s\"}",
             path);
    const char *set[] = {algorithm, times, "stop.iterations=10", more, NULL};
    struct play play = play_fine(quadratic_text, set);
    unlink(path);
    return play;
}

START_TEST(updates_come_as_worked_out_by_hand)
{
    struct play play = play_unequal(hand[_i].updaters, NULL);
    int seen[N] = {0};
    ck_assert_uint_eq(play.rows.update_count, N * UPDATES);
    for (size_t u = 0; u < play.rows.update_count; u++) {
        const struct trace_update *row = &play.rows.updates[u];
        int k = seen[row->node]++;
        ck_assert_int_eq(row->time_ps, hand[_i].at_ms[k] * MS);
        ck_assert_int_eq(row->staleness, hand[_i].staleness[k]);
        ck_assert_int_eq(row->version, k);
        ck_assert_uint_eq(row->origin, row->node);
    }
    ck_assert_int_eq(play.result.last.time_ps, hand[_i].at_ms[UPDATES - 1] * MS);
    play_free(&play);
}
END_TEST

struct updater {
    double copy[D], g[D], momentum[D];
};

/* Block b of updater s at that millisecond. */
static void plain_step(const struct dense_reference *reference, uint32_t node, double *x,
                       struct updater *updater, int slot, int64_t now_ms, double beta, int *written)
{
    int cycle_ms = READ_MS + gradient_ms[slot] + WRITE_MS;
    for (int b = 0; b < BLOCKS; b++) {
        int first = D * b / BLOCKS, end = D * (b + 1) / BLOCKS;
        if (now_ms % cycle_ms == READ_MS * (b + 1) / BLOCKS) {
            memcpy(updater->copy + first, x + first, (size_t)(end - first) * sizeof *x);
            if (b + 1 == BLOCKS)
                dense_gradient(reference, node, updater->copy, updater->g);
        }
        if (now_ms > 0 && (now_ms - 1) % cycle_ms + 1 ==
                              READ_MS + gradient_ms[slot] + WRITE_MS * (b + 1) / BLOCKS) {
            for (int d = first; d < end; d++) {
                updater->momentum[d] = beta * updater->momentum[d] + updater->g[d];
                x[d] -= 0.05 * updater->momentum[d];
            }
            *written += b + 1 == BLOCKS;
        }
    }
}

/* A loop over milliseconds; nothing that touches one block falls on the same one.  Every node on
 * its own; momentum is the updater's. */
START_TEST(values_are_those_of_a_plain_loop)
{
    int updaters = hand[_i / 2].updaters;
    double beta = _i % 2 ? 0.5 : 0;
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_unequal(
        updaters, beta > 0 ? "optimizer={\"name\": \"heavy-ball\", \"learning_rate\": 0.05, "
                             "\"momentum\": 0.5}"
                           : NULL);
    for (uint32_t i = 0; i < N; i++) {
        struct updater updater[3] = {0};
        int written = 0;
        for (int64_t now_ms = 0; written < UPDATES; now_ms++)
            for (int slot = 0; slot < updaters; slot++)
                plain_step(&reference, i, state.x[i], &updater[slot], slot, now_ms, beta, &written);
        ck_assert_int_eq(written, UPDATES);
    }
    ck_assert_double_le(play_difference(play.rows.x, &state.x[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Equal updaters ---- */

/* All P read x at 0 and write one after the other at 100: stale by 0, 1, ... P - 1; each reads
 * again behind its own write, so from then on the other P - 1 come between. */
START_TEST(equal_updaters_are_stale_by_all_others)
{
    const char *set[] = {"algorithm={\"name\": \"hogwild\", \"updaters\": 4}", NULL};
    struct play play = play_fine(quadratic_text, set);
    int seen[N] = {0};
    ck_assert_uint_eq(play.rows.update_count, N * 40);
    for (size_t u = 0; u < play.rows.update_count; u++) {
        const struct trace_update *row = &play.rows.updates[u];
        int k = seen[row->node]++;
        ck_assert_int_eq(row->staleness, k < 3 ? k : 3);
        ck_assert_int_eq(row->time_ps, (k / 4 + 1) * 100 * MS);
    }
    ck_assert_int_eq(play.result.last.time_ps, 1000 * MS);
    play_free(&play);
}
END_TEST

/* Random times: bits and events depend on no thread, and not on whether there are numbers at all.
 */
START_TEST(random_times_are_reproducible)
{
    const char *set[] = {"algorithm={\"name\": \"hogwild\", \"updaters\": 3, \"blocks\": 3,"
                         " \"read_time\": \"10 ms\", \"write_time\": \"10 ms\"}",
                         "compute.gradient_time={\"name\": \"lognormal\", \"mean\": \"50 ms\", "
                         "\"cv\": 1}",
                         "optimizer={\"name\": \"adam\", \"learning_rate\": 0.05}", NULL};
    struct play one = play_fine(quadratic_text, set);
    struct play many = play_text(quadratic_text, set, (struct play_options){.threads = 3});
    struct play none = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(one.result.last.iteration_min, 40);
    ck_assert_int_eq(one.result.last.iteration_max, 40);
    ck_assert_str_eq(one.result.timeline_digest, many.result.timeline_digest);
    ck_assert_str_eq(one.result.timeline_digest, none.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, many.result.metrics_digest);
    play_free(&one);
    play_free(&many);
    play_free(&none);
}
END_TEST

struct refusal {
    const char *more, *path;
};

START_TEST(what_needs_a_whole_gradient_is_refused)
{
    static const struct refusal each[] = {
        {"optimizer.name=lars", "optimizer.name"},
        {"optimizer.clip_norm=1", "optimizer.clip_norm"},
        {"algorithm={\"name\": \"hogwild\", \"updaters\": 65}", "algorithm.updaters"},
        {"algorithm={\"name\": \"hogwild\", \"blocks\": 0}", "algorithm.blocks"},
    };
    const char *set[] = {each[_i].more, NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, each[_i].path);
    play_free(&play);
}
END_TEST

static Suite *hogwild_suite(void)
{
    Suite *suite = suite_create("hogwild");
    TCase *tests = tcase_create("hogwild");
    tcase_add_loop_test(tests, one_updater_is_sgd, 0, 9);
    tcase_add_loop_test(tests, updates_come_as_worked_out_by_hand, 0, 2);
    tcase_add_loop_test(tests, values_are_those_of_a_plain_loop, 0, 4);
    tcase_add_test(tests, equal_updaters_are_stale_by_all_others);
    tcase_add_test(tests, random_times_are_reproducible);
    tcase_add_loop_test(tests, what_needs_a_whole_gradient_is_refused, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return testing_run(hogwild_suite());
}
