/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encoded sizes: what a rule charges for a vector against an encoder written here, which packs
 * what the rule has sent into bits; and sizes of declared dimensions worked out by hand.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compressor_support.h"
#include "testing.h"

#define D 700

/* ---- A packer of bits, and Elias' omega code. ---- */

struct bits {
    unsigned char bit[400 * D]; /* one a byte */
    size_t count, at;
};

static void write_bits(struct bits *bits, uint64_t value, unsigned count)
{
    while (count-- > 0)
        bits->bit[bits->count++] = value >> count & 1;
}

static uint64_t read_bits(struct bits *bits, unsigned count)
{
    uint64_t value = 0;
    while (count-- > 0)
        value = value << 1 | bits->bit[bits->at++];
    return value;
}

/* Elias, "Universal codeword sets", 1975: groups in front of a 0, each the binary form of a number
 * whose length less 1 is the group before. */
static void write_omega_groups(struct bits *bits, uint64_t number)
{
    unsigned length = 1;
    if (number == 1)
        return;
    while (number >> length)
        length++;
    write_omega_groups(bits, length - 1);
    write_bits(bits, number, length);
}

static void write_omega(struct bits *bits, uint64_t number)
{
    write_omega_groups(bits, number);
    write_bits(bits, 0, 1);
}

static uint64_t read_omega(struct bits *bits)
{
    uint64_t number = 1;
    while (bits->bit[bits->at]) {
        unsigned length = (unsigned)number;
        number = read_bits(bits, length + 1);
    }
    bits->at++;
    return number;
}

static void write_real(struct bits *bits, double value, unsigned real_bits)
{
    float narrow = (float)value;
    uint64_t word = 0;
    if (real_bits == 32)
        memcpy(&word, &narrow, 4);
    else
        memcpy(&word, &value, 8);
    write_bits(bits, word, real_bits);
}

static unsigned width(uint64_t largest)
{
    unsigned bits = 0;
    for (; largest > 0; largest >>= 1)
        bits++;
    return bits;
}

START_TEST(the_tests_omega_code_is_readable)
{
    struct bits *bits = calloc(1, sizeof *bits);
    for (uint64_t n = 1; n < 300; n++)
        write_omega(bits, n * n);
    for (uint64_t n = 1; n < 300; n++)
        ck_assert_uint_eq(read_omega(bits), n * n);
    free(bits);
}
END_TEST

/* ---- Encoders. ---- */

/* Indices up to D - 1, then the value. */
static void encode_sparse(struct bits *bits, const double *sent, unsigned real_bits)
{
    for (size_t i = 0; i < D; i++)
        if (sent[i] != 0) {
            write_bits(bits, i, width(D - 1));
            write_real(bits, sent[i], real_bits);
        }
}

static double norm_of(const double *v, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

/* Levels of one bucket from what was sent. */
static void encode_levels(struct bits *bits, const double *sent, double norm, double levels,
                          size_t count, int encoding)
{
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t level = (uint64_t)llround(fabs(sent[i]) / norm * levels);
        if (encoding == 0) {
            write_bits(bits, sent[i] < 0, 1);
            write_bits(bits, level, width((uint64_t)levels));
        } else if (encoding == 1 && level > 0) {
            write_omega(bits, i + 1 - last);
            write_bits(bits, sent[i] < 0, 1);
            write_omega(bits, level);
            last = i + 1;
        } else if (encoding == 2) {
            write_omega(bits, level + 1);
            if (level > 0)
                write_bits(bits, sent[i] < 0, 1);
        }
    }
}

static int64_t bytes(const struct bits *bits)
{
    return (int64_t)(bits->count + 7) / 8;
}

static void fill(double *v, enum numeric_precision precision, uint64_t seed)
{
    for (size_t i = 0; i < D; i++)
        v[i] = rounded(precision, normal(&seed));
}

static struct compressor_wire same_wire(enum numeric_precision precision)
{
    return (struct compressor_wire){D, precision == NUMERIC_FLOAT32 ? 32 : 64, NULL, 0};
}

