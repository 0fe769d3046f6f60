/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps behind server.h.
 *
 * A server's state is three arrays, an entry a worker each: seats, then held gradients, then the
 * vectors of these.  A message carries the whole vector for nothing (snapshots are shared), and
 * every server uses its own part of it; on the wire it has the bytes of that part.
 */
#include "algorithms/server.h"

enum { SERVER_PUSH = 1, SERVER_MODEL };

const char *const server_placements[] = {"separate", "co-located", NULL};

struct algorithm_servers server_layout(int64_t shards, int placement)
{
    return (struct algorithm_servers){.count = (uint32_t)shards,
                                      .co_located = placement == SERVER_CO_LOCATED};
}

unsigned server_compresses(const void *params)
{
    (void)params;
    return ALGORITHM_COMPRESSES_GRADIENT;
}

enum status server_check_K(int64_t K, uint32_t workers, struct error *error)
{
    if (K <= workers)
        return STATUS_OK;
    return status_fail_at(error, "algorithm.K",
                          "found %lld with %u workers, expected at most their number", (long long)K,
                          workers);
}

void server_start(struct node *node)
{
    if (!node_is_server(node))
        server_compute(node);
}

/* ---- At a worker ---- */

/* What goes over the wire to one server. */
static struct node_parcel gradient_parcel(struct node *node, const struct node_encoding *sent,
                                          uint32_t shard)
{
    const struct server_worker *worker = node_state(node);
    return (struct node_parcel){.kind = SERVER_PUSH,
                                .round = worker->version,
                                .vectors = {sent->vector},
                                .vector_count = 1,
                                .bytes = node_part_bytes(sent->bytes, shard, node_servers(node))};
}

void server_push(struct node *node)
{
    struct node_encoding sent = node_encode_gradient(node, node_gradient(node), node_x(node));
    for (uint32_t shard = 0; shard < node_servers(node); shard++) {
        struct node_parcel parcel = gradient_parcel(node, &sent, shard);
        node_send(node, node_server_rank(node, shard), &parcel);
    }
    node_drop(node, sent.vector);
}

void server_push_and_wait(struct node *node)
{
    server_push(node);
    node_block(node, "the servers' answers");
}

bool server_read(struct node *node, const struct node_mail *mail)
{
    struct server_worker *worker = node_state(node);
    uint32_t shard = mail->from - node_count(node);
    struct node_shard part = node_shard(node, shard);
    struct node_term x = {mail->parcel.vectors[0], 1};
    if (node_servers(node) == 1)
        node_replace_x(node, x.vector);
    else
        node_combine_part(node, node_x(node), part.first, part.count, &x, 1);
    if (shard == 0)
        worker->version = mail->parcel.round;
    if (++worker->parts < node_servers(node))
        return false;
    worker->parts = 0;
    return true;
}

