/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a crash or a loss does to a program: times worked out by hand, mass counted by hand, and
 * values that theory gives.
 *
 * Gradients take 1 s (at the speeds that a test says); links of 8 Gbps move 10^9 bytes a second,
 * without latency.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cluster/faults.h"
#include "core/simtime.h"
#include "play.h"
#include "testing.h"

#define MS_PS 1000000000LL
#define SET   16

#define CRASH(at, rest) "faults=[{\"kind\": \"crash\", \"at\": \"" at "\"" rest "}]"

/* Overrides behind the common ones, NULL-terminated. */
static struct play play_set(const char *algorithm, const char *const *more)
{
    static const char base[] =
        "{\"nodes\": 4, \"seed\": 3, \"precision\": \"float64\", \"algorithm\": \"sgp\","
        " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"1 s\"}},"
        " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": 0},"
        " \"wire\": {\"message_size\": \"500 MB\"},"
        " \"model\": {\"name\": \"quadratic\", \"dimension\": 6},"
        " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.1},"
        " \"trace\": {\"parameters\": \"final\"}, \"stop\": {\"iterations\": 2}}";
    const char *set[SET] = {algorithm};
    size_t count = 1;
    for (; *more; more++) {
        ck_assert_uint_lt(count, SET - 1);
        set[count++] = *more;
    }
    return play_text(base, set, (struct play_options){.threads = 1});
}

static struct play play_well(const char *algorithm, const char *const *more)
{
    struct play play = play_set(algorithm, more);
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

/* The run's time is that of an event, to the picosecond. */
static void assert_ends_at(const struct play *play, int64_t ps)
{
    ck_assert_int_eq(simtime_from_s(play->result.summary.simulated_time_s), ps);
}

static size_t count_spans(const struct play *play, uint32_t node, int kind)
{
    size_t count = 0;
    for (size_t i = 0; i < play->rows.span_count; i++)
        count += play->rows.spans[i].node == node && (int)play->rows.spans[i].kind == kind;
    return count;
}

static const char *set_networks[] = {"network.model=fair", "network.model=fifo",
                                     "network.model=ideal"};

/* ---- All-reduce ---- */

/* Three nodes at speeds 1, 1/2, 1/4: gradients of 1, 2 and 4 s.  A ring over 90 MB has four steps
 * of 30 MB, 30 ms each: an iteration takes 4.12 s.  Host 1 is down from 1 s to 6 s: its gradient
 * begins anew and is complete at 8 s, the all-reduce at 8.12 s; the second iteration ends at
 * 12.24 s. */
#define AR_SGD                                                                                     \
    "nodes=3", "wire.message_size=90 MB",                                                          \
        "compute.speeds=[{\"first\": 1, \"speed\": 0.5}, {\"first\": 2, \"speed\": 0.25}]"

START_TEST(all_reduce_waits_for_a_gradient)
{
    const char *set[] = {AR_SGD, set_networks[_i], CRASH("1 s", ", \"for\": \"5 s\", \"first\": 1"),
                         NULL};
    struct play play = play_well("algorithm=ar-sgd", set);
    assert_ends_at(&play, 12240 * MS_PS);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 1);
    ck_assert_uint_eq(count_spans(&play, 1, TRACE_SPAN_CANCELLED), 1);
    ck_assert_uint_eq(count_spans(&play, 1, TRACE_SPAN_DOWN), 1);
    ck_assert_uint_eq(count_spans(&play, 1, TRACE_SPAN_GRADIENT), 2);
    ck_assert_uint_eq(play.rows.fault_count, 1);
    play_free(&play);
}
END_TEST

