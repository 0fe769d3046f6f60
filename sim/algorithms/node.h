/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node program may do: the calls of its handlers.  Programs include algorithms/algorithm.h.
 *
 * INSTANCES.  Ranks 0 .. node_count-1 are workers; ranks from node_count on are the servers that a
 * program asks for, each with a shard of the vector.  Every instance runs the same program and
 * has a struct node; workers are those that count: iterations, metrics and stop rules look at
 * them only.
 *
 * HOLDING.  Every worker holds a share of the system's mass: a numerator x (a model vector) and a
 * push-sum weight w, 1 at the start.  node_push sends a share of both; node_keep says which share
 * stays; node_mix adds what arrived.  The engine checks at every event that held + in flight = n,
 * and derives the mean model from the same ledger.  Programs over doubly stochastic matrices use
 * the same calls; their w stays 1 and is not transmitted.  A program may let vectors of its own
 * travel with x (gradient tracking): they share x's coefficients in every push and mix.
 *
 * MESSAGES that a program sends are of three kinds.  Pushes carry mass.  Deltas (node_push_delta)
 * carry a vector beside the holding, into the same inbox keyed by round.  Parcels (node_send) are
 * handed to on_message when they arrive.  Messages of one edge arrive in the order in which they
 * were sent.
 */
#ifndef HEARSAY_ALGORITHMS_NODE_H
#define HEARSAY_ALGORITHMS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectives/collective.h"
#include "core/rng.h"
#include "core/simtime.h"
#include "numerics/compressor.h"
#include "topologies/topology.h"

struct node;

/* --- Who am I --- */
void *node_state(struct node *node);
const void *node_params(const struct node *node);
uint32_t node_rank(const struct node *node);
uint32_t node_count(const struct node *node);    /* workers */
int64_t node_iteration(const struct node *node); /* iterations finished by this node */
int64_t node_now_ps(const struct node *node);
/* A keyed stream of this node; draws depend on (role, step) only. */
gsl_rng *node_random(const struct node *node, struct rng *rng, uint32_t role, int64_t step);
/* The same for all nodes: random groups that everybody must agree on. */
gsl_rng *node_common_random(const struct node *node, struct rng *rng, uint32_t role, int64_t step);
/* Room for a number a worker, until the handler returns. */
uint32_t *node_ranks(struct node *node);

/* --- Servers --- */
bool node_is_server(const struct node *node);
uint32_t node_servers(const struct node *node);
uint32_t node_server_rank(const struct node *node, uint32_t shard);
struct node_shard {
    size_t first, count; /* of the vector */
    int64_t bytes;       /* on the wire */
};
struct node_shard node_shard(const struct node *node, uint32_t shard);

/* --- Computing --- */
struct node_compute {
    uint32_t slot;
    uint32_t at;      /* the vector that the gradient is taken at: its values now */
    double share;     /* of a whole gradient's time; 0: all of it */
    uint32_t buckets; /* parts of the gradient that the backward pass completes in equal times, in
                         order; 0, 1: on_gradient only */
};
void node_compute_gradient(struct node *node, const struct node_compute *compute);
/* Slot 0, whole, at vector `at`; on_gradient follows. */
void node_start_gradient(struct node *node, uint32_t at);
uint32_t node_slot(const struct node *node); /* of the gradient that is being announced */
/* The last gradient started in that slot. Valid until the next start there. */
uint32_t node_gradient(const struct node *node);
uint32_t node_gradient_of(const struct node *node, uint32_t slot);
bool node_computes(const struct node *node, uint32_t slot);
/* Gives a running gradient up: the accelerator is free at once; counted as cancelled. */
void node_cancel_gradient(struct node *node, uint32_t slot);
/* A completed gradient will not be applied: counted as dropped. */
void node_drop_gradient(struct node *node);

/* x <- x - rate d(g), the optimizer's rule with this node's own momentum; weight decay reads
 * `decay_at`.  Counts the gradient's samples as applied. */
void node_step(struct node *node, uint32_t gradient, uint32_t decay_at);
/* The same with everything that may differ. */
struct node_update {
    uint32_t gradient, decay_at;
    uint32_t slot;       /* whose momentum */
    size_t first, count; /* part of x; count 0: all */
    double scale;        /* of the learning rate */
    bool update;         /* the gradient is rate x gradient already (node_encodes_updates) */
    bool partial;        /* other parts of the same step follow; the last counts the step */
    double gradients;    /* workers' mini-batches in it: counted as applied (by the first of
                            several servers, whose shards make one model) */
    uint32_t origin;     /* whose gradient, for the trace */
    int64_t version;     /* updates of this x before */
    int64_t staleness;   /* -1: has none, no row */
};
void node_apply(struct node *node, const struct node_update *update);
/* For programs with rules of their own: what node_apply would count, without a step. */
void node_count_applied(struct node *node, const struct node_update *update);
/* destination <- the announced gradient + weight decay x `decay_at`; counts it as applied. */
void node_take_gradient(struct node *node, uint32_t destination, uint32_t decay_at);

