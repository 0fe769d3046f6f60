/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs that cannot start, and runs that end badly: refusals with their paths, deadlock reports,
 * divergence, expectations, interrupts, and the ledger of mass.  Node programs that misbehave are
 * written here and put in the place of the scenario's.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "algorithms/algorithm.h"
#include "numerics/backend.h"
#include "play.h"
#include "scenario/scenario.h"
#include "testing.h"

static const char small_text[] =
    "{\"nodes\": 4, \"precision\": \"float64\", \"algorithm\": \"sgp\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 3}, \"stop\": {\"iterations\": 3}}";

/* ---- Refusals ---- */

struct refusal {
    const char *set[4];
    const char *path, *says;
};

static const struct refusal refusals[] = {
    {{"algorithm=d-psgd", "topology=sgp-bipartite-exponential", "nodes=5"},
     "topology.name",
     "even"},
    {{"topology={\"name\": \"torus\", \"rows\": 3}"}, "topology.rows", "3"},
    {{"topology={\"name\": \"torus\"}", "nodes=7"}, "topology.rows", "7"},
    {{"topology=hypercube", "nodes=6"}, "topology.name", "6"},
    {{"algorithm=push-sum", "stop={\"epochs\": 1}"}, "stop.epochs", "push-sum"},
    {{"model={\"name\": \"softmax\"}"}, "data", "softmax"},
    {{"data=gaussian-blobs"}, "data", "quadratic"},
    {{"stop={}"}, "stop", "iterations"},
    {{"stop={\"target_accuracy\": 0.5}"}, "stop.target_accuracy", "quadratic"},
    {{"model.mu=2"}, "model.mu", "above"},
    {{"plan_memory=23 B"}, "plan_memory", "24"},
    {{"algorithm={\"name\": \"d-psgd\", \"exchange\": \"pairwise-blocking\"}"},
     "algorithm.exchange",
     "adapt-then-combine"},
    {{"initial={\"name\": \"csv\", \"path\": \"/nonexistent/x.csv\"}"}, NULL, "/nonexistent/x.csv"},
};

static enum status check_text(const char *text, const char *const *set, struct error *error)
{
    struct scenario *scenario;
    size_t count = 0;
    while (set[count])
        count++;
    enum status status = scenario_parse("test", text, strlen(text), set, count, &scenario, error);
    if (status != STATUS_OK)
        return status;
    status = run_check(&scenario_at(scenario, 0)->config, &backend_cpu_ops, NULL, error);
    scenario_free(scenario);
    return status;
}

START_TEST(what_cannot_run_is_refused_with_its_path)
{
    const struct refusal *refusal = &refusals[_i];
    struct error error = {.status = STATUS_OK};
    ck_assert(check_text(small_text, refusal->set, &error) == STATUS_REQUEST);
    if (refusal->path)
        ck_assert_str_eq(error.path, refusal->path);
    ck_assert_msg(strstr(error.text, refusal->says) != NULL, "\"%s\" does not say \"%s\"",
                  error.text, refusal->says);
}
END_TEST

/* 0 -> 1, 2; 1 -> 2; 2 -> 0 with uniform weights: columns add to 1, rows do not. */
START_TEST(d_psgd_refuses_a_merely_column_stochastic_graph)
{
    char path[] = "/tmp/hearsay-edges-XXXXXX", topology[128];
    int file = mkstemp(path);
    struct error error;
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(dprintf(file, "0,1\n0,2\n1,2\n2,0\n"), 16);
    close(file);
    snprintf(topology, sizeof topology, "topology={\"name\": \"edge-list\", \"path\": \"%s\"}",
             path);
    const char *gossip[] = {"nodes=3", topology, NULL};
    const char *mixing[] = {"nodes=3", topology, "algorithm=d-psgd", NULL};
    ck_assert(check_text(small_text, gossip, &error) == STATUS_OK);
    ck_assert(check_text(small_text, mixing, &error) == STATUS_REQUEST);
    ck_assert_str_eq(error.path, "topology.name");
    ck_assert_ptr_nonnull(strstr(error.text, "stochastic"));
    ck_assert_ptr_nonnull(strstr(error.text, "d-psgd"));
    unlink(path);
}
END_TEST