/* What is computed twice is the same: a crash changes no number. */
START_TEST(a_kept_state_changes_no_number)
{
    const char *fine[] = {AR_SGD, "model.sigma=1", NULL};
    const char *crash[] = {AR_SGD, "model.sigma=1",
                           CRASH("1 s", ", \"for\": \"5 s\", \"first\": 1"), NULL};
    struct play plain = play_well("algorithm=ar-sgd", fine);
    struct play play = play_well("algorithm=ar-sgd", crash);
    assert_ends_at(&plain, 8240 * MS_PS);
    ck_assert_mem_eq(plain.rows.x, play.rows.x, 3 * 6 * sizeof(double));
    play_free(&plain);
    play_free(&play);
}
END_TEST

/* The same all-reduce is 15 ms into host 0's second step, 4.03 to 4.06 s, when host 1 goes down, at
 * 4.045 s for 5 s.  (Host 1 has sent its own of that step from 2.03 to 2.06 s: it needs nothing
 * from host 2.)  What host 0 sends it begins again, in full, at 9.045 s, and ends at 9.075 s; two
 * steps follow, and the first iteration ends at 9.135 s, the second at 13.255 s. */
START_TEST(all_reduce_waits_for_a_message)
{
    const char *set[] = {AR_SGD, set_networks[_i],
                         CRASH("4.045 s", ", \"for\": \"5 s\", \"first\": 1"), NULL};
    struct play play = play_well("algorithm=ar-sgd", set);
    assert_ends_at(&play, 13255 * MS_PS);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 0);
    ck_assert_int_eq(play.rows.faults[0].lost, 1);
    play_free(&play);
}
END_TEST

/* Two nodes exchange 500 MB (recursive doubling), 500 ms, and reduce for 1 s: an iteration of both
 * takes 2.5 s.  Host 1 goes down while it reduces, at 1.6 s for 5 s: it has its result when it is
 * back, at 6.6 s; its second gradient is complete at 7.6 s, the second all-reduce at 9.1 s. */
START_TEST(a_result_waits_for_its_host)
{
    const char *set[] = {"nodes=2",
                         "algorithm.collective=recursive-doubling",
                         "compute.reduction=500 MB/s",
                         set_networks[_i],
                         CRASH("1.6 s", ", \"for\": \"5 s\", \"first\": 1"),
                         NULL};
    struct play play = play_well("algorithm=ar-sgd", set);
    assert_ends_at(&play, 9100 * MS_PS);
    play_free(&play);
}
END_TEST

/* Buckets: a gradient of 3 s, the first third forward, three buckets of it complete at 1 + 2/3,
 * 1 + 4/3 and 3 s.  Host 1 of two is down from 2 s to 7 s, after its first bucket, which is not
 * announced again: the second is complete at 8 + 4/3 s, the third at 10 s.  The all-reduce of a
 * bucket of 100 MB over a ring of two takes two steps of 50 ms: that of the last one ends the
 * iteration, at 10.1 s. */
START_TEST(buckets_are_announced_once)
{
    const char *set[] = {"nodes=2",
                         "algorithm.bucket=100 MB",
                         "wire.message_size=300 MB",
                         "compute.gradient_time.mean=3 s",
                         "stop.iterations=1",
                         CRASH("2 s", ", \"for\": \"5 s\", \"first\": 1"),
                         NULL};
    struct play play = play_well("algorithm=ar-sgd", set);
    assert_ends_at(&play, 10100 * MS_PS);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 1);
    play_free(&play);
}
END_TEST

START_TEST(a_dead_host_is_named)
{
    const char *set[] = {AR_SGD, CRASH("1 s", ", \"first\": 1"), NULL};
    struct play play = play_set("algorithm=ar-sgd", set);
    ck_assert_int_eq(play.status, STATUS_DEADLOCK);
    ck_assert_ptr_nonnull(
        strstr(play.error.text, "node 1 is down with host 1 since 1 s, for ever"));
    ck_assert_ptr_nonnull(strstr(play.error.text, "node 2 waits in an all-reduce since 4 s"));
    ck_assert_int_eq(play.rows.faults[0].end_ps, -1);
    ck_assert_uint_eq(count_spans(&play, 1, TRACE_SPAN_DOWN), 1);
    play_free(&play);
}
END_TEST

