/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The row of table `runs` for one resolved run: names from its configuration. */
#ifndef HEARSAY_RUN_ROW_H
#define HEARSAY_RUN_ROW_H

#include "run/run.h"

/* Everything but id, variant, texts of the scenario and host, which the caller knows. */
struct trace_run run_row(const struct run_config *config, const struct run_options *options);

#endif
