/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the schedules of this folder share: cutting a vector into parts at whole elements, and
 * folding the ranks beyond a power of two.  Internal to the collectives.
 */
#ifndef HEARSAY_COLLECTIVES_SCHEDULE_H
#define HEARSAY_COLLECTIVES_SCHEDULE_H

#include "collectives/collective.h"

/* A vector of `bytes` in `parts` parts of whole elements, sizes differing by one element at most,
 * the longer ones first.  Returns the offset of part `part`, and `bytes` for part == parts. */
int64_t schedule_offset(int64_t bytes, int64_t element_bytes, uint32_t parts, uint32_t part);

/* floor(log2(n)), n > 0. */
uint32_t schedule_log2(uint32_t n);

/* Reduces to rank 0 in the first half of its steps, and broadcasts in the second. */
extern const struct collective_ops binomial_tree_collective;

/* A step that does nothing. */
struct collective_step schedule_idle(void);
/* A step that swaps the same whole vector with `peer`, adding what comes. */
struct collective_step schedule_swap(uint32_t peer, int64_t bytes);

/* For n that is no power of two, p = 2^floor(log2 n): rank r >= p hands its vector to rank r - p
 * before the p core ranks run their steps, and gets the result back afterwards. */
bool schedule_folds(uint32_t n);
struct collective_step schedule_fold_in(uint32_t n, uint32_t rank, int64_t bytes);
struct collective_step schedule_fold_out(uint32_t n, uint32_t rank, int64_t bytes);
/* What the two of them take on an idle switch; 0 for a power of two. */
double schedule_fold_s(uint32_t n, double alpha_s, double beta_s, double reduce_s, int64_t bytes);

#endif
