/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Field tables: quantities, cadences, look-up and near names.
 */
#include "core/field.h"

#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/plugin.h"
#include "core/rng.h"
#include "testing.h"

struct quantity {
    enum field_type type;
    const char *text;
    double value;
};

/* The right-hand sides are what the C compiler makes of the same decimal. */
static const struct quantity valid[] = {
    {FIELD_DURATION, "229 ms", 0.229},
    {FIELD_DURATION, "81.92 ms", 0.08192},
    {FIELD_DURATION, "50 us", 50e-6},
    {FIELD_DURATION, "50us", 50e-6},
    {FIELD_DURATION, "0.1 us", 1e-7},
    {FIELD_DURATION, "1e3 us", 1e-3},
    {FIELD_DURATION, "1.5E+3 us", 1.5e-3},
    {FIELD_DURATION, "25e-1 ns", 2.5e-9},
    {FIELD_DURATION, "7 ps", 7e-12},
    {FIELD_DURATION, "5  s", 5},
    {FIELD_DURATION, "0 s", 0},
    {FIELD_DURATION, "-5 ms", -5e-3},
    {FIELD_DURATION, "1.5 min", 90},
    {FIELD_DURATION, "2 h", 7200},
    {FIELD_DURATION, "1e-400 s", 0},
    {FIELD_BYTES, "102.4 MB", 102400000},
    {FIELD_BYTES, "1 B", 1},
    {FIELD_BYTES, "3 kB", 3000},
    {FIELD_BYTES, "2 GB", 2e9},
    {FIELD_BYTES, "1 TB", 1e12},
    {FIELD_BYTES, "4 KiB", 4096},
    {FIELD_BYTES, "1.3 KiB", 1331},
    {FIELD_BYTES, "0.5 MiB", 524288},
    {FIELD_BYTES, "1 GiB", 1073741824},
    {FIELD_BANDWIDTH, "10 Gbps", 1e10},
    {FIELD_BANDWIDTH, "0.8 Tbps", 8e11},
    {FIELD_BANDWIDTH, "56 kbps", 56e3},
    {FIELD_BANDWIDTH, "9600 bps", 9600},
    {FIELD_BANDWIDTH, "100 Mbps", 1e8},
    {FIELD_BYTE_RATE, "12 GB/s", 12e9},
    {FIELD_BYTE_RATE, "1 MiB/s", 1048576},
    {FIELD_REAL, "0.1", 0.1},
    {FIELD_REAL, "-12.5e2", -1250},
};

static const struct quantity invalid[] = {
    {FIELD_DURATION, "", 0},
    {FIELD_DURATION, "ms", 0},
    {FIELD_DURATION, "5", 0},
    {FIELD_DURATION, "5 xs", 0},
    {FIELD_DURATION, "5 Ms", 0},
    {FIELD_DURATION, "5 MS", 0},
    {FIELD_DURATION, "5 ms ", 0},
    {FIELD_DURATION, " 5 ms", 0},
    {FIELD_DURATION, "5 ms x", 0},
    {FIELD_DURATION, "5\tms", 0},
    {FIELD_DURATION, "0x10 ms", 0},
    {FIELD_DURATION, "inf s", 0},
    {FIELD_DURATION, "nan s", 0},
    {FIELD_DURATION, "infinity", 0},
    {FIELD_DURATION, "1e999 s", 0},
    {FIELD_DURATION, "1e308 h", 0},
    {FIELD_DURATION, "1,5 s", 0},
    {FIELD_DURATION, "1. s", 0},
    {FIELD_DURATION, ".5 s", 0},
    {FIELD_DURATION, "01 s", 0},
    {FIELD_DURATION, "+1 s", 0},
    {FIELD_DURATION, "--1 s", 0},
    {FIELD_DURATION, "1e s", 0},
    {FIELD_DURATION, "1e+ s", 0},
    {FIELD_DURATION, "- s", 0},
    {FIELD_DURATION, "5 MB", 0},
    {FIELD_DURATION, "1.2.3 s", 0},
    {FIELD_DURATION, "1 2 s", 0},
    {FIELD_BYTES, "10 Mb", 0},
    {FIELD_BYTES, "10 GBps", 0},
    {FIELD_BYTES, "1e19 B", 0},
    {FIELD_BYTES, "9223372036854775808 B", 0},
    {FIELD_BANDWIDTH, "10 GB/s", 0},
    {FIELD_BANDWIDTH, "10 gbps", 0},
    {FIELD_BYTE_RATE, "12 Gbps", 0},
    {FIELD_REAL, "1 s", 0},
    {FIELD_REAL, "1e999", 0},
    {FIELD_REAL, "NaN", 0},
    {FIELD_DURATION, "1e99999999999999999999 s", 0},
    {FIELD_STRING, "5 s", 0},
    {FIELD_INTEGER, "5", 0},
    {FIELD_CADENCE, "5 s", 0},
};