START_TEST(sparse_rules_charge_values_and_indices)
{
    static const struct rule rules[] = {{"top-k", {"ratio", "0.03"}},
                                        {"random-k", {"ratio", "0.03", "common_seed", "false"}},
                                        {"threshold", {"threshold", "1.5"}}};
    enum numeric_precision precision = _i % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64;
    struct compressor_config config = choose(&rules[_i / 2]);
    struct compressor_wire wire = same_wire(precision);
    struct run run = {.precision = precision};
    struct bits *bits = calloc(1, sizeof *bits);
    double v[D], sent[D];
    fill(v, precision, 4);
    compress(&config, &run, v, sent, D);
    encode_sparse(bits, sent, wire.real_bits);
    double measure[2] = {0, run.measure};
    ck_assert_int_gt(bytes(bits), 0);
    ck_assert_int_eq(compressor_measured_bytes(&config, &wire, D, measure), bytes(bits));
    if (_i / 2 < 2)
        ck_assert_int_eq(compressor_bytes(&config, &wire), bytes(bits));
    else
        ck_assert_int_eq(compressor_bytes(&config, &wire), -1);
    free(bits);
}
END_TEST

/* QSGD with a norm a bucket; the last bucket is short. */
START_TEST(qsgd_charges_its_codes)
{
    static const char *const encodings[] = {"\"fixed\"", "\"elias\"", "\"elias-dense\""};
    static const char *const levels[] = {"1", "5", "64"};
    int encoding = _i % 3;
    size_t bucket = _i >= 9 ? 300 : D;
    double s = strtod(levels[_i / 3 % 3], NULL), v[D], sent[D];
    struct rule rule = {"qsgd", {"levels", levels[_i / 3 % 3], "encoding", encodings[encoding]}};
    if (bucket < D)
        rule.params[4] = "bucket_size", rule.params[5] = "300";
    struct compressor_config config = choose(&rule);
    struct compressor_wire wire = same_wire(NUMERIC_FLOAT64);
    struct run run = {.precision = NUMERIC_FLOAT64};
    struct bits *bits = calloc(1, sizeof *bits);
    fill(v, run.precision, 6);
    compress(&config, &run, v, sent, D);
    for (size_t first = 0; first < D; first += bucket) {
        size_t count = D - first < bucket ? D - first : bucket;
        double norm = norm_of(v + first, count);
        write_real(bits, norm, 64);
        encode_levels(bits, sent + first, norm, s, count, encoding);
    }
    double measure[2] = {0, run.measure};
    bool depends = compressor_traits(&config, false) & COMPRESSOR_NEEDS_VALUES;
    ck_assert(depends == (encoding != 0));
    ck_assert_int_eq(compressor_bytes(&config, &wire), encoding ? -1 : bytes(bits));
    ck_assert_int_eq(compressor_measured_bytes(&config, &wire, D, measure), bytes(bits));
    free(bits);
}
END_TEST

/* ---- Declared dimensions, by hand. ---- */

/* 25 600 000 parameters of 32 bits (102.4 MB): 25 bits an index.  1 % of them are 256 000. */
START_TEST(declared_sizes_by_hand)
{
    static const struct {
        struct rule rule;
        int64_t bytes;
    } cases[] = {
        {{"none", {NULL}}, 102400000},
        {{"top-k", {"ratio", "0.01"}}, 256000 * (32 + 25) / 8},
        {{"top-k", {"ratio", "1e-9"}}, 8}, /* one element, 57 bits */
        {{"random-k", {"ratio", "0.01"}}, 256000 * 4},
        {{"random-k", {"ratio", "0.01", "common_seed", "false"}}, 256000 * (32 + 25) / 8},
        {{"threshold", {"threshold", "1"}}, -1},
        {{"threshold", {"threshold", "1", "declared_ratio", "0.01"}}, 256000 * (32 + 25) / 8},
        {{"qsgd", {"levels", "7"}}, 4 + 12800000},         /* a norm; 4 bits an element */
        {{"qsgd", {"levels", "8"}}, 4 + 25600000 / 8 * 5}, /* 9 levels: 4 bits and a sign */
        {{"qsgd", {"bucket_size", "512"}}, 4 * 50000 + 12800000},
        {{"qsgd", {"encoding", "\"elias\""}}, -1},
        {{"terngrad", {NULL}}, 4 + 6400000},
        {{"sign", {"scale", "\"none\""}}, 3200000},
        {{"sign", {NULL}}, 4 + 3200000},
        {{"one-bit", {"scope", "\"vector\""}}, 8 + 3200000},
        {{"one-bit", {NULL}}, 5060 * 8 + 3200000}, /* 5060 x 5060 >= 25.6 M > 5059 x 5059 */
        {{"fp16", {NULL}}, 51200000},
        {{"bf16", {NULL}}, 51200000},
        {{"power-sgd", {"rank", "2"}}, 2 * (5060 + 5060) * 4},
        {{"power-sgd", {"rank", "4096"}}, 102400000}, /* factors would be larger */
    };
    struct compressor_wire wire = {25600000, 32, NULL, 0};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct compressor_config config = choose(&cases[c].rule);
        ck_assert_msg(compressor_bytes(&config, &wire) == cases[c].bytes, "%s %s: %lld bytes",
                      cases[c].rule.name, cases[c].rule.params[1],
                      (long long)compressor_bytes(&config, &wire));
    }
    ck_assert_int_eq(
        compressor_bytes(&(struct compressor_config){.memory = COMPRESSOR_FORGETS}, &wire),
        102400000);
}
END_TEST

