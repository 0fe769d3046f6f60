/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From sample numbers to rows of a matrix: what gradients and losses of data-driven models share.
 */
#ifndef HEARSAY_MODELS_BATCH_H
#define HEARSAY_MODELS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "models/data.h"
#include "numerics/objective.h"

/* Samples that an evaluation visits, in order. */
struct batch_range {
    const struct dataset_part *part;
    const uint32_t *samples; /* NULL: all of the part */
    uint32_t count;
};
/* A query with samples visits these; else the training shard of query->node, or the whole set. */
struct batch_range batch_range(const struct dataset *data, const struct partition *partition,
                               const struct objective_query *query);
/* Sample numbers of the chunk that starts at `position`; returns how many (at most
 * OBJECTIVE_EVALUATION_CHUNK). */
uint32_t batch_chunk(const struct batch_range *range, uint32_t position, uint32_t *samples);

/* Bytes rounded up so that what follows starts on a cache line. */
static inline size_t batch_align(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* rows (count x features, of the precision) <- the samples' features. */
void batch_gather32(const struct dataset *data, const struct dataset_part *part,
                    const uint32_t *samples, uint32_t count, void *rows);
void batch_gather64(const struct dataset *data, const struct dataset_part *part,
                    const uint32_t *samples, uint32_t count, void *rows);

#endif
