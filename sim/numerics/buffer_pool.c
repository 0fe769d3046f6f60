/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stack of free buffers per size, behind one lock.
 */
#include "numerics/buffer_pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"

#define BUFFER_POOL_LINE  64
#define BUFFER_POOL_PAGE  4096
#define BUFFER_POOL_LARGE (16 * BUFFER_POOL_PAGE) /* bytes from which a page more is nothing */

/* Stands in the line before every buffer. */
struct buffer_pool_head {
    void *block; /* what free() takes */
    size_t bytes;
};

struct buffer_pool_size {
    size_t bytes;
    void **buffers;
    size_t count, capacity;
};

struct buffer_pool {
    pthread_mutex_t lock;
    struct buffer_pool_size *sizes;
    size_t size_count, size_capacity;
};

static struct buffer_pool_head *buffer_pool_head(void *buffer)
{
    return (struct buffer_pool_head *)((char *)buffer - BUFFER_POOL_LINE);
}

struct buffer_pool *buffer_pool_create(void)
{
    struct buffer_pool *pool = memory_alloc(sizeof *pool);
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0, "no mutex");
    return pool;
}

static void buffer_pool_drain(struct buffer_pool *pool)
{
    for (size_t i = 0; i < pool->size_count; i++)
        while (pool->sizes[i].count > 0)
            free(buffer_pool_head(pool->sizes[i].buffers[--pool->sizes[i].count])->block);
}

void buffer_pool_free(struct buffer_pool *pool)
{
    if (!pool)
        return;
    buffer_pool_drain(pool);
    for (size_t i = 0; i < pool->size_count; i++)
        free(pool->sizes[i].buffers);
    free(pool->sizes);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static struct buffer_pool_size *buffer_pool_find(struct buffer_pool *pool, size_t bytes)
{
    for (size_t i = 0; i < pool->size_count; i++)
        if (pool->sizes[i].bytes == bytes)
            return &pool->sizes[i];
    if (pool->size_count == pool->size_capacity)
        pool->sizes = memory_grow(pool->sizes, &pool->size_capacity, pool->size_count + 1,
                                  sizeof *pool->sizes);
    pool->sizes[pool->size_count] = (struct buffer_pool_size){.bytes = bytes};
    return &pool->sizes[pool->size_count++];
}

/* The first place at or after `at` that lies one line behind the start of a page. */
static char *buffer_pool_in_page(char *at)
{
    uintptr_t past = ((uintptr_t)at - BUFFER_POOL_LINE) % BUFFER_POOL_PAGE;
    return past ? at + (BUFFER_POOL_PAGE - past) : at;
}

/* Called with the lock held. */
static void *buffer_pool_make(struct buffer_pool *pool, size_t bytes)
{
    bool large = bytes >= BUFFER_POOL_LARGE;
    size_t extra = BUFFER_POOL_LINE + (large ? BUFFER_POOL_PAGE : 0);
    if (bytes > SIZE_MAX - 2 * extra)
        return NULL;
    void *block = memory_try_aligned(bytes + extra);
    if (!block) {
        buffer_pool_drain(pool);
        block = memory_try_aligned(bytes + extra);
    }
    if (!block)
        return NULL;
    char *buffer = (char *)block + BUFFER_POOL_LINE;
    if (large)
        buffer = buffer_pool_in_page(buffer);
    *buffer_pool_head(buffer) = (struct buffer_pool_head){block, bytes};
    return buffer;
}

static void *buffer_pool_cached(struct buffer_pool_cache *cache, size_t bytes)
{
    for (unsigned i = cache->count; i-- > 0;) {
        void *buffer = cache->buffers[i];
        if (buffer_pool_head(buffer)->bytes != bytes)
            continue;
        for (cache->count--; i < cache->count; i++)
            cache->buffers[i] = cache->buffers[i + 1];
        return buffer;
    }
    return NULL;
}

void *buffer_pool_take(struct buffer_pool *pool, struct buffer_pool_cache *cache, size_t bytes)
{
    void *buffer = cache ? buffer_pool_cached(cache, bytes) : NULL;
    if (buffer)
        return buffer;
    pthread_mutex_lock(&pool->lock);
    struct buffer_pool_size *size = buffer_pool_find(pool, bytes);
    buffer = size->count > 0 ? size->buffers[--size->count] : buffer_pool_make(pool, bytes);
    pthread_mutex_unlock(&pool->lock);
    return buffer;
}

static void buffer_pool_share(struct buffer_pool *pool, void *buffer)
{
    pthread_mutex_lock(&pool->lock);
    struct buffer_pool_size *size = buffer_pool_find(pool, buffer_pool_head(buffer)->bytes);
    if (size->count == size->capacity)
        size->buffers =
            memory_grow(size->buffers, &size->capacity, size->count + 1, sizeof *size->buffers);
    size->buffers[size->count++] = buffer;
    pthread_mutex_unlock(&pool->lock);
}

void buffer_pool_give(struct buffer_pool *pool, struct buffer_pool_cache *cache, void *buffer)
{
    if (!cache) {
        buffer_pool_share(pool, buffer);
        return;
    }
    if (cache->count == BUFFER_POOL_CACHED) { /* the oldest makes room */
        buffer_pool_share(pool, cache->buffers[0]);
        cache->count--;
        for (unsigned i = 0; i < cache->count; i++)
            cache->buffers[i] = cache->buffers[i + 1];
    }
    cache->buffers[cache->count++] = buffer;
}

void buffer_pool_empty(struct buffer_pool *pool, struct buffer_pool_cache *cache)
{
    for (unsigned i = 0; i < cache->count; i++)
        buffer_pool_share(pool, cache->buffers[i]);
    cache->count = 0;
}
