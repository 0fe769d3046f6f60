/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each kind of plot takes from the traces, and the variables that its gnuplot script reads
 * (named in the head of plots/X.gp).  Ranges, units and legends are chosen here, looks in the
 * scripts.
 */
#include "cli/plot_kinds.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "trace/sink.h"

#define PLOT_USUAL_NODES    32  /* of a timeline */
#define PLOT_MOST_MESSAGES  300 /* more arrows are a carpet */
#define PLOT_FALLBACK_END_S 3.0

/* ---- Units -------------------------------------------------------------- */

struct unit {
    double from; /* used when the axis reaches so far */
    double scale;
    const char *label;
};

static const struct unit time_units[] = {
    {3 * 3600.0, 3600, "simulated time (h)"}, {600, 60, "simulated time (min)"},
    {0.5, 1, "simulated time (s)"},           {0.5e-3, 1e-3, "simulated time (ms)"},
    {0, 1e-6, "simulated time (µs)"},
};
static const struct unit byte_units[] = {
    {1e12, 1e12, "data sent (TB)"},
    {1e9, 1e9, "data sent (GB)"},
    {1e6, 1e6, "data sent (MB)"},
    {0, 1e3, "data sent (kB)"},
};
static const struct unit iteration_unit = {0, 1, "iteration of the mean node"};
static const struct unit epoch_unit = {0, 1, "epoch"};

static const struct unit *unit_of(const char *x, double reach)
{
    const struct unit *unit = strcmp(x, "time") == 0 ? time_units : byte_units;

    if (strcmp(x, "iteration") == 0)
        return &iteration_unit;
    if (strcmp(x, "epoch") == 0)
        return &epoch_unit;
    while (reach < unit->from)
        unit++;
    return unit;
}

static void write_unit(struct plot_script *script, const char *x, double reach)
{
    const struct unit *unit = unit_of(x, reach);

    plot_script_number(script, "x_scale", unit->scale);
    plot_script_text(script, "x_label", unit->label);
}

/* ---- Curves ------------------------------------------------------------- */

/* The largest of a column; -infinity where it has no number. */
static double column_max(const struct plot_matrix *matrix, size_t column)
{
    double most = -INFINITY;

    for (size_t i = 0; i < matrix->rows; i++)
        most = fmax(most, matrix->values[i * matrix->columns + column]);
    return most;
}

/* The smallest of a column above `floor`; infinity where there is none.  The start does not count:
 * equal models are apart by rounding only, and a logarithmic axis would make most of that. */
static double column_min(const struct plot_matrix *matrix, size_t column, double floor)
{
    double least = INFINITY;

    for (size_t i = matrix->rows > 1 && floor == 0; i < matrix->rows; i++)
        if (matrix->values[i * matrix->columns + column] > floor)
            least = fmin(least, matrix->values[i * matrix->columns + column]);
    return least;
}

static void move_outside(struct plot_matrix *matrix, size_t column)
{
    for (size_t i = 0; i < matrix->rows; i++)
        matrix->values[i * matrix->columns + column] = PLOT_OUTSIDE;
}

/* A curve that lies at zero has no place on a logarithmic axis; its legend says so. */
static void write_legend(struct plot_script *script, const struct plot_run *run, size_t at,
                         const struct plot_matrix *matrix, bool log)
{
    char label[512];
    double most = column_max(matrix, 1);
    const char *note = most == 0 && log ? " (zero)" : most == -INFINITY ? " (no values)" : "";

    snprintf(label, sizeof label, "%s%s", run->label, run->label[0] != '\0' ? note : "");
    plot_script_text_at(script, "label", at + 1, label);
    plot_script_number_at(script, "group", at + 1, run->group);
}

/* Which columns have values in any run, and what their axes must hold. */
static double write_ranges(struct plot_script *script, const struct plot_matrix *matrices,
                           size_t count, bool log)
{
    double x_max = 0, y_max = -INFINITY, y_min = INFINITY;

    for (size_t column = 1; column < matrices[0].columns; column++) {
        double most = -INFINITY;

        for (size_t i = 0; i < count; i++) {
            most = fmax(most, column_max(&matrices[i], column));
            y_min = fmin(y_min, column_min(&matrices[i], column, log ? 0 : -INFINITY));
            x_max = fmax(x_max, column_max(&matrices[i], 0));
        }
        plot_script_number_at(script, "has", column + 1, most > -INFINITY);
        y_max = fmax(y_max, most);
    }
    plot_script_number(script, "x_max", x_max);
    plot_script_number(script, "y_min", fmin(y_min, y_max));
    plot_script_number(script, "y_max", y_max);
    return x_max;
}

