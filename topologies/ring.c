/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ring: neighbours i +- 1, or i + 1 only when directed.
 *
 * With weights 1/3 the spectral gap is (4/3) sin^2(pi/n) for n = 4, 5, ... (the second largest
 * |eigenvalue| is (1 + 2 cos(2 pi/n)) / 3), 0.0508 for n = 16.
 */
#include "core/field.h"
#include "topologies/circulant.h"
#include "topologies/params.h"
#include "topologies/topology.h"

static const char *const direction_names[] = {"undirected", "directed", NULL};

static const struct field params[] = {
    FIELD_AT(struct ring_params, direction, FIELD_ENUM, "\"undirected\"", .names = direction_names,
             .help = "whether both neighbours are peers or only the next node"),
    FIELD_END,
};

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct ring_params *ring = data;
    struct circulant *circulant = circulant_create(nodes);

    (void)seed;
    (void)error;
    circulant_add_phase(circulant);
    circulant_add(circulant, 1);
    if (ring->direction == RING_UNDIRECTED)
        circulant_add(circulant, -1);
    *state = circulant;
    return STATUS_OK;
}

extern const struct topology_ops ring_ops;
const struct topology_ops ring_ops = {
    .plugin = {.name = "ring",
               .summary = "a ring, in both directions or one",
               .params = params,
               .params_size = sizeof(struct ring_params)},
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
