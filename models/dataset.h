/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What loaders share: a dataset under construction owns its blocks, so that one call releases
 * whatever was loaded so far.
 */
#ifndef HEARSAY_MODELS_DATASET_H
#define HEARSAY_MODELS_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "core/rng.h"
#include "models/data.h"

/* Streams of RNG_DATA: the numbers are part of every result. */
enum dataset_role {
    DATASET_CENTRE = 0,    /* index: class */
    DATASET_TEACHER = 1,   /* the teacher's weights */
    DATASET_TRAIN = 2,     /* index: sample */
    DATASET_TEST = 3,      /* index: sample */
    DATASET_SPLIT = 4,     /* which rows of a table are the test set */
    DATASET_QUADRATIC = 5, /* index 0: basis, 1: optimum, 2: heterogeneity */
};

void dataset_start(struct dataset *data, enum numeric_precision precision);
/* A block of count x size bytes that the data set owns; NULL, and *error filled, when exhausted. */
void *dataset_block(struct dataset *data, size_t count, size_t size, struct error *error);
void dataset_adopt(struct dataset *data, void *block); /* owns a block from malloc */
void dataset_release(struct dataset *data);            /* `unload` of every plug-in */

/* Blocks for features (reals of the precision) and labels or targets of one part. */
struct dataset_rows {
    void *reals;
    int32_t *labels; /* classes > 0 */
    void *targets;   /* classes = 0 */
};
enum status dataset_allocate(struct dataset *data, struct dataset_part *part, uint32_t samples,
                             struct dataset_rows *rows, struct error *error);
/* values[index] = value, in the precision. */
void dataset_put(enum numeric_precision precision, void *values, size_t index, double value);
double dataset_get(enum numeric_precision precision, const void *values, size_t index);

#endif
