/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of comma-separated values, as text: RFC 4180 with LF or CRLF, except that a quoted cell
 * ends on its line.  Blank lines are skipped, blanks around cells stripped.  All rows have the same
 * number of cells.  Errors read "file:line: ...".
 */
#ifndef HEARSAY_MODELS_TABLE_H
#define HEARSAY_MODELS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct table {
    char *text;      /* the file; cells point into it */
    char **cells;    /* rows x columns */
    uint32_t *lines; /* of the rows, from 1 */
    size_t rows, columns;
};

/* Reads all rows.  Blames `json_path`. */
enum status table_read(struct table *table, const char *file, const char *json_path,
                       struct error *error);
void table_free(struct table *table);

static inline char *table_cell(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->columns + column];
}
/* True when the whole cell is one finite number. */
bool table_number(const char *cell, double *value);

#endif