START_TEST(targets_are_refused_without_numerics)
{
    const char *set[] = {"stop.target_loss=0.1", NULL};
    struct play_options none = {.device = "none"};
    struct play play = play_text(small_text, set, none);
    ck_assert(play.status == STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "stop.target_loss");
    ck_assert_str_eq(play.rows.end_status, ""); /* nothing was begun */
    ck_assert_uint_eq(play.rows.metric_count, 0);
    play_free(&play);
}
END_TEST

/* ---- Endings ---- */

START_TEST(a_loss_that_is_not_finite_is_divergence)
{
    const char *set[] = {"precision=float32", "optimizer.learning_rate=1e25", "stop.iterations=50",
                         NULL};
    struct play play = play_text(small_text, set, (struct play_options){.threads = 1});
    ck_assert(play.status == STATUS_DIVERGED);
    ck_assert_str_eq(play.rows.end_status, "diverged");
    ck_assert_int_lt(play.result.last.iteration_max, 10);
    ck_assert(!isfinite(play.result.last.loss));
    play_free(&play);
}
END_TEST

struct expectation {
    const char *set;
    const char *found; /* NULL: it is met */
};

/* Three iterations of 100 ms and their exchanges of 24 + 8 bytes. */
static const struct expectation expectations[] = {
    {"expect={\"iterations\": {\"min\": 3, \"max\": 3}}", NULL},
    {"expect={\"iterations\": {\"near\": 3}, \"messages\": {\"near\": 12}}", NULL},
    {"expect={\"bytes\": {\"near\": 380, \"tolerance\": 0.011}}", NULL}, /* 384 */
    {"expect={\"bytes\": {\"near\": 380, \"tolerance\": 0.010}}", "found 384,"},
    {"expect={\"iterations\": {\"min\": 3.5}}", "found 3,"},
    {"expect={\"iterations\": {\"max\": 2.5}}", "found 3,"},
    {"expect={\"simulated_time_s\": {\"min\": 0.3, \"max\": 0.31}}", NULL},
    {"expect={\"mean_model_accuracy\": {\"min\": 0}}", /* of a quadratic */
     "found nothing: this run has no such value, expected at least 0"},
};

START_TEST(expectations_judge_the_summary)
{
    const char *set[] = {expectations[_i].set, NULL}, *found = expectations[_i].found;
    struct play play = play_text(small_text, set, (struct play_options){.threads = 1});
    ck_assert(play.status == (found == NULL ? STATUS_OK : STATUS_EXPECT));
    ck_assert_str_eq(play.rows.end_status, "done");
    ck_assert_str_eq(play.result.reason, "iterations");
    if (found != NULL) {
        ck_assert_msg(strncmp(play.error.path, "expect.", 7) == 0, "%s", play.error.path);
        ck_assert_msg(strstr(play.error.text, found) != NULL, "%s", play.error.text);
    }
    play_free(&play);
}
END_TEST

START_TEST(without_numerics_only_the_timeline_is_judged)
{
    const char *loss[] = {"expect={\"mean_model_loss\": {\"max\": -1}}", NULL};
    const char *count[] = {"expect={\"iterations\": {\"max\": 1}}", NULL};
    struct play_options none = {.device = "none"};
    struct play silent = play_text(small_text, loss, none);
    struct play judged = play_text(small_text, count, none);
    ck_assert(silent.status == STATUS_OK);
    ck_assert(judged.status == STATUS_EXPECT);
    play_free(&silent);
    play_free(&judged);
}
END_TEST

/* What used to abort: times beyond the clock's 106 days, on every way to a time. */
static const char *const beyond_the_clock[] = {
    "compute.gradient_time={\"name\": \"constant\", \"mean\": \"1000000 s\"}",
    "network.latency=\"9000000 s\"",
    "network.efficiency=1e-300",
    "network={\"bandwidth\": \"1 bps\", \"model\": \"fifo\"}",
    "network={\"bandwidth\": \"1 bps\", \"model\": \"ideal\"}",
    "metrics={\"every\": \"100000000 s\"}",
};

