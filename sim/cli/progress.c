/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/simtime.h"

struct progress {
    FILE *out;
    bool live, written;
    char label[128];
    size_t index, count;
};

void progress_label(const struct scenario_run *run, char *text, size_t size)
{
    const char *name = run->variant[0]       ? run->variant
                       : run->config.name[0] ? run->config.name
                                             : run->config.algorithm.plugin->name;
    snprintf(text, size, "%.80s (seed %lld)", name, (long long)run->config.seed);
}

struct progress *progress_create(FILE *out, bool live, const struct scenario_run *run, size_t index,
                                 size_t count)
{
    struct progress *progress = memory_alloc(sizeof *progress);
    progress->out = out;
    progress->live = live;
    progress->index = index;
    progress->count = count;
    progress_label(run, progress->label, sizeof progress->label);
    return progress;
}

static void format_left(const struct run_progress *report, char *text, size_t size)
{
    text[0] = '\0';
    if (isnan(report->fraction) || report->fraction <= 0)
        return;
    double left_s = report->wall_s * (1 - report->fraction) / report->fraction;
    snprintf(text, size, ", %.0f %%, %.0f s left", 100 * report->fraction, fmax(0, left_s));
}

void progress_report(void *context, const struct run_progress *report)
{
    struct progress *progress = context;
    char time[32], left[64], quality[64] = "";
    format_left(report, left, sizeof left);
    if (!isnan(report->accuracy))
        snprintf(quality, sizeof quality, ", accuracy %.4f", report->accuracy);
    else if (!isnan(report->loss))
        snprintf(quality, sizeof quality, ", loss %.4g", report->loss);
    fprintf(progress->out, "%s[%zu/%zu] %s: simulated %s, epoch %.2f, %.0f iterations/s%s%s%s",
            progress->live ? "\r" : "", progress->index + 1, progress->count, progress->label,
            simtime_format(report->time_ps, time, sizeof time), report->epoch,
            report->iterations_per_s, quality, left, progress->live ? "\033[K" : "\n");
    fflush(progress->out);
    progress->written = true;
}

void progress_free(struct progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->live && progress->written)
        fputs("\r\033[K", progress->out);
    free(progress);
}