/* What goes over the wire instead of a vector. */
struct node_encoding {
    uint32_t vector; /* decoded, as the receiver sees it; give it back by node_drop */
    int64_t bytes;
};
bool node_compresses(const struct node *node); /* the scenario has a compressor */
/* What node_encode_gradient gives is in units of rate x gradient: node_apply's `update`. */
bool node_encodes_updates(const struct node *node);
/* Bytes of every encoding; a model's without a compressor; -1: they depend on the values. */
int64_t node_encoded_bytes(const struct node *node);
/* COMPRESSOR_* of it (linear: encodings can be added up on the way); tracked: see below. */
unsigned node_encoding_traits(const struct node *node, bool tracked);
/* The compressor on `vector`; without one a snapshot and a model's bytes.  tracked: the receiver
 * keeps a copy that the vector is a difference to, so the rule must be a contraction. */
struct node_encoding node_encode(struct node *node, uint32_t vector, bool tracked);
/* The same of the gradient taken at `at`, with the scenario's error feedback and momentum
 * correction, which belong to the slot node_slot(). */
struct node_encoding node_encode_gradient(struct node *node, uint32_t gradient, uint32_t at);
/* The same by a factored rule (COMPRESSOR_FACTORED) in two all-reduces, numerics/compressor.h:
 *   p = node_factor_project, its mean made orthonormal (struct node_reduction)
 *   q = node_factor_back_project (the slot's own: no node_drop), its mean
 *   node_factor_decode: what all have sent, on average; a new vector */
uint32_t node_factor_project(struct node *node, uint32_t gradient, uint32_t at);
uint32_t node_factor_back_project(struct node *node, uint32_t p);
uint32_t node_factor_decode(struct node *node, uint32_t p, uint32_t q);
int64_t node_factor_bytes(const struct node *node, unsigned round); /* 0: p, 1: q */

/* A gradient taken at `then` as it would be at x now (DC-ASGD, numerics/delay.h): a new vector, to
 * give back by node_drop. */
struct node_delay {
    uint32_t gradient, then;
    double lambda;
    uint32_t mean_square; /* 0: lambda is constant; else a vector, zero at first: it is divided by
                             the root of the gradients' moving mean square */
    double decay;         /* of that */
};
uint32_t node_compensate_delay(struct node *node, const struct node_delay *delay);

double node_rate(const struct node *node); /* learning rate by the schedule, now */
double node_weight_decay(const struct node *node);

/* The optimizer's vectors of slot 0 (momentum): their number, and one of them. */
unsigned node_optimizer_vectors(const struct node *node);
uint32_t node_optimizer_vector(struct node *node, unsigned index);
void node_set_optimizer_vector(struct node *node, unsigned index, uint32_t vector);

/* Ends iteration k -> k + 1.  False when this node has done what the scenario asked, or when the
 * engine goes on by on_resume: return. */
bool node_next_iteration(struct node *node);
bool node_is_done(const struct node *node); /* with what the scenario asked */
double node_epoch(const struct node *node); /* that the schedule reads */
/* By the node's own iterations, whatever clock the schedule has: equal at equal iterations. */
double node_local_epoch(const struct node *node);
/* Will an outer optimizer average the workers at the end of this iteration? */
bool node_outer_due(struct node *node);
void node_drained(struct node *node); /* ops.drain has done its work */

/* --- Vectors --- */
uint32_t node_x(const struct node *node); /* numerator; handle stays, values change */
uint32_t node_vector(const struct node *node, unsigned index); /* 1 .. ops.vectors, zero at start */
double node_weight(const struct node *node);                   /* w */
/* z = x / w: x itself where w is exactly 1.  The handle is valid until the next call. */
uint32_t node_debiased(struct node *node);
void node_replace_x(struct node *node, uint32_t vector);                  /* x <- vector, no copy */
void node_set_vector(struct node *node, unsigned index, uint32_t vector); /* the same, own vector */
/* A snapshot of a vector as it is now, and a new zero vector; give them back by node_drop. */
uint32_t node_keep_x(struct node *node);
uint32_t node_snapshot(struct node *node, uint32_t vector);
uint32_t node_new_vector(struct node *node);
void node_drop(struct node *node, uint32_t vector);
struct node_term {
    uint32_t vector;
    double coefficient;
};
/* destination <- sum of coefficient x vector, in the order of the terms; the destination may be
 * among them.  _part: elements first .. first + count - 1 of all. */
