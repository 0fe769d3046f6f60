/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs of all databases in one list, their legends, and the queries.
 *
 * A legend names what tells the curves apart and no more: the variant; the seed where a variant has
 * several; the database where variant and seed are the same; the run's number where nothing else
 * differs.
 */
#include "cli/plot_data.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/database.h"
#include "core/memory.h"

#define PLOT_LABELLED_SEEDS 8 /* with more curves, seeds of a variant share a legend */

/* ---- Runs --------------------------------------------------------------- */

static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *base = memory_copy_string(slash != NULL ? slash + 1 : path);
    char *dot = strrchr(base, '.');

    if (dot != NULL && dot != base)
        *dot = '\0';
    return base;
}

static char *column_copy(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return memory_copy_string(text != NULL ? text : "");
}

static enum status add_runs(struct plot_data *data, sqlite3 *db, const char *base,
                            struct error *error)
{
    sqlite3_stmt *statement = NULL;
    enum status status = database_prepare(db,
                                          "SELECT run, seed, name, label FROM v_runs"
                                          " WHERE run IN (SELECT run FROM selected) ORDER BY run",
                                          &statement, error);

    while (status == STATUS_OK && sqlite3_step(statement) == SQLITE_ROW) {
        data->runs = memory_resize(data->runs, data->count + 1, sizeof *data->runs);
        data->runs[data->count++] = (struct plot_run){
            .db = db,
            .base = base,
            .run = sqlite3_column_int64(statement, 0),
            .seed = sqlite3_column_int64(statement, 1),
            .name = column_copy(statement, 2),
            .variant = column_copy(statement, 3),
        };
    }
    sqlite3_finalize(statement);
    return status;
}

static enum status add_database(struct plot_data *data, const char *path, const char *const *names,
                                size_t name_count, int *found, struct error *error)
{
    sqlite3 *db = NULL;
    enum status status = database_open(path, &db, error);

    if (status != STATUS_OK)
        return status;
    data->dbs[data->db_count] = db;
    data->bases[data->db_count++] = base_name(path);
    status = database_select(db, path, names, name_count, found, error);
    if (status == STATUS_OK)
        status = add_runs(data, db, data->bases[data->db_count - 1], error);
    return status;
}

/* ---- Legends ------------------------------------------------------------ */

static bool same_variant(const struct plot_run *a, const struct plot_run *b)
{
    return strcmp(a->variant, b->variant) == 0;
}

/* Two databases hold the same variant with the same seed: only their names tell them apart. */
static bool is_ambiguous(const struct plot_data *data, const struct plot_run *run)
{
    for (size_t i = 0; i < data->count; i++)
        if (same_variant(run, &data->runs[i]) && run->db != data->runs[i].db &&
            run->seed == data->runs[i].seed)
            return true;
    return false;
}

static bool same_group(const struct plot_data *data, const struct plot_run *a,
                       const struct plot_run *b)
{
    return same_variant(a, b) && (a->db == b->db || !is_ambiguous(data, a));
}

static size_t seeds_of_group(const struct plot_data *data, const struct plot_run *run)
{
    size_t seeds = 0;

    for (size_t i = 0; i < data->count; i++) {
        bool fresh = same_group(data, run, &data->runs[i]);

        for (size_t j = 0; j < i && fresh; j++)
            fresh =
                !same_group(data, run, &data->runs[j]) || data->runs[j].seed != data->runs[i].seed;
        seeds += fresh;
    }
    return seeds;
}

/* Is there an earlier run with the same group and seed?  Then the run's number tells. */
static bool is_twin(const struct plot_data *data, const struct plot_run *run)
{
    for (size_t i = 0; i < data->count; i++)
        if (&data->runs[i] != run && same_group(data, run, &data->runs[i]) &&
            data->runs[i].seed == run->seed)
            return true;
    return false;
}

static void write_label(const struct plot_data *data, struct plot_run *run, bool share, bool first)
{
    size_t seeds = seeds_of_group(data, run), size = strlen(run->variant) + strlen(run->base) + 96;
    char *label = memory_alloc(size);
    int at = snprintf(label, size, "%s", run->variant);

    if (is_ambiguous(data, run))
        at += snprintf(label + at, size - (size_t)at, ", %s", run->base);
    if (seeds > 1 && share)
        snprintf(label + at, size - (size_t)at, " (%zu seeds)", seeds);
    else if (seeds > 1)
        at += snprintf(label + at, size - (size_t)at, ", seed %lld", (long long)run->seed);
    if (!share && is_twin(data, run))
        snprintf(label + at, size - (size_t)at, ", run %lld", (long long)run->run);
    if (share && !first)
        label[0] = '\0';
    run->label = label;
}

