/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outer optimizers: what becomes of the workers' average every so many iterations of any base
 * program.  All rules are one recurrence (outer.c) with numbers of their own.
 */
#ifndef HEARSAY_RUN_OUTER_H
#define HEARSAY_RUN_OUTER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/field.h"
#include "core/plugin.h"

/* What happens to the optimizer's vectors (momentum) at the begin of an outer loop. */
enum outer_buffers { OUTER_MAINTAIN, OUTER_RESET, OUTER_AVERAGE };

/* "outer" of a scenario: the rule with its own parameters, and what all rules share. */
struct outer_config {
    struct plugin_choice rule; /* outer_registry */
    int64_t period;            /* iterations; absent: the base's own averages */
    int buffers;               /* enum outer_buffers */
    bool average;              /* false: every worker takes its own outer step */
    struct plugin_choice collective;
};
extern const struct field outer_common_fields[];
extern const struct plugin_registry outer_registry;

struct outer_rule {
    bool active;
    double rate, momentum; /* alpha, beta */
    bool nesterov;         /* look ahead along the momentum */
    bool in_rates;         /* u is in units of the inner learning rate, frozen in a loop */
};

struct outer_ops {
    struct plugin plugin;
    struct outer_rule (*rule)(const void *params);
};

#endif
