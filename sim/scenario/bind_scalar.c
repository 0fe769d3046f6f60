/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values that hold no others: numbers, quantities, words, paths.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "scenario/bind.h"
#include "scenario/buffer.h"

/* ---- ranges ---- */

/* How a range speaks of a type: "found -1, expected a duration of at least 0 s". */
struct range_words {
    const char *noun, *unit;
};

static struct range_words range_words(const struct field *field)
{
    switch (field->type) {
    case FIELD_INTEGER:
        return (struct range_words){"a whole number", ""};
    case FIELD_DURATION:
        return (struct range_words){"a duration", " s"};
    case FIELD_BYTES:
        return (struct range_words){"a size", " B"};
    case FIELD_BANDWIDTH:
        return (struct range_words){"a bandwidth", " bps"};
    case FIELD_BYTE_RATE:
        return (struct range_words){"a rate", " B/s"};
    default:
        return (struct range_words){"a number", ""};
    }
}

static bool has_upper(const struct field *field)
{
    return field->max >= field->min && field->max < DBL_MAX;
}

static bool fail_range(struct bind_context *context, const struct field *field, const cJSON *node)
{
    struct range_words words = range_words(field);
    struct buffer text = {0};
    buffer_add(&text, words.noun);
    bool lower = field->min > -DBL_MAX;
    if (lower && field->min == FIELD_POSITIVE) {
        buffer_add(&text, " greater than 0");
    } else if (lower) {
        buffer_add(&text, has_upper(field) ? " from " : " of at least ");
        buffer_add_number(&text, field->min);
        buffer_add(&text, words.unit);
    }
    if (has_upper(field)) {
        buffer_add(&text, !lower                         ? " of at most "
                          : field->min == FIELD_POSITIVE ? " and at most "
                                                         : " to ");
        buffer_add_number(&text, field->max);
        buffer_add(&text, words.unit);
    }
    bind_expected(context, node, text.text);
    free(text.text);
    return false;
}

static bool in_range(struct bind_context *context, const struct field *field, const cJSON *node,
                     double value)
{
    bool limited = field->min != 0 || field->max != 0;
    bool above = field->max >= field->min && value > field->max;
    if (limited && (value < field->min || above))
        return fail_range(context, field, node);
    return true;
}

/* ---- numbers ---- */

static bool read_integer(const struct bind_context *context, const cJSON *node, int64_t *value)
{
    const struct text_origin *origin = text_origin(context->map, node);
    char text[24];
    if (!cJSON_IsNumber(node) || origin->number_size >= sizeof text)
        return false;
    memcpy(text, origin->number, origin->number_size);
    text[origin->number_size] = '\0';
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    *value = parsed;
    return *end == '\0' && errno == 0 && parsed != INT64_MIN; /* which means absent */
}

/* Through field_parse_quantity, which knows no locale; digits beyond its limit to strtod. */
static double number_of(const struct bind_context *context, const cJSON *node)
{
    const struct text_origin *origin = text_origin(context->map, node);
    char text[200];
    double value;
    if (origin->number_size < sizeof text) {
        memcpy(text, origin->number, origin->number_size);
        text[origin->number_size] = '\0';
        if (field_parse_quantity(FIELD_REAL, text, &value))
            return value;
    }
    return strtod(origin->number, NULL);
}

static bool bind_integer(struct bind_context *context, const struct field *field, const cJSON *node,
                         int64_t *target)
{
    if (cJSON_IsString(node))
        for (int i = 0; field->names != NULL && field->names[i] != NULL; i++)
            if (strcmp(field->names[i], node->valuestring) == 0) {
                *target = -1 - i;
                return true;
            }
    if (!read_integer(context, node, target))
        return bind_mismatch(context, field, node);
    return in_range(context, field, node, (double)*target);
}

static bool bind_real(struct bind_context *context, const struct field *field, const cJSON *node,
                      double *target)
{
    if (!cJSON_IsNumber(node))
        return bind_mismatch(context, field, node);
    *target = number_of(context, node);
    return in_range(context, field, node, *target);
}

static bool bind_reals(struct bind_context *context, const struct field *field, const cJSON *node,
                       struct field_reals *target)
{
    if (!cJSON_IsArray(node))
        return bind_mismatch(context, field, node);
    target->count = (size_t)cJSON_GetArraySize(node);
    target->values =
        memory_arena_alloc(context->arena, (target->count + 1) * sizeof *target->values);
    size_t length = strlen(context->path), i = 0;
    for (const cJSON *item = node->child; item != NULL; item = item->next, i++) {
        snprintf(context->path + length, sizeof context->path - length, "[%zu]", i);
        if (!cJSON_IsNumber(item))
            return bind_expected(context, item, "a number");
        target->values[i] = number_of(context, item);
        if (!in_range(context, field, item, target->values[i]))
            return false;
    }
    context->path[length] = '\0';
    return true;
}

/* ---- quantities ---- */

static bool read_quantity(const struct bind_context *context, const struct field *field,
                          const cJSON *node, double *value)
{
    if (cJSON_IsString(node))
        return field_parse_quantity(field->type, node->valuestring, value);
    *value = 0;
    return cJSON_IsNumber(node) && number_of(context, node) == 0;
}

