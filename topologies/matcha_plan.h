/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What MATCHA fixes before the first round: matchings, how often each is used, the mixing weight.
 */
#ifndef HEARSAY_TOPOLOGIES_MATCHA_PLAN_H
#define HEARSAY_TOPOLOGIES_MATCHA_PLAN_H

#include <stddef.h>
#include <stdint.h>

struct matcha_plan {
    uint32_t nodes, matchings;
    uint32_t *partners;    /* [matching][node], the node itself where it has none */
    double *probabilities; /* by matching; their sum is at most budget times matchings */
    double alpha;          /* W = I - alpha sum of the active matchings' Laplacians */
    double contraction;    /* the norm of E[W'W] - J, below 1 on connected graphs */
};

/* Of a connected simple graph; ends[2e], ends[2e+1] are the ends of edge e. */
void matcha_plan_init(struct matcha_plan *plan, uint32_t nodes, const uint32_t *ends, size_t edges,
                      double budget);
void matcha_plan_fini(struct matcha_plan *plan);

#endif
