/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of the library. */
#include "hearsay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "numerics/backend.h"
#include "run/row.h"
#include "run/run.h"
#include "scenario/scenario.h"
#include "trace/sqlite_sink.h"

struct hearsay_scenario {
    struct scenario *scenario;
};

/* A sink that shows metrics to the caller and passes every row on. */
struct tee {
    struct trace_sink sink;
    struct trace_sink *next;
    const struct hearsay_options *options;
};

static struct trace_sink *next_of(struct trace_sink *sink)
{
    return ((struct tee *)sink)->next;
}

#define TEE_FORWARD(member, type)                                                                  \
    static void tee_##member(struct trace_sink *sink, const struct type *row)                      \
    {                                                                                              \
        next_of(sink)->ops->member(next_of(sink), row);                                            \
    }
TEE_FORWARD(begin_run, trace_run)
TEE_FORWARD(span, trace_span)
TEE_FORWARD(message, trace_message)
TEE_FORWARD(update, trace_update)
TEE_FORWARD(collective, trace_collective)
TEE_FORWARD(chunk, trace_chunk)
TEE_FORWARD(node_metric, trace_node_metric)
TEE_FORWARD(link, trace_link)
TEE_FORWARD(fault, trace_fault)
TEE_FORWARD(parameters, trace_parameters)
#undef TEE_FORWARD

static struct hearsay_metric public_metric(const struct trace_metric *row)
{
    return (struct hearsay_metric){
        .time_s = (double)row->time_ps * 1e-12,
        .epoch = row->epoch,
        .iterations = row->iteration_mean,
        .loss = row->loss,
        .accuracy = isnan(row->test_accuracy) ? row->accuracy : row->test_accuracy,
        .node_accuracy_mean = row->node_accuracy_mean,
        .node_accuracy_min = row->node_accuracy_min,
        .consensus = row->consensus,
        .bytes = row->bytes,
    };
}

static void tee_metric(struct trace_sink *sink, const struct trace_metric *row)
{
    const struct hearsay_options *options = ((struct tee *)sink)->options;
    struct hearsay_metric metric = public_metric(row);
    if (options->metric)
        options->metric(options->context, &metric);
    next_of(sink)->ops->metric(next_of(sink), row);
}

static enum status tee_end_run(struct trace_sink *sink, const struct trace_end *end,
                               struct error *error)
{
    return next_of(sink)->ops->end_run(next_of(sink), end, error);
}

static enum status tee_failed(struct trace_sink *sink, struct error *error)
{
    return next_of(sink)->ops->failed(next_of(sink), error);
}

static void tee_close(struct trace_sink *sink)
{
    next_of(sink)->ops->close(next_of(sink));
}

static const struct trace_sink_ops tee_ops = {
    .name = "tee",
    .begin_run = tee_begin_run,
    .span = tee_span,
    .message = tee_message,
    .update = tee_update,
    .collective = tee_collective,
    .chunk = tee_chunk,
    .metric = tee_metric,
    .node_metric = tee_node_metric,
    .link = tee_link,
    .fault = tee_fault,
    .parameters = tee_parameters,
    .end_run = tee_end_run,
    .failed = tee_failed,
    .close = tee_close,
};

static int publish(const struct error *error, struct hearsay_error *out)
{
    if (out == NULL)
        return status_exit_code(error->status);
    out->status = status_exit_code(error->status);
    snprintf(out->text, sizeof out->text, "%s", error->text);
    return out->status;
}

static int wrap(enum status status, struct scenario *inner, const struct error *error,
                struct hearsay_scenario **scenario, struct hearsay_error *out)
{
    if (status != STATUS_OK)
        return publish(error, out);
    *scenario = memory_alloc(sizeof **scenario);
    (*scenario)->scenario = inner;
    return 0;
}

const char *hearsay_version(void)
{
    return PACKAGE_VERSION;
}

