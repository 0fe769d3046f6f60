/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Graph 0 (DynamicDirectedExponentialGraph) of the SGP authors' repository, which its SGP job
 * scripts use: the peers of rank r are r+1, r-1, r+2, r-2, r+4, r-4, ...
 *
 * It is not the schedule of the paper (one_peer_exponential.c): signs alternate, so averaging is
 * exact only after the whole cycle of 2 log2 n - 1 rounds (n = 2^t, tag), and after log2 n rounds
 * sigma_2 is 0.50, 0.60, 0.82, 0.88 for n = 4, 8, 16, 32.
 */
#include "core/field.h"
#include "topologies/sgp_phone_book.h"
#include "topologies/topology.h"

static int64_t power_of_two(unsigned i)
{
    return INT64_C(1) << i;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    struct circulant *schedule = NULL;
    enum status status = sgp_phone_book_schedule(data, nodes, power_of_two, &schedule, error);

    (void)seed;
    *state = schedule;
    return status;
}

extern const struct topology_ops sgp_exponential_ops;
const struct topology_ops sgp_exponential_ops = {
    .plugin = {.name = "sgp-exponential",
               .summary = "the SGP repository's schedule: 1 ahead, 1 back, 2 ahead, 2 back, ...",
               .reference = "facebookresearch/stochastic_gradient_push, graph 0",
               .params = sgp_phone_book_fields,
               .params_size = sizeof(struct sgp_exponential_params)},
    .directed = true,
    .likeness = TOPOLOGY_CIRCULANT,
    .create = create,
    .destroy = circulant_destroy,
    .period = circulant_period,
    .out_peers = circulant_out_peers,
    .in_peers = circulant_in_peers,
    .max_degree = circulant_max_degree,
    .degree = circulant_degree,
};