START_TEST(the_clock_ends_a_run_that_outlasts_it)
{
    const char *set[] = {beyond_the_clock[_i], "wire={\"message_size\": \"1 GB\"}",
                         "stop={\"iterations\": 20}", NULL};
    struct play play = play_text(small_text, set, (struct play_options){.device = "none"});
    bool only_metrics = _i == 5;
    ck_assert_msg(play.status == (only_metrics ? STATUS_OK : STATUS_CLOCK), "%s", play.error.text);
    ck_assert_str_eq(play.rows.end_status, only_metrics ? "done" : "failed");
    play_free(&play);
}
END_TEST

/* One node's push-sum waits for nobody: no time passes, and the run says so. */
START_TEST(a_run_in_which_no_time_passes_ends)
{
    const char *still[] = {"nodes=1", "algorithm=push-sum", "stop={\"time\": \"1 s\"}", NULL};
    const char *counted[] = {"nodes=1", "algorithm=push-sum", "stop={\"iterations\": 5000}", NULL};
    struct play stuck = play_text(small_text, still, (struct play_options){.device = "none"});
    struct play fine = play_text(small_text, counted, (struct play_options){.device = "none"});
    ck_assert(stuck.status == STATUS_CLOCK);
    ck_assert_ptr_nonnull(strstr(stuck.error.text, "no time passes"));
    ck_assert(fine.status == STATUS_OK);
    ck_assert_double_eq(fine.result.summary.iterations, 5000);
    play_free(&stuck);
    play_free(&fine);
}
END_TEST

/* Gradients that take no time, at a worker that is done and whose server is beside it: it keeps the
 * others company before their first push has come. */
START_TEST(gradients_that_take_no_time_end_a_run)
{
    const char *set[] = {"algorithm={\"name\": \"k-async\", \"K\": 1, \"placement\": "
                         "\"co-located\"}",
                         "compute.gradient_time={\"name\": \"constant\", \"mean\": \"0 s\"}",
                         "stop={\"iterations\": 5}", NULL};
    struct play play = play_text(small_text, set, (struct play_options){.device = "none"});
    ck_assert(play.status == STATUS_CLOCK);
    ck_assert_ptr_nonnull(strstr(play.error.text, "no time passes"));
    play_free(&play);
}
END_TEST

/* What nothing meets; and what would judge nothing. */
START_TEST(expectations_without_sense_are_refused)
{
    static const char *const ranges[] = {"{\"min\": 1, \"max\": 0}", "{\"tolerance\": 0.1}",
                                         "{\"max\": 9, \"tolerance\": 0.1}"};
    char expect[100];
    snprintf(expect, sizeof expect, "expect={\"consensus\": %s}", ranges[_i]);
    const char *set[] = {expect, NULL};
    struct play play = play_text(small_text, set, (struct play_options){.threads = 1});
    ck_assert(play.status == STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "expect.consensus");
    play_free(&play);
}
END_TEST

START_TEST(an_interrupt_stops_at_the_next_event)
{
    volatile sig_atomic_t caught = SIGINT;
    struct play_options options = {.interrupt = &caught};
    struct play play = play_text(small_text, NULL, options);
    ck_assert(play.status == STATUS_INTERRUPTED);
    ck_assert_uint_eq(play.result.events, 1);
    ck_assert_int_eq(play.result.last.time_ps, 100000000000LL);
    ck_assert_str_eq(play.result.reason, "interrupted");
    ck_assert_str_eq(play.rows.end_status, "interrupted");
    play_free(&play);
}
END_TEST

