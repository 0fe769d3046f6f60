/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node program sees of the simulator, and all that it may include.
 *
 * A program is a const struct algorithm_ops of event handlers.  Handlers run at one instant of
 * simulated time; they never block and touch no tensor element: they record numeric operations on
 * vectors, send messages, start gradients, enter collectives and declare what they wait for.  A
 * wait that holds already is answered as soon as the handler has returned.
 *
 * STATE is a flat block of state_size bytes per node, zero at start, owned by the engine, without
 * pointers (vector handles are numbers), so that a checkpoint is a copy.
 *
 * HOLDING.  Every node holds a share of the system's mass: a numerator x (a model vector) and a
 * push-sum weight w, 1 at the start.  node_push sends a share of both; node_keep says which share
 * stays; node_mix adds what arrived.  The engine checks at every event that held + in flight = n,
 * and derives the mean model from the same ledger.  Programs over doubly stochastic matrices use
 * the same calls; their w stays 1 and is not transmitted.
 */
#ifndef HEARSAY_ALGORITHMS_ALGORITHM_H
#define HEARSAY_ALGORITHMS_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectives/collective.h"
#include "core/field.h"
#include "core/plugin.h"
#include "topologies/topology.h"

struct node;

struct algorithm_ops {
    struct plugin plugin;
    bool uses_gradients; /* false: averaging only; needs no optimizer and no data */
    bool carries_weight; /* messages carry w (8 bytes more); deployable model is z = x / w */
    /* With these parameters z is x itself, and no message carries w (the ledger still counts it).
     * NULL: never. */
    bool (*ignores_weight)(const void *params);
    size_t state_size; /* 0: none */
    /* enum topology_requirement flags demanded of every phase; NULL: uses no topology */
    unsigned (*topology)(const void *params);
    /* Contradictory parameters are refused with their path; may be NULL. */
    enum status (*check)(const void *params, uint32_t nodes, struct error *error);
    void (*start)(struct node *node);       /* at time 0 */
    void (*on_gradient)(struct node *node); /* the gradient of node_start_gradient is complete */
    void (*on_ready)(struct node *node);    /* the condition of node_await holds */
    void (*on_collective)(struct node *node, uint32_t result); /* the result may be used */
};
extern const struct plugin_registry algorithm_registry;

/* --- Who am I --- */
void *node_state(struct node *node);
const void *node_params(const struct node *node);
uint32_t node_rank(const struct node *node);
uint32_t node_count(const struct node *node);
int64_t node_iteration(const struct node *node); /* iterations finished by this node */

/* --- Computing --- */
/* Starts a gradient at vector `at` (its values now), on the accelerator; on_gradient follows. */
void node_start_gradient(struct node *node, uint32_t at);
/* The last completed gradient. Valid until the next node_start_gradient. */
uint32_t node_gradient(const struct node *node);
/* x <- x - rate d(g), the optimizer's rule with this node's own momentum; weight decay reads
 * `decay_at`.  Counts the gradient's samples as applied. */
void node_step(struct node *node, uint32_t gradient, uint32_t decay_at);
/* Ends iteration k -> k + 1.  False when this node has done what the scenario asked: return. */
bool node_next_iteration(struct node *node);

/* --- The holding --- */
uint32_t node_x(const struct node *node);    /* numerator; handle stays, values change */
double node_weight(const struct node *node); /* w */
/* z = x / w: x itself where w is exactly 1.  The handle is valid until the next call. */
uint32_t node_debiased(struct node *node);
void node_replace_x(struct node *node, uint32_t vector); /* x <- vector, no copy */
/* A snapshot of x as it is now; give it back by node_drop. */
uint32_t node_keep_x(struct node *node);
void node_drop(struct node *node, uint32_t vector);

/* --- Exchange --- */
/* Out- and in-edges of this node at a phase of the topology, sorted by peer.  The array belongs to
 * the engine and is valid until the next call of either. */
const struct topology_edge *node_out_edges(struct node *node, int64_t phase, uint32_t *count);
const struct topology_edge *node_in_edges(struct node *node, int64_t phase, uint32_t *count);
double node_self_share(const struct node *node, int64_t phase);

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

/* --- Waiting --- */
enum node_condition {
    NODE_RECEIVED = 1, /* `messages` messages of `round` have arrived */
    NODE_SENT = 2,     /* all own sends have left */
};
/* Posts the receives of a round before it waits for them (rendezvous flows may start). */
void node_expect(struct node *node, int64_t round);
/* Awaits the conditions with all in-neighbours' messages of `round`. */
void node_await_round(struct node *node, unsigned conditions, int64_t round);
/* Would node_await_round hold now? */
bool node_poll_round(struct node *node, unsigned conditions, int64_t round);
/* on_ready is called once, as soon as all conditions hold. One wait at a time. */
void node_await(struct node *node, unsigned conditions, int64_t round, uint32_t messages);

/* --- Collectives --- */
/* Enters the all-reduce of this node's iteration with a snapshot of `vector`; on_collective brings
 * scale x sum over all nodes.  `replaces_x`: the result becomes everybody's x.  The choice, of
 * collective_registry, must outlive the run. */
void node_all_reduce(struct node *node, const struct plugin_choice *choice, uint32_t vector,
                     double scale, bool replaces_x);

#endif
