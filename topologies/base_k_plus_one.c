/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Base-(k+1) graphs: exact averaging of any number of nodes in finitely many rounds of at most
 * k peers.  Takezawa, Sato, Bao, Niwa, Yamada, NeurIPS 2023 (arXiv 2305.11420), algorithms 2, 3.
 *
 * Simple: without prime factors above k + 1 it is the hyper-hypercube.  Otherwise
 * n = a_1 (k+1)^p_1 + ... + a_L (k+1)^p_L, p_1 > p_2 > ..., 1 <= a_l <= k, and block V_l of
 * n_l = a_l (k+1)^p_l nodes consists of a_l parts of (k+1)^p_l.
 *   1. Hyper-hypercube rounds of every V_l: each holds its own average.
 *   2. Stage l = 1 .. L-1: each node of the later blocks exchanges with one node of each part of
 *      V_l, weight n_l / (a_l (n_l + ... + n_L)).  Every part of V_l, and the later blocks
 *      together, have then the average of all.  Nodes of V_l that are left over average in groups
 *      of k + 1; they hold the same, but for what gradients have added since.
 *   3. After its stage, V_l makes the hyper-hypercube rounds of its parts.
 * With m_1 rounds in step 1 the length is m_1 + 1 + p_1 <= 2 log_{k+1} n + 2 where L > 1.  Blocks
 * that are done sooner repeat their rounds, which changes no average.
 *
 * Base: with p the largest divisor of n free of primes above k + 1 and q = n / p, p simple graphs
 * of q nodes followed by q hyper-hypercubes of p nodes, where this is shorter.
 *
 * Expected (test): k = 1: n = 5 takes 5 rounds, n = 6 takes 5 (simple) or 4 (base), n = 8 takes 3.
 */
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "topologies/hyper_hypercube.h"
#include "topologies/params.h"
#include "topologies/topology.h"

#define MAX_BLOCKS 32

static const char *const variant_names[] = {"simple", "base", NULL};

static const struct field params[] = {
    FIELD_AT(struct base_k_plus_one_params, max_degree, FIELD_INTEGER, "1", .min = 1,
             .max = UINT32_MAX, .help = "k, the most peers of a node in a round"),
    FIELD_AT(struct base_k_plus_one_params, variant, FIELD_ENUM, "\"base\"", .names = variant_names,
             .help = "simple: algorithm 2 of the paper; base: algorithm 3, never longer"),
    FIELD_END,
};

struct block {
    uint32_t start, parts, size;         /* of a part, a power of k + 1 */
    struct hyper_hypercube whole, apart; /* of all parts; of one */
};

struct simple {
    uint32_t nodes, averaging, rounds; /* averaging: rounds of step 1 */
    uint64_t group;                    /* k + 1 */
    uint32_t count;
    struct block blocks[MAX_BLOCKS];
};

struct base {
    struct simple simple;
    struct hyper_hypercube across; /* between copies of the simple graph; of one node: none */
    uint32_t max_degree;
};

/* The peers of one node, all of equal weight. */
struct peers {
    uint32_t *list; /* NULL: only counted */
    uint32_t count;
    double weight;
};

static void add_block(struct simple *simple, uint32_t start, uint32_t parts, uint32_t size)
{
    struct block *block = &simple->blocks[simple->count++];
    int64_t degree = (int64_t)simple->group - 1;

    *block = (struct block){.start = start, .parts = parts, .size = size};
    hyper_hypercube_factor(&block->whole, parts * size, degree);
    hyper_hypercube_factor(&block->apart, size, degree);
}

static void simple_create(struct simple *simple, uint32_t nodes, int64_t max_degree)
{
    struct hyper_hypercube cube;
    uint64_t power = 1;
    uint32_t start = 0;

    *simple = (struct simple){.nodes = nodes, .group = (uint64_t)max_degree + 1};
    if (hyper_hypercube_factor(&cube, nodes, max_degree)) {
        simple->count = 1;
        simple->blocks[0] = (struct block){.parts = 1, .size = nodes, .whole = cube};
        simple->averaging = simple->rounds = cube.rounds;
        return;
    }
    while (power * simple->group <= nodes)
        power *= simple->group;
    for (; power > 0; power /= simple->group) {
        uint32_t parts = (nodes - start) / (uint32_t)power;

        if (parts > 0)
            add_block(simple, start, parts, (uint32_t)power);
        start += parts * (uint32_t)power;
    }
    simple->averaging = simple->blocks[0].whole.rounds;
    simple->rounds = simple->averaging + 1 + simple->blocks[0].apart.rounds;
}

/* Rounds of a hyper-hypercube that start with node `start`. */
static void average(const struct hyper_hypercube *cube, uint32_t round, uint32_t start,
                    uint32_t node, struct peers *peers)
{
    if (cube->rounds == 0)
        return;
    peers->count = hyper_hypercube_peers(cube, round % cube->rounds, node - start, peers->list);
    peers->weight = 1.0 / (peers->count + 1.0);
    for (uint32_t i = 0; peers->list && i < peers->count; i++)
        peers->list[i] += start;
}

/* A node of the stage's own block: its partner in the later blocks, or the others left over. */
static void serve_later(const struct simple *simple, const struct block *block, uint32_t node,
                        struct peers *peers)
{
    uint32_t later = block->start + block->parts * block->size, rest = simple->nodes - later;
    uint32_t part = (node - block->start) / block->size, own = (node - block->start) % block->size;
    uint32_t left = block->size - rest;
    uint64_t place, first, end;

