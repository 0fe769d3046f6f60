/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plug-ins with parameters, for suites: defaults come from the field tables, as a scenario's do.
 */
#ifndef HEARSAY_TESTS_MODELS_SUPPORT_H
#define HEARSAY_TESTS_MODELS_SUPPORT_H

#include <cjson/cJSON.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "core/memory.h"
#include "models/data.h"
#include "models/model.h"

static struct memory_arena support_arena; /* lives as long as the process */

static inline int support_enum(const struct field *field, const char *word)
{
    for (int i = 0; field->names[i] != NULL; i++)
        if (strcmp(field->names[i], word) == 0)
            return i;
    ck_abort_msg("%s has no value %s", field->name, word);
    return -1;
}

/* Sets one member from JSON text. */
static inline void support_set_field(const struct field *field, void *params, const char *json)
{
    void *at = (char *)params + field->offset;
    cJSON *value = cJSON_Parse(json);

    ck_assert_msg(value != NULL, "%s: %s", field->name, json);
    if (field->type == FIELD_BOOL) {
        *(bool *)at = cJSON_IsTrue(value);
    } else if (field->type == FIELD_INTEGER) {
        *(int64_t *)at = cJSON_IsNull(value) ? INT64_MIN : (int64_t)value->valuedouble;
    } else if (field->type == FIELD_REAL) {
        *(double *)at = cJSON_IsNull(value) ? NAN : value->valuedouble;
    } else if (field->type == FIELD_ENUM) {
        *(int *)at = support_enum(field, value->valuestring);
    } else if (field->type == FIELD_REALS) {
        struct field_reals *reals = at;

        reals->count = (size_t)cJSON_GetArraySize(value);
        reals->values = memory_arena_alloc(&support_arena, reals->count * sizeof *reals->values);
        for (size_t i = 0; i < reals->count; i++)
            reals->values[i] = cJSON_GetArrayItem(value, (int)i)->valuedouble;
    } else if (field->type == FIELD_STRING || field->type == FIELD_PATH) {
        *(const char **)at = cJSON_IsNull(value)
                                 ? NULL
                                 : memory_arena_string(&support_arena, value->valuestring,
                                                       strlen(value->valuestring));
    } else {
        ck_abort_msg("%s: a type that these suites do not use", field->name);
    }
    cJSON_Delete(value);
}

/* A plug-in with its defaults.  Parameters live as long as the process. */
static inline struct plugin_choice support_choose(const struct plugin_registry *registry,
                                                  const char *name)
{
    const struct plugin *plugin = plugin_find(registry, name);
    void *params;

    ck_assert_msg(plugin != NULL, "no %s %s", registry->kind, name);
    params = memory_arena_alloc(&support_arena, plugin->params_size);
    for (const struct field *f = plugin->params; f != NULL && f->name != NULL; f++)
        if (f->fallback != NULL)
            support_set_field(f, params, f->fallback);
    return (struct plugin_choice){plugin, params};
}

static inline struct plugin_choice support_with(struct plugin_choice choice, const char *name,
                                                const char *json)
{
    const struct field *field = field_find(choice.plugin->params, name);

    ck_assert_msg(field != NULL, "%s has no %s", choice.plugin->name, name);
    support_set_field(field, (void *)choice.params, json);
    return choice;
}

static inline struct plugin_choice support_with_text(struct plugin_choice choice, const char *name,
                                                     const char *text)
{
    const struct field *field = field_find(choice.plugin->params, name);

    ck_assert_msg(field != NULL, "%s has no %s", choice.plugin->name, name);
    *(const char **)((char *)(void *)choice.params + field->offset) = text;
    return choice;
}

static inline const struct data_ops *support_data_ops(struct plugin_choice choice)
{
    return (const struct data_ops *)choice.plugin;
}

static inline struct dataset support_load(struct plugin_choice choice,
                                          enum numeric_precision precision, uint64_t seed)
{
    struct dataset data;
    struct error error = {.text = ""};

    ck_assert_msg(support_data_ops(choice)->load(choice.params, precision, seed, &data, &error) ==
                      STATUS_OK,
                  "%s", error.text);
    return data;
}

static inline struct data_config support_config(struct plugin_choice partition, int sampling,
                                                int64_t batch)
{
    return (struct data_config){.batch_size = batch, .partition = partition, .sampling = sampling};
}

static inline struct partition *support_split(struct plugin_choice choice,
                                              const struct dataset *data, uint32_t nodes,
                                              uint64_t seed)
{
    struct data_config config = support_config(choice, SAMPLING_SHARD, 1);
    struct partition *partition;
    struct error error = {.text = ""};

    ck_assert_msg(partition_create(&partition, &config, data, nodes, seed, &error) == STATUS_OK,
                  "%s", error.text);
    return partition;
}

#endif
