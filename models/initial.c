/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the nodes start: the model's own initialisation, the same for all or one draw a node; a
 * constant; or a table with a row a node.
 */
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

static enum status fill_same(const void *params, const struct model_ops *model,
                             const void *instance, uint32_t node, uint32_t nodes, size_t dimension,
                             double *x, struct error *error)
{
    (void)params, (void)node, (void)nodes, (void)dimension, (void)error;
    model->initial(instance, 0, x);
    return STATUS_OK;
}

static enum status fill_random(const void *params, const struct model_ops *model,
                               const void *instance, uint32_t node, uint32_t nodes,
                               size_t dimension, double *x, struct error *error)
{
    (void)params, (void)nodes, (void)dimension, (void)error;
    model->initial(instance, node, x);
    return STATUS_OK;
}

static enum status fill_constant(const void *params, const struct model_ops *model,
                                 const void *instance, uint32_t node, uint32_t nodes,
                                 size_t dimension, double *x, struct error *error)
{
    const struct initial_constant *constant = params;

    (void)model, (void)instance, (void)node, (void)nodes, (void)error;
    for (size_t k = 0; k < dimension; k++)
        x[k] = constant->value;
    return STATUS_OK;
}

static enum status read_row(const struct table *table, const char *file, size_t dimension,
                            double *x, struct error *error)
{
    if (table->columns != dimension)
        return status_fail_at(error, "initial.path",
                              "%s:%u: %zu numbers, but the model has %zu parameters", file,
                              table->lines[0], table->columns, dimension);
    for (size_t k = 0; k < dimension; k++)
        if (!table_number(table_cell(table, 0, k), &x[k]))
            return status_fail_at(error, "initial.path",
                                  "%s:%u: \"%.40s\" in column %zu is no finite number", file,
                                  table->lines[0], table_cell(table, 0, k), k + 1);
    return STATUS_OK;
}

static enum status fill_csv(const void *params, const struct model_ops *model, const void *instance,
                            uint32_t node, uint32_t nodes, size_t dimension, double *x,
                            struct error *error)
{
    const char *file = ((const struct initial_csv *)params)->path;
    struct table table;
    enum status status = table_read(&table, file, node, "initial.path", error);

    (void)model, (void)instance;
    if (status != STATUS_OK)
        return status;
    if (table.rows_in_file != nodes)
        status = status_fail_at(error, "initial.path", "%s: %zu rows for %u nodes", file,
                                table.rows_in_file, nodes);
    else
        status = read_row(&table, file, dimension, x, error);
    table_free(&table);
    return status;
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
    .fill = fill_csv,
};

static const struct plugin *const initial_entries[] = {&same.plugin, &random_draws.plugin,
                                                       &constant.plugin, &csv.plugin, NULL};

const struct plugin_registry initial_registry = {"initialisation", "initialisations",
                                                 initial_entries};
