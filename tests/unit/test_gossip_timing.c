/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who blocks on whom, and what overlaps what: programs that exchange in rounds, on three or four
 * nodes with unequal gradients or links, against times worked out by hand.
 */
#include <check.h>
#include <stdio.h>

#include "play.h"
#include "testing.h"

#define MS  1000000000LL /* ps */
#define END (-1)         /* of a table of begins */

/* A link moves a byte a nanosecond each way, without latency: 30 MB take 30 ms. */
static const char text[] =
    "{\"nodes\": 3, \"algorithm\": \"sgp\", \"topology\": \"ring\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"},"
    "   \"stragglers\": [{\"first\": 1, \"slowdown\": 2.5}, {\"first\": 2, \"slowdown\": 4}]},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 4},"
    " \"stop\": {\"iterations\": 5}}";

static struct play play_times(const char *const *set)
{
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

/* The begins of a node's gradients, until END. */
static void assert_begins(const struct play *play, uint32_t node, const int64_t *begin_ps)
{
    for (int64_t k = 0; begin_ps[k] != END; k++)
        ck_assert_msg(play_gradient_begin_ps(play, node, k) == begin_ps[k],
                      "node %u begins step %ld at %ld ps, not %ld", node, (long)k,
                      (long)play_gradient_begin_ps(play, node, k), (long)begin_ps[k]);
}

/* ---- Three nodes, all neighbours; gradients of 100, 250 and 400 ms.  Two messages out and two in
 * take X = 60 ms (SGP and its kin: 16 bytes of weight more). ---- */

struct program {
    const char *algorithm;
    int64_t weight_ps;
};

/* Gradient, sends, receives.  Node 2's gradients end last, at 400 (k + 1), and it has had the other
 * messages by then: node 1 sent its own at 400 k + X + 250.  So it never waits; the others wait for
 * its message until 400 (k + 1) + X. */
START_TEST(an_exchange_after_the_gradient_waits_for_the_slow)
{
    static const struct program each[] = {
        {"algorithm=sgp", 16000},
        {"algorithm={\"name\": \"sgp\", \"variant\": \"repository\"}", 16000},
        {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}", 0},
    };
    const char *set[] = {each[_i].algorithm, NULL};
    int64_t x = 60 * MS + each[_i].weight_ps;
    struct play play = play_times(set);
    const int64_t fast[] = {0, 400 * MS + x, 800 * MS + x, 1200 * MS + x, 1600 * MS + x, END};
    const int64_t slow[] = {0, 400 * MS, 800 * MS, 1200 * MS, 1600 * MS, END};
    assert_begins(&play, 0, fast);
    assert_begins(&play, 1, fast);
    assert_begins(&play, 2, slow);
    ck_assert_int_eq(play.result.last.time_ps, 2000 * MS + x);
    play_free(&play);
}
END_TEST

/* As above, but a node also waits until its own messages have left: node 2 until 400 + X, when the
 * others have them.  All begin step k at k (400 + X). */
START_TEST(who_waits_for_its_own_sends_throttles_all)
{
    const char *set[] = {"algorithm.wait=receive-and-send", NULL};
    int64_t step_ps = 460 * MS + 16000;
    struct play play = play_times(set);
    const int64_t begin_ps[] = {0, step_ps, 2 * step_ps, 3 * step_ps, 4 * step_ps, END};
    for (uint32_t i = 0; i < 3; i++)
        assert_begins(&play, i, begin_ps);
    ck_assert_int_eq(play.result.last.time_ps, 5 * step_ps);
    play_free(&play);
}
END_TEST

/* Message k leaves when gradient k begins.  Node 2 never waits.  Node 0 begins step 1 when its own
 * gradient is done, at 100; step 2 when message 1 of node 2 is in, at 400 + X.  Node 1 begins step
 * 1 at 250 and step 2 at 500, for that is later than 400 + X.  From then on both wait for node 2's
 * message of the step before: 400 (k - 1) + X. */
START_TEST(an_exchange_beside_the_gradient_is_one_step_ahead)
{
    static const struct program each[] = {{"algorithm=d-psgd", 0}, {"algorithm=dgd", 0}};
    const char *set[] = {each[_i].algorithm, NULL};
    int64_t x = 60 * MS;
    struct play play = play_times(set);
    const int64_t first[] = {0, 100 * MS, 400 * MS + x, 800 * MS + x, 1200 * MS + x, END};
    const int64_t second[] = {0, 250 * MS, 500 * MS, 800 * MS + x, 1200 * MS + x, END};
    const int64_t slow[] = {0, 400 * MS, 800 * MS, 1200 * MS, 1600 * MS, END};
    assert_begins(&play, 0, first);
    assert_begins(&play, 1, second);
    assert_begins(&play, 2, slow);
    ck_assert_int_eq(play.result.last.time_ps, 2000 * MS);
    play_free(&play);
}
END_TEST

/* Exchange, then gradient.  All send at 0 and begin at X; gradients end at X + 100, X + 250, X +
 * 400. Node 2 has the others' next messages then (node 1's came at X + 250 + X) and begins at once;
 * its own come X later to the others.  So node 2 begins step k at X + 400 k, the others at 2 X +
 * 400 k. */
START_TEST(subgradient_push_exchanges_first)
{
    const char *set[] = {"algorithm=subgradient-push", NULL};
    int64_t x = 60 * MS + 16000;
    struct play play = play_times(set);
    const int64_t fast[] = {
        x, 400 * MS + 2 * x, 800 * MS + 2 * x, 1200 * MS + 2 * x, 1600 * MS + 2 * x, END};
    const int64_t slow[] = {x, 400 * MS + x, 800 * MS + x, 1200 * MS + x, 1600 * MS + x, END};
    assert_begins(&play, 0, fast);
    assert_begins(&play, 1, fast);
    assert_begins(&play, 2, slow);
    ck_assert_int_eq(play.result.last.time_ps, 2000 * MS + x);
    play_free(&play);
}
END_TEST

/* A ring of three: thirds of 10 ms.  Node 2 enters at 400; what the others could send without it
 * has come.  It sends its own third (until 410), passes on node 0's (420) and sum after sum (430,
 * 440); the others' last parts come at 440 too.  Whatever is averaged. */
START_TEST(an_all_reduce_ends_for_all_at_once)
{
    static const char *const averages[] = {
        "algorithm={\"name\": \"ar-sgd\", \"average\": \"gradients\"}",
        "algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}"};
    const char *set[] = {averages[_i], NULL};
    struct play play = play_times(set);
    static const int64_t begin_ps[] = {0, 440 * MS, 880 * MS, 1320 * MS, 1760 * MS, END};
    for (uint32_t i = 0; i < 3; i++)
        assert_begins(&play, i, begin_ps);
    ck_assert_int_eq(play.result.last.time_ps, 2200 * MS);
    play_free(&play);
}
END_TEST

/* ---- The paper's overlap of two steps; gradients of 100, 100 and 400 ms ---- */

#define TWO_FAST                                                                                   \
    "compute.stragglers=[{\"first\": 2, \"slowdown\": 4}]",                                        \
        "algorithm={\"name\": \"sgp\", \"overlap\": 2}"

/* All neighbours: the fast hear each other at every exchange (sent at 100, in at 160, mixed at
 * 200), so they never count two silent steps, and nobody waits for node 2. */
START_TEST(a_heard_neighbour_hides_a_silent_one)
{
    const char *set[] = {TWO_FAST, NULL};
    struct play play = play_times(set);
    for (int64_t k = 0; k < 5; k++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, 0, k), 100 * k * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 1, k), 100 * k * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), 400 * k * MS);
    }
    play_free(&play);
}
END_TEST

