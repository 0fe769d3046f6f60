/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values that hold others: objects, choices of plug-ins, lists; and defaults.
 */
#include "scenario/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/plugin.h"
#include "scenario/buffer.h"
#include "scenario/tree.h"

/* Every function returns false after it has reported. */
static bool bind_value(struct bind_context *context, const struct field *field, const cJSON *node,
                       char *target);

/* Appends ".key"; returns the length to cut the path back to. */
static size_t enter(struct bind_context *context, const char *key)
{
    size_t length = strlen(context->path);
    struct buffer quoted = {0};
    buffer_add_json(&quoted, key, 60); /* keys may hold anything */
    snprintf(context->path + length, sizeof context->path - length, "%s%.*s", length > 0 ? "." : "",
             (int)quoted.length - 2, quoted.text + 1);
    free(quoted.text);
    return length;
}

static void leave(struct bind_context *context, size_t length)
{
    context->path[length] = '\0';
}

/* ---- defaults ---- */

/* `enclosing` is the written node whose member is missing: it stands for the default's place. */
static bool bind_default(struct bind_context *context, const struct field *field,
                         const cJSON *enclosing, char *target)
{
    if (field->fallback == NULL)
        return context->partial || bind_missing(context, field, enclosing);
    bool absent = strcmp(field->fallback, "null") == 0;
    if (absent && field->type != FIELD_OBJECT && field->type != FIELD_CHOICE) {
        bind_absent(field, target);
        return true;
    }
    const char *text = absent && field->type == FIELD_OBJECT ? "{}" : field->fallback;
    cJSON *tree = text_read_default(context->map, text, enclosing);
    bool bound = bind_value(context, field, tree, target);
    text_release_default(context->map, tree);
    return bound;
}

static bool bind_member(struct bind_context *context, const struct field *field,
                        const cJSON *object, char *base)
{
    const cJSON *node = tree_member(object, field->name);
    size_t length = enter(context, field->name);
    bool bound = node != NULL ? bind_value(context, field, node, base + field->offset)
                              : bind_default(context, field, object, base + field->offset);
    if (bound)
        leave(context, length);
    return bound;
}

static bool bind_members(struct bind_context *context, const struct field *table,
                         const cJSON *object, char *base)
{
    for (; table != NULL && table->name != NULL; table++)
        if (!bind_member(context, table, object, base))
            return false;
    return true;
}

/* ---- unknown keys ---- */

/* The tables and words in which an object's keys are looked up. */
struct key_set {
    const struct field *own, *common; /* may be NULL */
    const struct field *choice;       /* the field whose name keys count, or NULL */
    const char *const *extra;         /* NULL-terminated, or NULL */
};

static bool is_known(const struct key_set *keys, const char *key)
{
    return field_find(keys->own, key) != NULL || field_find(keys->common, key) != NULL ||
           tree_is_name_key(keys->choice, key);
}

/* {"name": "gamma", "distribution": "pareto"} chooses twice. */
static bool check_one_name(struct bind_context *context, const struct key_set *keys,
                           const cJSON *object)
{
    const char *kind = keys->choice->registry->kind;
    const cJSON *again = tree_member(object, kind);
    if (again == NULL || again == tree_choice_name(keys->choice, object) ||
        !tree_is_name_key(keys->choice, kind) || field_find(keys->own, kind) != NULL)
        return true;
    enter(context, kind);
    return bind_fail(context, again, true, "found a name under \"name\" too, expected one of them");
}

static void nearest_in(const struct field *table, const char *key, const char **nearest,
                       size_t *distance)
{
    for (; table != NULL && table->name != NULL; table++)
        if (field_is_nearer(key, table->name, distance))
            *nearest = table->name;
}

static const char *nearest_key(const struct key_set *keys, const char *key)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    nearest_in(keys->own, key, &nearest, &distance);
    nearest_in(keys->common, key, &nearest, &distance);
    for (const char *const *word = keys->extra; word != NULL && *word != NULL; word++)
        if (field_is_nearer(key, *word, &distance))
            nearest = *word;
    if (keys->choice != NULL && field_is_nearer(key, "name", &distance))
        nearest = "name";
    return nearest;
}

static void list_keys(const struct key_set *keys, struct buffer *text)
{
    const char *before = "";
    if (keys->choice != NULL) {
        buffer_add(text, "\"name\"");
        before = ", ";
    }
    const struct field *const tables[] = {keys->own, keys->common};
    for (size_t i = 0; i < 2; i++)
        for (const struct field *f = tables[i]; f != NULL && f->name != NULL; f++) {
            buffer_format(text, "%s\"%s\"", before, f->name);
            before = ", ";
        }
}

