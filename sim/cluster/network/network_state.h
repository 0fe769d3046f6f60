/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the network and its models share; nobody else includes this.
 *
 * network.c keeps messages, hosts' totals and clients; a model decides when a message's bytes flow
 * and when it ends.  It sees only messages that flow (network_flows).
 */
#ifndef HEARSAY_CLUSTER_NETWORK_STATE_H
#define HEARSAY_CLUSTER_NETWORK_STATE_H

#include "cluster/network.h"
#include "cluster/network_faults.h"

#define NETWORK_NONE UINT32_MAX

struct network_message {
    uint64_t cookie;
    int64_t bytes;
    int64_t started_ps; /* -1: still in its latency */
    bool under_way;     /* false: free */
    uint32_t client;
    uint32_t src;
    uint32_t dst; /* of a free message: the next free one */
};

/* One direction of a host's link. */
struct network_side {
    int64_t bytes;
    int64_t busy_ps;
    int64_t since_ps; /* while flows > 0 */
    uint32_t flows;   /* moving now */
};

struct network_host {
    double byte_rate; /* effective, each direction */
    double latency_s; /* of a path between two such hosts */
    struct network_side tx, rx;
};

struct network_receiver {
    network_done *done;
    network_lost *lost; /* NULL: its transport is reliable */
    void *context;
};

struct network_model_ops {
    void (*create)(struct network *network);
    void (*destroy)(struct network *network);
    void (*send)(struct network *network, uint32_t message);
    /* Rates and open paths are others from now on (network_flight.h). */
    void (*change)(struct network *network);
    /* Takes a moving message out of the model and sets its flight's `left`; NULL: nothing to do. */
    void (*stop)(struct network *network, uint32_t message);
};

struct network_faults;

struct network {
    struct engine *engine;
    const struct network_model_ops *ops;
    void *model; /* the model's own state */

    double overhead_s;
    int64_t uniform_alpha_ps; /* of every path between hosts; -1: paths differ */
    int64_t local_alpha_ps;
    double local_byte_rate; /* of a host's local link; 0: infinite */
    uint32_t hosts;
    struct network_host *host;

    struct network_message *message;
    size_t message_capacity, message_used;
    uint32_t message_free; /* head of the free list */
    uint64_t in_flight;

    struct network_receiver *client;
    size_t client_count, client_capacity;

    uint32_t end_kind; /* event: message `arg` ends */

    double loss;
    int on_loss;
    struct network_faults *faults; /* NULL: none are expected, and nothing is kept for them */
};

extern const struct network_model_ops network_fair_ops, network_fifo_ops, network_ideal_ops;

/* Does it have bytes to move over a link of finite bandwidth? */
bool network_flows(const struct network *network, const struct network_message *m);
/* When a message sent now could start to flow. */
int64_t network_earliest_start_ps(const struct network *network, uint32_t message);
/* Seconds that a message takes on an idle path, from its first byte on. */
double network_idle_s(const struct network *network, uint32_t message);
/* What an idle path moves, bytes a second; 0: a local link without limit. */
double network_path_rate(const struct network *network, uint32_t src, uint32_t dst);
/* A message goes on its way, for the first time or once more. */
void network_launch(struct network *network, uint32_t message);
/* The message's bytes begin to flow, now; or to flow again. */
void network_begin(struct network *network, uint32_t message);
/* They flow no more: its links are free of it, `bytes` are through. */
void network_pause(struct network *network, uint32_t message, int64_t bytes);
/* The message is forgotten, and nobody hears of it. */
void network_release(struct network *network, uint32_t message);
/* The message has ended, now: accounts it, forgets it and tells its client. */
void network_finish(struct network *network, uint32_t message);

#endif
