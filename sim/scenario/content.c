/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digests of files and directories.
 */
#include "scenario/content.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "scenario/buffer.h"

static enum status fail_read(const char *path, struct error *error)
{
    return status_fail(error, STATUS_ENVIRONMENT, "%s: cannot be read: %s", path, strerror(errno));
}

static enum status add_file(struct digest *digest, const char *path, struct error *error)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return fail_read(path, error);
    size_t size = 65536, got;
    uint64_t total = 0;
    char *block = memory_alloc(size);
    while ((got = fread(block, 1, size, stream)) > 0) {
        digest_bytes(digest, block, got);
        total += got;
    }
    digest_u64(digest, total);
    enum status status = ferror(stream) ? fail_read(path, error) : STATUS_OK;
    free(block);
    fclose(stream);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_regular(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static char *join(const char *directory, const char *name)
{
    struct buffer path = {0};
    buffer_format(&path, "%s/%s", directory, name);
    return path.text;
}

/* The directory's entries in order; hidden ones do not count. */
static char **list_names(DIR *stream, size_t *count)
{
    char **names = NULL;
    size_t capacity = 0;
    const struct dirent *entry;
    *count = 0;
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (*count == capacity)
            names = memory_grow(names, &capacity, *count + 1, sizeof *names);
        names[(*count)++] = memory_copy_string(entry->d_name);
    }
    if (*count > 0)
        qsort(names, *count, sizeof *names, compare_names);
    return names;
}

static enum status add_directory(struct digest *digest, const char *path, struct error *error)
{
    DIR *stream = opendir(path);
    if (stream == NULL)
        return fail_read(path, error);
    size_t count;
    char **names = list_names(stream, &count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        char *file = join(path, names[i]);
        if (status == STATUS_OK && is_regular(file)) {
            digest_bytes(digest, names[i], strlen(names[i]) + 1);
            status = add_file(digest, file, error);
        }
        free(file);
        free(names[i]);
    }
    free(names);
    closedir(stream);
    return status;
}

static enum status add_path(struct digest *digest, const char *path, struct error *error)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return fail_read(path, error);
    return S_ISDIR(about.st_mode) ? add_directory(digest, path, error)
                                  : add_file(digest, path, error);
}

enum status content_digest(struct content_cache *cache, const char *path, const char **text,
                           struct error *error)
{
    for (size_t i = 0; i < cache->count; i++)
        if (strcmp(cache->items[i].path, path) == 0) {
            *text = cache->items[i].digest;
            return STATUS_OK;
        }
    if (cache->count == cache->capacity)
        cache->items =
            memory_grow(cache->items, &cache->capacity, cache->count + 1, sizeof *cache->items);
    struct content *item = &cache->items[cache->count];
    struct digest *digest = digest_create();
    enum status status = add_path(digest, path, error);
    digest_text(digest, item->digest);
    digest_free(digest);
    if (status != STATUS_OK)
        return status;
    item->path = memory_copy_string(path);
    *text = item->digest;
    cache->count++;
    return STATUS_OK;
}

void content_cache_free(struct content_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        free(cache->items[i].path);
    free(cache->items);
    *cache = (struct content_cache){0};
}
