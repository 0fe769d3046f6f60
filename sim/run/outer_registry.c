/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every outer optimizer, one line each, and what they share. */
#include "collectives/collective.h"
#include "run/outer.h"

#define OUTER_LIST(X)                                                                              \
    X(slowmo)                                                                                      \
    X(bmuf)                                                                                        \
    X(lookahead)                                                                                   \
    X(diloco)

static struct outer_rule nothing(const void *params)
{
    (void)params;
    return (struct outer_rule){.active = false};
}

static const struct outer_ops none = {
    .plugin = {.name = "none", .summary = "no outer optimizer"},
    .rule = nothing,
};

#define OUTER_DECLARE(stem) extern const struct outer_ops stem##_ops;
OUTER_LIST(OUTER_DECLARE)
#define OUTER_ENTRY(stem) &stem##_ops.plugin,
static const struct plugin *const entries[] = {&none.plugin, OUTER_LIST(OUTER_ENTRY) NULL};

const struct plugin_registry outer_registry = {"outer", "outer optimizers", entries};

static const char *const buffers_names[] = {"maintain", "reset", "average", NULL};

const struct field outer_common_fields[] = {
    FIELD_AT(struct outer_config, period, FIELD_INTEGER, "null", .min = 1, .max = 1e15,
             .help = "iterations of an outer loop; absent: the step takes the place of the "
                     "algorithm's own averages (local-sgd)"),
    FIELD_AT(struct outer_config, buffers, FIELD_ENUM, "\"maintain\"", .names = buffers_names,
             .help = "the optimizer's momentum at the begin of an outer loop: kept by each worker; "
                     "zero; or averaged with the parameters"),
    FIELD_AT(struct outer_config, average, FIELD_BOOL, "true",
             .help = "average the workers first; false: each takes an outer step of its own, "
                     "after the algorithm's averages, which stay"),
    FIELD_AT(struct outer_config, collective, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the schedule of the outer all-reduce"),
    FIELD_END,
};