/*
 * One neighbour an exchange: 0 -> 1 -> 2 -> 0 in exchange 0, the other way round in exchange 1.  A
 * message takes T = 30 ms and 8 bytes; exchanges e leave after the steps 2 e.
 *
 * Node 0 hears nothing by the ends of steps 0 and 1 (100, 200); at the end of step 2 (300) it has
 *   been silent for two steps and waits for message 0 of node 2, sent at 400: 400 + T.  It begins
 *   steps 4 and 5 after 100 ms each: what it may wait for at the end of step 5, message 1 of node
 *   1, came at 300 + T.
 * Node 1 has heard message 0 of node 0 (100 + T) by 200, nothing by the ends of steps 2 and 3 (300,
 *   400); at the end of step 4 (500) it waits for message 1 of node 2, sent at the end of that
 *   node's step 2, at 1200.
 * Node 2 never waits: what it may wait for has come long before.
 */
START_TEST(two_silent_steps_block)
{
    const char *set[] = {TWO_FAST, "topology=one-peer-exponential", "stop.iterations=6", NULL};
    int64_t t = 30 * MS + 8000;
    struct play play = play_times(set);
    const int64_t begin_ps[3][7] = {
        {0, 100 * MS, 200 * MS, 400 * MS + t, 500 * MS + t, 600 * MS + t, END},
        {0, 100 * MS, 200 * MS, 300 * MS, 400 * MS, 1200 * MS + t, END},
        {0, 400 * MS, 800 * MS, 1200 * MS, 1600 * MS, 2000 * MS, END},
    };
    for (uint32_t i = 0; i < 3; i++)
        assert_begins(&play, i, begin_ps[i]);
    ck_assert_int_eq(play.result.last.time_ps, 2400 * MS);
    play_free(&play);
}
END_TEST

