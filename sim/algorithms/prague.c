/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prague: partial all-reduce among random or scheduled groups.
 *
 * Luo, He, Zhuo, Qian: Prague: High-Performance Heterogeneity-Aware Asynchronous Decentralized
 * Training, ASPLOS 2020, figure 5 and sections 4, 5.  Worker i, round k:
 *
 *   1  g = gradient at x_i;  x_i <- x_i - gamma g
 *   2  P-Reduce: x_j <- (1 / |G|) sum over G of x, for all j of i's group G of round k
 *
 * The mixing matrix of a group is doubly stochastic, so the mean is kept whatever the groups are.
 *
 * What is modelled of the group generator: the groups of round k are a partition of all workers
 * into groups of `group_size` (the last one smaller where it does not divide), so that no two
 * groups of a round conflict; in the paper a generator draws groups as workers ask and serializes
 * those that overlap.  schedule "random": the partition is a fresh uniform draw, the same at every
 * worker.  schedule "static": the authors' idea of a fixed, periodic rule; ours is blocks of
 * consecutive ranks, in each round further by half a group, so that all are joined.
 *
 * Timing: the all-reduce of a group begins when its members have finished their steps of round k
 * (each enters by itself), and nobody waits for anybody else: a slow worker holds its own group,
 * in the next round those that its partners meet, and so on.  Nothing overlaps within a worker.
 *
 * Faults: collectives are reliable: a loss or a partition is a delay. A worker that is down holds
 * its group and, as partitions change, everybody in the end, until it is back (never: a deadlock
 * that names its host); with its state lost its group averages the initial model in.
 * Expected (tests/unit/test_prague.c): group_size n is AR-SGD with average "parameters" to the
 * bit; group_size 1 sends nothing; random groups of g among n shrink the squared distance from the
 * mean by (n - g) / (g (n - 1)) a round in expectation where g divides n.
 */
#include "algorithms/algorithm.h"

#define GROUPS 0 /* role of the common draws */

enum prague_schedule { PRAGUE_RANDOM, PRAGUE_STATIC };

struct prague_params {
    int64_t group_size;
    int schedule;
    struct plugin_choice collective;
};

static const char *const prague_schedules[] = {"random", "static", NULL};

static const struct field prague_fields[] = {
    FIELD_AT(struct prague_params, group_size, FIELD_INTEGER, "3", .min = 1, .max = 1e6,
             .help = "workers that average in one partial all-reduce"),
    FIELD_AT(struct prague_params, schedule, FIELD_ENUM, "\"random\"", .names = prague_schedules,
             .help = "groups drawn anew in each round, or blocks of ranks that move on"),
    FIELD_AT(struct prague_params, collective, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the schedule of a group's all-reduce"),
    FIELD_END,
};

static enum status prague_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct prague_params *params = erased;
    if (params->group_size <= nodes)
        return STATUS_OK;
    return status_fail_at(error, "algorithm.group_size",
                          "found %lld with %u nodes, expected their number at most",
                          (long long)params->group_size, nodes);
}

/* The place of every worker in the line that round k cuts into groups. */
static void place_workers(const struct node *node, int64_t round, uint32_t *place)
{
    const struct prague_params *params = node_params(node);
    uint32_t count = node_count(node);
    int64_t step = params->group_size > 1 ? params->group_size / 2 : 1;
    struct rng rng;
    for (uint32_t rank = 0; rank < count; rank++)
        place[rank] = (uint32_t)((rank + round % count * step) % count);
    if (params->schedule == PRAGUE_STATIC)
        return;
    gsl_rng *draw = node_common_random(node, &rng, GROUPS, round);
    for (uint32_t last = count - 1; last > 0; last--) {
        uint32_t other = (uint32_t)gsl_rng_uniform_int(draw, last + 1);
        uint32_t moved = place[last];
        place[last] = place[other];
        place[other] = moved;
    }
}

/* The own group of a round into members[], ascending; returns its size. */
static uint32_t find_group(struct node *node, int64_t round, uint32_t *members)
{
    const struct prague_params *params = node_params(node);
    uint32_t *place = members, size = (uint32_t)params->group_size, found = 0;
    place_workers(node, round, place);
    uint32_t group = place[node_rank(node)] / size;
    for (uint32_t rank = 0; rank < node_count(node); rank++)
        if (place[rank] / size == group)
            members[found++] = rank; /* found <= rank: a place that has been read */
    return found;
}

static void start_step(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

static void end_round(struct node *node)
{
    if (node_next_iteration(node))
        start_step(node);
}

/* Lines 1 and 2. */
static void prague_on_gradient(struct node *node)
{
    const struct prague_params *params = node_params(node);
    uint32_t *members = node_ranks(node);
    node_step(node, node_gradient(node), node_x(node));
    uint32_t size = find_group(node, node_iteration(node), members);
    if (size == 1) {
        end_round(node);
        return;
    }
    node_reduce(node, &(struct node_reduction){.choice = &params->collective,
                                               .members = members,
                                               .member_count = size,
                                               .round = node_iteration(node),
                                               .vectors = {node_x(node)},
                                               .vector_count = 1,
                                               .scale = 1.0 / size,
                                               .replaces_x = true});
}

static void prague_on_collective(struct node *node, const struct node_reduced *reduced)
{
    node_replace_x(node, reduced->vectors[0]);
    end_round(node);
}

const struct algorithm_ops prague_ops = {
    .plugin = {.name = "prague",
               .summary = "SGD with partial all-reduce: random groups average after every step",
               .reference = "Luo, He, Zhuo, Qian (ASPLOS 2020)",
               .params = prague_fields,
               .params_size = sizeof(struct prague_params)},
    .uses_gradients = true,
    .check = prague_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = start_step,
    .on_gradient = prague_on_gradient,
    .on_collective = prague_on_collective,
    .on_resume = start_step,
};
