/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The synthetic quadratic: what quadratic.c sets up and quadratic_kernels.c evaluates.
 *
 *     f_i(x) = (1/2) (x - c_i)' A (x - c_i),   c_i = c + zeta A^-1 v_i,
 *
 * A = H D H with D = diag(lambda), lambda log-spaced from mu to L, and the Householder reflection
 * H = I - 2 u u' of a random unit vector u: the spectrum is exact, the axes are not A's own, and a
 * product costs O(d).  The v_i satisfy sum v_i = 0 and (1/n) sum ||v_i||^2 = 1 exactly, so
 *
 *     grad f_i(x) = A (x - c) - zeta v_i,     grad f_i(c) = -zeta v_i,
 *
 * c is the optimum of the mean objective, and the heterogeneity (1/n) sum ||grad f_i(x) -
 * grad f(x)||^2 is zeta^2 at every x.  A single node has none.  Minima: f_i(c_i) = 0, and the mean
 * objective at c is (zeta^2 / 2n) sum v_i' A^-1 v_i.
 *
 * Noise of one stochastic gradient: N(0, sigma^2 / (d b)) in each of the d coordinates with batch
 * b, so E||noise||^2 = sigma^2 / b; stream (RNG_NOISE, node, step).
 */
#ifndef HEARSAY_MODELS_QUADRATIC_H
#define HEARSAY_MODELS_QUADRATIC_H

#include "models/model.h"

struct quadratic {
    size_t dimension;
    uint32_t nodes;
    enum numeric_precision precision;
    double sigma, zeta;
    uint64_t seed_init, seed_noise;
    double *lambda;    /* d: the spectrum */
    double *reflector; /* d: u */
    double *centre;    /* d: c */
    double *shifts;    /* nodes x d: zeta v_i; NULL when zeta is 0 */
    double *offsets;   /* nodes: (zeta^2 / 2) v_i' A^-1 v_i; NULL when zeta is 0 */
    double offset;     /* their mean */
};

/* y <- H y */
void quadratic_reflect(const struct quadratic *q, double *y);

extern const struct objective_ops quadratic_kernels32, quadratic_kernels64;

#endif
