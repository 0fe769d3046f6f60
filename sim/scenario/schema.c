/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables as a JSON Schema (draft 2020-12), for editors.
 *
 * It says what the binder says, short of what needs more than the value: did-you-mean, files that
 * must exist, keys that a variant may leave out because the base has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/plugin.h"
#include "scenario/scenario_table.h"
#include "scenario/text.h"

#define DEPTH_LIMIT 8 /* a plug-in may take a plug-in of its own family */

static cJSON *describe(const struct field *field, int depth);

static cJSON *checked(cJSON *node)
{
    CHECK(node != NULL, "out of memory");
    return node;
}

static cJSON *object(void)
{
    return checked(cJSON_CreateObject());
}

static cJSON *typed(const char *type)
{
    cJSON *schema = object();
    cJSON_AddStringToObject(schema, "type", type);
    return schema;
}

/* {"anyOf": [a, b]}; takes both. */
static cJSON *either(cJSON *a, cJSON *b)
{
    cJSON *schema = object(), *list = checked(cJSON_AddArrayToObject(schema, "anyOf"));
    cJSON_AddItemToArray(list, a);
    cJSON_AddItemToArray(list, b);
    return schema;
}

static cJSON *constant(cJSON *value)
{
    cJSON *schema = object();
    cJSON_AddItemToObject(schema, "const", checked(value));
    return schema;
}

static cJSON *list_of(cJSON *items)
{
    cJSON *schema = typed("array");
    cJSON_AddItemToObject(schema, "items", items);
    return schema;
}

static void add_range(cJSON *schema, const struct field *field)
{
    if (field->min == 0 && field->max == 0)
        return;
    if (field->min == FIELD_POSITIVE)
        cJSON_AddNumberToObject(schema, "exclusiveMinimum", 0);
    else if (field->min > -DBL_MAX)
        cJSON_AddNumberToObject(schema, "minimum", field->min);
    if (field->max >= field->min && field->max < DBL_MAX)
        cJSON_AddNumberToObject(schema, "maximum", field->max);
}

static cJSON *number(const char *type, const struct field *field)
{
    cJSON *schema = typed(type);
    add_range(schema, field);
    return schema;
}

static cJSON *words(const char *const *names)
{
    cJSON *schema = object(), *list = checked(cJSON_AddArrayToObject(schema, "enum"));
    for (; *names != NULL; names++)
        cJSON_AddItemToArray(list, checked(cJSON_CreateString(*names)));
    return schema;
}

static cJSON *quantity(const char *units)
{
    char pattern[160];
    snprintf(pattern, sizeof pattern, "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)? *(%s)$",
             units);
    cJSON *schema = typed("string");
    cJSON_AddStringToObject(schema, "pattern", pattern);
    return schema;
}

static cJSON *quantity_or_zero(const char *units)
{
    return either(quantity(units), constant(cJSON_CreateNumber(0)));
}

/* ---- containers ---- */

static void add_properties(cJSON *properties, cJSON *required, const struct field *table, int depth)
{
    for (; table != NULL && table->name != NULL; table++) {
        cJSON_AddItemToObject(properties, table->name, describe(table, depth + 1));
        if (table->fallback == NULL && required != NULL)
            cJSON_AddItemToArray(required, checked(cJSON_CreateString(table->name)));
    }
}

static cJSON *closed_object(cJSON **properties, cJSON **required)
{
    cJSON *schema = typed("object");
    *properties = checked(cJSON_AddObjectToObject(schema, "properties"));
    *required = checked(cJSON_AddArrayToObject(schema, "required"));
    cJSON_AddFalseToObject(schema, "additionalProperties");
    return schema;
}

static cJSON *table_object(const struct field *table, int depth)
{
    cJSON *properties, *required, *schema = closed_object(&properties, &required);
    add_properties(properties, required, table, depth);
    return schema;
}

static cJSON *plugin_object(const struct field *field, const struct plugin *plugin,
                            const char *name_key, int depth)
{
    cJSON *properties, *required, *schema = closed_object(&properties, &required);
    if (plugin->summary != NULL)
        cJSON_AddStringToObject(schema, "description", plugin->summary);
    cJSON_AddItemToObject(properties, name_key, constant(cJSON_CreateString(plugin->name)));
    cJSON_AddItemToArray(required, checked(cJSON_CreateString(name_key)));
    add_properties(properties, required, plugin->params, depth);
    add_properties(properties, required, field->fields, depth);
    return schema;
}

static bool has_default(const struct field *field)
{
    return field->fallback != NULL && strcmp(field->fallback, "null") != 0;
}

static cJSON *without_name(void)
{
    cJSON *schema = typed("object"), *not = checked(cJSON_AddObjectToObject(schema, "not"));
    cJSON *required = checked(cJSON_AddArrayToObject(not, "required"));
    cJSON_AddItemToArray(required, checked(cJSON_CreateString("name")));
    return schema;
}

