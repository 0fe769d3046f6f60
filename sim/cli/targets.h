/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who reached the target first: a row for each variant of the runs that have a target, over all its
 * seeds.  A run that did not reach it is censored: it counts in "reached" and, as infinitely long,
 * in the medians; there are no means over survivors.
 */
#ifndef HEARSAY_CLI_TARGETS_H
#define HEARSAY_CLI_TARGETS_H

#include <stdio.h>

#include "run/run.h"
#include "scenario/scenario.h"

struct targets;

struct targets *targets_create(void);
/* A run without a target is left out. */
void targets_add(struct targets *targets, const struct scenario_run *run,
                 const struct run_result *result);
/* By time to the target, the fastest first; nothing when no run had one. */
void targets_print(const struct targets *targets, FILE *out);
void targets_free(struct targets *targets);

#endif
