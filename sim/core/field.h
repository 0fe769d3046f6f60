/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Field tables: one table per parameter struct says name, type, offset, unit, default, range and
 * help of every member.  Parsing, error messages, `hearsay explain`, the canonical scenario text
 * and the manual are all driven by it; nothing is parsed by hand.
 *
 *   struct sgp_params { bool residual; double gamma; };
 *   static const struct field sgp_fields[] = {
 *       FIELD_AT(struct sgp_params, residual, FIELD_BOOL, "false", .help = "..."),
 *       FIELD_AT(struct sgp_params, gamma, FIELD_REAL, "0.5", .min = 0, .max = 1, .help = "..."),
 *       FIELD_END,
 *   };
 */
#ifndef HEARSAY_CORE_FIELD_H
#define HEARSAY_CORE_FIELD_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
    FIELD_BOOL,      /* bool */
    FIELD_INTEGER,   /* int64_t; read from the number's text, never through a double.  With `names`
                        it also takes these words: names[i] reads as -1 - i ("all") */
    FIELD_REAL,      /* double, finite */
    FIELD_STRING,    /* const char * in the scenario's arena */
    FIELD_PATH,      /* const char *: a file or directory that is read, resolved against the
                        scenario's own directory; its content joins the run's identity */
    FIELD_ENUM,      /* int: index into `names` */
    FIELD_DURATION,  /* double seconds; "229 ms" (ps ns us ms s min h) */
    FIELD_BYTES,     /* int64_t; "102.4 MB" (B kB MB GB TB, KiB MiB GiB) */
    FIELD_BANDWIDTH, /* double bits per second; "10 Gbps" (bps kbps Mbps Gbps Tbps) */
    FIELD_BYTE_RATE, /* double bytes per second; "12 GB/s" */
    FIELD_CADENCE,   /* struct field_cadence; "1 epoch", "10 iterations", "5 s" */
    FIELD_OBJECT,    /* an embedded struct at `offset`, described by `fields` */
    FIELD_CHOICE,    /* struct plugin_choice; {"name": "sgp", ...params} or just "sgp".  With
                        `fields`, the same JSON object also takes these keys, common to the family;
                        their offsets count from the plugin_choice, the first member of a struct
                        of item_size bytes */
    FIELD_LIST,      /* struct field_list of structs described by `fields`, `item_size` */
    FIELD_REALS,     /* struct field_reals: a list of finite numbers */
};

enum field_cadence_unit { FIELD_PER_ITERATIONS, FIELD_PER_EPOCHS, FIELD_PER_SECONDS };

struct field_cadence {
    enum field_cadence_unit unit;
    double value;
};

struct field_list {
    void *items; /* count structs of item_size bytes, in the arena */
    size_t count;
};

struct field_reals {
    double *values;
    size_t count;
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    const char *fallback; /* the default as JSON text; NULL: required; "null": absent, which reads
                             as NaN, INT64_MIN, NULL, an empty choice or an empty list */
    double min, max;      /* inclusive range in base units; min == max == 0: unlimited.
                             FIELD_POSITIVE as min: "greater than 0" */
    const char *help;     /* one sentence with the unit's meaning */
    const char *const *names;               /* FIELD_ENUM: NULL-terminated */
    const struct field *fields;             /* FIELD_OBJECT, FIELD_LIST, FIELD_CHOICE */
    size_t item_size;                       /* FIELD_LIST; FIELD_OBJECT: size of the struct */
    const struct plugin_registry *registry; /* FIELD_CHOICE */
    bool outside_identity; /* true: does not change results (names, threads, trace) and stays out of
                             the run's identity */
};

#define FIELD_POSITIVE DBL_MIN
#define FIELD_AT(type_name, member, field_type, default_text, ...)                                 \
    {                                                                                              \
        .name = #member, .type = field_type, .offset = offsetof(type_name, member),                \
        .fallback = default_text, __VA_ARGS__                                                      \
    }
#define FIELD_END                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static inline bool field_integer_absent(int64_t value)
{
    return value == INT64_MIN;
}
static inline bool field_real_absent(double value)
{
    return isnan(value);
}

const char *field_type_name(enum field_type type); /* "a duration such as \"50 us\"" */
size_t field_count(const struct field *table);
const struct field *field_find(const struct field *table, const char *name);
/* Do two structs of one table hold the same values?  (Scalars and texts; false where the table has
 * sub-tables, choices or lists.) */
bool field_equal(const struct field *table, const void *a, const void *b);
/* The table's key nearest to `name` by edit distance, or NULL when none is near. */
const char *field_nearest(const struct field *table, const char *name);
/* Edit distance (optimal string alignment), for "did you mean". */
size_t field_edit_distance(const char *a, const char *b);
/* One step of a search for the name nearest to `name`: true, and *distance updated, when
 * `candidate` is near enough to suggest (a third of the letters wrong at most, one always) and
 * nearer than *distance, which starts at SIZE_MAX. */
bool field_is_nearer(const char *name, const char *candidate, size_t *distance);

/* Reads "229 ms", "102.4 MB", "10 Gbps", ... into base units.  Returns false when the text is no
 * such quantity. */
bool field_parse_quantity(enum field_type type, const char *text, double *value);
bool field_parse_cadence(const char *text, struct field_cadence *cadence);

#endif
