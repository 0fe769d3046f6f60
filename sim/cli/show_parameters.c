/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors are stored as .npy blobs, one a row; as CSV they become lines with every digit, so that
 * trajectories of two runs, or of a run and another program, can be compared by text tools.
 */
#include "cli/show_parameters.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/database.h"
#include "trace/npy.h"

enum { COLUMN_RUN, COLUMN_SEQUENCE, COLUMN_ITERATION, COLUMN_NODE, COLUMN_WEIGHT, COLUMN_NPY };

/* Weights stand beside every kind; the numerator's are asked for only where there is one. */
static const char query[] =
    "SELECT p.run, p.sequence, coalesce(n.iteration, m.iteration_mean), p.node, p.weight, p.npy"
    " FROM parameters p LEFT JOIN metrics m ON m.run = p.run AND m.sequence = p.sequence"
    " LEFT JOIN node_metrics n ON n.run = p.run AND n.sequence = p.sequence AND n.node = p.node"
    " WHERE p.run IN (SELECT run FROM selected)"
    " AND p.kind = CASE ?1 WHEN 'w' THEN (SELECT max(q.kind) FROM parameters q"
    "  WHERE q.run = p.run AND q.kind <> 'mean') ELSE ?1 END"
    " AND (?2 IS NULL OR p.sequence = ?2) AND (?3 IS NULL OR p.node = ?3)"
    " ORDER BY p.run, p.sequence, p.node";

static enum status prepare(sqlite3 *db, const struct show_parameters *what,
                           sqlite3_stmt **statement, struct error *error)
{
    enum status status = database_prepare(db, query, statement, error);

    if (status != STATUS_OK)
        return status;
    sqlite3_bind_text(*statement, 1, what->kind, -1, SQLITE_STATIC);
    if (what->sequence != SHOW_PARAMETERS_ANY)
        sqlite3_bind_int64(*statement, 2, what->sequence);
    if (what->node != SHOW_PARAMETERS_ANY)
        sqlite3_bind_int64(*statement, 3, what->node);
    return STATUS_OK;
}

static enum status none_stored(const struct show_parameters *what, struct error *error)
{
    return status_fail(error, STATUS_REQUEST,
                       "no such parameters \"%s\" are stored; set trace.parameters in the scenario",
                       what->kind);
}

static bool read_vector(sqlite3_stmt *statement, double **values, size_t *count)
{
    const void *npy = sqlite3_column_blob(statement, COLUMN_NPY);
    bool float32;

    return npy != NULL && npy_read(npy, (size_t)sqlite3_column_bytes(statement, COLUMN_NPY), values,
                                   count, &float32);
}

static void print_head(bool with_run, size_t count, FILE *out)
{
    fputs(with_run ? "run,sequence,iteration,node,weight" : "sequence,iteration,node,weight", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, ",v%zu", i);
    fputc('\n', out);
}

static void print_row(sqlite3_stmt *statement, bool with_run, const double *values, size_t count,
                      FILE *out)
{
    if (with_run)
        fprintf(out, "%lld,", sqlite3_column_int64(statement, COLUMN_RUN));
    fprintf(out, "%lld,%.17g,%lld,%.17g", sqlite3_column_int64(statement, COLUMN_SEQUENCE),
            sqlite3_column_double(statement, COLUMN_ITERATION),
            sqlite3_column_int64(statement, COLUMN_NODE),
            sqlite3_column_double(statement, COLUMN_WEIGHT));
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i])) /* its sign means nothing */
            fputs(",nan", out);
        else
            fprintf(out, ",%.17g", values[i]);
    fputc('\n', out);
}

static bool several_runs(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool several = false;

    if (database_prepare(db, "SELECT count(*) > 1 FROM selected", &statement, NULL) == STATUS_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        several = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return several;
}

enum status show_parameters_csv(sqlite3 *db, const struct show_parameters *what, FILE *out,
                                struct error *error)
{
    bool with_run = several_runs(db), head = false, weights = strcmp(what->kind, "w") == 0;
    sqlite3_stmt *statement = NULL;
    enum status status = prepare(db, what, &statement, error);

    while (status == STATUS_OK && sqlite3_step(statement) == SQLITE_ROW) {
        double *values = NULL;
        size_t count = 0;

        if (!weights && !read_vector(statement, &values, &count)) {
            status = status_fail(error, STATUS_ENVIRONMENT, "a stored vector is damaged");
            break;
        }
        if (!head)
            print_head(with_run, count, out);
        head = true;
        print_row(statement, with_run, values, count, out);
        free(values);
    }
    sqlite3_finalize(statement);
    return status == STATUS_OK && !head ? none_stored(what, error) : status;
}

enum status show_parameters_npy(sqlite3 *db, const struct show_parameters *what, FILE *out,
                                struct error *error)
{
    sqlite3_stmt *statement = NULL;
    enum status status = prepare(db, what, &statement, error);

    if (status != STATUS_OK)
        return status;
    if (sqlite3_step(statement) != SQLITE_ROW)
        status = none_stored(what, error);
    else
        fwrite(sqlite3_column_blob(statement, COLUMN_NPY), 1,
               (size_t)sqlite3_column_bytes(statement, COLUMN_NPY), out);
    if (status == STATUS_OK && sqlite3_step(statement) == SQLITE_ROW)
        status = status_fail(error, STATUS_REQUEST,
                             "several vectors are meant; choose one by --run, --at and --node");
    sqlite3_finalize(statement);
    return status;
}
