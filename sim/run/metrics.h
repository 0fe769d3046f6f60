/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics: when they are due, what they are evaluated on, and whether targets are met.
 *
 * A metric is taken at a simulated instant between events, costs no simulated time, never changes
 * the order of events, and sees the state after all operations recorded up to then.
 */
#ifndef HEARSAY_RUN_METRICS_H
#define HEARSAY_RUN_METRICS_H

#include "run/sim.h"

struct metrics;

struct metrics *metrics_create(struct sim *sim);
void metrics_free(struct metrics *metrics);
/* Is a metric due after the events up to now?  At the end of an instant when a multiple of the
 * cadence has been passed, within one only when two have.  With a cadence in simulated time: is one
 * due before an event at `next_ps`, and when. */
bool metrics_due(const struct sim *sim, bool instant_ends);
bool metrics_due_before(const struct sim *sim, int64_t next_ps, int64_t *due_ps);
/* Evaluates and reports the state at `time_ps`. STATUS_DIVERGED when the loss is not finite. */
enum status metrics_take(struct sim *sim, int64_t time_ps, struct error *error);
struct evaluation *metrics_evaluation(const struct sim *sim);
/* The last row; *reason is set when a target has held for `patience` evaluations. */
const struct trace_metric *metrics_last(const struct sim *sim);
bool metrics_any(const struct sim *sim); /* has one been taken? */
const char *metrics_target_met(const struct sim *sim);
/* Time at which the target was first crossed, interpolated on the metric grid, and the grid's step
 * there; NaN when it was not met. */
double metrics_time_to_target_s(const struct sim *sim, double *grid_s);

#endif
