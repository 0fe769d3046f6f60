/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One simulation, from the inside: what the files of run/ share.  Node programs see only
 * algorithms/algorithm.h, callers only run/run.h.
 */
#ifndef HEARSAY_RUN_SIM_H
#define HEARSAY_RUN_SIM_H

#include "algorithms/algorithm.h"
#include "cluster/cluster.h"
#include "cluster/faults.h"
#include "cluster/network_faults.h"
#include "collectives/collective.h"
#include "models/data.h"
#include "models/model.h"
#include "numerics/plan.h"
#include "run/config.h"
#include "run/run.h"
#include "topologies/topology.h"
#include "trace/observer.h"

#define SIM_NO_MESSAGE UINT32_MAX

enum sim_message_kind {
    SIM_MESSAGE_PUSH,   /* a share of the holding: counts in the ledger and in the mean model */
    SIM_MESSAGE_DELTA,  /* a vector beside the holding, for the inbox */
    SIM_MESSAGE_PARCEL, /* for on_message */
    SIM_MESSAGE_PAIR,   /* of a pairwise average (pair.c) */
};

/* A message of a node program, from its sending until it is consumed. */
struct sim_message {
    uint32_t src, dst;
    int64_t round;
    int64_t iteration;             /* of the sender, when it sent */
    uint32_t vector[NODE_VECTORS]; /* snapshots; a push: x and the vectors that travel with it */
    uint32_t next;      /* in the receiver's inbox or rendezvous list, or the free list */
    double coefficient; /* share of the snapshots that travels */
    double weight;      /* push-sum weight that travels */
    int64_t bytes;
    int64_t posted_ps, started_ps, arrived_ps; /* -1: not yet */
    uint8_t kind, vector_count;
    bool used, lost;
    bool ended, queued; /* fifo.c: through the network; an earlier one of the edge is not */
    uint32_t follower;  /* the next message of the same edge, while this one is under way */
    uint32_t tail_next; /* chain of the table of edges' last messages */
    uint32_t parcel_kind;
    int64_t parcel_number;
    double parcel_value;
};

struct sim_wait {
    unsigned conditions; /* enum node_condition; 0: not waiting */
    uint32_t messages, arrived;
    int64_t round;
    int64_t total; /* NODE_TOTAL: of node.received */
    int64_t since_ps;
    const char *what; /* NODE_UNBLOCKED: why */
};

/* A gradient that an instance may be computing, and the optimizer that steps with it. */
struct sim_slot {
    uint32_t gradient;
    uint32_t states[OPTIMIZER_MAX_STATES]; /* made by the first step */
    uint32_t generation;                   /* of the events that are valid */
    uint32_t buckets, bucket;              /* of the running gradient; the next one */
    bool running, interrupted;             /* by a crash, and to be computed anew */
    bool has_states;
    uint32_t memory, velocity;    /* of error feedback and momentum correction; made when needed */
    int64_t encodings;            /* by the compressor: name its draws */
    int64_t gradients, steps;     /* started; taken by the optimizer on these states */
    uint32_t accumulated, factor; /* what is being sent in factors; the last q */
    int64_t begin_ps, end_ps, step_ps;
};

/* The pairwise average that an instance is in, and who else has asked. */
struct sim_pair {
    bool busy;
    bool over, averaged;      /* on_paired waits for the host's return */
    uint32_t peer;            /* its argument */
    uint32_t asked;           /* the asker's vector, at who has answered */
    uint32_t questions, last; /* list of messages that wait, and its tail where it is not empty */
};

/* Where an outer loop began, and its momentum. */
struct sim_outer {
    uint32_t start, slow; /* snapshot of x at the begin; u */
    double start_scale;   /* 1 / w then, where weights travel: the deployable model */
    double rate;          /* learning rate of this loop */
    bool pending;         /* the node is stopped, and the average is not yet there */
};

