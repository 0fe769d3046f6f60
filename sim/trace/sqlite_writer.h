/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer thread of one run: the run's thread puts rows into a block, the writer takes the block
 * when it is large or 0.2 s old, leaves an empty one, and inserts its rows in one transaction.
 * There are two blocks of bounded size: a slow disk makes the run wait.
 *
 * The database connection is the writer's between start and finish.  The first error is kept, the
 * transaction that met it is rolled back, and later rows are dropped.
 */
#ifndef HEARSAY_TRACE_SQLITE_WRITER_H
#define HEARSAY_TRACE_SQLITE_WRITER_H

#include <sqlite3.h>
#include <stdint.h>

#include "core/status.h"
#include "trace/columns.h"

struct sqlite_writer;

/* `path` is for messages and is borrowed. NULL: no thread could be had, or a statement is wrong. */
struct sqlite_writer *sqlite_writer_start(sqlite3 *db, const char *path, int64_t run,
                                          struct error *error);
/* Copies the row and its texts. */
void sqlite_writer_put(struct sqlite_writer *writer, enum trace_table_id table, const void *row);
/* The same for a table that ends with a blob: returns `blob_size` bytes to be filled before
 * sqlite_writer_put_done; NULL (nothing to do) when the writer has failed. */
void *sqlite_writer_put_blob(struct sqlite_writer *writer, enum trace_table_id table,
                             const void *row, size_t blob_size);
void sqlite_writer_put_done(struct sqlite_writer *writer);
/* The first error so far; cheap. */
enum status sqlite_writer_failed(struct sqlite_writer *writer, struct error *error);
/* Writes what is left, ends the thread, frees; returns the first error. */
enum status sqlite_writer_finish(struct sqlite_writer *writer, struct error *error);

#endif
