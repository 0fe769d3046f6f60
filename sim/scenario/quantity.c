/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantities for people.
 */
#include "scenario/quantity.h"

#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    double size; /* in base units */
};

static const struct unit duration_units[] = {{"s", 1},     {"ms", 1e-3},  {"us", 1e-6},
                                             {"ns", 1e-9}, {"ps", 1e-12}, {NULL, 0}};
static const struct unit byte_units[] = {{"TB", 1e12},    {"GiB", 0x1p30}, {"GB", 1e9},
                                         {"MiB", 0x1p20}, {"MB", 1e6},     {"kB", 1e3},
                                         {NULL, 0}};
static const struct unit bandwidth_units[] = {
    {"Tbps", 1e12}, {"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}, {NULL, 0}};
static const struct unit byte_rate_units[] = {
    {"TB/s", 1e12}, {"GB/s", 1e9}, {"MB/s", 1e6}, {"kB/s", 1e3}, {NULL, 0}};

struct type_units {
    const struct unit *units;
    const char *base;
};

static struct type_units units_of(enum field_type type)
{
    switch (type) {
    case FIELD_BYTES:
        return (struct type_units){byte_units, "B"};
    case FIELD_BANDWIDTH:
        return (struct type_units){bandwidth_units, "bps"};
    case FIELD_BYTE_RATE:
        return (struct type_units){byte_rate_units, "B/s"};
    default:
        return (struct type_units){duration_units, "s"};
    }
}

/* `value` in `unit` with at most nine digits, when that is exact; else nothing. */
static void format_in_unit(struct buffer *text, enum field_type type, double value,
                           const struct unit *unit)
{
    double back;
    buffer_format(text, "%.9g %s", value / unit->size, unit->name);
    if (!field_parse_quantity(type, text->text, &back) || back != value) {
        text->length = 0;
        text->text[0] = '\0';
    }
}

/* Few are good; an exponent is worse than any digits: "1000 TB", not "1e+09 MB". */
static size_t count_digits(const char *text)
{
    size_t count = strchr(text, 'e') != NULL ? 100 : 0;
    for (; *text != '\0'; text++)
        count += *text >= '0' && *text <= '9';
    return count;
}

void quantity_add(struct buffer *buffer, enum field_type type, double value)
{
    struct type_units known = units_of(type);
    struct buffer best = {0}, text = {0};
    buffer_add_number(&best, value);
    buffer_format(&best, " %s", known.base);
    bool base = true;
    for (const struct unit *unit = known.units; unit->name != NULL; unit++) {
        if (fabs(value) < unit->size)
            continue;
        text.length = 0;
        format_in_unit(&text, type, value, unit);
        if (text.length == 0 || (!base && count_digits(text.text) >= count_digits(best.text)))
            continue;
        best.length = 0;
        buffer_add_bytes(&best, text.text, text.length);
        base = false;
    }
    buffer_add_bytes(buffer, best.text, best.length);
    free(best.text);
    free(text.text);
}
