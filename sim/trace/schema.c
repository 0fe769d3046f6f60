/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema as text.  PRAGMA user_version counts migrations: number v takes a file of version v to
 * v + 1, and an empty file begins at 0.  Views hold no data, so they are made anew each time.
 *
 * Rows name their run by the small integer runs.run, not by the 63-bit identity.  Tables that grow
 * with the run are clustered by (run, id): a run's rows lie together, and no index is kept beside
 * them.
 */
#include "trace/schema.h"

#include <stdbool.h>

#include "trace/sink.h"
#include "trace/sqlite_sink.h"

static const char *const schema_migrations[TRACE_SCHEMA_VERSION] = {
    "CREATE TABLE runs ("
    " run INTEGER PRIMARY KEY,"
    " id INTEGER NOT NULL UNIQUE,"
    " name TEXT NOT NULL, variant TEXT, seed INTEGER NOT NULL, nodes INTEGER NOT NULL,"
    " algorithm TEXT, topology TEXT, model TEXT, data TEXT, optimizer TEXT, precision TEXT,"
    " dimension INTEGER, message_bytes INTEGER,"
    " status TEXT NOT NULL, reason TEXT, time_ps INTEGER, events INTEGER,"
    " timeline_digest TEXT, metrics_digest TEXT,"
    " digest TEXT, scenario TEXT, canonical TEXT);"

    "CREATE TABLE run_environment ("
    " run INTEGER PRIMARY KEY REFERENCES runs,"
    " version TEXT, device TEXT, host TEXT, blas TEXT, threads INTEGER,"
    " started TEXT, ended TEXT, wall_s REAL, journal_mode TEXT, sqlite_version TEXT);"

    "CREATE TABLE run_summary ("
    " run INTEGER NOT NULL REFERENCES runs, name TEXT NOT NULL, value REAL,"
    " PRIMARY KEY (run, name)) WITHOUT ROWID;"

    "CREATE TABLE metrics ("
    " run INTEGER NOT NULL REFERENCES runs, sequence INTEGER NOT NULL, time_ps INTEGER NOT NULL,"
    " epoch REAL, iteration_min INTEGER, iteration_max INTEGER, iteration_mean REAL,"
    " samples INTEGER, bytes INTEGER, messages INTEGER,"
    " loss REAL, accuracy REAL, test_loss REAL, test_accuracy REAL,"
    " node_loss_mean REAL, node_loss_min REAL, node_loss_max REAL,"
    " node_accuracy_mean REAL, node_accuracy_min REAL, node_accuracy_max REAL,"
    " consensus REAL, consensus_max REAL, gradient_norm REAL, optimum_distance REAL,"
    " rate REAL, blocked_share REAL,"
    " PRIMARY KEY (run, sequence)) WITHOUT ROWID;"

    "CREATE TABLE node_metrics ("
    " run INTEGER NOT NULL REFERENCES runs, sequence INTEGER NOT NULL, node INTEGER NOT NULL,"
    " iteration INTEGER, loss REAL, accuracy REAL, distance REAL, weight REAL, blocked_ps INTEGER,"
    " PRIMARY KEY (run, sequence, node)) WITHOUT ROWID;"

    "CREATE TABLE lanes (lane INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE span_kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"

    "CREATE TABLE spans ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL, node INTEGER NOT NULL,"
    " lane INTEGER NOT NULL REFERENCES lanes, kind INTEGER NOT NULL REFERENCES span_kinds,"
    " begin_ps INTEGER NOT NULL, end_ps INTEGER NOT NULL, iteration INTEGER,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;"

    "CREATE TABLE messages ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL,"
    " src INTEGER NOT NULL, dst INTEGER NOT NULL, round INTEGER, bytes INTEGER, weight REAL,"
    " posted_ps INTEGER, started_ps INTEGER, arrived_ps INTEGER, consumed_ps INTEGER,"
    " drop_reason TEXT,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;"

    "CREATE TABLE collectives ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL,"
    " operation INTEGER NOT NULL, rank INTEGER NOT NULL, schedule TEXT, bytes INTEGER,"
    " iteration INTEGER, entered_ps INTEGER, done_ps INTEGER,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;"

    "CREATE TABLE chunks ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL,"
    " operation INTEGER NOT NULL, step INTEGER, src INTEGER NOT NULL, dst INTEGER NOT NULL,"
    " bytes INTEGER, started_ps INTEGER, arrived_ps INTEGER,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;"

    "CREATE TABLE links ("
    " run INTEGER NOT NULL REFERENCES runs, host INTEGER NOT NULL,"
    " tx_bytes INTEGER, rx_bytes INTEGER, tx_busy_ps INTEGER, rx_busy_ps INTEGER,"
    " PRIMARY KEY (run, host)) WITHOUT ROWID;"

    "CREATE TABLE parameters ("
    " run INTEGER NOT NULL REFERENCES runs, sequence INTEGER NOT NULL, node INTEGER NOT NULL,"
    " kind TEXT NOT NULL, weight REAL, npy BLOB,"
    " UNIQUE (run, sequence, kind, node));"

    "CREATE TABLE faults ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL, time_ps INTEGER NOT NULL,"
    " host INTEGER, peer INTEGER, kind TEXT NOT NULL, detail TEXT,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;",

    "ALTER TABLE spans ADD COLUMN slot INTEGER;"
    "CREATE TABLE updates ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL,"
    " node INTEGER NOT NULL, origin INTEGER NOT NULL, time_ps INTEGER NOT NULL,"
    " version INTEGER, staleness INTEGER, scale REAL,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;",

    /* `faults`, which was always empty, has columns for what there is to say. */
    "DROP TABLE faults;"
    "CREATE TABLE faults ("
    " run INTEGER NOT NULL REFERENCES runs, id INTEGER NOT NULL, kind TEXT NOT NULL,"
    " entry INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " begin_ps INTEGER NOT NULL, end_ps INTEGER NOT NULL, lost INTEGER NOT NULL,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID;",
};