/* ---- Stochastic gradient push ---- */

/* Four nodes, node 2 at half the speed; a message (8 bytes of it are the weight) takes 0.5 s.  At
 * step 0 i sends to i + 1, at step 1 to i + 2, half of what it holds.  Host 1 is down from 0.25
 * to 5.25 s, its gradient is complete at 6.25 s.
 *
 *   step 0   gradients 1, 6.25, 2, 1.  0 -> 1 comes at 1.5 and is lost: node 1 waits for it no
 *            more, and goes on at 6.25; 1 -> 2 comes at 6.75; 2 -> 3 at 2.5; 3 -> 0 at 1.5
 *   step 1   gradients 2.5, 7.25, 8.75, 3.5.  0 -> 2 at 3; 1 -> 3 at 7.75; 2 -> 0 at 9.25;
 *            3 -> 1 at 4, lost too.  Ends: 9.25, 7.25, 8.75, 7.75
 *
 * Weights after step 0: 1, 1/2, 1, 1, for 1/2 was lost to node 1; after step 1: 1, 1/4, 1, and
 * 1/2 + 1/4.  Another 1/2 was lost to node 1, 1 in all: what is left is 3. */
START_TEST(push_sum_loses_what_was_sent_to_a_dead_host)
{
    const char *set[] = {set_networks[_i], "wire.message_size=499999992",
                         "compute.speeds=[{\"first\": 2, \"speed\": 0.5}]",
                         CRASH("0.25 s", ", \"for\": \"5 s\", \"first\": 1"), NULL};
    const double w[] = {1, 0.25, 1, 0.75};
    struct play play = play_well("algorithm=sgp", set);
    assert_ends_at(&play, 9250 * MS_PS);
    ck_assert_double_eq(play.result.summary.messages_lost, 2);
    ck_assert_double_eq(play.result.summary.mass_destroyed, 1);
    ck_assert_int_eq(play.rows.faults[0].lost, 2);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_double_eq(play.rows.w[i], w[i]);
    /* the mean model is that of the mass that is left */
    for (unsigned d = 0; d < 6; d++) {
        double sum = 0;
        for (unsigned i = 0; i < 4; i++)
            sum += play.rows.x[i * 6 + d];
        ck_assert_double_eq_tol(play.rows.mean[d], sum / 3, 1e-12);
    }
    play_free(&play);
}
END_TEST

/* The same nodes; host 1 is down from 1.2 to 5.25 s and comes back with nothing; the run stops 0.1
 * s later.  Three messages are lost, of 1/2 each: 0 -> 1 and 1 -> 2 as it crashes, 3 -> 1 (sent at
 * 3.5 s) as it comes.  The 1/2 that node 1 held is gone, too, and it begins with a new 1: all in
 * all 1 was destroyed. */
START_TEST(a_lost_state_is_the_initial_one)
{
    const char *set[] = {
        "compute.speeds=[{\"first\": 2, \"speed\": 0.5}]", "stop={\"time\": \"5.35 s\"}",
        CRASH("1.2 s", ", \"for\": \"4.05 s\", \"first\": 1, \"state\": \"lost\""), NULL};
    const char *start[] = {"stop.iterations=0", NULL};
    struct play initial = play_well("algorithm=sgp", start);
    struct play play = play_well("algorithm=sgp", set);
    ck_assert_double_eq(play.rows.w[1], 1);
    ck_assert_double_eq(play.result.summary.messages_lost, 3);
    ck_assert_double_eq(play.result.summary.mass_destroyed, 1);
    ck_assert_mem_eq(play.rows.x + 6, initial.rows.x + 6, 6 * sizeof(double));
    ck_assert_mem_eq(play.rows.z + 6, initial.rows.x + 6, 6 * sizeof(double));
    ck_assert_int_ne(memcmp(play.rows.x, initial.rows.x, 6 * sizeof(double)), 0);
    play_free(&initial);
    play_free(&play);
}
END_TEST

