/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One evaluation of the whole system: the mean model and every node's deployable model.
 */
#ifndef HEARSAY_RUN_EVALUATION_H
#define HEARSAY_RUN_EVALUATION_H

#include "run/sim.h"

struct evaluation;

struct evaluation *evaluation_create(const struct sim *sim);
void evaluation_free(struct evaluation *evaluation);
/* Fills *row, and passes it with the nodes' rows and stored parameters to the observer. */
enum status evaluation_take(struct evaluation *evaluation, struct sim *sim, int64_t sequence,
                            int64_t time_ps, struct trace_metric *row, struct error *error);
/* The nodes' vectors to the sink ("x", "z") and the mean. */
enum status evaluation_store(struct evaluation *evaluation, struct sim *sim, int64_t sequence,
                             struct error *error);

#endif
