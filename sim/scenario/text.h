/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a scenario: strict JSON with comments, and where everything stands in it.
 *
 * cJSON builds the tree.  It forgets positions, reads integers through a double, and accepts much
 * that JSON forbids; so an iterative reader goes over the text first, refuses what is not strict
 * JSON in UTF-8, blanks the comments with as many spaces, and records an ORIGIN for each value in
 * document order.  The tree's nodes get the index of their origin in `valueint`, which cJSON keeps
 * when a node is copied: whatever is merged from where, each value knows where it was written.
 *
 * Beyond JSON: // and C comments, a byte order mark.  Refused beyond JSON: duplicate keys, U+0000,
 * numbers that no double holds, depth above 64, more than 16 MiB.
 */
#ifndef HEARSAY_SCENARIO_TEXT_H
#define HEARSAY_SCENARIO_TEXT_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define TEXT_LIMIT_BYTES ((size_t)16 << 20)
#define TEXT_DEPTH_LIMIT 64

/* Where texts come from: a file, or one --set. */
struct text_source {
    char *name;      /* "scenarios/x.json", "--set nodes=4" */
    char *directory; /* what relative paths in it count from */
    char *text;      /* its copy, comments blanked; origins point into it */
    bool positioned; /* lines and columns mean something to the reader (no --set) */
};

/* Where a value was written; lines and columns in characters, from 1. */
struct text_origin {
    uint32_t source; /* index into text_map.sources */
    uint32_t line, column;
    uint32_t key_line, key_column; /* of its key; 0: none (list items, roots) */
    uint32_t number_size;
    const char *number; /* a number as it was written; NULL for other values */
};

/* All origins of one scenario.  Zero-initialise to create. */
struct text_map {
    struct text_source *sources;
    size_t source_count, source_capacity;
    struct text_origin *origins;
    size_t count, capacity;
};

/* Reads `text` under the name `name` into *tree (cJSON_Delete frees it). */
enum status text_read(struct text_map *map, const char *name, const char *directory,
                      bool positioned, const char *text, size_t size, cJSON **tree,
                      struct error *error);
/* Reads a field's default; every value in it takes the place of the node `enclosing`.  Defaults are
 * released in the reverse order of reading. */
cJSON *text_read_default(struct text_map *map, const char *text, const cJSON *enclosing);
void text_release_default(struct text_map *map, cJSON *tree);
void text_map_free(struct text_map *map);

/* Registers a source without text; returns its index. */
uint32_t text_add_source(struct text_map *map, const char *name, const char *directory,
                         bool positioned);
/* A value that no text holds as such (an object made on the way of a --set). */
void text_place(struct text_map *map, cJSON *node, uint32_t source);

const struct text_origin *text_origin(const struct text_map *map, const cJSON *node);
/* "file:line:column" of the node's value or, with `key`, of its key; "--set key=value". */
const char *text_where(const struct text_map *map, const cJSON *node, bool key, char *where,
                       size_t size);
/* Reads a file, or standard input for "-"; *text is malloc'd. */
enum status text_load(const char *path, char **text, size_t *size, struct error *error);

#endif
