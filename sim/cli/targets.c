/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/targets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "core/memory.h"

enum column { TIME, ITERATIONS, BYTES, BLOCKED, CONSENSUS, COLUMNS };

struct contender {
    char *name;
    size_t runs, reached, capacity;
    double *values[COLUMNS]; /* of every run; infinite where it is not known */
};

struct targets {
    struct contender *contenders;
    size_t count, capacity;
};

struct targets *targets_create(void)
{
    return memory_alloc(sizeof(struct targets));
}

static struct contender *find(struct targets *targets, const char *name)
{
    for (size_t i = 0; i < targets->count; i++)
        if (strcmp(targets->contenders[i].name, name) == 0)
            return &targets->contenders[i];
    if (targets->count == targets->capacity)
        targets->contenders = memory_grow(targets->contenders, &targets->capacity,
                                          targets->count + 1, sizeof *targets->contenders);
    struct contender *contender = &targets->contenders[targets->count++];
    *contender = (struct contender){.name = memory_copy_string(name)};
    return contender;
}

/* What it took to get to the target is known of runs that got there; waiting and disagreement are
 * those of the whole run. */
static void add_values(struct contender *contender, size_t index, const struct run_result *result)
{
    const struct run_summary *summary = &result->summary;
    bool reached = result->measured && !isnan(summary->time_to_target_s);
    const double values[COLUMNS] = {
        [TIME] = reached ? summary->time_to_target_s : INFINITY,
        [ITERATIONS] = reached ? summary->iterations : INFINITY,
        [BYTES] = reached ? summary->bytes : INFINITY,
        [BLOCKED] = result->measured ? summary->blocked_share : INFINITY,
        [CONSENSUS] = result->measured ? summary->consensus : INFINITY,
    };
    for (size_t c = 0; c < COLUMNS; c++)
        contender->values[c][index] = isnan(values[c]) ? INFINITY : values[c];
    contender->reached += reached;
}

void targets_add(struct targets *targets, const struct scenario_run *run,
                 const struct run_result *result)
{
    const struct run_stop *stop = &run->config.stop;
    if (field_real_absent(stop->target_loss) && field_real_absent(stop->target_accuracy))
        return;
    struct contender *contender = find(targets, progress_name(run));
    size_t index = contender->runs++;
    for (size_t c = 0; c < COLUMNS; c++)
        contender->values[c] =
            memory_resize(contender->values[c], contender->runs, sizeof **contender->values);
    add_values(contender, index, result);
}

/* Of values some of which are infinite: the mean of both middle ones when their number is even. */
static double median(const struct contender *contender, enum column column)
{
    double *sorted = memory_array(contender->runs, sizeof *sorted);
    memcpy(sorted, contender->values[column], contender->runs * sizeof *sorted);
    gsl_sort(sorted, 1, contender->runs);
    double middle = gsl_stats_median_from_sorted_data(sorted, 1, contender->runs);
    free(sorted);
    return isfinite(middle) ? middle : NAN;
}

static void add_row(struct cli_table *table, const struct contender *contender)
{
    cli_table_cell(table, "%s", contender->name);
    cli_table_cell(table, "%zu/%zu", contender->reached, contender->runs);
    cli_table_number(table, 4, median(contender, TIME));
    cli_table_number(table, 4, median(contender, ITERATIONS));
    cli_table_number(table, 4, median(contender, BYTES) / 1e9);
    cli_table_number(table, 3, median(contender, BLOCKED));
    cli_table_number(table, 2, median(contender, CONSENSUS));
}

/* The order of the rows: by median time, in the order of the file where it is equal or unknown. */
static size_t *ranking(const struct targets *targets)
{
    double *times = memory_array(targets->count, sizeof *times);
    size_t *order = memory_array(targets->count, sizeof *order);
    for (size_t i = 0; i < targets->count; i++) {
        double time = median(&targets->contenders[i], TIME);
        size_t place = i;
        times[i] = isnan(time) ? INFINITY : time;
        for (; place > 0 && times[order[place - 1]] > times[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    free(times);
    return order;
}

void targets_print(const struct targets *targets, FILE *out)
{
    static const char *const headers[] = {"to the target", "reached", "time s",   "iterations",
                                          "GB sent",       "blocked", "consensus"};
    size_t columns = sizeof headers / sizeof *headers;
    if (targets->count == 0)
        return;
    struct cli_table *table = cli_table_create(columns);
    size_t *order = ranking(targets);
    for (size_t i = 0; i < columns; i++)
        cli_table_cell(table, "%s", headers[i]);
    for (size_t i = 0; i < targets->count; i++)
        add_row(table, &targets->contenders[order[i]]);
    fputc('\n', out);
    cli_table_print(table, out);
    fputs("\nmedians over seeds, where a run that does not reach its target counts as infinitely "
          "long; iterations\nand GB: when the target had held for `stop.patience` metrics\n",
          out);
    cli_table_free(table);
    free(order);
}

void targets_free(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        for (size_t c = 0; c < COLUMNS; c++)
            free(targets->contenders[i].values[c]);
        free(targets->contenders[i].name);
    }
    free(targets->contenders);
    free(targets);
}
