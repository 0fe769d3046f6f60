/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing can happen any more, yet somebody waits: who, for whom, since when. */
#include <stdio.h>
#include <string.h>

#include "core/simtime.h"
#include "run/sim.h"

#define DEADLOCK_LINES 8

static int name_missing(const struct sim *sim, const struct node *node, char *text, size_t size)
{
    uint32_t count;
    int used = 0;
    if (sim->topology == NULL)
        return 0;
    const struct topology_edge *in = node_in_edges((struct node *)node, node->wait.round, &count);
    for (uint32_t e = 0; e < count && used < (int)size - 24; e++)
        if (!mailbox_has_from(node, node->wait.round, in[e].peer))
            used += snprintf(text + used, size - (size_t)used, " from node %u", in[e].peer);
    return used;
}

static int describe(const struct sim *sim, const struct node *node, char *text, size_t size)
{
    char missing[96] = "";
    if (node->down)
        return snprintf(text, size, "; node %u is down with host %u since %.9g s, for ever",
                        node->rank, node->host, simtime_to_s(node->down_ps));
    if (node->wait.conditions & NODE_UNBLOCKED)
        return snprintf(text, size, "; node %u waits for %s since %.9g s", node->rank,
                        node->wait.what, simtime_to_s(node->wait.since_ps));
    if (node->collective_entered_ps >= 0)
        return snprintf(text, size, "; node %u waits in an all-reduce since %.9g s", node->rank,
                        simtime_to_s(node->collective_entered_ps));
    if (node->wait.conditions == 0)
        return snprintf(text, size, "; node %u waits for nothing", node->rank);
    if (node->wait.conditions & NODE_TOTAL)
        return snprintf(text, size,
                        "; node %u waits since %.9g s for what is under way to it: %lld of %lld "
                        "messages",
                        node->rank, simtime_to_s(node->wait.since_ps), (long long)node->received,
                        (long long)node->wait.total);
    if (node->wait.conditions & NODE_RECEIVED)
        name_missing(sim, node, missing, sizeof missing);
    return snprintf(text, size,
                    "; node %u waits since %.9g s for round %lld: %u of %u messages%s, %u own "
                    "sends under way",
                    node->rank, simtime_to_s(node->wait.since_ps), (long long)node->wait.round,
                    node->wait.arrived, node->wait.messages, missing, node->unsent);
}

void deadlock_report(const struct sim *sim, char *text, size_t size)
{
    unsigned lines = 0;
    int used =
        snprintf(text, size, "nothing can happen any more at %.9g s, but %u of %u nodes wait",
                 simtime_to_s(engine_now(sim->engine)), sim->nodes - sim->finished, sim->nodes);
    for (uint32_t i = 0; i < 2 * sim->instances && lines < DEADLOCK_LINES; i++) {
        /* first whoever does not come back */
        const struct node *node = &sim->node[i % sim->instances];
        bool cause = i < sim->instances;
        if (node->down != cause || node->finished || (size_t)used + 160 > size ||
            (node_is_server(node) && !cause))
            continue;
        used += describe(sim, node, text + used, size - (size_t)used);
        lines++;
    }
}
