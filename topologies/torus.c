/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two-dimensional torus: neighbours above, below, left and right, wrapping around; node
 * r * columns + c stands in row r, column c.  A side of two has one edge, not two, between its
 * nodes.
 *
 * An m x m torus with weights 1/5 has spectral gap (4/5) sin^2(pi/m): 0.4 for m = 4.
 */
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "topologies/params.h"
#include "topologies/topology.h"

struct torus {
    uint32_t rows, columns;
};

static const struct field params[] = {
    FIELD_AT(struct torus_params, rows, FIELD_INTEGER, "null", .min = 1, .max = UINT32_MAX,
             .help = "number of rows; absent: what the columns leave, or the most square shape"),
    FIELD_AT(struct torus_params, columns, FIELD_INTEGER, "null", .min = 1, .max = UINT32_MAX,
             .help = "number of columns; absent: what the rows leave, or the most square shape"),
    FIELD_END,
};

static int64_t most_square_rows(int64_t nodes)
{
    int64_t rows = 1;

    for (int64_t side = 1; side * side <= nodes; side++)
        if (nodes % side == 0)
            rows = side;
    return rows;
}

static enum status choose_shape(const struct torus_params *torus, int64_t nodes, int64_t *rows,
                                struct error *error)
{
    int64_t columns = torus->columns;

    *rows = torus->rows;
    if (field_integer_absent(*rows) && field_integer_absent(columns)) {
        *rows = most_square_rows(nodes);
        if (*rows == 1 && nodes > 3)
            return status_fail_at(error, "rows",
                                  "%lld nodes make no torus but 1 x %lld; set rows to 1 if a ring "
                                  "is meant, or use a number of nodes that is not prime",
                                  (long long)nodes, (long long)nodes);
        return STATUS_OK;
    }
    if (field_integer_absent(columns) && nodes % *rows != 0)
        return status_fail_at(error, "rows", "%lld rows do not divide %lld nodes", (long long)*rows,
                              (long long)nodes);
    if (field_integer_absent(*rows) && nodes % columns != 0)
        return status_fail_at(error, "columns", "%lld columns do not divide %lld nodes",
                              (long long)columns, (long long)nodes);
    if (field_integer_absent(columns))
        columns = nodes / *rows;
    if (field_integer_absent(*rows))
        *rows = nodes / columns;
    /* Both lie in 1 .. 2^32 - 1, so the product fits 64 bits as unsigned. */
    if ((uint64_t)*rows * (uint64_t)columns != (uint64_t)nodes)
        return status_fail_at(error, "rows",
                              "%lld rows x %lld columns, expected a product of %lld "
                              "nodes",
                              (long long)*rows, (long long)columns, (long long)nodes);
    return STATUS_OK;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    struct torus *torus;
    int64_t rows;
    enum status status = choose_shape(data, nodes, &rows, error);

    (void)seed;
    if (status != STATUS_OK)
        return status;
    torus = memory_alloc(sizeof *torus);
    torus->rows = (uint32_t)rows;
    torus->columns = nodes / torus->rows;
    *state = torus;
    return STATUS_OK;
}

static void destroy(void *state)
{
    free(state);
}

static int64_t period(const void *state, uint32_t nodes)
{
    (void)state;
    (void)nodes;
    return 1;
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    const struct torus *torus = state;
    uint32_t rows = torus->rows, columns = torus->columns, count = 0;
    uint32_t row = node / columns, column = node % columns;

    (void)nodes;
    (void)phase;
    if (rows > 1)
        peers[count++] = (row + 1 == rows ? 0 : row + 1) * columns + column;
    if (rows > 2)
        peers[count++] = (row == 0 ? rows - 1 : row - 1) * columns + column;
    if (columns > 1)
        peers[count++] = row * columns + (column + 1 == columns ? 0 : column + 1);
    if (columns > 2)
        peers[count++] = row * columns + (column == 0 ? columns - 1 : column - 1);
    return count;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    (void)state;
    (void)nodes;
    return 4;
}

extern const struct topology_ops torus_ops;
const struct topology_ops torus_ops = {
    .plugin = {.name = "torus",
               .summary = "a two-dimensional torus, most square unless rows or columns are given",
               .params = params,
               .params_size = sizeof(struct torus_params)},
    .likeness = TOPOLOGY_TRANSITIVE,
    .create = create,
    .destroy = destroy,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
};
