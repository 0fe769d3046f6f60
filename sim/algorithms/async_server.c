/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The asynchronous parameter server.
 *
 * Dean et al.: Large Scale Distributed Deep Networks, NIPS 2012 (Downpour SGD with one gradient a
 * push).  Every push is a step of its own, and its worker gets the x that results:
 *
 *   x^{t+1} = x^t - gamma d(g(x^{t - tau})),   tau: the steps since that worker's read
 *
 * staleness_aware - Zhang, Gupta, Lian, Liu: Staleness-aware Async-SGD for Distributed Deep
 * Learning, IJCAI 2016 (arXiv 1511.05950), equation 5: the rate is gamma / tau; gamma where tau is
 * 0, of which the paper says nothing.
 *
 * delay_compensation lambda - Zheng, Meng, Wang, Chen, Yu, Ma, Liu: Asynchronous Stochastic
 * Gradient Descent with Delay Compensation, ICML 2017 (arXiv 1609.08326), equation 10: the server
 * keeps what each worker read, and applies g + lambda g (.) g (.) (x^t - x^{t - tau}) (DC-ASGD-c).
 * With `delay_decay` m (DC-ASGD-a, section 5) lambda is divided, element by element, by
 * sqrt(MeanSquare + 1e-7), MeanSquare <- m MeanSquare + (1 - m) g (.) g.
 *
 * With several shards each has its own order of pushes, its own versions and its own tau.
 *
 * Timing: a worker stands still from its push until it has every shard's answer, for the links
 * alone: it waits for no other worker.  There is no prefetch.
 * Faults: as server.h says; nobody else is held up.
 * Expected (tests/unit/test_servers.c): E[X] / P an update for gradient times X; mean staleness
 * P - 1 for any distribution of them: between a read and its push every other worker pushes once on
 * average.  One worker is sequential SGD, bit for bit.
 */
#include "algorithms/server.h"

struct async_server_params {
    int64_t shards;
    int placement;
    bool staleness_aware;
    double delay_compensation, delay_decay;
};

static const struct field async_server_fields[] = {
    SERVER_FIELDS(struct async_server_params),
    FIELD_AT(struct async_server_params, staleness_aware, FIELD_BOOL, "false",
             .help = "divide the learning rate by a gradient's staleness"),
    FIELD_AT(struct async_server_params, delay_compensation, FIELD_REAL, "0", .min = 0, .max = 1e9,
             .help = "lambda of delay compensation: gradients are carried to the present x"),
    FIELD_AT(struct async_server_params, delay_decay, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "decay of the mean square that lambda is scaled by; absent: lambda is "
                     "constant"),
    FIELD_END,
};

static struct algorithm_servers async_server_servers(const void *erased, uint32_t workers)
{
    const struct async_server_params *params = erased;
    (void)workers;
    return server_layout(params->shards, params->placement);
}

static const char *async_server_refuses_compressor(const void *erased, unsigned traits, int memory)
{
    const struct async_server_params *params = erased;
    (void)traits;
    if (params->delay_compensation > 0 && memory == COMPRESSOR_UPDATE)
        return "with delay compensation reads gradients, not rate x gradient; expected memory "
               "\"gradient\" or \"none\"";
    return NULL;
}

static double rate_scale(const struct async_server_params *params, int64_t staleness)
{
    return params->staleness_aware && staleness > 1 ? 1.0 / (double)staleness : 1;
}

static enum status async_server_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct async_server_params *params = erased;
    (void)nodes;
    if (!field_real_absent(params->delay_decay) && params->delay_compensation == 0)
        return status_fail_at(error, "algorithm.delay_decay",
                              "found %g without delay compensation, expected "
                              "delay_compensation above 0",
                              params->delay_decay);
    return STATUS_OK;
}

static bool compensates(const struct node *node)
{
    const struct async_server_params *params = node_params(node);
    return params->delay_compensation > 0;
}

/* What the worker will compute on. */
static void remember(struct node *node, uint32_t worker)
{
    struct server_seat *seat = server_seat(node, worker);
    node_drop(node, seat->read);
    seat->read = node_keep_x(node);
}

static void async_server_start(struct node *node)
{
    const struct async_server_params *params = node_params(node);
    server_start(node);
    if (!node_is_server(node) || !compensates(node))
        return;
    for (uint32_t worker = 0; worker < node_count(node); worker++)
        remember(node, worker);
    if (!field_real_absent(params->delay_decay)) {
        struct server_state *state = node_state(node);
        state->mean_square = node_new_vector(node);
    }
}

/* The gradient as it would be at the server's x. */
static uint32_t carried(struct node *node, const struct node_mail *mail)
{
    const struct async_server_params *params = node_params(node);
    const struct server_state *state = node_state(node);
    if (!compensates(node))
        return node_snapshot(node, mail->parcel.vectors[0]);
    return node_compensate_delay(node,
                                 &(struct node_delay){.gradient = mail->parcel.vectors[0],
                                                      .then = server_seat(node, mail->from)->read,
                                                      .lambda = params->delay_compensation,
                                                      .mean_square = state->mean_square,
                                                      .decay = params->delay_decay});
}

static void serve(struct node *node, const struct node_mail *mail)
{
    const struct async_server_params *params = node_params(node);
    const struct server_state *state = node_state(node);
    int64_t staleness = state->version - server_seat(node, mail->from)->version;
    uint32_t gradient = carried(node, mail);
    server_apply(node, mail->from, gradient, rate_scale(params, staleness));
    node_drop(node, gradient);
    server_answer(node, mail->from);
    if (compensates(node))
        remember(node, mail->from);
}

static void async_server_on_message(struct node *node, const struct node_mail *mail)
{
    if (node_is_server(node))
        serve(node, mail);
    else if (server_read(node, mail))
        server_next(node, false);
}

const struct algorithm_ops async_server_ops = {
    .plugin = {.name = "async-server",
               .summary = "asynchronous SGD: a server applies each gradient as it comes",
               .reference =
                   "Dean et al. (NIPS 2012); Zhang et al. (IJCAI 2016); Zheng et al. (ICML 2017)",
               .params = async_server_fields,
               .params_size = sizeof(struct async_server_params)},
    .uses_gradients = true,
    .mean = ALGORITHM_MEAN_SERVER,
    .global_clock = true,
    .state_size = sizeof(struct server_worker),
    .servers = async_server_servers,
    .compresses = server_compresses,
    .refuses_compressor = async_server_refuses_compressor,
    .server_state = server_state_size,
    .check = async_server_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = async_server_start,
    .on_gradient = server_push_and_wait,
    .on_message = async_server_on_message,
};
