/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delay compensation of stale gradients (DC-ASGD). */
#ifndef HEARSAY_NUMERICS_DELAY_H
#define HEARSAY_NUMERICS_DELAY_H

#include "numerics/plan.h"

struct delay_compensation {
    double lambda;
    double decay;   /* of the mean square; read where there is one */
    double epsilon; /* added to the mean square */
};

/* g, taken at x_then, as it would be at x_now: a new vector.  mean_square: 0 (a constant lambda),
 * or a vector of the same length, zero at first and updated in place (adaptive lambda). */
uint32_t delay_compensate(struct plan *plan, const struct delay_compensation *with, uint32_t g,
                          uint32_t x_now, uint32_t x_then, uint32_t mean_square);

#endif
