/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "algorithms/updaters.h"

void updaters_compute(struct node *node, struct updaters *updaters,
                      const struct node_compute *compute)
{
    updaters->read[compute->slot] = node_iteration(node);
    node_compute_gradient(node, compute);
}

void updaters_write(struct node *node, struct updaters *updaters, const struct node_shard *part)
{
    struct node_update update = {.gradient = node_gradient(node),
                                 .decay_at = node_x(node),
                                 .slot = node_slot(node),
                                 .first = part ? part->first : 0,
                                 .count = part ? part->count : 0,
                                 .scale = 1,
                                 .gradients = 1,
                                 .origin = node_rank(node),
                                 .version = node_iteration(node)};
    update.staleness = update.version - updaters->read[update.slot];
    if (part && part->count == 0) /* more updaters than parameters */
        node_count_applied(node, &update);
    else
        node_apply(node, &update);
    updaters->done = !node_next_iteration(node);
    for (uint32_t slot = 0; updaters->done && slot < updaters->count; slot++)
        node_cancel_gradient(node, slot);
}
