/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sink that swallows everything: runs without an output, tests, benchmarks.
 */
#include <stdlib.h>

#include "core/memory.h"
#include "trace/sink.h"

static void swallow_run(struct trace_sink *sink, const struct trace_run *run)
{
    (void)sink, (void)run;
}

static void swallow_span(struct trace_sink *sink, const struct trace_span *row)
{
    (void)sink, (void)row;
}

static void swallow_message(struct trace_sink *sink, const struct trace_message *row)
{
    (void)sink, (void)row;
}

static void swallow_update(struct trace_sink *sink, const struct trace_update *row)
{
    (void)sink, (void)row;
}

static void swallow_collective(struct trace_sink *sink, const struct trace_collective *row)
{
    (void)sink, (void)row;
}

static void swallow_chunk(struct trace_sink *sink, const struct trace_chunk *row)
{
    (void)sink, (void)row;
}

static void swallow_metric(struct trace_sink *sink, const struct trace_metric *row)
{
    (void)sink, (void)row;
}

static void swallow_node_metric(struct trace_sink *sink, const struct trace_node_metric *row)
{
    (void)sink, (void)row;
}

static void swallow_link(struct trace_sink *sink, const struct trace_link *row)
{
    (void)sink, (void)row;
}

static void swallow_fault(struct trace_sink *sink, const struct trace_fault *row)
{
    (void)sink, (void)row;
}

static void swallow_parameters(struct trace_sink *sink, const struct trace_parameters *row)
{
    (void)sink, (void)row;
}

static enum status swallow_end(struct trace_sink *sink, const struct trace_end *end,
                               struct error *error)
{
    (void)sink, (void)end, (void)error;
    return STATUS_OK;
}

static enum status never_failed(struct trace_sink *sink, struct error *error)
{
    (void)sink, (void)error;
    return STATUS_OK;
}

static void close_null(struct trace_sink *sink)
{
    free(sink);
}

static const struct trace_sink_ops null_ops = {
    .name = "null",
    .begin_run = swallow_run,
    .span = swallow_span,
    .message = swallow_message,
    .update = swallow_update,
    .collective = swallow_collective,
    .chunk = swallow_chunk,
    .metric = swallow_metric,
    .node_metric = swallow_node_metric,
    .link = swallow_link,
    .fault = swallow_fault,
    .parameters = swallow_parameters,
    .end_run = swallow_end,
    .failed = never_failed,
    .close = close_null,
};

struct trace_sink *trace_null_sink(void)
{
    struct trace_sink *sink = memory_alloc(sizeof *sink);

    sink->ops = &null_ops;
    return sink;
}