static const char schema_views[] =
    "DROP VIEW IF EXISTS v_runs;"
    "CREATE VIEW v_runs AS SELECT r.run, r.id, r.name, r.variant,"
    " coalesce(nullif(r.variant, ''), r.name) AS label, r.seed, r.nodes, r.algorithm, r.topology,"
    " r.model, r.data, r.optimizer, r.precision, r.dimension, r.message_bytes, r.status, r.reason,"
    " r.time_ps * 1e-12 AS time_s, e.wall_s, r.events, r.timeline_digest, r.metrics_digest"
    " FROM runs r LEFT JOIN run_environment e USING (run);"

    "DROP VIEW IF EXISTS v_metrics;"
    "CREATE VIEW v_metrics AS SELECT r.run, r.name, r.variant, r.label, r.seed, m.sequence,"
    " m.time_ps * 1e-12 AS time_s, m.epoch, m.iteration_min, m.iteration_max,"
    " m.iteration_mean AS iteration, m.samples, m.bytes, m.messages, m.loss, m.accuracy,"
    " m.test_loss, m.test_accuracy, m.node_loss_mean, m.node_loss_min, m.node_loss_max,"
    " m.node_accuracy_mean, m.node_accuracy_min, m.node_accuracy_max, m.consensus,"
    " m.consensus_max, m.gradient_norm, m.optimum_distance, m.rate, m.blocked_share"
    " FROM metrics m JOIN v_runs r USING (run);"

    "DROP VIEW IF EXISTS v_node_metrics;"
    "CREATE VIEW v_node_metrics AS SELECT r.run, r.label, r.seed, n.sequence, m.time_ps * 1e-12"
    " AS time_s, n.node, n.iteration, n.loss, n.accuracy, n.distance, n.weight,"
    " n.blocked_ps * 1e-12 AS blocked_s"
    " FROM node_metrics n JOIN v_runs r USING (run)"
    " LEFT JOIN metrics m ON m.run = n.run AND m.sequence = n.sequence;"

    /* A run without a summary (running, killed) shows its last metric row. */
    "DROP VIEW IF EXISTS v_summary;"
    "CREATE VIEW v_summary AS"
    " WITH s AS (SELECT run,"
    "  max(CASE name WHEN 'simulated_time_s' THEN value END) AS simulated_time_s,"
    "  max(CASE name WHEN 'iterations' THEN value END) AS iterations,"
    "  max(CASE name WHEN 'epochs' THEN value END) AS epochs,"
    "  max(CASE name WHEN 'mean_model_loss' THEN value END) AS mean_model_loss,"
    "  max(CASE name WHEN 'mean_model_accuracy' THEN value END) AS mean_model_accuracy,"
    "  max(CASE name WHEN 'node_loss_mean' THEN value END) AS node_loss_mean,"
    "  max(CASE name WHEN 'node_accuracy_mean' THEN value END) AS node_accuracy_mean,"
    "  max(CASE name WHEN 'node_accuracy_min' THEN value END) AS node_accuracy_min,"
    "  max(CASE name WHEN 'consensus' THEN value END) AS consensus,"
    "  max(CASE name WHEN 'consensus_max' THEN value END) AS consensus_max,"
    "  max(CASE name WHEN 'gradient_norm' THEN value END) AS gradient_norm,"
    "  max(CASE name WHEN 'optimum_distance' THEN value END) AS optimum_distance,"
    "  max(CASE name WHEN 'time_to_target_s' THEN value END) AS time_to_target_s,"
    "  max(CASE name WHEN 'bytes' THEN value END) AS bytes,"
    "  max(CASE name WHEN 'messages' THEN value END) AS messages,"
    "  max(CASE name WHEN 'blocked_share' THEN value END) AS blocked_share,"
    "  max(CASE name WHEN 'staleness_mean' THEN value END) AS staleness_mean,"
    "  max(CASE name WHEN 'staleness_max' THEN value END) AS staleness_max,"
    "  max(CASE name WHEN 'gradients_dropped' THEN value END) AS gradients_dropped,"
    "  max(CASE name WHEN 'gradients_cancelled' THEN value END) AS gradients_cancelled,"
    "  max(CASE name WHEN 'messages_lost' THEN value END) AS messages_lost,"
    "  max(CASE name WHEN 'mass_destroyed' THEN value END) AS mass_destroyed"
    "  FROM run_summary GROUP BY run),"
    " last AS (SELECT run, max(sequence) AS sequence FROM metrics GROUP BY run)"
    " SELECT r.run, r.id, r.name, r.variant, r.label, r.seed, r.nodes, r.algorithm, r.status,"
    "  r.reason, coalesce(s.simulated_time_s, r.time_s, m.time_ps * 1e-12) AS simulated_time_s,"
    "  r.wall_s, coalesce(s.iterations, m.iteration_mean) AS iterations,"
    "  coalesce(s.epochs, m.epoch) AS epochs,"
    "  coalesce(s.mean_model_loss, m.loss) AS mean_model_loss,"
    "  coalesce(s.mean_model_accuracy, m.test_accuracy, m.accuracy) AS mean_model_accuracy,"
    "  coalesce(s.node_loss_mean, m.node_loss_mean) AS node_loss_mean,"
    "  coalesce(s.node_accuracy_mean, m.node_accuracy_mean) AS node_accuracy_mean,"
    "  coalesce(s.node_accuracy_min, m.node_accuracy_min) AS node_accuracy_min,"
    "  coalesce(s.consensus, m.consensus) AS consensus,"
    "  coalesce(s.consensus_max, m.consensus_max) AS consensus_max,"
    "  coalesce(s.gradient_norm, m.gradient_norm) AS gradient_norm,"
    "  coalesce(s.optimum_distance, m.optimum_distance) AS optimum_distance,"
    "  s.time_to_target_s, coalesce(s.bytes, m.bytes) AS bytes,"
    "  coalesce(s.messages, m.messages) AS messages,"
    "  coalesce(s.blocked_share, m.blocked_share) AS blocked_share,"
    "  s.staleness_mean, s.staleness_max, s.gradients_dropped, s.gradients_cancelled,"
    "  s.messages_lost, s.mass_destroyed,"
    "  r.timeline_digest, r.metrics_digest"
    " FROM v_runs r LEFT JOIN s USING (run) LEFT JOIN last USING (run)"
    " LEFT JOIN metrics m ON m.run = last.run AND m.sequence = last.sequence;"

    "DROP VIEW IF EXISTS v_spans;"
    "CREATE VIEW v_spans AS SELECT r.run, r.label, r.seed, s.id, s.node, l.name AS lane,"
    " k.name AS kind, s.begin_ps * 1e-12 AS begin_s, s.end_ps * 1e-12 AS end_s, s.iteration"
    " FROM spans s JOIN v_runs r USING (run) JOIN lanes l USING (lane)"
    " JOIN span_kinds k USING (kind);"

    "DROP VIEW IF EXISTS v_messages;"
    "CREATE VIEW v_messages AS SELECT r.run, r.label, r.seed, m.id, m.src, m.dst, m.round, m.bytes,"
    " m.weight, nullif(m.posted_ps, -1) * 1e-12 AS posted_s,"
    " nullif(m.started_ps, -1) * 1e-12 AS started_s,"
    " nullif(m.arrived_ps, -1) * 1e-12 AS arrived_s,"
    " nullif(m.consumed_ps, -1) * 1e-12 AS consumed_s,"
    " (nullif(m.started_ps, -1) - m.posted_ps) * 1e-12 AS queued_s,"
    " (nullif(m.arrived_ps, -1) - m.started_ps) * 1e-12 AS transfer_s,"
    " (nullif(m.consumed_ps, -1) - m.arrived_ps) * 1e-12 AS held_s, m.drop_reason"
    " FROM messages m JOIN v_runs r USING (run);"

    "DROP VIEW IF EXISTS v_updates;"
    "CREATE VIEW v_updates AS SELECT r.run, r.label, r.seed, u.id, u.node, u.origin,"
    " u.time_ps * 1e-12 AS time_s, u.version, nullif(u.staleness, -1) AS staleness, u.scale"
    " FROM updates u JOIN v_runs r USING (run);"

    "DROP VIEW IF EXISTS v_blocked;"
    "CREATE VIEW v_blocked AS SELECT r.run, r.label, r.seed, t.node, l.name AS lane,"
    " k.name AS kind, t.spans, t.total_ps * 1e-12 AS total_s,"
    " t.total_ps * 1.0 / nullif(r.time_ps, 0) AS share"
    " FROM (SELECT run, node, lane, kind, count(*) AS spans, sum(end_ps - begin_ps) AS total_ps"
    "  FROM spans GROUP BY run, node, lane, kind) t"
    " JOIN (SELECT v.run, v.label, v.seed, runs.time_ps FROM v_runs v JOIN runs USING (run)) r"
    "  USING (run) JOIN lanes l USING (lane) JOIN span_kinds k USING (kind);";

