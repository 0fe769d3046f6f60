/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SQLite sink: rows go through a bounded queue to a thread of their own, which inserts them by
 * prepared statements in batched transactions (WAL; a rollback journal where the file system has no
 * shared memory, said in run_environment).  A slow disk slows the run and loses nothing.  Rows of a
 * killed run stay readable, and the run says `running`.
 */
#ifndef HEARSAY_TRACE_SQLITE_SINK_H
#define HEARSAY_TRACE_SQLITE_SINK_H

#include "trace/sink.h"

#define TRACE_SCHEMA_VERSION 3 /* PRAGMA user_version */

enum trace_open_mode {
    TRACE_CREATE,  /* refuse an existing file */
    TRACE_REPLACE, /* --force: replace it (written beside it, renamed when the schema stands) */
    TRACE_APPEND,  /* --append: add runs; refuse a file that is no Hearsay trace or is newer */
};

/* Opens (and locks against a second writer) `path`. A run whose id is present already is replaced
 * when it did not finish, refused otherwise unless replace_runs. */
enum status trace_sqlite_open(const char *path, enum trace_open_mode mode, bool replace_runs,
                              struct trace_sink **sink, struct error *error);

#endif