int hearsay_scenario_load(const char *path, const char *const *overrides, size_t count,
                          struct hearsay_scenario **scenario, struct hearsay_error *error)
{
    struct error inner = {.status = STATUS_OK};
    struct scenario *loaded = NULL;
    enum status status = scenario_load(path, overrides, count, &loaded, &inner);
    return wrap(status, loaded, &inner, scenario, error);
}

int hearsay_scenario_parse(const char *name, const char *text, size_t size,
                           struct hearsay_scenario **scenario, struct hearsay_error *error)
{
    struct error inner = {.status = STATUS_OK};
    struct scenario *loaded = NULL;
    enum status status = scenario_parse(name, text, size, NULL, 0, &loaded, &inner);
    return wrap(status, loaded, &inner, scenario, error);
}

size_t hearsay_scenario_count(const struct hearsay_scenario *scenario)
{
    return scenario_count(scenario->scenario);
}

void hearsay_scenario_free(struct hearsay_scenario *scenario)
{
    if (scenario)
        scenario_free(scenario->scenario);
    free(scenario);
}

static enum status open_sinks(const struct hearsay_options *options, struct tee *tee,
                              struct error *error)
{
    *tee = (struct tee){.sink.ops = &tee_ops, .options = options};
    if (options->trace == NULL) {
        tee->next = trace_null_sink();
        return STATUS_OK;
    }
    return trace_sqlite_open(options->trace, options->append ? TRACE_APPEND : TRACE_CREATE, false,
                             &tee->next, error);
}

static enum status play(const struct scenario_run *run, const struct hearsay_options *options,
                        struct run_result *result, struct error *error)
{
    const char *device =
        options->device && strcmp(options->device, "auto") ? options->device : "cpu";
    char host[256] = "";
    struct run_options inner = {.backend = (const void *)plugin_find(&backend_registry, device),
                                .threads = options->threads,
                                .interrupt = options->cancel};
    struct tee tee;
    if (inner.backend == NULL)
        return status_fail(error, STATUS_REQUEST, "found device \"%s\", expected cpu or none",
                           device);
    enum status status = run_check(&run->config, inner.backend, NULL, error);
    if (status == STATUS_OK)
        status = open_sinks(options, &tee, error);
    if (status != STATUS_OK)
        return status;
    gethostname(host, sizeof host - 1);
    struct trace_run row = run_row(&run->config, &inner);
    row.id = run->id;
    row.variant = run->variant;
    row.scenario = run->resolved;
    row.canonical = run->canonical;
    row.digest = run->digest;
    row.host = host;
    inner.row = &row;
    inner.sink = &tee.sink;
    status = run_play(&run->config, &inner, result, error);
    tee_close(&tee.sink);
    return status;
}

int hearsay_run(const struct hearsay_scenario *scenario, size_t index,
                const struct hearsay_options *options, struct hearsay_result *result,
                struct hearsay_error *error)
{
    static const struct hearsay_options defaults = {.device = NULL};
    struct error inner = {.status = STATUS_OK};
    struct run_result reached = {.status = STATUS_OK};
    size_t count = scenario_count(scenario->scenario);
    if (result)
        *result = (struct hearsay_result){.reason = ""};
    if (index >= count) {
        status_fail(&inner, STATUS_REQUEST, "found run %zu, expected one from 0 to %zu", index,
                    count - 1);
        return publish(&inner, error);
    }
    enum status status = play(scenario_at(scenario->scenario, index), options ? options : &defaults,
                              &reached, &inner);
    if (result) {
        result->last = public_metric(&reached.last);
        memcpy(result->reason, reached.reason, sizeof result->reason);
        memcpy(result->timeline_digest, reached.timeline_digest, sizeof result->timeline_digest);
        memcpy(result->metrics_digest, reached.metrics_digest, sizeof result->metrics_digest);
        result->wall_s = reached.wall_s;
    }
    if (status == STATUS_OK)
        return 0;
    scenario_blame(scenario->scenario, index, &inner);
    return publish(&inner, error);
}
