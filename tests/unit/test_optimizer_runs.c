/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optimizers as a scenario names them, over 100 steps of a whole run: each rule under the inverse
 * square root schedule, with clipping, against a loop written out here.  Six workers that never
 * average are six such loops.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N     DENSE_NODES
#define D     DENSE_DIMENSION
#define STEPS 100

#define RATE  0.2
#define PEAK  20
#define DECAY 0.01
#define CLIP  0.6

static const char text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": {\"name\": \"local-sgd\", \"period\": 1000},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\", \"optimizer\": \"sgd\","
    " \"stop\": {\"iterations\": 100}, \"trace\": {\"parameters\": \"final\"}}";

struct buffers {
    double m[D], v[D];
};

/* Linear from 0 to the rate over PEAK steps, then down with the square root of the step. */
static double rate_at(int k)
{
    return k < PEAK ? RATE * k / PEAK : RATE * sqrt((double)PEAK / k);
}

static double norm(const double *x)
{
    double sum = 0;
    for (int d = 0; d < D; d++)
        sum += x[d] * x[d];
    return sqrt(sum);
}

/* torch.optim.SGD: momentum mu, Nesterov's or the heavy ball's. */
static void sgd(double *x, const double *g, double rate, double mu, bool nesterov,
                struct buffers *buffers)
{
    for (int d = 0; d < D; d++) {
        double slope = g[d] + DECAY * x[d];
        buffers->m[d] = mu * buffers->m[d] + slope;
        x[d] -= rate * (nesterov ? slope + mu * buffers->m[d] : buffers->m[d]);
    }
}

/* torch.optim.Adam and AdamW: beta 0.9 and 0.999, eps 1e-8. */
static void adam(double *x, const double *g, double rate, bool decoupled, int k,
                 struct buffers *buffers)
{
    for (int d = 0; d < D; d++) {
        double slope = g[d] + (decoupled ? 0 : DECAY * x[d]);
        if (decoupled)
            x[d] -= rate * DECAY * x[d];
        buffers->m[d] = 0.9 * buffers->m[d] + 0.1 * slope;
        buffers->v[d] = 0.999 * buffers->v[d] + 0.001 * slope * slope;
        double m = buffers->m[d] / (1 - pow(0.9, k + 1));
        double v = buffers->v[d] / (1 - pow(0.999, k + 1));
        x[d] -= rate * m / (sqrt(v) + 1e-8);
    }
}

/* The paper's algorithm 1, one layer. */
static void lars(double *x, const double *g, double rate, struct buffers *buffers)
{
    double local = 0.01 * norm(x) / (norm(g) + DECAY * norm(x));
    for (int d = 0; d < D; d++) {
        buffers->m[d] = 0.9 * buffers->m[d] + rate * local * (g[d] + DECAY * x[d]);
        x[d] -= buffers->m[d];
    }
}

static const char *const names[] = {"sgd", "heavy-ball", "nesterov", "adam", "adamw", "lars"};

static void step(int rule, double *x, double *g, int k, struct buffers *buffers)
{
    double cut = fmin(1, CLIP / (norm(g) + 1e-6)), rate = rate_at(k);
    for (int d = 0; d < D; d++)
        g[d] *= cut;
    if (rule <= 2)
        sgd(x, g, rate, rule == 0 ? 0 : 0.9, rule == 2, buffers);
    else if (rule <= 4)
        adam(x, g, rate, rule == 4, k, buffers);
    else
        lars(x, g, rate, buffers);
}

START_TEST(a_rule_is_its_loop_in_a_run)
{
    char optimizer[256];
    snprintf(optimizer, sizeof optimizer,
             "optimizer={\"name\": \"%s\", \"learning_rate\": 0.2, \"weight_decay\": 0.01,"
             " \"clip_norm\": 0.6, \"schedule\": {\"inverse_sqrt_steps\": 20}%s}",
             names[_i], _i == 5 ? ", \"trust\": 0.01" : "");
    const char *set[] = {optimizer, NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(text, NULL, &scenario, &state);
    struct play play = play_fine(text, set);
    struct buffers buffers[N] = {{{0}, {0}}};
    int clipped = 0;
    for (int k = 0; k < STEPS; k++)
        for (uint32_t i = 0; i < N; i++) {
            double g[D];
            dense_gradient(&reference, i, state.x[i], g);
            clipped += norm(g) > CLIP;
            step(_i, state.x[i], g, k, &buffers[i]);
        }
    ck_assert_int_gt(clipped, 0); /* and not always: both sides are seen */
    ck_assert_int_lt(clipped, STEPS * N);
    ck_assert_double_le(play_difference(play.rows.x, &state.x[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizer runs");
    TCase *runs = tcase_create("runs");
    tcase_add_loop_test(runs, a_rule_is_its_loop_in_a_run, 0, 6);
    suite_add_tcase(suite, runs);
    return testing_run(suite);
}
