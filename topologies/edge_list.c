/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A graph, or a periodic schedule of graphs, from an edge-list file (edge_file.h).
 *
 * Weights stand on all edges or on none (then uniform).  The self weight of a node is its own line
 * from == to or, without one, what its edges leave of 1.  An explicit self weight is taken as
 * it is: whether columns or rows add to 1 is for the algorithm to demand.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "core/memory.h"
#include "topologies/edge_file.h"
#include "topologies/params.h"
#include "topologies/topology.h"

#define WEIGHT_TOLERANCE 1e-12 /* of a sum that should not pass 1 */

static const struct field params[] = {
    FIELD_AT(struct edge_list_params, path, FIELD_PATH, NULL,
             .help = "a file with a line from,to[,weight[,phase]] for each edge; # comments"),
    FIELD_END,
};

struct edge_list {
    struct edge_record *by_sender;   /* sorted by (phase, from, to) */
    struct edge_record *by_receiver; /* sorted by (phase, to, from) */
    size_t count;
    uint32_t phases, max_degree;
    bool weighted;
};

static int compare_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_by_sender(const void *a, const void *b)
{
    const struct edge_record *x = a, *y = b;
    int order = compare_u32(x->phase, y->phase);

    order = order ? order : compare_u32(x->from, y->from);
    order = order ? order : compare_u32(x->to, y->to);
    return order ? order : compare_u32(x->line, y->line);
}

static int compare_by_receiver(const void *a, const void *b)
{
    const struct edge_record *x = a, *y = b;
    int order = compare_u32(x->phase, y->phase);

    order = order ? order : compare_u32(x->to, y->to);
    return order ? order : compare_u32(x->from, y->from);
}

/* First record that is not before (phase, node, other) in the given order. */
static size_t lower_bound(const struct edge_list *list, bool by_receiver, uint32_t phase,
                          uint32_t node, uint32_t other)
{
    const struct edge_record *records = by_receiver ? list->by_receiver : list->by_sender;
    struct edge_record key = {
        .phase = phase, .from = by_receiver ? other : node, .to = by_receiver ? node : other};
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = (by_receiver ? compare_by_receiver : compare_by_sender)(&records[middle], &key);

        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t collect(const struct edge_list *list, bool by_receiver, uint32_t node,
                        int64_t phase, uint32_t *peers)
{
    const struct edge_record *records = by_receiver ? list->by_receiver : list->by_sender;
    uint32_t found = 0;

    for (size_t i = lower_bound(list, by_receiver, (uint32_t)phase, node, 0); i < list->count;
         i++) {
        uint32_t own = by_receiver ? records[i].to : records[i].from;
        uint32_t peer = by_receiver ? records[i].from : records[i].to;

        if (records[i].phase != phase || own != node)
            break;
        if (peer == node)
            continue;
        if (peers)
            peers[found] = peer;
        found++;
    }
    return found;
}

static uint32_t out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                          uint32_t *peers)
{
    (void)nodes;
    return collect(state, false, node, phase, peers);
}

static uint32_t in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    (void)nodes;
    return collect(state, true, node, phase, peers);
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)nodes;
    return collect(state, false, node, phase, NULL);
}

static const struct edge_record *find(const struct edge_list *list, uint32_t phase, uint32_t from,
                                      uint32_t to)
{
    size_t i = lower_bound(list, false, phase, from, to);
    const struct edge_record *record = &list->by_sender[i];

    return i < list->count && record->phase == phase && record->from == from && record->to == to
               ? record
               : NULL;
}

/* What the edges of a node give away, its self weight aside. */
static double given_away(const struct edge_list *list, uint32_t node, uint32_t phase)
{
    double sum = 0;

    for (size_t i = lower_bound(list, false, phase, node, 0); i < list->count; i++) {
        const struct edge_record *record = &list->by_sender[i];

        if (record->phase != phase || record->from != node)
            break;
        if (record->to != node)
            sum += record->weight;
    }
    return sum;
}

static double weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to, int64_t phase)
{
    const struct edge_list *list = state;
    const struct edge_record *record = find(list, (uint32_t)phase, from, to);

    if (!list->weighted)
        return 1.0 / (degree(state, nodes, from, phase) + 1.0);
    if (from != to)
        return record ? record->weight : 0;
    double rest = fmax(0, 1 - given_away(list, from, (uint32_t)phase));
    /* Written with a few digits, weights sum to 1 but nearly, and mass would drift: the self weight
     * takes up the difference. */
    return record && fabs(record->weight - rest) > WEIGHT_TOLERANCE ? record->weight : rest;
}

