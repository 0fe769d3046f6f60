/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trace: the SQLite sink on real files, its writer thread, .npy blobs.
 */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/status.h"
#include "trace/npy.h"
#include "trace/sink.h"
#include "trace/sqlite_sink.h"
#include "testing.h"

/* ---- A folder of its own for each test ---------------------------------- */

static char folder[256];
static char database[300];

static void enter_folder(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/hearsay-trace-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/out.db", folder);
}

static void leave_folder(void)
{
    char command[512];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

/* ---- What the file says ------------------------------------------------- */

static sqlite3 *open_reader(void)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open_v2(database, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

/* The first column of the first row as text; "" where there is no row, "NULL" for NULL. */
static const char *ask(const char *sql)
{
    static char answer[4096];
    sqlite3 *db = open_reader();
    sqlite3_stmt *statement;
    const char *text;

    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    answer[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW) {
        text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(answer, sizeof answer, "%s", text != NULL ? text : "NULL");
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

#define ASSERT_ANSWER(sql, expected) ck_assert_str_eq(ask(sql), expected)

static double ask_number(const char *sql)
{
    sqlite3 *db = open_reader();
    sqlite3_stmt *statement;
    double value;

    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_double(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static size_t files_in_folder(void)
{
    char command[400];
    unsigned count;
    FILE *pipe;

    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_int_eq(fscanf(pipe, "%u", &count), 1);
    pclose(pipe);
    return count;
}

/* ---- Rows --------------------------------------------------------------- */

static const struct trace_run example_run = {
    .id = INT64_C(0x7edcba9876543210),
    .name = "example",
    .variant = "sgp",
    .seed = 7,
    .nodes = 4,
    .algorithm = "sgp",
    .topology = "ring",
    .model = "mlp",
    .data = "blobs",
    .optimizer = "sgd",
    .scenario = "{ \"seed\": 7 }",
    .canonical = "{\"seed\":7}",
    .digest = "00112233445566778899aabbccddeeff",
    .device = "cpu",
    .host = "somewhere",
    .blas = "openblas",
    .version = "0.1.0",
    .precision = "float32",
    .threads = 3,
    .dimension = 10,
    .message_bytes = 40,
};

static const char *const summary_names[] = {"iterations", "mean_model_loss", "gradient_norm"};
static const double summary_values[] = {100, 0.1 + 0.2, NAN};

static struct trace_end example_end(const char *status)
{
    struct trace_end end = {
        .status = status,
        .reason = "epochs",
        .timeline_digest = "0123456789abcdef0123456789abcdef",
        .metrics_digest = "fedcba9876543210fedcba9876543210",
        .time_ps = 1500000000000,
        .events = 12345,
        .wall_s = 0.25,
        .summary_names = summary_names,
        .summary_values = summary_values,
        .summary_count = 3,
    };
    return end;
}

static const struct trace_span example_span = {
    .node = 3,
    .lane = TRACE_LANE_WAIT,
    .kind = TRACE_SPAN_BLOCKED,
    .begin_ps = 250000000000,
    .end_ps = 1000000000000,
    .iteration = 2,
};

static const struct trace_message example_message = {
    .src = 1,
    .dst = 2,
    .round = 5,
    .bytes = INT64_C(102400000),
    .weight = 0.1,
    .posted_ps = 10,
    .started_ps = 20,
    .arrived_ps = INT64_MAX,
    .consumed_ps = -1,
    .drop_reason = "in flight at stop",
};

static const struct trace_update example_update = {
    .node = 4,
    .origin = 3,
    .time_ps = 125000000000,
    .version = 11,
    .staleness = 6,
    .scale = 0.25,
};

static const struct trace_collective example_collective = {
    .operation = 9,
    .rank = 1,
    .schedule = "ring",
    .bytes = 40,
    .iteration = 8,
    .entered_ps = 5,
    .done_ps = 6,
};

static struct trace_metric example_metric(int64_t sequence)
{
    struct trace_metric metric = {
        .sequence = sequence,
        .time_ps = sequence * 500000000000,
        .epoch = 0.1 * (double)sequence,
        .iteration_min = 1,
        .iteration_max = 3,
        .iteration_mean = 2.5,
        .samples = 64,
        .bytes = 400,
        .messages = 10,
        .loss = 1.0 / 3,
        .accuracy = NAN,
        .test_loss = NAN,
        .test_accuracy = NAN,
        .node_loss_mean = 0.5,
        .node_loss_min = 0.25,
        .node_loss_max = 0.75,
        .node_accuracy_mean = NAN,
        .node_accuracy_min = NAN,
        .node_accuracy_max = NAN,
        .consensus = 5e-324,
        .consensus_max = 1e308,
        .gradient_norm = 0,
        .optimum_distance = NAN,
        .rate = 0.1,
        .blocked_share = 0.5,
    };
    return metric;
}

static struct trace_sink *open_sink(enum trace_open_mode mode)
{
    struct trace_sink *sink;
    struct error error;

    ck_assert_msg(trace_sqlite_open(database, mode, false, &sink, &error) == STATUS_OK, "%s",
                  error.text);
    return sink;
}

static void play_rows(struct trace_sink *sink)
{
    struct trace_metric metric = example_metric(1);
    struct trace_node_metric node = {.sequence = 1,
                                     .node = 2,
                                     .iteration = 3,
                                     .loss = 0.1,
                                     .accuracy = NAN,
                                     .distance = 4,
                                     .weight = 1.5,
                                     .blocked_ps = 7};
    struct trace_link link = {
        .host = 1, .tx_bytes = 2, .rx_bytes = 3, .tx_busy_ps = 4, .rx_busy_ps = 5};
    struct trace_fault fault = {
        .kind = "crash", .entry = 1, .first = 2, .last = 3, .begin_ps = 4, .end_ps = -1, .lost = 5};

    sink->ops->span(sink, &example_span);
    sink->ops->message(sink, &example_message);
    sink->ops->update(sink, &example_update);
    sink->ops->collective(sink, &example_collective);
    sink->ops->metric(sink, &metric);
    sink->ops->node_metric(sink, &node);
    sink->ops->link(sink, &link);
    sink->ops->fault(sink, &fault);
}

static void play_run(struct trace_sink *sink, const struct trace_run *run, const char *status)
{
    struct trace_end end = example_end(status);
    struct error error;

    sink->ops->begin_run(sink, run);
    play_rows(sink);
    ck_assert_msg(sink->ops->end_run(sink, &end, &error) == STATUS_OK, "%s", error.text);
}

/* A database with one finished run. */
static void make_database(void)
{
    struct trace_sink *sink = open_sink(TRACE_CREATE);

    play_run(sink, &example_run, "done");
    sink->ops->close(sink);
}

static void assert_refused(enum trace_open_mode mode, const char *saying)
{
    struct trace_sink *sink;
    struct error error;

    ck_assert_int_eq(trace_sqlite_open(database, mode, false, &sink, &error), STATUS_REQUEST);
    ck_assert_ptr_null(sink);
    ck_assert_msg(strstr(error.text, saying) != NULL, "%s", error.text);
}

/* ---- Tests -------------------------------------------------------------- */

START_TEST(rows_come_back)
{
    make_database();
    ck_assert_uint_eq(files_in_folder(), 1);
    ASSERT_ANSWER("PRAGMA integrity_check", "ok");
    ASSERT_ANSWER("PRAGMA foreign_key_check", "");
    ASSERT_ANSWER("SELECT id || name || variant || seed || nodes || algorithm || topology || model"
                  " || data || optimizer || precision || dimension || message_bytes || status"
                  " || reason || time_ps || events FROM runs",
                  "9141386507638288912examplesgp74sgpringmlpblobssgdfloat321040doneepochs"
                  "150000000000012345");
    ASSERT_ANSWER("SELECT scenario || canonical || digest || timeline_digest FROM runs",
                  "{ \"seed\": 7 }{\"seed\":7}00112233445566778899aabbccddeeff"
                  "0123456789abcdef0123456789abcdef");
    ASSERT_ANSWER("SELECT version || device || host || blas || threads || wall_s || journal_mode"
                  " FROM run_environment",
                  "0.1.0cpusomewhereopenblas30.25wal");
    ASSERT_ANSWER("SELECT started <= ended FROM run_environment", "1");
    ASSERT_ANSWER("SELECT node||lane||kind||begin_ps||end_ps||iteration||id FROM spans",
                  "313250000000000100000000000020");
    ASSERT_ANSWER("SELECT src||' '||dst||' '||round||' '||bytes||' '||weight||' '||posted_ps||' '"
                  "||started_ps||' '||arrived_ps||' '||consumed_ps||' '||drop_reason FROM messages",
                  "1 2 5 102400000 0.1 10 20 9223372036854775807 -1 in flight at stop");
    ASSERT_ANSWER("SELECT node||' '||origin||' '||time_ps||' '||version||' '||staleness||' '||scale"
                  " FROM updates",
                  "4 3 125000000000 11 6 0.25");
    ASSERT_ANSWER("SELECT operation||rank||schedule||bytes||iteration||entered_ps||done_ps"
                  " FROM collectives",
                  "91ring40856");
    ASSERT_ANSWER("SELECT sequence||node||iteration||loss||distance||weight||blocked_ps"
                  " FROM node_metrics WHERE accuracy IS NULL",
                  "1230.14.01.57");
    ASSERT_ANSWER("SELECT host||tx_bytes||rx_bytes||tx_busy_ps||rx_busy_ps FROM links", "12345");
    ASSERT_ANSWER("SELECT id||kind||entry||first||last||begin_ps||end_ps||lost FROM faults",
                  "0crash1234-15");
}
END_TEST

START_TEST(doubles_come_back_exactly)
{
    make_database();
    ck_assert_double_eq(ask_number("SELECT loss FROM metrics"), 1.0 / 3);
    ck_assert_double_eq(ask_number("SELECT consensus FROM metrics"), 5e-324);
    ck_assert_double_eq(ask_number("SELECT consensus_max FROM metrics"), 1e308);
    ck_assert_double_eq(ask_number("SELECT value FROM run_summary WHERE name='mean_model_loss'"),
                        0.1 + 0.2);
    ASSERT_ANSWER("SELECT accuracy FROM metrics", "NULL");
    ASSERT_ANSWER("SELECT value FROM run_summary WHERE name = 'gradient_norm'", "NULL");
}
END_TEST

START_TEST(views_speak_in_names_and_seconds)
{
    make_database();
    ASSERT_ANSWER("SELECT label || seed || status || time_s FROM v_runs", "sgp7done1.5");
    ASSERT_ANSWER("SELECT label || seed || time_s || iteration FROM v_metrics", "sgp70.52.5");
    ASSERT_ANSWER("SELECT label || time_s || node FROM v_node_metrics", "sgp0.52");
    ASSERT_ANSWER("SELECT lane || kind || begin_s || end_s FROM v_spans", "waitblocked0.251.0");
    ASSERT_ANSWER("SELECT consumed_s FROM v_messages", "NULL");
    ASSERT_ANSWER("SELECT queued_s * 1e12 FROM v_messages", "10.0");
    /* 0.75 s of 1.5 s */
    ASSERT_ANSWER("SELECT node || lane || kind || spans || total_s || share FROM v_blocked",
                  "3waitblocked10.750.5");
    ASSERT_ANSWER("SELECT label || iterations || simulated_time_s FROM v_summary", "sgp100.01.5");
}
END_TEST

START_TEST(summary_of_an_unfinished_run_is_its_last_metric)
{
    struct trace_sink *sink = open_sink(TRACE_CREATE);
    struct trace_metric metric = example_metric(4);
    struct trace_end end = example_end("interrupted");

    end.summary_count = 0;
    end.time_ps = 0;
    sink->ops->begin_run(sink, &example_run);
    play_rows(sink);
    metric.loss = 0.125;
    sink->ops->metric(sink, &metric);
    ck_assert_int_eq(sink->ops->end_run(sink, &end, NULL), STATUS_OK);
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT status || mean_model_loss FROM v_summary", "interrupted0.125");
    ASSERT_ANSWER("SELECT count(*) FROM spans", "1");
}
END_TEST

START_TEST(rows_appear_while_the_run_goes_on)
{
    struct trace_sink *sink = open_sink(TRACE_CREATE);
    const struct timespec pause = {.tv_nsec = 20000000};
    int tries = 0;

    sink->ops->begin_run(sink, &example_run);
    ASSERT_ANSWER("SELECT status FROM runs", "running");
    play_rows(sink);
    while (strcmp(ask("SELECT count(*) FROM metrics"), "1") != 0 && tries++ < 500)
        nanosleep(&pause, NULL);
    ASSERT_ANSWER("SELECT count(*) FROM metrics", "1");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT status FROM runs", "failed"); /* it never ended */
}
END_TEST

START_TEST(killed_run_says_running)
{
    struct trace_sink *sink;
    int ready[2], state;
    char byte;
    pid_t child;

    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        const struct timespec pause = {.tv_nsec = 20000000};

        sink = open_sink(TRACE_CREATE);
        sink->ops->begin_run(sink, &example_run);
        play_rows(sink);
        while (strcmp(ask("SELECT count(*) FROM metrics"), "1") != 0)
            nanosleep(&pause, NULL);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;) /* busy in mid-transaction, most likely, when it is killed */
            sink->ops->span(sink, &example_span);
    }
    ck_assert_int_eq((int)read(ready[0], &byte, 1), 1);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    kill(child, SIGKILL);
    waitpid(child, &state, 0);
    ASSERT_ANSWER("PRAGMA integrity_check", "ok");
    ASSERT_ANSWER("SELECT status FROM runs", "running");
    ASSERT_ANSWER("SELECT count(*) FROM metrics", "1");
    /* The lock died with it, and the run may be played again. */
    sink = open_sink(TRACE_APPEND);
    play_run(sink, &example_run, "done");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT group_concat(status) FROM runs", "done");
    ASSERT_ANSWER("SELECT count(*) FROM spans", "1");
    ASSERT_ANSWER("PRAGMA foreign_key_check", "");
}
END_TEST

START_TEST(existing_files_are_not_overwritten)
{
    make_database();
    assert_refused(TRACE_CREATE, "out.db exists; use --force to replace it or --append to add");
    ASSERT_ANSWER("SELECT count(*) FROM runs", "1");
}
END_TEST

START_TEST(appending_adds_runs)
{
    struct trace_run other = example_run;
    struct trace_sink *sink;

    make_database();
    other.id = 5;
    other.variant = "d-psgd";
    sink = open_sink(TRACE_APPEND);
    play_run(sink, &other, "done");
    other.id = 6;
    other.variant = "ar-sgd";
    play_run(sink, &other, "diverged");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT group_concat(label) FROM (SELECT label FROM v_runs ORDER BY run)",
                  "sgp,d-psgd,ar-sgd");
    ASSERT_ANSWER("SELECT count(*) FROM spans", "3");
    ASSERT_ANSWER("PRAGMA integrity_check", "ok");
}
END_TEST

START_TEST(appending_to_nothing_creates)
{
    struct trace_sink *sink = open_sink(TRACE_APPEND);

    play_run(sink, &example_run, "done");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT status FROM runs", "done");
}
END_TEST

START_TEST(finished_runs_are_kept_unless_asked)
{
    struct trace_end end = example_end("done");
    struct trace_sink *sink;
    struct error error;

    make_database();
    sink = open_sink(TRACE_APPEND);
    sink->ops->begin_run(sink, &example_run);
    ck_assert_int_eq(sink->ops->failed(sink, &error), STATUS_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.text, "holds this run already"));
    play_rows(sink); /* swallowed */
    ck_assert_int_eq(sink->ops->end_run(sink, &end, &error), STATUS_REQUEST);
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT count(*) FROM spans", "1");

    ck_assert_int_eq(trace_sqlite_open(database, TRACE_APPEND, true, &sink, &error), STATUS_OK);
    play_run(sink, &example_run, "done");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT count(*) FROM runs", "1");
    ASSERT_ANSWER("SELECT count(*) FROM spans", "1");
}
END_TEST

START_TEST(replacing_waits_for_the_first_run)
{
    struct trace_run other = example_run;
    struct trace_sink *sink;

    make_database();
    sink = open_sink(TRACE_REPLACE);
    sink->ops->close(sink); /* nothing came */
    ASSERT_ANSWER("SELECT id FROM runs", "9141386507638288912");
    ck_assert_uint_eq(files_in_folder(), 1);

    other.id = 5;
    sink = open_sink(TRACE_REPLACE);
    play_run(sink, &other, "done");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT group_concat(id) FROM runs", "5");
    ck_assert_uint_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(nothing_is_left_when_no_run_came)
{
    struct trace_sink *sink = open_sink(TRACE_CREATE);

    sink->ops->close(sink);
    ck_assert_uint_eq(files_in_folder(), 0);
    sink = open_sink(TRACE_APPEND);
    sink->ops->close(sink);
    ck_assert_uint_eq(files_in_folder(), 0);
}
END_TEST

static void write_text(const char *text)
{
    FILE *file = fopen(database, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(other_files_are_refused)
{
    write_text("{ \"this\": \"is a scenario that someone named as output by mistake\" }\n");
    assert_refused(TRACE_APPEND, "is no database");
    assert_refused(TRACE_REPLACE, "is no database");
    unlink(database);
    ck_assert_int_eq(mkdir(database, 0777), 0);
    assert_refused(TRACE_REPLACE, "out.db");
    rmdir(database);
    snprintf(database, sizeof database, "%s/missing/out.db", folder);
    assert_refused(TRACE_CREATE, "cannot create");
}
END_TEST

START_TEST(other_databases_are_refused)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(database, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE t (x); PRAGMA user_version = 1", 0, 0, 0), 0);
    sqlite3_close(db);
    assert_refused(TRACE_APPEND, "no trace of Hearsay");
    unlink(database);

    make_database();
    ask("PRAGMA user_version = 999");
    assert_refused(TRACE_APPEND, "newer Hearsay");
    ASSERT_ANSWER("SELECT count(*) FROM runs", "1");
}
END_TEST

/* A file of version 1 had no table `updates` and an empty `faults` with other columns; its runs
 * stay when a run is added. */
START_TEST(older_tables_are_migrated)
{
    struct trace_run second = example_run;
    struct trace_sink *sink;

    make_database();
    ask("DROP VIEW v_updates");
    ask("DROP TABLE updates");
    ask("DROP TABLE faults");
    ask("CREATE TABLE faults (run, id, time_ps, host, peer, kind, detail)");
    ask("DROP VIEW v_spans");
    ask("ALTER TABLE spans DROP COLUMN slot");
    ask("PRAGMA user_version = 1");
    sink = open_sink(TRACE_APPEND);
    second.id++;
    play_run(sink, &second, "done");
    sink->ops->close(sink);
    ASSERT_ANSWER("SELECT count(*) FROM runs", "2");
    ASSERT_ANSWER("SELECT run||' '||origin FROM updates", "2 3");
    ASSERT_ANSWER("SELECT run||' '||lost FROM faults", "2 5");
    ASSERT_ANSWER("PRAGMA integrity_check", "ok");
}
END_TEST

START_TEST(second_writer_is_refused)
{
    struct trace_sink *sink = open_sink(TRACE_CREATE);

    sink->ops->begin_run(sink, &example_run);
    assert_refused(TRACE_APPEND, "being written already");
    assert_refused(TRACE_REPLACE, "being written already");
    sink->ops->close(sink);
    sink = open_sink(TRACE_APPEND);
    sink->ops->close(sink);
}
END_TEST

START_TEST(no_shared_memory_means_a_rollback_journal)
{
    sqlite3_vfs *usual = sqlite3_vfs_find(NULL), *plain = sqlite3_vfs_find("unix-none");

    ck_assert_ptr_nonnull(plain); /* it has no shared memory, so it refuses WAL */
    sqlite3_vfs_register(plain, 1);
    make_database();
    sqlite3_vfs_register(usual, 1);
    ASSERT_ANSWER("SELECT journal_mode FROM run_environment", "delete");
    ASSERT_ANSWER("SELECT count(*) FROM spans", "1");
}
END_TEST

/* Rows of two seconds' worth go through blocks that hold a fraction of them. */
START_TEST(many_rows_pass_the_queue_in_order)
{
    enum { ROWS = 300000 };
    struct trace_sink *sink = open_sink(TRACE_CREATE);
    struct trace_end end = example_end("done");
    struct trace_span span = example_span;
    char drop[32];

    sink->ops->begin_run(sink, &example_run);
    for (int i = 0; i < ROWS; i++) {
        span.iteration = i;
        span.begin_ps = (int64_t)i * i;
        sink->ops->span(sink, &span);
        if (i % 100 == 0) {
            struct trace_message message = example_message;

            snprintf(drop, sizeof drop, "reason %d", i);
            message.round = i;
            message.drop_reason = drop;
            sink->ops->message(sink, &message);
            memset(drop, 'x', sizeof drop); /* the sink has its copy */
        }
    }
    ck_assert_int_eq(sink->ops->end_run(sink, &end, NULL), STATUS_OK);
    sink->ops->close(sink);
    ck_assert_double_eq(ask_number("SELECT count(*) FROM spans"), ROWS);
    ASSERT_ANSWER("SELECT count(*) FROM spans WHERE id <> iteration"
                  " OR begin_ps <> iteration * iteration",
                  "0");
    ASSERT_ANSWER("SELECT count(*) FROM messages WHERE drop_reason = 'reason ' || round", "3000");
    ASSERT_ANSWER("PRAGMA integrity_check", "ok");
}
END_TEST

/* The disk is as full as the limit on a file's size. */
START_TEST(full_disk_fails_the_run_and_keeps_the_others)
{
    struct trace_run other = example_run;
    struct trace_end end = example_end("done");
    struct error error = {.status = STATUS_OK};
    struct rlimit limit;
    struct trace_sink *sink;
    struct stat about;

    make_database();
    ck_assert_int_eq(stat(database, &about), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = (rlim_t)about.st_size + 600000;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);

    other.id = 5;
    sink = open_sink(TRACE_APPEND);
    sink->ops->begin_run(sink, &other);
    for (int i = 0; i < 200000; i++)
        sink->ops->span(sink, &example_span);
    ck_assert_int_eq(sink->ops->end_run(sink, &end, &error), STATUS_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot write"));
    sink->ops->close(sink);

    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ASSERT_ANSWER("PRAGMA integrity_check", "ok");
    ASSERT_ANSWER("SELECT status FROM runs WHERE id <> 5", "done");
    ASSERT_ANSWER("SELECT count(*) FROM runs WHERE id = 5 AND status IN ('failed', 'running')",
                  "1");
    ASSERT_ANSWER("SELECT count(*) FROM metrics", "1");
}
END_TEST

/* What NumPy itself writes for numpy.array([1.0, -2.5, 0.1]), as the format's document gives it. */
START_TEST(npy_is_the_documented_format)
{
    static const double values[] = {1, -2.5, 0.1};
    size_t size = npy_size(3, false), count, header;
    unsigned char *bytes = malloc(size);
    double *back;
    bool float32;

    npy_write(bytes, values, 3, false);
    ck_assert_mem_eq(bytes, "\x93NUMPY\x01\x00", 8);
    header = bytes[8] + 256U * bytes[9];
    ck_assert_uint_eq((10 + header) % 64, 0);
    ck_assert_uint_eq(size, 10 + header + 3 * 8);
    ck_assert_int_eq(bytes[10 + header - 1], '\n');
    ck_assert_int_eq(strncmp((char *)bytes + 10,
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 57),
                     0);
    ck_assert_mem_eq(bytes + 10 + header, "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0", 16);
    ck_assert(npy_read(bytes, size, &back, &count, &float32));
    ck_assert(!float32);
    ck_assert_uint_eq(count, 3);
    ck_assert_mem_eq(back, values, sizeof values);
    free(back);
    ck_assert(!npy_read(bytes, size - 1, &back, &count, &float32));
    ck_assert(!npy_read(bytes, 9, &back, &count, &float32));
    bytes[0] = 'x';
    ck_assert(!npy_read(bytes, size, &back, &count, &float32));
    free(bytes);
}
END_TEST

START_TEST(parameters_are_npy_blobs)
{
    enum { MANY = 1500000 }; /* more than a block of the queue holds */
    struct trace_sink *sink = open_sink(TRACE_CREATE);
    struct trace_end end = example_end("done");
    double *values = calloc(MANY, sizeof *values), *back;
    struct trace_parameters row = {
        .sequence = 2, .node = -1, .kind = "mean", .weight = 1, .values = values, .count = MANY};
    sqlite3_stmt *statement;
    sqlite3 *db;
    size_t count;
    bool float32;

    for (int i = 0; i < MANY; i++)
        values[i] = i / 7.0;
    sink->ops->begin_run(sink, &example_run);
    sink->ops->parameters(sink, &row);
    row.node = 0;
    row.kind = "z";
    row.float32 = true;
    row.count = 3;
    sink->ops->parameters(sink, &row);
    ck_assert_int_eq(sink->ops->end_run(sink, &end, NULL), STATUS_OK);
    sink->ops->close(sink);

    db = open_reader();
    sqlite3_prepare_v2(db, "SELECT npy, kind FROM parameters ORDER BY node", -1, &statement, NULL);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert(npy_read(sqlite3_column_blob(statement, 0),
                       (size_t)sqlite3_column_bytes(statement, 0), &back, &count, &float32));
    ck_assert_uint_eq(count, MANY);
    ck_assert_int_eq(memcmp(back, values, MANY * sizeof *values), 0);
    free(back);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(statement, 1), "z");
    ck_assert(npy_read(sqlite3_column_blob(statement, 0),
                       (size_t)sqlite3_column_bytes(statement, 0), &back, &count, &float32));
    ck_assert(float32);
    ck_assert_double_eq(back[2], (float)values[2]);
    free(back);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    free(values);
}
END_TEST

START_TEST(null_sink_swallows)
{
    struct trace_sink *sink = trace_null_sink();

    play_run(sink, &example_run, "done");
    ck_assert_int_eq(sink->ops->failed(sink, NULL), STATUS_OK);
    sink->ops->close(sink);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace");
    TCase *files = tcase_create("files"), *records = tcase_create("records");

    tcase_add_checked_fixture(files, enter_folder, leave_folder);
    tcase_add_test(files, rows_come_back);
    tcase_add_test(files, doubles_come_back_exactly);
    tcase_add_test(files, views_speak_in_names_and_seconds);
    tcase_add_test(files, summary_of_an_unfinished_run_is_its_last_metric);
    tcase_add_test(files, rows_appear_while_the_run_goes_on);
    tcase_add_test(files, killed_run_says_running);
    tcase_add_test(files, existing_files_are_not_overwritten);
    tcase_add_test(files, appending_adds_runs);
    tcase_add_test(files, appending_to_nothing_creates);
    tcase_add_test(files, finished_runs_are_kept_unless_asked);
    tcase_add_test(files, replacing_waits_for_the_first_run);
    tcase_add_test(files, nothing_is_left_when_no_run_came);
    tcase_add_test(files, other_files_are_refused);
    tcase_add_test(files, other_databases_are_refused);
    tcase_add_test(files, older_tables_are_migrated);
    tcase_add_test(files, second_writer_is_refused);
    tcase_add_test(files, no_shared_memory_means_a_rollback_journal);
    tcase_add_test(files, many_rows_pass_the_queue_in_order);
    tcase_add_test(files, full_disk_fails_the_run_and_keeps_the_others);
    tcase_add_test(files, parameters_are_npy_blobs);
    tcase_add_test(records, npy_is_the_documented_format);
    tcase_add_test(records, null_sink_swallows);
    suite_add_tcase(suite, files);
    suite_add_tcase(suite, records);
    return testing_run(suite);
}
