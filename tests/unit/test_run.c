/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run: what its digests depend on, and when it stops.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "testing.h"

#define MS 1000000000LL /* ps */

/* ---- Digests ---- */

static const char mlp_text[] =
    "{\"nodes\": 5, \"seed\": 3, \"algorithm\": \"sgp\", \"topology\": \"static-exponential\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\", \"cv\": "
    "0.5}},"
    " \"model\": {\"name\": \"mlp\", \"hidden\": [24]},"
    " \"data\": {\"name\": \"gaussian-blobs\", \"features\": 12, \"classes\": 4, \"samples\": 400,"
    "   \"test_samples\": 100, \"batch_size\": 16},"
    " \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.05, \"momentum\": 0.9},"
    " \"stop\": {\"epochs\": 2}, \"metrics\": {\"every\": \"0.5 epochs\"}}";

static const char noisy_text[] =
    "{\"nodes\": 6, \"seed\": 3, \"algorithm\": \"d-psgd\", \"topology\": \"ring\","
    " \"compute\": {\"gradient_time\": {\"name\": \"exponential\", \"mean\": \"20 ms\"}},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 3000, \"sigma\": 1, \"zeta\": 0.5},"
    " \"optimizer\": {\"name\": \"heavy-ball\", \"learning_rate\": 0.05, \"momentum\": 0.5},"
    " \"stop\": {\"iterations\": 25}, \"metrics\": {\"every\": \"5 iterations\"}}";

static const char *const texts[] = {mlp_text, noisy_text};

static struct run_result play_digests(const char *text, const char *override,
                                      struct play_options options)
{
    const char *set[] = {override, NULL};
    struct play play = play_text(text, set, options);
    struct run_result result = play.result;
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    play_free(&play);
    return result;
}

static void assert_same_timeline(const struct run_result *a, const struct run_result *b)
{
    ck_assert_str_eq(a->timeline_digest, b->timeline_digest);
}

START_TEST(digests_depend_on_no_thread_and_no_flush)
{
    static const char *const budgets[] = {"plan_memory=64 KiB", "plan_memory=200 kB",
                                          "plan_memory=1 GiB"};
    static const unsigned threads[] = {1, 2, 8};
    struct run_result first =
        play_digests(texts[_i], "plan_memory=1 MiB", (struct play_options){.threads = 1});
    for (size_t b = 0; b < 3; b++)
        for (size_t t = 0; t < 3; t++) {
            struct play_options options = {.threads = threads[t]};
            struct run_result other = play_digests(texts[_i], budgets[b], options);
            assert_same_timeline(&first, &other);
            ck_assert_str_eq(first.metrics_digest, other.metrics_digest);
        }
}
END_TEST

START_TEST(another_seed_gives_other_digests)
{
    struct play_options options = {.threads = 1};
    struct run_result one = play_digests(texts[_i], "seed=3", options);
    struct run_result two = play_digests(texts[_i], "seed=4", options);
    ck_assert_str_ne(one.timeline_digest, two.timeline_digest);
    ck_assert_str_ne(one.metrics_digest, two.metrics_digest);
}
END_TEST

/* Of the split seeds only those of times move the timeline; those of values move the metrics. */
START_TEST(split_seeds_move_their_own_part)
{
    static const char *const values[] = {"seeds.init=77", "seeds.batches=77", "seeds.data=77"};
    struct play_options options = {.threads = 1};
    struct run_result base = play_digests(mlp_text, "seed=3", options);
    for (size_t i = 0; i < 3; i++) {
        struct run_result other = play_digests(mlp_text, values[i], options);
        assert_same_timeline(&base, &other);
        ck_assert_str_ne(base.metrics_digest, other.metrics_digest);
    }
    struct run_result other = play_digests(mlp_text, "seeds.compute=77", options);
    ck_assert_str_ne(base.timeline_digest, other.timeline_digest);
}
END_TEST