/* Metrics every millisecond, and the first event at 100 ms. */
START_TEST(an_interrupt_stops_between_events_too)
{
    const char *set[] = {"metrics.every=1 ms", NULL};
    volatile sig_atomic_t caught = SIGINT;
    struct play_options options = {.interrupt = &caught};
    struct play play = play_text(small_text, set, options);
    ck_assert(play.status == STATUS_INTERRUPTED);
    ck_assert_uint_eq(play.result.events, 0);
    ck_assert_int_eq(play.result.last.time_ps, 1000000000LL);
    play_free(&play);
}
END_TEST

/* ---- Programs that wait for ever ---- */

static unsigned connected(const void *params)
{
    (void)params;
    return TOPOLOGY_CONNECTED;
}

static void mix(struct node *node)
{
    node_mix(node, 0);
    node_next_iteration(node);
}

static void wait_for_nobody(struct node *node)
{
    node_await(node, NODE_RECEIVED, 0, 1);
}

static void all_but_2_push(struct node *node)
{
    if (node_rank(node) != 2)
        node_push_out(node, 0);
    node_await_round(node, NODE_RECEIVED, 0);
}

static void compute(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

extern const struct plugin_registry collective_registry;

static void all_but_1_reduce(struct node *node)
{
    const struct plugin_choice ring = {plugin_find(&collective_registry, "ring"), NULL};
    if (node_rank(node) != 1)
        node_all_reduce(node, &ring, node_x(node), 0.25, true);
}

static void pass(struct node *node, const struct node_reduced *reduced)
{
    (void)reduced;
    node_next_iteration(node);
}

static const struct algorithm_ops silent = {
    .plugin = {.name = "silent"}, .topology = connected, .start = wait_for_nobody, .on_ready = mix};
static const struct algorithm_ops one_silent = {.plugin = {.name = "one-silent"},
                                                .topology = connected,
                                                .start = all_but_2_push,
                                                .on_ready = mix};
static const struct algorithm_ops one_absent = {.plugin = {.name = "one-absent"},
                                                .uses_gradients = true,
                                                .start = compute,
                                                .on_gradient = all_but_1_reduce,
                                                .on_collective = pass};

static void be_silent(struct run_config *config)
{
    config->algorithm.plugin = &silent.plugin;
}

static void be_one_silent(struct run_config *config)
{
    config->algorithm.plugin = &one_silent.plugin;
    config->stop.iterations = 1;
}

static void be_one_absent(struct run_config *config)
{
    config->algorithm.plugin = &one_absent.plugin;
}

static struct play play_deadlock(void (*alter)(struct run_config *))
{
    const char *set[] = {"topology=ring", "topology.direction=directed", NULL};
    struct play_options options = {.alter = alter};
    struct play play = play_text(small_text, set, options);
    ck_assert(play.status == STATUS_DEADLOCK);
    ck_assert_str_eq(play.rows.end_status, "deadlock");
    ck_assert_str_eq(play.error.text, play.result.reason);
    ck_assert_uint_gt(play.rows.metric_count, 0);
    return play;
}

static void assert_says(const struct play *play, const char *text)
{
    ck_assert_msg(strstr(play->result.reason, text) != NULL, "\"%s\" does not say \"%s\"",
                  play->result.reason, text);
}

START_TEST(a_deadlock_names_who_waits_for_whom)
{
    struct play play = play_deadlock(be_silent);
    assert_says(&play, "4 of 4 nodes wait");
    assert_says(&play, "node 0 waits since 0 s for round 0: 0 of 1 messages from node 3");
    assert_says(&play, "node 3 waits since 0 s for round 0: 0 of 1 messages from node 2");
    play_free(&play);
}
END_TEST

START_TEST(a_deadlock_names_only_those_who_wait)
{
    struct play play = play_deadlock(be_one_silent);
    assert_says(&play, "1 of 4 nodes wait");
    assert_says(&play, "node 3 waits since 0 s for round 0: 0 of 1 messages from node 2");
    ck_assert_ptr_null(strstr(play.result.reason, "node 0 waits"));
    play_free(&play);
}
END_TEST

START_TEST(a_deadlock_in_an_all_reduce_says_so)
{
    struct play play = play_deadlock(be_one_absent);
    assert_says(&play, "at 0.1");
    assert_says(&play, "node 0 waits in an all-reduce since 0.1 s");
    assert_says(&play, "node 1 waits for nothing");
    play_free(&play);
}
END_TEST

/* ---- Programs that lose mass ---- */

static void keep_too_much(struct node *node)
{
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, 0, &count);
    node_push(node, out[0].peer, 0, 0.5);
    node_keep(node, 0.5 + 1e-9);
    node_await_round(node, NODE_RECEIVED, 0);
}

