/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts and their compute units: speeds, gradient times, stragglers and serial resources.
 *
 * A compute unit is an accelerator; it stands on a host, which may have several or none.
 *
 * Gradient time of unit u on host h at iteration k, a pure function of (seed, u, h, k):
 *   draw(u, k) from `gradient_time` (keyed stream RNG_COMPUTE) x (batch / reference_batch)
 *   x 1/speed(h) x every straggler entry that hits (h, k): a slow host slows all its units.
 * It saturates at a quarter of what simulated time holds (26 days), so that a heavy tail can't
 * overflow the clock.  A host's speed acts on what its accelerators do (gradients, optimizer
 * steps), not on reductions and copies. A serial resource does one thing at a time, in the order of
 * requests.
 */
#ifndef HEARSAY_CLUSTER_CLUSTER_H
#define HEARSAY_CLUSTER_CLUSTER_H

#include <stdint.h>

#include "cluster/network.h"
#include "core/engine.h"
#include "core/plugin.h"
#include "core/rng.h"
#include "core/status.h"

/* The distribution of gradient times, one file or table entry each: constant, uniform, exponential,
 * shifted-exponential, gamma, lognormal, weibull, pareto, two-mode, trace. */
struct distribution_ops {
    struct plugin plugin;
    /* Checks parameters ("max" below "min"); builds state such as a trace file; may be NULL. */
    enum status (*create)(const void *params, void **state, struct error *error);
    void (*destroy)(void *state);
    /* One draw in seconds, >= 0. unit and step are for trace replay. */
    double (*draw)(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step);
    double (*mean_s)(const void *params, const void *state); /* NaN where unknown */
};
extern const struct plugin_registry distribution_registry;

/* One straggler entry. Which hosts: first..last (default all). When: with `probability` at each
 * step (keyed RNG_STRAGGLER; default 1), within the simulated-step window from_step..to_step. */
struct straggler_config {
    int64_t first, last;        /* hosts, inclusive; last absent: `first` alone; both absent: all */
    double probability;         /* of each step; 1: persistent */
    double slowdown;            /* factor on the gradient time, > 0 */
    int64_t from_step, to_step; /* transient: only these iterations, inclusive; absent: all */
};

struct speed_override {
    int64_t first, last;
    double speed; /* 2 = twice as fast */
};

struct compute_config {
    struct plugin_choice gradient_time; /* distribution_registry */
    int64_t reference_batch;            /* gradient_time is stated for this batch; absent: as is */
    double forward_share;               /* of a gradient's time; default 1/3 (forward : backward
                                           = 1 : 2) */
    struct field_list speeds;           /* struct speed_override; a later entry wins */
    struct field_list stragglers;       /* struct straggler_config */
    double step_s;                      /* optimizer step, seconds on `accelerator`; default 0 */
    double reduction_byte_rate;         /* bytes/s that `host` reduces at; 0: free */
    double
        copy_byte_rate; /* host-device copies, bytes/s; 0: free.  No key yet: no program copies */
};
extern const struct field compute_fields[];

enum cluster_resource {
    CLUSTER_ACCELERATOR, /* one a compute unit; the others: one a host */
    CLUSTER_HOST,
    CLUSTER_COPY,
    CLUSTER_RESOURCES, /* nic_tx and nic_rx are the network's own */
};

/* Which machines there are.  A host without a unit serves, or only passes messages on. */
struct cluster_layout {
    uint32_t hosts, units;
    const uint32_t *host_of_unit; /* of each unit; copied; NULL: unit u on host u */
};

/* Builds the hosts and their network.  The configs' parameters and lists must outlive the cluster.
 * Paths in errors are the scenario's: "compute.stragglers[0].last", "network.hosts[1].first". */
struct cluster;

struct cluster_seeds {
    uint64_t compute, network;
};

enum status cluster_create(struct cluster **cluster, struct engine *engine,
                           const struct compute_config *compute,
                           const struct network_config *network,
                           const struct cluster_layout *layout, int64_t batch_size,
                           struct cluster_seeds seeds, struct error *error);
void cluster_free(struct cluster *cluster);
struct network *cluster_network(struct cluster *cluster);
uint32_t cluster_hosts(const struct cluster *cluster);
uint32_t cluster_units(const struct cluster *cluster);
uint32_t cluster_host_of_unit(const struct cluster *cluster, uint32_t unit);

/* Time of a unit's gradient number `step` (0-based); its forward part; and of an optimizer step. */
int64_t cluster_gradient_ps(const struct cluster *cluster, uint32_t unit, int64_t step);
int64_t cluster_forward_ps(const struct cluster *cluster, int64_t gradient_ps);
int64_t cluster_step_ps(const struct cluster *cluster, uint32_t unit);
int64_t cluster_reduction_ps(const struct cluster *cluster, uint32_t host, int64_t bytes);
int64_t cluster_copy_ps(const struct cluster *cluster, uint32_t host, int64_t bytes);

/* Queues `duration_ps` of work on a serial resource, `index` a unit for CLUSTER_ACCELERATOR and a
 * host for the others; returns when it begins, and *end_ps.  The caller pushes its own completion
 * event at *end_ps (class EVENT_CLASS_COMPUTE). */
int64_t cluster_occupy(struct cluster *cluster, uint32_t index, enum cluster_resource resource,
                       int64_t duration_ps, int64_t *end_ps);
/* Cuts the last occupation short, from from_ps >= now on (a cancelled gradient); what was queued
 * before it stays, so one that has not begun by then is taken out whole.  No effect when it has
 * ended by then.  The caller cancels its own completion event. */
void cluster_release(struct cluster *cluster, uint32_t index, enum cluster_resource resource,
                     int64_t from_ps);

#endif
