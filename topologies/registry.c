/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The graph families.  A new one is one new file, one line here and one in local.mk.
 */
#include "topologies/topology.h"

/* X(ops) */
#define TOPOLOGY_LIST(X)                                                                           \
    X(ring_ops)                                                                                    \
    X(complete_ops)                                                                                \
    X(star_ops)                                                                                    \
    X(torus_ops)                                                                                   \
    X(hypercube_ops)                                                                               \
    X(static_exponential_ops)                                                                      \
    X(one_peer_exponential_ops)                                                                    \
    X(n_peer_exponential_ops)                                                                      \
    X(sgp_exponential_ops)                                                                         \
    X(sgp_bipartite_exponential_ops)                                                               \
    X(random_matching_ops)                                                                         \
    X(erdos_renyi_ops)                                                                             \
    X(random_regular_ops)                                                                          \
    X(hyper_hypercube_ops)                                                                         \
    X(base_k_plus_one_ops)                                                                         \
    X(d_equistatic_ops)                                                                            \
    X(u_equistatic_ops)                                                                            \
    X(od_equidyn_ops)                                                                              \
    X(ou_equidyn_ops)                                                                              \
    X(matcha_ops)                                                                                  \
    X(edge_list_ops)

#define TOPOLOGY_DECLARE(ops) extern const struct topology_ops ops;
TOPOLOGY_LIST(TOPOLOGY_DECLARE)

static const struct plugin *const entries[] = {
#define TOPOLOGY_ENTRY(ops) &ops.plugin,
    TOPOLOGY_LIST(TOPOLOGY_ENTRY) NULL};

const struct plugin_registry topology_registry = {
    .kind = "topology", .plural = "topologies", .entries = entries};
