/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * K-async and K-batch-async SGD.
 *
 * Dutta, Joshi, Ghosh, Dube, Nagpurkar: Slow and Stale Gradients Can Win the Race (AISTATS 2018;
 * arXiv 1803.01113), section 2.2.  P workers; version j at the server:
 *
 *   x^{j+1} = x^j - (gamma / K) sum of K gradients, each at the x that its worker read last
 *
 * K-async: of the first K workers to push.  Each waits for x^{j+1}; the others are not disturbed
 * and go on with their older x.  K = 1 is the asynchronous server.
 * K-batch-async (`batches`): any K mini-batches.  A worker gets the present x for each push at
 * once, so that nobody waits for another worker.
 *
 * Timing: with `batches` a worker stands still for its push and the answer only; without, also
 * until the K-th push.  A worker that has done its iterations goes on then, or the last ones would
 * wait for K for ever.
 * Faults: as server.h says; up to P - K workers may be silent.
 * Expected (tests/unit/test_servers.c), no bytes and no latency: K-batch-async K E[X] / P a version
 * for gradient times X of any distribution; K-async: exponential ones lack memory, so that the
 * K-sync time (H_P - H_{P-K}) / mu holds.
 */
#include "algorithms/server.h"

struct k_async_params {
    int64_t K;
    bool batches;
    int placement;
};

static const struct field k_async_fields[] = {
    FIELD_AT(struct k_async_params, K, FIELD_INTEGER, NULL, .min = 1, .max = 16e6,
             .help = "gradients in a step: the next K to arrive"),
    FIELD_AT(struct k_async_params, batches, FIELD_BOOL, "false",
             .help = "the next K mini-batches (K-batch-async) instead of the next K workers"),
    SERVER_PLACEMENT_FIELD(struct k_async_params),
    FIELD_END,
};

static struct algorithm_servers k_async_servers(const void *erased, uint32_t workers)
{
    const struct k_async_params *params = erased;
    (void)workers;
    return server_layout(1, params->placement);
}

static enum status k_async_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct k_async_params *params = erased;
    return server_check_K(params->K, nodes, error);
}

static void serve(struct node *node, const struct node_mail *mail)
{
    const struct k_async_params *params = node_params(node);
    const struct server_state *state = node_state(node);
    uint32_t needed = (uint32_t)params->K;
    server_hold(node, mail, mail->parcel.round);
    bool steps = state->held == needed;
    if (steps)
        server_step(node);
    if (params->batches)
        server_answer(node, mail->from);
    else if (steps)
        server_answer_held(node, needed);
}

static void k_async_on_message(struct node *node, const struct node_mail *mail)
{
    const struct k_async_params *params = node_params(node);
    if (node_is_server(node))
        serve(node, mail);
    else if (server_read(node, mail))
        server_next(node, !params->batches);
}

const struct algorithm_ops k_async_ops = {
    .plugin = {.name = "k-async",
               .summary = "asynchronous SGD with the next K workers or mini-batches in a step",
               .reference = "Dutta, Joshi, Ghosh, Dube, Nagpurkar (AISTATS 2018)",
               .params = k_async_fields,
               .params_size = sizeof(struct k_async_params)},
    .uses_gradients = true,
    .mean = ALGORITHM_MEAN_SERVER,
    .global_clock = true,
    .state_size = sizeof(struct server_worker),
    .servers = k_async_servers,
    .compresses = server_compresses,
    .server_state = server_state_size,
    .check = k_async_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = server_start,
    .on_gradient = server_push_and_wait,
    .on_message = k_async_on_message,
};
