/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checked allocation and arenas.
 */
#include "core/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"

#define ARENA_CHUNK_BYTES 65536
#define ARENA_ALIGNMENT   16
#define CACHE_LINE_BYTES  64

struct memory_arena_chunk {
    struct memory_arena_chunk *next;
    size_t used, size;
    _Alignas(ARENA_ALIGNMENT) unsigned char bytes[];
};

void *memory_alloc(size_t size)
{
    return memory_array(1, size);
}

void *memory_array(size_t count, size_t size)
{
    size_t bytes;
    void *block;

    CHECK(!__builtin_mul_overflow(count, size, &bytes), "%zu x %zu bytes overflow", count, size);
    block = calloc(bytes > 0 ? bytes : 1, 1); /* an empty block still is one that free() takes */
    CHECK(block != NULL, "out of memory: %zu bytes", bytes);
    return block;
}

void *memory_resize(void *block, size_t count, size_t size)
{
    size_t bytes;

    CHECK(!__builtin_mul_overflow(count, size, &bytes), "%zu x %zu bytes overflow", count, size);
    block = realloc(block, bytes > 0 ? bytes : 1);
    CHECK(block != NULL, "out of memory: %zu bytes", bytes);
    return block;
}

char *memory_copy_string(const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(memory_alloc(bytes), text, bytes);
}

void *memory_try_aligned(size_t size)
{
    if (size > PTRDIFF_MAX - CACHE_LINE_BYTES)
        return NULL;
    /* aligned_alloc wants a multiple of the alignment, and 0 bytes may come back as NULL. */
    size = (size + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    return aligned_alloc(CACHE_LINE_BYTES, size > 0 ? size : CACHE_LINE_BYTES);
}

void *memory_grow(void *array, size_t *capacity, size_t needed, size_t item_size)
{
    size_t wanted = *capacity <= SIZE_MAX / 2 ? *capacity * 2 : SIZE_MAX;

    if (wanted < needed)
        wanted = needed;
    if (wanted < 8)
        wanted = 8;
    array = memory_resize(array, wanted, item_size);
    *capacity = wanted;
    return array;
}

static struct memory_arena_chunk *chunk_create(size_t size)
{
    struct memory_arena_chunk *chunk;

    CHECK(size <= SIZE_MAX - sizeof *chunk, "%zu bytes overflow", size);
    chunk = memory_alloc(sizeof *chunk + size);
    chunk->size = size;
    return chunk;
}

void *memory_arena_alloc(struct memory_arena *arena, size_t size)
{
    struct memory_arena_chunk *chunk = arena->chunks;
    void *block;

    CHECK(size <= SIZE_MAX - ARENA_ALIGNMENT, "%zu bytes overflow", size);
    size = (size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        struct memory_arena_chunk *fresh =
            chunk_create(size > ARENA_CHUNK_BYTES ? size : ARENA_CHUNK_BYTES);

        /* A huge block goes behind the current chunk, whose rest stays in use. */
        if (chunk != NULL && size > ARENA_CHUNK_BYTES) {
            fresh->next = chunk->next;
            chunk->next = fresh;
        } else {
            fresh->next = chunk;
            arena->chunks = fresh;
        }
        chunk = fresh;
    }
    block = chunk->bytes + chunk->used;
    chunk->used += size;
    return block;
}

char *memory_arena_string(struct memory_arena *arena, const char *text, size_t length)
{
    char *copy;

    CHECK(length < SIZE_MAX, "%zu bytes overflow", length);
    copy = memory_arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy; /* arena blocks are zero-filled: the NUL is there */
}

void memory_arena_free(struct memory_arena *arena)
{
    while (arena->chunks != NULL) {
        struct memory_arena_chunk *next = arena->chunks->next;

        free(arena->chunks);
        arena->chunks = next;
    }
}