/* A key written one level too high: the member of `object` in whose table it is, or NULL. */
static const struct field *inner_owner(const struct field *table, const cJSON *object,
                                       const char *key)
{
    for (; table != NULL && table->name != NULL; table++)
        if ((table->type == FIELD_OBJECT || table->type == FIELD_CHOICE) &&
            tree_member_field(table, tree_member(object, table->name), key) != NULL)
            return table;
    return NULL;
}

static bool fail_unknown(struct bind_context *context, const struct key_set *keys,
                         const cJSON *object, const cJSON *member)
{
    const char *nearest = nearest_key(keys, member->string);
    const struct field *inner = inner_owner(keys->own, object, member->string);
    struct buffer text = {0};
    buffer_add(&text, "unknown key, ");
    if (inner != NULL) {
        buffer_format(&text, "did you mean \"%s.%s\"?", inner->name, member->string);
    } else if (nearest != NULL) {
        buffer_format(&text, "did you mean \"%s\"?", nearest);
    } else {
        buffer_add(&text, "expected one of ");
        list_keys(keys, &text);
    }
    enter(context, member->string);
    bind_fail(context, member, true, "%s", text.text);
    free(text.text);
    return false;
}

static bool check_keys(struct bind_context *context, const struct key_set *keys,
                       const cJSON *object)
{
    for (const cJSON *member = object->child; member != NULL; member = member->next)
        if (!is_known(keys, member->string))
            return fail_unknown(context, keys, object, member);
    return true;
}

/* ---- objects and lists ---- */

static bool bind_object(struct bind_context *context, const struct field *field, const cJSON *node,
                        char *target)
{
    if (!cJSON_IsObject(node))
        return bind_mismatch(context, field, node);
    struct key_set keys = {.own = field->fields,
                           .extra = *context->path == '\0' ? context->extra : NULL};
    return check_keys(context, &keys, node) && bind_members(context, field->fields, node, target);
}

static bool bind_items(struct bind_context *context, const struct field *field, const cJSON *item,
                       struct field_list *list)
{
    size_t length = strlen(context->path);
    for (size_t i = 0; i < list->count; i++, item = item->next) {
        snprintf(context->path + length, sizeof context->path - length, "[%zu]", i);
        if (!bind_object(context, field, item, (char *)list->items + i * field->item_size))
            return false;
    }
    leave(context, length);
    return true;
}

static bool bind_list(struct bind_context *context, const struct field *field, const cJSON *node,
                      struct field_list *list)
{
    bool single = cJSON_IsObject(node);
    if (!single && !cJSON_IsArray(node))
        return bind_mismatch(context, field, node);
    list->count = single ? 1 : (size_t)cJSON_GetArraySize(node);
    list->items = list->count == 0
                      ? NULL
                      : memory_arena_alloc(context->arena, list->count * field->item_size);
    return bind_items(context, field, single ? node : node->child, list);
}

/* ---- choices ---- */

static bool fail_plugin(struct bind_context *context, const struct field *field, const cJSON *name,
                        bool bare)
{
    struct buffer text = {0};
    bind_describe(&text, field);
    const char *nearest =
        cJSON_IsString(name) ? plugin_nearest(field->registry, name->valuestring) : NULL;
    if (nearest != NULL)
        buffer_format(&text, "; did you mean \"%s\"?", nearest);
    if (!bare)
        enter(context, name->string);
    bind_expected(context, name, text.text);
    free(text.text);
    return false;
}

/* `node`: the choice as an object, `name`: what names the plug-in in it. */
static bool bind_plugin(struct bind_context *context, const struct field *field, const cJSON *name,
                        const cJSON *node, char *target)
{
    const struct plugin *plugin =
        cJSON_IsString(name) ? plugin_find(field->registry, name->valuestring) : NULL;
    if (plugin == NULL)
        return fail_plugin(context, field, name, tree_choice_name(field, node) != name);
    struct plugin_choice *choice = (struct plugin_choice *)target;
    char *params = memory_arena_alloc(context->arena, plugin->params_size + 1);
    choice->plugin = plugin;
    choice->params = params;
    struct key_set keys = {.own = plugin->params, .common = field->fields, .choice = field};
    return check_keys(context, &keys, node) && check_one_name(context, &keys, node) &&
           bind_members(context, plugin->params, node, params) &&
           bind_members(context, field->fields, node, target);
}