/* ---- Parameter servers ---- */

/* Three workers of an asynchronous server, gradients of 1, 2 and 4 s; pushes and answers of 100 MB
 * take 100 ms, and no two meet on the server's links.  Host 1 is down from 0.5 s to 5.5 s; its
 * gradients are complete at 7.5 and 9.7 s, after 0.2 s between, and its second read ends its
 * second iteration at 9.9 s.  The others do not care: worker 0 is done at 1 + 0.2 + 1 + 0.2 = 2.4
 * s, worker 2 at 8.4 s. */
#define SERVER                                                                                     \
    "nodes=3", "wire.message_size=100 MB",                                                         \
        "compute.speeds=[{\"first\": 1, \"speed\": 0.5}, {\"first\": 2, \"speed\": 0.25}]"

static int64_t last_gradient_ps(const struct play *play, uint32_t node)
{
    int64_t last = -1;
    for (size_t i = 0; i < play->rows.span_count; i++)
        if (play->rows.spans[i].node == node && play->rows.spans[i].kind == TRACE_SPAN_GRADIENT &&
            play->rows.spans[i].end_ps > last)
            last = play->rows.spans[i].end_ps;
    return last;
}

START_TEST(an_asynchronous_server_goes_on)
{
    const char *set[] = {SERVER, set_networks[_i],
                         CRASH("0.5 s", ", \"for\": \"5 s\", \"first\": 1"), NULL};
    struct play play = play_well("algorithm=async-server", set);
    assert_ends_at(&play, 9900 * MS_PS);
    ck_assert_int_eq(last_gradient_ps(&play, 0), 2200 * MS_PS);
    ck_assert_int_eq(last_gradient_ps(&play, 1), 9700 * MS_PS);
    ck_assert_int_eq(last_gradient_ps(&play, 2), 8200 * MS_PS);
    play_free(&play);
}
END_TEST

/* It never comes back: the run ends with the last of the others, and 2 + 0 + 2 iterations. */
START_TEST(an_asynchronous_server_forgets_the_dead)
{
    const char *set[] = {SERVER, CRASH("0.5 s", ", \"first\": 1"), NULL};
    struct play play = play_well("algorithm=async-server", set);
    assert_ends_at(&play, 8400 * MS_PS);
    ck_assert_str_eq(play.result.reason, "iterations");
    ck_assert_double_eq(play.result.summary.iterations, 4.0 / 3);
    play_free(&play);
}
END_TEST

/* The first two of three: a version needs workers 0 and 2 now.  Gradients of 1 and 4 s: 4.2 s a
 * version, and two of them. */
START_TEST(a_quorum_goes_on)
{
    const char *set[] = {SERVER, "algorithm.K=2", set_networks[2], CRASH("0.5 s", ", \"first\": 1"),
                         NULL};
    struct play play = play_well("algorithm=k-sync", set);
    assert_ends_at(&play, 8400 * MS_PS);
    play_free(&play);
}
END_TEST

/* Host 3 is the server's.  It is down from 1.05 to 3.05 s, in the middle of worker 0's push, which
 * is sent again in full: it is there at 3.15 s, and answered at 3.25 s. */
START_TEST(a_server_comes_back)
{
    const char *set[] = {SERVER, "stop.iterations=1", set_networks[2],
                         CRASH("1.05 s", ", \"for\": \"2 s\", \"first\": 3"), NULL};
    struct play play = play_well("algorithm=async-server", set);
    ck_assert_int_eq(play.rows.messages[0].arrived_ps, 3150 * MS_PS);
    assert_ends_at(&play, 4200 * MS_PS);
    play_free(&play);
}
END_TEST

