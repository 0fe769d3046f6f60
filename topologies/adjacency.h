/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored static undirected graphs: the state of the random families.
 */
#ifndef HEARSAY_TOPOLOGIES_ADJACENCY_H
#define HEARSAY_TOPOLOGIES_ADJACENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adjacency;

/* ends[2e], ends[2e+1] are the ends of edge e; no loops, no repeats. */
struct adjacency *adjacency_create(uint32_t nodes, const uint32_t *ends, size_t edges);
bool adjacency_connected(const struct adjacency *adjacency);

void adjacency_destroy(void *state);
int64_t adjacency_period(const void *state, uint32_t nodes);
uint32_t adjacency_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers);
uint32_t adjacency_max_degree(const void *state, uint32_t nodes);
uint32_t adjacency_degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase);

#endif