/* Colours go by variant when seeds share a legend, by curve otherwise. */
static void label_runs(struct plot_data *data)
{
    bool share = data->count > PLOT_LABELLED_SEEDS;
    unsigned groups = 0;

    for (size_t i = 0; i < data->count; i++) {
        struct plot_run *run = &data->runs[i];

        for (size_t j = 0; j < i && share && run->group == 0; j++)
            if (same_group(data, run, &data->runs[j]))
                run->group = data->runs[j].group;
        bool first = run->group == 0;
        if (first)
            run->group = ++groups;
        write_label(data, run, share, first);
    }
}

enum status plot_data_open(struct plot_data *data, char *const *paths, size_t path_count,
                           const char *const *names, size_t name_count, struct error *error)
{
    int *found = memory_array(name_count + 1, sizeof *found);
    enum status status = STATUS_OK;

    *data = (struct plot_data){.dbs = memory_array(path_count, sizeof *data->dbs),
                               .bases = memory_array(path_count, sizeof *data->bases)};
    for (size_t i = 0; i < path_count && status == STATUS_OK; i++)
        status = add_database(data, paths[i], names, name_count, found, error);
    for (size_t i = 0; i < name_count && status == STATUS_OK; i++)
        if (!found[i])
            status = status_fail(error, STATUS_REQUEST, "there is no run \"%s\" in %s%s", names[i],
                                 paths[0], path_count > 1 ? " or the other databases" : "");
    if (status == STATUS_OK && data->count == 0)
        status = status_fail(error, STATUS_REQUEST, "%s holds no runs", paths[0]);
    if (status == STATUS_OK)
        label_runs(data);
    else
        plot_data_close(data);
    free(found);
    return status;
}

void plot_data_close(struct plot_data *data)
{
    for (size_t i = 0; i < data->count; i++) {
        free(data->runs[i].name);
        free(data->runs[i].variant);
        free(data->runs[i].label);
    }
    for (size_t i = 0; i < data->db_count; i++) {
        sqlite3_close(data->dbs[i]);
        free(data->bases[i]);
    }
    free(data->runs);
    free(data->dbs);
    free(data->bases);
    *data = (struct plot_data){.dbs = NULL};
}

/* ---- Queries ------------------------------------------------------------ */

static enum status read_text(const char *name, char **text, struct error *error)
{
    char *path = cli_data_file(name);
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    size_t size = 0, capacity = 0, got;

    free(path);
    *text = NULL;
    if (file == NULL)
        return status_fail(error, STATUS_ENVIRONMENT, "the data file %s is missing", name);
    do {
        *text = memory_grow(*text, &capacity, size + 1024, 1);
        got = fread(*text + size, 1, capacity - size - 1, file);
        size += got;
    } while (got > 0);
    (*text)[size] = '\0';
    fclose(file);
    return STATUS_OK;
}

/* A query names only the parameters that it needs. */
static void bind_parameters(sqlite3_stmt *statement, const struct plot_run *run,
                            const struct plot_parameters *parameters)
{
    int run_at = sqlite3_bind_parameter_index(statement, ":run");
    int x_at = sqlite3_bind_parameter_index(statement, ":x");
    int from_at = sqlite3_bind_parameter_index(statement, ":from");
    int to_at = sqlite3_bind_parameter_index(statement, ":to");
    int nodes_at = sqlite3_bind_parameter_index(statement, ":nodes");

    if (run_at > 0)
        sqlite3_bind_int64(statement, run_at, run->run);
    if (x_at > 0)
        sqlite3_bind_text(statement, x_at, parameters->x, -1, SQLITE_STATIC);
    if (from_at > 0)
        sqlite3_bind_double(statement, from_at, parameters->from_s);
    if (to_at > 0)
        sqlite3_bind_double(statement, to_at, parameters->to_s);
    if (nodes_at > 0)
        sqlite3_bind_int64(statement, nodes_at, parameters->nodes);
}

static void read_matrix(sqlite3_stmt *statement, struct plot_matrix *matrix)
{
    size_t count = 0, capacity = 0;

    *matrix = (struct plot_matrix){.columns = (size_t)sqlite3_column_count(statement)};
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (count + matrix->columns > capacity)
            matrix->values = memory_grow(matrix->values, &capacity, count + matrix->columns,
                                         sizeof *matrix->values);
        for (int i = 0; i < (int)matrix->columns; i++)
            matrix->values[count++] = sqlite3_column_type(statement, i) == SQLITE_NULL
                                          ? NAN
                                          : sqlite3_column_double(statement, i);
        matrix->rows++;
    }
}

enum status plot_data_query(const struct plot_run *run, const char *name,
                            const struct plot_parameters *parameters, struct plot_matrix *matrix,
                            struct error *error)
{
    sqlite3_stmt *statement = NULL;
    char *sql = NULL;
    enum status status = read_text(name, &sql, error);

    *matrix = (struct plot_matrix){.values = NULL};
    if (status == STATUS_OK)
        status = database_prepare(run->db, sql, &statement, error);
    if (status == STATUS_OK) {
        bind_parameters(statement, run, parameters);
        read_matrix(statement, matrix);
    }
    sqlite3_finalize(statement);
    free(sql);
    return status;
}
