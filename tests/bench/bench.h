/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the benchmarks share.  They print ratios of figures measured in one process, in turns, and
 * never fail for being slow: a figure that misses its target says so.
 */
#ifndef HEARSAY_TESTS_BENCH_H
#define HEARSAY_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* First in main: BLAS kernels of this CPU, one BLAS thread, the machine's name printed. */
void bench_begin(char **argv);
double bench_now_s(void);         /* wall clock */
double bench_process_cpu_s(void); /* of all threads */

/* The repetitions of one figure. */
#define BENCH_MAX_TIMES 32
struct bench_series {
    double values[BENCH_MAX_TIMES];
    size_t count;
};
void bench_add(struct bench_series *series, double value);
double bench_median(const struct bench_series *series);
double bench_min(const struct bench_series *series);
double bench_max(const struct bench_series *series);
/* Median of a[i] / b[i]: what both felt in the same turn cancels. */
double bench_paired(const struct bench_series *a, const struct bench_series *b);
/* "label   median (min .. max) unit", the values multiplied by `scale`. */
void bench_print(const char *label, const struct bench_series *series, double scale,
                 const char *unit);
/* "label: found, target at least: met" or "missed". */
void bench_judge(const char *label, double found, double target);

/* SplitMix64 (Steele, Lea, Flood 2014): numbers for benchmark traffic. */
uint64_t bench_hash(uint64_t x);

#endif
