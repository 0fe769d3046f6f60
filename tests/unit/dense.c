/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dense.h"

#include <check.h>
#include <string.h>

struct dense_reference dense_open(const char *text, const char *const *set,
                                  struct scenario **scenario, struct dense *start)
{
    struct dense_reference reference;
    size_t count = 0;
    while (set && set[count])
        count++;
    struct error error;
    ck_assert(scenario_parse("reference", text, strlen(text), set, count, scenario, &error) ==
              STATUS_OK);
    const struct run_config *config = &scenario_at(*scenario, 0)->config;
    const struct initial_ops *initial = (const void *)config->initial.plugin;
    struct model_setting setting = {.params = config->model.params,
                                    .precision = NUMERIC_FLOAT64,
                                    .nodes = (uint32_t)config->nodes,
                                    .seed_data = 5,
                                    .seed_init = 5,
                                    .seed_noise = 5};
    reference.ops = (const void *)config->model.plugin;
    ck_assert(reference.ops->create(&setting, &reference.model, &error) == STATUS_OK);
    reference.objective = reference.ops->objective(reference.model);
    for (uint32_t i = 0; i < config->nodes; i++) {
        initial->fill(config->initial.params, NULL, reference.ops, reference.model, i,
                      DENSE_DIMENSION, start->x[i]);
        start->w[i] = 1;
    }
    return reference;
}

void dense_close(struct dense_reference *reference, struct scenario *scenario)
{
    reference->ops->destroy(reference->model);
    scenario_free(scenario);
}

void dense_gradient(const struct dense_reference *reference, uint32_t node, const double *x,
                    double *g)
{
    struct objective_batch batch = {.node = node, .count = 32, .step = OBJECTIVE_NOISELESS};
    char workspace[4096] __attribute__((aligned(64)));
    ck_assert(reference->objective.ops->workspace_bytes(reference->objective.context, 32) <=
              sizeof workspace);
    reference->objective.ops->gradient(reference->objective.context, &batch, x, g, workspace);
}

void dense_multiply(struct dense *state, double p[DENSE_NODES][DENSE_NODES])
{
    struct dense old = *state;
    for (int i = 0; i < DENSE_NODES; i++) {
        state->w[i] = 0;
        for (int d = 0; d < DENSE_DIMENSION; d++)
            state->x[i][d] = 0;
        for (int j = 0; j < DENSE_NODES; j++) {
            state->w[i] += p[i][j] * old.w[j];
            for (int d = 0; d < DENSE_DIMENSION; d++)
                state->x[i][d] += p[i][j] * old.x[j][d];
        }
    }
}

void dense_ring(double p[DENSE_NODES][DENSE_NODES])
{
    memset(p, 0, DENSE_NODES * DENSE_NODES * sizeof(double));
    for (int i = 0; i < DENSE_NODES; i++)
        p[i][i] = p[i][(i + 1) % DENSE_NODES] = p[i][(i + DENSE_NODES - 1) % DENSE_NODES] = 1.0 / 3;
}

void dense_exponential(double p[DENSE_NODES][DENSE_NODES], int64_t step)
{
    int shift = 1 << (step % 3);
    memset(p, 0, DENSE_NODES * DENSE_NODES * sizeof(double));
    for (int j = 0; j < DENSE_NODES; j++) {
        p[j][j] += 0.5;
        p[(j + shift) % DENSE_NODES][j] += 0.5;
    }
}

void dense_adapt(const struct dense_reference *reference, struct dense *state, double gamma,
                 bool biased)
{
    for (uint32_t i = 0; i < DENSE_NODES; i++) {
        double z[DENSE_DIMENSION], g[DENSE_DIMENSION];
        for (int d = 0; d < DENSE_DIMENSION; d++)
            z[d] = state->x[i][d] / (biased ? 1 : state->w[i]);
        dense_gradient(reference, i, z, g);
        for (int d = 0; d < DENSE_DIMENSION; d++)
            state->x[i][d] -= gamma * g[d];
    }
}

void dense_send_halves(struct dense *state, struct dense *sent, int64_t round)
{
    double p[DENSE_NODES][DENSE_NODES];
    dense_exponential(p, round);
    *sent = *state;
    for (int i = 0; i < DENSE_NODES; i++)
        p[i][i] = 0;
    dense_multiply(sent, p);
    for (int i = 0; i < DENSE_NODES; i++) {
        state->w[i] /= 2;
        for (int d = 0; d < DENSE_DIMENSION; d++)
            state->x[i][d] /= 2;
    }
}

void dense_add(struct dense *state, const struct dense *other)
{
    for (int i = 0; i < DENSE_NODES; i++) {
        state->w[i] += other->w[i];
        for (int d = 0; d < DENSE_DIMENSION; d++)
            state->x[i][d] += other->x[i][d];
    }
}

void dense_average(double x[DENSE_NODES][DENSE_DIMENSION])
{
    for (int d = 0; d < DENSE_DIMENSION; d++) {
        double sum = 0;
        for (int i = 0; i < DENSE_NODES; i++)
            sum += x[i][d];
        for (int i = 0; i < DENSE_NODES; i++)
            x[i][d] = sum / DENSE_NODES;
    }
}
