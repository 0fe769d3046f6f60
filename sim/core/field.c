/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Field tables: look-up, "did you mean", and the text of quantities.
 *
 * A quantity's unit is applied to the number's decimal exponent before the one conversion to
 * binary: "229 ms" is the double nearest to 0.229, as if "0.229 s" had been written.
 */
#include "core/field.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"

#define NUMBER_LENGTH_MAX 200
#define EXPONENT_MAX      9999 /* beyond any double's; keeps sums of exponents small */

struct unit {
    const char *name;
    double factor; /* times 10^exponent: the unit in base units */
    int exponent;
};

static const struct unit no_units[] = {{"", 1, 0}, {NULL, 0, 0}};
static const struct unit duration_units[] = {
    {"ps", 1, -12}, {"ns", 1, -9},  {"us", 1, -6},  {"ms", 1, -3},
    {"s", 1, 0},    {"min", 60, 0}, {"h", 3600, 0}, {NULL, 0, 0},
};
static const struct unit byte_units[] = {
    {"B", 1, 0},      {"kB", 1, 3},       {"MB", 1, 6},       {"GB", 1, 9}, {"TB", 1, 12},
    {"KiB", 1024, 0}, {"MiB", 0x1p20, 0}, {"GiB", 0x1p30, 0}, {NULL, 0, 0},
};
static const struct unit bandwidth_units[] = {
    {"bps", 1, 0}, {"kbps", 1, 3}, {"Mbps", 1, 6}, {"Gbps", 1, 9}, {"Tbps", 1, 12}, {NULL, 0, 0},
};
static const struct unit byte_rate_units[] = {
    {"B/s", 1, 0},      {"kB/s", 1, 3},       {"MB/s", 1, 6},       {"GB/s", 1, 9}, {"TB/s", 1, 12},
    {"KiB/s", 1024, 0}, {"MiB/s", 0x1p20, 0}, {"GiB/s", 0x1p30, 0}, {NULL, 0, 0},
};

struct type_row {
    const char *name;
    const struct unit *units; /* NULL: no quantity */
};

static const struct type_row type_rows[] = {
    [FIELD_BOOL] = {"true or false", NULL},
    [FIELD_INTEGER] = {"a whole number", NULL},
    [FIELD_REAL] = {"a number", no_units},
    [FIELD_STRING] = {"a string", NULL},
    [FIELD_PATH] = {"the path of a file or directory", NULL},
    [FIELD_ENUM] = {"one of the listed words", NULL},
    [FIELD_DURATION] = {"a duration such as \"50 us\"", duration_units},
    [FIELD_BYTES] = {"a size such as \"102.4 MB\"", byte_units},
    [FIELD_BANDWIDTH] = {"a bandwidth such as \"10 Gbps\"", bandwidth_units},
    [FIELD_BYTE_RATE] = {"a rate such as \"12 GB/s\"", byte_rate_units},
    [FIELD_CADENCE] = {"a cadence such as \"1 epoch\", \"10 iterations\" or \"5 s\"", NULL},
    [FIELD_OBJECT] = {"an object", NULL},
    [FIELD_CHOICE] = {"a name, or an object with a \"name\"", NULL},
    [FIELD_LIST] = {"a list of objects", NULL},
    [FIELD_REALS] = {"a list of numbers", NULL},
};

static const struct type_row *row_of(enum field_type type)
{
    CHECK((size_t)type < sizeof type_rows / sizeof type_rows[0], "field type %d is none",
          (int)type);
    return &type_rows[type];
}

const char *field_type_name(enum field_type type)
{
    return row_of(type)->name;
}

size_t field_count(const struct field *table)
{
    size_t count = 0;

    while (table != NULL && table[count].name != NULL)
        count++;
    return count;
}

const struct field *field_find(const struct field *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static bool texts_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool value_equal(enum field_type type, const char *a, const char *b)
{
    switch (type) {
    case FIELD_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case FIELD_INTEGER:
    case FIELD_BYTES:
        return *(const int64_t *)a == *(const int64_t *)b;
    case FIELD_ENUM:
        return *(const int *)a == *(const int *)b;
    case FIELD_REAL:
    case FIELD_DURATION:
    case FIELD_BANDWIDTH:
    case FIELD_BYTE_RATE:
        return memcmp(a, b, sizeof(double)) == 0;
    case FIELD_STRING:
    case FIELD_PATH:
        return texts_equal(*(const char *const *)a, *(const char *const *)b);
    default:
        return false;
    }
}

bool field_equal(const struct field *table, const void *a, const void *b)
{
    for (; table != NULL && table->name != NULL; table++)
        if (!value_equal(table->type, (const char *)a + table->offset,
                         (const char *)b + table->offset))
            return false;
    return true;
}

const char *field_nearest(const struct field *table, const char *name)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (; table != NULL && table->name != NULL; table++)
        if (field_is_nearer(name, table->name, &distance))
            nearest = table->name;
    return nearest;
}

