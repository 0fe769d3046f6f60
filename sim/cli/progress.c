/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "cli/summary.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

struct progress {
    FILE *out;
    enum progress_mode mode;
    bool written;
    const struct scenario_run *run;
    char label[128];
    size_t index, count;
};

const char *progress_name(const struct scenario_run *run)
{
    return run->variant[0]       ? run->variant
           : run->config.name[0] ? run->config.name
                                 : run->config.algorithm.plugin->name;
}

void progress_label(const struct scenario_run *run, char *text, size_t size)
{
    char *name = cli_printable(progress_name(run));
    snprintf(text, size, "%.80s (seed %lld)", name, (long long)run->config.seed);
    free(name);
}

double progress_every_s(enum progress_mode mode)
{
    return mode == PROGRESS_LIVE ? 0.2 : mode == PROGRESS_JSON ? 1 : 5;
}

struct progress *progress_create(FILE *out, enum progress_mode mode, const struct scenario_run *run,
                                 size_t index, size_t count)
{
    if (mode == PROGRESS_NONE)
        return NULL;
    struct progress *progress = memory_alloc(sizeof *progress);
    progress->out = out;
    progress->mode = mode;
    progress->run = run;
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

/* cJSON escapes the name; it writes no number that JSON does not have (NaN is null). */
static void report_json(struct progress *progress, const struct run_progress *report)
{
    char *name = memory_alloc(strlen(progress_name(progress->run)) + 64);
    cJSON *line = cJSON_CreateObject();
    sprintf(name, "%s (seed %lld)", progress_name(progress->run),
            (long long)progress->run->config.seed);
    cJSON_AddStringToObject(line, "run", name);
    cJSON_AddNumberToObject(line, "time_s", simtime_to_s(report->time_ps));
    cJSON_AddNumberToObject(line, "fraction", report->fraction);
    cJSON_AddNumberToObject(line, "epoch", report->epoch);
    cJSON_AddNumberToObject(line, "iterations", report->iterations);
    cJSON_AddNumberToObject(line, "loss", report->loss);
    cJSON_AddNumberToObject(line, "accuracy", report->accuracy);
    char *text = cJSON_PrintUnformatted(line);
    CHECK(text != NULL, "out of memory");
    fprintf(progress->out, "%s\n", text);
    fflush(progress->out);
    cJSON_free(text);
    cJSON_Delete(line);
    free(name);
}

static void report_text(struct progress *progress, const struct run_progress *report)
{
    bool live = progress->mode == PROGRESS_LIVE;
    char time[32], left[64], quality[64] = "";
    format_left(report, left, sizeof left);
    if (!isnan(report->accuracy))
        snprintf(quality, sizeof quality, ", accuracy %.4f", report->accuracy);
    else if (!isnan(report->loss))
        snprintf(quality, sizeof quality, ", loss %.4g", report->loss);
    fprintf(progress->out, "%s[%zu/%zu] %s: simulated %s, epoch %.2f, %.0f iterations/s%s%s%s",
            live ? "\r" : "", progress->index + 1, progress->count, progress->label,
            simtime_format(report->time_ps, time, sizeof time), report->epoch,
            report->iterations_per_s, quality, left, live ? "\033[K" : "\n");
    fflush(progress->out);
    progress->written = true;
}

void progress_report(void *context, const struct run_progress *report)
{
    struct progress *progress = context;
    if (progress->mode == PROGRESS_JSON)
        report_json(progress, report);
    else
        report_text(progress, report);
}

void progress_end(struct progress *progress, const struct run_result *result)
{
    const struct run_summary *summary = &result->summary;
    bool known = result->measured;
    if (progress == NULL || progress->mode != PROGRESS_JSON)
        return;
    report_json(progress, &(struct run_progress){
                              .time_ps = result->last.time_ps,
                              .fraction = result->status == STATUS_OK ? 1 : NAN,
                              .epoch = known ? summary->epochs : NAN,
                              .iterations = known ? summary->iterations : NAN,
                              .loss = known ? summary->mean_model_loss : NAN,
                              .accuracy = known ? summary->mean_model_accuracy : NAN,
                          });
}

void progress_free(struct progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->mode == PROGRESS_LIVE && progress->written)
        fputs("\r\033[K", progress->out);
    free(progress);
}
