/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bench_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/check.h"
#include "models/data_cache.h"
#include "numerics/backend.h"
#include "run/row.h"
#include "run/run.h"
#include "tests/bench/bench.h"

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
    "  \"trace\": {\"level\": \"%s\"},\n"
    "  \"stop\": {\"iterations\": %u} }\n";

/* ---- Data --------------------------------------------------------------------------------- */

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
    for (size_t i = 0; i < (size_t)samples * (images ? BENCH_RUN_FEATURES : 1); i++)
        putc((int)(bench_hash(i) % (images ? 256 : BENCH_RUN_CLASSES)), file);
    CHECK(fclose(file) == 0, "%s can't be written", path);
}

static void make_noise(struct bench_run *run)
{
    snprintf(run->directory, sizeof run->directory, "/tmp/hearsay-bench-XXXXXX");
    CHECK(mkdtemp(run->directory) != NULL, "no temporary directory");
    write_idx(run->directory, "train-images-idx3-ubyte", 16000, true);
    write_idx(run->directory, "train-labels-idx1-ubyte", 16000, false);
    write_idx(run->directory, "t10k-images-idx3-ubyte", 100, true);
    write_idx(run->directory, "t10k-labels-idx1-ubyte", 100, false);
}

static void remove_noise(const struct bench_run *run)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char path[128];
    if (run->directory[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", run->directory, names[i]);
        unlink(path);
    }
    rmdir(run->directory);
}

/* ---- Runs --------------------------------------------------------------------------------- */

static enum status parse(const struct bench_run *run, unsigned iterations, enum trace_level level,
                         struct scenario **scenario, struct error *error)
{
    char text[sizeof scenario_text + 128], source[100] = "\"name\": \"fashion-mnist\"";
    if (run->directory[0])
        snprintf(source, sizeof source, "\"name\": \"idx\", \"path\": \"%s\"", run->directory);
    int length =
        snprintf(text, sizeof text, scenario_text, source, trace_level_names[level], iterations);
    return scenario_parse("bench", text, (size_t)length, NULL, 0, scenario, error);
}

static enum status load(struct bench_run *run, struct error *error)
{
    struct scenario *scenario = NULL;
    enum status status = parse(run, 1, TRACE_NONE, &scenario, error);
    if (status != STATUS_OK)
        return status;
    const struct data_config *data = &scenario_at(scenario, 0)->config.data;
    status = data_cache_load(run->cache, &data->source, NUMERIC_FLOAT32, 1, &run->data, error);
    if (status != STATUS_OK) {
        scenario_free(scenario);
        return status;
    }
    run->scenario = scenario; /* the cache borrows its parameters */
    return STATUS_OK;
}

void bench_run_init(struct bench_run *run)
{
    struct error error = {.status = STATUS_OK};
    *run = (struct bench_run){.cache = data_cache_create()};
    if (load(run, &error) == STATUS_OK)
        return;
    printf("no Fashion-MNIST here, random bytes instead\n");
    make_noise(run);
    CHECK(load(run, &error) == STATUS_OK, "%s", error.text);
}

void bench_run_fini(struct bench_run *run)
{
    data_cache_free(run->cache);
    scenario_free(run->scenario);
    remove_noise(run);
}

struct scenario *bench_run_scenario(const struct bench_run *run, unsigned iterations,
                                    enum trace_level level)
{
    struct error error = {.status = STATUS_OK};
    struct scenario *scenario = NULL;
    CHECK(parse(run, iterations, level, &scenario, &error) == STATUS_OK, "%s", error.text);
    return scenario;
}

static struct trace_run row_of(const struct scenario_run *run, const struct run_options *options)
{
    struct trace_run row = run_row(&run->config, options);
    row.id = run->id;
    row.variant = run->variant;
    row.scenario = run->resolved;
    row.canonical = run->canonical;
    row.digest = run->digest;
    row.host = "";
    return row;
}

double bench_run_play(const struct bench_run *run, const struct scenario *scenario,
                      unsigned threads, struct trace_sink *sink, double *cpu_s)
{
    struct error error = {.status = STATUS_OK};
    const struct scenario_run *inner = scenario_at(scenario, 0);
    struct run_options options = {
        .backend = &backend_cpu_ops, .threads = threads, .sink = sink, .data_cache = run->cache};
    struct trace_run row = row_of(inner, &options);
    struct run_result result;
    options.row = &row;
    double cpu_then_s = bench_process_cpu_s(), then_s = bench_now_s();
    enum status status = run_play(&inner->config, &options, &result, &error);
    double wall_s = bench_now_s() - then_s;
    *cpu_s = bench_process_cpu_s() - cpu_then_s;
    CHECK(status == STATUS_OK, "%s", error.text);
    return wall_s;
}
