/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dense references for node programs: the states of 6 nodes on the 7-dimensional quadratic that a
 * scenario names, moved by matrices and by the model's own exact gradients.
 */
#ifndef HEARSAY_TESTS_UNIT_DENSE_H
#define HEARSAY_TESTS_UNIT_DENSE_H

#include "models/model.h"
#include "scenario/scenario.h"

#define DENSE_NODES     6
#define DENSE_DIMENSION 7

struct dense {
    double x[DENSE_NODES][DENSE_DIMENSION]; /* numerators */
    double w[DENSE_NODES];
};

/* A model as the scenario names it. */
struct dense_reference {
    const struct model_ops *ops;
    void *model;
    struct objective objective;
};

/* Start and model of the scenario `text` with overrides (NULL-terminated, or NULL). */
struct dense_reference dense_open(const char *text, const char *const *set,
                                  struct scenario **scenario, struct dense *start);
void dense_close(struct dense_reference *reference, struct scenario *scenario);
void dense_gradient(const struct dense_reference *reference, uint32_t node, const double *x,
                    double *g);
/* x <- P x, w <- P w; p[i][j] is what j gives i. */
void dense_multiply(struct dense *state, double p[DENSE_NODES][DENSE_NODES]);
/* x <- x - gamma G(x / w); biased: G(x). */
void dense_adapt(const struct dense_reference *reference, struct dense *state, double gamma,
                 bool biased);
/* Both neighbours and the node itself, a third each. */
void dense_ring(double p[DENSE_NODES][DENSE_NODES]);
/* The paper's one-peer exponential schedule: at step k everybody sends half to i + 2^(k mod 3). */
void dense_exponential(double p[DENSE_NODES][DENSE_NODES], int64_t step);
/* Splits the state by that schedule's matrix of `round`: halves stay, halves leave as `sent`. */
void dense_send_halves(struct dense *state, struct dense *sent, int64_t round);
void dense_add(struct dense *state, const struct dense *other);
void dense_average(double x[DENSE_NODES][DENSE_DIMENSION]); /* every row the mean of all */

#endif
