/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of a run as tables of columns.  One table a row drives what is inserted into SQLite and
 * what goes into the digests, so neither can forget a field of the other's.  Order matters: the
 * digests take the fields in it.
 */
#ifndef HEARSAY_TRACE_COLUMNS_H
#define HEARSAY_TRACE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

enum trace_column_type {
    TRACE_COLUMN_U16,
    TRACE_COLUMN_U32,
    TRACE_COLUMN_I64, /* uint64_t too: as its bits */
    TRACE_COLUMN_DOUBLE,
    TRACE_COLUMN_TEXT, /* const char *, may be NULL */
};

struct trace_column {
    const char *name; /* of the SQL column and of the struct's member */
    enum trace_column_type type;
    size_t offset;
};

enum trace_table_id {
    TRACE_TABLE_SPANS,
    TRACE_TABLE_MESSAGES,
    TRACE_TABLE_UPDATES,
    TRACE_TABLE_COLLECTIVES,
    TRACE_TABLE_CHUNKS,
    TRACE_TABLE_METRICS,
    TRACE_TABLE_NODE_METRICS,
    TRACE_TABLE_LINKS,
    TRACE_TABLE_FAULTS,
    TRACE_TABLE_PARAMETERS,
    TRACE_TABLES,
};

struct trace_table {
    const char *name;
    char tag;      /* first byte of a record in a digest */
    bool numbered; /* has a column `id`: the row's number within its run */
    bool blob;     /* ends with a column `npy` */
    size_t row_size;
    const struct trace_column *columns;
    size_t column_count;
};

extern const struct trace_table trace_tables[TRACE_TABLES];

#endif
