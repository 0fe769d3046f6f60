/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored model vectors of the selected runs (cli/database.h).
 */
#ifndef HEARSAY_CLI_SHOW_PARAMETERS_H
#define HEARSAY_CLI_SHOW_PARAMETERS_H

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

#define SHOW_PARAMETERS_ANY INT64_MIN

struct show_parameters {
    const char *kind; /* "x", "z", "mean"; "w": the weights alone */
    int64_t sequence; /* SHOW_PARAMETERS_ANY: of every metric */
    int64_t node;     /* SHOW_PARAMETERS_ANY: every node; -1: the mean model */
};

/* One vector a line: sequence,iteration,node,weight,v0,v1,...  With several runs a column `run`
 * comes first. */
enum status show_parameters_csv(sqlite3 *db, const struct show_parameters *what, FILE *out,
                                struct error *error);
/* The one vector that is meant, as the .npy file that is stored. */
enum status show_parameters_npy(sqlite3 *db, const struct show_parameters *what, FILE *out,
                                struct error *error);

#endif
