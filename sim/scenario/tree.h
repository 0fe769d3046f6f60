/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trees of values before they are bound: --set, merging, look-up by path.
 *
 * A path names a value: "network.bandwidth", "compute.stragglers[0].slowdown".  Tables guide the
 * walk where a choice of a plug-in is written as a bare name: "sgp" stands for {"name": "sgp"}.
 * Besides "name", a choice may be made under the kind of its registry ("distribution").
 */
#ifndef HEARSAY_SCENARIO_TREE_H
#define HEARSAY_SCENARIO_TREE_H

#include "core/field.h"
#include "core/status.h"
#include "scenario/text.h"

/* One step of a path; returns where the next begins, or NULL when the path is malformed. */
struct tree_step {
    const char *key; /* NULL: an index */
    size_t key_size;
    long index;
};
const char *tree_next_step(const char *path, struct tree_step *step);

/* Assigns one "key.path=value" in the tree of `root`; objects on the way are made. The value is
 * JSON, else a bare word that is taken as a string.  *origin: the value's. */
enum status tree_override(struct text_map *map, cJSON *root, const char *override, int *origin,
                          struct error *error);

/* The node that was written at `origin`, or NULL where the tree has none. */
const cJSON *tree_written_at(const cJSON *tree, int origin);

/* A new tree: `overlay` over `base`, both described by `field` (NULL: by nothing).  Objects merge
 * key by key, except that an object whose "name" differs from the base's replaces it whole;
 * everything else replaces. */
cJSON *tree_merge(const cJSON *base, const cJSON *overlay, const struct field *field);

/* The deepest written node on `path`; the root at least. */
const cJSON *tree_deepest(const cJSON *root, const char *path);

/* The member of an object by its exact name, or NULL. */
cJSON *tree_member(const cJSON *object, const char *key);
/* The node that says which plug-in a choice takes (a string at best), or NULL. */
const cJSON *tree_choice_name(const struct field *field, const cJSON *node);
/* True when `key` chooses the plug-in in objects of `field`. */
bool tree_is_name_key(const struct field *field, const char *key);
/* The field that describes the member `key` of `node`; `field` describes `node`. */
const struct field *tree_member_field(const struct field *field, const cJSON *node,
                                      const char *key);

#endif
