/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * U-EquiStatic, the symmetric one of the graphs of equistatic.c: (W + W')/2 of the W of
 * D-EquiStatic; Song et al., NeurIPS 2022 (arXiv 2210.07881).  ||W - J|| is no larger than that of
 * W.
 */
#include "topologies/equistatic.h"
#include "topologies/params.h"
#include "topologies/topology.h"

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    return equistatic_create(data, nodes, seed, true, state, error);
}

extern const struct topology_ops u_equistatic_ops;
const struct topology_ops u_equistatic_ops = {
    .plugin = {.name = "u-equistatic",
               .summary = "a few random shifts both ways, drawn once; symmetric",
               .reference = "Song et al., NeurIPS 2022",
               .params = equistatic_params_table,
               .params_size = sizeof(struct equistatic_params)},
    .directed = false,
    .likeness = TOPOLOGY_CIRCULANT,
    .create = create,
    .destroy = equistatic_destroy,
    .period = equistatic_period,
    .out_peers = equistatic_out_peers,
    .in_peers = equistatic_in_peers,
    .max_degree = equistatic_max_degree,
    .degree = equistatic_degree,
    .weight = equistatic_weight,
};
