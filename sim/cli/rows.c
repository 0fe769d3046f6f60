/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One printer a format; all take any statement, so a new query needs no code here.
 */
#include "cli/rows.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "core/check.h"

#define ROWS_TABLE_DIGITS 6

static const char *text_of(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

/* ---- Table -------------------------------------------------------------- */

static void table_cell(struct cli_table *table, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        cli_table_number(table, ROWS_TABLE_DIGITS, sqlite3_column_double(statement, column));
        break;
    case SQLITE_NULL:
        cli_table_number(table, ROWS_TABLE_DIGITS, NAN);
        break;
    default:
        cli_table_cell(table, "%s", text_of(statement, column));
    }
}

static int print_table(sqlite3_stmt *statement, FILE *out)
{
    int columns = sqlite3_column_count(statement), result;
    struct cli_table *table = cli_table_create((size_t)columns);

    for (int i = 0; i < columns; i++)
        cli_table_cell(table, "%s", sqlite3_column_name(statement, i));
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; i++)
            table_cell(table, statement, i);
    cli_table_print(table, out);
    cli_table_free(table);
    return result;
}

/* ---- CSV ---------------------------------------------------------------- */

static void csv_text(const char *text, FILE *out)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void csv_value(sqlite3_stmt *statement, int column, FILE *out)
{
    int type = sqlite3_column_type(statement, column);

    if (type == SQLITE_FLOAT)
        fprintf(out, "%.17g", sqlite3_column_double(statement, column));
    else if (type != SQLITE_NULL)
        csv_text(text_of(statement, column), out);
}

static int print_csv(sqlite3_stmt *statement, FILE *out)
{
    int columns = sqlite3_column_count(statement), result;

    for (int i = 0; i < columns; i++) {
        csv_text(sqlite3_column_name(statement, i), out);
        fputc(i + 1 < columns ? ',' : '\n', out);
    }
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; i++) {
            csv_value(statement, i, out);
            fputc(i + 1 < columns ? ',' : '\n', out);
        }
    return result;
}

/* ---- JSON --------------------------------------------------------------- */

static void json_text(const char *text, FILE *out)
{
    cJSON *item = cJSON_CreateStringReference(text);
    char *quoted = cJSON_PrintUnformatted(item);

    CHECK(quoted != NULL, "out of memory");
    fputs(quoted, out);
    cJSON_free(quoted);
    cJSON_Delete(item);
}

static void json_value(sqlite3_stmt *statement, int column, FILE *out)
{
    double number = sqlite3_column_double(statement, column);

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        fputs(text_of(statement, column), out);
        break;
    case SQLITE_FLOAT: /* JSON knows no infinity */
        if (isfinite(number))
            fprintf(out, "%.17g", number);
        else
            fputs("null", out);
        break;
    case SQLITE_NULL:
        fputs("null", out);
        break;
    default:
        json_text(text_of(statement, column), out);
    }
}

static int print_json(sqlite3_stmt *statement, FILE *out)
{
    int columns = sqlite3_column_count(statement), result;
    const char *before = "[\n";

    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        fprintf(out, "%s{", before);
        for (int i = 0; i < columns; i++) {
            json_text(sqlite3_column_name(statement, i), out);
            fputs(": ", out);
            json_value(statement, i, out);
            fputs(i + 1 < columns ? ", " : "}", out);
        }
        before = ",\n";
    }
    fputs(before[0] == '[' ? "[]\n" : "\n]\n", out);
    return result;
}

enum status rows_print(sqlite3_stmt *statement, enum rows_format format, FILE *out,
                       struct error *error)
{
    static int (*const printers[])(sqlite3_stmt *, FILE *) = {
        [ROWS_TABLE] = print_table,
        [ROWS_CSV] = print_csv,
        [ROWS_JSON] = print_json,
    };

    if (printers[format](statement, out) == SQLITE_DONE)
        return STATUS_OK;
    return status_fail(error, STATUS_ENVIRONMENT, "cannot read the trace: %s",
                       sqlite3_errmsg(sqlite3_db_handle(statement)));
}
