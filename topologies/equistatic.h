/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the directed and the undirected EquiStatic graph share; the operations go straight into
 * their topology_ops.
 */
#ifndef HEARSAY_TOPOLOGIES_EQUISTATIC_H
#define HEARSAY_TOPOLOGIES_EQUISTATIC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/field.h"
#include "core/status.h"

extern const struct field equistatic_params_table[];

/* `both_ways`: (W + W')/2. */
enum status equistatic_create(const void *params, uint32_t nodes, uint64_t seed, bool both_ways,
                              void **state, struct error *error);
void equistatic_destroy(void *state);
int64_t equistatic_period(const void *state, uint32_t nodes);
uint32_t equistatic_out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                              uint32_t *peers);
uint32_t equistatic_in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                             uint32_t *peers);
uint32_t equistatic_max_degree(const void *state, uint32_t nodes);
uint32_t equistatic_degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase);
double equistatic_weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to,
                         int64_t phase);

#endif