void node_combine(struct node *node, uint32_t destination, const struct node_term *terms,
                  size_t count);
void node_combine_part(struct node *node, uint32_t destination, size_t first, size_t length,
                       const struct node_term *terms, size_t count);
/* destination <- scale x sum of the vectors in their order, with double accumulators and rounded
 * once, as a collective sums; elements first .. first + length - 1 of all. */
void node_sum_part(struct node *node, uint32_t destination, size_t first, size_t length,
                   const uint32_t *vectors, size_t count, double scale);
/* destination <- sign of the sum of the vectors' signs (numerics/majority.h). */
void node_vote(struct node *node, uint32_t destination, const uint32_t *vectors, size_t count);
/* The model this worker would deploy from its next finished iteration on, instead of x / w: a
 * snapshot x scale is kept then.  0: back to x / w. */
void node_deploys(struct node *node, uint32_t vector, double scale);
size_t node_dimension(const struct node *node);
/* What a gradient costs of a whole one's time whose back-propagation ends at element `first`: the
 * forward pass, and the backward pass through the elements from there on, each an equal part. */
double node_truncated_share(const struct node *node, size_t first);
/* Part `part` of `parts` contiguous parts of the model, cut between layers where there are enough
 * of them.  Returns first and count. */
struct node_shard node_layers(const struct node *node, uint32_t part, uint32_t parts);

/* --- Exchange --- */
/* Out- and in-edges of this node at a phase of the topology, sorted by peer.  The array belongs to
 * the engine and is valid until the next call of either. */
const struct topology_edge *node_out_edges(struct node *node, int64_t phase, uint32_t *count);
const struct topology_edge *node_in_edges(struct node *node, int64_t phase, uint32_t *count);
double node_self_share(const struct node *node, int64_t phase);
/* One of the out-neighbours at a phase, uniformly drawn by (role, phase); false: there is none. */
bool node_random_peer(struct node *node, int64_t phase, uint32_t role, uint32_t *peer);
/* The side (0 or 1) of a worker, where the program demands TOPOLOGY_BIPARTITE. */
unsigned node_side(const struct node *node, uint32_t rank);

/* Sends every out-neighbour of phase `round` its share of (x, w), and keeps the own share. */
void node_push_out(struct node *node, int64_t round);
/* The parts of node_push_out. node_push sends `share` of (x, w) as held before the first push of
 * this exchange. */
void node_push(struct node *node, uint32_t to, int64_t round, double share);
/* What remains after the pushes: `share` of (x, w). */
void node_keep(struct node *node, double share);
/* x <- share kept x + sum of the round's messages, in the order of the sources with the node's own
 * part in its place; w likewise.  Consumes the messages. */
void node_mix(struct node *node, int64_t round);
/* The same with every message that has arrived, of whatever round, in the order of sources and
 * rounds; without any, the kept share becomes x.  Returns their number.  They still count as
 * received, except for rounds before `oldest`, which will not be awaited any more. */
uint32_t node_mix_all(struct node *node, int64_t oldest);
/* x <- share kept x, so that a step may be taken while the exchange is under way. */
void node_settle_share(struct node *node);

/* Sends `vector` (its values now; `bytes` on the wire) to every out-neighbour of phase `round`. */
void node_push_delta(struct node *node, int64_t round, uint32_t vector, int64_t bytes);
/* destination <- destination + sum of edge weight x vector over the round's deltas, in the order of
 * sources with `own` (0: none) x the own share in its place.  Consumes them. */
void node_add_deltas(struct node *node, int64_t round, uint32_t destination, uint32_t own);

#define NODE_VECTORS 4 /* in one parcel or collective */
#define NODE_NUMBERS 4 /* in one collective */

