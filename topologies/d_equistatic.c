/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * D-EquiStatic, the directed one of the graphs of equistatic.c: Song et al., NeurIPS 2022 (arXiv
 * 2210.07881), equation of D-EquiStatic: W = 1/M sum_m ((n-1)/n P^(a_m) + I/n).
 */
#include "topologies/equistatic.h"
#include "topologies/params.h"
#include "topologies/topology.h"

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    return equistatic_create(data, nodes, seed, false, state, error);
}

extern const struct topology_ops d_equistatic_ops;
const struct topology_ops d_equistatic_ops = {
    .plugin = {.name = "d-equistatic",
               .summary =
                   "a few random shifts, drawn once; averages at a rate that n does not change",
               .reference = "Song et al., NeurIPS 2022",
               .params = equistatic_params_table,
               .params_size = sizeof(struct equistatic_params)},
    .directed = true,
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
