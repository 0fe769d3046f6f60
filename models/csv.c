/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data from a table: one column is the label or target, all others are numeric features.
 *
 * A first row without any number is a header (or as "header" says).  Labels are any words: the
 * classes are the distinct ones in sorted order, by value where all are numbers, so labels
 * 0 .. K-1 keep their numbers.  A random share of the rows is the test set; both parts keep the
 * file's order.
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "models/dataset.h"
#include "models/table.h"

#define MOST_CLASSES 65536

enum csv_header { CSV_HEADER_AUTO, CSV_HEADER_YES, CSV_HEADER_NO };
enum csv_task { CSV_CLASSES, CSV_REGRESSION };

struct csv_params {
    const char *path, *label;
    int header, task;
    double test_share;
};

static const char *const header_names[] = {"auto", "yes", "no", NULL};
static const char *const task_names[] = {"classes", "regression", NULL};

static const struct field csv_fields[] = {
    FIELD_AT(struct csv_params, path, FIELD_PATH, NULL, .help = "File of comma-separated values."),
    FIELD_AT(struct csv_params, label, FIELD_STRING, "null",
             .help = "Column of the label or target: its name in the header, or its number from 1;"
                     " the last one by default."),
    FIELD_AT(struct csv_params, header, FIELD_ENUM, "\"auto\"", .names = header_names,
             .help = "Whether the first row names the columns; auto: if it has no number."),
    FIELD_AT(struct csv_params, task, FIELD_ENUM, "\"classes\"", .names = task_names,
             .help = "Whether the label names a class or is a real target."),
    FIELD_AT(struct csv_params, test_share, FIELD_REAL, "0.2", .min = 0, .max = 0.9,
             .help = "Share of the rows, drawn at random, that is the test set."),
    FIELD_END,
};

struct csv_load {
    const struct csv_params *params;
    struct table table;
    size_t first;          /* row of the first sample: 1 behind a header */
    size_t samples, label; /* rows of samples; column of the label */
    char **names;          /* classes in order */
    bool numeric;          /* all names are numbers */
    bool *is_test;         /* per sample */
    struct dataset *data;
    struct error *error;
};

static bool first_row_has_number(const struct table *table)
{
    double value;

    for (size_t c = 0; c < table->columns; c++)
        if (table_number(table_cell(table, 0, c), &value))
            return true;
    return false;
}

static enum status find_label(struct csv_load *load)
{
    const struct table *table = &load->table;
    const char *wanted = load->params->label;
    double number;

    load->label = table->columns - 1;
    if (wanted == NULL)
        return STATUS_OK;
    for (size_t c = 0; load->first == 1 && c < table->columns; c++) {
        if (strcmp(table_cell(table, 0, c), wanted) == 0) {
            load->label = c;
            return STATUS_OK;
        }
    }
    if (!table_number(wanted, &number) || number != floor(number) || number < 1 ||
        number > (double)table->columns)
        return status_fail_at(load->error, "data.label",
                              "\"%s\" is no column of %s: expected a name of its header or a number"
                              " from 1 to %zu",
                              wanted, load->params->path, table->columns);
    load->label = (size_t)number - 1;
    return STATUS_OK;
}

static enum status read_layout(struct csv_load *load)
{
    const struct csv_params *params = load->params;
    const struct table *table = &load->table;

    load->first = params->header == CSV_HEADER_YES ||
                  (params->header == CSV_HEADER_AUTO && !first_row_has_number(table));
    load->samples = table->rows - load->first;
    if (load->samples == 0)
        return status_fail_at(load->error, "data.path", "%s: the file has a header but no rows",
                              params->path);
    if (table->columns < 2)
        return status_fail_at(load->error, "data.path",
                              "%s: one column, expected at least a feature and a label",
                              params->path);
    load->data->features = (uint32_t)table->columns - 1;
    return find_label(load);
}

/* ---- Classes ----------------------------------------------------------------------------------
 */

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_numbers(const void *a, const void *b)
{
    double x = strtod(*(char *const *)a, NULL), y = strtod(*(char *const *)b, NULL);

    return (x > y) - (x < y);
}

static int (*name_order(const struct csv_load *load))(const void *, const void *)
{
    return load->numeric ? compare_numbers : compare_words;
}

static enum status find_classes(struct csv_load *load)
{
    int (*order)(const void *, const void *);
    size_t count = 0;
    double value;

