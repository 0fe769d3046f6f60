/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Printing a query's rows: a table for people, CSV (RFC 4180) or JSON for programs.  Programs get
 * every digit (%.17g); NULL is an empty field, null, or "-".
 */
#ifndef HEARSAY_CLI_ROWS_H
#define HEARSAY_CLI_ROWS_H

#include <sqlite3.h>
#include <stdio.h>

#include "core/status.h"

enum rows_format { ROWS_TABLE, ROWS_CSV, ROWS_JSON };

/* Steps `statement` to its end. */
enum status rows_print(sqlite3_stmt *statement, enum rows_format format, FILE *out,
                       struct error *error);

#endif