static void write_matrices(struct plot_script *script, const struct plot_request *request,
                           const struct plot_data *data, struct plot_matrix *matrices, bool log)
{
    write_unit(script, request->parameters.x, write_ranges(script, matrices, data->count, log));
    plot_script_number(script, "y_log", log);
    plot_script_number(script, "panels", 1);
    for (size_t i = 0; i < data->count; i++) {
        write_legend(script, &data->runs[i], i, &matrices[i], log);
        for (size_t column = 1; column < matrices[i].columns; column++)
            if (column_max(&matrices[i], column) <= (log ? 0 : -INFINITY))
                move_outside(&matrices[i], column);
    }
    plot_script_begin_block(script, "$data");
    for (size_t i = 0; i < data->count; i++)
        plot_script_part(script, &matrices[i]);
    plot_script_end_block(script);
}

static enum status write_figure(struct plot_script *script, const struct plot_kind *kind,
                                const struct plot_request *request, const struct plot_data *data,
                                struct plot_matrix *matrices, struct error *error)
{
    bool log = request->scale == PLOT_SCALE_USUAL ? kind->log : request->scale == PLOT_SCALE_LOG;
    double most = -INFINITY;
    char name[64];
    enum status status;

    for (size_t i = 0; i < data->count; i++)
        most = fmax(most, column_max(&matrices[i], 1));
    if (most == -INFINITY)
        return status_fail(error, STATUS_REQUEST,
                           "no run has a value of %s (were metrics traced and evaluated?)",
                           kind->name);
    write_matrices(script, request, data, matrices, log && most > 0);
    status = plot_script_load(script, "plots/style.gp", error);
    if (status == STATUS_OK)
        status = plot_script_load(script, "plots/curves.gp", error);
    snprintf(name, sizeof name, "plots/%s.gp", kind->name);
    return status == STATUS_OK ? plot_script_load(script, name, error) : status;
}

static enum status write_curves(struct plot_script *script, const struct plot_kind *kind,
                                const struct plot_request *request, const struct plot_data *data,
                                struct error *error)
{
    struct plot_matrix *matrices = memory_array(data->count, sizeof *matrices);
    enum status status = STATUS_OK;
    char name[64];

    snprintf(name, sizeof name, "plots/%s.sql", kind->name);
    for (size_t i = 0; i < data->count && status == STATUS_OK; i++)
        status = plot_data_query(&data->runs[i], name, &request->parameters, &matrices[i], error);
    if (status == STATUS_OK)
        status = write_figure(script, kind, request, data, matrices, error);
    for (size_t i = 0; i < data->count; i++)
        free(matrices[i].values);
    free(matrices);
    return status;
}

/* ---- Timeline ----------------------------------------------------------- */

/* Where the window ends when nobody says: the eighth iteration of the slowest run. */
static enum status choose_window(const struct plot_data *data, struct plot_parameters *parameters,
                                 struct error *error)
{
    enum status status = STATUS_OK;
    double end_s = 0;

    if (isnan(parameters->from_s))
        parameters->from_s = 0;
    for (size_t i = 0; i < data->count && status == STATUS_OK && isnan(parameters->to_s); i++) {
        struct plot_matrix matrix;

        status = plot_data_query(&data->runs[i], "plots/timeline-window.sql", parameters, &matrix,
                                 error);
        if (status == STATUS_OK && matrix.rows > 0)
            end_s = fmax(end_s, matrix.values[0]);
        free(matrix.values);
    }
    if (isnan(parameters->to_s))
        parameters->to_s =
            end_s > parameters->from_s ? end_s : parameters->from_s + PLOT_FALLBACK_END_S;
    if (status == STATUS_OK && parameters->to_s <= parameters->from_s)
        status = status_fail(error, STATUS_REQUEST, "--to must lie after --from");
    return status;
}

/* Bars of one run, a part a kind of span. */
static void write_bars(struct plot_script *script, const struct plot_matrix *spans,
                       bool used[TRACE_SPAN_KINDS])
{
    for (int kind = 0; kind < TRACE_SPAN_KINDS; kind++)
        if (plot_script_part_of(script, spans, kind) > 0)
            used[kind] = true;
}

