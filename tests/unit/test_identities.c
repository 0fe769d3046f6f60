/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Programs that are each other's special cases: 100 steps of a convex model (softmax regression,
 * mini-batches, random compute times) in float64.  Most are tested elsewhere too, with their times;
 * here is the whole list, one row an identity.
 */
#include <check.h>
#include <string.h>

#include "play.h"
#include "testing.h"

#define STEPS 100

static const char text[] =
    "{\"nodes\": 4, \"precision\": \"float64\", \"seed\": 3, \"algorithm\": \"ar-sgd\","
    " \"topology\": \"ring\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\","
    "   \"cv\": 0.5}},"
    " \"wire\": {\"message_size\": \"1 MB\"},"
    " \"model\": \"softmax\","
    " \"data\": {\"name\": \"gaussian-blobs\", \"features\": 6, \"classes\": 3, \"samples\": 600,"
    "   \"batch_size\": 8, \"partition\": \"contiguous\"},"
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.1, \"weight_decay\": 0.001,"
    "   \"schedule\": {\"milestones\": [2, 4], \"factor\": 0.5}},"
    " \"stop\": {\"iterations\": 100}, \"trace\": {\"parameters\": \"final\"}}";

#define RATE(name)                                                                                 \
    "optimizer={\"name\": \"" name "\", \"learning_rate\": 0.1, \"weight_decay\": 0.001,"          \
    " \"schedule\": {\"milestones\": [2, 4], \"factor\": 0.5}}"
#define ADAPT_THEN_COMBINE "algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}"
#define PARAMETERS         "algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}"
#define LOCAL              "algorithm={\"name\": \"local-sgd\", \"period\": 7}"
#define LAP(name, more)    "algorithm={\"name\": \"" name "\", \"updaters\": 1, \"period\": 7" more "}"
/* A rate that steps within a loop of SlowMo, or between the pushes of one clock, is another
 * matter: the first freezes it, the second reads the run's epoch. */
#define CONSTANT_RATE(name) "optimizer={\"name\": \"" name "\", \"learning_rate\": 0.1}"
#define LOCAL_CLOCK         "optimizer.schedule.clock=local"
#define EQUAL_SPEEDS        "compute.gradient_time={\"name\": \"constant\", \"mean\": \"20 ms\"}"

struct identity {
    const char *name;
    const char *one, *two; /* settings */
    const char *both[3];
    bool exact;
};

static const struct identity identities[] = {
    {"0-OSGP (paper) is SGP",
     "algorithm={\"name\": \"sgp\", \"overlap\": 0}",
     "algorithm=sgp",
     {"topology=one-peer-exponential"},
     true},
    {"0-OSGP (repository) is SGP",
     "algorithm={\"name\": \"sgp\", \"overlap\": 0, \"variant\": \"repository\"}",
     "algorithm=sgp",
     {"topology=one-peer-exponential"},
     true},
    {"SGP on the complete graph is AR-SGD",
     "algorithm=sgp",
     PARAMETERS,
     {"topology=complete"},
     false},
    {"likewise with heavy ball",
     "algorithm=sgp",
     PARAMETERS,
     {"topology=complete", RATE("heavy-ball")},
     false},
    {"likewise with Nesterov's momentum",
     "algorithm=sgp",
     PARAMETERS,
     {"topology=complete", RATE("nesterov")},
     false},
    {"DGD is D-PSGD without noise",
     "algorithm=dgd",
     "algorithm=d-psgd",
     {"data.batch_size=150"},
     false},
    {"CHOCO without compression is D-PSGD",
     "algorithm={\"name\": \"choco-sgd\", \"gamma\": 1}",
     ADAPT_THEN_COMBINE,
     {RATE("nesterov")},
     false},
    {"SlowMo of every step is AR-SGD",
     "outer={\"name\": \"slowmo\", \"period\": 1, \"alpha\": 1, \"beta\": 0}",
     "outer=none",
     {"algorithm.average=parameters"},
     false},
    {"likewise where gradients are averaged",
     "outer={\"name\": \"slowmo\", \"period\": 1, \"alpha\": 1, \"beta\": 0}",
     "outer=none",
     {"algorithm.average=gradients"},
     false},
    {"SlowMo without momentum is Local SGD",
     "outer={\"name\": \"slowmo\", \"alpha\": 1, \"beta\": 0, \"buffers\": \"maintain\"}",
     "outer=none",
     {LOCAL, CONSTANT_RATE("nesterov")},
     false},
    {"one worker's SlowMo without momentum is Lookahead",
     "outer={\"name\": \"slowmo\", \"period\": 5, \"alpha\": 0.3, \"beta\": 0}",
     "outer={\"name\": \"lookahead\", \"period\": 5, \"alpha\": 0.3, \"average\": false}",
     {"nodes=1"},
     false},
    {"SSP without slack is the synchronous server",
     "algorithm={\"name\": \"ssp\", \"bound\": 0}",
     "algorithm=parameter-server",
     {CONSTANT_RATE("sgd")},
     false},
    {"K-sync of all is the synchronous server",
     "algorithm={\"name\": \"k-sync\", \"K\": 4}",
     "algorithm=parameter-server",
     {RATE("nesterov")},
     true},
    {"backup workers that are cancelled are K-sync",
     "algorithm={\"name\": \"parameter-server\", \"backup\": 1, \"cancel\": true}",
     "algorithm={\"name\": \"k-sync\", \"K\": 3}",
     {RATE("nesterov")},
     false},
    {"an asynchronous server of one worker is SGD",
     "algorithm=async-server",
     "algorithm=ar-sgd",
     {"nodes=1", RATE("nesterov")},
     true},
    {"LPP-SGD without partial steps is LAP-SGD",
     LAP("lpp-sgd", ", \"partial\": false"),
     LAP("lap-sgd", ""),
     {RATE("nesterov")},
     true},
    {"LAP-SGD whose averages take no time is Local SGD",
     LAP("lap-sgd", ""),
     LOCAL,
     {EQUAL_SPEEDS, "workers_per_host=4", LOCAL_CLOCK},
     false},
    {"Hogwild with one updater is SGD",
     "algorithm={\"name\": \"hogwild\", \"updaters\": 1}",
     "algorithm=ar-sgd",
     {"nodes=1", RATE("nesterov")},
     true},
};

