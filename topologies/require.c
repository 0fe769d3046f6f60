/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What algorithms demand of a topology, checked at every phase from the rows and columns of single
 * nodes, so that no matrix is built.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "topologies/internal.h"
#include "topologies/lanczos.h"
#include "topologies/rounds.h"

#define SPECTRUM_NODES 512 /* no check computes a spectrum of more */

struct check {
    const struct topology *topology;
    const char *algorithm;
    struct error *error;
    int64_t phase;
    uint32_t node, out_count, in_count;
    struct topology_edge *out, *in;
    double self;
};

static const char *weights_name(const struct topology *topology)
{
    if (topology->weights != TOPOLOGY_WEIGHTS_DEFAULT)
        return topology_weight_names[topology->weights];
    return topology->ops->weight ? "own" : topology_weight_names[TOPOLOGY_WEIGHTS_UNIFORM];
}

/* "D-PSGD needs <what>; 'star' with uniform weights <found> at phase 0, node 0; use <instead>" */
static enum status refuse(const struct check *check, const char *what, const char *instead,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

static enum status refuse(const struct check *check, const char *what, const char *instead,
                          const char *format, ...)
{
    char found[160];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    return status_fail_at(check->error, "name",
                          "%s needs %s; '%s' with %s weights has %s at phase %lld, node %u; use %s",
                          check->algorithm, what, topology_name(check->topology),
                          weights_name(check->topology), found, (long long)check->phase,
                          check->node, instead);
}

static double sum_with_self(const struct check *check, const struct topology_edge *edges,
                            uint32_t count)
{
    double sum = check->self;

    for (uint32_t i = 0; i < count; i++)
        sum += edges[i].weight;
    return sum;
}

/* Rounding of a plain sum grows with its terms. */
static bool is_one(double sum, uint32_t terms)
{
    return fabs(sum - 1) <= 1e-12 + 1e-16 * terms;
}

static enum status check_column(const struct check *check, const char *what)
{
    double sum = sum_with_self(check, check->out, check->out_count);

    if (is_one(sum, check->out_count))
        return STATUS_OK;
    return refuse(check, what,
                  "weights with which every node gives away exactly what it holds, such as "
                  "\"uniform\"",
                  "column sum %.6g", sum);
}

static bool edges_are_mutual(const struct check *check, uint32_t *at)
{
    uint32_t i = 0;

    while (i < check->out_count && i < check->in_count && check->out[i].peer == check->in[i].peer)
        i++;
    *at = i;
    return i == check->out_count && i == check->in_count;
}

static const char *balanced_instead(const struct check *check)
{
    uint32_t at;

    if (edges_are_mutual(check, &at))
        return "weights \"metropolis\" or a regular graph such as \"ring\"";
    return "a regular graph such as \"ring\" or \"one-peer-exponential\"";
}

static enum status check_row(const struct check *check)
{
    double sum = sum_with_self(check, check->in, check->in_count);

    if (is_one(sum, check->in_count))
        return STATUS_OK;
    return refuse(check, "a doubly stochastic mixing matrix", balanced_instead(check),
                  "row sum %.6g", sum);
}

static enum status check_symmetric(const struct check *check)
{
    const char *what = "a symmetric mixing matrix";
    uint32_t at;

    if (!edges_are_mutual(check, &at)) {
        bool sends = at < check->out_count &&
                     (at >= check->in_count || check->out[at].peer < check->in[at].peer);
        uint32_t peer = sends ? check->out[at].peer : check->in[at].peer;

        return refuse(check, what,
                      "a symmetric graph such as \"ring\", \"torus\" or "
                      "\"random-matching\"",
                      "an edge %s node %u but not %s", sends ? "to" : "from", peer,
                      sends ? "from it" : "to it");
    }
    for (uint32_t i = 0; i < check->out_count; i++)
        if (fabs(check->out[i].weight - check->in[i].weight) > 1e-12)
            return refuse(check, what, "weights \"metropolis\" or a regular graph such as \"ring\"",
                          "weight %.6g to node %u but %.6g from it", check->out[i].weight,
                          check->out[i].peer, check->in[i].weight);
    return STATUS_OK;
}

static enum status check_pairwise(const struct check *check)
{
    const char *what = "a matching at every phase";
    const char *instead =
        "\"random-matching\" or \"sgp-bipartite-exponential\" (version \"tag\", one peer)";
    uint32_t at;

    if (check->out_count > 1)
        return refuse(check, what, instead, "%u peers", check->out_count);
    if (!edges_are_mutual(check, &at))
        return refuse(check, what, instead, "different peers to send to and to receive from");
    return STATUS_OK;
}

static enum status check_node(const struct check *check, unsigned requirements)
{
    enum status status = STATUS_OK;

    if (requirements & (TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_DOUBLY_STOCHASTIC))
        status = check_column(check, requirements & TOPOLOGY_DOUBLY_STOCHASTIC
                                         ? "a doubly stochastic mixing matrix"
                                         : "a column-stochastic mixing matrix");
    if (status == STATUS_OK && requirements & TOPOLOGY_DOUBLY_STOCHASTIC)
        status = check_row(check);
    if (status == STATUS_OK && requirements & TOPOLOGY_SYMMETRIC)
        status = check_symmetric(check);
    if (status == STATUS_OK && requirements & TOPOLOGY_PAIRWISE)
        status = check_pairwise(check);
    return status;
}

static enum status check_nodes(struct check *check, unsigned requirements)
{
    const struct topology *topology = check->topology;
    int64_t phases = topology_checked_phases(topology);
    uint32_t nodes = topology_checked_nodes(topology);
    enum status status = STATUS_OK;

    for (check->phase = 0; check->phase < phases; check->phase++) {
        for (check->node = 0; check->node < nodes; check->node++) {
            check->out_count = topology_out(topology, check->node, check->phase, check->out);
            check->in_count = topology_in(topology, check->node, check->phase, check->in);
            check->self = topology_self_weight(topology, check->node, check->phase);
            status = check_node(check, requirements);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status check_connected(const struct check *check)
{
    const struct topology *topology = check->topology;
    struct topology_search *search = topology_search_create(topology);
    int64_t phases = topology_checked_phases(topology);
    uint32_t unreached = 0;
    bool connected = true;

    /* A few phases of a random schedule say nothing: all pairs come up sooner or later. */
    if (topology->period > 0)
        connected = topology_strongly_connected(topology, search, 0, phases, &unreached);
    topology_search_free(search);
    if (connected)
        return STATUS_OK;
    return status_fail_at(
        check->error, "name",
        "%s needs a strongly connected topology; in '%s' information does not "
        "flow both ways between nodes 0 and %u over a period of %lld; use a connected graph "
        "such as \"ring\"",
        check->algorithm, topology_name(topology), unreached, (long long)topology->period);
}

static enum status check_static(const struct check *check)
{
    const struct topology *topology = check->topology;

    if (topology->period == 1)
        return STATUS_OK;
    return status_fail_at(
        check->error, "name",
        "%s needs one mixing matrix for all rounds; '%s' changes from phase to phase; use a static "
        "graph such as \"ring\" or \"torus\", or an algorithm for changing graphs such as "
        "\"diging\"",
        check->algorithm, topology_name(topology));
}

/* x <- x - W x: eigenvalues 1 - lambda, which are not negative. */
static void apply_laplacian(void *context, double *x)
{
    const struct rounds *rounds = context;

    memcpy(rounds->spare, x, rounds->nodes * sizeof *x);
    rounds_apply_one(rounds, 0, false, rounds->spare, x);
    for (uint32_t i = 0; i < rounds->nodes; i++)
        x[i] = rounds->spare[i] - x[i];
}

static enum status check_above_minus_third(const struct check *check)
{
    const struct topology *topology = check->topology;
    struct rounds *rounds;
    double residual, least;

    if (topology->nodes > SPECTRUM_NODES)
        return STATUS_OK;
    enum status status = rounds_create(&rounds, topology, 0, 1, check->error);
    if (status != STATUS_OK)
        return status;
    least = 1 - lanczos_largest(topology->nodes, apply_laplacian, rounds, &residual);
    rounds_free(rounds);
    if (least > -1.0 / 3 + 1e-9)
        return STATUS_OK;
    return status_fail_at(
        check->error, "weights",
        "%s needs a mixing matrix whose eigenvalues are all above -1/3; the least "
        "of '%s' with %s weights is %.6g; use weights \"lazy\"",
        check->algorithm, topology_name(topology), weights_name(topology), least);
}

/* Two neighbours on the same side close an odd cycle. */
static bool find_odd_edge(struct check *check, const uint8_t *side, uint32_t *peer)
{
    const struct topology *topology = check->topology;

    for (check->phase = 0; check->phase < topology->period; check->phase++)
        for (check->node = 0; check->node < topology->nodes; check->node++) {
            check->out_count = topology_out(topology, check->node, check->phase, check->out);
            for (uint32_t i = 0; i < check->out_count; i++)
                if (side[check->out[i].peer] == side[check->node]) {
                    *peer = check->out[i].peer;
                    return true;
                }
        }
    return false;
}

/* A random schedule joins everybody with everybody sooner or later. */
static enum status check_bipartite(struct check *check)
{
    const char *instead = "\"ring\" with an even number of nodes, \"hypercube\", or "
                          "\"sgp-bipartite-exponential\" (version \"tag\")";
    uint8_t *side;
    uint32_t peer = 0;
    bool odd;

    if (check->topology->period == 0)
        return status_fail_at(check->error, "name",
                              "%s needs a bipartite graph; '%s' is a random schedule, which joins "
                              "all pairs; use %s",
                              check->algorithm, topology_name(check->topology), instead);
    side = memory_array(check->topology->nodes, sizeof *side);
    topology_sides(check->topology, side);
    odd = find_odd_edge(check, side, &peer);
    free(side);
    if (!odd)
        return STATUS_OK;
    return status_fail_at(
        check->error, "name",
        "%s needs a bipartite graph; '%s' among %u nodes has an odd cycle through "
        "the edge from node %u to node %u; use %s",
        check->algorithm, topology_name(check->topology), check->topology->nodes, check->node, peer,
        instead);
}

enum status topology_require(const struct topology *topology, unsigned requirements,
                             const char *algorithm, struct error *error)
{
    size_t capacity = (size_t)topology->max_degree + 1;
    struct check check = {.topology = topology, .algorithm = algorithm, .error = error};
    enum status status = STATUS_OK;

    check.out = memory_array(capacity, sizeof *check.out);
    check.in = memory_array(capacity, sizeof *check.in);
    if (requirements & TOPOLOGY_STATIC)
        status = check_static(&check);
    if (status == STATUS_OK && requirements & ~(unsigned)(TOPOLOGY_CONNECTED | TOPOLOGY_BIPARTITE))
        status = check_nodes(&check, requirements);
    if (status == STATUS_OK && requirements & TOPOLOGY_CONNECTED)
        status = check_connected(&check);
    if (status == STATUS_OK && requirements & TOPOLOGY_ABOVE_MINUS_THIRD)
        status = check_above_minus_third(&check);
    if (status == STATUS_OK && requirements & TOPOLOGY_BIPARTITE)
        status = check_bipartite(&check);
    free(check.out);
    free(check.in);
    return status;
}
