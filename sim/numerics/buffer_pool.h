/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Buffers of a few sizes that are taken and given back all the time.
 *
 * Last given back, first taken: the newest buffer is the warmest in cache.  Each thread has a small
 * cache of its own before the shared stacks.  Memory is returned to the system when the pool is
 * freed, or when taking would otherwise fail.
 *
 * Buffers are 64-byte aligned, and large ones all start at one offset within a page: a load waits
 * for an earlier store whose address agrees with its own in the low 12 bits, and where all vectors
 * of a loop have one offset no such store comes before the load.  (With sixteen offsets in turn
 * optimizer steps took up to 42 % longer.)
 */
#ifndef HEARSAY_NUMERICS_BUFFER_POOL_H
#define HEARSAY_NUMERICS_BUFFER_POOL_H

#include <stddef.h>

#define BUFFER_POOL_CACHED 4

struct buffer_pool;

/* One thread's cache; zero-initialise.  Its buffers belong to the pool. */
struct buffer_pool_cache {
    void *buffers[BUFFER_POOL_CACHED];
    unsigned count;
};

struct buffer_pool *buffer_pool_create(void);
/* Buffers still taken, or in a cache that was not emptied, must be given back before. */
void buffer_pool_free(struct buffer_pool *pool);
/* An uncleared buffer, or NULL when memory is exhausted.  cache may be NULL. */
void *buffer_pool_take(struct buffer_pool *pool, struct buffer_pool_cache *cache, size_t bytes);
void buffer_pool_give(struct buffer_pool *pool, struct buffer_pool_cache *cache, void *buffer);
void buffer_pool_empty(struct buffer_pool *pool, struct buffer_pool_cache *cache);

#endif
