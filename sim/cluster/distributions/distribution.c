/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of the distributions of gradient times. */
#include "cluster/distributions/distribution.h"

#define DISTRIBUTION_ENTRY(stem) &stem##_distribution.plugin,
static const struct plugin *const distributions[] = {DISTRIBUTION_LIST(DISTRIBUTION_ENTRY) NULL};

const struct plugin_registry distribution_registry = {
    .kind = "distribution",
    .plural = "distributions",
    .entries = distributions,
};
