/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parameter servers under random gradient times, against the expectations of Dutta et al. (AISTATS
 * 2018), order statistics and renewal theory.  Messages take no time.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "play.h"
#include "testing.h"

#define P     8
#define MEAN  0.1  /* s, of a gradient, whatever its distribution */
#define SHIFT 0.04 /* s, the least time of shifted ones */

static const char random_text[] =
    "{\"nodes\": 8, \"seed\": 11, \"algorithm\": \"parameter-server\","
    " \"network\": {\"model\": \"ideal\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"0 B\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 8},"
    " \"stop\": {\"epochs\": 6000}, \"metrics\": {\"every\": \"6000 epochs\"},"
    " \"trace\": {\"level\": \"none\"}}";

static const char exponential[] = "{\"name\": \"exponential\", \"mean\": \"100 ms\"}";
static const char shifted[] =
    "{\"name\": \"shifted-exponential\", \"mean\": \"60 ms\", \"shift\": \"40 ms\"}";
static const char lognormal[] = "{\"name\": \"lognormal\", \"mean\": \"100 ms\", \"cv\": 0.8}";
static const char two_mode[] = "{\"name\": \"two-mode\", \"fast\": \"50 ms\", "
                               "\"slow\": \"300 ms\", \"probability\": 0.2}";

static const char pareto[] = "{\"name\": \"pareto\", \"scale\": \"75 ms\", \"shape\": 4}";

static struct play play_random(const char *algorithm, const char *time)
{
    char one[128], two[160];
    snprintf(one, sizeof one, "algorithm=%s", algorithm);
    snprintf(two, sizeof two, "compute.gradient_time=%s", time);
    const char *set[] = {one, two, NULL};
    struct play play = play_text(random_text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

/* H_n - H_k: the mean of the (n - k)-th of n exponential times of mean 1. */
static double harmonic(int n, int k)
{
    double sum = 0;
    for (int i = k + 1; i <= n; i++)
        sum += 1.0 / i;
    return sum;
}

/* The k-th of n Pareto times, the least 75 ms, tail exponent 4: in the mean
 * 75 ms n! Gamma(n - k + 1 - 1/4) / ((n - k)! Gamma(n + 1 - 1/4)). */
static double pareto_order_s(int n, int k)
{
    return 0.075 * exp(lgamma(n + 1) + lgamma(n - k + 0.75) - lgamma(n - k + 1) - lgamma(n + 0.75));
}

/* P(fewer than k of n are at most t), when each is with probability `share`. */
static double fewer(int n, int k, double share)
{
    double sum = 0;
    for (int j = 0; j < k; j++)
        sum += exp(lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1)) * pow(share, j) *
               pow(1 - share, n - j);
    return sum;
}

/* The mean of the k-th of n lognormal times of mean 100 ms and variation 0.8: the integral of the
 * probability that it is later than t, over t. */
static double lognormal_order_s(int n, int k)
{
    double variance = log1p(0.8 * 0.8), mu = log(MEAN) - variance / 2, sum = 0, dt = 1e-4;
    for (int i = 0; i < 100000; i++)
        sum += dt * fewer(n, k, erfc((mu - log((i + 0.5) * dt)) / sqrt(2 * variance)) / 2);
    return sum;
}

struct time_case {
    const char *algorithm, *time;
    int K; /* gradients in a step */
    int rule;
};
enum { FIRST_OF_ALL, ANY_BATCH };

static double expected_s(const struct time_case *this)
{
    double shift = this->time == shifted ? SHIFT : 0;
    if (this->rule == ANY_BATCH)
        return this->K * MEAN / P;
    if (this->time == pareto)
        return pareto_order_s(P, this->K);
    if (this->time == lognormal)
        return lognormal_order_s(P, this->K);
    return shift + (MEAN - shift) * harmonic(P, P - this->K);
}

START_TEST(steps_take_their_expected_time)
{
    static const struct time_case cases[] = {
        {"parameter-server", exponential, P, FIRST_OF_ALL},
        {"parameter-server", shifted, P, FIRST_OF_ALL},
        {"{\"name\": \"parameter-server\", \"backup\": 2, \"cancel\": true}", shifted, P - 2,
         FIRST_OF_ALL},
        {"parameter-server", lognormal, P, FIRST_OF_ALL},
        {"parameter-server", pareto, P, FIRST_OF_ALL},
        {"ar-sgd", exponential, P, FIRST_OF_ALL},
        {"ar-sgd", pareto, P, FIRST_OF_ALL},
        {"{\"name\": \"parameter-server\", \"backup\": 2, \"cancel\": true}", pareto, P - 2,
         FIRST_OF_ALL},
        {"{\"name\": \"k-sync\", \"K\": 4}", lognormal, 4, FIRST_OF_ALL},
        {"{\"name\": \"k-sync\", \"K\": 4}", exponential, 4, FIRST_OF_ALL},
        {"{\"name\": \"k-sync\", \"K\": 4}", shifted, 4, FIRST_OF_ALL},
        {"{\"name\": \"k-sync\", \"K\": 1}", shifted, 1, FIRST_OF_ALL},
        {"{\"name\": \"k-sync\", \"K\": 4, \"batches\": true}", exponential, 4, ANY_BATCH},
        {"{\"name\": \"k-sync\", \"K\": 8, \"batches\": true}", exponential, 8, ANY_BATCH},
        {"{\"name\": \"k-async\", \"K\": 4}", exponential, 4, FIRST_OF_ALL},
        {"{\"name\": \"k-async\", \"K\": 7}", exponential, 7, FIRST_OF_ALL},
        {"{\"name\": \"k-async\", \"K\": 4, \"batches\": true}", exponential, 4, ANY_BATCH},
        {"{\"name\": \"k-async\", \"K\": 4, \"batches\": true}", lognormal, 4, ANY_BATCH},
        {"{\"name\": \"k-async\", \"K\": 8, \"batches\": true}", two_mode, 8, ANY_BATCH},
        {"async-server", exponential, 1, ANY_BATCH},
        {"async-server", shifted, 1, ANY_BATCH},
        {"async-server", lognormal, 1, ANY_BATCH},
        {"async-server", two_mode, 1, ANY_BATCH},
    };
    const struct time_case *this = &cases[_i];
    struct play play = play_random(this->algorithm, this->time);
    double steps = play.result.summary.epochs * P / this->K; /* an epoch is P gradients */
    double expected = expected_s(this);
    ck_assert_double_eq_tol(play.result.summary.simulated_time_s / steps, expected,
                            0.02 * expected);
    play_free(&play);
}
END_TEST

/* P - 1 whatever the distribution: between a read and its push every other worker pushes once on
 * average.  The first pushes are younger, O(P^2) of them. */
START_TEST(an_asynchronous_gradient_is_n_minus_1_steps_old)
{
    static const char *const times[] = {exponential, shifted, lognormal, two_mode};
    struct play play = play_random("async-server", times[_i]);
    ck_assert_double_eq_tol(play.result.summary.staleness_mean, P - 1, 0.02 * (P - 1));
    play_free(&play);
}
END_TEST

static Suite *theory_suite(void)
{
    Suite *suite = suite_create("servers' theory");
    TCase *theory = tcase_create("theory");
    tcase_add_loop_test(theory, steps_take_their_expected_time, 0, 23);
    tcase_add_loop_test(theory, an_asynchronous_gradient_is_n_minus_1_steps_old, 0, 4);
    suite_add_tcase(suite, theory);
    return suite;
}

int main(void)
{
    return testing_run(theory_suite());
}
