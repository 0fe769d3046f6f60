/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Structs back to text.
 */
#include "scenario/canonical.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/plugin.h"
#include "scenario/buffer.h"
#include "scenario/quantity.h"

struct writer {
    struct buffer out;
    bool identity;
    int depth;   /* of objects and lists, for indentation */
    int outside; /* of objects outside the identity around us */
    struct content_cache *contents;
    enum status status;
    struct error *error;
};

/* A member of an object being written; field NULL: the name of a choice. */
struct entry {
    const char *name;
    const struct field *field;
    const char *base;
};

static void write_value(struct writer *writer, const struct field *field, const void *value);

/* ---- numbers ---- */

static void write_real(struct writer *writer, double value)
{
    if (isnan(value) || !writer->identity) {
        buffer_add_number(&writer->out, value);
        return;
    }
    char text[40];
    snprintf(text, sizeof text, "%.17g", value + 0.0); /* -0 is 0 */
    char *comma = strchr(text, ',');                   /* a locale's decimal point */
    if (comma != NULL)
        *comma = '.';
    buffer_add(&writer->out, text);
}

static void write_integer(struct writer *writer, const struct field *field, int64_t value)
{
    int64_t word = value < 0 && value > INT32_MIN ? -1 - value : INT32_MAX;
    if (field->names != NULL)
        for (int64_t i = 0; field->names[i] != NULL; i++)
            if (i == word) {
                buffer_add_json(&writer->out, field->names[i], 0);
                return;
            }
    buffer_format(&writer->out, "%" PRId64, value);
}

static void write_quantity(struct writer *writer, enum field_type type, double value)
{
    if (writer->identity) {
        write_real(writer, value);
        return;
    }
    buffer_add(&writer->out, "\"");
    quantity_add(&writer->out, type, value);
    buffer_add(&writer->out, "\"");
}

static void write_bytes(struct writer *writer, int64_t value)
{
    bool exact = value < INT64_C(1) << 53 && value > -(INT64_C(1) << 53);
    if (writer->identity || !exact)
        buffer_format(&writer->out, "%" PRId64, value);
    else
        write_quantity(writer, FIELD_BYTES, (double)value);
}

static void write_cadence(struct writer *writer, const struct field_cadence *cadence)
{
    buffer_add(&writer->out, "\"");
    if (cadence->unit == FIELD_PER_SECONDS && !writer->identity) {
        quantity_add(&writer->out, FIELD_DURATION, cadence->value);
    } else {
        write_real(writer, cadence->value);
        buffer_format(&writer->out, " %s%s",
                      cadence->unit == FIELD_PER_SECONDS  ? "s"
                      : cadence->unit == FIELD_PER_EPOCHS ? "epoch"
                                                          : "iteration",
                      cadence->unit == FIELD_PER_SECONDS || cadence->value == 1 ? "" : "s");
    }
    buffer_add(&writer->out, "\"");
}

static void write_reals(struct writer *writer, const struct field_reals *reals)
{
    buffer_add(&writer->out, "[");
    for (size_t i = 0; i < reals->count; i++) {
        if (i > 0)
            buffer_add(&writer->out, writer->identity ? "," : ", ");
        write_real(writer, reals->values[i]);
    }
    buffer_add(&writer->out, "]");
}

static void write_path(struct writer *writer, const char *path)
{
    const char *text = path;
    if (writer->identity && writer->status == STATUS_OK)
        writer->status = content_digest(writer->contents, path, &text, writer->error);
    if (writer->status == STATUS_OK)
        buffer_add_json(&writer->out, text, 0);
}

/* ---- what is absent ---- */

static bool is_absent(const struct field *field, const void *value)
{
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_BYTES:
        return field_integer_absent(*(const int64_t *)value);
    case FIELD_REAL:
    case FIELD_DURATION:
    case FIELD_BANDWIDTH:
    case FIELD_BYTE_RATE:
        return field_real_absent(*(const double *)value);
    case FIELD_STRING:
    case FIELD_PATH:
        return *(const char *const *)value == NULL;
    case FIELD_CADENCE:
        return isnan(((const struct field_cadence *)value)->value);
    case FIELD_CHOICE:
        return ((const struct plugin_choice *)value)->plugin == NULL;
    case FIELD_LIST:
        return ((const struct field_list *)value)->count == 0;
    case FIELD_REALS:
        return ((const struct field_reals *)value)->count == 0;
    default:
        return false;
    }
}

/* ---- objects ---- */

