/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traces are opened read-only, so a run that is still being written is not disturbed.  Chosen runs
 * stand in a temporary table, which lives in memory; queries then say
 * `run IN (SELECT run FROM selected)`.
 */
#include "cli/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/schema.h"

#define DATABASE_BUSY_MS 10000

static enum status fail_sql(sqlite3 *db, struct error *error)
{
    return status_fail(error, STATUS_ENVIRONMENT, "%s: %s", sqlite3_db_filename(db, NULL),
                       sqlite3_errmsg(db));
}

enum status database_open(const char *path, sqlite3 **db, struct error *error)
{
    enum status status;
    struct stat about;

    *db = NULL;
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return status_fail(error, STATUS_REQUEST, "%s is a directory, expected a trace", path);
    if (access(path, R_OK) != 0)
        return status_fail(error, STATUS_REQUEST, "cannot read %s: %s", path, strerror(errno));
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        status = status_fail(error, STATUS_ENVIRONMENT, "%s: %s", path, sqlite3_errmsg(*db));
    } else {
        sqlite3_busy_timeout(*db, DATABASE_BUSY_MS);
        sqlite3_exec(*db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
        status = schema_check(*db, path, error);
    }
    if (status != STATUS_OK) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return status;
}

enum status database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement,
                             struct error *error)
{
    if (sqlite3_prepare_v2(db, sql, -1, statement, NULL) == SQLITE_OK)
        return STATUS_OK;
    return fail_sql(db, error);
}

static enum status execute(sqlite3 *db, const char *sql, const char *name, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    enum status status = database_prepare(db, sql, &statement, error);

    if (status != STATUS_OK)
        return status;
    if (name != NULL)
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_step(statement);
    return sqlite3_finalize(statement) == SQLITE_OK ? STATUS_OK : fail_sql(db, error);
}

static enum status no_such_run(sqlite3 *db, const char *path, const char *name, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    enum status status = database_prepare(
        db,
        "SELECT group_concat(quote(label), ', ') FROM (SELECT DISTINCT label FROM v_runs LIMIT 20)",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    sqlite3_step(statement);
    status = status_fail(error, STATUS_REQUEST, "%s has no run \"%s\"; it has: %s", path, name,
                         (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

enum status database_select(sqlite3 *db, const char *path, const char *const *names, size_t count,
                            int *found, struct error *error)
{
    enum status status =
        execute(db, "CREATE TEMP TABLE selected (run INTEGER PRIMARY KEY)", NULL, error);

    if (status == STATUS_OK && count == 0)
        status = execute(db, "INSERT INTO selected SELECT run FROM runs", NULL, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        static const char means[] = " FROM runs WHERE ?1 IN (CAST(run AS TEXT), CAST(id AS TEXT),"
                                    " name, variant)";
        char sql[256];
        sqlite3_stmt *statement = NULL;

        snprintf(sql, sizeof sql, "SELECT 1%s", means);
        status = database_prepare(db, sql, &statement, error);
        if (status != STATUS_OK)
            break;
        sqlite3_bind_text(statement, 1, names[i], -1, SQLITE_STATIC);
        if (sqlite3_step(statement) == SQLITE_ROW && found != NULL)
            found[i] = 1;
        else if (sqlite3_data_count(statement) == 0 && found == NULL)
            status = no_such_run(db, path, names[i], error);
        sqlite3_finalize(statement);
        snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO selected SELECT run%s", means);
        if (status == STATUS_OK)
            status = execute(db, sql, names[i], error);
    }
    return status;
}