static enum status fail_sql(sqlite3 *db, const char *path, struct error *error)
{
    return status_fail(error, STATUS_ENVIRONMENT, "%s: %s", path, sqlite3_errmsg(db));
}

/* An integer pragma. */
static int pragma_value(sqlite3 *db, const char *sql, sqlite3_int64 *value)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int64(statement, 0);
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return result;
}

static enum status read_version(sqlite3 *db, const char *path, sqlite3_int64 *version,
                                struct error *error)
{
    sqlite3_int64 application = 0, pages = 0;
    int result = pragma_value(db, "PRAGMA application_id", &application);

    if (result == SQLITE_OK)
        result = pragma_value(db, "PRAGMA user_version", version);
    if (result == SQLITE_OK)
        result = pragma_value(db, "PRAGMA page_count", &pages);
    if (result == SQLITE_NOTADB)
        return status_fail(error, STATUS_REQUEST, "%s is no database", path);
    if (result != SQLITE_OK)
        return fail_sql(db, path, error);
    if (pages == 0)
        *version = 0;
    else if (application != SCHEMA_APPLICATION_ID || *version < 1)
        return status_fail(error, STATUS_REQUEST, "%s is a database, but no trace of Hearsay",
                           path);
    if (*version > TRACE_SCHEMA_VERSION)
        return status_fail(error, STATUS_REQUEST,
                           "%s was written by a newer Hearsay (version %lld of the tables; this "
                           "program knows %d)",
                           path, (long long)*version, TRACE_SCHEMA_VERSION);
    return STATUS_OK;
}

