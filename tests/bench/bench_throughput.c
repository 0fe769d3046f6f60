/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator's own cost: node iterations per second of the run of bench_run.h, beside bare loops
 * that do the same arithmetic (bare_loop.h).
 *
 * Turn by turn: bare, simulator, bare, simulator.  A turn of the simulator is the time of a long
 * run less that of a short one, so that building and the metrics at both ends, which bare loops do
 * not have, cancel; data are loaded once.  Bare loops are built before the clock starts. With two
 * threads the simulator shares one run among them; the opponent is the sum of two independent
 * loops, each with its own vectors.
 *
 *   bench_throughput [TURNS [ITERATIONS]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "tests/bench/bare_loop.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_run.h"

#define TURNS      9
#define ITERATIONS 320 /* of a long run ... */
#define SHORT      32  /* ... less those of a short one */
#define LOOPS      2

struct contest {
    struct bench_run run;
    struct scenario *short_run, *long_run;
    struct bare_loop *loop[LOOPS];
    unsigned turns, iterations;
};

/* Node iterations per second; *cpu_rate: per second of processor time. */
static double simulator(struct contest *contest, unsigned threads, double *cpu_rate)
{
    double short_cpu_s, long_cpu_s;
    double count = (double)(contest->iterations - SHORT) * BENCH_RUN_NODES;
    double short_s = bench_run_play(&contest->run, contest->short_run, threads, NULL, &short_cpu_s);
    double long_s = bench_run_play(&contest->run, contest->long_run, threads, NULL, &long_cpu_s);
    *cpu_rate = count / (long_cpu_s - short_cpu_s);
    return count / (long_s - short_s);
}

/* ---- Bare loops --------------------------------------------------------------------------------
 */

struct lap {
    struct bare_loop *loop;
    unsigned iterations;
    double rate; /* node iterations per second of this loop */
};

static void *run_lap(void *argument)
{
    struct lap *lap = argument;
    double then_s = bench_now_s();
    bare_loop_run(lap->loop, lap->iterations);
    lap->rate = lap->iterations * BENCH_RUN_NODES / (bench_now_s() - then_s);
    return NULL;
}

/* The sum over `loops` independent loops. */
static double bare(struct contest *contest, unsigned loops, double *cpu_rate)
{
    struct lap laps[LOOPS];
    pthread_t threads[LOOPS];
    double sum = 0, cpu_then_s = bench_process_cpu_s();
    unsigned iterations = contest->iterations - SHORT;
    for (unsigned i = 0; i < loops; i++)
        laps[i] = (struct lap){contest->loop[i], iterations, 0};
    for (unsigned i = 1; i < loops; i++)
        CHECK(pthread_create(&threads[i], NULL, run_lap, &laps[i]) == 0, "no thread");
    run_lap(&laps[0]);
    for (unsigned i = 1; i < loops; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < loops; i++)
        sum += laps[i].rate;
    *cpu_rate = loops * iterations * BENCH_RUN_NODES / (bench_process_cpu_s() - cpu_then_s);
    return sum;
}

/* ---- The contest -------------------------------------------------------------------------------
 */

struct figures {
    struct bench_series bare, simulator, bare_cpu, simulator_cpu;
};

static void run_turns(struct contest *contest, unsigned threads, struct figures *figures)
{
    memset(figures, 0, sizeof *figures);
    for (unsigned turn = 0; turn < contest->turns; turn++) {
        double cpu_rate;
        bench_add(&figures->bare, bare(contest, threads, &cpu_rate));
        bench_add(&figures->bare_cpu, cpu_rate);
        bench_add(&figures->simulator, simulator(contest, threads, &cpu_rate));
        bench_add(&figures->simulator_cpu, cpu_rate);
    }
}

static void print_figures(const struct figures *figures, unsigned threads, double target)
{
    printf("%u thread%s: median (min .. max) of %zu turns\n", threads, threads > 1 ? "s" : "",
           figures->bare.count);
    bench_print(threads > 1 ? "independent bare loops, sum" : "bare loop", &figures->bare, 1e-3,
                "k node iterations/s");
    bench_print("simulator", &figures->simulator, 1e-3, "k node iterations/s");
    bench_judge("simulator / bare, of the medians",
                bench_median(&figures->simulator) / bench_median(&figures->bare), target);
    printf("  %-44s %9.3f\n", "the same, median over turns",
           bench_paired(&figures->simulator, &figures->bare));
    printf("  %-44s %9.3f\n", "the same, best turn of each",
           bench_max(&figures->simulator) / bench_max(&figures->bare));
    printf("  %-44s %9.3f\n", "the same per second of processor time",
           bench_paired(&figures->simulator_cpu, &figures->bare_cpu));
}

/* Where the limit is: the five products alone, and the passes over the vectors alone. */
static void print_limits(struct contest *contest)
{
    struct bench_series products = {.count = 0}, passes = {.count = 0};
    unsigned iterations = 100;
    for (unsigned turn = 0; turn < contest->turns; turn++) {
        double then_s = bench_now_s();
        bare_loop_products(contest->loop[0], iterations);
        double between_s = bench_now_s();
        bare_loop_passes(contest->loop[0], iterations);
        bench_add(&products, (between_s - then_s) / (iterations * BENCH_RUN_NODES));
        bench_add(&passes, (bench_now_s() - between_s) / (iterations * BENCH_RUN_NODES));
    }
    printf("limits, one thread\n");
    bench_print("the five products, operands in cache", &products, 1e6, "us a node iteration");
    bench_print("step and mix over all vectors", &passes, 1e6, "us a node iteration");
    printf("  %-44s %9.4g k node iterations/s\n", "both and nothing else",
           1e-3 / (bench_median(&products) + bench_median(&passes)));
    printf("  %-44s %9.4g MB a loop\n", "vectors", bare_loop_bytes(contest->loop[0]) * 1e-6);
}

static void prepare(struct contest *contest)
{
    const struct dataset *data = &contest->run.data;
    bench_run_init(&contest->run);
    contest->short_run = bench_run_scenario(&contest->run, SHORT, TRACE_NONE);
    contest->long_run = bench_run_scenario(&contest->run, contest->iterations, TRACE_NONE);
    for (unsigned i = 0; i < LOOPS; i++) {
        contest->loop[i] =
            bare_loop_create(&data->train, data->byte_scale, BENCH_RUN_FEATURES, BENCH_RUN_HIDDEN,
                             BENCH_RUN_CLASSES, BENCH_RUN_NODES, BENCH_RUN_BATCH);
        bare_loop_run(contest->loop[i], SHORT); /* pages, caches, clocks */
    }
}

static void close_contest(struct contest *contest)
{
    for (unsigned i = 0; i < LOOPS; i++)
        bare_loop_free(contest->loop[i]);
    scenario_free(contest->short_run);
    scenario_free(contest->long_run);
    bench_run_fini(&contest->run);
}

static unsigned argument(int argc, char **argv, int index, unsigned least, unsigned fallback)
{
    unsigned long value = argc > index ? strtoul(argv[index], NULL, 10) : fallback;
    return value < least ? least : (unsigned)value;
}

int main(int argc, char **argv)
{
    struct contest contest = {.turns = argument(argc, argv, 1, 1, TURNS),
                              .iterations = argument(argc, argv, 2, 2 * SHORT, ITERATIONS)};
    struct figures one, two;
    if (contest.turns > BENCH_MAX_TIMES)
        contest.turns = BENCH_MAX_TIMES;
    bench_begin(argv);
    prepare(&contest);
    run_turns(&contest, 1, &one);
    print_figures(&one, 1, 0.87);
    run_turns(&contest, 2, &two);
    print_figures(&two, 2, 0.92);
    printf("  %-44s %9.3f\n", "scaling of the bare loop from 1 to 2",
           bench_median(&two.bare) / bench_median(&one.bare));
    printf("  %-44s %9.3f\n", "scaling of the simulator from 1 to 2",
           bench_median(&two.simulator) / bench_median(&one.simulator));
    print_limits(&contest);
    close_contest(&contest);
    return 0;
}
