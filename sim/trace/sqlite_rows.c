/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run's first and last rows, each set in one transaction.
 */
#include "trace/sqlite_rows.h"

#include <stdio.h>
#include <string.h>

#include "trace/columns.h"

static enum status fail_sql(struct sqlite_rows *rows, struct error *error)
{
    return status_fail(error, STATUS_ENVIRONMENT, "cannot write %s: %s", rows->path,
                       sqlite3_errmsg(rows->db));
}

/* Ends the transaction: keeps it when all went well. */
static enum status end_transaction(struct sqlite_rows *rows, enum status status,
                                   struct error *error)
{
    if (status == STATUS_OK && sqlite3_exec(rows->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        status = fail_sql(rows, error);
    if (!sqlite3_get_autocommit(rows->db))
        sqlite3_exec(rows->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* One value of a statement; a NULL text and a NaN become NULL. */
struct value {
    enum { VALUE_TEXT, VALUE_INTEGER, VALUE_REAL } type;
    const char *text;
    int64_t integer;
    double real;
};

static struct value text(const char *what)
{
    return (struct value){.type = VALUE_TEXT, .text = what};
}

static struct value integer(int64_t what)
{
    return (struct value){.type = VALUE_INTEGER, .integer = what};
}

static struct value real(double what)
{
    return (struct value){.type = VALUE_REAL, .real = what};
}

static void bind_values(sqlite3_stmt *statement, const struct value *values, int count)
{
    for (int i = 0; i < count; i++) {
        if (values[i].type == VALUE_TEXT)
            sqlite3_bind_text(statement, i + 1, values[i].text, -1, SQLITE_STATIC);
        else if (values[i].type == VALUE_INTEGER)
            sqlite3_bind_int64(statement, i + 1, values[i].integer);
        else
            sqlite3_bind_double(statement, i + 1, values[i].real);
    }
}

static enum status execute(struct sqlite_rows *rows, const char *sql, const struct value *values,
                           int count, struct error *error)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(rows->db, sql, -1, &statement, NULL);

    if (result == SQLITE_OK) {
        bind_values(statement, values, count);
        sqlite3_step(statement);
        result = sqlite3_finalize(statement);
    }
    return result == SQLITE_OK ? STATUS_OK : fail_sql(rows, error);
}

#define EXECUTE(rows, sql, values, error)                                                          \
    execute(rows, sql, values, (int)(sizeof(values) / sizeof((values)[0])), error)

static enum status delete_run(struct sqlite_rows *rows, int64_t run, struct error *error)
{
    static const char *const others[] = {"run_environment", "run_summary", "runs"};
    const struct value key[] = {integer(run)};
    size_t other_count = sizeof others / sizeof others[0];
    enum status status = STATUS_OK;

    for (size_t i = 0; i < TRACE_TABLES + other_count && status == STATUS_OK; i++) {
        char sql[80];

        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE run = ?",
                 i < TRACE_TABLES ? trace_tables[i].name : others[i - TRACE_TABLES]);
        status = EXECUTE(rows, sql, key, error);
    }
    return status;
}

/* A run of that identity that is here already: replaced when it did not finish. */
static enum status clear_place(struct sqlite_rows *rows, const struct trace_run *run,
                               struct error *error)
{
    sqlite3_stmt *statement;
    enum status status = STATUS_OK;

    if (sqlite3_prepare_v2(rows->db, "SELECT run, status FROM runs WHERE id = ?", -1, &statement,
                           NULL) != SQLITE_OK)
        return fail_sql(rows, error);
    sqlite3_bind_int64(statement, 1, run->id);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t old = sqlite3_column_int64(statement, 0);
        const char *state = (const char *)sqlite3_column_text(statement, 1);

        if (!rows->replace_runs && strcmp(state, "done") == 0)
            status = status_fail(error, STATUS_REQUEST, "%s holds this run already (%s, run %lld)",
                                 rows->path, run->name, (long long)old);
        else
            status = delete_run(rows, old, error);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum status insert_run(struct sqlite_rows *rows, const struct trace_run *run,
                              struct error *error)
{
    const struct value row[] = {
        integer(run->id),     text(run->name != NULL ? run->name : ""),
        text(run->variant),   integer(run->seed),
        integer(run->nodes),  text(run->algorithm),
        text(run->topology),  text(run->model),
        text(run->data),      text(run->optimizer),
        text(run->precision), integer(run->dimension),
        text(run->digest),    integer(run->message_bytes),
        text(run->scenario),  text(run->canonical),
    };
    enum status status =
        EXECUTE(rows,
                "INSERT INTO runs (id, name, variant, seed, nodes, algorithm, topology, model,"
                " data, optimizer, precision, dimension, digest, message_bytes, scenario,"
                " canonical, status) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'running')",
                row, error);

    rows->run = sqlite3_last_insert_rowid(rows->db);
    return status;
}

static enum status insert_environment(struct sqlite_rows *rows, const struct trace_run *run,
                                      struct error *error)
{
    const struct value row[] = {
        integer(rows->run),       text(run->version),
        text(run->device),        text(run->host),
        text(run->blas),          integer(run->threads),
        text(rows->journal_mode), text(sqlite3_libversion()),
    };

    return EXECUTE(rows,
                   "INSERT INTO run_environment (run, version, device, host, blas, threads,"
                   " journal_mode, sqlite_version, started)"
                   " VALUES (?,?,?,?,?,?,?,?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                   row, error);
}

enum status sqlite_rows_begin(struct sqlite_rows *rows, const struct trace_run *run,
                              struct error *error)
{
    enum status status = STATUS_OK;

    if (sqlite3_exec(rows->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return fail_sql(rows, error);
    status = clear_place(rows, run, error);
    if (status == STATUS_OK)
        status = insert_run(rows, run, error);
    if (status == STATUS_OK)
        status = insert_environment(rows, run, error);
    return end_transaction(rows, status, error);
}

static enum status update_run(struct sqlite_rows *rows, const struct trace_end *end,
                              struct error *error)
{
    const struct value row[] = {
        text(end->status),          text(end->reason),
        integer(end->time_ps),      integer((int64_t)end->events),
        text(end->timeline_digest), text(end->metrics_digest),
        integer(rows->run),
    };
    const struct value environment[] = {real(end->wall_s), integer(rows->run)};
    enum status status = EXECUTE(rows,
                                 "UPDATE runs SET status = ?, reason = ?, time_ps = ?, events = ?,"
                                 " timeline_digest = ?, metrics_digest = ? WHERE run = ?",
                                 row, error);

    if (status == STATUS_OK)
        status = EXECUTE(rows,
                         "UPDATE run_environment SET wall_s = ?,"
                         " ended = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE run = ?",
                         environment, error);
    return status;
}

enum status sqlite_rows_end(struct sqlite_rows *rows, const struct trace_end *end,
                            struct error *error)
{
    enum status status;

    if (sqlite3_exec(rows->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return fail_sql(rows, error);
    status = update_run(rows, end, error);
    for (size_t i = 0; i < end->summary_count && status == STATUS_OK; i++) {
        const struct value row[] = {integer(rows->run), text(end->summary_names[i]),
                                    real(end->summary_values[i])};

        status = EXECUTE(rows, "INSERT INTO run_summary (run, name, value) VALUES (?, ?, ?)", row,
                         error);
    }
    return end_transaction(rows, status, error);
}

void sqlite_rows_fail(struct sqlite_rows *rows, const char *reason)
{
    const struct value row[] = {text(reason), integer(rows->run)};

    EXECUTE(rows, "UPDATE runs SET status = 'failed', reason = ? WHERE run = ?", row, NULL);
}
