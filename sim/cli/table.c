/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text tables for people. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/memory.h"

struct cell {
    char *text;
    bool number;
};

struct cli_table {
    size_t columns, count, capacity;
    struct cell *cells;
};

struct cli_table *cli_table_create(size_t columns)
{
    struct cli_table *table = memory_alloc(sizeof *table);
    table->columns = columns;
    return table;
}

static void append(struct cli_table *table, char *text, bool number)
{
    if (table->count == table->capacity)
        table->cells =
            memory_grow(table->cells, &table->capacity, table->count + 1, sizeof *table->cells);
    table->cells[table->count++] = (struct cell){text, number};
}

void cli_table_cell(struct cli_table *table, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    append(table, cli_printable(text), false);
}

void cli_table_number(struct cli_table *table, int significant_digits, double value)
{
    char text[64] = "-";
    if (!isnan(value))
        snprintf(text, sizeof text, "%.*g", significant_digits, value);
    append(table, memory_copy_string(text), true);
}

/* Bytes of UTF-8 that start a character. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static int column_width(const struct cli_table *table, size_t column)
{
    int width = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        int own = width_of(table->cells[i].text);
        width = own > width ? own : width;
    }
    return width;
}

/* A header stands above numbers as they do. */
static bool right_aligned(const struct cli_table *table, size_t index)
{
    size_t below = index + table->columns;
    if (index < table->columns && below < table->count)
        return table->cells[below].number;
    return table->cells[index].number;
}

static void print_cell(const struct cli_table *table, size_t index, FILE *out)
{
    size_t column = index % table->columns;
    bool last = column + 1 == table->columns;
    const char *text = table->cells[index].text;
    int padding = column_width(table, column) - width_of(text);
    bool right = right_aligned(table, index);
    fprintf(out, "%*s%s%*s%s", right ? padding : 0, "", text, right || last ? 0 : padding, "",
            last ? "\n" : "  ");
}

void cli_table_print(const struct cli_table *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++)
        print_cell(table, i, out);
}

void cli_table_free(struct cli_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}