static bool is_of_some_plugin(const struct plugin_registry *registry, const char *key)
{
    for (const struct plugin *const *entry = registry->entries; *entry != NULL; entry++)
        if (field_find((*entry)->params, key) != NULL)
            return true;
    return false;
}

/* The parameters of the plug-in that has the key nearest to `key`, or NULL. */
static const struct field *nearest_params(const struct plugin_registry *registry, const char *key)
{
    const struct field *found = NULL;
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    for (const struct plugin *const *entry = registry->entries; *entry != NULL; entry++) {
        size_t before = distance;
        nearest_in((*entry)->params, key, &nearest, &distance);
        if (distance < before)
            found = (*entry)->params;
    }
    return found;
}

/* A choice whose name the variants give: what is common to the family can be judged, of the other
 * keys only whether any plug-in has them. */
static bool bind_unnamed(struct bind_context *context, const struct field *field, const cJSON *node,
                         char *target)
{
    for (const cJSON *member = node->child; member != NULL; member = member->next) {
        const struct field *common = field_find(field->fields, member->string);
        struct key_set keys = {.common = field->fields, .choice = field};
        if (common == NULL && !is_of_some_plugin(field->registry, member->string)) {
            keys.own = nearest_params(field->registry, member->string);
            return fail_unknown(context, &keys, node, member);
        }
        if (common != NULL && !bind_member(context, common, node, target))
            return false;
    }
    return true;
}

/* An object without a name is merged over the default, which has one. */
static bool bind_over_default(struct bind_context *context, const struct field *field,
                              const cJSON *node, char *target)
{
    if (context->partial)
        return bind_unnamed(context, field, node, target);
    if (field->fallback == NULL || strcmp(field->fallback, "null") == 0) {
        enter(context, "name");
        return bind_missing(context, field, node);
    }
    cJSON *fallback = text_read_default(context->map, field->fallback, node);
    cJSON *merged = tree_merge(fallback, node, field);
    merged->valueint = node->valueint;
    bool bound = bind_value(context, field, merged, target);
    cJSON_Delete(merged);
    text_release_default(context->map, fallback);
    return bound;
}

/* No plug-in; what all of the family share keeps its defaults. */
static bool bind_no_choice(struct bind_context *context, const struct field *field,
                           const cJSON *node, char *target)
{
    *(struct plugin_choice *)target = (struct plugin_choice){NULL, NULL};
    for (const struct field *common = field->fields; common != NULL && common->name != NULL;
         common++) {
        if (common->fallback == NULL)
            bind_absent(common, target + common->offset);
        else if (!bind_default(context, common, node, target + common->offset))
            return false;
    }
    return true;
}

static bool bind_choice(struct bind_context *context, const struct field *field, const cJSON *node,
                        char *target)
{
    if (cJSON_IsNull(node))
        return bind_no_choice(context, field, node, target);
    if (!cJSON_IsObject(node) && !cJSON_IsString(node))
        return bind_mismatch(context, field, node);
    const cJSON *name = tree_choice_name(field, node);
    if (name == NULL)
        return bind_over_default(context, field, node, target);
    if (!cJSON_IsString(node))
        return bind_plugin(context, field, name, node, target);
    cJSON *bare = cJSON_CreateObject();
    CHECK(bare != NULL, "out of memory");
    bare->valueint = node->valueint;
    bool bound = bind_plugin(context, field, name, bare, target);
    cJSON_Delete(bare);
    return bound;
}

static bool bind_value(struct bind_context *context, const struct field *field, const cJSON *node,
                       char *target)
{
    bool optional = field->fallback != NULL && strcmp(field->fallback, "null") == 0;
    if (cJSON_IsNull(node) && !optional)
        return bind_mismatch(context, field, node);
    switch (field->type) {
    case FIELD_CHOICE:
        return bind_choice(context, field, node, target);
    case FIELD_OBJECT:
        if (cJSON_IsNull(node))
            return bind_default(context, field, node, target);
        return bind_object(context, field, node, target);
    case FIELD_LIST:
        if (!cJSON_IsNull(node))
            return bind_list(context, field, node, (struct field_list *)target);
        break;
    default:
        if (!cJSON_IsNull(node))
            return bind_scalar(context, field, node, target);
    }
    bind_absent(field, target);
    return true;
}

enum status bind_tree(struct bind_context *context, const struct field *root, const cJSON *tree,
                      void *target)
{
    context->path[0] = '\0';
    return bind_value(context, root, tree, target) ? STATUS_OK : STATUS_REQUEST;
}