static void wait_twice(struct node *node)
{
    node_await(node, NODE_RECEIVED, 0, 1);
    node_await(node, NODE_RECEIVED, 0, 1);
}

static const struct algorithm_ops greedy = {
    .plugin = {.name = "greedy"}, .topology = connected, .start = keep_too_much, .on_ready = mix};
static const struct algorithm_ops impatient = {
    .plugin = {.name = "impatient"}, .topology = connected, .start = wait_twice, .on_ready = mix};

static void be_greedy(struct run_config *config)
{
    config->algorithm.plugin = &greedy.plugin;
}

static void be_impatient(struct run_config *config)
{
    config->algorithm.plugin = &impatient.plugin;
}

/* Plays in a child, which a check must end; the text that it printed is in `said`. */
static int play_and_abort(void (*alter)(struct run_config *), char *said, size_t size)
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        play_text(small_text, NULL, (struct play_options){.alter = alter});
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t got;
    while ((got = read(ends[0], said + used, size - 1 - used)) > 0)
        used += (size_t)got;
    said[used] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(a_wrong_share_trips_the_ledger)
{
    char said[4096];
    int status = play_and_abort(be_greedy, said, sizeof said);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_msg(strstr(said, "push-sum mass is 4.000000001") != NULL, "%s", said);
}
END_TEST

START_TEST(waiting_twice_is_a_programmers_mistake)
{
    char said[4096];
    int status = play_and_abort(be_impatient, said, sizeof said);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_msg(strstr(said, "node 0 waits twice") != NULL, "%s", said);
}
END_TEST

static Suite *failures_suite(void)
{
    Suite *suite = suite_create("runs that fail");
    TCase *before = tcase_create("refusals"), *after = tcase_create("endings");
    TCase *programs = tcase_create("programs");
    tcase_add_loop_test(before, what_cannot_run_is_refused_with_its_path, 0,
                        sizeof refusals / sizeof *refusals);
    tcase_add_test(before, d_psgd_refuses_a_merely_column_stochastic_graph);
    tcase_add_test(before, targets_are_refused_without_numerics);
    tcase_add_test(after, a_loss_that_is_not_finite_is_divergence);
    tcase_add_loop_test(after, expectations_judge_the_summary, 0,
                        sizeof expectations / sizeof *expectations);
    tcase_add_test(after, without_numerics_only_the_timeline_is_judged);
    tcase_add_loop_test(after, the_clock_ends_a_run_that_outlasts_it, 0,
                        sizeof beyond_the_clock / sizeof *beyond_the_clock);
    tcase_add_test(after, a_run_in_which_no_time_passes_ends);
    tcase_add_test(after, gradients_that_take_no_time_end_a_run);
    tcase_add_loop_test(after, expectations_without_sense_are_refused, 0, 3);
    tcase_add_test(after, an_interrupt_stops_at_the_next_event);
    tcase_add_test(after, an_interrupt_stops_between_events_too);
    tcase_add_test(programs, a_deadlock_names_who_waits_for_whom);
    tcase_add_test(programs, a_deadlock_names_only_those_who_wait);
    tcase_add_test(programs, a_deadlock_in_an_all_reduce_says_so);
    tcase_add_test(programs, a_wrong_share_trips_the_ledger);
    tcase_add_test(programs, waiting_twice_is_a_programmers_mistake);
    suite_add_tcase(suite, before);
    suite_add_tcase(suite, after);
    suite_add_tcase(suite, programs);
    return suite;
}

int main(void)
{
    return testing_run(failures_suite());
}
