/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The blocks that a data set owns.
 */
#include "models/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct dataset_owner {
    void **blocks;
    size_t count, capacity;
};

void dataset_start(struct dataset *data, enum numeric_precision precision)
{
    *data = (struct dataset){
        .precision = precision,
        .byte_scale = 1,
        .owner = memory_alloc(sizeof(struct dataset_owner)),
    };
}

void dataset_adopt(struct dataset *data, void *block)
{
    struct dataset_owner *owner = data->owner;

    if (owner->count == owner->capacity)
        owner->blocks =
            memory_grow(owner->blocks, &owner->capacity, owner->count + 1, sizeof *owner->blocks);
    owner->blocks[owner->count++] = block;
}

void *dataset_block(struct dataset *data, size_t count, size_t size, struct error *error)
{
    size_t bytes;
    void *block = NULL;

    if (!__builtin_mul_overflow(count, size, &bytes))
        block = memory_try_aligned(bytes);
    if (block == NULL) {
        status_fail(error, STATUS_NO_MEMORY, "the data set needs %zu x %zu bytes more", count,
                    size);
        return NULL;
    }
    dataset_adopt(data, block);
    return block;
}

void dataset_release(struct dataset *data)
{
    struct dataset_owner *owner = data->owner;

    if (owner != NULL) {
        for (size_t i = 0; i < owner->count; i++)
            free(owner->blocks[i]);
        free(owner->blocks);
        free(owner);
    }
    memset(data, 0, sizeof *data);
}

enum status dataset_allocate(struct dataset *data, struct dataset_part *part, uint32_t samples,
                             struct dataset_rows *rows, struct error *error)
{
    size_t size = numeric_size(data->precision);

    *rows = (struct dataset_rows){0};
    *part = (struct dataset_part){.samples = samples};
    if (samples == 0)
        return STATUS_OK;
    part->reals = rows->reals = dataset_block(data, (size_t)samples * data->features, size, error);
    if (rows->reals == NULL)
        return STATUS_NO_MEMORY;
    if (data->classes > 0)
        part->labels = rows->labels = dataset_block(data, samples, sizeof(int32_t), error);
    else
        part->targets = rows->targets = dataset_block(data, samples, size, error);
    return part->labels != NULL || part->targets != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

void dataset_put(enum numeric_precision precision, void *values, size_t index, double value)
{
    if (precision == NUMERIC_FLOAT32)
        ((float *)values)[index] = (float)value;
    else
        ((double *)values)[index] = value;
}

double dataset_get(enum numeric_precision precision, const void *values, size_t index)
{
    if (precision == NUMERIC_FLOAT32)
        return ((const float *)values)[index];
    return ((const double *)values)[index];
}