START_TEST(timeline_needs_no_numerics)
{
    struct run_result cpu = play_digests(texts[_i], "seed=3", (struct play_options){.threads = 2});
    struct run_result none =
        play_digests(texts[_i], "seed=3", (struct play_options){.device = "none"});
    assert_same_timeline(&cpu, &none);
    ck_assert(isfinite(cpu.summary.mean_model_loss));
    ck_assert(isnan(none.summary.mean_model_loss));
}
END_TEST

START_TEST(timeline_does_not_see_who_watches)
{
    static const char *const watching[] = {
        "metrics.every=1 iteration", "metrics.every=7 ms",     "metrics.every=3 epochs",
        "trace.level=none",          "trace.level=full",       "trace.level=metrics",
        "trace.parameters=metrics",  "metrics.node_samples=0", "name=another name"};
    struct play_options options = {.threads = 1};
    struct run_result base = play_digests(mlp_text, "seed=3", options);
    for (size_t i = 0; i < sizeof watching / sizeof *watching; i++) {
        struct run_result other = play_digests(mlp_text, watching[i], options);
        assert_same_timeline(&base, &other);
        ck_assert_double_eq(base.summary.mean_model_loss, other.summary.mean_model_loss);
    }
}
END_TEST

/* ---- Stop rules ---- */

/* One node, gradients of 100 ms, f(x) = (x - c)^2 / 2: iteration k ends at k x 100 ms. */
static const char alone_text[] =
    "{\"nodes\": 1, \"precision\": \"float64\", \"algorithm\": \"ar-sgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 1, \"L\": 1, \"mu\": 1},"
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.5},"
    " \"stop\": {\"iterations\": 12}}";

START_TEST(every_node_does_exactly_its_iterations)
{
    static const char *const algorithms[] = {"algorithm=sgp", "algorithm=d-psgd",
                                             "algorithm=ar-sgd"};
    const char *set[] = {"stop={\"iterations\": 7}", algorithms[_i], NULL};
    struct play play = play_fine(mlp_text, set);
    size_t gradients[5] = {0};
    for (size_t i = 0; i < play.rows.span_count; i++)
        if (play.rows.spans[i].kind == TRACE_SPAN_GRADIENT)
            gradients[play.rows.spans[i].node]++;
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(gradients[i], 7);
    ck_assert_int_eq(play.result.last.iteration_min, 7);
    ck_assert_int_eq(play.result.last.iteration_max, 7);
    ck_assert_int_eq(play.result.last.samples, 7 * 5 * 16);
    ck_assert_str_eq(play.result.reason, "iterations");
    ck_assert_str_eq(play.rows.end_status, "done");
    play_free(&play);
}
END_TEST

START_TEST(no_iteration_is_the_start)
{
    const char *set[] = {"stop={\"iterations\": 0}", NULL};
    struct play play = play_fine(mlp_text, set);
    ck_assert_uint_eq(play.rows.metric_count, 1);
    ck_assert_int_eq(play.result.last.time_ps, 0);
    ck_assert_uint_eq(play.result.events, 0);
    play_free(&play);
}
END_TEST

/* 400 samples, 16 a gradient: 1.3 epochs are 520 samples, 33 gradients, whoever computes them. */
START_TEST(epochs_stop_at_the_gradient_that_completes_them)
{
    const char *set[] = {"stop={\"epochs\": 1.3}", NULL};
    struct play play = play_fine(mlp_text, set);
    ck_assert_int_eq(play.result.last.samples, 33 * 16);
    ck_assert_double_eq(play.result.summary.epochs, 33 * 16 / 400.0);
    ck_assert_str_eq(play.result.reason, "epochs");
    play_free(&play);
}
END_TEST

struct time_stop {
    const char *stop;
    int64_t end_ps, iterations;
};

/* What happens at the very instant of the stop is part of the run. */
START_TEST(time_stops_exactly_there)
{
    static const struct time_stop cases[] = {
        {"stop={\"time\": \"950 ms\"}", 950 * MS, 9},
        {"stop={\"time\": \"900 ms\"}", 900 * MS, 9},
        {"stop={\"time\": \"899.999 ms\"}", 900 * MS - MS / 1000, 8},
        {"stop={\"time\": \"10 ms\"}", 10 * MS, 0},
    };
    const char *set[] = {cases[_i].stop, NULL};
    struct play play = play_fine(alone_text, set);
    ck_assert_int_eq(play.result.last.time_ps, cases[_i].end_ps);
    ck_assert_int_eq(play.result.last.iteration_min, cases[_i].iterations);
    ck_assert_str_eq(play.result.reason, "time");
    play_free(&play);
}
END_TEST