/* A message_size below one element declares no dimension: whatever the rule, nothing is sent. */
START_TEST(nothing_declared_takes_nothing)
{
    static const struct rule rules[] = {
        {"none", {NULL}},
        {"top-k", {"ratio", "0.01"}},
        {"random-k", {"ratio", "0.01"}},
        {"threshold", {"threshold", "1"}},
        {"qsgd", {NULL}},
        {"qsgd", {"encoding", "\"elias\""}},
        {"terngrad", {NULL}},
        {"sign", {NULL}},
        {"one-bit", {NULL}},
        {"fp16", {NULL}},
        {"power-sgd", {"rank", "2"}},
    };
    const struct compressor_wire wire = {0, 32, NULL, 0};
    const double measure[COMPRESSOR_MEASURES] = {0, 100};
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        struct compressor_config config = choose(&rules[r]);
        ck_assert_int_eq(compressor_bytes(&config, &wire), 0);
        ck_assert_int_eq(compressor_measured_bytes(&config, &wire, D, measure), 0);
        if (compressor_traits(&config, true) & COMPRESSOR_FACTORED)
            ck_assert_int_eq(compressor_factor_bytes(&config, &wire, 0), 0);
    }
}
END_TEST

/* Layers of the wire: 40 x 30, its bias, 10 x 40, its bias: 1650 elements.  PowerSGD of rank 2
 * sends 2 (40 + 30) and 2 (10 + 40) numbers and the biases; of rank 8 the second matrix as it is,
 * since 8 (10 + 40) is not below 400. */
START_TEST(layers_of_the_wire_count)
{
    static const struct objective_layer layers[] = {
        {0, 1200, false, 40}, {1200, 40, true, 0}, {1240, 400, false, 10}, {1640, 10, true, 0}};
    static const struct {
        struct rule rule;
        int64_t bytes;
    } cases[] = {
        {{"terngrad", {NULL}}, (1650 * 2 + 4 * 32 + 7) / 8},
        {{"sign", {"scope", "\"layer\""}}, (1650 + 4 * 32 + 7) / 8},
        {{"one-bit", {NULL}}, (1650 + 2 * 32 * (30 + 1 + 40 + 1) + 7) / 8},
        {{"power-sgd", {"rank", "2"}}, 4 * (2 * 70 + 40 + 2 * 50 + 10)},
        {{"power-sgd", {"rank", "8"}}, 4 * (8 * 70 + 40 + 400 + 10)},
    };
    struct compressor_wire wire = {1650, 32, layers, 4};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct compressor_config config = choose(&cases[c].rule);
        ck_assert_int_eq(compressor_bytes(&config, &wire), cases[c].bytes);
    }
    struct compressor_config power = choose(&cases[3].rule);
    ck_assert_int_eq(compressor_factor_bytes(&power, &wire, 0), 4 * (2 * 40 + 40 + 2 * 10 + 10));
    ck_assert_int_eq(compressor_factor_bytes(&power, &wire, 1), 4 * (2 * 30 + 2 * 40));
}
END_TEST

