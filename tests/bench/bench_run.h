/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The run that benchmarks play: SGP, 16 nodes, one-peer exponential, MLP 784-128-10, batch 32,
 * float32, Nesterov momentum, weight decay, on Fashion-MNIST or, where that is not installed, on
 * random bytes of the same shape.  It is the scenario quickstart with metrics at both ends only.
 */
#ifndef HEARSAY_TESTS_BENCH_RUN_H
#define HEARSAY_TESTS_BENCH_RUN_H

#include "models/data.h"
#include "scenario/scenario.h"
#include "trace/sink.h"

#define BENCH_RUN_NODES    16
#define BENCH_RUN_BATCH    32
#define BENCH_RUN_FEATURES 784
#define BENCH_RUN_HIDDEN   128
#define BENCH_RUN_CLASSES  10

struct bench_run {
    struct data_cache *cache; /* data are loaded once */
    struct dataset data;
    struct scenario *scenario; /* whose parameters the cache borrows */
    char directory[64];        /* of random data; empty: Fashion-MNIST */
};

void bench_run_init(struct bench_run *run);
void bench_run_fini(struct bench_run *run);
/* Freed by the caller (scenario_free). */
struct scenario *bench_run_scenario(const struct bench_run *run, unsigned iterations,
                                    enum trace_level level);
/* Seconds from building to the last metric; *cpu_s: of all threads.  The sink may be NULL. */
double bench_run_play(const struct bench_run *run, const struct scenario *scenario,
                      unsigned threads, struct trace_sink *sink, double *cpu_s);

#endif
