/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading edge-list files.  Every error is one of the request and names file and line.
 */
#include "topologies/edge_file.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#define COLUMNS 4

struct reader {
    const char *path;
    uint32_t nodes, line;
    struct edge_record *records;
    size_t count, capacity;
    struct error *error;
};

static enum status fail(const struct reader *reader, const char *found, const char *expected)
{
    return status_fail_at(reader->error, "path", "%s:%u: found '%.60s', expected %s", reader->path,
                          reader->line, found, expected);
}

/* Cuts `text` into columns in place; returns their number, COLUMNS + 1 when there are more. */
static unsigned split(char *text, char *columns[COLUMNS])
{
    unsigned count = 0;

    text += strspn(text, " \t\r\n");
    while (*text != '\0') {
        char *end = text + strcspn(text, ", \t\r\n");
        char *next = end + strspn(end, " \t\r\n");

        if (count == COLUMNS)
            return COLUMNS + 1;
        columns[count++] = text;
        if (*next == ',')
            next += 1 + strspn(next + 1, " \t\r\n");
        *end = '\0';
        text = next;
    }
    return count;
}

static bool read_whole_number(const char *text, uint64_t limit, uint32_t *value)
{
    char *end;
    unsigned long long number;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    *value = (uint32_t)number;
    return errno == 0 && *end == '\0' && number < limit;
}

static bool read_weight(const char *text, double *weight)
{
    char *end;

    *weight = NAN;
    if (*text == '\0')
        return true;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false; /* no signs, no names of numbers */
    *weight = strtod(text, &end);
    return *end == '\0' && isfinite(*weight);
}

static bool is_header(char *columns[COLUMNS], unsigned count)
{
    static const char *const names[COLUMNS] = {"from", "to", "weight", "phase"};

    for (unsigned i = 0; i < count; i++)
        if (strcmp(columns[i], names[i]) != 0)
            return false;
    return count >= 2;
}

static enum status read_columns(struct reader *reader, char *columns[COLUMNS], unsigned count)
{
    struct edge_record record = {.line = reader->line, .weight = NAN};
    char expected[80];

    snprintf(expected, sizeof expected, "a node from 0 to %u", reader->nodes - 1);
    if (count < 2 || count > COLUMNS)
        return fail(reader, columns[0], "from,to[,weight[,phase]] on a line");
    if (!read_whole_number(columns[0], reader->nodes, &record.from))
        return fail(reader, columns[0], expected);
    if (!read_whole_number(columns[1], reader->nodes, &record.to))
        return fail(reader, columns[1], expected);
    if (count > 2 && !read_weight(columns[2], &record.weight))
        return fail(reader, columns[2], "a weight of 0 or more");
    if (record.from != record.to && record.weight == 0)
        return fail(reader, columns[2], "a weight above 0 (leave the edge out instead)");
    if (count > 3 && !read_whole_number(columns[3], EDGE_FILE_MAX_PHASES, &record.phase))
        return fail(reader, columns[3], "a phase from 0 to 999999");
    if (reader->count == reader->capacity)
        reader->records = memory_grow(reader->records, &reader->capacity, reader->count + 1,
                                      sizeof *reader->records);
    reader->records[reader->count++] = record;
    return STATUS_OK;
}

static enum status read_line(struct reader *reader, char *text, size_t length)
{
    char *columns[COLUMNS];
    unsigned count;

    reader->line++;
    if (strlen(text) != length)
        return fail(reader, "a NUL byte", "text");
    text[strcspn(text, "#")] = '\0';
    count = split(text, columns);
    if (count == 0 || (reader->count == 0 && count <= COLUMNS && is_header(columns, count)))
        return STATUS_OK;
    return read_columns(reader, columns, count);
}

enum status edge_file_read(const char *path, uint32_t nodes, struct edge_record **records,
                           size_t *count, struct error *error)
{
    struct reader reader = {.path = path, .nodes = nodes, .error = error};
    enum status status = STATUS_OK;
    size_t capacity = 0;
    ssize_t length;
    char *text = NULL;
    FILE *file = fopen(path, "r");

    if (!file)
        return status_fail_at(error, "path", "cannot read '%s': %s", path, strerror(errno));
    while (status == STATUS_OK && (length = getline(&text, &capacity, file)) >= 0)
        status = read_line(&reader, text, (size_t)length);
    if (status == STATUS_OK && ferror(file))
        status = status_fail_at(error, "path", "cannot read '%s': %s", path, strerror(errno));
    if (status == STATUS_OK && reader.count == 0)
        status = status_fail_at(error, "path", "'%s' has no edges", path);
    if (status != STATUS_OK) {
        free(reader.records);
        reader.records = NULL;
    }
    free(text);
    fclose(file);
    *records = reader.records;
    *count = reader.count;
    return status;
}