/* ---- Four nodes in pairs: {0, 1} and {2, 3} in even rounds, {0, 2} and {1, 3} in odd ones ---- */

#define PAIRS "nodes=4", "topology=hyper-hypercube", "stop.iterations=4"

/*
 * Gradients of 100, 150, 250 and 400 ms; both messages of a pair in series.  The odd rank of an odd
 * and an even one is active, else the smaller.
 *
 * Round 0  1 sends at 150, 0 answers at 180: both go on at 210.  3 sends at 400, 2 answers: 460.
 * Round 1  0 sends at 310, until 340; 2 is done at 710 and answers until 740.  1 sends at 360; 3 is
 *          done at 860: 890.
 * Round 2  0 is done at 840, 1 at 1040: sends, answered from 1070: 1100.  2 at 990, 3 at 1290:
 * 1350. Round 3  0 at 1200, 2 at 1600: 1630.  1 at 1250, 3 at 1750: 1780.
 */
START_TEST(blocking_pairs_send_in_series)
{
    static const int64_t begin_ms[4][4] = {
        {0, 210, 740, 1100}, {0, 210, 890, 1100}, {0, 460, 740, 1350}, {0, 460, 890, 1350}};
    const char *set[] = {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\", "
                         "\"exchange\": \"pairwise-blocking\"}",
                         "compute.stragglers=[{\"first\": 1, \"slowdown\": 1.5}, {\"first\": 2, "
                         "\"slowdown\": 2.5}, {\"first\": 3, \"slowdown\": 4}]",
                         PAIRS, NULL};
    struct play play = play_times(set);
    for (uint32_t i = 0; i < 4; i++)
        for (int64_t k = 0; k < 4; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), begin_ms[i][k] * MS);
    ck_assert_int_eq(play.result.last.time_ps, 1780 * MS);
    play_free(&play);
}
END_TEST

/* ---- Averaging alone: no gradients, unequal links.  A byte takes 1, 1, 2 and 4 ns on the links of
 * nodes 0 to 3, the slower of both ends counts, and messages do not share: 30 ms between 0 and 1,
 * 60 between 2 and these, 120 with 3. ---- */

#define LINKS                                                                                      \
    "network={\"model\": \"ideal\", \"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\","              \
    " \"hosts\": [{\"first\": 2, \"bandwidth\": \"4 Gbps\"},"                                      \
    "             {\"first\": 3, \"bandwidth\": \"2 Gbps\"}]}"

/* When node `src` sent what it sends in a round, one message. */
static int64_t posted_ps(const struct play *play, uint32_t src, int64_t round)
{
    for (size_t m = 0; m < play->rows.message_count; m++)
        if (play->rows.messages[m].src == src && play->rows.messages[m].round == round)
            return play->rows.messages[m].posted_ps;
    return -1;
}

static void assert_posts(const struct play *play, const int64_t (*posted)[4], int64_t unit_ps)
{
    for (uint32_t src = 0; src < 4; src++)
        for (int64_t round = 0; round < 4; round++)
            ck_assert_msg(posted_ps(play, src, round) == posted[src][round] * unit_ps,
                          "node %u sends in round %ld at %ld ps, not %ld", src, (long)round,
                          (long)posted_ps(play, src, round), (long)(posted[src][round] * unit_ps));
}

/*
 * Both of a pair send when they come to the round, and go on when the other's message is in.
 *
 * Round 0  0 and 1: 30.  2 and 3: 120.
 * Round 1  0 sends at 30, it is at 2 by 90; 2 sends at 120: 0 goes on at 180, 2 at once, at 120.
 *          1 sends at 30, at 3 by 150; 3 sends at 120: 1 goes on at 240, 3 at 150.
 * Round 2  0 sends at 180, 1 at 240: 0 goes on at 270, 1 at once (210 has passed), at 240.
 *          2 sends at 120, 3 at 150: 2 goes on at 270, 3 at 240.
 * Round 3  0 and 2 send at 270: 330.  1 and 3 send at 240: 360.
 */
