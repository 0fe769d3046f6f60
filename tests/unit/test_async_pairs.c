/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Averaging in pairs by the nodes' own clocks: randomized gossip at Poisson ticks, push-pull once a
 * cycle.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define MS 1000000000LL /* ps */

static const char text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": {\"name\": \"randomized-gossip\", \"clock\": \"poisson\"},"
    " \"topology\": \"complete\","
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"1 ms\", \"model\": \"ideal\"},"
    " \"wire\": {\"message_size\": \"100 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"stop\": {\"time\": \"20 s\"}, \"trace\": {\"parameters\": \"final\"}}";

static const char *const programs[] = {
    "algorithm={\"name\": \"randomized-gossip\", \"clock\": \"poisson\", \"tick_time\": \"1 s\"}",
    "algorithm={\"name\": \"push-pull\", \"clock\": \"periodic\", \"cycle_time\": \"1 s\"}",
};

/* Who exchanges with whom from when, by the messages; everything else follows. */
struct contact {
    bool open;
    uint32_t asker, asked;
    int64_t round, heard_ps;
};

static bool is_answer(const struct contact *contact, const struct trace_message *row)
{
    return contact->open && contact->asked == row->src && contact->asker == row->dst &&
           contact->round == row->round && contact->heard_ps == row->posted_ps;
}

static void average(struct dense *state, uint32_t i, uint32_t j)
{
    for (int d = 0; d < D; d++)
        state->x[i][d] = state->x[j][d] = (state->x[i][d] + state->x[j][d]) / 2;
}

/* Messages of 100 ms and clocks of 1 s: many contacts meet nodes that are in another.  A question
 * takes 101 ms and is answered when it comes, or refused by an empty message of 1 ms, which may
 * have to let a question of its sender pass first.  Replaying
 * the contacts one by one, at the arrival of their answers, gives every model: nobody was in two
 * at once. */
START_TEST(contacts_are_atomic_averages)
{
    const char *set[] = {programs[_i], NULL};
    struct scenario *scenario;
    struct dense state;
    struct contact contacts[N] = {{false}};
    struct dense_reference reference = dense_open(text, set, &scenario, &state);
    struct play play = play_fine(text, set);
    int averaged = 0, refused = 0;
    for (size_t m = 0; m < play.rows.message_count; m++) {
        const struct trace_message *row = &play.rows.messages[m];
        struct contact *contact = &contacts[row->dst]; /* of an answer's or refusal's receiver */
        if (row->arrived_ps < 0)
            continue;
        int64_t took_ps = row->arrived_ps - row->posted_ps;
        ck_assert(row->bytes ? took_ps == 101 * MS : took_ps >= MS && took_ps <= 101 * MS);
        ck_assert_int_eq(row->consumed_ps, row->arrived_ps);
        if (row->drop_reason) {
            ck_assert_str_eq(row->drop_reason, "refused");
            refused++;
        } else if (row->bytes == 0) {
            continue;
        } else if (is_answer(contact, row)) {
            average(&state, row->src, row->dst);
            contact->open = false;
            averaged++;
        } else {
            contacts[row->src] =
                (struct contact){true, row->src, row->dst, row->round, row->consumed_ps};
        }
    }
    ck_assert_int_gt(averaged, 20);
    ck_assert_int_gt(refused, 5);
    ck_assert_double_le(play_difference(play.rows.x, &state.x[0][0], N * D), 1e-12);
    ck_assert_double_le(play_difference(play.rows.z, &state.x[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* What `cycles` seconds leave of the squared distance from the mean, over seeds. */
static double contraction(const char *program, int nodes, double cycles, int seeds)
{
    double sum = 0, before = 0;
    for (int seed = 1; seed <= seeds; seed++) {
        char seed_text[32], nodes_text[32], stop_text[48];
        snprintf(seed_text, sizeof seed_text, "seed=%d", seed);
        snprintf(nodes_text, sizeof nodes_text, "nodes=%d", nodes);
        snprintf(stop_text, sizeof stop_text, "stop.time=%g s", cycles);
        const char *set[] = {program,
                             seed_text,
                             nodes_text,
                             stop_text,
                             "wire.message_size=1 B",
                             "network.latency=1 ns",
                             "model.dimension=40",
                             NULL};
        struct play play = play_fine(text, set);
        before += play.rows.metrics[0].consensus;
        sum += play.result.summary.consensus;
        play_free(&play);
    }
    return sum / before;
}

/* A contact among 16 shrinks it by 1 - 1/15 in expectation; contacts are a Poisson process of 16 a
 * second: E (1 - 1/15)^K = exp(-16/15 t). */
START_TEST(poisson_contacts_contract_as_the_theory_says)
{
    double expected = exp(-16 / 15.0);
    ck_assert_double_eq_tol(contraction(programs[0], 16, 1, 150), expected, 0.05 * expected);
}
END_TEST

/* 1 / (2 sqrt(e)) a cycle for many nodes; the paper's sum over a node's exchanges is 1/n above. */
START_TEST(cycles_contract_as_the_theory_says)
{
    double expected = 1 / (2 * sqrt(exp(1)));
    ck_assert_double_eq_tol(contraction(programs[1], 80, 1, 40), expected, 0.05 * expected);
}
END_TEST

/* An iteration is a tick: in 2000 s 2000 of them, to three standard deviations, or exactly. */
START_TEST(clocks_keep_their_time)
{
    const char *set[] = {programs[_i], "stop.time=2000 s", "wire.message_size=1 B",
                         "trace.level=none", NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    double tolerance = _i ? 1 : 3 * sqrt(2000 / 6.0);
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    ck_assert_double_eq_tol(play.result.summary.iterations, 2000, tolerance);
    play_free(&play);
}
END_TEST

START_TEST(threads_change_nothing)
{
    const char *set[] = {programs[_i], "stop={\"iterations\": 30}", NULL};
    struct play one = play_fine(text, set);
    struct play many = play_text(text, set, (struct play_options){.threads = 2});
    ck_assert_int_eq(one.result.last.iteration_min, 30);
    ck_assert_int_eq(one.result.last.iteration_max, 30);
    ck_assert_str_eq(one.result.timeline_digest, many.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, many.result.metrics_digest);
    play_free(&one);
    play_free(&many);
}
END_TEST

START_TEST(rounds_need_matchings_and_clocks_do_not)
{
    static const char *const rounds[] = {"algorithm=randomized-gossip", "algorithm=push-pull"};
    const char *set[] = {rounds[_i], "stop={\"iterations\": 3}", NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "topology.name");
    play_free(&play);
}
END_TEST

static Suite *async_pairs_suite(void)
{
    Suite *suite = suite_create("async-pairs");
    TCase *tests = tcase_create("clocks");
    tcase_add_loop_test(tests, contacts_are_atomic_averages, 0, 2);
    tcase_add_test(tests, poisson_contacts_contract_as_the_theory_says);
    tcase_add_test(tests, cycles_contract_as_the_theory_says);
    tcase_add_loop_test(tests, clocks_keep_their_time, 0, 2);
    tcase_add_loop_test(tests, threads_change_nothing, 0, 2);
    tcase_add_loop_test(tests, rounds_need_matchings_and_clocks_do_not, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return testing_run(async_pairs_suite());
}
