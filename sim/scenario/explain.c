/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `hearsay explain`: the tables as text.
 *
 * A path leads through objects, lists and choices: network.bandwidth, compute.stragglers.slowdown,
 * algorithm.sgp.overlap; algorithm.overlap finds the key in the first plug-in that has it, and says
 * which others do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/plugin.h"
#include "scenario/buffer.h"
#include "scenario/quantity.h"
#include "scenario/scenario_table.h"
#include "scenario/tree.h"

/* ---- one field ---- */

static void add_bound(struct buffer *out, const struct field *field, double value)
{
    switch (field->type) {
    case FIELD_DURATION:
    case FIELD_BYTES:
    case FIELD_BANDWIDTH:
    case FIELD_BYTE_RATE:
        quantity_add(out, field->type, value);
        break;
    default:
        buffer_add_number(out, value);
    }
}

static void add_range(struct buffer *out, const struct field *field)
{
    bool upper = field->max >= field->min && field->max < DBL_MAX;
    bool lower = field->min > -DBL_MAX;
    if (field->min == 0 && field->max == 0)
        return;
    buffer_add(out, "; ");
    if (lower && field->min == FIELD_POSITIVE) {
        buffer_add(out, "greater than 0");
    } else if (lower) {
        buffer_add(out, upper ? "from " : "at least ");
        add_bound(out, field, field->min);
    }
    if (upper) {
        buffer_add(out, !lower ? "at most " : field->min == FIELD_POSITIVE ? ", at most " : " to ");
        add_bound(out, field, field->max);
    }
}

static void add_words(struct buffer *out, const struct field *field)
{
    for (size_t i = 0; field->names != NULL && field->names[i] != NULL; i++)
        buffer_format(out, "%s\"%s\"", i == 0 ? "" : ", ", field->names[i]);
}

/* "key   type; default; range" and its help, indented below. */
static void add_field(struct buffer *out, const struct field *field, int indent)
{
    buffer_format(out, "%*s%s: ", indent, "", field->name);
    if (field->type == FIELD_ENUM) {
        buffer_add(out, "one of ");
        add_words(out, field);
    } else if (field->type == FIELD_CHOICE) {
        buffer_format(out, "one of the %s (a name, or an object with a \"name\")",
                      field->registry->plural);
    } else {
        buffer_add(out, field_type_name(field->type));
        if (field->names != NULL) {
            buffer_add(out, " or ");
            add_words(out, field);
        }
    }
    if (field->fallback == NULL)
        buffer_add(out, "; required");
    else if (strcmp(field->fallback, "null") != 0 && strcmp(field->fallback, "{}") != 0)
        buffer_format(out, "; default %s", field->fallback);
    add_range(out, field);
    buffer_format(out, "\n%*s%s\n", indent + 4, "", field->help != NULL ? field->help : "");
}

static void add_table(struct buffer *out, const struct field *table, int indent)
{
    for (; table != NULL && table->name != NULL; table++)
        add_field(out, table, indent);
}

/* ---- plug-ins ---- */

static void add_plugin(struct buffer *out, const struct plugin *plugin, int indent)
{
    buffer_format(out, "%*s%s: %s\n", indent, "", plugin->name, plugin->summary);
    if (plugin->reference != NULL)
        buffer_format(out, "%*s(%s)\n", indent + 4, "", plugin->reference);
    add_table(out, plugin->params, indent + 4);
}

static void add_choice(struct buffer *out, const struct field *field)
{
    if (field_count(field->fields) > 0)
        buffer_format(out, "\nKeys of every %s:\n", field->registry->kind);
    add_table(out, field->fields, 2);
    buffer_format(out, "\n%c%s:\n", field->registry->plural[0] - 'a' + 'A',
                  field->registry->plural + 1);
    for (const struct plugin *const *entry = field->registry->entries; *entry != NULL; entry++)
        add_plugin(out, *entry, 2);
}

static void add_whole(struct buffer *out, const struct field *field)
{
    if (field->name[0] != '\0')
        add_field(out, field, 0);
    if (field->type == FIELD_CHOICE)
        add_choice(out, field);
    else if (field->fields != NULL)
        add_table(out, field->fields, field->name[0] != '\0' ? 2 : 0);
}

/* ---- paths ---- */

/* Where a path has led: to a field, or to a plug-in of a choice. */
struct place {
    const struct field *field;
    const struct plugin *plugin;
    const struct plugin_registry *searched; /* the last choice whose plug-ins were searched */
    const struct plugin *owner;             /* the first of them that has the key, or NULL */
};

