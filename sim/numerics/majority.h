/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Majority vote, the server's rule of signSGD. */
#ifndef HEARSAY_NUMERICS_MAJORITY_H
#define HEARSAY_NUMERICS_MAJORITY_H

#include "numerics/plan.h"

/* destination <- sign(sum of the inputs' signs), element by element. */
void majority_vote(struct plan *plan, uint32_t destination, const uint32_t *inputs, unsigned count);

#endif
