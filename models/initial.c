/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the nodes start: the model's own initialisation, the same for all or one draw a node; a
 * constant; or a table with a row a node.
 */
#include <string.h>

#include "core/memory.h"
#include "models/model.h"
#include "models/table.h"

struct initial_constant {
    double value;
};

static const struct field constant_fields[] = {
    FIELD_AT(struct initial_constant, value, FIELD_REAL, "0", .help = "Value of each parameter."),
    FIELD_END,
};

struct initial_csv {
    const char *path;
};

static const struct field csv_fields[] = {
    FIELD_AT(struct initial_csv, path, FIELD_PATH, NULL,
             .help = "Comma-separated numbers without a header: a row a node, a column a"
                     " parameter."),
    FIELD_END,
};

static void fill_same(const void *params, const void *state, const struct model_ops *model,
                      const void *instance, uint32_t node, size_t dimension, double *x)
{
    (void)params, (void)state, (void)node, (void)dimension;
    model->initial(instance, 0, x);
}

static void fill_random(const void *params, const void *state, const struct model_ops *model,
                        const void *instance, uint32_t node, size_t dimension, double *x)
{
    (void)params, (void)state, (void)dimension;
    model->initial(instance, node, x);
}

static void fill_constant(const void *params, const void *state, const struct model_ops *model,
                          const void *instance, uint32_t node, size_t dimension, double *x)
{
    const struct initial_constant *constant = params;

    (void)state, (void)model, (void)instance, (void)node;
    for (size_t k = 0; k < dimension; k++)
        x[k] = constant->value;
}

static enum status read_row(const struct table *table, size_t row, const char *file, double *x,
                            struct error *error)
{
    for (size_t k = 0; k < table->columns; k++)
        if (!table_number(table_cell(table, row, k), &x[k]))
            return status_fail_at(error, "initial.path",
                                  "%s:%u: \"%.40s\" in column %zu is no finite number", file,
                                  table->lines[row], table_cell(table, row, k), k + 1);
    return STATUS_OK;
}

static enum status check_shape(const struct table *table, const char *file, uint32_t nodes,
                               size_t dimension, struct error *error)
{
    if (table->rows != nodes)
        return status_fail_at(error, "initial.path", "%s: %zu rows for %u nodes", file, table->rows,
                              nodes);
    if (table->columns != dimension)
        return status_fail_at(error, "initial.path",
                              "%s:%u: %zu numbers, but the model has %zu parameters", file,
                              table->lines[0], table->columns, dimension);
    return STATUS_OK;
}

/* The state is the table as numbers, row after row. */
static enum status open_csv(const void *params, uint32_t nodes, size_t dimension, void **state,
                            struct error *error)
{
    const char *file = ((const struct initial_csv *)params)->path;
    struct table table;
    double *values = NULL;
    enum status status = table_read(&table, file, "initial.path", error);

    if (status != STATUS_OK)
        return status;
    status = check_shape(&table, file, nodes, dimension, error);
    if (status == STATUS_OK)
        values = memory_array(nodes * dimension, sizeof *values);
    for (size_t row = 0; status == STATUS_OK && row < nodes; row++)
        status = read_row(&table, row, file, values + row * dimension, error);
    table_free(&table);
    *state = values;
    return status;
}

static void fill_csv(const void *params, const void *state, const struct model_ops *model,
                     const void *instance, uint32_t node, size_t dimension, double *x)
{
    (void)params, (void)model, (void)instance;
    memcpy(x, (const double *)state + node * dimension, dimension * sizeof *x);
}

static const struct initial_ops same = {
    .plugin = {.name = "same", .summary = "one draw of the model's initialisation for all nodes"},
    .fill = fill_same,
};
static const struct initial_ops random_draws = {
    .plugin = {.name = "random", .summary = "a draw of the model's initialisation for each node"},
    .fill = fill_random,
};
static const struct initial_ops constant = {
    .plugin = {.name = "constant",
               .summary = "one value everywhere",
               .params = constant_fields,
               .params_size = sizeof(struct initial_constant)},
    .fill = fill_constant,
};
static const struct initial_ops csv = {
    .plugin = {.name = "csv",
               .summary = "a table with a row a node",
               .params = csv_fields,
               .params_size = sizeof(struct initial_csv)},
    .open = open_csv,
    .fill = fill_csv,
};

static const struct plugin *const initial_entries[] = {&same.plugin, &random_draws.plugin,
                                                       &constant.plugin, &csv.plugin, NULL};

const struct plugin_registry initial_registry = {"initialisation", "initialisations",
                                                 initial_entries};