static void break_line(struct writer *writer)
{
    if (!writer->identity)
        buffer_format(&writer->out, "\n%*s", 2 * writer->depth, "");
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Writes one member; false, and nothing is written, when there is nothing to say. */
static bool write_entry(struct writer *writer, const struct entry *entry, bool first)
{
    size_t mark = writer->out.length;
    if (!first)
        buffer_add(&writer->out, ",");
    break_line(writer);
    buffer_add_json(&writer->out, entry->name, 0);
    buffer_add(&writer->out, writer->identity ? ":" : ": ");
    size_t begin = writer->out.length;
    if (entry->field == NULL) {
        buffer_add_json(&writer->out, entry->base, 0);
        return true;
    }
    write_value(writer, entry->field, entry->base + entry->field->offset);
    const char *written = writer->out.text + begin, *fallback = entry->field->fallback;
    /* Deep in what only judges a run (expect), defaults would hide the few words that count. */
    bool silent = strcmp(written, "{}") == 0 || strcmp(written, "null") == 0 ||
                  (writer->outside > 1 && fallback != NULL && strcmp(written, fallback) == 0);
    if (!silent || writer->identity)
        return true;
    writer->out.length = mark;
    writer->out.text[mark] = '\0';
    return false;
}

static void write_entries(struct writer *writer, struct entry *entries, size_t count)
{
    if (writer->identity)
        qsort(entries, count, sizeof *entries, compare_entries);
    buffer_add(&writer->out, "{");
    writer->depth++;
    bool empty = true;
    for (size_t i = 0; i < count; i++)
        if (write_entry(writer, &entries[i], empty))
            empty = false;
    writer->depth--;
    if (!empty)
        break_line(writer);
    buffer_add(&writer->out, "}");
}

static size_t collect(const struct writer *writer, const struct field *table, const char *base,
                      struct entry *entries, size_t count)
{
    for (; table != NULL && table->name != NULL; table++)
        if (!writer->identity || !table->outside_identity)
            entries[count++] = (struct entry){table->name, table, base};
    return count;
}

static void write_object(struct writer *writer, const struct field *field, const void *value)
{
    struct entry *entries = memory_array(field_count(field->fields) + 1, sizeof *entries);
    size_t count = collect(writer, field->fields, value, entries, 0);
    bool outside = field->outside_identity || writer->outside > 0;
    writer->outside += outside;
    write_entries(writer, entries, count);
    writer->outside -= outside;
    free(entries);
}

static void write_choice(struct writer *writer, const struct field *field, const void *value)
{
    const struct plugin_choice *choice = (const struct plugin_choice *)value;
    const struct plugin *plugin = choice->plugin;
    size_t most = 1 + field_count(plugin->params) + field_count(field->fields);
    struct entry *entries = memory_array(most, sizeof *entries);
    entries[0] = (struct entry){"name", NULL, plugin->name};
    size_t count = collect(writer, plugin->params, choice->params, entries, 1);
    count = collect(writer, field->fields, value, entries, count);
    write_entries(writer, entries, count);
    free(entries);
}

static void write_list(struct writer *writer, const struct field *field,
                       const struct field_list *list)
{
    buffer_add(&writer->out, "[");
    writer->depth++;
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            buffer_add(&writer->out, ",");
        break_line(writer);
        write_object(writer, field, (const char *)list->items + i * field->item_size);
    }
    writer->depth--;
    break_line(writer);
    buffer_add(&writer->out, "]");
}

static void write_value(struct writer *writer, const struct field *field, const void *value)
{
    if (is_absent(field, value)) {
        bool list = field->type == FIELD_LIST || field->type == FIELD_REALS;
        buffer_add(&writer->out, list ? "[]" : "null");
        return;
    }
    switch (field->type) {
    case FIELD_BOOL:
        buffer_add(&writer->out, *(const bool *)value ? "true" : "false");
        break;
    case FIELD_INTEGER:
        write_integer(writer, field, *(const int64_t *)value);
        break;
    case FIELD_REAL:
        write_real(writer, *(const double *)value);
        break;
    case FIELD_STRING:
        buffer_add_json(&writer->out, *(const char *const *)value, 0);
        break;
    case FIELD_PATH:
        write_path(writer, *(const char *const *)value);
        break;
    case FIELD_ENUM:
        buffer_add_json(&writer->out, field->names[*(const int *)value], 0);
        break;
    case FIELD_DURATION:
    case FIELD_BANDWIDTH:
    case FIELD_BYTE_RATE:
        write_quantity(writer, field->type, *(const double *)value);
        break;
    case FIELD_BYTES:
        write_bytes(writer, *(const int64_t *)value);
        break;
    case FIELD_CADENCE:
        write_cadence(writer, (const struct field_cadence *)value);
        break;
    case FIELD_OBJECT:
        write_object(writer, field, value);
        break;
    case FIELD_CHOICE:
        write_choice(writer, field, value);
        break;
    case FIELD_LIST:
        write_list(writer, field, (const struct field_list *)value);
        break;
    case FIELD_REALS:
        write_reals(writer, (const struct field_reals *)value);
        break;
    }
}

enum status canonical_write(const struct field *root, const void *config,
                            enum canonical_style style, struct content_cache *contents, char **text,
                            struct error *error)
{
    struct writer writer = {
        .identity = style == CANONICAL_IDENTITY, .contents = contents, .error = error};
    if (writer.identity)
        buffer_format(&writer.out, "{\"result_version\":%d,\"run\":", RESULT_VERSION);
    write_object(&writer, root, config);
    buffer_add(&writer.out, writer.identity ? "}" : "\n");
    *text = writer.status == STATUS_OK ? writer.out.text : NULL;
    if (*text == NULL)
        free(writer.out.text);
    return writer.status;
}