START_TEST(a_dead_server_stops_everybody)
{
    const char *set[] = {SERVER, CRASH("1.05 s", ", \"first\": 3"), NULL};
    struct play play = play_set("algorithm=async-server", set);
    ck_assert_int_eq(play.status, STATUS_DEADLOCK);
    ck_assert_ptr_nonnull(strstr(play.error.text, "node 3 is down with host 3 since 1.05 s"));
    ck_assert_ptr_nonnull(strstr(play.error.text, "node 0 waits for the servers' answers"));
    play_free(&play);
}
END_TEST

/* ---- Amnesia ---- */

/* One worker, without noise: what follows the loss is a run from the start, momentum and all.  It
 * happens in the middle of the fourth gradient. */
START_TEST(amnesia_is_a_fresh_start)
{
    const char *fresh[] = {"nodes=1", "optimizer={\"name\": \"nesterov\", \"learning_rate\": 0.1}",
                           "stop.iterations=5", NULL};
    const char *set[] = {"nodes=1", "optimizer={\"name\": \"nesterov\", \"learning_rate\": 0.1}",
                         "stop.iterations=8",
                         CRASH("3.5 s", ", \"for\": \"1 s\", \"first\": 0, \"state\": \"lost\""),
                         NULL};
    struct play expected = play_well("algorithm=local-sgd", fresh);
    struct play play = play_well("algorithm=local-sgd", set);
    assert_ends_at(&play, 9500 * MS_PS);
    ck_assert_mem_eq(play.rows.x, expected.rows.x, 6 * sizeof(double));
    play_free(&expected);
    play_free(&play);
}
END_TEST

/* It loses its state in its first gradient, so there is nothing to lose: that and all later ones
 * have the batches (noise) that they would have had. */
START_TEST(amnesia_keeps_the_order_of_batches)
{
    const char *fine[] = {"nodes=1", "model.sigma=1", "stop.iterations=4", NULL};
    const char *set[] = {"nodes=1", "model.sigma=1", "stop.iterations=4",
                         CRASH("0.5 s", ", \"for\": \"1 s\", \"first\": 0, \"state\": \"lost\""),
                         NULL};
    struct play expected = play_well("algorithm=local-sgd", fine);
    struct play play = play_well("algorithm=local-sgd", set);
    assert_ends_at(&play, 5500 * MS_PS);
    ck_assert_mem_eq(play.rows.x, expected.rows.x, 6 * sizeof(double));
    play_free(&expected);
    play_free(&play);
}
END_TEST

START_TEST(amnesia_and_outer_steps)
{
    const char *set[] = {"outer={\"name\": \"slowmo\", \"period\": 2}",
                         CRASH("1 s", ", \"for\": \"1 s\", \"first\": 0, \"state\": \"lost\""),
                         NULL};
    struct play play = play_set("algorithm=sgp", set);
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "faults[0].state");
    play_free(&play);
}
END_TEST

/* ---- Losses ---- */

/* Push-sum under losses: what arrives is a convex combination of initial vectors, so all z agree on
 * a point of their hull, though not on the mean. */
