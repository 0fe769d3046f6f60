/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * K-sync and K-batch-sync SGD.
 *
 * Dutta, Joshi, Ghosh, Dube, Nagpurkar: Slow and Stale Gradients Can Win the Race (AISTATS 2018;
 * arXiv 1803.01113), section 2.1.  P workers; version j at the server:
 *
 *   x^{j+1} = x^j - (gamma / K) sum of the first K gradients at x^j
 *
 * K-sync: of the first K workers.  Each waits after its gradient; the K-th ends the version: the
 * other P - K give up what they compute, and all P go on with x^{j+1}.
 * K-batch-sync (`batches`): the first K mini-batches, whoever computed them.  A worker that is
 * through with one takes the next at the same x^j, so that nobody is ever idle.
 *
 * Timing: a version lasts until the K-th push is in and its answers are out.  A worker cancels when
 * the new x reaches it; a gradient that was on its way then is dropped at the server.  With
 * `batches` a push goes out while the next mini-batch is computed, one at a time: a gradient that
 * is complete before the last push has left waits for that.  (Else pushes of old versions would
 * fill a link that is slower than the workers, without bound, and no version would ever end.)
 * Faults: as server.h says; up to P - K workers may be silent.
 * Expected (tests/unit/test_servers.c), no bytes and no latency, gradient times
 * Delta + exponential(mu): K-sync Delta + (H_P - H_{P-K}) / mu a version; K-batch-sync K / (P mu)
 * with Delta = 0.  K-sync with K = P is the synchronous server.
 */
#include "algorithms/server.h"

struct k_sync_params {
    int64_t K;
    bool batches;
    int placement;
};

struct k_sync_worker {
    struct server_worker server; /* first: server.h's */
    bool holds;                  /* a gradient that waits until the last push has left */
    bool outdated;               /* a new x has come meanwhile */
};

static const struct field k_sync_fields[] = {
    FIELD_AT(struct k_sync_params, K, FIELD_INTEGER, NULL, .min = 1, .max = 16e6,
             .help = "gradients in a step: the first K of a version"),
    FIELD_AT(struct k_sync_params, batches, FIELD_BOOL, "false",
             .help = "the first K mini-batches (K-batch-sync) instead of the first K workers"),
    SERVER_PLACEMENT_FIELD(struct k_sync_params),
    FIELD_END,
};

static struct algorithm_servers k_sync_servers(const void *erased, uint32_t workers)
{
    const struct k_sync_params *params = erased;
    (void)workers;
    return server_layout(1, params->placement);
}

static enum status k_sync_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct k_sync_params *params = erased;
    return server_check_K(params->K, nodes, error);
}

static void k_sync_on_gradient(struct node *node)
{
    const struct k_sync_params *params = node_params(node);
    struct k_sync_worker *worker = node_state(node);
    if (params->batches) {
        worker->holds = true;
        node_await(node, NODE_SENT, 0, 0);
    } else {
        server_push_and_wait(node);
    }
}

/* The last push has left: this gradient may, unless it is of an old version by now. */
static void k_sync_on_ready(struct node *node)
{
    struct k_sync_worker *worker = node_state(node);
    worker->holds = false;
    if (worker->outdated)
        node_drop_gradient(node);
    else
        server_push(node);
    worker->outdated = false;
    if (!worker->server.done)
        server_compute(node);
}

static void read_model(struct node *node)
{
    struct k_sync_worker *worker = node_state(node);
    if (worker->holds) {
        worker->outdated = true;
        server_end_iteration(node, false);
    } else {
        node_cancel_gradient(node, 0);
        server_next(node, false);
    }
}

static void k_sync_on_message(struct node *node, const struct node_mail *mail)
{
    const struct k_sync_params *params = node_params(node);
    if (node_is_server(node)) {
        if (server_collect(node, mail, (uint32_t)params->K) == SERVER_STEPPED)
            server_answer_all(node);
    } else if (server_read(node, mail)) {
        read_model(node);
    }
}

const struct algorithm_ops k_sync_ops = {
    .plugin = {.name = "k-sync",
               .summary = "synchronous SGD with the first K workers or mini-batches of a version",
               .reference = "Dutta, Joshi, Ghosh, Dube, Nagpurkar (AISTATS 2018)",
               .params = k_sync_fields,
               .params_size = sizeof(struct k_sync_params)},
    .uses_gradients = true,
    .mean = ALGORITHM_MEAN_SERVER,
    .state_size = sizeof(struct k_sync_worker),
    .servers = k_sync_servers,
    .compresses = server_compresses,
    .server_state = server_state_size,
    .check = k_sync_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = server_start,
    .on_gradient = k_sync_on_gradient,
    .on_ready = k_sync_on_ready,
    .on_message = k_sync_on_message,
};
