/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this folder share and nobody else sees.
 */
#ifndef HEARSAY_TOPOLOGIES_INTERNAL_H
#define HEARSAY_TOPOLOGIES_INTERNAL_H

#include "topologies/topology.h"

struct topology {
    const struct topology_ops *ops;
    void *state;
    uint32_t nodes, max_degree;
    int64_t period;
    enum topology_weights weights;
    enum topology_likeness likeness;
    bool metropolis;    /* edges carry Metropolis weights (before laziness) */
    uint32_t *peers;    /* scratch of max_degree entries: why one topology serves one thread */
    uint32_t *counting; /* scratch for degrees of families without the degree operation */
};

/* Weights and schedules are looked at on phases 0 .. topology_checked_phases - 1 and on nodes
 * 0 .. topology_checked_nodes - 1. */
int64_t topology_checked_phases(const struct topology *topology);
uint32_t topology_checked_nodes(const struct topology *topology);

/* Unsorted out-peers (in-peers when `reverse`) of a node into peers[]. */
uint32_t topology_peers(const struct topology *topology, uint32_t node, int64_t phase, bool reverse,
                        uint32_t *peers);
uint32_t topology_degree(const struct topology *topology, uint32_t node, int64_t phase);

/* Reachability over the union of phases first .. first + count - 1 (reach.c). */
struct topology_search {
    uint32_t *distance; /* by node; UINT32_MAX: not reached */
    uint32_t *queue, *peers;
};
struct topology_search *topology_search_create(const struct topology *topology);
void topology_search_free(struct topology_search *search);
/* Breadth first from `source`, against the edges when `reverse`; returns how many nodes are
 * reached and in *farthest the last of them. */
uint32_t topology_search_from(const struct topology *topology, struct topology_search *search,
                              uint32_t source, int64_t first, int64_t count, bool reverse,
                              uint32_t *farthest);
bool topology_strongly_connected(const struct topology *topology, struct topology_search *search,
                                 int64_t first, int64_t count, uint32_t *unreached);

/* The spectral figures of *report, whose other members are set (spectrum.c). */
enum status topology_spectra(const struct topology *topology, struct topology_report *report,
                             struct error *error);

#endif