/* Bits of indices: 1 of 1 element needs none, of 2 one, of 1024 ten, of 1025 eleven. */
START_TEST(indices_take_the_logarithm_rounded_up)
{
    static const uint64_t dimension[] = {1, 2, 3, 1024, 1025, UINT64_C(1) << 40};
    static const int64_t size[] = {4, 5, 5, 6, 6, 9};
    struct compressor_config config = choose(&(struct rule){"top-k", {"ratio", "1e-13"}});
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(
            compressor_bytes(&config, &(struct compressor_wire){dimension[i], 32, NULL, 0}),
            size[i]);
}
END_TEST

/* 5 % sent of the small model are 5 % of the declared one; nothing executed is no size. */
START_TEST(measured_shares_carry_over)
{
    struct compressor_config config = choose(&(struct rule){"threshold", {"threshold", "1"}});
    struct compressor_config elias = choose(&(struct rule){"qsgd", {"encoding", "\"elias\""}});
    struct compressor_wire wire = {1000000, 32, NULL, 0};
    ck_assert_int_eq(compressor_measured_bytes(&config, &wire, 200, (double[]){0, 10}),
                     50000 * (32 + 20) / 8);
    ck_assert_int_eq(compressor_measured_bytes(&config, &wire, 200, (double[]){0, 0}), 0);
    ck_assert_int_eq(compressor_measured_bytes(&elias, &wire, 200, (double[]){0, 500}),
                     4 + 2500000 / 8);
    ck_assert_int_eq(compressor_measured_bytes(&elias, &wire, 200, (double[]){NAN, NAN}), -1);
    /* The first number counts 2^20s. */
    wire.dimension = 4000000;
    ck_assert_int_eq(compressor_measured_bytes(&config, &wire, 4000000, (double[]){2, 3}),
                     (2 * 1048576 + 3) * (32 + 22) / 8 + 1);
}
END_TEST

/* The measure through the plan, in the precision that holds the fewest digits. */
START_TEST(plans_measure)
{
    static const struct objective_ops no_model;
    struct compressor_config config = choose(&(struct rule){"threshold", {"threshold", "1.5"}});
    struct plan_config setting = {
        .backend = &backend_cpu_ops,
        .objective = {.ops = &no_model, .dimension = D, .precision = NUMERIC_FLOAT32},
        .threads = 1,
        .memory_budget_bytes = INT64_MAX,
    };
    struct plan *plan;
    double v[D], sent[D], measure[2], kept = 0;
    fill(v, NUMERIC_FLOAT32, 4);
    ck_assert(plan_create(&plan, &setting, NULL) == STATUS_OK);
    struct compressor_message message = {
        .vector = plan_vector(plan, D, false),
        .measure = plan_vector(plan, COMPRESSOR_MEASURES, false),
    };
    ck_assert(plan_write(plan, plan_whole(message.vector), v, NULL) == STATUS_OK);
    uint32_t decoded = compressor_record(plan, &config, &message);
    ck_assert(plan_read(plan, plan_whole(message.measure), measure, NULL) == STATUS_OK);
    ck_assert(plan_read(plan, plan_whole(decoded), sent, NULL) == STATUS_OK);
    for (size_t i = 0; i < D; i++)
        kept += sent[i] != 0;
    ck_assert_double_gt(kept, 0);
    ck_assert_double_eq(measure[0], 0);
    ck_assert_double_eq(measure[1], kept);
    plan_free(plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compressor sizes");
    TCase *tests = tcase_create("sizes");
    tcase_add_test(tests, the_tests_omega_code_is_readable);
    tcase_add_loop_test(tests, sparse_rules_charge_values_and_indices, 0, 6);
    tcase_add_loop_test(tests, qsgd_charges_its_codes, 0, 18);
    tcase_add_test(tests, declared_sizes_by_hand);
    tcase_add_test(tests, nothing_declared_takes_nothing);
    tcase_add_test(tests, layers_of_the_wire_count);
    tcase_add_test(tests, indices_take_the_logarithm_rounded_up);
    tcase_add_test(tests, measured_shares_carry_over);
    tcase_add_test(tests, plans_measure);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
