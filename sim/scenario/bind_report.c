/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the binder says of a wrong value.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plugin.h"
#include "scenario/bind.h"
#include "scenario/buffer.h"

#define FOUND_SIZE 128

bool bind_fail(struct bind_context *context, const cJSON *node, bool key, const char *format, ...)
{
    char where[512], text[900];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *between = *context->path == '\0' ? "" : ": ";
    status_fail_at(context->error, context->path, "%s%s%s: %s",
                   text_where(context->map, node, key, where, sizeof where), between, context->path,
                   text);
    return false;
}

const char *bind_found(const struct bind_context *context, const cJSON *node, char *text)
{
    const struct text_origin *origin = text_origin(context->map, node);
    const char *plain = cJSON_IsObject(node)  ? "an object"
                        : cJSON_IsArray(node) ? "a list"
                        : cJSON_IsTrue(node)  ? "true"
                        : cJSON_IsFalse(node) ? "false"
                                              : "null";
    struct buffer quoted = {0};
    if (cJSON_IsString(node))
        buffer_add_json(&quoted, node->valuestring, 60);
    if (cJSON_IsNumber(node))
        snprintf(text, FOUND_SIZE, "%.*s", origin->number_size > 60 ? 60 : (int)origin->number_size,
                 origin->number);
    else
        snprintf(text, FOUND_SIZE, "%s", quoted.text != NULL ? quoted.text : plain);
    free(quoted.text);
    return text;
}

bool bind_expected(struct bind_context *context, const cJSON *node, const char *expected)
{
    char found[FOUND_SIZE];
    return bind_fail(context, node, false, "found %s, expected %s",
                     bind_found(context, node, found), expected);
}

static void add_words(struct buffer *text, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (i > 0)
            buffer_add(text, names[i + 1] == NULL ? " or " : ", ");
        buffer_add_json(text, names[i], 0);
    }
}

static void add_guess(struct buffer *text, const char *const *names, const cJSON *node)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    for (size_t i = 0; cJSON_IsString(node) && names[i] != NULL; i++)
        if (field_is_nearer(node->valuestring, names[i], &distance))
            nearest = names[i];
    if (nearest != NULL)
        buffer_format(text, "; did you mean \"%s\"?", nearest);
}

void bind_describe(struct buffer *text, const struct field *field)
{
    if (field->type == FIELD_CHOICE) {
        buffer_format(text, "one of the %s ", field->registry->plural);
        const struct plugin *const *entries = field->registry->entries;
        for (size_t i = 0; entries[i] != NULL; i++)
            buffer_format(text, "%s\"%s\"", i == 0 ? "" : ", ", entries[i]->name);
        return;
    }
    if (field->type != FIELD_ENUM)
        buffer_add(text, field_type_name(field->type));
    if (field->names != NULL) {
        if (field->type != FIELD_ENUM)
            buffer_add(text, " or ");
        add_words(text, field->names);
    }
}

bool bind_mismatch(struct bind_context *context, const struct field *field, const cJSON *node)
{
    struct buffer text = {0};
    bind_describe(&text, field);
    if (field->names != NULL)
        add_guess(&text, field->names, node);
    bind_expected(context, node, text.text);
    free(text.text);
    return false;
}

bool bind_missing(struct bind_context *context, const struct field *field, const cJSON *enclosing)
{
    struct buffer text = {0};
    bind_describe(&text, field);
    bind_fail(context, enclosing, false, "required key is missing, expected %s", text.text);
    free(text.text);
    return false;
}