struct node {
    struct sim *sim;
    uint32_t rank, host;
    uint32_t x, z;
    uint32_t slot;             /* of the gradient that is being announced */
    uint32_t last_postponed;   /* tail of postponed, where that is not empty */
    uint32_t inbox, postponed; /* lists of messages: arrived; waiting for a rendezvous */
    uint32_t taken;            /* mixed in, but their round may still be awaited */
    uint32_t unsent;           /* own messages that have not ended */
    bool finished, pushing;
    bool down;             /* its host has crashed */
    int64_t up_ps;         /* down: when it returns; -1: never */
    int64_t down_ps;       /* since when */
    uint32_t initial;      /* x at the start, where a crash may ask for it again */
    double held, w;        /* share of x held; push-sum weight held */
    uint32_t deployed;     /* snapshot of x at the end of the last finished iteration */
    double deployed_scale; /* 1 / w then, where weights travel */
    uint32_t deploys;      /* the program's choice of what to deploy; 0: x / w */
    double deploys_scale;
    double base_held, base_w; /* of the exchange being pushed */
    int64_t iteration;
    int64_t expected_round;
    int64_t samples_applied;            /* a server: by its own steps */
    int64_t blocked_ps, compute_end_ps; /* the end of the last gradient so far */
    struct sim_wait wait;
    struct sim_pair pair;
    int64_t collective_entered_ps; /* of the last one entered; -1: in none */
    uint32_t collectives;          /* that it has entered and has no result of */
    uint32_t replacing;            /* open collective + 1 that replaces x; 0: none */
    int64_t received;              /* pushes and deltas that have arrived */
    struct sim_outer outer;
};

/* One all-reduce among some or all workers. */
struct sim_collective {
    uint64_t operation; /* 0: free */
    int64_t round;
    uint32_t tag;
    uint32_t count, entered, done;
    uint32_t *member;    /* ranks; NULL: rank i is member i */
    uint32_t *input;     /* snapshots, vector_count a member; NULL: timing only */
    int64_t *entered_ps; /* a member; -1: not yet, or done */
    int64_t *part;       /* an all-gather: bytes of each member, 0 before it enters; else NULL */
    uint32_t result[NODE_VECTORS]; /* recorded when the last member has entered */
    unsigned vector_count;
    double scale;
    double maxima[NODE_NUMBERS]; /* of those who have entered */
    int64_t bytes;
    bool replaces_x, orthonormalizes;
    struct plugin_choice choice;
    struct sim_sends *sends; /* a member, of the cache */
};

/* What one rank sends in one all-reduce. */
struct sim_sends {
    int64_t bytes, messages;
};

/* The sends of all ranks of a schedule. */
struct sim_sends_entry {
    struct plugin_choice choice;
    uint32_t count;
    int64_t bytes;
    struct sim_sends *sends;
};

struct sim_ledger {
    double sum, compensation; /* held + in flight, Neumaier */
    double destroyed;         /* by faults, less what restarted nodes began with */
};

/* What became of gradients and messages, for the summary. */
struct sim_counts {
    int64_t updates; /* those that had a staleness */
    double staleness_sum;
    int64_t staleness_max;
    int64_t gradients_dropped;   /* computed and not applied */
    int64_t gradients_cancelled; /* cut before they were complete */
    int64_t messages_lost;
    double mass_destroyed; /* and made anew since, by an outer average */
};

struct sim {
    const struct run_config *config;
    const struct run_options *options;
    const struct algorithm_ops *algorithm;
    const struct model_ops *model_ops;
    void *model;
    const struct data_ops *data_ops;
    struct dataset data;
    struct partition *partition;
    struct sampler *sampler;
    const struct optimizer_ops *optimizer;
    struct outer_rule outer; /* active: false without an outer optimizer */

    struct engine *engine;
    struct cluster *cluster;
    struct faults *faults;
    struct collectives *collectives;
    struct topology *topology;
    struct plan *plan;
    struct observer observer;
    uint32_t network_client, lossy_client; /* lossy: is told of losses, and mourns them */
    uint32_t gradient_event, bucket_event, ready_event, timer_event, reduced_event, crashed_event;