static bool bind_quantity(struct bind_context *context, const struct field *field,
                          const cJSON *node, double *target)
{
    if (!read_quantity(context, field, node, target))
        return bind_mismatch(context, field, node);
    return in_range(context, field, node, *target);
}

static bool bind_bytes(struct bind_context *context, const struct field *field, const cJSON *node,
                       int64_t *target)
{
    double value;
    if (read_integer(context, node, target))
        return in_range(context, field, node, (double)*target);
    if (!cJSON_IsString(node) || !read_quantity(context, field, node, &value))
        return bind_mismatch(context, field, node);
    *target = (int64_t)value;
    return in_range(context, field, node, value);
}

static bool bind_cadence(struct bind_context *context, const struct field *field, const cJSON *node,
                         struct field_cadence *target)
{
    if (!cJSON_IsString(node) || !field_parse_cadence(node->valuestring, target))
        return bind_mismatch(context, field, node);
    return in_range(context, field, node, target->value);
}

/* ---- words ---- */

static bool bind_bool(struct bind_context *context, const struct field *field, const cJSON *node,
                      bool *target)
{
    if (!cJSON_IsBool(node))
        return bind_mismatch(context, field, node);
    *target = cJSON_IsTrue(node);
    return true;
}

static bool bind_enum(struct bind_context *context, const struct field *field, const cJSON *node,
                      int *target)
{
    if (!cJSON_IsString(node))
        return bind_mismatch(context, field, node);
    for (int i = 0; field->names[i] != NULL; i++)
        if (strcmp(field->names[i], node->valuestring) == 0) {
            *target = i;
            return true;
        }
    return bind_mismatch(context, field, node);
}

static bool bind_string(struct bind_context *context, const struct field *field, const cJSON *node,
                        const char **target)
{
    if (!cJSON_IsString(node))
        return bind_mismatch(context, field, node);
    *target = memory_arena_string(context->arena, node->valuestring, strlen(node->valuestring));
    return true;
}

/* Devices and pipes have no content that could be hashed and read again. */
static bool is_readable(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0 || access(path, R_OK) != 0)
        return false;
    if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))
        return true;
    errno = EINVAL;
    return false;
}

/* Relative paths count from where they were written: the scenario's directory, or here. */
static bool bind_path(struct bind_context *context, const struct field *field, const cJSON *node,
                      const char **target)
{
    if (!cJSON_IsString(node) || *node->valuestring == '\0')
        return bind_mismatch(context, field, node);
    const struct text_source *source =
        &context->map->sources[text_origin(context->map, node)->source];
    struct buffer joined = {0};
    if (node->valuestring[0] != '/')
        buffer_format(&joined, "%s/", source->directory);
    buffer_add(&joined, node->valuestring);
    char *real = realpath(joined.text, NULL), found[128];
    bool readable = real != NULL && is_readable(real);
    if (readable)
        *target = memory_arena_string(context->arena, real, strlen(real));
    else
        bind_fail(context, node, false,
                  "found %s, expected a file or directory that can be read (%s: %s)",
                  bind_found(context, node, found), joined.text, strerror(errno));
    free(real);
    free(joined.text);
    return readable;
}

bool bind_scalar(struct bind_context *context, const struct field *field, const cJSON *node,
                 void *target)
{
    switch (field->type) {
    case FIELD_BOOL:
        return bind_bool(context, field, node, target);
    case FIELD_INTEGER:
        return bind_integer(context, field, node, target);
    case FIELD_REAL:
        return bind_real(context, field, node, target);
    case FIELD_STRING:
        return bind_string(context, field, node, target);
    case FIELD_PATH:
        return bind_path(context, field, node, target);
    case FIELD_ENUM:
        return bind_enum(context, field, node, target);
    case FIELD_DURATION:
    case FIELD_BANDWIDTH:
    case FIELD_BYTE_RATE:
        return bind_quantity(context, field, node, target);
    case FIELD_BYTES:
        return bind_bytes(context, field, node, target);
    case FIELD_CADENCE:
        return bind_cadence(context, field, node, target);
    case FIELD_REALS:
        return bind_reals(context, field, node, target);
    default:
        CHECK(false, "%s is no scalar", field->name);
        return false;
    }
}

void bind_absent(const struct field *field, void *target)
{
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_BYTES:
        *(int64_t *)target = INT64_MIN;
        break;
    case FIELD_REAL:
    case FIELD_DURATION:
    case FIELD_BANDWIDTH:
    case FIELD_BYTE_RATE:
        *(double *)target = NAN;
        break;
    case FIELD_STRING:
    case FIELD_PATH:
        *(const char **)target = NULL;
        break;
    case FIELD_CADENCE:
        ((struct field_cadence *)target)->value = NAN;
        break;
    case FIELD_REALS:
        *(struct field_reals *)target = (struct field_reals){NULL, 0};
        break;
    case FIELD_LIST:
        *(struct field_list *)target = (struct field_list){NULL, 0};
        break;
    default:
        break; /* bool, enum and object stay zero; choices are the binder's */
    }
}
