/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closing table of `hearsay run`. */
#ifndef HEARSAY_CLI_SUMMARY_H
#define HEARSAY_CLI_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "run/run.h"
#include "scenario/scenario.h"

struct summary;

struct summary *summary_create(void);
void summary_add(struct summary *summary, const struct scenario_run *run,
                 const struct run_result *result);
void summary_print(const struct summary *summary, FILE *out);
void summary_free(struct summary *summary);

#endif
