/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows that begin and end a run: runs, run_environment, run_summary.
 */
#ifndef HEARSAY_TRACE_SQLITE_ROWS_H
#define HEARSAY_TRACE_SQLITE_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "trace/sink.h"

struct sqlite_rows {
    sqlite3 *db;
    const char *path, *journal_mode;
    bool replace_runs; /* finished ones too */
    int64_t run;       /* runs.run of the open run */
};

/* Inserts the run as `running` and sets rows->run.  Rows of a run of the same identity go away when
 * it did not finish; a finished one is refused (STATUS_REQUEST) unless replace_runs. */
enum status sqlite_rows_begin(struct sqlite_rows *rows, const struct trace_run *run,
                              struct error *error);
enum status sqlite_rows_end(struct sqlite_rows *rows, const struct trace_end *end,
                            struct error *error);
/* Says `failed`, as well as it goes. */
void sqlite_rows_fail(struct sqlite_rows *rows, const char *reason);

#endif