START_TEST(the_first_limit_stops)
{
    const char *time_first[] = {"stop={\"iterations\": 5, \"time\": \"250 ms\"}", NULL};
    const char *count_first[] = {"stop={\"iterations\": 5, \"time\": \"5 s\"}", NULL};
    struct play time = play_fine(alone_text, time_first);
    struct play count = play_fine(alone_text, count_first);
    ck_assert_str_eq(time.result.reason, "time");
    ck_assert_str_eq(count.result.reason, "iterations");
    ck_assert_int_eq(count.result.last.time_ps, 500 * MS);
    play_free(&time);
    play_free(&count);
}
END_TEST

/* The loss falls by 4 each step: 1, 1/4, 1/16, 1/64, ... of the first. */
START_TEST(target_loss_is_crossed_between_metrics)
{
    char stop[96];
    struct play start = play_fine(alone_text, NULL);
    double first = start.rows.metrics[0].loss;
    int patience = _i + 1;
    snprintf(stop, sizeof stop, "stop={\"target_loss\": %.17g, \"patience\": %d}", 0.1 * first,
             patience);
    const char *set[] = {stop, NULL};
    struct play play = play_fine(alone_text, set);
    ck_assert_str_eq(play.result.reason, "target loss");
    /* metric 2 is the first below; `patience` of them are asked for */
    ck_assert_int_eq(play.result.last.iteration_min, 1 + patience);
    ck_assert_int_eq(play.result.last.time_ps, (1 + patience) * 100 * MS);
    double share = (0.25 - 0.1) / (0.25 - 0.0625);
    ck_assert_double_eq_tol(play.result.summary.time_to_target_s, 0.1 + 0.1 * share, 1e-12);
    ck_assert_double_eq_tol(play.result.grid_s, 0.1, 1e-15);
    play_free(&start);
    play_free(&play);
}
END_TEST

START_TEST(a_target_not_reached_has_no_time)
{
    const char *set[] = {"stop={\"iterations\": 6, \"target_loss\": -1}", NULL};
    struct play play = play_fine(alone_text, set);
    ck_assert_str_eq(play.result.reason, "iterations");
    ck_assert(isnan(play.result.summary.time_to_target_s));
    ck_assert(isnan(play.result.grid_s));
    play_free(&play);
}
END_TEST

/* Heavy ball on (x - c)^2 / 2 swings: m <- 0.9 m + e, e <- e - 0.2 m.  The loss dips below the
 * target and rises again, so patience counts anew; the run ends after the first streak of
 * `patience`, and the crossing is where that streak began. */
START_TEST(patience_counts_consecutive_metrics)
{
    char stop[96];
    const char *swing = "optimizer={\"name\": \"heavy-ball\", \"learning_rate\": 0.2, "
                        "\"momentum\": 0.9}";
    const char *first_set[] = {swing, NULL};
    struct play start = play_fine(alone_text, first_set);
    double first = start.rows.metrics[0].loss;
    int patience = _i, streak = 0, k = 0, breaks = 0;
    double e = 1, m = 0, before = 1, crossing = NAN;
    while (streak < patience) {
        before = e * e;
        m = 0.9 * m + e;
        e -= 0.2 * m;
        k++;
        breaks += streak > 0 && e * e > 0.04;
        streak = e * e <= 0.04 ? streak + 1 : 0;
        if (streak == 1)
            crossing = 0.1 * (k - 1) + 0.1 * (before - 0.04) / (before - e * e);
    }
    ck_assert_int_eq(breaks > 0, patience > 1);
    snprintf(stop, sizeof stop, "stop={\"target_loss\": %.17g, \"patience\": %d}", 0.04 * first,
             patience);
    const char *set[] = {swing, stop, NULL};
    struct play play = play_fine(alone_text, set);
    ck_assert_int_eq(play.result.last.iteration_min, k);
    ck_assert_double_eq_tol(play.result.summary.time_to_target_s, crossing, 1e-9);
    play_free(&start);
    play_free(&play);
}
END_TEST

