/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The backend that computes nothing: timing only, for clusters and models too large to compute.
 */
#include "numerics/backend.h"

const struct backend_ops backend_none_ops = {
    .plugin = {.name = "none", .summary = "timing only: no numbers are computed"},
    .executes = false,
};