struct node_parcel {
    uint32_t kind;         /* the program's own word */
    int64_t round, number; /* the program's own numbers */
    double value;
    uint32_t vectors[NODE_VECTORS]; /* their values now */
    unsigned vector_count;
    int64_t bytes; /* on the wire */
};
struct node_mail {
    uint32_t from;
    int64_t posted_ps;
    struct node_parcel parcel; /* vectors live during on_message: node_snapshot keeps one */
};
void node_send(struct node *node, uint32_t to, const struct node_parcel *parcel);
int64_t node_vector_bytes(const struct node *node);   /* one model-sized vector on the wire */
int64_t node_wire_dimension(const struct node *node); /* its elements */
/* Part `part` of `parts` of so many bytes, as even as can be. */
int64_t node_part_bytes(int64_t bytes, uint32_t part, uint32_t parts);

/* --- Pairwise averages --- */
/* Asks `peer` to average: x goes there; the peer answers with its own x as it then is; when that
 * has arrived, both at that instant set x <- (x + the other's that was sent) / 2 and are told by
 * on_paired, the one who answered first.  From asking, or answering, until then a node is paired,
 * and asks and answers nobody else; a program that keeps x meanwhile keeps the sum of all x, too.
 * A peer that is paired lets the question wait until it is free (`patient`; then the program sees
 * to it that no circle of nodes waits), or refuses it by an empty message. */
void node_pair(struct node *node, uint32_t peer, int64_t round, bool patient);
bool node_paired(const struct node *node);

/* --- Waiting --- */
enum node_condition {
    NODE_RECEIVED = 1,  /* `messages` pushes or deltas of `round` have arrived */
    NODE_SENT = 2,      /* all own sends have left */
    NODE_UNBLOCKED = 4, /* node_unblock was called */
    NODE_TOTAL = 8,     /* as many pushes and deltas as node_await_total says have arrived */
};
/* Posts the receives of a round before it waits for them (rendezvous flows may start). */
void node_expect(struct node *node, int64_t round);
/* Awaits the conditions with all in-neighbours' messages of `round`. */
void node_await_round(struct node *node, unsigned conditions, int64_t round);
/* Would node_await_round hold now? */
bool node_poll_round(struct node *node, unsigned conditions, int64_t round);
/* on_ready is called once, as soon as all conditions hold. One wait at a time. */
void node_await(struct node *node, unsigned conditions, int64_t round, uint32_t messages);
/* Awaits that `messages` pushes and deltas, of whatever rounds, have arrived since the start.
 * Receives of all rounds are posted from then on. */
void node_await_total(struct node *node, int64_t messages);
/* The node stands still until the program calls node_unblock on it from another handler (then the
 * program goes on itself; on_ready is not called).  `what` (a literal) names the reason in the
 * deadlock report: "the server's reply". */
void node_block(struct node *node, const char *what);
void node_unblock(struct node *node); /* a node that is not blocked: nothing */
bool node_blocked(const struct node *node);
/* on_timer(tag) in delay_ps. */
void node_after(struct node *node, int64_t delay_ps, uint64_t tag);
/* on_timer(tag) at this instant, when nothing else is left to happen at it. */
void node_at_last(struct node *node, uint64_t tag);

/* --- Collectives --- */
#define NODE_NO_BYTES (-1) /* of a reduction whose vectors have no elements on the wire */
struct node_reduction {
    const struct plugin_choice
        *choice; /* of collective_registry, or of collective_gather_registry:
                    everybody sums what it has gathered; must outlive the run */
    /* Who takes part, ascending, the same list at each of them; NULL: all workers. */
    const uint32_t *members;
    uint32_t member_count;
    int64_t round; /* with tag and the first member the collective's name: an instance enters a */
    uint32_t tag;  /* name once */
    uint32_t vectors[NODE_VECTORS]; /* their values now */
    unsigned vector_count;          /* 0: timing only */
    double scale;                   /* of the sum over members */
    int64_t bytes;                  /* on the wire; 0: model-sized vectors, vector_count of them;
                                       NODE_NO_BYTES.  An all-gather: of this member's part */
    bool orthonormalizes;           /* the first result, a p of factors */
    bool replaces_x;                /* the first vector's result becomes everybody's x */
    double maxima[NODE_NUMBERS];    /* everybody learns the greatest; `bytes` has room for them */
};
struct node_reduced {
    int64_t round;
    uint32_t tag;
    double maxima[NODE_NUMBERS];
    uint32_t vectors[NODE_VECTORS]; /* live during on_collective; shared by all members */
    unsigned vector_count;
};
/* Enters with snapshots; on_collective brings the result to each member. */
void node_reduce(struct node *node, const struct node_reduction *reduction);
/* All workers, one vector, named by the node's iteration. */
void node_all_reduce(struct node *node, const struct plugin_choice *choice, uint32_t vector,
                     double scale, bool replaces_x);

#endif
