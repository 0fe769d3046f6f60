/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * No data: for objectives that are a formula.
 */
#include "models/dataset.h"

static enum status load(const void *params, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error)
{
    (void)params, (void)seed, (void)error;
    dataset_start(data, precision);
    return STATUS_OK;
}

const struct data_ops no_data_ops = {
    .plugin = {.name = "none", .summary = "no data: the objective is a formula"},
    .load = load,
    .unload = dataset_release,
};
