/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drawn phases of a random schedule, kept until another phase takes their slot.
 *
 * Asynchronous nodes ask for several neighbouring phases in any order; a row that is drawn from its
 * phase alone may be forgotten and drawn again at any time.
 */
#ifndef HEARSAY_TOPOLOGIES_PHASE_CACHE_H
#define HEARSAY_TOPOLOGIES_PHASE_CACHE_H

#include <stdint.h>

struct phase_cache;

/* Fills the row of a phase, from `context` and the phase alone. */
typedef void phase_cache_draw(const void *context, int64_t phase, uint32_t *row);

struct phase_cache *phase_cache_create(uint32_t width); /* entries of a row */
void phase_cache_free(struct phase_cache *cache);
/* Valid until the next call. */
const uint32_t *phase_cache_row(struct phase_cache *cache, int64_t phase, phase_cache_draw *draw,
                                const void *context);

#endif
