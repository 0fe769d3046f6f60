/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The edges of a simple graph as few matchings.
 */
#ifndef HEARSAY_TOPOLOGIES_EDGE_COLOURING_H
#define HEARSAY_TOPOLOGIES_EDGE_COLOURING_H

#include <stddef.h>
#include <stdint.h>

/* ends[2e], ends[2e+1] are the ends of edge e; no loops, no repeats.  Returns *colours matchings,
 * at most one more than the largest degree: entry [c * nodes + i] is the partner of node i in
 * matching c, i itself where it has none.  The caller frees the table. */
uint32_t *edge_colouring_create(uint32_t nodes, const uint32_t *ends, size_t edges,
                                uint32_t *colours);

#endif