static int fill_names(sqlite3 *db, const char *sql, const char *const *names)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    for (int i = 0; result == SQLITE_OK && names[i] != NULL; i++) {
        sqlite3_bind_int(statement, 1, i);
        sqlite3_bind_text(statement, 2, names[i], -1, SQLITE_STATIC);
        sqlite3_step(statement);
        result = sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return result;
}

static int migrate(sqlite3 *db, sqlite3_int64 version)
{
    char mark[96];
    int result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    for (; result == SQLITE_OK && version < TRACE_SCHEMA_VERSION; version++)
        result = sqlite3_exec(db, schema_migrations[version], NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, schema_views, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = fill_names(db, "INSERT OR REPLACE INTO lanes VALUES (?, ?)", trace_lane_names);
    if (result == SQLITE_OK)
        result =
            fill_names(db, "INSERT OR REPLACE INTO span_kinds VALUES (?, ?)", trace_span_names);
    sqlite3_snprintf(sizeof mark, mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                     SCHEMA_APPLICATION_ID, TRACE_SCHEMA_VERSION);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, mark, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return result;
}

enum status schema_apply(sqlite3 *db, const char *path, struct error *error)
{
    sqlite3_int64 version = 0;
    enum status status = read_version(db, path, &version, error);

    if (status != STATUS_OK || version == TRACE_SCHEMA_VERSION)
        return status;
    if (migrate(db, version) != SQLITE_OK) {
        status = fail_sql(db, path, error);
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

enum status schema_check(sqlite3 *db, const char *path, struct error *error)
{
    sqlite3_int64 version = 0;
    enum status status = read_version(db, path, &version, error);

    if (status == STATUS_OK && version == 0)
        status = status_fail(error, STATUS_REQUEST, "%s holds no runs", path);
    return status;
}
