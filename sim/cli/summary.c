/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "core/memory.h"
#include "core/simtime.h"

struct summary {
    struct cli_table *table, *digests;
    struct targets *targets;
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
    summary->targets = targets_create();
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

static void add_values(struct cli_table *table, const struct run_summary *summary, bool known)
{
    const struct {
        int digits;
        double value;
    } values[] = {
        {6, summary->iterations},         {4, summary->epochs},
        {4, summary->mean_model_loss},    {4, summary->mean_model_accuracy},
        {4, summary->node_accuracy_mean}, {4, summary->node_accuracy_min},
        {3, summary->consensus},          {4, summary->bytes / 1e9},
        {3, summary->blocked_share},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        cli_table_number(table, values[i].digits, known ? values[i].value : NAN);
}

void summary_add(struct summary *summary, const struct scenario_run *run,
                 const struct run_result *result)
{
    bool known = result->measured;
    struct cli_table *table = summary->table;
    char label[128], time[32];
    progress_label(run, label, sizeof label);
    cli_table_cell(table, "%s", label);
    cli_table_cell(table, "%s", ended(result));
    cli_table_cell(table, "%s",
                   known ? simtime_format(result->last.time_ps, time, sizeof time) : "-");
    cli_table_number(table, 3, result->wall_s > 0 ? result->wall_s : NAN);
    add_values(table, &result->summary, known);
    cli_table_cell(summary->digests, "%s", label);
    cli_table_cell(summary->digests, "%s", known ? result->timeline_digest : "-");
    cli_table_cell(summary->digests, "%s", known ? result->metrics_digest : "-");
    targets_add(summary->targets, run, result);
    summary->rows++;
}

void summary_print(const struct summary *summary, FILE *out)
{
    if (summary->rows == 0)
        return;
    cli_table_print(summary->table, out);
    fputs("\nloss, accuracy: of the mean model; nodes, worst node: accuracy over the nodes' own "
          "models; blocked: share of node time\n",
          out);
    targets_print(summary->targets, out);
    fputc('\n', out);
    cli_table_print(summary->digests, out);
}

void summary_free(struct summary *summary)
{
    cli_table_free(summary->table);
    cli_table_free(summary->digests);
    targets_free(summary->targets);
    free(summary);
}
