/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The synchronous parameter server, with or without backup workers.
 *
 * Li et al.: Scaling Distributed Machine Learning with the Parameter Server, OSDI 2014; backup
 * workers: Chen, Pan, Monga, Bengio, Jozefowicz: Revisiting Distributed Synchronous SGD (arXiv
 * 1604.00981), algorithms 3 and 4.  Version t, n = N + b workers:
 *
 *   worker i   g_i = gradient at x^t;  push g_i;  wait for x^{t+1}
 *   server     x^{t+1} = x^t - gamma d((1/N) sum of the first N gradients of version t)
 *
 * With b = 0 that is SGD on the mean gradient, as all-reduce SGD with averaged gradients is; the
 * sum is rounded as an all-reduce rounds it.
 *
 * SHARDS: server j holds part j of x; a worker pushes to all, waits for all, and they step apart.
 *
 * BACKUP b > 0: the b gradients that come last are dropped when they arrive, and their workers then
 * get the newest x (the paper).  `cancel`: all workers get each new x at once and give up what they
 * compute on an older one; that is K-sync with K = N.  Either needs one shard: several would not
 * agree on who was first.
 *
 * MAJORITY VOTE (`aggregate`) - Bernstein, Wang, Azizzadenesheli, Anandkumar: signSGD: Compressed
 * Optimisation for Non-Convex Problems, ICML 2018 (arXiv 1802.04434), algorithm 3:
 *
 *   worker i   push sign(g_i);  server   push sign(sum of the signs) to all
 *   each       x^{t+1} = x^t - gamma (the vote + lambda x^t)
 *
 * Signs of gradients are what compressor "sign" with scale "none" pushes; without a compressor the
 * server takes them itself.  An answer has 1 bit an element: all workers have the server's x^t and
 * move it alike, so that no backup workers are possible.  A tie of an even number of workers is 0
 * (the paper leaves it open; one bit could not say it, and it is charged as one).
 * A worker that a crash has left without state gets the model with its first answer; that is
 * charged as a vote, too.
 *
 * Timing: a gradient, its push, and an answer that leaves when the N-th push is in; nothing
 * overlaps.  Pushes share the server's link, as the answers do.  With drops a worker that has done
 * its iterations keeps the others company, for a step takes N gradients.
 * Faults: as server.h says.
 * Expected (tests/unit/test_servers.c): n pushes of M bytes and as many answers take
 * 2 alpha + 2 n M / (s B) on s shards' links of B bytes a second, beside the slowest gradient.
 */
#include "algorithms/server.h"

struct parameter_server_params {
    int64_t shards, backup;
    int placement, aggregate;
    bool cancel;
};

enum parameter_server_aggregate { PARAMETER_SERVER_MEAN, PARAMETER_SERVER_VOTE };

static const char *const parameter_server_aggregates[] = {"mean", "majority-vote", NULL};

static const struct field parameter_server_fields[] = {
    SERVER_FIELDS(struct parameter_server_params),
    FIELD_AT(struct parameter_server_params, backup, FIELD_INTEGER, "0", .min = 0, .max = 16e6,
             .help = "gradients of each version that are not waited for"),
    FIELD_AT(struct parameter_server_params, cancel, FIELD_BOOL, "false",
             .help = "late gradients are given up at once instead of finished and dropped "
                     "(backup only)"),
    FIELD_AT(struct parameter_server_params, aggregate, FIELD_ENUM, "\"mean\"",
             .names = parameter_server_aggregates,
             .help = "what a step takes of the gradients: their mean, or the sign that most of "
                     "them have, which is also what the server answers, in 1 bit an element"),
    FIELD_END,
};

static struct algorithm_servers parameter_server_servers(const void *erased, uint32_t workers)
{
    const struct parameter_server_params *params = erased;
    (void)workers;
    return server_layout(params->shards, params->placement);
}

static enum status parameter_server_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct parameter_server_params *params = erased;
    if (params->backup >= nodes)
        return status_fail_at(error, "algorithm.backup",
                              "found %lld with %u workers, expected at most %u",
                              (long long)params->backup, nodes, nodes - 1);
    if (params->backup > 0 && params->shards > 1)
        return status_fail_at(error, "algorithm.shards",
                              "found %lld with backup %lld, expected 1: shards would not agree on "
                              "who was first",
                              (long long)params->shards, (long long)params->backup);
    if (params->backup > 0 && params->aggregate == PARAMETER_SERVER_VOTE)
        return status_fail_at(error, "algorithm.backup",
                              "found %lld with aggregate \"majority-vote\", expected 0: a worker "
                              "that misses a vote has another model",
                              (long long)params->backup);
    if (params->cancel && params->backup == 0)
        return status_fail_at(error, "algorithm.cancel",
                              "found true with backup 0, expected a backup of 1 or more");
    return STATUS_OK;
}

static const char *parameter_server_refuses_compressor(const void *erased, unsigned traits,
                                                       int memory)
{
    const struct parameter_server_params *params = erased;
    if (params->aggregate == PARAMETER_SERVER_MEAN)
        return NULL;
    if (traits & COMPRESSOR_SPARSE)
        return "counts a vote for every element; expected \"sign\", or another rule that sends all";
    if (memory == COMPRESSOR_UPDATE)
        return "counts signs of gradients, which have no rate in them; expected memory "
               "\"gradient\" or \"none\"";
    return NULL;
}

static void parameter_server_start(struct node *node)
{
    const struct parameter_server_params *params = node_params(node);
    server_start(node);
    if (node_is_server(node)) {
        struct server_state *state = node_state(node);
        state->votes = params->aggregate == PARAMETER_SERVER_VOTE;
    }
}

/* Part of x^{t+1} when the first N gradients of version t are in. */
static void serve(struct node *node, const struct node_mail *mail)
{
    const struct parameter_server_params *params = node_params(node);
    uint32_t needed = node_count(node) - (uint32_t)params->backup;
    enum server_collected collected = server_collect(node, mail, needed);
    if (collected == SERVER_STEPPED && params->cancel)
        server_answer_all(node);
    else if (collected == SERVER_STEPPED)
        server_answer_held(node, needed);
    else if (collected == SERVER_DROPPED && !params->cancel)
        server_answer(node, mail->from);
}

static void parameter_server_on_message(struct node *node, const struct node_mail *mail)
{
    const struct parameter_server_params *params = node_params(node);
    if (node_is_server(node)) {
        serve(node, mail);
    } else if (server_read(node, mail)) {
        node_cancel_gradient(node, 0);
        server_next(node, params->backup > 0 && !params->cancel);
    }
}

const struct algorithm_ops parameter_server_ops = {
    .plugin = {.name = "parameter-server",
               .summary = "synchronous SGD over servers, waiting for all workers or all but some",
               .reference = "Li et al. (OSDI 2014); backup workers: Chen et al. (2016); majority "
                            "vote: Bernstein et al. (ICML 2018)",
               .params = parameter_server_fields,
               .params_size = sizeof(struct parameter_server_params)},
    .uses_gradients = true,
    .mean = ALGORITHM_MEAN_SERVER,
    .state_size = sizeof(struct server_worker),
    .servers = parameter_server_servers,
    .compresses = server_compresses,
    .refuses_compressor = parameter_server_refuses_compressor,
    .server_state = server_state_size,
    .check = parameter_server_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = parameter_server_start,
    .on_gradient = server_push_and_wait,
    .on_message = parameter_server_on_message,
};