void server_compute(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

bool server_end_iteration(struct node *node, bool keeps_on)
{
    struct server_worker *worker = node_state(node);
    node_unblock(node);
    if (!worker->done)
        worker->done = !node_next_iteration(node);
    return !worker->done || keeps_on;
}

void server_next(struct node *node, bool keeps_on)
{
    if (server_end_iteration(node, keeps_on))
        server_compute(node);
}

/* ---- At a server ---- */

size_t server_state_size(const void *params, uint32_t workers)
{
    (void)params;
    return sizeof(struct server_state) +
           workers *
               (sizeof(struct server_seat) + sizeof(struct server_gradient) + sizeof(uint32_t));
}

struct server_seat *server_seat(struct node *node, uint32_t worker)
{
    struct server_state *state = node_state(node);
    return &state->seat[worker];
}

static struct server_gradient *held_gradients(struct node *node)
{
    return (void *)server_seat(node, node_count(node));
}

static uint32_t *held_vectors(struct node *node)
{
    return (void *)&held_gradients(node)[node_count(node)];
}

static struct node_shard own_part(const struct node *node)
{
    return node_shard(node, node_rank(node) - node_count(node));
}

void server_apply(struct node *node, uint32_t worker, uint32_t gradient, double scale)
{
    struct server_state *state = node_state(node);
    struct node_shard part = own_part(node);
    node_apply(node, &(struct node_update){
                         .gradient = gradient,
                         .decay_at = node_x(node),
                         .first = part.first,
                         .count = part.count,
                         .scale = scale,
                         .update = node_encodes_updates(node),
                         .gradients = 1,
                         .origin = worker,
                         .version = state->version,
                         .staleness = state->version - server_seat(node, worker)->version,
                     });
    state->version++;
}

void server_hold(struct node *node, const struct node_mail *mail, int64_t version)
{
    struct server_state *state = node_state(node);
    struct server_gradient *held = held_gradients(node);
    uint32_t *vector = held_vectors(node);
    uint32_t place = state->held++;
    for (; place > 0 && held[place - 1].worker > mail->from; place--) {
        held[place] = held[place - 1];
        vector[place] = vector[place - 1];
    }
    held[place] = (struct server_gradient){.worker = mail->from, .version = version};
    vector[place] = node_snapshot(node, mail->parcel.vectors[0]);
}

/* What was in the step, for the trace and the count of samples. */
static void count_held(struct node *node)
{
    const struct server_state *state = node_state(node);
    const struct server_gradient *held = held_gradients(node);
    for (uint32_t i = 0; i < state->held; i++)
        node_count_applied(node,
                           &(struct node_update){.gradients = 1,
                                                 .origin = held[i].worker,
                                                 .version = state->version,
                                                 .staleness = state->version - held[i].version,
                                                 .scale = 1.0 / state->held});
}

void server_step(struct node *node)
{
    struct server_state *state = node_state(node);
    struct node_shard part = own_part(node);
    uint32_t *vector = held_vectors(node), mean = node_new_vector(node);
    if (state->votes)
        node_vote(node, mean, vector, state->held);
    else
        node_sum_part(node, mean, part.first, part.count, vector, state->held, 1.0 / state->held);
    node_apply(node, &(struct node_update){.gradient = mean,
                                           .decay_at = node_x(node),
                                           .first = part.first,
                                           .count = part.count,
                                           .scale = 1,
                                           .update = node_encodes_updates(node),
                                           .staleness = -1});
    count_held(node);
    node_drop(node, mean);
    for (uint32_t i = 0; i < state->held; i++)
        node_drop(node, vector[i]);
    state->version++;
    state->held = 0;
}

enum server_collected server_collect(struct node *node, const struct node_mail *mail,
                                     uint32_t quorum)
{
    const struct server_state *state = node_state(node);
    if (mail->parcel.round < state->version) {
        node_drop_gradient(node);
        return SERVER_DROPPED;
    }
    server_hold(node, mail, mail->parcel.round);
    if (state->held < quorum)
        return SERVER_HELD;
    server_step(node);
    return SERVER_STEPPED;
}

/* The new part of the model; or the vote, by which the worker moves its own as the server does. */
static int64_t answer_bytes(struct node *node)
{
    const struct server_state *state = node_state(node);
    int64_t vote = (node_wire_dimension(node) + 7) / 8;
    if (!state->votes)
        return own_part(node).bytes;
    return node_part_bytes(vote, node_rank(node) - node_count(node), node_servers(node));
}

void server_answer(struct node *node, uint32_t worker)
{
    const struct server_state *state = node_state(node);
    struct server_seat *seat = server_seat(node, worker);
    seat->version = state->version;
    seat->waits = false;
    node_send(node, worker,
              &(struct node_parcel){.kind = SERVER_MODEL,
                                    .round = state->version,
                                    .vectors = {node_x(node)},
                                    .vector_count = 1,
                                    .bytes = answer_bytes(node)});
}

void server_answer_all(struct node *node)
{
    for (uint32_t worker = 0; worker < node_count(node); worker++)
        server_answer(node, worker);
}

void server_answer_held(struct node *node, uint32_t count)
{
    const struct server_gradient *held = held_gradients(node);
    for (uint32_t i = 0; i < count; i++)
        server_answer(node, held[i].worker);
}
