/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Steps that the programs with parameter servers share: what a worker pushes and reads, how a
 * server collects, steps and answers.
 *
 * The model lives at the servers, in `shards` parts; worker i computes on what it read last.  Its
 * push of a gradient is its request for the next model as well, so no other message is needed.  At
 * the start everybody has version 0.  A server counts its steps: the version of its part.
 *
 * The optimizer, momentum included, is the servers'; its learning rate follows the gradients that
 * the server has applied.  A step costs no time at the server: `compute.optimizer_step` is charged
 * to the worker's accelerator, after the gradient.
 *
 * COMPRESSION acts on what workers push, with error feedback where the scenario has a memory; the
 * bytes of one encoding of the whole gradient are divided evenly over the shards.  Answers are
 * whole models as ever.  With memory "update" a push is gamma g, gamma read at the worker, and x
 * moves by it.
 *
 * An iteration of a worker ends with its next read: every worker's last gradient is in the model
 * when a run ends by `iterations`.
 *
 * Faults: the transport is reliable: a push or an answer that is lost is sent again, those of a
 * host that is down wait for it. A worker that is down is silent; who needs its push (see each
 * program) waits, the others go on. With its state lost it computes on the initial model until its
 * next read. A server that is down stops all who wait for its part (never back: a deadlock that
 * names its host); with its state lost its part is the initial one, without momentum, and its
 * versions go on (tests/unit/test_faults_run.c).
 */
#ifndef HEARSAY_ALGORITHMS_SERVER_H
#define HEARSAY_ALGORITHMS_SERVER_H

#include "algorithms/algorithm.h"

/* Where the shards are: parameters `shards` and `placement`. */
enum server_placement { SERVER_SEPARATE, SERVER_CO_LOCATED };
extern const char *const server_placements[];
#define SERVER_FIELDS(params)                                                                      \
    FIELD_AT(params, shards, FIELD_INTEGER, "1", .min = 1, .max = 1e6,                             \
             .help = "parts of the model, each with a server of its own"),                         \
        SERVER_PLACEMENT_FIELD(params)
#define SERVER_PLACEMENT_FIELD(params)                                                             \
    FIELD_AT(params, placement, FIELD_ENUM, "\"separate\"", .names = server_placements,            \
             .help = "servers on hosts of their own, or server j beside worker j")
struct algorithm_servers server_layout(int64_t shards, int placement);
unsigned server_compresses(const void *params); /* gradients */

/* K gradients in a step of those that wait: at most one of each worker. */
enum status server_check_K(int64_t K, uint32_t workers, struct error *error);
/* Workers compute on what they start with; servers wait. */
void server_start(struct node *node);

/* ---- At a worker ---- */

struct server_worker {
    int64_t version; /* of the x that it has: what the first shard said */
    uint32_t parts;  /* of the next x that have come */
    bool done;       /* its iterations */
};

/* The gradient just completed goes to every server. */
void server_push(struct node *node);
/* The same, and the worker stands still until it has the next model. */
void server_push_and_wait(struct node *node);
/* A part of x has come: true when all of them are in. */
bool server_read(struct node *node, const struct node_mail *mail);
/* The gradient at x. */
void server_compute(struct node *node);
/* x is new: that ends the iteration.  A worker that has done its iterations stops; `keeps_on`: it
 * goes on, because a step takes more gradients than the others have.  True: the next begins. */
bool server_end_iteration(struct node *node, bool keeps_on);
/* The same, and the next computation starts. */
void server_next(struct node *node, bool keeps_on);

/* ---- At a server ---- */

/* What a server knows of a worker. */
struct server_seat {
    int64_t version; /* of the x that it was sent last */
    int64_t clock;   /* gradients that it has pushed */
    uint32_t read;   /* a snapshot of that x (delay compensation) */
    bool waits;      /* for an answer */
};
/* A gradient that waits for its step. */
struct server_gradient {
    uint32_t worker;
    int64_t version; /* of the x that it was computed on */
};
struct server_state {
    int64_t version;      /* steps so far */
    uint32_t held;        /* gradients that wait, in the order of workers */
    uint32_t mean_square; /* of gradients (adaptive delay compensation) */
    bool votes;           /* a step is the majority's sign, and one bit an element answers */
    struct server_seat seat[];
};

/* Bytes of a server's state with room for a gradient of every worker. */
size_t server_state_size(const void *params, uint32_t workers);
struct server_seat *server_seat(struct node *node, uint32_t worker);

/* A step of its own with a worker's gradient, computed on what it was sent last; `scale` of the
 * learning rate. */
void server_apply(struct node *node, uint32_t worker, uint32_t gradient, double scale);

/* Keeps a gradient for a step; those of one worker stay in the order of arrival. */
void server_hold(struct node *node, const struct node_mail *mail, int64_t version);
/* One step with the mean of the gradients that it holds (summed in the order of workers, as an
 * all-reduce sums), or with their vote.  They are let go, but still known to server_answer_held. */
void server_step(struct node *node);

/* Synchronous servers: a gradient of an older version is dropped; the `quorum`-th of the present
 * one makes the step. */
enum server_collected { SERVER_DROPPED, SERVER_HELD, SERVER_STEPPED };
enum server_collected server_collect(struct node *node, const struct node_mail *mail,
                                     uint32_t quorum);

/* Sends a worker the part of x as it is now. */
void server_answer(struct node *node, uint32_t worker);
void server_answer_all(struct node *node);
/* Those whose gradients made the last step. */
void server_answer_held(struct node *node, uint32_t count);

#endif