static cJSON *choice(const struct field *field, int depth)
{
    cJSON *schema = object(), *options = checked(cJSON_AddArrayToObject(schema, "anyOf"));
    cJSON *names = object(), *list = checked(cJSON_AddArrayToObject(names, "enum"));
    cJSON_AddItemToArray(options, names);
    for (const struct plugin *const *entry = field->registry->entries; *entry != NULL; entry++) {
        cJSON_AddItemToArray(list, checked(cJSON_CreateString((*entry)->name)));
        cJSON_AddItemToArray(options, plugin_object(field, *entry, "name", depth));
        if (field_find((*entry)->params, field->registry->kind) == NULL &&
            field_find(field->fields, field->registry->kind) == NULL)
            cJSON_AddItemToArray(options,
                                 plugin_object(field, *entry, field->registry->kind, depth));
    }
    if (has_default(field))
        cJSON_AddItemToArray(options, without_name());
    return schema;
}

static cJSON *integer(const struct field *field)
{
    cJSON *schema = number("integer", field);
    return field->names == NULL ? schema : either(schema, words(field->names));
}

static cJSON *by_type(const struct field *field, int depth)
{
    switch (field->type) {
    case FIELD_BOOL:
        return typed("boolean");
    case FIELD_INTEGER:
        return integer(field);
    case FIELD_REAL:
        return number("number", field);
    case FIELD_STRING:
    case FIELD_PATH:
        return typed("string");
    case FIELD_ENUM:
        return words(field->names);
    case FIELD_DURATION:
        return quantity_or_zero("ps|ns|us|ms|s|min|h");
    case FIELD_BYTES:
        return either(quantity("B|kB|MB|GB|TB|KiB|MiB|GiB"), number("integer", field));
    case FIELD_BANDWIDTH:
        return quantity_or_zero("bps|kbps|Mbps|Gbps|Tbps");
    case FIELD_BYTE_RATE:
        return quantity_or_zero("(B|kB|MB|GB|TB|KiB|MiB|GiB)/s");
    case FIELD_CADENCE:
        return quantity("epochs?|iterations?|ps|ns|us|ms|s|min|h");
    case FIELD_OBJECT:
        return table_object(field->fields, depth);
    case FIELD_CHOICE:
        return choice(field, depth);
    case FIELD_LIST:
        return either(list_of(table_object(field->fields, depth)),
                      table_object(field->fields, depth));
    case FIELD_REALS:
        return list_of(number("number", field));
    }
    return object();
}

static cJSON *describe(const struct field *field, int depth)
{
    if (depth > DEPTH_LIMIT)
        return object();
    cJSON *schema = by_type(field, depth);
    if (field->fallback != NULL && strcmp(field->fallback, "null") == 0)
        schema = either(schema, typed("null"));
    if (field->help != NULL)
        cJSON_AddStringToObject(schema, "description", field->help);
    if (has_default(field))
        cJSON_AddItemToObject(schema, "default", checked(cJSON_Parse(field->fallback)));
    return schema;
}

/* A variant has a name and any of the scenario's keys. */
static cJSON *variants(const struct field *table)
{
    cJSON *properties, *required, *schema = closed_object(&properties, &required);
    cJSON_AddItemToObject(properties, "name", typed("string"));
    cJSON_AddItemToArray(required, checked(cJSON_CreateString("name")));
    for (; table->name != NULL; table++)
        if (strcmp(table->name, "name") != 0)
            cJSON_AddTrueToObject(properties, table->name);
    return list_of(schema);
}

/* With variants, what is required may stand in each of them. */
static void relax_required(cJSON *schema)
{
    cJSON *whole = object(), *varied = object();
    cJSON *list = checked(cJSON_AddArrayToObject(varied, "required"));
    cJSON_AddItemToArray(list, checked(cJSON_CreateString("variants")));
    cJSON_AddItemToObject(whole, "required",
                          cJSON_DetachItemFromObjectCaseSensitive(schema, "required"));
    cJSON *options = checked(cJSON_AddArrayToObject(schema, "anyOf"));
    cJSON_AddItemToArray(options, whole);
    cJSON_AddItemToArray(options, varied);
}

char *scenario_schema_table(const struct field *table)
{
    cJSON *schema = table_object(table, 0);
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    cJSON *seed = cJSON_DetachItemFromObjectCaseSensitive(properties, "seed");
    if (seed != NULL) {
        cJSON *list = list_of(checked(cJSON_Duplicate(seed, true)));
        cJSON_AddItemToObject(properties, "seed", either(seed, list));
    }
    cJSON_AddItemToObject(properties, "variants", variants(table));
    relax_required(schema);
    cJSON_AddStringToObject(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(schema, "title", "Hearsay scenario");
    char *text = cJSON_Print(schema);
    CHECK(text != NULL, "out of memory");
    cJSON_Delete(schema);
    return text;
}

char *scenario_schema(void)
{
    return scenario_schema_table(run_fields);
}
