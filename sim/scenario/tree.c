/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Look-up and merging of trees.
 */
#include "scenario/tree.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/plugin.h"

/* ---- paths ---- */

static const char *next_index(const char *path, struct tree_step *step)
{
    char *end;
    if (path[1] < '0' || path[1] > '9')
        return NULL;
    step->key = NULL;
    step->index = strtol(path + 1, &end, 10);
    return *end == ']' && step->index < INT_MAX ? end + 1 : NULL; /* cJSON counts in int */
}

const char *tree_next_step(const char *path, struct tree_step *step)
{
    if (*path == '[')
        return next_index(path, step);
    if (*path == '.')
        path++;
    step->key = path;
    step->key_size = strcspn(path, ".[");
    step->index = -1;
    const char *end = path + step->key_size;
    bool dangling = end[0] == '.' && (end[1] == '\0' || end[1] == '.' || end[1] == '[');
    return step->key_size == 0 || dangling ? NULL : end;
}

cJSON *tree_member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const cJSON *child_by_step(const cJSON *node, const struct tree_step *step)
{
    if (step->key == NULL && cJSON_IsObject(node))
        return step->index == 0 ? node : NULL; /* a list of one may be written as its item */
    if (step->key == NULL)
        return cJSON_IsArray(node) ? cJSON_GetArrayItem(node, (int)step->index) : NULL;
    if (!cJSON_IsObject(node))
        return NULL;
    for (const cJSON *child = node->child; child != NULL; child = child->next)
        if (strlen(child->string) == step->key_size &&
            memcmp(child->string, step->key, step->key_size) == 0)
            return child;
    return NULL;
}

const cJSON *tree_deepest(const cJSON *root, const char *path)
{
    const cJSON *node = root;
    while (path != NULL && *path != '\0') {
        struct tree_step step;
        path = tree_next_step(path, &step);
        const cJSON *child = path == NULL ? NULL : child_by_step(node, &step);
        if (child == NULL)
            break;
        node = child;
    }
    return node;
}

const cJSON *tree_written_at(const cJSON *tree, int origin)
{
    if (tree->valueint == origin)
        return tree;
    const cJSON *found = NULL;
    for (const cJSON *child = tree->child; child != NULL && found == NULL; child = child->next)
        found = tree_written_at(child, origin);
    return found;
}

/* ---- choices ---- */

bool tree_is_name_key(const struct field *field, const char *key)
{
    if (field == NULL || field->type != FIELD_CHOICE)
        return false;
    return strcmp(key, "name") == 0 ||
           (strcmp(key, field->registry->kind) == 0 && field_find(field->fields, key) == NULL);
}

const cJSON *tree_choice_name(const struct field *field, const cJSON *node)
{
    if (field == NULL || field->type != FIELD_CHOICE)
        return cJSON_IsObject(node) ? tree_member(node, "name") : NULL;
    if (cJSON_IsString(node))
        return node;
    if (!cJSON_IsObject(node))
        return NULL;
    const cJSON *name = tree_member(node, "name");
    return name == NULL && tree_is_name_key(field, field->registry->kind)
               ? tree_member(node, field->registry->kind)
               : name;
}

static const struct plugin *chosen(const struct field *field, const cJSON *node)
{
    const cJSON *name = tree_choice_name(field, node);
    return cJSON_IsString(name) ? plugin_find(field->registry, name->valuestring) : NULL;
}

const struct field *tree_member_field(const struct field *field, const cJSON *node, const char *key)
{
    if (field == NULL)
        return NULL;
    if (field->type == FIELD_CHOICE) {
        const struct plugin *plugin = chosen(field, node);
        const struct field *own = plugin == NULL ? NULL : field_find(plugin->params, key);
        if (own != NULL)
            return own;
    }
    return field_find(field->fields, key);
}

/* ---- merging ---- */

static cJSON *duplicate(const cJSON *node)
{
    cJSON *copy = cJSON_Duplicate(node, true);
    CHECK(copy != NULL, "out of memory");
    return copy;
}

/* A bare name as an object, so that keys can join it. */
static cJSON *as_object(const struct field *field, const cJSON *node)
{
    if (field == NULL || field->type != FIELD_CHOICE || !cJSON_IsString(node))
        return duplicate(node);
    cJSON *object = cJSON_CreateObject(), *name = cJSON_CreateString(node->valuestring);
    CHECK(object != NULL && name != NULL, "out of memory");
    object->valueint = name->valueint = node->valueint;
    cJSON_AddItemToObject(object, "name", name);
    return object;
}

static bool names_differ(const struct field *field, const cJSON *base, const cJSON *overlay)
{
    const cJSON *old = tree_choice_name(field, base), *new = tree_choice_name(field, overlay);
    return cJSON_IsString(old) && cJSON_IsString(new) &&
           strcmp(old->valuestring, new->valuestring) != 0;
}

static void merge_member(cJSON *merged, const cJSON *member, const struct field *field)
{
    cJSON *old = tree_member(merged, member->string);
    if (old == NULL && tree_is_name_key(field, member->string) &&
        tree_choice_name(field, merged) != NULL)
        return; /* the same name under the other key */
    if (old == NULL) {
        cJSON_AddItemToObject(merged, member->string, duplicate(member));
        return;
    }
    const struct field *described = tree_member_field(field, merged, member->string);
    cJSON *new = tree_merge(old, member, described);
    cJSON_ReplaceItemInObjectCaseSensitive(merged, member->string, new);
}

cJSON *tree_merge(const cJSON *base, const cJSON *overlay, const struct field *field)
{
    cJSON *merged = as_object(field, base), *over = as_object(field, overlay);
    if (!cJSON_IsObject(merged) || !cJSON_IsObject(over) || names_differ(field, merged, over)) {
        cJSON_Delete(merged);
        cJSON_Delete(over);
        return duplicate(overlay);
    }
    for (const cJSON *member = over->child; member != NULL; member = member->next)
        merge_member(merged, member, field);
    cJSON_Delete(over);
    return merged;
}
