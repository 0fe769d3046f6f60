/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registries of collective schedules. */
#include "collectives/collective.h"

#define COLLECTIVE_LIST(X)                                                                         \
    X(ring)                                                                                        \
    X(recursive_doubling)                                                                          \
    X(halving_doubling)                                                                            \
    X(binomial_tree)                                                                               \
    X(pipelined_tree)                                                                              \
    X(double_binary_tree)                                                                          \
    X(hierarchical)

#define COLLECTIVE_GATHER_LIST(X)                                                                  \
    X(ring_all_gather)                                                                             \
    X(recursive_doubling_all_gather)

#define COLLECTIVE_DECLARE(stem) extern const struct collective_ops stem##_collective;
COLLECTIVE_LIST(COLLECTIVE_DECLARE)
COLLECTIVE_GATHER_LIST(COLLECTIVE_DECLARE)

#define COLLECTIVE_ENTRY(stem) &stem##_collective.plugin,
static const struct plugin *const schedules[] = {COLLECTIVE_LIST(COLLECTIVE_ENTRY) NULL};

static const struct plugin *const gathers[] = {COLLECTIVE_GATHER_LIST(COLLECTIVE_ENTRY) NULL};

const struct plugin_registry collective_registry = {
    .kind = "all-reduce",
    .plural = "all-reduces",
    .entries = schedules,
};

const struct plugin_registry collective_gather_registry = {
    .kind = "all-gather",
    .plural = "all-gathers",
    .entries = gathers,
};
