/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "play.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "numerics/backend.h"
#include "scenario/scenario.h"

static struct play_capture *self(struct trace_sink *sink)
{
    return (struct play_capture *)sink;
}

static void on_begin(struct trace_sink *sink, const struct trace_run *run)
{
    self(sink)->nodes = (size_t)run->nodes;
    self(sink)->dimension = (size_t)run->dimension;
}

#define KEEP(name, type, array, count, capacity)                                                   \
    static void name(struct trace_sink *sink, const struct type *row)                              \
    {                                                                                              \
        struct play_capture *rows = self(sink);                                                    \
        if (rows->count == rows->capacity)                                                         \
            rows->array =                                                                          \
                memory_grow(rows->array, &rows->capacity, rows->count + 1, sizeof *rows->array);   \
        rows->array[rows->count++] = *row;                                                         \
    }
KEEP(on_span, trace_span, spans, span_count, span_capacity)
KEEP(on_message, trace_message, messages, message_count, message_capacity)
KEEP(on_update, trace_update, updates, update_count, update_capacity)
KEEP(on_fault, trace_fault, faults, fault_count, fault_capacity)
KEEP(on_metric, trace_metric, metrics, metric_count, metric_capacity)
KEEP(on_node_metric, trace_node_metric, node_metrics, node_metric_count, node_metric_capacity)

static void on_collective(struct trace_sink *sink, const struct trace_collective *row)
{
    (void)sink, (void)row;
}

static void on_chunk(struct trace_sink *sink, const struct trace_chunk *row)
{
    struct play_capture *rows = self(sink);
    rows->chunk_count++;
    rows->chunk_bytes += row->bytes;
}

static void on_link(struct trace_sink *sink, const struct trace_link *row)
{
    (void)sink, (void)row;
}

static void keep_vector(double **array, size_t slots, const struct trace_parameters *row,
                        size_t slot)
{
    if (*array == NULL)
        *array = memory_array(slots * row->count, sizeof(double));
    memcpy(*array + slot * row->count, row->values, row->count * sizeof(double));
}

static void on_parameters(struct trace_sink *sink, const struct trace_parameters *row)
{
    struct play_capture *rows = self(sink);
    if (row->node < 0) {
        keep_vector(&rows->mean, 1, row, 0);
        return;
    }
    if (rows->w == NULL)
        rows->w = memory_array(rows->nodes, sizeof(double));
    rows->w[row->node] = row->weight;
    keep_vector(row->kind[0] == 'x' ? &rows->x : &rows->z, rows->nodes, row, (size_t)row->node);
}

static enum status on_end(struct trace_sink *sink, const struct trace_end *end, struct error *error)
{
    (void)error;
    snprintf(self(sink)->end_status, sizeof self(sink)->end_status, "%s", end->status);
    return STATUS_OK;
}

static enum status on_failed(struct trace_sink *sink, struct error *error)
{
    (void)sink, (void)error;
    return STATUS_OK;
}

static const struct trace_sink_ops capture_ops = {
    .name = "capture",
    .begin_run = on_begin,
    .span = on_span,
    .message = on_message,
    .update = on_update,
    .collective = on_collective,
    .chunk = on_chunk,
    .metric = on_metric,
    .node_metric = on_node_metric,
    .link = on_link,
    .fault = on_fault,
    .parameters = on_parameters,
    .end_run = on_end,
    .failed = on_failed,
};

struct play play_config(const struct run_config *config, struct play_options options)
{
    struct play play = {.status = STATUS_OK};
    const char *device = options.device ? options.device : "cpu";
    struct trace_run row = {.nodes = config->nodes};
    struct run_options how = {.backend = (const void *)plugin_find(&backend_registry, device),
                              .threads = options.threads ? options.threads : 1,
                              .sink = &play.rows.sink,
                              .row = &row,
                              .interrupt = options.interrupt};
    play.rows.sink.ops = &capture_ops;
    play.status = run_play(config, &how, &play.result, &play.error);
    return play;
}

struct play play_text(const char *text, const char *const *overrides, struct play_options options)
{
    struct play play = {.status = STATUS_OK};
    struct scenario *scenario = NULL;
    size_t count = 0;
    while (overrides && overrides[count])
        count++;
    play.status =
        scenario_parse("test", text, strlen(text), overrides, count, &scenario, &play.error);
    if (play.status != STATUS_OK)
        return play;
    const struct scenario_run *run = scenario_at(scenario, 0);
    struct run_config config = run->config;
    if (options.alter)
        options.alter(&config);
    play = play_config(&config, options);
    scenario_free(scenario);
    return play;
}

struct play play_fine(const char *text, const char *const *overrides)
{
    struct play play = play_text(text, overrides, (struct play_options){.threads = 1});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

void play_free(struct play *play)
{
    struct play_capture *rows = &play->rows;
    free(rows->spans);
    free(rows->messages);
    free(rows->updates);
    free(rows->faults);
    free(rows->metrics);
    free(rows->node_metrics);
    free(rows->x);
    free(rows->z);
    free(rows->mean);
    free(rows->w);
    memset(rows, 0, sizeof *rows);
}

int64_t play_gradient_begin_ps(const struct play *play, uint32_t node, int64_t iteration)
{
    for (size_t i = 0; i < play->rows.span_count; i++) {
        const struct trace_span *span = &play->rows.spans[i];
        if (span->node == node && span->iteration == iteration && span->kind == TRACE_SPAN_GRADIENT)
            return span->begin_ps;
    }
    return -1;
}

double play_difference(const double *a, const double *b, size_t count)
{
    double worst = 0;
    for (size_t i = 0; i < count; i++)
        worst = fmax(worst, fabs(a[i] - b[i]) / fmax(1, fabs(b[i])));
    return worst;
}