/* Nothing to draw: were there no spans, were none asked for, or do they lie elsewhere? */
static enum status explain_no_spans(const struct plot_data *data,
                                    const struct plot_parameters *parameters, struct error *error)
{
    double begin_s = INFINITY, end_s = -INFINITY;
    bool traced = false;

    for (size_t i = 0; i < data->count; i++) {
        struct plot_matrix about;
        enum status status =
            plot_data_query(&data->runs[i], "plots/timeline-extent.sql", parameters, &about, error);

        if (status != STATUS_OK)
            return status;
        if (about.rows > 0) {
            begin_s = fmin(begin_s, about.values[0]);
            end_s = fmax(end_s, about.values[1]);
            traced = traced || about.values[2] > 0;
        }
        free(about.values);
    }
    if (end_s >= begin_s)
        return status_fail(error, STATUS_REQUEST,
                           "no run has spans from %g s to %g s: they lie between %g s and %g s "
                           "(--from, --to)",
                           parameters->from_s, parameters->to_s, begin_s, end_s);
    if (traced)
        return status_fail(error, STATUS_REQUEST,
                           "no run has spans: none had finished a computation or a wait when it "
                           "ended");
    return status_fail(error, STATUS_REQUEST,
                       "no run has spans (run it with --set trace.level=messages)");
}

static enum status write_all_bars(struct plot_script *script, const struct plot_data *data,
                                  const struct plot_parameters *parameters, struct error *error)
{
    bool used[TRACE_SPAN_KINDS] = {false}, any = false;
    double *nodes = memory_array(data->count, sizeof *nodes);
    enum status status = STATUS_OK;

    plot_script_begin_block(script, "$spans");
    for (size_t i = 0; i < data->count && status == STATUS_OK; i++) {
        struct plot_matrix spans;

        status = plot_data_query(&data->runs[i], "plots/timeline.sql", parameters, &spans, error);
        if (status == STATUS_OK)
            write_bars(script, &spans, used);
        nodes[i] = fmax(1, column_max(&spans, 1) + 1);
        any = any || spans.rows > 0;
        free(spans.values);
    }
    plot_script_end_block(script);
    for (size_t i = 0; i < data->count; i++)
        plot_script_number_at(script, "nodes", i + 1, nodes[i]);
    for (size_t kind = 0; kind < TRACE_SPAN_KINDS; kind++) {
        plot_script_text_at(script, "kind", kind + 1, trace_span_names[kind]);
        plot_script_number_at(script, "used", kind + 1, used[kind]);
    }
    free(nodes);
    return status == STATUS_OK && !any ? explain_no_spans(data, parameters, error) : status;
}

static enum status write_all_arrows(struct plot_script *script, const struct plot_data *data,
                                    const struct plot_parameters *parameters, struct error *error)
{
    bool *hidden = memory_array(data->count, sizeof *hidden), any = false;
    enum status status = STATUS_OK;

    plot_script_begin_block(script, "$arrows");
    for (size_t i = 0; i < data->count && status == STATUS_OK; i++) {
        struct plot_matrix messages;

        status = plot_data_query(&data->runs[i], "plots/timeline-messages.sql", parameters,
                                 &messages, error);
        hidden[i] = messages.rows > PLOT_MOST_MESSAGES;
        if (hidden[i])
            messages.rows = 0;
        any = any || messages.rows > 0;
        if (status == STATUS_OK)
            plot_script_part(script, &messages);
        free(messages.values);
    }
    plot_script_end_block(script);
    for (size_t i = 0; i < data->count; i++)
        plot_script_number_at(script, "hidden", i + 1, hidden[i]);
    free(hidden);
    plot_script_number(script, "any_arrows", any);
    return status;
}

static enum status write_timeline(struct plot_script *script, const struct plot_kind *kind,
                                  const struct plot_request *request, const struct plot_data *data,
                                  struct error *error)
{
    struct plot_parameters parameters = request->parameters;
    enum status status;

    (void)kind;
    if (parameters.nodes == 0)
        parameters.nodes = PLOT_USUAL_NODES;
    status = choose_window(data, &parameters, error);
    if (status != STATUS_OK)
        return status;
    write_unit(script, "time", parameters.to_s);
    plot_script_number(script, "from", parameters.from_s);
    plot_script_number(script, "to", parameters.to_s);
    plot_script_number(script, "panels", (double)data->count);
    plot_script_number(script, "kinds", TRACE_SPAN_KINDS);
    for (size_t i = 0; i < data->count; i++)
        plot_script_text_at(script, "label", i + 1, data->runs[i].label);
    status = write_all_bars(script, data, &parameters, error);
    if (status == STATUS_OK)
        status = write_all_arrows(script, data, &parameters, error);
    if (status == STATUS_OK)
        status = plot_script_load(script, "plots/style.gp", error);
    return status == STATUS_OK ? plot_script_load(script, "plots/timeline.gp", error) : status;
}

const struct plot_kind plot_kinds[] = {
    {"loss", true, write_curves},
    {"consensus", true, write_curves},
    {"accuracy", false, write_curves},
    {"timeline", false, write_timeline},
    {NULL, false, NULL},
};
