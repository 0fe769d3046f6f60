/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The law of compute times, apart from the hosts that obey it: gradient time as a pure function of
 * (seed, unit, its host, step).  Internal to the cluster.
 */
#ifndef HEARSAY_CLUSTER_COMPUTE_H
#define HEARSAY_CLUSTER_COMPUTE_H

#include "cluster/cluster.h"

struct compute;

/* Paths in errors are relative to the scenario's "compute". */
enum status compute_create(struct compute **compute, const struct compute_config *config,
                           uint32_t hosts, int64_t batch_size, uint64_t seed, struct error *error);
void compute_free(struct compute *compute);

double compute_gradient_s(const struct compute *compute, uint32_t unit, uint32_t host,
                          int64_t step);
double compute_speed(const struct compute *compute, uint32_t host);

#endif
