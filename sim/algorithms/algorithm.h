/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node program is: all that it may include, with the calls that it makes
 * (algorithms/node.h).
 *
 * A program is a const struct algorithm_ops of event handlers.  Handlers run at one instant of
 * simulated time; they never block and touch no tensor element: they record numeric operations on
 * vectors, send messages, start gradients, enter collectives and declare what they wait for.  A
 * wait that holds already is answered as soon as the handler has returned.
 *
 * STATE is a flat block of state_size bytes per instance (a server: of server_state()), zero at
 * start, owned by the engine, without pointers (vector handles are numbers), so that a checkpoint
 * is a copy.
 */
#ifndef HEARSAY_ALGORITHMS_ALGORITHM_H
#define HEARSAY_ALGORITHMS_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "algorithms/node.h"
#include "core/field.h"
#include "core/plugin.h"

/* What the mean model of the metrics is. */
enum algorithm_mean {
    ALGORITHM_MEAN_HELD,     /* (sum of x_i + mass in flight) / n */
    ALGORITHM_MEAN_DEPLOYED, /* the mean of the workers' deployable models */
    ALGORITHM_MEAN_SERVER,   /* the servers' shards */
};

/* Which optimizers a program composes with. */
enum algorithm_optimizers {
    ALGORITHM_OPTIMIZER_ANY,
    /* The program has an update rule of its own and takes the learning rate and weight decay from
     * "sgd" (node_rate, node_weight_decay); clipping and other rules are refused. */
    ALGORITHM_OPTIMIZER_RATE,
    /* The program steps on parts of x at different times: clipping and layer-wise rules, which need
     * all of a gradient, are refused. */
    ALGORITHM_OPTIMIZER_ELEMENTWISE,
};

/* What a program sends that the scenario's compressor may act on (flags). */
enum algorithm_compression {
    ALGORITHM_COMPRESSES_GRADIENT = 1,   /* node_encode_gradient: error feedback */
    ALGORITHM_COMPRESSES_DIFFERENCE = 2, /* to a copy that the receiver tracks: node_encode */
};

/* Faults that a program goes on after (flags).  Beneath one without flags the transport is
 * reliable: a lost message is sent again, one from or to a host that is down waits for it; and
 * hosts come back with the state that they had.  Handlers of a node run only while its host is up;
 * a gradient that a crash cuts is computed anew from its start. */
enum algorithm_survives {
    /* Messages that are lost.  Of a push that carries its weight an empty one arrives, which counts
     * in every wait and brings nothing; a pairwise average is given up (on_paired).  Parcels,
     * deltas and collectives stay reliable. */
    ALGORITHM_SURVIVES_LOSS = 1,
    /* A worker or server whose x is the initial one again, without momentum, in the middle of its
     * iteration.  What else the program keeps, it keeps. */
    ALGORITHM_SURVIVES_AMNESIA = 2,
};

struct algorithm_servers {
    uint32_t count;  /* shards; 0: none */
    bool co_located; /* server j shares the host of worker j mod n; else it has its own */
};

struct algorithm_ops {
    struct plugin plugin;
    bool uses_gradients; /* false: averaging only; needs no optimizer and no data */
    bool carries_weight; /* messages carry w (8 bytes more); deployable model is z = x / w */
    /* With these parameters z is x itself, and no message carries w (the ledger still counts it).
     * NULL: never. */
    bool (*ignores_weight)(const void *params);
    /* With these parameters a worker would deploy x / w as it is at any instant, not that of its
     * last finished iteration: programs whose x changes between iterations.  NULL: never. */
    bool (*deploys_live)(const void *params);
    /* With these parameters a message may be mixed iterations after it was sent: the trace shows by
     * how many (staleness, docs/trace.md).  NULL: never. */
    bool (*mixes_late)(const void *params);
    enum algorithm_mean mean;
    enum algorithm_optimizers optimizers;
    bool global_clock; /* learning-rate schedules read the run's epoch, not the worker's, unless
                          the scenario says otherwise: asynchronous programs */
    unsigned survives; /* enum algorithm_survives */
    /* With these parameters no message may be lost all the same.  NULL: never. */
    bool (*needs_all)(const void *params);
    size_t state_size;   /* 0: none */
    unsigned vectors;    /* own model-sized vectors of every instance, node_vector 1 .. vectors */
    unsigned travelling; /* the first of them that every push and mix moves with x */
    /* Gradients that a worker can compute at once (updaters that share its x); NULL: 1. */
    uint32_t (*slots)(const void *params);
    struct algorithm_servers (*servers)(const void *params, uint32_t workers); /* NULL: none */
    /* What a server keeps, of every worker for example; NULL: state_size bytes. */
    size_t (*server_state)(const void *params, uint32_t workers);
    unsigned (*compresses)(const void *params); /* enum algorithm_compression; NULL: nothing */
    /* Why these parameters don't go with a rule of such traits (COMPRESSOR_*) and a memory (enum
     * compressor_memory): "found top-k, but ar-sgd <reason>"; NULL: they do.  May be NULL. */
    const char *(*refuses_compressor)(const void *params, unsigned traits, int memory);
    /* enum topology_requirement flags demanded of every phase; NULL: uses no topology */
    unsigned (*topology)(const void *params);
    /* Contradictory parameters are refused with their path; may be NULL. */
    enum status (*check)(const void *params, uint32_t nodes, struct error *error);
    void (*start)(struct node *node);       /* at time 0 */
    void (*on_gradient)(struct node *node); /* a gradient is complete, in slot node_slot() */
    /* Bucket `bucket` of the gradient in slot node_slot() is complete; the last one is announced
     * by on_gradient. */
    void (*on_bucket)(struct node *node, uint32_t bucket);
    void (*on_ready)(struct node *node); /* the condition of node_await holds */
    void (*on_message)(struct node *node, const struct node_mail *mail); /* a parcel has come */
    void (*on_timer)(struct node *node, uint64_t tag);                   /* node_after's time */
    void (*on_collective)(struct node *node, const struct node_reduced *reduced);
    /* The pairwise average with `peer` is over, at both of the pair.  `averaged` false: refused, at
     * the one who asked; or lost, at whom the message was from and at the other. May be NULL. */
    void (*on_paired)(struct node *node, uint32_t peer, bool averaged);
    /* An outer optimizer stops the program inside node_next_iteration, which is false then, and
     * goes on here with the next iteration.  NULL: the program composes with none. */
    void (*on_resume)(struct node *node);
    /* Why these parameters compose with no outer optimizer ("found ..., but sgp <reason>"); NULL:
     * they do.  May be NULL. */
    const char *(*refuses_outer)(const void *params);
    /* Mixes in whatever is under way to this worker, before an outer average, and then calls
     * node_drained.  NULL: between two iterations nothing is. */
    void (*drain)(struct node *node);
    /* Does the present iteration end with an average over all workers?  An outer optimizer without
     * a period of its own takes the place of those.  NULL: the program has none. */
    bool (*averages)(struct node *node);
};
extern const struct plugin_registry algorithm_registry;

#endif
