/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * EquiStatic graphs: Song, Li, Jin, Shi, Yan, Yin, Yuan, "Communication-efficient topologies for
 * decentralized learning with O(1) consensus rate", NeurIPS 2022 (arXiv 2210.07881), section 3.
 *
 * Shifts a_1 .. a_M are drawn from 1 .. n-1 with replacement, P^a sends from i to i + a (mod n):
 *
 *     D-EquiStatic: W = 1/M sum_m ((n-1)/n P^(a_m) + I/n)        U-EquiStatic: (W + W') / 2
 *
 * The mean over the draws is J = 11'/n, and M >= 8 ln(2n/p) / (3 epsilon^2) shifts make
 * ||W - J|| < epsilon with probability 1 - p or more, whatever n is.  A shift drawn again adds to
 * its edge's weight, so degrees are below M; in the undirected graph a and n - a share an edge.
 *
 * Departure from the paper: without `epsilon` or `shifts`, M = ceil(log2 n), the degree of the
 * static exponential graph; and shifts that leave the graph unconnected (they and n have a common
 * divisor, ||W - J|| = 1 in the directed graph) are drawn again, from stream index 1, 2, ...
 *
 * Expected (test): n = 60, epsilon = 0.5, p = 0.1: M = 76, and nine of ten seeds or more below 0.5.
 */
#include "topologies/equistatic.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"
#include "topologies/params.h"

#define ROLE       3 /* of the stream */
#define MAX_DRAWS  10000
#define MAX_SHIFTS (INT64_C(1) << 24)

const struct field equistatic_params_table[] = {
    FIELD_AT(struct equistatic_params, shifts, FIELD_INTEGER, "null", .min = 1, .max = MAX_SHIFTS,
             .help = "number of shifts drawn; give this, or epsilon, or neither for ceil(log2 n)"),
    FIELD_AT(struct equistatic_params, epsilon, FIELD_REAL, "null", .min = FIELD_POSITIVE, .max = 1,
             .help = "consensus rate that the number of shifts, 8 ln(2n/failure)/(3 epsilon^2), "
                     "guarantees"),
    FIELD_AT(struct equistatic_params, failure, FIELD_REAL, "0.1", .min = FIELD_POSITIVE, .max = 1,
             .help = "probability with which the rate may be above epsilon"),
    FIELD_END,
};

struct equistatic {
    uint32_t nodes, count;
    uint32_t *shifts; /* distinct, ascending */
    double *by_shift; /* weight of shift 0 (self) .. n-1 */
};

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

static enum status choose_count(const struct equistatic_params *chosen, uint32_t nodes,
                                int64_t *count, struct error *error)
{
    double needed = 0;

    if (!field_integer_absent(chosen->shifts) && !field_real_absent(chosen->epsilon))
        return status_fail_at(error, "shifts", "expected at most one of shifts and epsilon");
    if (!field_integer_absent(chosen->shifts)) {
        *count = chosen->shifts;
        return STATUS_OK;
    }
    if (field_real_absent(chosen->epsilon)) {
        for (*count = 1; INT64_C(1) << *count < nodes; ++*count)
            ;
        return STATUS_OK;
    }
    needed = ceil(8 * log(2.0 * nodes / chosen->failure) / (3 * chosen->epsilon * chosen->epsilon));
    if (needed > (double)MAX_SHIFTS)
        return status_fail_at(error, "epsilon", "%g needs %.3g shifts, expected at most %lld",
                              chosen->epsilon, needed, (long long)MAX_SHIFTS);
    *count = needed < 1 ? 1 : (int64_t)needed;
    return STATUS_OK;
}

/* Counts shifts into by_shift; returns whether they connect all nodes. */
static bool draw(struct equistatic *made, int64_t count, uint64_t seed, uint64_t attempt)
{
    uint32_t nodes = made->nodes, divisor = nodes;
    struct rng rng;

    for (uint32_t i = 0; i < nodes; i++)
        made->by_shift[i] = 0;
    rng_open(&rng, seed, RNG_TOPOLOGY, ROLE, attempt, 0);
    for (int64_t m = 0; m < count && nodes > 1; m++) {
        uint32_t shift = 1 + (uint32_t)(rng_uniform(&rng) * (nodes - 1.0));

        made->by_shift[shift] += 1;
        divisor = common_divisor(divisor, shift);
    }
    return divisor == 1;
}

/* From counts to weights. */
static void set_weights(struct equistatic *made, int64_t count, bool both_ways)
{
    uint32_t nodes = made->nodes;
    double unit = (nodes - 1.0) / nodes / (double)count;

    for (uint32_t a = 1; both_ways && a <= nodes / 2; a++)
        made->by_shift[a] = made->by_shift[nodes - a] =
            (made->by_shift[a] + made->by_shift[nodes - a]) / 2;
    for (uint32_t a = 1; a < nodes; a++) {
        if (made->by_shift[a] == 0)
            continue;
        made->by_shift[a] *= unit;
        made->shifts[made->count++] = a;
    }
    made->by_shift[0] = 1.0 / nodes;
}

enum status equistatic_create(const void *params, uint32_t nodes, uint64_t seed, bool both_ways,
                              void **state, struct error *error)
{
    int64_t count = 1;
    enum status status = choose_count(params, nodes, &count, error);
    struct equistatic *made;
    uint64_t attempt = 0;

    if (status != STATUS_OK)
        return status;
    made = memory_alloc(sizeof *made);
    made->nodes = nodes;
    made->shifts = memory_array(nodes, sizeof *made->shifts);
    made->by_shift = memory_array(nodes, sizeof *made->by_shift);
    while (!draw(made, count, seed, attempt)) {
        if (++attempt < MAX_DRAWS)
            continue;
        equistatic_destroy(made);
        return status_fail_at(error, "shifts", "no connected graph of %u nodes in %d draws", nodes,
                              MAX_DRAWS);
    }
    set_weights(made, count, both_ways);
    *state = made;
    return STATUS_OK;
}

void equistatic_destroy(void *state)
{
    struct equistatic *made = state;

    if (!made)
        return;
    free(made->shifts);
    free(made->by_shift);
    free(made);
}

int64_t equistatic_period(const void *state, uint32_t nodes)
{
    (void)state;
    (void)nodes;
    return 1;
}

uint32_t equistatic_out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                              uint32_t *peers)
{
    const struct equistatic *made = state;

    (void)phase;
    for (uint32_t i = 0; i < made->count; i++)
        peers[i] = (uint32_t)(((uint64_t)node + made->shifts[i]) % nodes);
    return made->count;
}

uint32_t equistatic_in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                             uint32_t *peers)
{
    const struct equistatic *made = state;

    (void)phase;
    for (uint32_t i = 0; i < made->count; i++)
        peers[i] = (uint32_t)(((uint64_t)node + nodes - made->shifts[i]) % nodes);
    return made->count;
}

uint32_t equistatic_max_degree(const void *state, uint32_t nodes)
{
    const struct equistatic *made = state;

    (void)nodes;
    return made->count;
}

uint32_t equistatic_degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)node;
    (void)phase;
    return equistatic_max_degree(state, nodes);
}

double equistatic_weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to,
                         int64_t phase)
{
    const struct equistatic *made = state;

    (void)phase;
    return made->by_shift[to >= from ? to - from : nodes - from + to];
}