    uint32_t nodes;     /* workers */
    uint32_t instances; /* workers, then servers */
    uint32_t hosts;
    uint32_t slots;        /* of each instance */
    unsigned vectors;      /* own vectors of each instance */
    uint64_t seed_program; /* of draws that programs make */
    struct algorithm_servers servers;
    bool compresses; /* the scenario has a compressor */
    bool weighted;   /* messages carry w, and z = x / w */
    bool mourns;     /* some messages may be lost for good */
    size_t dimension;
    int64_t batch_size;
    double epoch_samples; /* training samples; without data nodes x batch_size */
    int64_t message_bytes;
    struct node *node;     /* instances */
    struct sim_slot *slot; /* instances x slots */
    uint32_t *vector;      /* instances x vectors */
    char *state;           /* workers x state_size, then servers x server_state_size */
    size_t state_size, server_state_size;
    struct topology_edge *edges;
    uint8_t *side;   /* of each worker, in a topology that must be bipartite; else NULL */
    uint32_t *ranks; /* node_ranks */
    uint32_t *samples;

    struct sim_message *message; /* pool */
    size_t message_capacity;
    uint32_t message_free;
    uint32_t *edge_tail;     /* hash table of the last message of each edge that is under way */
    uint32_t edge_tails;     /* its size, a power of two */
    struct plan_term *terms; /* scratch of mixes and means */
    uint32_t *sorted;        /* scratch: messages of a mix */
    size_t scratch_capacity;

    struct sim_collective *collective;
    size_t collective_capacity;
    struct sim_sends_entry *sends; /* one a shape of collectives so far */
    size_t sends_count, sends_capacity;

    struct sim_ledger ledger;
    int64_t samples_applied, iterations_total, gradients_started;
    int64_t bytes_sent, messages_sent;
    struct sim_counts counts;
    uint32_t finished;
    uint32_t gone; /* workers that are down for ever, unfinished */

    struct metrics *metrics;
};

/* sim.c: building and freeing; every refusal happens here, before anything is played. */
enum status sim_create(struct sim **sim, const struct run_config *config,
                       const struct run_options *options, struct error *error);
void sim_free(struct sim *sim);
/* What this run cannot do on a device: reach a target without numerics, or hold a vector. */
enum status sim_check_device(const struct sim *sim, const struct backend_ops *backend,
                             struct error *error);
double sim_epoch(const struct sim *sim); /* samples applied over training samples */
void sim_start(struct sim *sim);         /* calls every program's start */

/* sim_updates.c: an application of gradients to a model is observed, and its staleness counted
 * unless it is -1. */
void sim_updated(struct sim *sim, const struct trace_update *row);
double sim_staleness_mean(const struct sim *sim); /* NaN: no update had a staleness */
double sim_staleness_max(const struct sim *sim);  /* likewise */

/* sim_faults.c: after the cluster; once the nodes have their initial x; and the rows of faults that
 * last at the stop. */
enum status sim_faults_create(struct sim *sim, uint64_t seed, struct error *error);
void sim_faults_start(struct sim *sim);
void sim_faults_crashed_event(void *context, const struct event *event);
void sim_faults_report(struct sim *sim, int64_t end_ps);
/* Plays the event once more as the node's host returns, if ever.  False: the host is up. */
bool sim_faults_defer(const struct node *node, const struct event *event, enum event_class class_);

/* wait.c */
void wait_settle(struct node *node);              /* answers a wait that holds; checks the ledger */
void wait_close(struct sim *sim, int64_t end_ps); /* the run stops: open waits end there */
void wait_pause(struct node *node);               /* its host crashes */
void wait_resume(struct node *node);              /* and returns */
void wait_ready_event(void *context, const struct event *event);
void wait_message_arrived(struct node *node, int64_t round);
void timer_event(void *context, const struct event *event);

/* mailbox.c */
void mailbox_arrived(void *context, uint64_t cookie, int64_t started_ps); /* network_done */
void mailbox_lost(void *context, uint64_t cookie, int64_t started_ps,
                  enum network_loss loss); /* network_lost */
void mailbox_release_rendezvous(struct node *node);
/* Messages of a round that have arrived, mixed in or not; has one from `source`? */
uint32_t mailbox_count(const struct node *node, int64_t round);
bool mailbox_has_from(const struct node *node, int64_t round, uint32_t source);
/* Takes the round's messages out of the inbox into sim->sorted, by source; returns the number. */
uint32_t mailbox_take(struct node *node, int64_t round);
uint32_t mailbox_take_all(struct node *node); /* of any round, by source and round */
/* A message was mixed in; it still counts for node_await until its round is forgotten. */
void mailbox_keep_count(struct node *node, uint32_t message);
void mailbox_forget(struct node *node, int64_t oldest);
void mailbox_forget_round(struct node *node, int64_t round);
void mailbox_free(struct sim *sim, uint32_t message, int64_t consumed_ps, const char *reason);
void mailbox_report_in_flight(struct sim *sim);
/* A slot of the pool for a message from `node`, filled but for what it carries. */
uint32_t mailbox_new(struct node *node, uint32_t to, int64_t round, enum sim_message_kind kind);
/* Sends it, and counts its bytes. */
void mailbox_post(struct sim *sim, uint32_t message);

