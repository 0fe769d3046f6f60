/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a file of comma-separated values into memory and cuts it into cells in place.
 */
#include "models/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#define READ_BYTES 65536

struct reader {
    struct table *table;
    const char *file, *json_path;
    size_t cell_count, cell_capacity, line_capacity;
    uint32_t line;
    struct error *error;
};

static enum status read_text(struct reader *reader, size_t *length)
{
    struct table *table = reader->table;
    FILE *stream = fopen(reader->file, "rb");
    size_t capacity = 0, got;

    *length = 0;
    if (stream == NULL)
        return status_fail_at(reader->error, reader->json_path, "%s: %s", reader->file,
                              strerror(errno));
    do {
        if (*length + READ_BYTES + 1 > capacity)
            table->text = memory_grow(table->text, &capacity, *length + READ_BYTES + 1, 1);
        got = fread(table->text + *length, 1, READ_BYTES, stream);
        *length += got;
    } while (got > 0);
    table->text[*length] = '\0';
    int failed = ferror(stream) ? errno : 0;
    fclose(stream);
    if (failed != 0)
        return status_fail_at(reader->error, reader->json_path, "%s: %s", reader->file,
                              strerror(failed));
    return STATUS_OK;
}

static enum status fail_line(const struct reader *reader, const char *what)
{
    return status_fail_at(reader->error, reader->json_path, "%s:%u: %s", reader->file, reader->line,
                          what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void add_cell(struct reader *reader, char *cell)
{
    struct table *table = reader->table;

    if (reader->cell_count == reader->cell_capacity)
        table->cells = memory_grow(table->cells, &reader->cell_capacity, reader->cell_count + 1,
                                   sizeof *table->cells);
    table->cells[reader->cell_count++] = cell;
}

/* A quoted cell that starts behind its quote: undoubles quotes in place and returns what follows
 * the closing one, or NULL when there is none. */
static char *unquote(char *from)
{
    char *to = from;

    for (; *from != '\0'; from++) {
        if (*from == '"') {
            if (from[1] != '"') {
                char *rest = from + 1;
                *to = '\0';
                return rest;
            }
            from++;
        }
        *to++ = *from;
    }
    return NULL;
}

/* Cuts the cell at *at and moves *at behind its comma, or to NULL at the end of the line. */
static enum status cut_cell(struct reader *reader, char **at)
{
    char *cell = *at, *end;

    while (is_blank(*cell))
        cell++;
    if (*cell == '"') {
        end = unquote(++cell);
        if (end == NULL)
            return fail_line(reader, "a quoted cell does not end on its line");
        while (is_blank(*end))
            end++;
        if (*end != ',' && *end != '\0')
            return fail_line(reader, "text follows a quoted cell");
        *at = *end == ',' ? end + 1 : NULL;
    } else {
        end = cell + strcspn(cell, ",");
        *at = *end == ',' ? end + 1 : NULL;
        while (end > cell && is_blank(end[-1]))
            end--;
        *end = '\0';
    }
    add_cell(reader, cell);
    return STATUS_OK;
}

static enum status cut_line(struct reader *reader, char *line)
{
    struct table *table = reader->table;
    size_t before = reader->cell_count;
    enum status status = STATUS_OK;

    for (char *at = line; at != NULL && status == STATUS_OK;)
        status = cut_cell(reader, &at);
    if (status != STATUS_OK)
        return status;
    size_t columns = reader->cell_count - before;
    if (table->rows == 0)
        table->columns = columns;
    if (columns != table->columns)
        return status_fail_at(reader->error, reader->json_path, "%s:%u: %zu cells, expected %zu",
                              reader->file, reader->line, columns, table->columns);
    if (table->rows == reader->line_capacity)
        table->lines = memory_grow(table->lines, &reader->line_capacity, table->rows + 1,
                                   sizeof *table->lines);
    table->lines[table->rows++] = reader->line;
    return STATUS_OK;
}

static bool is_blank_line(const char *line)
{
    while (is_blank(*line))
        line++;
    return *line == '\0';
}

static enum status cut_text(struct reader *reader, size_t length)
{
    struct table *table = reader->table;
    char *line = table->text, *stop = table->text + length;

    if (strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    for (enum status status = STATUS_OK; line < stop;) {
        char *end = memchr(line, '\n', (size_t)(stop - line));
        char *next = end != NULL ? end + 1 : stop;

        end = end != NULL ? end : stop;
        if (end > line && end[-1] == '\r')
            end--;
        *end = '\0';
        reader->line++;
        if (!is_blank_line(line)) {
            if (strlen(line) != (size_t)(end - line))
                return fail_line(reader, "the line has a NUL byte");
            status = cut_line(reader, line);
            if (status != STATUS_OK)
                return status;
        }
        line = next;
    }
    return STATUS_OK;
}

enum status table_read(struct table *table, const char *file, const char *json_path,
                       struct error *error)
{
    struct reader reader = {.table = table, .file = file, .json_path = json_path, .error = error};
    size_t length;

    *table = (struct table){.text = NULL};
    enum status status = read_text(&reader, &length);
    if (status == STATUS_OK)
        status = cut_text(&reader, length);
    if (status == STATUS_OK && table->rows == 0)
        status = status_fail_at(error, json_path, "%s: the file has no rows", file);
    if (status != STATUS_OK)
        table_free(table);
    return status;
}

void table_free(struct table *table)
{
    free(table->text);
    free(table->cells);
    free(table->lines);
    *table = (struct table){.text = NULL};
}

bool table_number(const char *cell, double *value)
{
    char *end;

    *value = strtod(cell, &end);
    return end != cell && *end == '\0' && isfinite(*value);
}