    load->numeric = true;
    load->names = memory_array(load->samples, sizeof *load->names);
    for (size_t i = 0; i < load->samples; i++) {
        load->names[i] = table_cell(&load->table, load->first + i, load->label);
        load->numeric = load->numeric && table_number(load->names[i], &value);
    }
    order = name_order(load);
    qsort(load->names, load->samples, sizeof *load->names, order);
    for (size_t i = 0; i < load->samples; i++)
        if (count == 0 || order(&load->names[count - 1], &load->names[i]) != 0)
            load->names[count++] = load->names[i];
    if (count < 2 || count > MOST_CLASSES)
        return status_fail_at(
            load->error, "data.task",
            "the label column %zu of %s has %zu different values, expected 2 to %d"
            " classes (or \"task\": \"regression\")",
            load->label + 1, load->params->path, count, MOST_CLASSES);
    load->data->classes = (uint32_t)count;
    return STATUS_OK;
}

static int32_t class_of(const struct csv_load *load, char *name)
{
    char **found =
        bsearch(&name, load->names, load->data->classes, sizeof *load->names, name_order(load));

    return (int32_t)(found - load->names);
}

/* ---- Samples ----------------------------------------------------------------------------------
 */

static uint32_t choose_test(struct csv_load *load, uint64_t seed)
{
    size_t count = (size_t)(load->params->test_share * (double)load->samples + 0.5);
    uint32_t *order = memory_array(load->samples, sizeof *order);
    struct rng rng;

    load->is_test = memory_array(load->samples, sizeof *load->is_test);
    for (size_t i = 0; i < load->samples; i++)
        order[i] = (uint32_t)i;
    gsl_ran_shuffle(rng_open(&rng, seed, RNG_DATA, DATASET_SPLIT, 0, 0), order, load->samples,
                    sizeof *order);
    count = count < load->samples ? count : load->samples - 1;
    for (size_t i = 0; i < count; i++)
        load->is_test[order[i]] = true;
    free(order);
    return (uint32_t)count;
}

static enum status read_number(const struct csv_load *load, size_t row, size_t column,
                               double *value)
{
    const char *cell = table_cell(&load->table, row, column);

    if (table_number(cell, value))
        return STATUS_OK;
    return status_fail_at(load->error, "data.path",
                          "%s:%u: \"%.40s\" in column %zu is no finite number", load->params->path,
                          load->table.lines[row], cell, column + 1);
}

static enum status read_sample(const struct csv_load *load, size_t row, size_t index,
                               const struct dataset_rows *rows)
{
    const struct dataset *data = load->data;
    enum status status = STATUS_OK;
    size_t at = index * data->features;
    double value;

    for (size_t c = 0; c < load->table.columns && status == STATUS_OK; c++) {
        if (c == load->label)
            continue;
        status = read_number(load, row, c, &value);
        if (status == STATUS_OK)
            dataset_put(data->precision, rows->reals, at++, value);
    }
    if (status != STATUS_OK)
        return status;
    if (data->classes > 0) {
        rows->labels[index] = class_of(load, table_cell(&load->table, row, load->label));
        return STATUS_OK;
    }
    status = read_number(load, row, load->label, &value);
    if (status == STATUS_OK)
        dataset_put(data->precision, rows->targets, index, value);
    return status;
}

static enum status read_samples(struct csv_load *load, uint64_t seed)
{
    struct dataset *data = load->data;
    struct dataset_rows rows[2]; /* train, test */
    size_t next[2] = {0, 0};
    uint32_t tests = choose_test(load, seed);
    enum status status = dataset_allocate(data, &data->train, (uint32_t)load->samples - tests,
                                          &rows[0], load->error);

    if (status == STATUS_OK)
        status = dataset_allocate(data, &data->test, tests, &rows[1], load->error);
    for (size_t i = 0; i < load->samples && status == STATUS_OK; i++) {
        int part = load->is_test[i];

        status = read_sample(load, load->first + i, next[part]++, &rows[part]);
    }
    return status;
}

static enum status load(const void *config, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error)
{
    struct csv_load load = {.params = config, .data = data, .error = error};

    dataset_start(data, precision);
    enum status status = table_read(&load.table, load.params->path, "data.path", error);
    if (status == STATUS_OK)
        status = read_layout(&load);
    if (status == STATUS_OK && load.params->task == CSV_CLASSES)
        status = find_classes(&load);
    if (status == STATUS_OK)
        status = read_samples(&load, seed);
    table_free(&load.table);
    free(load.names);
    free(load.is_test);
    if (status != STATUS_OK)
        dataset_release(data);
    return status;
}

const struct data_ops csv_ops = {
    .plugin = {.name = "csv",
               .summary = "a table of numbers with a label or target column",
               .params = csv_fields,
               .params_size = sizeof(struct csv_params)},
    .load = load,
    .unload = dataset_release,
};
