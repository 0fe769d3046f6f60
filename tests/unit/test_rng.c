/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random streams: the published vectors of Random123 (its file kat_vectors), independence of
 * streams, and moments of GSL's distributions on them.
 */
#include "core/rng.h"
#include "testing.h"

#include <check.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

struct vector {
    uint64_t counter[4], key[2], words[4];
};

static const struct vector vectors[] = {
    {{0, 0, 0, 0},
     {0, 0},
     {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
    {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
     {UINT64_MAX, UINT64_MAX},
     {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
    {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
     {0x452821e638d01377, 0xbe5466cf34e90c6c},
     {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
};

START_TEST(words_are_the_published_ones)
{
    for (size_t v = 0; v < sizeof vectors / sizeof vectors[0]; v++) {
        struct rng rng;

        rng_open(&rng, 0, RNG_TEST, 0, 0, 0);
        memcpy(rng.counter, vectors[v].counter, sizeof rng.counter);
        memcpy(rng.key, vectors[v].key, sizeof rng.key);
        for (size_t w = 0; w < 4; w++)
            ck_assert_uint_eq(rng_next(&rng), vectors[v].words[w]);
    }
}
END_TEST

/* The layout that every stored result depends on. */
START_TEST(name_is_key_and_counter)
{
    struct rng named, direct;

    rng_open(&named, 11, RNG_NETWORK, 5, 22, 33);
    rng_open(&direct, 0, RNG_TEST, 0, 0, 0);
    direct.key[0] = 11;
    direct.key[1] = (uint64_t)7 << 32 | 5;
    direct.counter[0] = 0;
    direct.counter[1] = 22;
    direct.counter[2] = 33;
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(rng_next(&named), rng_next(&direct));
}
END_TEST

START_TEST(gsl_generator_is_the_same)
{
    gsl_rng *rng = gsl_rng_alloc(&rng_philox), *clone;
    struct rng named;

    gsl_rng_set(rng, 0);
    for (size_t w = 0; w < 4; w++)
        ck_assert_uint_eq(gsl_rng_get(rng), vectors[0].words[w]);
    clone = gsl_rng_clone(rng);
    for (int i = 0; i < 10; i++)
        ck_assert_uint_eq(gsl_rng_get(rng), gsl_rng_get(clone));
    ck_assert_uint_eq(gsl_rng_max(rng), UINT64_MAX);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_lt(gsl_rng_uniform_int(rng, 10), 10);
    gsl_rng_free(clone);
    gsl_rng_free(rng);

    rng_open(&named, 0, RNG_TEST, 0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        double u = gsl_rng_uniform(&named.gsl);

        ck_assert(u >= 0 && u < 1);
    }
    /* 53 bits: the greatest word gives the double below 1. */
    named.used = 3;
    named.block[3] = UINT64_MAX;
    ck_assert_double_eq(rng_uniform(&named), nextafter(1, 0));
}
END_TEST

/* Streams that differ in one coordinate of the name. */
static gsl_rng *open_variant(struct rng *rng, unsigned variant)
{
    return rng_open(rng, 1 + (variant == 1), variant == 2 ? RNG_DATA : RNG_TEST, variant == 3,
                    variant == 4, variant == 5);
}

START_TEST(streams_are_independent)
{
    enum { VARIANTS = 6, DRAWS = 20000 };

    for (unsigned a = 0; a < VARIANTS; a++)
        for (unsigned b = 0; b < a; b++) {
            struct rng x, y;
            double sum = 0;

            open_variant(&x, a);
            open_variant(&y, b);
            for (int i = 0; i < DRAWS; i++)
                sum += (rng_uniform(&x) - 0.5) * (rng_uniform(&y) - 0.5);
            /* Variance of a product of two centred uniforms: 1/144. */
            ck_assert_double_lt(fabs(sum), 5 * sqrt(DRAWS / 144.0));
        }
}
END_TEST

START_TEST(other_streams_do_not_disturb)
{
    struct rng x, y;
    uint64_t alone[10];

    rng_open(&x, 1, RNG_TEST, 0, 0, 0);
    for (int i = 0; i < 10; i++)
        alone[i] = rng_next(&x);
    rng_open(&x, 1, RNG_TEST, 0, 0, 0);
    rng_open(&y, 1, RNG_TEST, 0, 1, 0);
    for (int i = 0; i < 10; i++) {
        rng_next(&y);
        ck_assert_uint_eq(rng_next(&x), alone[i]);
        rng_next(&y);
    }
}
END_TEST

struct moments {
    double mean, variance;
};

static struct moments sample(double (*draw)(const gsl_rng *rng), uint64_t count)
{
    struct moments moments = {0, 0};

    /* One stream a draw, as the simulator opens them: step by step. */
    for (uint64_t i = 0; i < count; i++) {
        struct rng rng;
        double x = draw(rng_open(&rng, 2024, RNG_TEST, 1, 3, i));
        double delta = x - moments.mean;

        moments.mean += delta / (double)(i + 1);
        moments.variance += delta * (x - moments.mean);
    }
    moments.variance /= (double)(count - 1);
    return moments;
}

static double draw_uniform(const gsl_rng *rng)
{
    return gsl_rng_uniform(rng);
}

static double draw_gaussian(const gsl_rng *rng)
{
    return gsl_ran_gaussian_ziggurat(rng, 2);
}

static double draw_exponential(const gsl_rng *rng)
{
    return gsl_ran_exponential(rng, 3);
}

static double draw_gamma(const gsl_rng *rng)
{
    return gsl_ran_gamma(rng, 4, 0.5);
}

START_TEST(moments_are_those_of_the_distribution)
{
    enum { DRAWS = 100000 };
    static const struct {
        double (*draw)(const gsl_rng *rng);
        double mean, variance, kurtosis; /* textbook */
    } rows[] = {
        {draw_uniform, 0.5, 1 / 12.0, 1.8},
        {draw_gaussian, 0, 4, 3},
        {draw_exponential, 3, 9, 9},
        {draw_gamma, 2, 1, 3 + 6 / 4.0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct moments found = sample(rows[i].draw, DRAWS);
        double mean_error = sqrt(rows[i].variance / DRAWS);
        double variance_error = rows[i].variance * sqrt((rows[i].kurtosis - 1) / DRAWS);

        ck_assert_double_le_tol(fabs(found.mean - rows[i].mean), 5 * mean_error, 0);
        ck_assert_double_le_tol(fabs(found.variance - rows[i].variance), 5 * variance_error, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rng");
    TCase *cases = tcase_create("rng");

    tcase_add_test(cases, words_are_the_published_ones);
    tcase_add_test(cases, name_is_key_and_counter);
    tcase_add_test(cases, gsl_generator_is_the_same);
    tcase_add_test(cases, streams_are_independent);
    tcase_add_test(cases, other_streams_do_not_disturb);
    tcase_add_test(cases, moments_are_those_of_the_distribution);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
