/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registry of back ends.
 */
#include "numerics/backend.h"

static const struct plugin *const backend_entries[] = {
    &backend_cpu_ops.plugin,
    &backend_none_ops.plugin,
    NULL,
};

const struct plugin_registry backend_registry = {"backend", "backends", backend_entries};
