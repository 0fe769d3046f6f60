/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading traces: opening a database and choosing runs in it.
 */
#ifndef HEARSAY_CLI_DATABASE_H
#define HEARSAY_CLI_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>

#include "core/status.h"

/* Opens for reading; close by sqlite3_close.  *db is NULL when it fails. */
enum status database_open(const char *path, sqlite3 **db, struct error *error);

/* Fills the temporary table `selected (run)`: every run that one of the names means (number, id,
 * name or variant), or all runs when there is no name.  *found[i], where found is not NULL, says
 * that names[i] met one; otherwise a name that meets none is an error that lists the runs. */
enum status database_select(sqlite3 *db, const char *path, const char *const *names, size_t count,
                            int *found, struct error *error);

enum status database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement,
                             struct error *error);

#endif
