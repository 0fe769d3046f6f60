/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The eigenvalue of largest magnitude of a symmetric operator on vectors of zero sum.
 */
#ifndef HEARSAY_TOPOLOGIES_LANCZOS_H
#define HEARSAY_TOPOLOGIES_LANCZOS_H

#include <stdbool.h>
#include <stdint.h>

/* In place, x = A x; A symmetric, of zero row sums on zero-sum vectors. */
typedef void lanczos_operator(void *context, double *x);

/* Returns |theta| and in *residual the norm of A v - theta v: some eigenvalue lies this near. */
double lanczos_largest(uint32_t nodes, lanczos_operator *apply, void *context, double *residual);

#endif
