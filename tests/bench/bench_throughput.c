/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator's own cost: node iterations per second of SGP (16 nodes, one-peer exponential, MLP
 * 784-128-10, batch 32, float32, Nesterov momentum, weight decay; the scenario quickstart without
 * its metrics), beside bare loops that do the same arithmetic (bare_loop.h).
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
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/memory.h"
#include "models/data_cache.h"
#include "numerics/backend.h"
#include "run/run.h"
#include "scenario/scenario.h"
#include "tests/bench/bare_loop.h"
#include "tests/bench/bench.h"

#define NODES      16
#define BATCH      32
#define FEATURES   784
#define HIDDEN     128
#define CLASSES    10
#define TURNS      9
#define ITERATIONS 320 /* of a long run ... */
#define SHORT      32  /* ... less those of a short one */
#define LOOPS      2

static const char scenario_text[] =
    "{ \"nodes\": 16, \"algorithm\": \"sgp\", \"topology\": \"one-peer-exponential\",\n"
    "  \"compute\": {\"gradient_time\": {\"distribution\": \"lognormal\", \"mean\": \"229 ms\",\n"
    "                                  \"cv\": 0.1},\n"
    "              \"stragglers\": [{\"probability\": 0.0625, \"slowdown\": 6}]},\n"
    "  \"network\": {\"model\": \"fair\", \"bandwidth\": \"10 Gbps\", \"latency\": \"50 us\"},\n"
    "  \"wire\": {\"message_size\": \"102.4 MB\"},\n"
    "  \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.05, \"momentum\": 0.9,\n"
    "                \"weight_decay\": 1e-4},\n"
    "  \"model\": {\"name\": \"mlp\", \"hidden\": [128]},\n"
    "  \"data\": {%s, \"batch_size\": 32},\n"
    "  \"metrics\": {\"every\": \"1000000 epochs\", \"loss_samples\": 1, \"node_samples\": 0,\n"
    "              \"test\": false},\n"
    "  \"trace\": {\"level\": \"none\"},\n"
    "  \"stop\": {\"iterations\": %u} }\n";

struct contest {
    struct scenario *runs[2]; /* short, long */
    struct data_cache *cache;
    struct dataset data;
    struct bare_loop *loop[LOOPS];
    unsigned turns, iterations;
    char directory[64]; /* of random data; empty: Fashion-MNIST */
};

/* ---- Data: Fashion-MNIST, or noise of its shape -----------------------------------------------
 */

static void put_number(FILE *file, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        putc((int)(value >> shift & 255), file);
}

static void write_idx(const char *directory, const char *name, uint32_t samples, bool images)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL, "%s can't be written", path);
    put_number(file, images ? 0x803 : 0x801);
    put_number(file, samples);
    if (images)
        for (int i = 0; i < 2; i++)
            put_number(file, 28);
    for (size_t i = 0; i < (size_t)samples * (images ? FEATURES : 1); i++)
        putc((int)(bench_hash(i) % (images ? 256 : CLASSES)), file);
    CHECK(fclose(file) == 0, "%s can't be written", path);
}

static void make_noise(struct contest *contest)
{
    snprintf(contest->directory, sizeof contest->directory, "/tmp/hearsay-bench-XXXXXX");
    CHECK(mkdtemp(contest->directory) != NULL, "no temporary directory");
    write_idx(contest->directory, "train-images-idx3-ubyte", 16000, true);
    write_idx(contest->directory, "train-labels-idx1-ubyte", 16000, false);
    write_idx(contest->directory, "t10k-images-idx3-ubyte", 100, true);
    write_idx(contest->directory, "t10k-labels-idx1-ubyte", 100, false);
}

static void remove_noise(const struct contest *contest)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char path[128];
    if (contest->directory[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", contest->directory, names[i]);
        unlink(path);
    }
    rmdir(contest->directory);
}

/* ---- The simulator ------------------------------------------------------------------------------
 */

static enum status parse(struct contest *contest, int which, struct error *error)
{
    char text[sizeof scenario_text + 128], source[100] = "\"name\": \"fashion-mnist\"";
    if (contest->directory[0])
        snprintf(source, sizeof source, "\"name\": \"idx\", \"path\": \"%s\"", contest->directory);
    int length =
        snprintf(text, sizeof text, scenario_text, source, which ? contest->iterations : SHORT);
    return scenario_parse("bench", text, (size_t)length, NULL, 0, &contest->runs[which], error);
}

static enum status load(struct contest *contest, struct error *error)
{
    enum status status = parse(contest, 1, error);
    if (status != STATUS_OK)
        return status;
    const struct run_config *config = &scenario_at(contest->runs[1], 0)->config;
    status = data_cache_load(contest->cache, &config->data.source, NUMERIC_FLOAT32, 1,
                             &contest->data, error);
    if (status != STATUS_OK) {
        scenario_free(contest->runs[1]);
        contest->runs[1] = NULL;
        return status;
    }
    return parse(contest, 0, error);
}

static double play_s(struct contest *contest, int which, unsigned threads, double *cpu_s)
{
    struct error error = {.status = STATUS_OK};
    struct run_options options = {
        .backend = &backend_cpu_ops, .threads = threads, .data_cache = contest->cache};
    struct run_result result;
    double cpu_then_s = bench_process_cpu_s(), then_s = bench_now_s();
    enum status status =
        run_play(&scenario_at(contest->runs[which], 0)->config, &options, &result, &error);
    double wall_s = bench_now_s() - then_s;
    *cpu_s = bench_process_cpu_s() - cpu_then_s;
    CHECK(status == STATUS_OK, "%s", error.text);
    return wall_s;
}

/* Node iterations per second; *cpu_rate: per second of processor time. */
static double simulator(struct contest *contest, unsigned threads, double *cpu_rate)
{
    double short_cpu_s, long_cpu_s;
    double count = (double)(contest->iterations - SHORT) * NODES;
    double short_s = play_s(contest, 0, threads, &short_cpu_s);
    double long_s = play_s(contest, 1, threads, &long_cpu_s);
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
    lap->rate = lap->iterations * NODES / (bench_now_s() - then_s);
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
    *cpu_rate = loops * iterations * NODES / (bench_process_cpu_s() - cpu_then_s);
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
        bench_add(&products, (between_s - then_s) / (iterations * NODES));
        bench_add(&passes, (bench_now_s() - between_s) / (iterations * NODES));
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
    struct error error = {.status = STATUS_OK};
    contest->cache = data_cache_create();
    if (load(contest, &error) != STATUS_OK) {
        printf("no Fashion-MNIST here, random bytes instead\n");
        make_noise(contest);
        CHECK(load(contest, &error) == STATUS_OK, "%s", error.text);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        contest->loop[i] = bare_loop_create(&contest->data.train, contest->data.byte_scale,
                                            FEATURES, HIDDEN, CLASSES, NODES, BATCH);
        bare_loop_run(contest->loop[i], SHORT); /* pages, caches, clocks */
    }
}

static void close_contest(struct contest *contest)
{
    for (unsigned i = 0; i < LOOPS; i++)
        bare_loop_free(contest->loop[i]);
    for (int i = 0; i < 2; i++)
        scenario_free(contest->runs[i]);
    data_cache_free(contest->cache);
    remove_noise(contest);
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
