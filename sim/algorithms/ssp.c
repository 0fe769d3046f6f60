/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stale synchronous parallel (SSP).
 *
 * Ho et al.: More Effective Distributed ML via a Stale Synchronous Parallel Parameter Server, NIPS
 * 2013, section 3.  A worker's clock c counts its gradients.  At the server, as they come:
 *
 *   x <- x - (gamma / n) d(g_i)
 *
 * A worker at clock c reads for its next gradient when every worker's clock is at least c - s: it
 * sees all gradients of clocks below c - s, and maybe newer ones.  s = 0 waits for everybody, as
 * the synchronous server does.
 *
 * Every read is answered by the servers, M bytes: the paper's cache, which saves reads that are
 * fresh enough, is left out.  With several shards each counts the clocks that it has seen.
 *
 * Timing: a worker stands still for its push and the answer, and while it is more than s clocks
 * ahead of the slowest worker's last push.
 * Faults: as server.h says; a worker that dies stops the others s clocks later.
 * Expected (tests/unit/test_servers.c): one of n workers slower by a factor f holds the others to
 * its pace after s f / (f - 1) of their gradients or so; until then they run free.
 */
#include "algorithms/server.h"

struct ssp_params {
    int64_t shards, bound;
    int placement;
};

static const struct field ssp_fields[] = {
    SERVER_FIELDS(struct ssp_params),
    FIELD_AT(struct ssp_params, bound, FIELD_INTEGER, "1", .min = 0, .max = 1e15,
             .help = "clocks that a worker may be ahead of the slowest"),
    FIELD_END,
};

static struct algorithm_servers ssp_servers(const void *erased, uint32_t workers)
{
    const struct ssp_params *params = erased;
    (void)workers;
    return server_layout(params->shards, params->placement);
}

static int64_t slowest_clock(struct node *node)
{
    int64_t clock = INT64_MAX;
    for (uint32_t i = 0; i < node_count(node); i++)
        if (server_seat(node, i)->clock < clock)
            clock = server_seat(node, i)->clock;
    return clock;
}

static void serve(struct node *node, const struct node_mail *mail)
{
    const struct ssp_params *params = node_params(node);
    struct server_seat *from = server_seat(node, mail->from);
    server_apply(node, mail->from, mail->parcel.vectors[0], 1.0 / node_count(node));
    from->clock++;
    from->waits = true;
    int64_t slowest = slowest_clock(node);
    for (uint32_t i = 0; i < node_count(node); i++) {
        struct server_seat *seat = server_seat(node, i);
        if (seat->waits && seat->clock - params->bound <= slowest)
            server_answer(node, i);
    }
}

static void ssp_on_message(struct node *node, const struct node_mail *mail)
{
    if (node_is_server(node))
        serve(node, mail);
    else if (server_read(node, mail))
        server_next(node, false);
}

const struct algorithm_ops ssp_ops = {
    .plugin = {.name = "ssp",
               .summary = "stale synchronous parallel: a server, and workers within s clocks",
               .reference = "Ho et al. (NIPS 2013)",
               .params = ssp_fields,
               .params_size = sizeof(struct ssp_params)},
    .uses_gradients = true,
    .mean = ALGORITHM_MEAN_SERVER,
    .global_clock = true,
    .state_size = sizeof(struct server_worker),
    .servers = ssp_servers,
    .compresses = server_compresses,
    .server_state = server_state_size,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = server_start,
    .on_gradient = server_push_and_wait,
    .on_message = ssp_on_message,
};
