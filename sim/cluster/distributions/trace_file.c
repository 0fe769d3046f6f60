/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replay of measured times from a CSV file with the header "host,step,seconds".  Rows may stand in
 * any order; every host 0 .. H-1 has the steps 0 .. S_h-1 once each.  Step k of a longer run
 * replays step k mod S_h, and compute unit u replays host u mod H.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/distributions/distribution.h"
#include "core/memory.h"

struct trace_file_params {
    const char *path;
};

struct trace_row {
    uint32_t host;
    int64_t step;
    size_t line;
    double seconds;
};

struct trace_rows {
    struct trace_row *rows;
    size_t count, capacity;
};

struct trace_times {
    double *seconds; /* by host, then step */
    size_t *first;   /* host h's times are seconds[first[h] .. first[h+1]-1] */
    uint32_t hosts;
};

static void cut_line_end(char *line)
{
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
}

/* One field, a non-negative integer, that ends in a comma; *text moves behind the comma. */
static bool read_integer(const char **text, int64_t max, int64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    const long long number = strtoll(*text, &end, 10);
    if (errno != 0 || *end != ',' || number > max)
        return false;
    *text = end + 1;
    *value = number;
    return true;
}

static bool read_row(const char *text, struct trace_row *row)
{
    int64_t host;
    char *end;
    if (!read_integer(&text, UINT32_MAX - 1, &host) || !read_integer(&text, INT64_MAX, &row->step))
        return false;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    row->host = (uint32_t)host;
    row->seconds = strtod(text, &end);
    return *end == '\0' && row->seconds >= 0 && row->seconds <= DISTRIBUTION_LONGEST_S;
}

static enum status read_rows(FILE *file, const char *path, struct trace_rows *rows,
                             struct error *error)
{
    enum status status = STATUS_OK;
    char *line = NULL;
    size_t capacity = 0;
    for (size_t number = 1; status == STATUS_OK && getline(&line, &capacity, file) >= 0; number++) {
        cut_line_end(line);
        if (number == 1) {
            if (strcmp(line, "host,step,seconds") != 0)
                status = status_fail_at(error, "path",
                                        "%s:1: found \"%.60s\", expected the header "
                                        "\"host,step,seconds\"",
                                        path, line);
            continue;
        }
        if (line[0] == '\0')
            continue;
        struct trace_row row = {.line = number};
        if (!read_row(line, &row)) {
            status = status_fail_at(error, "path",
                                    "%s:%zu: found \"%.60s\", expected host,step,seconds such as "
                                    "\"0,17,0.229\" (0 to %g s)",
                                    path, number, line, DISTRIBUTION_LONGEST_S);
            continue;
        }
        if (rows->count == rows->capacity)
            rows->rows = memory_grow(rows->rows, &rows->capacity, rows->count + 1, sizeof row);
        rows->rows[rows->count++] = row;
    }
    free(line);
    if (status == STATUS_OK && ferror(file))
        status = status_fail(error, STATUS_ENVIRONMENT, "%s: %s", path, strerror(errno));
    return status;
}

static int compare_rows(const void *left, const void *right)
{
    const struct trace_row *a = left, *b = right;
    if (a->host != b->host)
        return a->host < b->host ? -1 : 1;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    return a->line < b->line ? -1 : 1;
}

/* The rows are sorted; says at which line the first host or step is missing or doubled. */
static enum status check_rows(const struct trace_rows *rows, const char *path, struct error *error)
{
    uint32_t host = 0;
    int64_t step = 0;
    if (rows->count == 0)
        return status_fail_at(error, "path", "%s: no times in the file", path);
    for (size_t i = 0; i < rows->count; i++, step++) {
        const struct trace_row *row = &rows->rows[i];
        if (row->host != host && step > 0) {
            host++;
            step = 0;
        }
        if (row->host == host && row->step == step)
            continue;
        if (i > 0 && row->host == row[-1].host && row->step == row[-1].step)
            return status_fail_at(error, "path",
                                  "%s:%zu: host %u, step %lld stands in line %zu "
                                  "already",
                                  path, row->line, row->host, (long long)row->step, row[-1].line);
        return status_fail_at(error, "path",
                              "%s:%zu: found host %u, step %lld, but host %u, step "
                              "%lld is missing",
                              path, row->line, row->host, (long long)row->step, host,
                              (long long)step);
    }
    return STATUS_OK;
}

static struct trace_times *build_times(const struct trace_rows *rows)
{
    struct trace_times *times = memory_alloc(sizeof *times);
    times->hosts = rows->rows[rows->count - 1].host + 1;
    times->seconds = memory_array(rows->count, sizeof *times->seconds);
    times->first = memory_array((size_t)times->hosts + 1, sizeof *times->first);
    for (size_t i = 0; i < rows->count; i++) {
        times->seconds[i] = rows->rows[i].seconds;
        times->first[rows->rows[i].host + 1] = i + 1;
    }
    return times;
}

static enum status create(const void *params, void **state, struct error *error)
{
    const struct trace_file_params *p = params;
    struct trace_rows rows = {0};
    FILE *file = fopen(p->path, "r");
    if (file == NULL)
        return status_fail_at(error, "path", "%s: %s", p->path, strerror(errno));
    enum status status = read_rows(file, p->path, &rows, error);
    fclose(file);
    if (status == STATUS_OK && rows.count > 0)
        qsort(rows.rows, rows.count, sizeof rows.rows[0], compare_rows);
    if (status == STATUS_OK)
        status = check_rows(&rows, p->path, error);
    if (status == STATUS_OK)
        *state = build_times(&rows);
    free(rows.rows);
    return status;
}

static void destroy(void *state)
{
    struct trace_times *times = state;
    if (times == NULL)
        return;
    free(times->seconds);
    free(times->first);
    free(times);
}

static double draw(const void *params, const void *state, struct rng *rng, uint32_t host,
                   int64_t step)
{
    const struct trace_times *times = state;
    (void)params, (void)rng;
    const size_t *first = &times->first[host % times->hosts];
    return times->seconds[first[0] + (size_t)step % (first[1] - first[0])];
}

/* Over hosts, each with the mean of its own steps. */
static double mean_s(const void *params, const void *state)
{
    const struct trace_times *times = state;
    double sum_s = 0;
    (void)params;
    for (uint32_t host = 0; host < times->hosts; host++) {
        double host_s = 0;
        for (size_t i = times->first[host]; i < times->first[host + 1]; i++)
            host_s += times->seconds[i];
        sum_s += host_s / (double)(times->first[host + 1] - times->first[host]);
    }
    return sum_s / times->hosts;
}

static const struct field fields[] = {
    FIELD_AT(struct trace_file_params, path, FIELD_PATH, NULL,
             .help = "CSV file with the header host,step,seconds; steps and hosts wrap around."),
    FIELD_END,
};

const struct distribution_ops trace_file_distribution = {
    .plugin = {.name = "trace",
               .summary = "measured times from a CSV file",
               .params = fields,
               .params_size = sizeof(struct trace_file_params)},
    .create = create,
    .destroy = destroy,
    .draw = draw,
    .mean_s = mean_s,
};
