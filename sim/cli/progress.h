/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Progress of a run: a line that is rewritten on a terminal, plain lines elsewhere, or JSON, an
 * object a line: {"run": "SGP (seed 1)", "time_s": 1.5, "fraction": 0.2, "epoch": 2,
 * "iterations": 120, "loss": 0.3, "accuracy": null}.  What is not known is null.
 */
#ifndef HEARSAY_CLI_PROGRESS_H
#define HEARSAY_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "run/run.h"
#include "scenario/scenario.h"

struct progress;

enum progress_mode { PROGRESS_NONE, PROGRESS_PLAIN, PROGRESS_LIVE, PROGRESS_JSON };

/* NULL for PROGRESS_NONE. */
struct progress *progress_create(FILE *out, enum progress_mode mode, const struct scenario_run *run,
                                 size_t index, size_t count);
double progress_every_s(enum progress_mode mode);
void progress_report(void *progress, const struct run_progress *report);
/* What was reached when the run ended: a last JSON line, nothing in other modes. */
void progress_end(struct progress *progress, const struct run_result *result);
void progress_free(struct progress *progress); /* ends the line */

/* What a run is called: its variant, else its name, else its algorithm. */
const char *progress_name(const struct scenario_run *run);
/* The same and the seed.  Control characters are escaped. */
void progress_label(const struct scenario_run *run, char *text, size_t size);

#endif