START_TEST(push_sum_agrees_in_spite_of_losses)
{
    const char *set[] = {"network.loss=0.2", "network.on_loss=drop", "stop.iterations=60",
                         "initial=random",   "seeds.network=11",     NULL};
    const char *start[] = {"stop.iterations=0", "initial=random", NULL};
    struct play initial = play_well("algorithm=push-sum", start);
    struct play play = play_well("algorithm=push-sum", set);
    double mass = 0, destroyed = 0;
    ck_assert_double_gt(play.result.summary.messages_lost, 20);
    for (unsigned d = 0; d < 6; d++) {
        double low = INFINITY, high = -INFINITY;
        for (unsigned i = 0; i < 4; i++) {
            low = fmin(low, initial.rows.x[i * 6 + d]);
            high = fmax(high, initial.rows.x[i * 6 + d]);
        }
        for (unsigned i = 0; i < 4; i++) {
            double z = play.rows.z[i * 6 + d];
            ck_assert(z >= low && z <= high);
            ck_assert_double_eq_tol(z, play.rows.z[d], 1e-9);
        }
        ck_assert_double_eq_tol(play.rows.mean[d], play.rows.z[d], 1e-9);
    }
    for (unsigned i = 0; i < 4; i++)
        mass += play.rows.w[i];
    for (size_t i = 0; i < play.rows.message_count; i++) {
        const struct trace_message *row = &play.rows.messages[i];
        if (row->drop_reason && strcmp(row->drop_reason, "lost") == 0)
            destroyed += row->weight;
        else if (row->consumed_ps < 0)
            mass += row->weight;
    }
    ck_assert_double_eq_tol(mass + destroyed, 4, 1e-12);
    ck_assert_double_eq_tol(play.result.summary.mass_destroyed, destroyed, 1e-12);
    play_free(&initial);
    play_free(&play);
}
END_TEST

/* As above, of a mass that goes down to 4 x 0.75^300, far below the rounding of 4. */
START_TEST(little_mass_has_a_mean)
{
    const char *set[] = {"network.loss=0.5", "network.on_loss=drop", "stop.iterations=300",
                         "initial=random", NULL};
    struct play play = play_well("algorithm=push-sum", set);
    double mass = 0;
    for (unsigned i = 0; i < 4; i++)
        mass += play.rows.w[i];
    ck_assert(mass > 0 && mass < 1e-25);
    for (unsigned i = 0; i < 24; i++) {
        ck_assert_double_eq_tol(play.rows.z[i], play.rows.z[i % 6], 1e-9);
        ck_assert_double_eq_tol(play.rows.mean[i % 6], play.rows.z[i], 1e-9);
    }
    play_free(&play);
}
END_TEST

/* Push-sum with its bias ignored could not tell that anything is missing. */
START_TEST(biased_push_needs_every_message)
{
    const char *set[] = {"algorithm.overlap=1", "algorithm.biased=true", "network.loss=0.2",
                         "network.on_loss=drop", NULL};
    struct play play = play_set("algorithm=sgp", set);
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "network.on_loss");
    play_free(&play);
}
END_TEST

/* A reliable message that is always lost would be sent again for ever. */
START_TEST(a_certain_loss_has_an_end)
{
    const char *ever[] = {"faults=[{\"kind\": \"drop\", \"at\": \"1 s\", \"probability\": 1}]",
                          NULL};
    const char *while_it_lasts[] = {
        "faults=[{\"kind\": \"drop\", \"at\": \"1 s\", \"for\": \"2 s\", \"probability\": 1}]",
        NULL};
    struct play refused = play_set("algorithm=ar-sgd", ever);
    struct play ends = play_well("algorithm=ar-sgd", while_it_lasts);
    struct play mourned = play_well("algorithm=sgp", ever);
    ck_assert_int_eq(refused.status, STATUS_REQUEST);
    ck_assert_str_eq(refused.error.path, "faults[0].probability");
    play_free(&refused);
    play_free(&ends);
    play_free(&mourned);
}
END_TEST

/* 8 bytes take 8 ns: 10^5 attempts in vain, each of which looks at no other. */
START_TEST(many_attempts_take_no_longer_each)
{
    const char *set[] = {"wire.message_size=8 B", "nodes=2",
                         "faults=[{\"kind\": \"drop\", \"at\": \"1 s\", \"for\": \"0.8 ms\","
                         " \"probability\": 1}]",
                         NULL};
    struct play play = play_well("algorithm=ar-sgd", set);
    ck_assert_int_ge(play.rows.fault_count, 1);
    ck_assert_int_eq(play.rows.faults[0].lost, 99999); /* the next one ends with the drop */
    play_free(&play);
}
END_TEST

