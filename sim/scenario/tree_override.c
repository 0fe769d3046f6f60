/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --set KEY=VALUE: assignment along a path.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "scenario/buffer.h"
#include "scenario/tree.h"

struct assignment {
    struct text_map *map;
    const char *name; /* "--set KEY=VALUE" */
    uint32_t source;  /* of what is made on the way */
    struct error *error;
};

static cJSON *checked(cJSON *node)
{
    CHECK(node != NULL, "out of memory");
    return node;
}

static cJSON *make_object(const struct assignment *assignment)
{
    cJSON *object = checked(cJSON_CreateObject());
    text_place(assignment->map, object, assignment->source);
    return object;
}

/* What a key can be set in: an object stays, a bare name becomes {"name": ...}, else {}. */
static cJSON *container(const struct assignment *assignment, const cJSON *node)
{
    cJSON *object = make_object(assignment);
    if (!cJSON_IsString(node))
        return object;
    cJSON *name = checked(cJSON_CreateString(node->valuestring));
    object->valueint = name->valueint = node->valueint;
    cJSON_AddItemToObject(object, "name", name);
    return object;
}

static cJSON *enter_key(const struct assignment *assignment, cJSON *at, const char *key,
                        cJSON *value)
{
    cJSON *child = tree_member(at, key);
    if (value == NULL && (cJSON_IsObject(child) || cJSON_IsArray(child)))
        return child;
    cJSON *new = value != NULL ? value : container(assignment, child);
    if (child == NULL)
        cJSON_AddItemToObject(at, key, new);
    else
        cJSON_ReplaceItemInObjectCaseSensitive(at, key, new);
    return new;
}

static cJSON *enter_index(const struct assignment *assignment, cJSON *at, long index, cJSON *value)
{
    int count = cJSON_GetArraySize(at);
    if (index > count) {
        status_fail(assignment->error, STATUS_REQUEST,
                    "%s: found the index %ld in a list of %d, expected at most %d",
                    assignment->name, index, count, count);
        return NULL;
    }
    cJSON *item = cJSON_GetArrayItem(at, (int)index);
    if (value == NULL && cJSON_IsObject(item))
        return item;
    cJSON *new = value != NULL ? value : container(assignment, item);
    if (item == NULL)
        cJSON_AddItemToArray(at, new);
    else
        cJSON_ReplaceItemInArray(at, (int)index, new);
    return new;
}

/* One step from `at`; with `value`, the last one, which puts it there.  NULL: failed. */
static cJSON *enter(const struct assignment *assignment, cJSON *at, const struct tree_step *step,
                    cJSON *value)
{
    if (step->key == NULL && cJSON_IsArray(at))
        return enter_index(assignment, at, step->index, value);
    if (step->key == NULL && cJSON_IsObject(at) && step->index == 0 && value == NULL)
        return at;
    if (step->key == NULL || !cJSON_IsObject(at)) {
        status_fail(assignment->error, STATUS_REQUEST, "%s: found %s, expected %s",
                    assignment->name, cJSON_IsArray(at) ? "a list" : "no list",
                    cJSON_IsArray(at) ? "an index such as [0] before the next key"
                                      : "an index in lists only");
        return NULL;
    }
    char *key = memory_alloc(step->key_size + 1);
    memcpy(key, step->key, step->key_size);
    cJSON *entered = enter_key(assignment, at, key, value);
    free(key);
    return entered;
}

/* Puts `value` at `path`; it is the tree's on success, deleted on failure. */
static bool assign(const struct assignment *assignment, cJSON *root, const char *path, cJSON *value)
{
    cJSON *at = root;
    while (*path != '\0' && at != NULL) {
        struct tree_step step;
        path = tree_next_step(path, &step); /* well formed, by check_path */
        at = enter(assignment, at, &step, *path == '\0' ? value : NULL);
    }
    if (at == NULL)
        cJSON_Delete(value);
    return at != NULL;
}

static bool check_path(const char *path, const char *override, struct error *error)
{
    struct tree_step step;
    const char *at = *path == '\0' || *path == '.' || *path == '[' ? NULL : path;
    while (at != NULL && *at != '\0')
        at = tree_next_step(at, &step);
    if (at == NULL)
        status_fail(error, STATUS_REQUEST,
                    "--set %s: found the key \"%s\", expected one such as network.bandwidth or "
                    "compute.stragglers[0].slowdown",
                    override, path);
    return at != NULL;
}

/* What is no JSON and does not look as if it wanted to be is a string: 10 Gbps, ring. */
static bool is_bare_word(const char *value)
{
    value += strspn(value, " \t\r\n");
    return strchr("{[\"", *value) == NULL || *value == '\0';
}

static enum status read_value(struct text_map *map, const char *name, const char *text,
                              cJSON **value, struct error *error)
{
    struct error as_json;
    enum status status = text_read(map, name, ".", false, text, strlen(text), value, &as_json);
    if (status == STATUS_OK)
        return status;
    if (!is_bare_word(text)) {
        *error = as_json;
        return status;
    }
    struct buffer quoted = {0};
    buffer_add_json(&quoted, text, 0);
    status = text_read(map, name, ".", false, quoted.text, quoted.length, value, error);
    free(quoted.text);
    return status;
}

enum status tree_override(struct text_map *map, cJSON *root, const char *override, int *origin,
                          struct error *error)
{
    const char *equals = strchr(override, '=');
    if (equals == NULL)
        return status_fail(error, STATUS_REQUEST, "--set %s: found no '=', expected KEY=VALUE",
                           override);
    struct buffer name = {0}, path = {0};
    buffer_format(&name, "--set %s", override);
    buffer_add_bytes(&path, override, (size_t)(equals - override));
    struct assignment assignment = {.map = map, .name = name.text, .error = error};
    cJSON *value;
    enum status status = STATUS_REQUEST;
    if (check_path(path.text, override, error))
        status = read_value(map, name.text, equals + 1, &value, error);
    if (status == STATUS_OK) {
        *origin = value->valueint;
        assignment.source = text_origin(map, value)->source;
        status = assign(&assignment, root, path.text, value) ? STATUS_OK : STATUS_REQUEST;
    }
    free(name.text);
    free(path.text);
    return status;
}
