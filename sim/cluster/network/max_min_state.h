/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files max_min*.c share; nobody else includes this.
 *
 * Bytes are accounted by virtual clocks instead of per-flow updates.  Every flow is owned by one
 * link of lowest level on its path; a link's clock advances at its level, so that a flow which it
 * owns ends when the clock reaches the flow's key (clock at joining + bytes then remaining).  Keys
 * stay valid while the owner stays, whatever its level does.
 */
#ifndef HEARSAY_CLUSTER_NETWORK_MAX_MIN_STATE_H
#define HEARSAY_CLUSTER_NETWORK_MAX_MIN_STATE_H

#include "cluster/network/max_min.h"
#include "cluster/network/max_min_ranks.h"
#include "cluster/network/max_min_tree.h"

#define MAX_MIN_NONE  UINT32_MAX
#define MAX_MIN_LANES 4 /* o_f summed side by side */

/* One flow in a link's row. */
struct max_min_entry {
    uint32_t flow;
    uint32_t other; /* the other link of a two-link path; a level slot that is always infinite for a
                       one-link path; MAX_MIN_NONE: look at the flow */
};

struct max_min_owned {
    double key;
    uint32_t flow;
};

struct max_min_flow {
    double remaining; /* bytes, while there is no owner */
    uint64_t order;   /* adds so far */
    uint32_t tag;
    uint32_t owned_at; /* index in the owner's `owned`; of a free flow: the next free one */
    uint32_t hops;     /* 0: free */
    uint32_t path[MAX_MIN_HOPS];
    uint32_t at[MAX_MIN_HOPS]; /* index in the row of each link */
    uint64_t fixed;            /* number of the refill that gave it its rate */
};

enum max_min_touch {
    MAX_MIN_TOUCH_LEVEL = 1, /* its level changed: owners of its flows may change */
    MAX_MIN_TOUCH_KEYS = 2,  /* a flow that it owned went: the smallest key is unknown */
    MAX_MIN_TOUCH_NEXT = 4,  /* its next completion must be computed anew */
};

struct max_min_link {
    double capacity;
    double slack;   /* lower bound of capacity - sum of o_f; only while the level is infinite */
    double clock;   /* bytes; 0 whenever the link owns nothing */
    double min_key; /* smallest key of `owned` */
    int64_t clock_ps;
    struct max_min_entry *row;
    size_t row_count, row_capacity;
    struct max_min_owned *owned;
    size_t owned_count, owned_capacity;
    unsigned touched; /* enum max_min_touch, since the last resolve */
};

struct max_min_share { /* an entry of the refill's heap */
    double share;
    uint32_t link;
};

struct max_min {
    uint32_t links;
    int64_t now_ps; /* of the last resolve or collect */
    double *level;  /* links + 1; the last is always infinite */
    struct max_min_link *link;

    struct max_min_flow *flow;
    uint32_t *owner; /* of each flow: a link, or MAX_MIN_NONE from add to resolve */
    size_t flow_capacity, owner_capacity, flow_used, flow_count;
    uint32_t flow_free; /* head of the free list */
    uint64_t order;

    uint32_t *fresh; /* flows without an owner */
    size_t fresh_count, fresh_capacity;
    uint32_t *touched; /* links with `touched` set */
    uint32_t touched_count;
    struct max_min_ended *ended; /* of the last collect */
    size_t ended_count, ended_capacity;

    struct max_min_ranks dirty; /* links whose equation may not hold */
    struct max_min_tree next;   /* next completion of each link */

    double *gathered; /* scratch of an evaluation: the longest row, in whole lanes */
    size_t gathered_capacity;

    uint64_t evaluations; /* since the ranks were sorted */
    uint64_t refills;
    struct max_min_share *heap; /* `links` entries each */
    double *old_level, *left;
    uint32_t *unfixed;
};

/* max_min_ripple.c */
double max_min_evaluate(struct max_min *solver, uint32_t link);
bool max_min_same_level(double a, double b);
bool max_min_ripple(struct max_min *solver);

/* max_min_refill.c: all levels from scratch; clears the dirty set. */
void max_min_refill(struct max_min *solver);

/* max_min_clock.c */
void max_min_touch(struct max_min *solver, uint32_t link, unsigned what);
/* Brings a link's clock to now_ps; always before its level changes. */
void max_min_clock_sync(struct max_min *solver, uint32_t link);
/* When the clock of `link` reaches `key`. */
int64_t max_min_clock_due_ps(const struct max_min *solver, uint32_t link, double key);
void max_min_clock_disown(struct max_min *solver, uint32_t flow);
/* After the levels: owners, keys and next completions. */
void max_min_clock_settle(struct max_min *solver);

#endif
