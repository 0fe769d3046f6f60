/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/summary.h"

#include <math.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "core/memory.h"
#include "core/simtime.h"

struct summary {
    struct cli_table *table, *digests;
    size_t rows;
};

static const char *const columns[] = {"run",       "ended",   "simulated", "wall s", "iterations",
                                      "epochs",    "loss",    "accuracy",  "nodes",  "worst node",
                                      "consensus", "GB sent", "blocked"};
#define COLUMNS (sizeof columns / sizeof *columns)

struct summary *summary_create(void)
{
    struct summary *summary = memory_alloc(sizeof *summary);
    summary->table = cli_table_create(COLUMNS);
    summary->digests = cli_table_create(3);
    for (size_t i = 0; i < COLUMNS; i++)
        cli_table_cell(summary->table, "%s", columns[i]);
    cli_table_cell(summary->digests, "run");
    cli_table_cell(summary->digests, "timeline digest");
    cli_table_cell(summary->digests, "metrics digest");
    return summary;
}

static const char *ended(const struct run_result *result)
{
    if (result->status == STATUS_OK)
        return result->reason;
    return result->status == STATUS_EXPECT ? "unmet expectation" : status_name(result->status);
}

void summary_add(struct summary *summary, const struct scenario_run *run,
                 const struct run_result *result)
{
    const struct run_summary *values = &result->summary;
    struct cli_table *table = summary->table;
    char label[128], time[32];
    progress_label(run, label, sizeof label);
    cli_table_cell(table, "%s", label);
    cli_table_cell(table, "%s", ended(result));
    cli_table_cell(table, "%s", simtime_format(result->last.time_ps, time, sizeof time));
    cli_table_number(table, 3, result->wall_s);
    cli_table_number(table, 6, values->iterations);
    cli_table_number(table, 4, values->epochs);
    cli_table_number(table, 4, values->mean_model_loss);
    cli_table_number(table, 4, values->mean_model_accuracy);
    cli_table_number(table, 4, values->node_accuracy_mean);
    cli_table_number(table, 4, values->node_accuracy_min);
    cli_table_number(table, 3, values->consensus);
    cli_table_number(table, 4, values->bytes / 1e9);
    cli_table_number(table, 3, values->blocked_share);
    cli_table_cell(summary->digests, "%s", label);
    cli_table_cell(summary->digests, "%s", result->timeline_digest);
    cli_table_cell(summary->digests, "%s", result->metrics_digest);
    summary->rows++;
}

void summary_print(const struct summary *summary, FILE *out)
{
    if (summary->rows == 0)
        return;
    cli_table_print(summary->table, out);
    fputs("\nloss, accuracy: of the mean model; nodes, worst node: accuracy over the nodes' own "
          "models; blocked: share of node time\n\n",
          out);
    cli_table_print(summary->digests, out);
}

void summary_free(struct summary *summary)
{
    cli_table_free(summary->table);
    cli_table_free(summary->digests);
    free(summary);
}