static int64_t row_of_accuracy(const struct play *play, double target, int patience)
{
    int streak = 0;
    for (size_t i = 0; i < play->rows.metric_count; i++) {
        streak = play->rows.metrics[i].test_accuracy >= target ? streak + 1 : 0;
        if (streak == patience)
            return (int64_t)i;
    }
    return -1;
}

/* The same run without a target tells where one with a target must end. */
START_TEST(target_accuracy_is_the_test_sets)
{
    const char *free_set[] = {"stop={\"epochs\": 6}", "metrics.every=0.25 epochs", NULL};
    struct play whole = play_fine(mlp_text, free_set);
    const struct trace_metric *rows = whole.rows.metrics;
    int64_t end = row_of_accuracy(&whole, 0.8, 2);
    ck_assert_int_gt(end, 1);
    const char *set[] = {"stop={\"epochs\": 6, \"target_accuracy\": 0.8}",
                         "metrics.every=0.25 epochs", NULL};
    struct play play = play_fine(mlp_text, set);
    ck_assert_str_eq(play.result.reason, "target accuracy");
    ck_assert_int_eq(play.result.last.sequence, end);
    ck_assert_int_eq(play.result.last.time_ps, rows[end].time_ps);
    const struct trace_metric *from = &rows[end - 2], *to = &rows[end - 1];
    double share = (0.8 - from->test_accuracy) / (to->test_accuracy - from->test_accuracy);
    double expected =
        1e-12 * ((double)from->time_ps + share * (double)(to->time_ps - from->time_ps));
    ck_assert_double_eq_tol(play.result.summary.time_to_target_s, expected, 1e-9);
    play_free(&whole);
    play_free(&play);
}
END_TEST

/* With both targets the reason names the one that was met. */
START_TEST(the_target_that_was_met_is_named)
{
    const char *set[] = {"stop={\"epochs\": 6, \"target_accuracy\": 0.8, \"target_loss\": 1e-9}",
                         NULL};
    struct play play = play_fine(mlp_text, set);
    ck_assert_str_eq(play.result.reason, "target accuracy");
    play_free(&play);
}
END_TEST

static Suite *run_suite(void)
{
    Suite *suite = suite_create("run");
    TCase *digests = tcase_create("digests"), *stops = tcase_create("stop rules");
    tcase_add_loop_test(digests, digests_depend_on_no_thread_and_no_flush, 0, 2);
    tcase_add_loop_test(digests, another_seed_gives_other_digests, 0, 2);
    tcase_add_test(digests, split_seeds_move_their_own_part);
    tcase_add_loop_test(digests, timeline_needs_no_numerics, 0, 2);
    tcase_add_test(digests, timeline_does_not_see_who_watches);
    tcase_add_loop_test(stops, every_node_does_exactly_its_iterations, 0, 3);
    tcase_add_test(stops, no_iteration_is_the_start);
    tcase_add_test(stops, epochs_stop_at_the_gradient_that_completes_them);
    tcase_add_loop_test(stops, time_stops_exactly_there, 0, 4);
    tcase_add_test(stops, the_first_limit_stops);
    tcase_add_loop_test(stops, target_loss_is_crossed_between_metrics, 0, 3);
    tcase_add_test(stops, a_target_not_reached_has_no_time);
    tcase_add_loop_test(stops, patience_counts_consecutive_metrics, 1, 4);
    tcase_add_test(stops, target_accuracy_is_the_test_sets);
    tcase_add_test(stops, the_target_that_was_met_is_named);
    suite_add_tcase(suite, digests);
    suite_add_tcase(suite, stops);
    return suite;
}

int main(void)
{
    return testing_run(run_suite());
}
