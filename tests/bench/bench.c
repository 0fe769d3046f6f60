/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/process.h"
#include "core/check.h"
#include "numerics/blas.h"

static double clock_s(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

double bench_process_cpu_s(void)
{
    return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

static void print_cpu(void)
{
    char line[256], *colon;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && (colon = strchr(line, ':'))) {
            printf("machine: %.*s, ", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    if (file)
        fclose(file);
}

/* Others at work on the machine blur every figure; the load says how much to believe. */
static void print_machine(void)
{
    double load[1] = {0};
    print_cpu();
    printf("%ld processors, BLAS core %s", sysconf(_SC_NPROCESSORS_ONLN), blas_core_name());
    if (getloadavg(load, 1) == 1)
        printf(", load %.2f at start", load[0]);
    printf("\n");
}

void bench_begin(char **argv)
{
    process_prefer_fast_blas(argv);
    process_begin();
    setvbuf(stdout, NULL, _IOLBF, 0);
    print_machine();
}

void bench_add(struct bench_series *series, double value)
{
    CHECK(series->count < BENCH_MAX_TIMES, "at most %d repetitions", BENCH_MAX_TIMES);
    series->values[series->count++] = value;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static struct bench_series sorted(const struct bench_series *series)
{
    struct bench_series copy = *series;
    qsort(copy.values, copy.count, sizeof copy.values[0], by_value);
    return copy;
}

double bench_median(const struct bench_series *series)
{
    struct bench_series in_order = sorted(series);
    size_t half = series->count / 2;
    if (series->count % 2)
        return in_order.values[half];
    return (in_order.values[half - 1] + in_order.values[half]) / 2;
}

double bench_min(const struct bench_series *series)
{
    return sorted(series).values[0];
}

double bench_max(const struct bench_series *series)
{
    return sorted(series).values[series->count - 1];
}

double bench_paired(const struct bench_series *a, const struct bench_series *b)
{
    struct bench_series ratios = {.count = 0};
    for (size_t i = 0; i < a->count && i < b->count; i++)
        bench_add(&ratios, a->values[i] / b->values[i]);
    return bench_median(&ratios);
}

void bench_print(const char *label, const struct bench_series *series, double scale,
                 const char *unit)
{
    printf("  %-44s %9.4g  (%.4g .. %.4g) %s\n", label, bench_median(series) * scale,
           bench_min(series) * scale, bench_max(series) * scale, unit);
}

void bench_judge(const char *label, double found, double target)
{
    printf("  %-44s %9.3f  target %.2f: %s\n", label, found, target,
           found >= target ? "met" : "missed");
}

uint64_t bench_hash(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}
