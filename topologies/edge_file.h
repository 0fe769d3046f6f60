/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading edge-list files.
 *
 * One edge a line: `from,to[,weight[,phase]]`, separated by commas or blanks; an empty weight is an
 * absent one.  `#` starts a comment; a first line of column names is skipped.  from == to gives a
 * self weight.
 */
#ifndef HEARSAY_TOPOLOGIES_EDGE_FILE_H
#define HEARSAY_TOPOLOGIES_EDGE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define EDGE_FILE_MAX_PHASES 1000000

struct edge_record {
    uint32_t phase, from, to, line;
    double weight; /* NaN: none given */
};

/* Reads all records, in the file's order; the caller frees *records. */
enum status edge_file_read(const char *path, uint32_t nodes, struct edge_record **records,
                           size_t *count, struct error *error);

#endif
