/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/row.h"

#include "numerics/backend.h"
#include "numerics/blas.h"

static const char *plugin_name(const struct plugin_choice *choice)
{
    return choice->plugin ? choice->plugin->name : "";
}

struct trace_run run_row(const struct run_config *config, const struct run_options *options)
{
    return (struct trace_run){
        .name = config->name,
        .variant = "",
        .seed = config->seed,
        .nodes = config->nodes,
        .algorithm = plugin_name(&config->algorithm),
        .topology = plugin_name(&config->topology.graph),
        .model = plugin_name(&config->model),
        .data = plugin_name(&config->data.source),
        .optimizer = plugin_name(&config->optimizer.rule),
        .device = options->backend->plugin.name,
        .host = "",
        .blas = blas_core_name(),
        .version = PACKAGE_VERSION,
        .precision = numeric_precision_names[config->precision],
        .threads = options->threads,
    };
}
