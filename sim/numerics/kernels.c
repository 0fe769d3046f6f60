/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kernels of one precision (numerics/real.h).
 *
 * Sums of few terms have loops of their own, which the compiler turns into one pass with as many
 * streams; longer ones go through a tile that stays in the first-level cache.  Both add in the
 * same order, so which one runs can't be seen in the result.  `ivdep` tells the compiler that a
 * destination meets a source at the same index or nowhere.
 */
#include "numerics/kernels.h"

#include <string.h>

#include "numerics/real.h"

#define KERNELS_TILE  1024
#define KERNELS_LANES 8

static REAL_CLONES void kernels_sum1(real *to, const real *a, real ca, size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = ca * a[i];
}

static REAL_CLONES void kernels_sum2(real *to, const real *a, real ca, const real *b, real cb,
                                     size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = ca * a[i] + cb * b[i];
}

static REAL_CLONES void kernels_sum3(real *to, const real *a, real ca, const real *b, real cb,
                                     const real *c, real cc, size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = ca * a[i] + cb * b[i] + cc * c[i];
}

/* to += ca a + cb b, one after the other. */
static REAL_CLONES void kernels_add2(real *to, const real *a, real ca, const real *b, real cb,
                                     size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = to[i] + ca * a[i] + cb * b[i];
}

static REAL_CLONES void kernels_add1(real *to, const real *a, real ca, size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = to[i] + ca * a[i];
}

/* The destination may be among the later terms, so a tile is finished before it is stored. */
static void kernels_sum_tile(real *to, const void *const *from, const double *c, size_t terms,
                             size_t first, size_t count)
{
    real tile[KERNELS_TILE];
    size_t term = 3;
    kernels_sum3(tile, (const real *)from[0] + first, (real)c[0], (const real *)from[1] + first,
                 (real)c[1], (const real *)from[2] + first, (real)c[2], count);
    for (; term + 1 < terms; term += 2)
        kernels_add2(tile, (const real *)from[term] + first, (real)c[term],
                     (const real *)from[term + 1] + first, (real)c[term + 1], count);
    if (term < terms)
        kernels_add1(tile, (const real *)from[term] + first, (real)c[term], count);
    memcpy(to + first, tile, count * sizeof *tile);
}

static void kernels_weighted_sum(void *to, const void *const *from, const double *c, size_t terms,
                                 size_t count)
{
    if (terms == 1 && c[0] == 1 && to != from[0]) {
        memcpy(to, from[0], count * sizeof(real));
        return;
    }
    switch (terms) {
    case 1:
        kernels_sum1(to, from[0], (real)c[0], count);
        return;
    case 2:
        kernels_sum2(to, from[0], (real)c[0], from[1], (real)c[1], count);
        return;
    case 3:
        kernels_sum3(to, from[0], (real)c[0], from[1], (real)c[1], from[2], (real)c[2], count);
        return;
    }
    for (size_t first = 0; first < count; first += KERNELS_TILE) {
        size_t part = count - first < KERNELS_TILE ? count - first : KERNELS_TILE;
        kernels_sum_tile(to, from, c, terms, first, part);
    }
}

static REAL_CLONES void kernels_widen(double *to, const real *from, size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = (double)from[i];
}

static REAL_CLONES void kernels_narrow(real *to, const double *from, double scale, size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = (real)(scale * from[i]);
}

static REAL_CLONES void kernels_accumulate1(double *to, const real *a, size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = to[i] + (double)a[i];
}

static REAL_CLONES void kernels_accumulate3(double *to, const real *a, const real *b, const real *c,
                                            size_t count)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        to[i] = to[i] + (double)a[i] + (double)b[i] + (double)c[i];
}

static void kernels_reduce_tile(real *to, const void *const *from, size_t terms, double scale,
                                size_t first, size_t count)
{
    double tile[KERNELS_TILE];
    size_t term = 1;
    kernels_widen(tile, (const real *)from[0] + first, count);
    for (; term + 2 < terms; term += 3)
        kernels_accumulate3(tile, (const real *)from[term] + first,
                            (const real *)from[term + 1] + first,
                            (const real *)from[term + 2] + first, count);
    for (; term < terms; term++)
        kernels_accumulate1(tile, (const real *)from[term] + first, count);
    kernels_narrow(to + first, tile, scale, count);
}

static void kernels_reduce(void *to, const void *const *from, size_t terms, double scale,
                           size_t count)
{
    for (size_t first = 0; first < count; first += KERNELS_TILE) {
        size_t part = count - first < KERNELS_TILE ? count - first : KERNELS_TILE;
        kernels_reduce_tile(to, from, terms, scale, first, part);
    }
}

/* Lane j takes the elements j, j + 8, ...: fixed by the index alone, and as wide as a register. */
static REAL_CLONES double kernels_distance_block(const real *a, double ca, const real *b, double cb,
                                                 size_t count)
{
    double lane[KERNELS_LANES] = {0};
    size_t i = 0;
    for (; i + KERNELS_LANES <= count; i += KERNELS_LANES)
        for (size_t j = 0; j < KERNELS_LANES; j++) {
            double d = ca * (double)a[i + j] - cb * (double)b[i + j];
            lane[j] += d * d;
        }
    for (size_t j = 0; i + j < count; j++) {
        double d = ca * (double)a[i + j] - cb * (double)b[i + j];
        lane[j] += d * d;
    }
    double sum = 0;
    for (size_t j = 0; j < KERNELS_LANES; j++)
        sum += lane[j];
    return sum;
}

static const real kernels_zeros[KERNELS_BLOCK];

static double kernels_distance(const void *a, double ca, const void *b, double cb, size_t count)
{
    const real *first = a, *second = b;
    double sum = 0;
    for (size_t at = 0; at < count; at += KERNELS_BLOCK) {
        size_t part = count - at < KERNELS_BLOCK ? count - at : KERNELS_BLOCK;
        sum +=
            kernels_distance_block(first + at, ca, second ? second + at : kernels_zeros, cb, part);
    }
    return sum;
}

static void kernels_to_double(double *to, const void *from, size_t count)
{
    kernels_widen(to, from, count);
}

static void kernels_from_double(void *to, const double *from, size_t count)
{
    kernels_narrow(to, from, 1, count);
}

const struct kernels REAL_NAME(kernels) = {
    .weighted_sum = kernels_weighted_sum,
    .reduce = kernels_reduce,
    .distance = kernels_distance,
    .to_double = kernels_to_double,
    .from_double = kernels_from_double,
};
