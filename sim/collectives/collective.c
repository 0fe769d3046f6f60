/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of collective schedules. */
#include "collectives/collective.h"

#define COLLECTIVE_LIST(X)                                                                         \
    X(ring)                                                                                        \
    X(recursive_doubling)                                                                          \
    X(halving_doubling)                                                                            \
    X(binomial_tree)                                                                               \
    X(pipelined_tree)                                                                              \
    X(double_binary_tree)

#define COLLECTIVE_DECLARE(stem) extern const struct collective_ops stem##_collective;
COLLECTIVE_LIST(COLLECTIVE_DECLARE)

#define COLLECTIVE_ENTRY(stem) &stem##_collective.plugin,
static const struct plugin *const schedules[] = {COLLECTIVE_LIST(COLLECTIVE_ENTRY) NULL};

const struct plugin_registry collective_registry = {
    .kind = "all-reduce",
    .plural = "all-reduces",
    .entries = schedules,
};
