/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The k-peer hyper-hypercube graph: Takezawa, Sato, Bao, Niwa, Yamada, "Beyond exponential graph:
 * communication-efficient topologies for decentralized learning via finite-time convergence",
 * NeurIPS 2023 (arXiv 2305.11420), algorithm 1.
 *
 * Write n = f_1 f_2 ... f_L with all f_l <= k + 1, L as small as possible.  In round l the nodes
 * that differ only in their l-th digit (stride f_1 ... f_{l-1}) average, weights 1/f_l.  The
 * product of the L rounds is J/n.  It exists where no prime factor of n exceeds k + 1.
 *
 * Expected (test): n = 12: k = 1 refused, k = 2 three rounds, k = 3 two rounds, k = 11 one.
 */
#include "topologies/hyper_hypercube.h"

#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "topologies/params.h"
#include "topologies/topology.h"

static const struct field params[] = {
    FIELD_AT(struct hyper_hypercube_params, max_degree, FIELD_INTEGER, "1", .min = 1,
             .max = UINT32_MAX,
             .help = "the most peers of a node in a round; no prime factor of the number of nodes "
                     "may exceed max_degree + 1"),
    FIELD_END,
};

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* All divisors of n, ascending. */
static uint32_t *divisors(uint32_t nodes, size_t *count)
{
    size_t capacity = 0;
    uint32_t *found = memory_grow(NULL, &capacity, 2, sizeof *found);

    *count = 0;
    for (uint64_t d = 1; d * d <= nodes; d++) {
        if (nodes % d != 0)
            continue;
        if (*count + 2 > capacity)
            found = memory_grow(found, &capacity, *count + 2, sizeof *found);
        found[(*count)++] = (uint32_t)d;
        if (d * d != nodes)
            found[(*count)++] = nodes / (uint32_t)d;
    }
    qsort(found, *count, sizeof *found, compare_u32);
    return found;
}

/* fewest[i]: the least number of factors of divisor i (0: none but for 1); first[i]: one of them.
 * The largest factor first is not always best: 216 = 8 x 3 x 3 x 3, but also 6 x 6 x 6. */
static void find_fewest(const uint32_t *divisor, size_t count, uint64_t largest, uint32_t *fewest,
                        uint32_t *first)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j >= 1; j--) {
            uint32_t rest = divisor[i] / divisor[j], *at, length;

            if (divisor[j] > largest || divisor[i] % divisor[j] != 0)
                continue;
            at = bsearch(&rest, divisor, count, sizeof *divisor, compare_u32);
            length = fewest[at - divisor] + 1;
            if (rest != 1 && length == 1)
                continue; /* the rest has no factors */
            if (fewest[i] == 0 || length < fewest[i]) {
                fewest[i] = length;
                first[i] = divisor[j];
            }
        }
    }
}

bool hyper_hypercube_factor(struct hyper_hypercube *cube, uint32_t nodes, int64_t max_degree)
{
    size_t count, i;
    uint32_t *divisor = divisors(nodes, &count);
    uint32_t *fewest = memory_array(count, sizeof *fewest);
    uint32_t *first = memory_array(count, sizeof *first);
    bool possible;

    *cube = (struct hyper_hypercube){.nodes = nodes};
    find_fewest(divisor, count, (uint64_t)max_degree + 1, fewest, first);
    i = count - 1;
    possible = i == 0 || fewest[i] > 0;
    while (possible && i > 0) {
        uint32_t rest = divisor[i] / first[i], *at;

        cube->factors[cube->rounds++] = first[i];
        at = bsearch(&rest, divisor, count, sizeof *divisor, compare_u32);
        i = (size_t)(at - divisor);
    }
    free(divisor);
    free(fewest);
    free(first);
    return possible;
}

uint32_t hyper_hypercube_peers(const struct hyper_hypercube *cube, uint32_t round, uint32_t node,
                               uint32_t *peers)
{
    uint32_t factor = cube->factors[round], stride = 1, digit, found = 0;

    for (uint32_t i = 0; i < round; i++)
        stride *= cube->factors[i];
    digit = node / stride % factor;
    for (uint32_t other = 0; peers && other < factor; other++)
        if (other != digit)
            peers[found++] = node - digit * stride + other * stride;
    return factor - 1;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct hyper_hypercube_params *chosen = data;
    struct hyper_hypercube *cube = memory_alloc(sizeof *cube);

    (void)seed;
    if (hyper_hypercube_factor(cube, nodes, chosen->max_degree)) {
        *state = cube;
        return STATUS_OK;
    }
    free(cube);
    return status_fail_at(error, "max_degree",
                          "%lld, but %u nodes have a prime factor above %lld; use "
                          "\"base-k-plus-one\", which exists for every number of nodes",
                          (long long)chosen->max_degree, nodes, (long long)chosen->max_degree + 1);
}

static int64_t period(const void *state, uint32_t nodes)
{
    const struct hyper_hypercube *cube = state;

    (void)nodes;
    return cube->rounds > 0 ? cube->rounds : 1;
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    const struct hyper_hypercube *cube = state;

    (void)nodes;
    return cube->rounds == 0 ? 0 : hyper_hypercube_peers(cube, (uint32_t)phase, node, peers);
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    const struct hyper_hypercube *cube = state;
    uint32_t most = 1;

    (void)nodes;
    for (uint32_t i = 0; i < cube->rounds; i++)
        if (cube->factors[i] > most)
            most = cube->factors[i];
    return most - 1;
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    return peers_of(state, nodes, node, phase, NULL);
}

extern const struct topology_ops hyper_hypercube_ops;
const struct topology_ops hyper_hypercube_ops = {
    .plugin = {.name = "hyper-hypercube",
               .summary = "groups of at most max_degree + 1 average along one digit a round",
               .reference = "Takezawa et al., NeurIPS 2023",
               .params = params,
               .params_size = sizeof(struct hyper_hypercube_params)},
    .likeness = TOPOLOGY_TRANSITIVE,
    .create = create,
    .destroy = free,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
    .degree = degree,
};