static void check_quantities(void)
{
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++) {
        double value = -77;

        ck_assert_msg(field_parse_quantity(valid[i].type, valid[i].text, &value), "\"%s\"",
                      valid[i].text);
        ck_assert_msg(value == valid[i].value, "\"%s\" reads %.17g", valid[i].text, value);
    }
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        double value = -77;

        ck_assert_msg(!field_parse_quantity(invalid[i].type, invalid[i].text, &value), "\"%s\"",
                      invalid[i].text);
        ck_assert_double_eq(value, -77);
    }
}

START_TEST(quantities_are_read_strictly)
{
    check_quantities();
}
END_TEST

START_TEST(quantities_ignore_the_locale)
{
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};

    /* Without such a locale on the machine this repeats the test before. */
    for (size_t i = 0; i < sizeof commas / sizeof commas[0]; i++)
        if (setlocale(LC_ALL, commas[i]) != NULL)
            break;
    check_quantities();
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(long_numbers_are_read_or_refused)
{
    char text[2000];
    double value;

    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    strcpy(text + 150, "5 s");
    ck_assert(field_parse_quantity(FIELD_DURATION, text, &value));
    ck_assert_double_eq(value, 5e-149);
    memset(text, '1', sizeof text);
    strcpy(text + 1900, " s");
    ck_assert(!field_parse_quantity(FIELD_DURATION, text, &value));
}
END_TEST

START_TEST(cadences_have_three_units)
{
    static const struct {
        const char *text;
        struct field_cadence cadence;
    } rows[] = {
        {"1 epoch", {FIELD_PER_EPOCHS, 1}},
        {"0.5 epochs", {FIELD_PER_EPOCHS, 0.5}},
        {"10 iterations", {FIELD_PER_ITERATIONS, 10}},
        {"1 iteration", {FIELD_PER_ITERATIONS, 1}},
        {"5 s", {FIELD_PER_SECONDS, 5}},
        {"250 ms", {FIELD_PER_SECONDS, 0.25}},
    };
    static const char *const none[] = {"",          "epoch", "1",         "0 epochs",
                                       "-1 epochs", "0 s",   "1 epochss", "1.5 iterations",
                                       "inf s",     "1 MB"};
    struct field_cadence cadence;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(field_parse_cadence(rows[i].text, &cadence), "\"%s\"", rows[i].text);
        ck_assert_int_eq(cadence.unit, rows[i].cadence.unit);
        ck_assert_double_eq(cadence.value, rows[i].cadence.value);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_msg(!field_parse_cadence(none[i], &cadence), "\"%s\"", none[i]);
}
END_TEST

