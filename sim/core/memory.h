/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation.  memory_alloc and its kin never return NULL: small allocations that fail trip a
 * check.  Allocations whose size a scenario decides (data sets, parameter buffers) go through
 * memory_try_aligned and turn NULL into STATUS_NO_MEMORY with the figures.
 * All blocks are freed by free(); an arena's blocks only together, by arena_free.
 */
#ifndef HEARSAY_CORE_MEMORY_H
#define HEARSAY_CORE_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t size);                             /* zero-filled */
void *memory_array(size_t count, size_t size);               /* zero-filled, overflow checked */
void *memory_resize(void *block, size_t count, size_t size); /* new part not cleared */
char *memory_copy_string(const char *text);
void *memory_try_aligned(size_t size); /* 64-byte aligned, not cleared; NULL when exhausted */

/* Doubles *capacity (at least to `needed`) and returns the moved array. */
void *memory_grow(void *array, size_t *capacity, size_t needed, size_t item_size);

/* An arena: many small blocks with one lifetime.  Zero-initialise to create. */
struct memory_arena {
    struct memory_arena_chunk *chunks;
};
void *memory_arena_alloc(struct memory_arena *arena, size_t size); /* zero-filled, 16-aligned */
char *memory_arena_string(struct memory_arena *arena, const char *text, size_t length);
void memory_arena_free(struct memory_arena *arena);

#endif