    if (own < rest) {
        peers->count = 1;
        peers->weight = (double)block->size / (simple->nodes - block->start);
        if (peers->list)
            peers->list[0] = later + own;
        return;
    }
    place = (uint64_t)part * left + own - rest;
    first = place - place % simple->group;
    end = first + simple->group;
    if (end > (uint64_t)block->parts * left)
        end = (uint64_t)block->parts * left;
    for (uint64_t i = first; i < end; i++) {
        if (i == place)
            continue;
        if (peers->list)
            peers->list[peers->count] =
                block->start + (uint32_t)(i / left) * block->size + rest + (uint32_t)(i % left);
        peers->count++;
    }
    peers->weight = 1.0 / (double)(end - first);
}

/* A node of a later block: one node of each part of the stage's block. */
static void ask_earlier(const struct simple *simple, const struct block *block, uint32_t node,
                        struct peers *peers)
{
    uint32_t own = node - (block->start + block->parts * block->size);

    peers->count = block->parts;
    peers->weight = (double)block->size / (simple->nodes - block->start);
    for (uint32_t i = 0; peers->list && i < block->parts; i++)
        peers->list[i] = block->start + i * block->size + own;
}

static void simple_peers(const struct simple *simple, uint32_t node, uint32_t phase,
                         struct peers *peers)
{
    uint32_t l = simple->count - 1, stage, last = simple->count - 1;
    const struct block *block;

    while (node < simple->blocks[l].start)
        l--;
    block = &simple->blocks[l];
    if (phase < simple->averaging) {
        average(&block->whole, phase, block->start, node, peers);
        return;
    }
    stage = phase - simple->averaging;
    if (stage < last && stage < l) {
        ask_earlier(simple, &simple->blocks[stage], node, peers);
    } else if (stage < last && stage == l) {
        serve_later(simple, block, node, peers);
    } else {
        uint32_t part = (node - block->start) / block->size;

        average(&block->apart, stage - (l == last ? last : l + 1),
                block->start + part * block->size, node, peers);
    }
}

static struct peers find(const struct base *base, uint32_t node, int64_t phase, uint32_t *list)
{
    const struct simple *simple = &base->simple;
    uint32_t own = node % simple->nodes, copy = node / simple->nodes;
    struct peers peers = {.list = list};

    if (phase < simple->rounds) {
        simple_peers(simple, own, (uint32_t)phase, &peers);
        for (uint32_t i = 0; list && i < peers.count; i++)
            list[i] += copy * simple->nodes;
    } else if (phase < (int64_t)simple->rounds + base->across.rounds) {
        average(&base->across, (uint32_t)phase - simple->rounds, 0, copy, &peers);
        for (uint32_t i = 0; list && i < peers.count; i++)
            list[i] = list[i] * simple->nodes + own;
    }
    return peers;
}

/* The largest divisor without prime factors above `most`. */
static uint32_t smooth_divisor(uint32_t nodes, uint64_t most)
{
    uint32_t divisor = 1, rest = nodes;

    for (uint64_t prime = 2; prime <= most && prime <= rest; prime++) {
        while (rest % prime == 0) {
            rest /= (uint32_t)prime;
            divisor *= (uint32_t)prime;
        }
    }
    return divisor;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct base_k_plus_one_params *chosen = data;
    struct base *base = memory_alloc(sizeof *base);
    int64_t k = chosen->max_degree < nodes ? chosen->max_degree : nodes;
    uint32_t copies;

    (void)seed;
    (void)error;
    simple_create(&base->simple, nodes, k);
    hyper_hypercube_factor(&base->across, 1, k);
    base->max_degree = k < nodes ? (uint32_t)k : nodes - 1;
    copies = smooth_divisor(nodes, (uint64_t)k + 1);
    if (chosen->variant == BASE_K_PLUS_ONE_BASE && copies > 1 && copies < nodes) {
        struct hyper_hypercube across;
        struct simple split;

        simple_create(&split, nodes / copies, k);
        hyper_hypercube_factor(&across, copies, k);
        if (split.rounds + across.rounds < base->simple.rounds) {
            base->simple = split;
            base->across = across;
        }
    }
    *state = base;
    return STATUS_OK;
}

static int64_t period(const void *state, uint32_t nodes)
{
    const struct base *base = state;
    int64_t rounds = (int64_t)base->simple.rounds + base->across.rounds;

    (void)nodes;
    return rounds > 0 ? rounds : 1;
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    (void)nodes;
    return find(state, node, phase, peers).count;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    const struct base *base = state;

    (void)nodes;
    return base->max_degree;
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)nodes;
    return find(state, node, phase, NULL).count;
}

static double weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to, int64_t phase)
{
    struct peers peers = find(state, from, phase, NULL);

    (void)nodes;
    return from == to ? 1 - peers.count * peers.weight : peers.weight;
}

extern const struct topology_ops base_k_plus_one_ops;
const struct topology_ops base_k_plus_one_ops = {
    .plugin = {.name = "base-k-plus-one",
               .summary = "exact averages of any number of nodes in about 2 log n rounds of at "
                          "most k peers",
               .reference = "Takezawa et al., NeurIPS 2023",
               .params = params,
               .params_size = sizeof(struct base_k_plus_one_params)},
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = free,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
    .degree = degree,
    .weight = weight,
};
