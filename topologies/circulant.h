/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Schedules of shifts: at phase k node i sends to i + s (mod n) for every shift s of phase k.  Most
 * families are one of these; the operations below go straight into their topology_ops.
 */
#ifndef HEARSAY_TOPOLOGIES_CIRCULANT_H
#define HEARSAY_TOPOLOGIES_CIRCULANT_H

#include <stddef.h>
#include <stdint.h>

struct circulant; /* a family's state */

struct circulant *circulant_create(uint32_t nodes);
/* Opens the next phase. */
void circulant_add_phase(struct circulant *circulant);
/* Adds a shift (any sign, taken mod n) to the last phase.  Shifts to the node itself and those that
 * the phase has already are skipped, so peers stay distinct. */
void circulant_add(struct circulant *circulant, int64_t shift);
/* Adds 1 .. n-1 to the last, empty phase: linear, where circulant_add would be quadratic. */
void circulant_add_all(struct circulant *circulant);

const uint32_t *circulant_shifts(const struct circulant *circulant, int64_t phase, uint32_t *count);

void circulant_destroy(void *state);
int64_t circulant_period(const void *state, uint32_t nodes);
uint32_t circulant_out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                             uint32_t *peers);
uint32_t circulant_in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                            uint32_t *peers);
uint32_t circulant_max_degree(const void *state, uint32_t nodes);
uint32_t circulant_degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase);

#endif
