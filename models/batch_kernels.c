/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gathers the rows of a mini-batch (compiled once per precision).  Images stay bytes in memory,
 * a quarter of the traffic of reals, and are scaled on the way.
 */
#include <string.h>

#include "models/batch.h"
#include "numerics/real.h"

#define PREFETCH_ROWS 2

REAL_CLONES static void row_from_bytes(const uint8_t *restrict bytes, real scale, size_t features,
                                       real *restrict row)
{
    for (size_t j = 0; j < features; j++)
        row[j] = (real)bytes[j] * scale;
}

/* Rows lie anywhere in the data set: asking for one ahead of its turn hides the way to memory. */
static void row_prefetch(const uint8_t *bytes, size_t features)
{
    for (size_t j = 0; j < features; j += 64)
        __builtin_prefetch(bytes + j);
}

void REAL_NAME(batch_gather)(const struct dataset *data, const struct dataset_part *part,
                             const uint32_t *samples, uint32_t count, void *rows)
{
    size_t features = data->features;
    real *row = rows;

    for (uint32_t i = 0; i < count; i++, row += features) {
        size_t first = samples[i] * features;

        if (part->bytes != NULL && i + PREFETCH_ROWS < count)
            row_prefetch(part->bytes + samples[i + PREFETCH_ROWS] * features, features);
        if (part->bytes != NULL)
            row_from_bytes(part->bytes + first, (real)data->byte_scale, features, row);
        else
            memcpy(row, (const real *)part->reals + first, features * sizeof(real));
    }
}