/* fifo.c: messages of one edge are delivered in the order of their posting */
void fifo_posted(struct sim *sim, uint32_t message);
/* It is through the network: may it be delivered? */
bool fifo_may_deliver(struct sim *sim, uint32_t message);
/* It has been delivered; the next one of its edge that has waited for that, or SIM_NO_MESSAGE. */
uint32_t fifo_delivered(struct sim *sim, uint32_t message);
void fifo_grow(struct sim *sim); /* the pool has grown */

/* pair.c */
void pair_arrived(struct sim *sim, uint32_t message);
void pair_lost(struct sim *sim, uint32_t message); /* its row is written */
void pair_crash(struct node *node);
void pair_restart(struct node *node);

/* ledger.c */
void ledger_add(struct sim *sim, double delta);
void ledger_destroy(struct sim *sim, double weight); /* by a fault; negative: made anew */
double ledger_mass(const struct sim *sim);           /* what is left, exact after a recount */
void ledger_check(const struct sim *sim);            /* O(1), at every event */
void ledger_recount(struct sim *sim);                /* in full, at every metric */

/* holding.c */
void holding_scratch(struct sim *sim, size_t terms); /* room in sim->terms and sim->sorted */
/* The mean model, as the program defines it, into a new vector. */
uint32_t holding_mean(struct sim *sim);
/* z_i: the model of the node's last finished iteration. */
struct plan_term holding_deployable(const struct node *node);
void holding_deploy(struct node *node); /* an iteration is finished, or the run begins */
void holding_reset(struct node *node);  /* x is the initial one again */

/* reduce.c */
void reduce_done(void *context, uint64_t operation, uint32_t rank); /* collective_done */
void reduce_event(void *context, const struct event *event); /* of a host that was down then */
void reduce_watch(void *context, const struct collective_chunk *chunk); /* level full */
/* The recorded result that will be this node's x, or 0. */
uint32_t reduce_pending_x(const struct node *node);
/* Time that this node has stood still in collectives it is still in. */
int64_t reduce_blocked_ps(const struct node *node, int64_t now_ps);
void reduce_cut(struct sim *sim, int64_t end_ps); /* the run stops: rows of unfinished ranks */
void reduce_close(struct sim *sim);

/* gradient.c */
void gradient_event(void *context, const struct event *event);
void gradient_bucket_event(void *context, const struct event *event);
struct sim_slot *gradient_slot(const struct node *node, uint32_t slot);
void gradient_crash(struct node *node);
void gradient_reset(struct node *node);   /* forgets what the optimizer and error feedback keep */
void gradient_restart(struct node *node); /* what the crash cut, at the same points and batches */

/* encode.c */
enum status encode_check(struct sim *sim, struct error *error); /* what composes */
/* Sizes of messages depend on values. */
bool encode_needs_values(const struct run_config *config);

/* apply.c */
double apply_rate(const struct node *node, int64_t iteration);  /* by the schedule */
void apply_make_states(struct sim *sim, struct sim_slot *slot); /* where there are none yet */

/* node.c: the iteration is over; true: another begins */
bool node_end_iteration(struct node *node);

/* outer.c */
#define SIM_TAG_OUTER UINT32_MAX /* of the outer optimizer's collectives */
enum status outer_check(struct sim *sim, struct error *error);
void outer_start(struct node *node); /* the first outer loop begins */
bool outer_due(struct node *node);   /* does one end with this iteration? */
/* A node stops at the end of its iteration.  False: the step took no time, and it goes on. */
bool outer_stop(struct node *node);
void outer_reduced(struct sim *sim, const uint32_t *result); /* all have entered */
void outer_done(struct node *node);                          /* this node has the result */

/* deadlock.c */
void deadlock_report(const struct sim *sim, char *text, size_t size);

#endif