START_TEST(randomized_gossip_rounds_do_not_wait_for_sends)
{
    static const int64_t posted_ms[4][4] = {
        {0, 30, 180, 270}, {0, 30, 240, 240}, {0, 120, 120, 270}, {0, 120, 150, 240}};
    const char *set[] = {"algorithm=randomized-gossip", PAIRS, LINKS, NULL};
    struct play play = play_times(set);
    assert_posts(&play, posted_ms, MS);
    ck_assert_int_eq(play.result.last.time_ps, 360 * MS);
    play_free(&play);
}
END_TEST

/*
 * The smaller rank asks; the other answers when it has come to the round and the question to it.
 * Both go on when the answer is in.
 *
 * Round 0  0 asks, 1 answers at 30: 60.  2 asks, 3 answers at 120: 240.
 * Round 1  0 asks at 60 (there by 120); 2 comes and answers at 240: 300.  1 asks at 60; 3 answers
 *          at 240: 360.
 * Round 2  0 asks at 300 (330); 1 answers at 360: 390.  2 asks at 300; 3 is there, answers at 420:
 *          540.
 * Round 3  0 asks at 390; 2 answers at 540: 600.  1 asks at 390; 3 answers at 540: 660.
 */
START_TEST(push_pull_goes_on_with_the_answer)
{
    static const int64_t posted_ms[4][4] = {
        {0, 60, 300, 390}, {30, 60, 360, 390}, {0, 240, 300, 540}, {120, 240, 420, 540}};
    const char *set[] = {"algorithm=push-pull", PAIRS, LINKS, NULL};
    struct play play = play_times(set);
    assert_posts(&play, posted_ms, MS);
    ck_assert_int_eq(play.result.last.time_ps, 660 * MS);
    play_free(&play);
}
END_TEST

/*
 * One-peer exponential among 4: to i + 1 in even rounds, i + 2 in odd ones.  A node goes on when it
 * has received and its own has left.  In units of m = 30 ms + 8 bytes:
 *
 * Round 0  0 -> 1 takes 1, 1 -> 2 takes 2, 2 -> 3 and 3 -> 0 take 4.  Node 1 has sent by 2 and
 *          received by 1: 2.  The others: 4.
 * Round 1  0 <-> 2 takes 2, 1 <-> 3 takes 4.  0 and 2 send at 4: both 6.  1 sends at 2 until 6, 3
 *          at 4 until 8: both 8.
 * Round 2  0 sends at 6 until 7 and hears from 3 (8 to 12): 12.  1 sends at 8 until 10, has heard
 *          by 7: 10.  2 sends at 6 until 10, hears from 1 by 10: 10.  3 hears by 10, sends
 * until 12. Round 3  0 sends at 12 until 14, hears from 2 (10 to 12): 14; 2 hears by 14.  1 sends
 * at 10 until 14, hears from 3 (12 to 16): 16; 3: 16.
 */
START_TEST(push_sum_waits_for_sends_and_receives)
{
    static const int64_t posted[4][4] = {
        {0, 4, 6, 12}, {0, 2, 8, 10}, {0, 4, 6, 10}, {0, 4, 8, 12}};
    const char *set[] = {"algorithm=push-sum", "nodes=4", "topology=one-peer-exponential",
                         "stop.iterations=4",  LINKS,     NULL};
    int64_t unit_ps = 30 * MS + 8000;
    struct play play = play_times(set);
    assert_posts(&play, posted, unit_ps);
    ck_assert_int_eq(play.result.last.time_ps, 16 * unit_ps);
    play_free(&play);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gossip timing");
    TCase *gradients = tcase_create("gradients"), *averaging = tcase_create("averaging");
    tcase_add_loop_test(gradients, an_exchange_after_the_gradient_waits_for_the_slow, 0, 3);
    tcase_add_test(gradients, who_waits_for_its_own_sends_throttles_all);
    tcase_add_loop_test(gradients, an_exchange_beside_the_gradient_is_one_step_ahead, 0, 2);
    tcase_add_test(gradients, subgradient_push_exchanges_first);
    tcase_add_loop_test(gradients, an_all_reduce_ends_for_all_at_once, 0, 2);
    tcase_add_test(gradients, a_heard_neighbour_hides_a_silent_one);
    tcase_add_test(gradients, two_silent_steps_block);
    tcase_add_test(gradients, blocking_pairs_send_in_series);
    tcase_add_test(averaging, randomized_gossip_rounds_do_not_wait_for_sends);
    tcase_add_test(averaging, push_pull_goes_on_with_the_answer);
    tcase_add_test(averaging, push_sum_waits_for_sends_and_receives);
    suite_add_tcase(suite, gradients);
    suite_add_tcase(suite, averaging);
    return testing_run(suite);
}
