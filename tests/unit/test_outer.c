/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outer optimizers over bases against dense loops, against each other, and against times worked out
 * by hand.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dense.h"
#include "models/model.h"
#include "play.h"
#include "scenario/scenario.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define K  38           /* not a multiple of the period: the last steps show what each node holds */
#define MS 1000000000LL /* ps */

#define SLOWMO   "outer={\"name\": \"slowmo\", \"period\": 5, \"alpha\": 0.9, \"beta\": 0.6}"
#define NESTEROV "optimizer={\"name\": \"nesterov\", \"learning_rate\": 0.05, \"momentum\": 0.8}"

/* Gradients of 100 ms; 1 byte a nanosecond and no latency: 30 MB take 30 ms. */
static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"local-sgd\","
    " \"topology\": \"one-peer-exponential\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 38}, \"trace\": {\"parameters\": \"final\"}}";

static void assert_near(const double *found, const double *expected, size_t count)
{
    ck_assert_double_le(play_difference(found, expected, count), 1e-12);
}

static void assert_same_models(const char *const *one_set, const char *const *two_set, bool exact)
{
    struct play one = play_fine(quadratic_text, one_set), two = play_fine(quadratic_text, two_set);
    if (exact)
        ck_assert(memcmp(one.rows.x, two.rows.x, N * D * sizeof(double)) == 0);
    assert_near(one.rows.x, two.rows.x, N * D);
    play_free(&one);
    play_free(&two);
}

/* ---- The recurrences, dense ---- */

/* Of one outer loop after another; x0 and u of every node. */
struct slow {
    double x0[N][D], u[N][D];
    double alpha, beta, gamma;
};

/* SlowMo's lines 7 and 8, as printed; `x` is the average of line 6. */
static void slow_step(struct slow *slow, double x[N][D])
{
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++) {
            slow->u[i][d] = slow->beta * slow->u[i][d] + (slow->x0[i][d] - x[i][d]) / slow->gamma;
            x[i][d] = slow->x0[i][d] - slow->alpha * slow->gamma * slow->u[i][d];
            slow->x0[i][d] = x[i][d];
        }
}

static struct slow slow_begin(const struct dense *state, double alpha, double beta, double gamma)
{
    struct slow slow = {.alpha = alpha, .beta = beta, .gamma = gamma};
    memcpy(slow.x0, state->x, sizeof slow.x0);
    return slow;
}

/* ---- SlowMo's special cases ---- */

static const char *const bases[] = {"local-sgd", "ar-sgd", "sgp",
                                    "d-psgd",    "dgd",    "subgradient-push"};

/* With all models equal at every step, each base moves the average as AR-SGD does. */
START_TEST(slowmo_of_every_step_is_ar_sgd)
{
    char base[64];
    snprintf(base, sizeof base, "algorithm=%s", bases[_i]);
    const char *slowmo[] = {
        base, "outer={\"name\": \"slowmo\", \"period\": 1, \"alpha\": 1, \"beta\": 0}",
        "initial=same", "topology=ring", NULL};
    const char *ar_sgd[] = {"algorithm=ar-sgd", "initial=same", NULL};
    assert_same_models(slowmo, ar_sgd, false);
}
END_TEST

START_TEST(slowmo_without_momentum_is_local_sgd)
{
    static const char *const local[] = {
        "algorithm={\"name\": \"local-sgd\", \"period\": 5}",
        "algorithm={\"name\": \"local-sgd\", \"period\": 3, \"intervals\": \"linear\"}",
        "algorithm={\"name\": \"local-sgd\", \"period\": 7, \"post_local_from\": \"9 iterations\"}",
    };
    const char *plain[] = {local[_i], NESTEROV, NULL};
    const char *slowmo[] = {local[_i], NESTEROV,
                            "outer={\"name\": \"slowmo\", \"alpha\": 1, \"beta\": 0}", NULL};
    struct play one = play_fine(quadratic_text, plain), two = play_fine(quadratic_text, slowmo);
    ck_assert(memcmp(one.rows.x, two.rows.x, N * D * sizeof(double)) == 0);
    ck_assert_int_eq(one.result.last.time_ps, two.result.last.time_ps);
    ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Without its momentum it is that order of D-PSGD, also under an outer optimizer. */
START_TEST(slowmo_over_quasi_global_momentum)
{
    const char *momentum[] = {"algorithm={\"name\": \"quasi-global-momentum\", \"beta\": 0}",
                              SLOWMO, "topology=ring", NULL};
    const char *d_psgd[] = {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}",
                            SLOWMO, "topology=ring", NULL};
    assert_same_models(momentum, d_psgd, false);
}
END_TEST