/* The recursion of the definition, without a table. */
static size_t osa_by_recursion(const char *a, size_t i, const char *b, size_t j)
{
    size_t best, other;

    if (i == 0 || j == 0)
        return i + j;
    best = osa_by_recursion(a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    other = osa_by_recursion(a, i - 1, b, j) + 1;
    best = other < best ? other : best;
    other = osa_by_recursion(a, i, b, j - 1) + 1;
    best = other < best ? other : best;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        other = osa_by_recursion(a, i - 2, b, j - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void random_word(struct rng *rng, char *word)
{
    size_t length = rng_next(rng) % 6;

    for (size_t i = 0; i < length; i++)
        word[i] = (char)('a' + rng_next(rng) % 3);
    word[length] = '\0';
}

START_TEST(edit_distance_counts_swaps)
{
    struct rng rng;

    ck_assert_uint_eq(field_edit_distance("kitten", "sitting"), 3);
    ck_assert_uint_eq(field_edit_distance("ca", "abc"), 3); /* 2 without the restriction */
    ck_assert_uint_eq(field_edit_distance("ab", "ba"), 1);
    ck_assert_uint_eq(field_edit_distance("", "abc"), 3);
    ck_assert_uint_eq(field_edit_distance("abc", ""), 3);
    ck_assert_uint_eq(field_edit_distance("", ""), 0);
    rng_open(&rng, 5, RNG_TEST, 0, 0, 0);
    for (int i = 0; i < 500; i++) {
        char a[8], b[8];

        random_word(&rng, a);
        random_word(&rng, b);
        ck_assert_uint_eq(field_edit_distance(a, b), osa_by_recursion(a, strlen(a), b, strlen(b)));
    }
}
END_TEST

struct sample {
    int64_t steps;
    double momentum, weight_decay;
};

static const struct field sample_fields[] = {
    FIELD_AT(struct sample, steps, FIELD_INTEGER, "10", .help = "steps"),
    FIELD_AT(struct sample, momentum, FIELD_REAL, "0.9", .min = 0, .max = 1, .help = "beta"),
    FIELD_AT(struct sample, weight_decay, FIELD_REAL, NULL, .help = "lambda"),
    FIELD_END,
};

START_TEST(tables_are_searched)
{
    ck_assert_uint_eq(field_count(sample_fields), 3);
    ck_assert_uint_eq(field_count(NULL), 0);
    ck_assert_ptr_eq(field_find(sample_fields, "momentum"), &sample_fields[1]);
    ck_assert_ptr_null(field_find(sample_fields, "Momentum"));
    ck_assert_ptr_null(field_find(NULL, "momentum"));
    ck_assert_str_eq(field_nearest(sample_fields, "momentun"), "momentum");
    ck_assert_str_eq(field_nearest(sample_fields, "wieght_decay"), "weight_decay");
    ck_assert_str_eq(field_nearest(sample_fields, "step"), "steps");
    ck_assert_ptr_null(field_nearest(sample_fields, "topology"));
    ck_assert_ptr_null(field_nearest(sample_fields, ""));
    ck_assert_ptr_null(field_nearest(NULL, "steps"));
    ck_assert(field_integer_absent(INT64_MIN));
    ck_assert(field_real_absent(NAN));
    for (int type = FIELD_BOOL; type <= FIELD_REALS; type++)
        ck_assert_uint_gt(strlen(field_type_name((enum field_type)type)), 3);
}
END_TEST

START_TEST(huge_names_are_near_none)
{
    size_t length = 10000000;
    char *name = malloc(length + 1);

    ck_assert_ptr_nonnull(name);
    memset(name, 'm', length);
    name[length] = '\0';
    ck_assert_ptr_null(field_nearest(sample_fields, name));
    free(name);
}
END_TEST

static const struct plugin ring = {.name = "ring"}, torus = {.name = "torus"};
static const struct plugin *const graphs[] = {&ring, &torus, NULL};
static const struct plugin_registry registry = {"topology", "topologies", graphs};

START_TEST(registries_are_searched)
{
    ck_assert_ptr_eq(plugin_find(&registry, "torus"), &torus);
    ck_assert_ptr_null(plugin_find(&registry, "Torus"));
    ck_assert_str_eq(plugin_nearest(&registry, "tours"), "torus");
    ck_assert_str_eq(plugin_nearest(&registry, "rings"), "ring");
    ck_assert_ptr_null(plugin_nearest(&registry, "hypercube"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("field");
    TCase *cases = tcase_create("field");

    tcase_add_test(cases, quantities_are_read_strictly);
    tcase_add_test(cases, quantities_ignore_the_locale);
    tcase_add_test(cases, long_numbers_are_read_or_refused);
    tcase_add_test(cases, cadences_have_three_units);
    tcase_add_test(cases, edit_distance_counts_swaps);
    tcase_add_test(cases, tables_are_searched);
    tcase_add_test(cases, huge_names_are_near_none);
    tcase_add_test(cases, registries_are_searched);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
