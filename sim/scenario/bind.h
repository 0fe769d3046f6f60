/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The binder: a field table and a tree make a struct.  Defaults take the same way as what is
 * written.  Laws of the tables, as they are read here:
 *   - min == max == 0: unlimited; max < min: no upper bound.
 *   - words (`names` of FIELD_INTEGER) are outside of the range.
 *   - null may be written where the default is "null", and says the same.
 *   - quantities are texts with a unit; 0 needs none, and a plain whole number is bytes.
 *   - a list of one object may be written as the object.
 *   - a choice without "name" takes the default's.
 */
#ifndef HEARSAY_SCENARIO_BIND_H
#define HEARSAY_SCENARIO_BIND_H

#include "core/field.h"
#include "core/memory.h"
#include "core/status.h"
#include "scenario/buffer.h"
#include "scenario/text.h"

struct bind_context {
    struct text_map *map;
    struct memory_arena *arena; /* of everything the struct points to */
    const char *const *extra;   /* keys of the root read by others, for "did you mean" */
    bool partial;               /* what is required may be missing: variants give it */
    struct error *error;
    char path[sizeof((struct error *)0)->path]; /* of the value at hand */
};

/* Binds `root` (described by a FIELD_OBJECT field) into *target. */
enum status bind_tree(struct bind_context *context, const struct field *root, const cJSON *tree,
                      void *target);

/* ---- between the parts of the binder ---- */

/* Reports the value (with `key`, the key) of `node`: "where: path: text".  Returns false. */
bool bind_fail(struct bind_context *context, const cJSON *node, bool key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "found ..., expected ..." */
bool bind_expected(struct bind_context *context, const cJSON *node, const char *expected);
/* As bind_expected with what the field's type takes. */
bool bind_mismatch(struct bind_context *context, const struct field *field, const cJSON *node);
/* "required key is missing, expected ...", in the object `enclosing`. */
bool bind_missing(struct bind_context *context, const struct field *field, const cJSON *enclosing);
/* Adds what the field takes: "one of the algorithms \"sgp\", ..." */
void bind_describe(struct buffer *text, const struct field *field);
/* "12", "\"10 Gb\"", "an object": the value as written; buffer of 128 bytes. */
const char *bind_found(const struct bind_context *context, const cJSON *node, char *text);

/* Every type that holds no other values. */
bool bind_scalar(struct bind_context *context, const struct field *field, const cJSON *node,
                 void *target);
void bind_absent(const struct field *field, void *target);

#endif
