/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trace: rows a second through the SQLite sink (queue, writer thread, batched transactions)
 * beside SQLite's own bulk insert of the same rows into the same table in one transaction; and what
 * tracing at level `messages` adds to the run of bench_run.h on one numerics thread.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/check.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_run.h"
#include "trace/sqlite_sink.h"

#define TURNS      5
#define ROWS       200000
#define ITERATIONS 160

struct place {
    char directory[64], sink[128], bulk[128];
};

static void place_init(struct place *place)
{
    snprintf(place->directory, sizeof place->directory, "/tmp/hearsay-bench-XXXXXX");
    CHECK(mkdtemp(place->directory) != NULL, "no temporary directory");
    snprintf(place->sink, sizeof place->sink, "%s/sink.db", place->directory);
    snprintf(place->bulk, sizeof place->bulk, "%s/bulk.db", place->directory);
}

static void place_fini(const struct place *place)
{
    unlink(place->sink);
    unlink(place->bulk);
    rmdir(place->directory);
}

static struct trace_message message_at(int64_t i)
{
    int64_t posted_ps = i * 14000000000;
    return (struct trace_message){.src = (uint32_t)(i % 16),
                                  .dst = (uint32_t)((i + 1) % 16),
                                  .round = i / 16,
                                  .bytes = 102400008,
                                  .weight = 0.5,
                                  .posted_ps = posted_ps,
                                  .started_ps = posted_ps + 50000000,
                                  .arrived_ps = posted_ps + 82000000000,
                                  .consumed_ps = posted_ps + 229000000000};
}

static struct trace_sink *open_sink(const struct place *place)
{
    struct error error = {.status = STATUS_OK};
    struct trace_sink *sink = NULL;
    CHECK(trace_sqlite_open(place->sink, TRACE_REPLACE, true, &sink, &error) == STATUS_OK, "%s",
          error.text);
    return sink;
}

/* From opening the file to closing it. */
static double sink_turn(const struct place *place)
{
    static const struct trace_run run = {
        .id = 1, .name = "bench", .variant = "", .nodes = 16, .digest = "", .host = ""};
    static const struct trace_end done = {.status = "done", .reason = "iterations"};
    struct error error = {.status = STATUS_OK};
    double then_s = bench_now_s();
    struct trace_sink *sink = open_sink(place);
    sink->ops->begin_run(sink, &run);
    for (int64_t i = 0; i < ROWS; i++) {
        struct trace_message message = message_at(i);
        sink->ops->message(sink, &message);
    }
    CHECK(sink->ops->end_run(sink, &done, &error) == STATUS_OK, "%s", error.text);
    sink->ops->close(sink);
    return ROWS / (bench_now_s() - then_s);
}

static void execute(sqlite3 *db, const char *sql)
{
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
}

static void insert(sqlite3_stmt *statement, int64_t i)
{
    struct trace_message message = message_at(i);
    const int64_t values[] = {message.src,        message.dst,        message.round,
                              message.bytes,      message.posted_ps,  message.started_ps,
                              message.arrived_ps, message.consumed_ps};
    sqlite3_bind_int64(statement, 1, i);
    for (int k = 0; k < 8; k++)
        sqlite3_bind_int64(statement, 2 + k, values[k]);
    sqlite3_bind_double(statement, 10, message.weight);
    sqlite3_step(statement);
    sqlite3_reset(statement);
}

static double bulk_turn(const struct place *place)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    double then_s = bench_now_s();
    unlink(place->bulk);
    CHECK(sqlite3_open(place->bulk, &db) == SQLITE_OK, "%s can't be opened", place->bulk);
    execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                "CREATE TABLE messages (run INTEGER NOT NULL, id INTEGER NOT NULL,"
                " src INTEGER NOT NULL, dst INTEGER NOT NULL, round INTEGER, bytes INTEGER,"
                " weight REAL, posted_ps INTEGER, started_ps INTEGER, arrived_ps INTEGER,"
                " consumed_ps INTEGER, drop_reason TEXT, PRIMARY KEY (run, id)) WITHOUT ROWID;"
                "BEGIN");
    CHECK(sqlite3_prepare_v2(db,
                             "INSERT INTO messages (run, id, src, dst, round, bytes, posted_ps,"
                             " started_ps, arrived_ps, consumed_ps, weight)"
                             " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                             -1, &statement, NULL) == SQLITE_OK,
          "%s", sqlite3_errmsg(db));
    for (int64_t i = 0; i < ROWS; i++)
        insert(statement, i);
    execute(db, "COMMIT");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return ROWS / (bench_now_s() - then_s);
}

static void compare_rows(const struct place *place)
{
    struct bench_series sink = {.count = 0}, bulk = {.count = 0};
    for (int turn = 0; turn < TURNS; turn++) {
        bench_add(&bulk, bulk_turn(place));
        bench_add(&sink, sink_turn(place));
    }
    printf("%d messages, from opening the file to closing it, median of %d turns\n", ROWS, TURNS);
    bench_print("SQLite's bulk insert", &bulk, 1e-3, "k rows/s");
    bench_print("the sink", &sink, 1e-3, "k rows/s");
    printf("  %-44s %9.3f\n", "sink / bulk, median over turns", bench_paired(&sink, &bulk));
}

static double traced_s(const struct bench_run *run, const struct scenario *scenario,
                       const struct place *place, double *cpu_s)
{
    double then_s = bench_now_s();
    struct trace_sink *sink = open_sink(place);
    bench_run_play(run, scenario, 1, sink, cpu_s);
    sink->ops->close(sink);
    return bench_now_s() - then_s;
}

static void compare_runs(const struct place *place)
{
    struct bench_run run;
    struct bench_series plain = {.count = 0}, traced = {.count = 0};
    struct bench_series plain_cpu = {.count = 0}, traced_cpu = {.count = 0};
    bench_run_init(&run);
    struct scenario *without = bench_run_scenario(&run, ITERATIONS, TRACE_NONE);
    struct scenario *with = bench_run_scenario(&run, ITERATIONS, TRACE_MESSAGES);
    for (int turn = 0; turn < TURNS; turn++) {
        double cpu_s;
        bench_add(&plain, bench_run_play(&run, without, 1, NULL, &cpu_s));
        bench_add(&plain_cpu, cpu_s);
        bench_add(&traced, traced_s(&run, with, place, &cpu_s));
        bench_add(&traced_cpu, cpu_s);
    }
    printf("a run of %d iterations on 16 nodes, building included\n", ITERATIONS);
    bench_print("without a trace", &plain, 1, "s");
    bench_print("with one at level messages", &traced, 1, "s");
    printf("  %-44s %9.3f\n", "wall time, with / without, over turns",
           bench_paired(&traced, &plain));
    printf("  %-44s %9.3f\n", "processor time, with / without, over turns",
           bench_paired(&traced_cpu, &plain_cpu));
    scenario_free(without);
    scenario_free(with);
    bench_run_fini(&run);
}

int main(int argc, char **argv)
{
    struct place place;
    (void)argc;
    bench_begin(argv);
    place_init(&place);
    compare_rows(&place);
    compare_runs(&place);
    place_fini(&place);
    return 0;
}
