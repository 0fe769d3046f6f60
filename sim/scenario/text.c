/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts, their trees, and the places of all values.
 */
#include "scenario/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "scenario/buffer.h"
#include "scenario/text_reader.h"

uint32_t text_add_source(struct text_map *map, const char *name, const char *directory,
                         bool positioned)
{
    if (map->source_count == map->source_capacity)
        map->sources = memory_grow(map->sources, &map->source_capacity, map->source_count + 1,
                                   sizeof *map->sources);
    map->sources[map->source_count] = (struct text_source){
        .name = memory_copy_string(name),
        .directory = memory_copy_string(directory),
        .positioned = positioned,
    };
    return (uint32_t)map->source_count++;
}

static void release_source(struct text_source *source)
{
    free(source->name);
    free(source->directory);
    free(source->text);
}

void text_map_free(struct text_map *map)
{
    for (size_t i = 0; i < map->source_count; i++)
        release_source(&map->sources[i]);
    free(map->sources);
    free(map->origins);
    *map = (struct text_map){0};
}

/* Gives the nodes their origins, in document order; the depth is bounded by the reader. */
static void number_nodes(cJSON *node, int *next)
{
    node->valueint = (*next)++;
    for (cJSON *child = node->child; child != NULL; child = child->next)
        number_nodes(child, next);
}

static int compare_keys(const void *a, const void *b)
{
    const cJSON *left = *(const cJSON *const *)a, *right = *(const cJSON *const *)b;
    int order = strcmp(left->string, right->string);
    return order != 0 ? order
                      : (left->valueint > right->valueint) - (left->valueint < right->valueint);
}

/* The first key of `object` that repeats another, and the one it repeats. */
static const cJSON *repeated_key(const cJSON *object, const cJSON **first)
{
    size_t count = (size_t)cJSON_GetArraySize(object), used = 0;
    const cJSON **keys = memory_array(count + 1, sizeof *keys);
    for (const cJSON *child = object->child; child != NULL; child = child->next)
        keys[used++] = child;
    qsort(keys, used, sizeof *keys, compare_keys);
    const cJSON *repeated = NULL;
    for (size_t i = 1; i < used; i++) {
        if (strcmp(keys[i - 1]->string, keys[i]->string) != 0)
            continue;
        if (repeated == NULL || keys[i]->valueint < repeated->valueint) {
            repeated = keys[i];
            *first = keys[i - 1];
        }
    }
    free(keys);
    return repeated;
}

static enum status fail_repeated(const struct text_map *map, const cJSON *repeated,
                                 const cJSON *first, struct error *error)
{
    char here[512], there[512];
    struct buffer key = {0};
    buffer_add_json(&key, repeated->string, 60);
    enum status status = status_fail(error, STATUS_REQUEST,
                                     "%s: found the key %s twice (first at %s), expected it once",
                                     text_where(map, repeated, true, here, sizeof here), key.text,
                                     text_where(map, first, true, there, sizeof there));
    free(key.text);
    return status;
}