static const struct field *find_in_plugins(struct place *place,
                                           const struct plugin_registry *registry, const char *key)
{
    for (const struct plugin *const *entry = registry->entries; *entry != NULL; entry++) {
        const struct field *found = field_find((*entry)->params, key);
        if (found == NULL)
            continue;
        place->searched = registry;
        place->owner = *entry;
        return found;
    }
    return NULL;
}

/* A key by itself may mean another thing in another plug-in: "sgp (also: local; ask ...):".
 * `path` without its choice's plug-in; `tail`: from where the key begins in it. */
static void add_owners(struct buffer *out, const struct place *place, const char *path,
                       const char *tail)
{
    const char *before = "; also: ", *other = NULL;
    size_t size = strcspn(tail + 1, ".[") + 1;
    char *key = memory_alloc(size);
    memcpy(key, tail + 1, size - 1);
    buffer_format(out, "Of the %s %s", place->searched->kind, place->owner->name);
    for (const struct plugin *const *entry = place->searched->entries; *entry != NULL; entry++) {
        if (*entry == place->owner || field_find((*entry)->params, key) == NULL)
            continue;
        buffer_format(out, "%s%s", before, (*entry)->name);
        other = other == NULL ? (*entry)->name : other;
        before = ", ";
    }
    if (other != NULL)
        buffer_format(out, "; ask %.*s.%s%s", (int)(tail - path), path, other, tail);
    buffer_add(out, "\n\n");
    free(key);
}

static bool step_into(struct place *place, const char *key)
{
    const struct field *field = place->field;
    if (place->plugin != NULL) {
        place->field = field_find(place->plugin->params, key);
        if (place->field == NULL)
            place->field = field_find(field->fields, key);
        place->plugin = NULL;
        return place->field != NULL;
    }
    const struct field *inner = field_find(field->fields, key);
    if (inner == NULL && field->type == FIELD_CHOICE) {
        if (tree_is_name_key(field, key))
            return true;
        place->plugin = plugin_find(field->registry, key);
        if (place->plugin != NULL)
            return true;
        inner = find_in_plugins(place, field->registry, key);
    }
    place->field = inner;
    return inner != NULL;
}

static const char *nearest_in(const struct place *place, const char *key)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    const struct field *const tables[] = {place->plugin != NULL ? place->plugin->params : NULL,
                                          place->field->fields};
    for (size_t i = 0; i < 2; i++)
        for (const struct field *f = tables[i]; f != NULL && f->name != NULL; f++)
            if (field_is_nearer(key, f->name, &distance))
                nearest = f->name;
    if (place->plugin == NULL && place->field->type == FIELD_CHOICE)
        for (const struct plugin *const *e = place->field->registry->entries; *e != NULL; e++)
            if (field_is_nearer(key, (*e)->name, &distance))
                nearest = (*e)->name;
    return nearest;
}

/* One step of the path; indices are skipped. */
static bool follow(struct place *place, const struct tree_step *step, const char **nearest)
{
    if (step->key == NULL)
        return true;
    char *key = memory_alloc(step->key_size + 1);
    memcpy(key, step->key, step->key_size);
    struct place before = *place;
    bool found = step_into(place, key);
    if (!found && nearest != NULL)
        *nearest = nearest_in(&before, key);
    free(key);
    return found;
}

char *scenario_explain_table(const struct field *table, const char *path, const char **nearest)
{
    const struct field root = scenario_root(table);
    struct place place = {.field = &root};
    struct tree_step step;
    const char *whole = path, *tail = NULL;
    if (nearest != NULL)
        *nearest = NULL;
    while (path != NULL && *path != '\0') {
        const struct plugin *owner = place.owner;
        const char *here = path;
        path = tree_next_step(path, &step);
        if (path == NULL || !follow(&place, &step, nearest))
            return NULL;
        tail = place.owner != owner ? here : tail;
    }
    struct buffer out = {0};
    buffer_add(&out, "");
    if (place.owner != NULL)
        add_owners(&out, &place, whole, tail);
    if (place.plugin != NULL)
        add_plugin(&out, place.plugin, 0);
    else
        add_whole(&out, place.field);
    return out.text;
}

char *scenario_explain(const char *path, const char **nearest)
{
    return scenario_explain_table(run_fields, path, nearest);
}

char *scenario_explain_plugin(const struct plugin *plugin, int indent)
{
    struct buffer out = {0};
    add_plugin(&out, plugin, indent);
    return out.text;
}