/* theta: 5 steps of SGD; phi follows by 0.3. */
START_TEST(lookahead_is_its_loop)
{
    const char *set[] = {
        "algorithm.period=100",
        "outer={\"name\": \"lookahead\", \"period\": 5, \"alpha\": 0.3, \"average\": false}", NULL};
    struct scenario *scenario;
    struct dense theta, phi;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &theta);
    struct play play = play_fine(quadratic_text, set);
    phi = theta;
    for (int k = 0; k < K; k++) {
        dense_adapt(&reference, &theta, 0.05, false);
        if (k % 5 != 4)
            continue;
        for (int i = 0; i < N; i++)
            for (int d = 0; d < D; d++)
                phi.x[i][d] += 0.3 * (theta.x[i][d] - phi.x[i][d]);
        theta = phi;
    }
    assert_near(play.rows.x, &theta.x[0][0], N * D);
    ck_assert_int_eq(play.result.last.time_ps, K * 100 * MS);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* m = 1, beta 0: over every base, averaged with nobody or not at all. */
START_TEST(slowmo_of_one_worker_is_lookahead)
{
    char base[64];
    snprintf(base, sizeof base, "algorithm=%s", bases[_i % 2]);
    const char *lookahead[] = {
        "nodes=1", "algorithm={\"name\": \"local-sgd\", \"period\": 100}",
        "outer={\"name\": \"lookahead\", \"period\": 5, \"alpha\": 0.3, \"average\": false}", NULL};
    const char *slowmo[] = {
        "nodes=1", base, "outer={\"name\": \"slowmo\", \"period\": 5, \"alpha\": 0.3, \"beta\": 0}",
        NULL};
    struct play one = play_fine(quadratic_text, lookahead), two = play_fine(quadratic_text, slowmo);
    assert_near(one.rows.x, two.rows.x, D);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Delta <- eta Delta + zeta (average - start); x <- x + Delta; start <- x, or x + eta Delta. */
static void bmuf_step(struct dense *state, double x[D], double delta[D], double eta, double zeta,
                      bool nesterov)
{
    dense_average(state->x);
    for (int d = 0; d < D; d++) {
        double start = x[d] + (nesterov ? eta * delta[d] : 0);
        delta[d] = eta * delta[d] + zeta * (state->x[0][d] - start);
        x[d] += delta[d];
        for (int i = 0; i < N; i++)
            state->x[i][d] = x[d] + (nesterov ? eta * delta[d] : 0);
    }
}

/* The learning rate falls to a tenth in the middle of a block: nothing but the steps changes. */
START_TEST(bmuf_is_its_recurrence)
{
    char outer[160];
    snprintf(outer, sizeof outer,
             "outer={\"name\": \"bmuf\", \"block_momentum\": 0.6, \"block_rate\": 0.9, "
             "\"nesterov\": %s}",
             _i ? "true" : "false");
    const char *set[] = {"algorithm={\"name\": \"local-sgd\", \"period\": 5}", outer,
                         "initial=same", "optimizer.schedule.milestones=[13]", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    double x[D], delta[D] = {0};
    memcpy(x, state.x[0], sizeof x);
    for (int k = 0; k < K; k++) {
        dense_adapt(&reference, &state, k < 13 ? 0.05 : 0.05 * 0.1, false);
        if (k % 5 == 4)
            bmuf_step(&state, x, delta, 0.6, 0.9, _i);
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

START_TEST(slowmo_is_bmuf_at_a_constant_rate)
{
    const char *slowmo[] = {SLOWMO, "algorithm={\"name\": \"local-sgd\", \"period\": 5}", NULL};
    const char *bmuf[] = {"algorithm={\"name\": \"local-sgd\", \"period\": 5}",
                          "outer={\"name\": \"bmuf\", \"block_momentum\": 0.6, "
                          "\"block_rate\": 0.9}",
                          NULL};
    assert_same_models(slowmo, bmuf, false);
}
END_TEST

/* ---- DiLoCo ---- */

struct adam {
    double m[N][D], v[N][D];
    int index;
};

/* torch.optim.AdamW: rate 0.05, betas 0.9 and 0.999, eps 1e-8, decay 0.1. */
static void adam_step(const struct dense_reference *reference, struct dense *state,
                      struct adam *adam)
{
    double k = ++adam->index;
    for (uint32_t i = 0; i < N; i++) {
        double g[D];
        dense_gradient(reference, i, state->x[i], g);
        for (int d = 0; d < D; d++) {
            double *m = &adam->m[i][d], *v = &adam->v[i][d];
            *m = 0.9 * *m + (1 - 0.9) * g[d];
            *v = 0.999 * *v + (1 - 0.999) * g[d] * g[d];
            state->x[i][d] -= 0.05 * 0.1 * state->x[i][d];
            state->x[i][d] -=
                0.05 / (1 - pow(0.9, k)) * *m / (sqrt(*v) / sqrt(1 - pow(0.999, k)) + 1e-8);
        }
    }
}

/* PyTorch's Nesterov on the outer gradient. */
static void diloco_step(struct dense *state, double x[D], double u[D])
{
    dense_average(state->x);
    for (int d = 0; d < D; d++) {
        double outer = x[d] - state->x[0][d];
        u[d] = 0.8 * u[d] + outer;
        x[d] -= 0.7 * (outer + 0.8 * u[d]);
        for (int i = 0; i < N; i++)
            state->x[i][d] = x[d];
    }
}

/* Moments kept; reset, the bias correction too; averaged. */
START_TEST(diloco_is_its_loop)
{
    static const char *const buffers[] = {"maintain", "reset", "average"};
    char outer[160];
    snprintf(outer, sizeof outer,
             "outer={\"name\": \"diloco\", \"learning_rate\": 0.7, \"momentum\": 0.8, "
             "\"buffers\": \"%s\"}",
             buffers[_i]);
    const char *set[] = {
        "algorithm={\"name\": \"local-sgd\", \"period\": 5}", "initial=same", outer,
        "optimizer={\"name\": \"adamw\", \"learning_rate\": 0.05, \"weight_decay\": 0.1}", NULL};
    struct scenario *scenario;
    struct dense state;
    struct adam adam = {.index = 0};
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    double x[D], u[D] = {0};
    memcpy(x, state.x[0], sizeof x);
    for (int k = 0; k < K; k++) {
        adam_step(&reference, &state, &adam);
        if (k % 5 != 4)
            continue;
        diloco_step(&state, x, u);
        if (_i == 1)
            adam = (struct adam){.index = 0};
        if (_i == 2) {
            dense_average(adam.m);
            dense_average(adam.v);
        }
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    /* a ring sends 2 (n - 1) parts of 1 / n: 10 messages a node, 50 MB a vector */
    ck_assert_double_eq(play.result.summary.messages, 7 * 60);
    ck_assert_double_eq(play.result.summary.bytes, 7.0 * 6 * 50e6 * (_i == 2 ? 3 : 1));
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- SlowMo over gossip ---- */

struct gossip_case {
    const char *algorithm, *size;
    int tau, delay; /* steps from sending to mixing; 0: at once */
};

static const struct gossip_case gossip_cases[] = {
    {"algorithm=sgp", "wire.message_size=30 MB", 1, 0},
    {"algorithm={\"name\": \"sgp\", \"overlap\": 1}", "wire.message_size=30 MB", 1, 1},
    {"algorithm={\"name\": \"sgp\", \"overlap\": 2}", "wire.message_size=30 MB", 2, 1},
    {"algorithm={\"name\": \"sgp\", \"overlap\": 2}", "wire.message_size=150 MB", 2, 2},
    {"algorithm={\"name\": \"sgp\", \"overlap\": 3}", "wire.message_size=150 MB", 3, 2},
};
#define GOSSIP_CASES (int)(sizeof gossip_cases / sizeof *gossip_cases)

/* What left at step k and has not been mixed. */
struct flight {
    struct dense sent[K];
    bool out[K];
};

static void gossip_step(const struct gossip_case *this, struct dense *state, struct flight *flight,
                        int k)
{
    int arrived = k - this->delay;
    if (k % this->tau == 0) {
        dense_send_halves(state, &flight->sent[k], k / this->tau);
        flight->out[k] = true;
    }
    if (arrived >= 0 && flight->out[arrived]) {
        dense_add(state, &flight->sent[arrived]);
        flight->out[arrived] = false;
    }
}

static void drain(struct dense *state, struct flight *flight)
{
    for (int k = 0; k < K; k++)
        if (flight->out[k]) {
            dense_add(state, &flight->sent[k]);
            flight->out[k] = false;
        }
}

/* Numerators and what is under way are averaged; then w = 1. */
START_TEST(slowmo_over_gossip_is_its_recursion)
{
    const struct gossip_case *this = &gossip_cases[_i];
    const char *set[] = {this->algorithm, this->size, SLOWMO, "initial=random", NULL};
    struct flight flight = {.out = {false}};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    struct slow slow = slow_begin(&state, 0.9, 0.6, 0.05);
    for (int k = 0; k < K; k++) {
        dense_adapt(&reference, &state, 0.05, false);
        gossip_step(this, &state, &flight, k);
        if (k % 5 != 4)
            continue;
        drain(&state, &flight);
        dense_average(state.x);
        slow_step(&slow, state.x);
        for (int i = 0; i < N; i++)
            state.w[i] = 1;
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    struct dense z = state;
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            z.x[i][d] /= state.w[i];
    assert_near(play.rows.z, &z.x[0][0], N * D);
    assert_near(play.rows.w, state.w, N);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* The repository's exchange of step k is launched before its gradient and collected after it, but
 * for the last of an outer loop, which is drained. */
START_TEST(slowmo_over_the_repository_is_its_recursion)
{
    const char *set[] = {
        "algorithm={\"name\": \"sgp\", \"overlap\": 1, \"variant\": \"repository\"}", SLOWMO,
        _i ? "stop.iterations=40" : "stop.iterations=38", NULL};
    int steps = _i ? 40 : 38;
    struct scenario *scenario;
    struct dense state, flight;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    struct slow slow = slow_begin(&state, 0.9, 0.6, 0.05);
    for (int k = 0; k < steps; k++) {
        if (k % 5 != 0)
            dense_add(&state, &flight);
        dense_send_halves(&state, &flight, k);
        dense_adapt(&reference, &state, 0.05, false);
        if (k % 5 != 4)
            continue;
        dense_add(&state, &flight);
        dense_average(state.x);
        slow_step(&slow, state.x);
        for (int i = 0; i < N; i++)
            state.w[i] = 1;
    }
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            state.x[i][d] /= state.w[i];
    assert_near(play.rows.z, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* Every node's own z takes the step; weights and messages go on as they are. */
START_TEST(slowmo_without_average_is_its_recursion)
{
    const struct gossip_case *this = &gossip_cases[_i];
    const char *set[] = {this->algorithm, this->size, SLOWMO, "outer.average=false", NULL};
    struct flight flight = {.out = {false}};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    struct slow slow = slow_begin(&state, 0.9, 0.6, 0.05);
    for (int k = 0; k < K; k++) {
        double z[N][D];
        dense_adapt(&reference, &state, 0.05, false);
        gossip_step(this, &state, &flight, k);
        if (k % 5 != 4)
            continue;
        for (int i = 0; i < N; i++)
            for (int d = 0; d < D; d++)
                z[i][d] = state.x[i][d] / state.w[i];
        slow_step(&slow, z);
        for (int i = 0; i < N; i++)
            for (int d = 0; d < D; d++)
                state.x[i][d] = z[i][d] * state.w[i];
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    assert_near(play.rows.w, state.w, N);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Learning rates and buffers ---- */

/* The rate falls at step 13 and rises with a warm-up before: read at 0, 5, 10, 15, ... only. */
static double schedule(int k)
{
    double warmup = k < 8 ? 0.2 + 0.8 * k / 8 : 1;
    return 0.05 * warmup * (k < 13 ? 1 : 0.1);
}

START_TEST(slowmo_freezes_the_rate_in_a_loop)
{
    const char *set[] = {SLOWMO, "optimizer.schedule.milestones=[13]",
                         "optimizer.schedule.warmup_epochs=8",
                         "optimizer.schedule.warmup_start=0.2", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    struct slow slow = slow_begin(&state, 0.9, 0.6, 0);
    for (int k = 0; k < K; k++) {
        slow.gamma = schedule(k - k % 5);
        dense_adapt(&reference, &state, slow.gamma, false);
        if (k % 12 == 11 && k % 5 != 4) /* local-sgd's own averages */
            dense_average(state.x);
        if (k % 5 != 4)
            continue;
        dense_average(state.x);
        slow_step(&slow, state.x);
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* A warm-up from 0: the first loop moves nothing and must not divide; the second has the rate that
 * the schedule gives at step 5. */
START_TEST(a_rate_of_zero_moves_nothing)
{
    const char *set[] = {"algorithm={\"name\": \"local-sgd\", \"period\": 5}",
                         "outer={\"name\": \"slowmo\", \"alpha\": 1, \"beta\": 0.5}",
                         "optimizer.schedule.warmup_epochs=8",
                         "stop.iterations=12",
                         "initial=same",
                         NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    struct slow slow = slow_begin(&state, 1, 0.5, 0.05 * 5 / 8);
    for (int k = 5; k < 10; k++)
        dense_adapt(&reference, &state, slow.gamma, false);
    dense_average(state.x);
    slow_step(&slow, state.x);
    for (int k = 10; k < 12; k++)
        dense_adapt(&reference, &state, 0.05, false);
    assert_near(play.rows.x, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* PyTorch's Nesterov inside, its buffers kept, zeroed, or averaged at the outer steps. */
START_TEST(buffers_are_kept_reset_or_averaged)
{
    static const char *const words[] = {"outer.buffers=maintain", "outer.buffers=reset",
                                        "outer.buffers=average"};
    const char *set[] = {SLOWMO, words[_i], NESTEROV, "algorithm.period=5", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    struct slow slow = slow_begin(&state, 0.9, 0.6, 0.05);
    double m[N][D] = {{0}};
    for (int k = 0; k < K; k++) {
        for (uint32_t i = 0; i < N; i++) {
            double g[D];
            dense_gradient(&reference, i, state.x[i], g);
            for (int d = 0; d < D; d++) {
                m[i][d] = 0.8 * m[i][d] + g[d];
                state.x[i][d] -= 0.05 * (g[d] + 0.8 * m[i][d]);
            }
        }
        if (k % 5 != 4)
            continue;
        dense_average(state.x);
        slow_step(&slow, state.x);
        if (_i == 1)
            memset(m, 0, sizeof m);
        if (_i == 2)
            dense_average(m);
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Times ---- */

/* Three nodes, all neighbours, gradients of T = 100, 150 and 300 ms, messages without contention:
 * `M` MB take M ms, and a ring all-reduce 4 M / 3 ms. */
#define THREE(size)                                                                                \
    "nodes=3", "topology=ring", "network.model=ideal", "stop.iterations=6",                        \
        "wire.message_size=" size,                                                                 \
        "compute.stragglers=[{\"first\": 1, \"last\": 1, \"slowdown\": 1.5}, "                     \
        "{\"first\": 2, \"last\": 2, \"slowdown\": 3}]",                                           \
        "outer={\"name\": \"slowmo\", \"period\": 2}"

static struct play play_times(const char *const *set)
{
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

static void assert_times(const struct play *play, const int64_t (*begin_ps)[3], int64_t loop_ps,
                         int64_t loop_blocked_ps)
{
    for (uint32_t i = 0; i < 3; i++)
        for (int64_t k = 0; k < 6; k++)
            ck_assert_int_eq(play_gradient_begin_ps(play, i, k),
                             k / 2 * loop_ps + begin_ps[k % 2][i]);
    ck_assert_int_eq(play->result.last.time_ps, 3 * loop_ps);
    ck_assert_double_eq_tol(play->result.summary.blocked_share,
                            (double)loop_blocked_ps / (3.0 * (double)loop_ps), 1e-12);
}

/* M = 30.  Messages of step 0 leave at 100, 150 and 300 and take 30 ms (and 8 ns for w): node 2
 * goes on at 300, when it has all; the others when its message comes, at 330.  Step 1 ends at 430,
 * 480 and 600: node 2 goes on at 600, the others at 630, when they enter the all-reduce as the
 * last: 40 ms.  Nodes 0, 1, 2 compute 200, 300 and 600 of 670 ms. */
START_TEST(slowmo_over_sgp_takes_its_time)
{
    const char *set[] = {THREE("30 MB"), "algorithm=sgp", NULL};
    int64_t w_ps = 8000, loop_ps = 670 * MS + w_ps;
    const int64_t begin_ps[2][3] = {{0, 0, 0}, {330 * MS + w_ps, 330 * MS + w_ps, 300 * MS}};
    struct play play = play_times(set);
    assert_times(&play, begin_ps, loop_ps, 3 * loop_ps - 1100 * MS);
    /* six a step, of 30 MB and w; and four parts of 10 MB a node and outer step */
    ck_assert_double_eq(play.result.summary.messages, 6 * 6 + 3 * 3 * 4);
    ck_assert_double_eq(play.result.summary.bytes, 36 * (30e6 + 8) + 36 * 10e6);
    play_free(&play);
}
END_TEST

/* M = 240, overlap 1.  Step 0 ends at 100, 150 and 300; everybody goes on at once.  Step 1 ends at
 * 200, 300 and 600, sends, and waits for the messages of step 0: node 2's comes at 540 to the
 * others; node 2 has had them since 390.  Then the loop is over, and all wait for what is under
 * way: node 2 has it (440, 540); the others wait for its second message, 840 ms.  All-reduce: 4 x
 * 80 ms.  The loop takes 1160 ms, of which the nodes compute 200, 300 and 600. */
START_TEST(slowmo_over_osgp_drains)
{
    const char *set[] = {THREE("240 MB"), "algorithm={\"name\": \"sgp\", \"overlap\": 1}", NULL};
    int64_t loop_ps = 1160 * MS + 8000;
    const int64_t begin_ps[2][3] = {{0, 0, 0}, {100 * MS, 150 * MS, 300 * MS}};
    struct play play = play_times(set);
    assert_times(&play, begin_ps, loop_ps, 3 * loop_ps - 1100 * MS);
    ck_assert_double_eq(play.result.summary.messages, 6 * 6 + 3 * 3 * 4);
    ck_assert_double_eq(play.result.summary.bytes, 36 * (240e6 + 8) + 36 * 80e6);
    play_free(&play);
}
END_TEST

/* The repository's: exchange k leaves before gradient k, at 0, and is in at 240 ms.  Step 0 ends at
 * 100, 150 and 300; exchange 1 leaves at 240, 240 and 300 (+ 8 ns, but for node 2).  Step 1 ends at
 * 340, 390 and 600; the drain, at 540 for the others (node 2's message) and at 600 for node 2,
 * which has had all since 480.  All-reduce from 600: 320 ms. */
START_TEST(slowmo_over_the_repository_drains)
{
    const char *set[] = {THREE("240 MB"),
                         "algorithm={\"name\": \"sgp\", \"overlap\": 1, \"variant\": "
                         "\"repository\"}",
                         NULL};
    int64_t loop_ps = 920 * MS, w_ps = 8000;
    const int64_t begin_ps[2][3] = {{0, 0, 0}, {240 * MS + w_ps, 240 * MS + w_ps, 300 * MS}};
    struct play play = play_times(set);
    assert_times(&play, begin_ps, loop_ps, 3 * loop_ps - 1100 * MS);
    play_free(&play);
}
END_TEST

/* Nobody waits for anybody. */
START_TEST(without_average_no_time_passes)
{
    const char *set[] = {THREE("30 MB"), "algorithm.period=100", "outer.average=false", NULL};
    static const int64_t gradient_ms[] = {100, 150, 300};
    struct play play = play_times(set);
    for (uint32_t i = 0; i < 3; i++)
        for (int64_t k = 0; k < 6; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), k * gradient_ms[i] * MS);
    ck_assert_double_eq(play.result.summary.bytes, 0);
    play_free(&play);
}
END_TEST

/* The base's averages stay where the outer optimizer has none: the step follows them, and is that
 * on the average, in the same time. */
START_TEST(without_average_the_base_keeps_its_own)
{
    const char *period = _i ? "outer.period=5" : "outer.period=null";
    const char *without[] = {"algorithm.period=5", SLOWMO, period, "outer.average=false", NULL};
    const char *with[] = {"algorithm.period=5", SLOWMO, period, NULL};
    struct play one = play_fine(quadratic_text, without), two = play_fine(quadratic_text, with);
    assert_near(one.rows.x, two.rows.x, N * D);
    ck_assert_int_eq(one.result.last.time_ps, two.result.last.time_ps);
    ck_assert_double_gt(one.result.summary.bytes, 0);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* ---- Refusals ---- */

static const struct {
    const char *set[5];
    const char *path, *says;
} refusals[] = {
    {{"algorithm=push-sum", "outer=slowmo", "outer.period=5"}, "outer.name", "takes no steps"},
    {{"algorithm=sgp", "outer=slowmo"}, "outer.period", "sgp has no averages of its own"},
    {{"algorithm=sgp", "outer=slowmo", "outer.period=0"},
     "outer.period",
     "expected a whole number from 1"},
    {{"algorithm={\"name\": \"sgp\", \"overlap\": 2, \"variant\": \"repository\"}", "outer=slowmo",
      "outer.period=5"},
     "outer.name",
     "exchanges apart"},
    {{"outer=slowmo", "outer.average=false", "outer.buffers=average"}, "outer.buffers", "average"},
    {{"algorithm=quasi-global-momentum", "outer=slowmo", "outer.period=5", "outer.buffers=reset"},
     "outer.buffers",
     "momentum of its own"},
    {{"outer=slowmo", "algorithm.average_momentum=true"}, "outer.name", "average_momentum"},
    {{"outer=slowmow"}, "outer", "did you mean \"slowmo\""},
};

START_TEST(what_does_not_compose_is_refused)
{
    struct play play =
        play_text(quadratic_text, refusals[_i].set, (struct play_options){.threads = 1});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_msg(strcmp(play.error.path, refusals[_i].path) == 0, "%s: %s", play.error.path,
                  play.error.text);
    ck_assert_msg(strstr(play.error.text, refusals[_i].says) != NULL, "%s", play.error.text);
    play_free(&play);
}
END_TEST

static Suite *outer_suite(void)
{
    Suite *suite = suite_create("outer");
    TCase *cases = tcase_create("special cases"), *gossip = tcase_create("gossip"),
          *state = tcase_create("rates and buffers"), *times = tcase_create("times");
    tcase_add_loop_test(cases, slowmo_of_every_step_is_ar_sgd, 0,
                        (int)(sizeof bases / sizeof *bases));
    tcase_add_loop_test(cases, slowmo_without_momentum_is_local_sgd, 0, 3);
    tcase_add_test(cases, slowmo_over_quasi_global_momentum);
    tcase_add_test(cases, lookahead_is_its_loop);
    tcase_add_loop_test(cases, slowmo_of_one_worker_is_lookahead, 0, 2);
    tcase_add_loop_test(cases, bmuf_is_its_recurrence, 0, 2);
    tcase_add_test(cases, slowmo_is_bmuf_at_a_constant_rate);
    tcase_add_loop_test(cases, diloco_is_its_loop, 0, 3);
    tcase_add_loop_test(gossip, slowmo_over_gossip_is_its_recursion, 0, GOSSIP_CASES);
    tcase_add_loop_test(gossip, slowmo_over_the_repository_is_its_recursion, 0, 2);
    tcase_add_loop_test(gossip, slowmo_without_average_is_its_recursion, 0, GOSSIP_CASES);
    tcase_add_test(state, slowmo_freezes_the_rate_in_a_loop);
    tcase_add_test(state, a_rate_of_zero_moves_nothing);
    tcase_add_loop_test(state, buffers_are_kept_reset_or_averaged, 0, 3);
    tcase_add_test(times, slowmo_over_sgp_takes_its_time);
    tcase_add_test(times, slowmo_over_osgp_drains);
    tcase_add_test(times, slowmo_over_the_repository_drains);
    tcase_add_test(times, without_average_no_time_passes);
    tcase_add_loop_test(times, without_average_the_base_keeps_its_own, 0, 2);
    tcase_add_loop_test(times, what_does_not_compose_is_refused, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    suite_add_tcase(suite, cases);
    suite_add_tcase(suite, gossip);
    suite_add_tcase(suite, state);
    suite_add_tcase(suite, times);
    return suite;
}

int main(void)
{
    return testing_run(outer_suite());
}
