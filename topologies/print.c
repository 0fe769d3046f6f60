/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A topology for people and programs.  Names of families and methods are ours and need no escapes.
 */
#include "topologies/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

/* -1 and -2 of the report, or the number with a unit. */
static void print_count(FILE *file, const char *label, int64_t value, const char *never,
                        const char *after)
{
    fprintf(file, "%-22s", label);
    if (value == -2)
        fprintf(file, "not computed\n");
    else if (value == -1)
        fprintf(file, "%s\n", never);
    else
        fprintf(file, "%" PRId64 "%s\n", value, after);
}

static void print_range(FILE *file, const char *label, uint32_t least, uint32_t most)
{
    fprintf(file, "%-22s%" PRIu32, label, least);
    if (most != least)
        fprintf(file, " to %" PRIu32, most);
    fprintf(file, "\n");
}

static void print_real(FILE *file, const char *label, double value, const char *absent)
{
    if (isnan(value))
        fprintf(file, "%-22s%s\n", label, absent);
    else
        fprintf(file, "%-22s%.6g\n", label, value);
}

static const char *matrix_kind(const struct topology_report *report)
{
    if (report->symmetric && report->doubly_stochastic)
        return "symmetric, doubly stochastic";
    if (report->doubly_stochastic)
        return "doubly stochastic";
    if (report->column_stochastic)
        return "column-stochastic";
    return report->symmetric ? "symmetric, not stochastic" : "not stochastic";
}

static void print_spectra(FILE *file, const struct topology_report *report)
{
    const char *absent = report->period == 0 ? "none (random)" : "not computed";

    print_real(file, "sigma_2 per round", report->sigma2_round, "not computed");
    print_real(file, "spectral gap, round", report->gap_round, "not computed");
    print_real(file, "sigma_2 per period", report->sigma2_period, absent);
    print_real(file, "spectral gap, period", 1 - report->sigma2_period, absent);
    fprintf(file, "%-22s%s", "method", report->method);
    if (report->tolerance > 0)
        fprintf(file, ", to %.2g", report->tolerance);
    fprintf(file, "\n");
    print_count(file, "exact average", report->exact_after,
                report->period == 0 ? "none (random)" : "never within two periods",
                report->exact_after == 1 ? " round" : " rounds");
}

void topology_print_text(FILE *file, const struct topology *topology,
                         const struct topology_report *report)
{
    fprintf(file, "%-22s%s\n", "topology", topology_name(topology));
    fprintf(file, "%-22s%" PRIu32 "\n", "nodes", report->nodes);
    if (report->period > 0)
        fprintf(file, "%-22s%" PRId64 "%s\n", "period", report->period,
                report->period == 1 ? " (static)" : " rounds");
    else
        fprintf(file, "%-22s%s\n", "period", "none (random)");
    print_range(file, "out-degree", report->min_out_degree, report->max_out_degree);
    print_range(file, "in-degree", report->min_in_degree, report->max_in_degree);
    print_count(file, "diameter", report->diameter, "none (not strongly connected)",
                report->diameter_is_bound ? " or more" : "");
    print_count(file, "B-connectivity", report->connectivity_b, "none",
                report->connectivity_b == 1 ? " round" : " rounds");
    fprintf(file, "%-22s%s\n", "mixing matrix", matrix_kind(report));
    print_spectra(file, report);
}

static void json_count(FILE *file, const char *key, int64_t value)
{
    if (value < 0)
        fprintf(file, ",\n  \"%s\": null", key);
    else
        fprintf(file, ",\n  \"%s\": %" PRId64, key, value);
}

static void json_real(FILE *file, const char *key, double value)
{
    if (isfinite(value))
        fprintf(file, ",\n  \"%s\": %.17g", key, value);
    else
        fprintf(file, ",\n  \"%s\": null", key);
}

static void json_bool(FILE *file, const char *key, bool value)
{
    fprintf(file, ",\n  \"%s\": %s", key, value ? "true" : "false");
}

void topology_print_json(FILE *file, const struct topology *topology,
                         const struct topology_report *report)
{
    fprintf(file, "{\n  \"topology\": \"%s\"", topology_name(topology));
    json_count(file, "nodes", report->nodes);
    json_count(file, "period", report->period > 0 ? report->period : -1);
    json_count(file, "min_out_degree", report->min_out_degree);
    json_count(file, "max_out_degree", report->max_out_degree);
    json_count(file, "min_in_degree", report->min_in_degree);
    json_count(file, "max_in_degree", report->max_in_degree);
    json_bool(file, "strongly_connected", report->connectivity_b != -1);
    json_count(file, "diameter", report->diameter);
    json_bool(file, "diameter_is_bound", report->diameter_is_bound);
    json_count(file, "connectivity_b", report->connectivity_b);
    json_bool(file, "column_stochastic", report->column_stochastic);
    json_bool(file, "doubly_stochastic", report->doubly_stochastic);
    json_bool(file, "symmetric", report->symmetric);
    json_real(file, "sigma2_round", report->sigma2_round);
    json_real(file, "gap_round", report->gap_round);
    json_real(file, "sigma2_period", report->sigma2_period);
    json_real(file, "gap_period", 1 - report->sigma2_period);
    json_real(file, "tolerance", report->tolerance);
    fprintf(file, ",\n  \"method\": \"%s\"", report->method);
    json_count(file, "exact_after", report->exact_after);
    fprintf(file, "\n}\n");
}

static void dot_edges(FILE *file, const struct topology *topology, uint32_t node, int64_t phase,
                      struct topology_edge *edges)
{
    uint32_t count = topology_out(topology, node, phase, edges);
    bool one_phase = topology_period(topology) <= 1;

    for (uint32_t i = 0; i < count; i++) {
        fprintf(file, "  %" PRIu32 " -> %" PRIu32 " [label=\"", node, edges[i].peer);
        if (!one_phase)
            fprintf(file, "%" PRId64 ": ", phase);
        fprintf(file, "%.4g\"", edges[i].weight);
        if (!one_phase) /* the schemes of nine colours that Graphviz has count from 1 */
            fprintf(file, " colorscheme=set19 color=%d", (int)(phase % 9) + 1);
        fprintf(file, "];\n");
    }
}

void topology_print_dot(FILE *file, const struct topology *topology)
{
    size_t capacity = (size_t)topology_max_degree(topology) + 1;
    struct topology_edge *edges = memory_array(capacity, sizeof *edges);
    int64_t phases = topology_period(topology) > 0 ? topology_period(topology) : 1;

    fprintf(file, "digraph \"%s\" {\n  layout=circo;\n  node [shape=circle];\n",
            topology_name(topology));
    for (uint32_t node = 0; node < topology_nodes(topology); node++) {
        fprintf(file, "  %" PRIu32, node);
        if (phases == 1)
            fprintf(file, " [label=\"%" PRIu32 "\\n%.4g\"]", node,
                    topology_self_weight(topology, node, 0));
        fprintf(file, ";\n");
    }
    for (int64_t phase = 0; phase < phases; phase++)
        for (uint32_t node = 0; node < topology_nodes(topology); node++)
            dot_edges(file, topology, node, phase, edges);
    fprintf(file, "}\n");
    free(edges);
}
