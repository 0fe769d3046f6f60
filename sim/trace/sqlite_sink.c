/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The public side of the SQLite sink.  The connection belongs to the caller's thread between runs
 * and to the writer thread while one lasts, so it needs no locks of its own.
 */
#include "trace/sqlite_sink.h"

#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"
#include "trace/npy.h"
#include "trace/sqlite_file.h"
#include "trace/sqlite_rows.h"
#include "trace/sqlite_writer.h"

struct sqlite_sink {
    struct trace_sink base;
    struct sqlite_file file;
    struct sqlite_rows rows;
    struct sqlite_writer *writer; /* NULL: no run is open */
    struct error error;           /* of begin_run; STATUS_OK: none */
};

static struct sqlite_sink *own(struct trace_sink *sink)
{
    return (struct sqlite_sink *)sink;
}

static void sqlite_begin_run(struct trace_sink *base, const struct trace_run *run)
{
    struct sqlite_sink *sink = own(base);
    enum status status;

    CHECK(sink->writer == NULL, "a run begins before the last one ended");
    sink->error = (struct error){.status = STATUS_OK};
    status = sqlite_file_ready(&sink->file, &sink->error);
    sink->rows.db = sink->file.db;
    if (status == STATUS_OK)
        status = sqlite_rows_begin(&sink->rows, run, &sink->error);
    if (status == STATUS_OK)
        sink->writer =
            sqlite_writer_start(sink->file.db, sink->file.path, sink->rows.run, &sink->error);
}

static enum status sqlite_end_run(struct trace_sink *base, const struct trace_end *end,
                                  struct error *error)
{
    struct sqlite_sink *sink = own(base);
    struct error first = sink->error;
    enum status status = first.status;

    if (status == STATUS_OK) {
        CHECK(sink->writer != NULL, "a run ends that did not begin");
        status = sqlite_writer_finish(sink->writer, &first);
        sink->writer = NULL;
        if (status == STATUS_OK)
            status = sqlite_rows_end(&sink->rows, end, &first);
        if (status != STATUS_OK)
            sqlite_rows_fail(&sink->rows, first.text);
    }
    if (status != STATUS_OK && error != NULL)
        *error = first;
    return status;
}

static void put(struct trace_sink *sink, enum trace_table_id table, const void *row)
{
    if (own(sink)->writer != NULL)
        sqlite_writer_put(own(sink)->writer, table, row);
}

static void sqlite_span(struct trace_sink *sink, const struct trace_span *row)
{
    put(sink, TRACE_TABLE_SPANS, row);
}

static void sqlite_message(struct trace_sink *sink, const struct trace_message *row)
{
    put(sink, TRACE_TABLE_MESSAGES, row);
}

static void sqlite_update(struct trace_sink *sink, const struct trace_update *row)
{
    put(sink, TRACE_TABLE_UPDATES, row);
}

static void sqlite_collective(struct trace_sink *sink, const struct trace_collective *row)
{
    put(sink, TRACE_TABLE_COLLECTIVES, row);
}

static void sqlite_chunk(struct trace_sink *sink, const struct trace_chunk *row)
{
    put(sink, TRACE_TABLE_CHUNKS, row);
}

static void sqlite_metric(struct trace_sink *sink, const struct trace_metric *row)
{
    put(sink, TRACE_TABLE_METRICS, row);
}

static void sqlite_node_metric(struct trace_sink *sink, const struct trace_node_metric *row)
{
    put(sink, TRACE_TABLE_NODE_METRICS, row);
}

static void sqlite_link(struct trace_sink *sink, const struct trace_link *row)
{
    put(sink, TRACE_TABLE_LINKS, row);
}

static void sqlite_fault(struct trace_sink *sink, const struct trace_fault *row)
{
    put(sink, TRACE_TABLE_FAULTS, row);
}

static void sqlite_parameters(struct trace_sink *sink, const struct trace_parameters *row)
{
    struct sqlite_writer *writer = own(sink)->writer;
    void *npy = NULL;

    if (writer != NULL)
        npy = sqlite_writer_put_blob(writer, TRACE_TABLE_PARAMETERS, row,
                                     npy_size(row->count, row->float32));
    if (npy == NULL)
        return;
    npy_write(npy, row->values, row->count, row->float32);
    sqlite_writer_put_done(writer);
}

static enum status sqlite_failed(struct trace_sink *base, struct error *error)
{
    struct sqlite_sink *sink = own(base);

    if (sink->error.status == STATUS_OK)
        return sink->writer != NULL ? sqlite_writer_failed(sink->writer, error) : STATUS_OK;
    if (error != NULL)
        *error = sink->error;
    return sink->error.status;
}

static void sqlite_close(struct trace_sink *base)
{
    struct sqlite_sink *sink = own(base);

    if (sink->writer != NULL) {
        sqlite_writer_finish(sink->writer, NULL);
        sqlite_rows_fail(&sink->rows, "it was given up before its end");
    }
    sqlite_file_close(&sink->file);
    free(sink);
}

static const struct trace_sink_ops sqlite_ops = {
    .name = "sqlite",
    .begin_run = sqlite_begin_run,
    .span = sqlite_span,
    .message = sqlite_message,
    .update = sqlite_update,
    .collective = sqlite_collective,
    .chunk = sqlite_chunk,
    .metric = sqlite_metric,
    .node_metric = sqlite_node_metric,
    .link = sqlite_link,
    .fault = sqlite_fault,
    .parameters = sqlite_parameters,
    .end_run = sqlite_end_run,
    .failed = sqlite_failed,
    .close = sqlite_close,
};

enum status trace_sqlite_open(const char *path, enum trace_open_mode mode, bool replace_runs,
                              struct trace_sink **result, struct error *error)
{
    struct sqlite_sink *sink = memory_alloc(sizeof *sink);
    enum status status = sqlite_file_open(&sink->file, path, mode, error);

    *result = NULL;
    if (status != STATUS_OK) {
        free(sink);
        return status;
    }
    sink->base.ops = &sqlite_ops;
    sink->rows = (struct sqlite_rows){
        .path = sink->file.path,
        .journal_mode = sink->file.journal_mode,
        .replace_runs = replace_runs,
    };
    *result = &sink->base;
    return STATUS_OK;
}
