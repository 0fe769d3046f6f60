/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "algorithms/updaters.h"

void updaters_compute(struct node *node, struct updaters *updaters,
                      const struct node_compute *compute)
{
    updaters->read[compute->slot] = node_iteration(node);
    node_compute_gradient(node, compute);
}

void updaters_write(struct node *node, const struct updaters *updaters, uint32_t slot,
                    struct node_shard part, bool last)
{
    int64_t version = node_iteration(node);
    const struct node_update update = {.gradient = node_gradient_of(node, slot),
                                       .decay_at = node_x(node),
                                       .slot = slot,
                                       .first = part.first,
                                       .count = part.count,
                                       .scale = 1,
                                       .partial = !last,
                                       .gradients = last ? 1 : 0,
                                       .origin = node_rank(node),
                                       .version = version,
                                       .staleness = last ? version - updaters->read[slot] : -1};
    if (part.count > 0)
        node_apply(node, &update);
    else if (last)
        node_count_applied(node, &update);
}

bool updaters_end(struct node *node, struct updaters *updaters)
{
    updaters->done = !node_next_iteration(node);
    for (uint32_t slot = 0; updaters->done && slot < updaters->count; slot++)
        node_cancel_gradient(node, slot);
    return !updaters->done;
}
