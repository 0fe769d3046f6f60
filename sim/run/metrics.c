/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cadence and targets of metrics; the evaluation itself is in evaluation.c. */
#include "run/metrics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/simtime.h"
#include "run/evaluation.h"

struct metrics {
    struct field_cadence every;
    int64_t every_ps; /* cadence in simulated time; 0: by samples or iterations */
    int64_t taken;    /* metrics so far, the start included */
    int64_t grid;     /* multiples of the cadence passed */
    struct evaluation *evaluation;
    struct trace_metric last;
    int64_t streak; /* consecutive metrics at the target */
    double crossing_s, grid_s;
};

struct metrics *metrics_create(struct sim *sim)
{
    struct metrics *metrics = memory_alloc(sizeof *metrics);
    metrics->every = sim->config->metrics.every;
    if (field_real_absent(metrics->every.value)) {
        bool by_epoch = sim->data_ops != NULL && sim->algorithm->uses_gradients;
        metrics->every =
            (struct field_cadence){by_epoch ? FIELD_PER_EPOCHS : FIELD_PER_ITERATIONS, 1};
    }
    if (metrics->every.unit == FIELD_PER_SECONDS)
        metrics->every_ps = simtime_from_s(metrics->every.value);
    metrics->evaluation = evaluation_create(sim);
    metrics->crossing_s = metrics->grid_s = NAN;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    evaluation_free(metrics->evaluation);
    free(metrics);
}

/* How many multiples of the cadence the state has reached.  Rounding must not hide one: 0.14 x 1600
 * is above 224. */
static int64_t grid_reached(const struct sim *sim)
{
    const struct metrics *metrics = sim->metrics;
    bool by_epoch = metrics->every.unit == FIELD_PER_EPOCHS;
    double done = (double)(by_epoch ? sim->samples_applied : sim->iterations_total);
    double each = metrics->every.value * (by_epoch ? sim->epoch_samples : sim->nodes);
    return (int64_t)(done / each * (1 + 4 * DBL_EPSILON));
}

bool metrics_due(const struct sim *sim, bool instant_ends)
{
    const struct metrics *metrics = sim->metrics;
    if (metrics->every_ps > 0)
        return false;
    int64_t passed = grid_reached(sim) - metrics->grid;
    return passed > 1 || (passed == 1 && instant_ends);
}

bool metrics_due_before(const struct sim *sim, int64_t next_ps, int64_t *due_ps)
{
    const struct metrics *metrics = sim->metrics;
    return metrics->every_ps > 0 &&
           !__builtin_mul_overflow(metrics->grid + 1, metrics->every_ps, due_ps) &&
           *due_ps < next_ps;
}

/* The target that a row meets, NULL for none. */
static const char *target_of(const struct run_stop *stop, const struct trace_metric *row)
{
    double accuracy = isnan(row->test_accuracy) ? row->accuracy : row->test_accuracy;
    if (!field_real_absent(stop->target_loss) && row->loss <= stop->target_loss)
        return "target loss";
    if (!field_real_absent(stop->target_accuracy) && accuracy >= stop->target_accuracy)
        return "target accuracy";
    return NULL;
}

/* Where the line between two rows crosses the target: a share of their distance. */
static double crossing_share(const struct run_stop *stop, const struct trace_metric *from,
                             const struct trace_metric *to)
{
    bool by_loss = !field_real_absent(stop->target_loss) && to->loss <= stop->target_loss;
    double target = by_loss ? stop->target_loss : stop->target_accuracy;
    double a = by_loss                      ? from->loss
               : isnan(from->test_accuracy) ? from->accuracy
                                            : from->test_accuracy;
    double b = by_loss ? to->loss : isnan(to->test_accuracy) ? to->accuracy : to->test_accuracy;
    return a == b ? 1 : fmin(1, fmax(0, (target - a) / (b - a)));
}

static void follow_target(struct sim *sim, const struct trace_metric *row)
{
    struct metrics *metrics = sim->metrics;
    const struct run_stop *stop = &sim->config->stop;
    if (target_of(stop, row) == NULL) {
        metrics->streak = 0;
        return;
    }
    if (metrics->streak++ > 0)
        return;
    double from_s = metrics->taken ? simtime_to_s(metrics->last.time_ps) : 0;
    metrics->grid_s = simtime_to_s(row->time_ps) - from_s;
    metrics->crossing_s =
        metrics->taken ? from_s + metrics->grid_s * crossing_share(stop, &metrics->last, row) : 0;
}

enum status metrics_take(struct sim *sim, int64_t time_ps, struct error *error)
{
    struct metrics *metrics = sim->metrics;
    struct trace_metric row;
    ledger_recount(sim);
    enum status status =
        evaluation_take(metrics->evaluation, sim, metrics->taken, time_ps, &row, error);
    if (status != STATUS_OK)
        return status;
    metrics->grid = metrics->every_ps ? time_ps / metrics->every_ps : grid_reached(sim);
    follow_target(sim, &row);
    metrics->last = row;
    metrics->taken++;
    if (plan_executes(sim->plan) && !isfinite(row.loss))
        return status_fail(error, STATUS_DIVERGED,
                           "the loss is no finite number at %.6g s (epoch %.3g)",
                           simtime_to_s(time_ps), row.epoch);
    return STATUS_OK;
}

struct evaluation *metrics_evaluation(const struct sim *sim)
{
    return sim->metrics->evaluation;
}

const struct trace_metric *metrics_last(const struct sim *sim)
{
    return &sim->metrics->last;
}

bool metrics_any(const struct sim *sim)
{
    return sim->metrics->taken > 0;
}

const char *metrics_target_met(const struct sim *sim)
{
    if (sim->metrics->streak < sim->config->stop.patience)
        return NULL;
    return target_of(&sim->config->stop, &sim->metrics->last);
}

double metrics_time_to_target_s(const struct sim *sim, double *grid_s)
{
    bool met = metrics_target_met(sim) != NULL;
    *grid_s = met ? sim->metrics->grid_s : NAN;
    return met ? sim->metrics->crossing_s : NAN;
}
