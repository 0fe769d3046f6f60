/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress of a run: a line that is rewritten on a terminal, plain lines elsewhere. */
#ifndef HEARSAY_CLI_PROGRESS_H
#define HEARSAY_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "run/run.h"
#include "scenario/scenario.h"

struct progress;

struct progress *progress_create(FILE *out, bool live, const struct scenario_run *run, size_t index,
                                 size_t count);
void progress_report(void *progress, const struct run_progress *report);
void progress_free(struct progress *progress); /* ends the line */

/* What a run is called: its variant, else its name, else its algorithm; and the seed. */
void progress_label(const struct scenario_run *run, char *text, size_t size);

#endif