#define IDENTITIES ((int)(sizeof identities / sizeof *identities))

static struct play play_side(const struct identity *this, const char *side)
{
    const char *set[5] = {NULL};
    int count = 0;
    for (int i = 0; i < 3 && this->both[i]; i++)
        set[count++] = this->both[i];
    set[count] = side;
    struct play play = play_text(text, set, (struct play_options){.threads = 1});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s: %s", this->name, play.error.path,
                  play.error.text);
    ck_assert_msg(play.result.last.iteration_max >= STEPS, "%s: %ld steps", this->name,
                  (long)play.result.last.iteration_max);
    return play;
}

static void assert_vectors(const struct identity *this, const double *one, const double *two,
                           size_t count)
{
    double difference = play_difference(one, two, count);
    if (this->exact)
        ck_assert_msg(memcmp(one, two, count * sizeof *one) == 0, "%s: %g apart, not the same bits",
                      this->name, difference);
    ck_assert_msg(difference <= 1e-12, "%s: %g apart", this->name, difference);
}

START_TEST(an_identity_holds)
{
    const struct identity *this = &identities[_i];
    struct play one = play_side(this, this->one), two = play_side(this, this->two);
    size_t dimension = one.rows.dimension;
    ck_assert_uint_eq(dimension, two.rows.dimension);
    assert_vectors(this, one.rows.mean, two.rows.mean, dimension);
    assert_vectors(this, one.rows.z, two.rows.z, dimension * one.rows.nodes);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* What the rows compare is no accident of one common run. */
START_TEST(not_everything_is_the_same)
{
    const struct identity sgp = {"SGP", "algorithm=sgp", "algorithm=ar-sgd", {NULL}, false};
    struct play one = play_side(&sgp, sgp.one), two = play_side(&sgp, sgp.two);
    ck_assert_double_gt(play_difference(one.rows.mean, two.rows.mean, one.rows.dimension), 1e-6);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Subgradient-push mixes before the gradient, SGP after it: over a static doubly stochastic P (here
 * a third of both neighbours and oneself), P x of the first is SGP's z after as many steps. */
START_TEST(subgradient_push_is_sgp_half_a_step_earlier)
{
    static const char *const steps[] = {"stop.iterations=1", "stop.iterations=2",
                                        "stop.iterations=10", "stop.iterations=50",
                                        "stop.iterations=100"};
    const char *push[] = {"algorithm=subgradient-push", steps[_i], NULL};
    const char *sgp[] = {"algorithm=sgp", steps[_i], NULL};
    struct play one = play_fine(text, push), two = play_fine(text, sgp);
    size_t dimension = one.rows.dimension;
    for (size_t i = 0; i < 4; i++)
        for (size_t d = 0; d < dimension; d++) {
            double mixed = 0;
            for (size_t hop = 3; hop <= 5; hop++)
                mixed += one.rows.x[(i + hop) % 4 * dimension + d] / 3;
            ck_assert_double_eq_tol(mixed, two.rows.z[i * dimension + d], 1e-12);
        }
    play_free(&one);
    play_free(&two);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("identities");
    TCase *all = tcase_create("identities");
    tcase_add_loop_test(all, an_identity_holds, 0, IDENTITIES);
    tcase_add_test(all, not_everything_is_the_same);
    tcase_add_loop_test(all, subgradient_push_is_sgp_half_a_step_earlier, 0, 5);
    suite_add_tcase(suite, all);
    return testing_run(suite);
}