/* An outer average makes good what was destroyed: weights are 1 again, and the average is that of
 * the mass that was left, much or little, so that with zero steps equal models stay what they are.
 */
START_TEST(an_outer_average_renews_the_mass)
{
    const char *often[] = {"outer={\"name\": \"slowmo\", \"period\": 5}",
                           "network.loss=0.2",
                           "network.on_loss=drop",
                           "stop.iterations=10",
                           "optimizer.learning_rate=0",
                           NULL};
    const char *late[] = {"outer={\"name\": \"slowmo\", \"period\": 300}",
                          "network.loss=0.5",
                          "network.on_loss=drop",
                          "stop.iterations=300",
                          "optimizer.learning_rate=0",
                          NULL};
    const char *const *set = _i == 0 ? often : late;
    const char *start[] = {"stop.iterations=0", NULL};
    struct play initial = play_well("algorithm=sgp", start);
    struct play play = play_well("algorithm=sgp", set);
    ck_assert_double_gt(play.result.summary.mass_destroyed, 0.5);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_double_eq(play.rows.w[i], 1);
    ck_assert_double_le(play_difference(play.rows.x, initial.rows.x, 24), 1e-12);
    play_free(&initial);
    play_free(&play);
}
END_TEST

/* A pair averages at both or at none: without steps the sum of all x stays, whatever is lost. */
START_TEST(lost_pairs_keep_the_sum)
{
    const char *set[] = {"network.loss=0.3",
                         "network.on_loss=drop",
                         "stop.iterations=20",
                         "topology=ring",
                         "optimizer.learning_rate=0",
                         "initial=random",
                         NULL};
    const char *start[] = {"stop.iterations=0", "topology=ring", "initial=random", NULL};
    struct play initial = play_well("algorithm=ad-psgd", start);
    struct play play = play_well("algorithm=ad-psgd", set);
    ck_assert_double_gt(play.result.summary.messages_lost, 5);
    ck_assert_double_eq(play.result.summary.mass_destroyed, 0);
    for (unsigned d = 0; d < 6; d++) {
        double before = 0, after = 0;
        for (unsigned i = 0; i < 4; i++) {
            before += initial.rows.x[i * 6 + d];
            after += play.rows.x[i * 6 + d];
        }
        ck_assert_double_eq_tol(after, before, 1e-12);
    }
    play_free(&initial);
    play_free(&play);
}
END_TEST

/* Who asks a dead host asks another one next: only that host's iterations are missing. */
START_TEST(ad_psgd_goes_on_without_the_dead)
{
    const char *set[] = {"topology=complete", "nodes=2", "stop.iterations=6",
                         CRASH("2.5 s", ", \"first\": 0"), NULL};
    struct play play = play_well("algorithm=ad-psgd", set);
    ck_assert_str_eq(play.result.reason, "iterations");
    ck_assert_double_gt(play.result.summary.messages_lost, 1);
    ck_assert_double_lt(play.result.summary.iterations, 6);
    ck_assert_double_ge(play.result.summary.iterations, 4);
    play_free(&play);
}
END_TEST

/* Node 0 answers (passive), node 1 asks, over and over: questions from 0 and 1 s on, answers from
 * 0.5 and 1.5 s on.  Host 1 dies at 1.8 s, and the answer with it.  Node 0 has posted its first
 * gradient (of 1.75 s) while it waited; it is free now, applies that, and the second one at 3.5 s.
 */
START_TEST(a_lost_answer_frees_who_gave_it)
{
    const char *set[] = {"topology=complete",
                         "nodes=2",
                         "network.model=ideal",
                         "compute.speeds=[{\"first\": 0, \"speed\": 0.5714285714285714}]",
                         CRASH("1.8 s", ", \"first\": 1"),
                         NULL};
    struct play play = play_well("algorithm=ad-psgd", set);
    ck_assert_double_eq_tol(play.result.summary.simulated_time_s, 3.5, 1e-9);
    ck_assert_str_eq(play.result.reason, "iterations");
    play_free(&play);
}
END_TEST