static enum status check_repeats(const struct edge_list *list, const char *path,
                                 struct error *error)
{
    for (size_t i = 1; i < list->count; i++) {
        const struct edge_record *last = &list->by_sender[i - 1], *record = &list->by_sender[i];

        if (last->phase == record->phase && last->from == record->from && last->to == record->to)
            return status_fail_at(error, "path", "%s:%u: edge %u -> %u stands on line %u already",
                                  path, record->line, record->from, record->to, last->line);
    }
    return STATUS_OK;
}

static enum status check_weights(struct edge_list *list, const char *path, struct error *error)
{
    const struct edge_record *records = list->by_sender;

    list->weighted = !isnan(records[0].weight);
    for (size_t i = 0; i < list->count; i++) {
        if (isnan(records[i].weight) == list->weighted)
            return status_fail_at(
                error, "path",
                "%s:%u: edge %u -> %u has %s weight, but line %u has %s; expected "
                "weights on all lines or on none",
                path, records[i].line, records[i].from, records[i].to, list->weighted ? "no" : "a",
                records[0].line, list->weighted ? "one" : "none");
    }
    for (size_t i = 0; list->weighted && i < list->count; i++) {
        uint32_t node = records[i].from, phase = records[i].phase;
        double sum;

        if (i > 0 && records[i - 1].from == node && records[i - 1].phase == phase)
            continue;
        sum = given_away(list, node, phase);
        if (sum > 1 + WEIGHT_TOLERANCE && !find(list, phase, node, node))
            return status_fail_at(error, "path",
                                  "%s:%u: node %u gives away %.15g at phase %u, expected at most 1 "
                                  "(or a line with its self weight)",
                                  path, records[i].line, node, sum, phase);
    }
    return STATUS_OK;
}

/* The longest run of one node's records, in both orders, bounds all degrees. */
static uint32_t longest_run(const struct edge_record *records, size_t count, bool by_receiver)
{
    uint32_t longest = 0, run = 0;

    for (size_t i = 0; i < count; i++) {
        const struct edge_record *last = &records[i > 0 ? i - 1 : 0], *record = &records[i];
        bool same = last->phase == record->phase &&
                    (by_receiver ? last->to == record->to : last->from == record->from);

        run = same ? run + 1 : 1;
        if (run > longest)
            longest = run;
    }
    return longest;
}

static void destroy(void *state)
{
    struct edge_list *list = state;

    if (!list)
        return;
    free(list->by_sender);
    free(list->by_receiver);
    free(list);
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct edge_list_params *chosen = data;
    struct edge_list *list = memory_alloc(sizeof *list);
    uint32_t out_run, in_run;
    enum status status;

    (void)seed;
    status = edge_file_read(chosen->path, nodes, &list->by_sender, &list->count, error);
    if (status != STATUS_OK)
        goto fail;
    qsort(list->by_sender, list->count, sizeof *list->by_sender, compare_by_sender);
    if ((status = check_repeats(list, chosen->path, error)) != STATUS_OK ||
        (status = check_weights(list, chosen->path, error)) != STATUS_OK)
        goto fail;
    list->by_receiver = memory_array(list->count, sizeof *list->by_receiver);
    memcpy(list->by_receiver, list->by_sender, list->count * sizeof *list->by_receiver);
    qsort(list->by_receiver, list->count, sizeof *list->by_receiver, compare_by_receiver);
    out_run = longest_run(list->by_sender, list->count, false);
    in_run = longest_run(list->by_receiver, list->count, true);
    list->max_degree = out_run > in_run ? out_run : in_run;
    list->phases = list->by_sender[list->count - 1].phase + 1;
    *state = list;
    return STATUS_OK;
fail:
    destroy(list);
    return status;
}

static int64_t period(const void *state, uint32_t nodes)
{
    const struct edge_list *list = state;

    (void)nodes;
    return list->phases;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    const struct edge_list *list = state;

    (void)nodes;
    return list->max_degree;
}

extern const struct topology_ops edge_list_ops;
const struct topology_ops edge_list_ops = {
    .plugin = {.name = "edge-list",
               .summary = "a graph from a file of edges, with optional weights and phases",
               .params = params,
               .params_size = sizeof(struct edge_list_params)},
    .directed = true,
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = destroy,
    .period = period,
    .out_peers = out_peers,
    .in_peers = in_peers,
    .max_degree = max_degree,
    .degree = degree,
    .weight = weight,
};