/* Compares keys as read: "a" and "\u0061" are one key. */
static enum status refuse_repeated(const struct text_map *map, const cJSON *node,
                                   struct error *error)
{
    const cJSON *first = NULL;
    if (cJSON_IsObject(node)) {
        const cJSON *repeated = repeated_key(node, &first);
        if (repeated != NULL)
            return fail_repeated(map, repeated, first, error);
    }
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        enum status status = refuse_repeated(map, child, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* cJSON needs no number's digits, and cuts those beyond 63 characters: each becomes a 0. */
static char *without_numbers(const struct text_map *map, const char *text, size_t size,
                             size_t begin)
{
    char *copy = memory_alloc(size + 1);
    memcpy(copy, text, size);
    for (size_t i = begin; i < map->count; i++) {
        const struct text_origin *origin = &map->origins[i];
        if (origin->number == NULL)
            continue;
        char *digits = copy + (origin->number - text);
        memset(digits, ' ', origin->number_size);
        digits[0] = '0';
    }
    return copy;
}

static cJSON *build_tree(const struct text_map *map, const char *text, size_t size, size_t begin)
{
    char *plain = without_numbers(map, text, size, begin);
    cJSON *tree = cJSON_ParseWithLength(plain, size + 1);
    free(plain);
    CHECK(tree != NULL, "cJSON refuses what the strict reader let pass");
    int next = (int)begin;
    number_nodes(tree, &next);
    CHECK((size_t)next == map->count, "cJSON found %d values, the reader %zu", next, map->count);
    return tree;
}

enum status text_read(struct text_map *map, const char *name, const char *directory,
                      bool positioned, const char *text, size_t size, cJSON **tree,
                      struct error *error)
{
    *tree = NULL;
    size_t begin = map->count;
    uint32_t source = text_add_source(map, name, directory, positioned);
    size_t kept = size > TEXT_LIMIT_BYTES ? 0 : size; /* the reader refuses by `size` alone */
    char *copy = memory_alloc(kept + 4);              /* NULs let the reader look ahead */
    memcpy(copy, text, kept);
    map->sources[source].text = copy;
    if (!text_reader_run(map, source, size, error))
        return STATUS_REQUEST;
    cJSON *built = build_tree(map, copy, size, begin);
    enum status status = refuse_repeated(map, built, error);
    if (status == STATUS_OK)
        *tree = built;
    else
        cJSON_Delete(built);
    return status;
}

cJSON *text_read_default(struct text_map *map, const char *text, const cJSON *enclosing)
{
    cJSON *tree;
    struct error error;
    size_t begin = map->count;
    enum status status = text_read(map, "default", "/", false, text, strlen(text), &tree, &error);
    CHECK(status == STATUS_OK, "the default %s: %s", text, error.text);
    for (size_t i = begin; i < map->count; i++) {
        struct text_origin *origin = &map->origins[i];
        const struct text_origin *around = text_origin(map, enclosing);
        origin->source = around->source;
        origin->line = origin->key_line = around->line;
        origin->column = origin->key_column = around->column;
    }
    return tree;
}

void text_release_default(struct text_map *map, cJSON *tree)
{
    map->count = (size_t)tree->valueint;
    release_source(&map->sources[--map->source_count]);
    cJSON_Delete(tree);
}

void text_place(struct text_map *map, cJSON *node, uint32_t source)
{
    if (map->count == map->capacity)
        map->origins =
            memory_grow(map->origins, &map->capacity, map->count + 1, sizeof *map->origins);
    map->origins[map->count] = (struct text_origin){.source = source, .line = 1, .column = 1};
    node->valueint = (int)map->count++;
}

const struct text_origin *text_origin(const struct text_map *map, const cJSON *node)
{
    return &map->origins[node->valueint];
}

const char *text_where(const struct text_map *map, const cJSON *node, bool key, char *where,
                       size_t size)
{
    const struct text_origin *origin = text_origin(map, node);
    const struct text_source *source = &map->sources[origin->source];
    bool at_key = key && origin->key_line != 0;
    if (source->positioned)
        snprintf(where, size, "%s:%u:%u", source->name, at_key ? origin->key_line : origin->line,
                 at_key ? origin->key_column : origin->column);
    else
        snprintf(where, size, "%s", source->name);
    return where;
}

/* ---- files ---- */

static enum status read_stream(const char *name, FILE *stream, char **text, size_t *size,
                               struct error *error)
{
    struct buffer buffer = {0};
    char block[65536];
    size_t got;
    buffer_add(&buffer, "");
    while ((got = fread(block, 1, sizeof block, stream)) > 0 && buffer.length <= TEXT_LIMIT_BYTES)
        buffer_add_bytes(&buffer, block, got);
    if (ferror(stream)) {
        free(buffer.text);
        return status_fail(error, STATUS_REQUEST, "%s: cannot be read: %s", name, strerror(errno));
    }
    *text = buffer.text;
    *size = buffer.length;
    return STATUS_OK;
}

enum status text_load(const char *path, char **text, size_t *size, struct error *error)
{
    *text = NULL;
    *size = 0;
    if (strcmp(path, "-") == 0)
        return read_stream("standard input", stdin, text, size, error);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return status_fail(error, STATUS_REQUEST, "%s: cannot be opened: %s", path,
                           strerror(errno));
    enum status status = read_stream(path, stream, text, size, error);
    fclose(stream);
    return status;
}