bool field_is_nearer(const char *name, const char *candidate, size_t *distance)
{
    size_t length = strlen(name), other = strlen(candidate);
    size_t allowed = length / 3 > 1 ? length / 3 : 1;
    size_t found;

    /* The lengths alone often decide, and a hostile name may have a million letters. */
    if ((length > other ? length - other : other - length) > allowed)
        return false;
    found = field_edit_distance(name, candidate);
    if (found > allowed || found >= *distance)
        return false;
    *distance = found;
    return true;
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Optimal string alignment: insert, delete, replace, and swap of neighbours, each letter touched
 * by one swap at most.  Row i holds the distances of a's first i letters to b's prefixes; a swap
 * looks two rows back.
 */
size_t field_edit_distance(const char *a, const char *b)
{
    size_t columns = strlen(b) + 1, distance;
    size_t *rows = memory_array(3 * columns, sizeof *rows);
    size_t *before = rows, *previous = rows + columns, *row = rows + 2 * columns;

    for (size_t j = 0; j < columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *recycled = before;

        before = previous;
        previous = row;
        row = recycled;
        row[0] = i;
        for (size_t j = 1; j < columns; j++) {
            row[j] = min_of(previous[j], row[j - 1]) + 1;
            row[j] = min_of(row[j], previous[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_of(row[j], before[j - 2] + 1);
        }
    }
    distance = row[columns - 1];
    free(rows);
    return distance;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *text)
{
    while (is_digit(*text))
        text++;
    return text;
}

/* A number as JSON writes it, split where its exponent begins. */
struct number {
    const char *mantissa;
    size_t mantissa_length;
    long exponent;
    const char *end;
};

static bool scan_number(const char *text, struct number *number)
{
    const char *digits = text + (*text == '-'), *end = skip_digits(digits);

    if (end == digits || (*digits == '0' && end > digits + 1))
        return false;
    if (*end == '.') {
        const char *fraction = end + 1;

        end = skip_digits(fraction);
        if (end == fraction)
            return false;
    }
    *number = (struct number){text, (size_t)(end - text), 0, end};
    if (number->mantissa_length > NUMBER_LENGTH_MAX)
        return false;
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');

        if (!is_digit(*exponent))
            return false;
        number->end = skip_digits(exponent);
        number->exponent = strtol(end + 1, NULL, 10); /* saturates */
    }
    return true;
}

/* strtod by the rules of the C locale, whatever the process has set. */
static double convert(const char *text)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
    double value;

    CHECK(c != (locale_t)0, "no C locale");
    before = uselocale(c);
    value = strtod(text, NULL);
    uselocale(before);
    freelocale(c);
    return value;
}

static bool number_in_unit(const struct number *number, const struct unit *unit, double *value)
{
    char text[NUMBER_LENGTH_MAX + 32];
    long exponent = number->exponent;

    if (exponent > EXPONENT_MAX)
        exponent = EXPONENT_MAX;
    if (exponent < -EXPONENT_MAX)
        exponent = -EXPONENT_MAX;
    snprintf(text, sizeof text, "%.*se%ld", (int)number->mantissa_length, number->mantissa,
             exponent + unit->exponent);
    *value = convert(text) * unit->factor;
    return isfinite(*value);
}

static const char *skip_spaces(const char *text)
{
    while (*text == ' ')
        text++;
    return text;
}

static bool parse_in_units(const struct unit *units, const char *text, double *value)
{
    struct number number;
    const char *name;

    if (!scan_number(text, &number))
        return false;
    name = skip_spaces(number.end);
    for (; units->name != NULL; units++)
        if (strcmp(units->name, name) == 0)
            return number_in_unit(&number, units, value);
    return false;
}

bool field_parse_quantity(enum field_type type, const char *text, double *value)
{
    const struct unit *units = row_of(type)->units;
    double parsed;

    if (units == NULL || !parse_in_units(units, text, &parsed))
        return false;
    if (type == FIELD_BYTES) {
        parsed = round(parsed); /* "1.3 KiB" is 1331 bytes */
        if (fabs(parsed) >= 0x1p63)
            return false;
    }
    *value = parsed;
    return true;
}

bool field_parse_cadence(const char *text, struct field_cadence *cadence)
{
    static const struct unit epochs[] = {{"epoch", 1, 0}, {"epochs", 1, 0}, {NULL, 0, 0}};
    static const struct unit iterations[] = {
        {"iteration", 1, 0}, {"iterations", 1, 0}, {NULL, 0, 0}};
    struct field_cadence parsed;

    if (parse_in_units(epochs, text, &parsed.value))
        parsed.unit = FIELD_PER_EPOCHS;
    else if (parse_in_units(iterations, text, &parsed.value))
        parsed.unit = FIELD_PER_ITERATIONS;
    else if (parse_in_units(duration_units, text, &parsed.value))
        parsed.unit = FIELD_PER_SECONDS;
    else
        return false;
    /* Nothing happens every 0 s or every half iteration. */
    if (parsed.value <= 0 ||
        (parsed.unit == FIELD_PER_ITERATIONS && parsed.value != floor(parsed.value)))
        return false;
    *cadence = parsed;
    return true;
}
