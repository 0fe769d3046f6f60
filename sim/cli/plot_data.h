/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a plot draws: runs of several databases with their legends, and numbers by queries that are
 * files of their own (plots/X.sql).
 */
#ifndef HEARSAY_CLI_PLOT_DATA_H
#define HEARSAY_CLI_PLOT_DATA_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct plot_run {
    sqlite3 *db;      /* borrowed from the plot */
    const char *base; /* file name of its database, without folder and ending */
    int64_t run, seed;
    char *name;     /* of the scenario */
    char *variant;  /* or the name where there is none */
    char *label;    /* of the legend; "": another curve of its group has it */
    unsigned group; /* of one colour, from 1 */
};

struct plot_data {
    sqlite3 **dbs;
    char **bases;
    size_t db_count;
    struct plot_run *runs;
    size_t count;
};

/* Every run of the databases that one of `names` means (all, when there is none). */
enum status plot_data_open(struct plot_data *data, char *const *paths, size_t path_count,
                           const char *const *names, size_t name_count, struct error *error);
void plot_data_close(struct plot_data *data);

struct plot_parameters {
    const char *x; /* "time", "iteration", "epoch", "bytes" */
    double from_s, to_s;
    int64_t nodes;
};

/* Rows of numbers, row by row; NULL is NaN. */
struct plot_matrix {
    double *values;
    size_t rows, columns;
};

/* Runs the query file `name` ("plots/loss.sql") for one run; free matrix->values. */
enum status plot_data_query(const struct plot_run *run, const char *name,
                            const struct plot_parameters *parameters, struct plot_matrix *matrix,
                            struct error *error);

#endif
