/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the suites of collectives share: a cluster whose ranks enter one operation at given times,
 * and independent references of how long that takes.
 */
#ifndef HEARSAY_TESTS_UNIT_COLLECTIVE_WORLD_H
#define HEARSAY_TESTS_UNIT_COLLECTIVE_WORLD_H

#include "collectives/collective.h"
#include "collectives/tree.h"

#define WORLD_RANKS 256

/* The parameters of `hierarchical`. */
struct hierarchical_like {
    int64_t group;
    struct plugin_choice inter;
};

struct world {
    struct engine *engine;
    struct cluster *cluster;
    struct collectives *collectives;
    const uint32_t *hosts; /* of each rank; NULL: a host each */
    const int64_t *parts;  /* bytes of each rank in an all-gather; NULL: equal ones */
    uint32_t kind_enter;
    uint64_t operation;
    int64_t done_ps[WORLD_RANKS]; /* when each rank got its result */
    uint32_t done_count;
    bool inside; /* of collectives_enter */
};

/* An all-reduce or an all-gather. */
const struct collective_ops *world_schedule(const char *name);
struct plugin_choice world_choice(const char *name, const void *params);
struct compute_config world_compute(double reduction_byte_rate);
/* 10 Gbps */
struct network_config world_network(enum network_model model, double latency_s, double overhead_s);
void world_init(struct world *world, uint32_t hosts, const struct compute_config *compute,
                const struct network_config *network);
void world_init_layout(struct world *world, const struct cluster_layout *layout,
                       const struct compute_config *compute, const struct network_config *network);
void world_fini(struct world *world);
/* Plays until nothing happens any more. */
void world_run(struct world *world);
/* Plays one operation; entry_ps may be NULL: all at 0. */
void world_play(struct world *world, const struct plugin_choice *choice, uint32_t n, int64_t bytes,
                int64_t element_bytes, const int64_t *entry_ps);
void world_play_plain(struct world *world, const struct collective_ops *ops, uint32_t n,
                      int64_t bytes, int64_t element_bytes, const int64_t *entry_ps);
int64_t world_latest_ps(const struct world *world, uint32_t n);
/* Entries up to 40 us apart, the same everywhere. */
int64_t world_staggered_ps(uint32_t rank, uint64_t seed);
/* An upper bound of what rounding each message up adds over `steps`. */
void world_check_near(int64_t found_ps, double expected_s, uint32_t steps, uint32_t rank);

uint32_t reference_floor_log2(uint32_t n);
uint32_t reference_ceil_log2(uint32_t n);
/* Ring, recursive doubling, halving-doubling: semantics, "All-reduce times", written down anew. */
extern const char *const reference_names[];
double reference_closed_form(int which, uint32_t n, double a, double b, double g, double m);
/* Any schedule, as messages: a message leaves when its sender is at its step and its receiver has
 * taken those of earlier steps; a rank leaves a step when it has sent, taken and added.  `times`:
 * of entry, then of the result. */
void reference_messages(const struct plugin_choice *choice, uint32_t n, int64_t bytes, double a,
                        double b, double g, double *times);

#endif