/* The hub of a star is asked by both others at once; one waits in line.  It dies at 0.75 s, in the
 * middle of its answer, and both are free.  They ask in vain from 0.75, 1.25 and 1.75 s on, and
 * take a gradient after each: that of 1 s at 1.25 s, that of 2 s at 2.25 s. */
START_TEST(who_waits_in_line_is_freed)
{
    const char *set[] = {"topology={\"name\": \"star\", \"weights\": \"metropolis\"}", "nodes=3",
                         "network.model=ideal", CRASH("0.75 s", ", \"first\": 0"), NULL};
    struct play play = play_well("algorithm=ad-psgd", set);
    assert_ends_at(&play, 2250 * MS_PS);
    ck_assert_double_eq(play.result.summary.iterations, 4.0 / 3);
    play_free(&play);
}
END_TEST

/* ---- Timers ---- */

/* Every node wakes once a second, first within its first second, and is done when it has woken
 * three times.  Host 1 is down from 1 to 6 s: it wakes as it returns, and a second later. */
START_TEST(timers_wait_for_their_host)
{
    const char *set[] = {"algorithm.clock=periodic",
                         "topology=complete",
                         "nodes=2",
                         "stop.iterations=3",
                         CRASH("1 s", ", \"for\": \"5 s\", \"first\": 1"),
                         NULL};
    struct play play = play_well("algorithm=push-pull", set);
    assert_ends_at(&play, 7000 * MS_PS);
    play_free(&play);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults in runs");
    TCase *crashes = tcase_create("crashes"), *losses = tcase_create("losses");
    tcase_add_loop_test(crashes, all_reduce_waits_for_a_gradient, 0, 3);
    tcase_add_test(crashes, a_kept_state_changes_no_number);
    tcase_add_loop_test(crashes, all_reduce_waits_for_a_message, 0, 3);
    tcase_add_loop_test(crashes, a_result_waits_for_its_host, 0, 3);
    tcase_add_test(crashes, buckets_are_announced_once);
    tcase_add_test(crashes, a_dead_host_is_named);
    tcase_add_loop_test(crashes, push_sum_loses_what_was_sent_to_a_dead_host, 0, 3);
    tcase_add_test(crashes, a_lost_state_is_the_initial_one);
    tcase_add_loop_test(crashes, an_asynchronous_server_goes_on, 0, 3);
    tcase_add_test(crashes, an_asynchronous_server_forgets_the_dead);
    tcase_add_test(crashes, a_quorum_goes_on);
    tcase_add_test(crashes, a_server_comes_back);
    tcase_add_test(crashes, a_dead_server_stops_everybody);
    tcase_add_test(crashes, amnesia_is_a_fresh_start);
    tcase_add_test(crashes, amnesia_keeps_the_order_of_batches);
    tcase_add_test(crashes, amnesia_and_outer_steps);
    tcase_add_test(crashes, a_lost_answer_frees_who_gave_it);
    tcase_add_test(crashes, who_waits_in_line_is_freed);
    tcase_add_test(crashes, timers_wait_for_their_host);
    tcase_add_test(losses, push_sum_agrees_in_spite_of_losses);
    tcase_add_test(losses, little_mass_has_a_mean);
    tcase_add_test(losses, biased_push_needs_every_message);
    tcase_add_test(losses, a_certain_loss_has_an_end);
    tcase_add_test(losses, many_attempts_take_no_longer_each);
    tcase_add_loop_test(losses, an_outer_average_renews_the_mass, 0, 2);
    tcase_add_test(losses, lost_pairs_keep_the_sum);
    tcase_add_test(losses, ad_psgd_goes_on_without_the_dead);
    suite_add_tcase(suite, crashes);
    suite_add_tcase(suite, losses);
    return testing_run(suite);
}
