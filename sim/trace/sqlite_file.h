/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The database file of a sink: refusing, replacing, locking, creating, closing.
 *
 * What fails before the first run begins leaves nothing behind and destroys nothing: until
 * sqlite_file_ready, a new file lies beside its place under another name.  A closed file is one
 * plain file: its journal mode goes back to the rollback journal.
 */
#ifndef HEARSAY_TRACE_SQLITE_FILE_H
#define HEARSAY_TRACE_SQLITE_FILE_H

#include <sqlite3.h>

#include "core/status.h"
#include "trace/sqlite_sink.h"

struct sqlite_file {
    char *path;
    char *staged; /* the new file, not yet in its place; NULL: it is */
    enum trace_open_mode mode;
    int lock;          /* descriptor that holds the lock of `path` or of `staged` */
    int replaced_lock; /* of the file that will be replaced, or -1 */
    sqlite3 *db;       /* open after sqlite_file_ready */
    char journal_mode[16];
};

/* Closed already when it fails. */
enum status sqlite_file_open(struct sqlite_file *file, const char *path, enum trace_open_mode mode,
                             struct error *error);
/* Puts a new file in its place and the database into its journal mode; may be repeated. */
enum status sqlite_file_ready(struct sqlite_file *file, struct error *error);
void sqlite_file_close(struct sqlite_file *file); /* no statement may be open */

#endif
