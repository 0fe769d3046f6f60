/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CHOCO-SGD and DCD-PSGD: against D-PSGD without compression, against dense recursions with a
 * compressor written here, and times worked out by hand.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define K  40
#define MS 1000000000LL /* ps */

static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"choco-sgd\","
    " \"topology\": \"ring\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 40}, \"trace\": {\"parameters\": \"final\"}}";

static void assert_near(const double *found, const double *expected, size_t count)
{
    ck_assert_double_le(play_difference(found, expected, count), 1e-12);
}

static void assert_same_models(const char *const *left, const char *const *right)
{
    struct play a = play_fine(quadratic_text, left), b = play_fine(quadratic_text, right);
    assert_near(a.rows.x, b.rows.x, N * D);
    play_free(&a);
    play_free(&b);
}

START_TEST(uncompressed_choco_is_d_psgd)
{
    const char *choco[] = {"algorithm.gamma=1", "optimizer={\"name\": \"nesterov\"}", NULL};
    const char *d_psgd[] = {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}",
                            "optimizer={\"name\": \"nesterov\"}", NULL};
    assert_same_models(choco, d_psgd);
}
END_TEST

START_TEST(uncompressed_dcd_is_d_psgd)
{
    const char *dcd[] = {"algorithm=dcd-psgd", "optimizer={\"name\": \"nesterov\"}", NULL};
    const char *d_psgd[] = {"algorithm=d-psgd", "optimizer={\"name\": \"nesterov\"}", NULL};
    assert_same_models(dcd, d_psgd);
}
END_TEST

/* ---- Dense recursions; the compressor keeps the KEPT largest of 7 ---- */

#define KEPT  3
#define TOP_K "compressor={\"name\": \"top-k\", \"ratio\": 0.43}" /* round(0.43 x 7) = 3 */

static void keep_largest(const double v[D], double c[D])
{
    for (int d = 0; d < D; d++) {
        int larger = 0;
        for (int e = 0; e < D; e++)
            larger += fabs(v[e]) > fabs(v[d]);
        c[d] = larger < KEPT ? v[d] : 0;
    }
}

/* a <- a + factor b */
static void add(double a[N][D], double factor, double b[N][D])
{
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            a[i][d] += factor * b[i][d];
}

static void compress_all(double v[N][D], double c[N][D])
{
    for (int i = 0; i < N; i++)
        keep_largest(v[i], c[i]);
}

static void gradients(const struct dense_reference *reference, double x[N][D], double g[N][D])
{
    for (uint32_t i = 0; i < N; i++)
        dense_gradient(reference, i, x[i], g[i]);
}

/* W x with the ring's W. */
static struct dense mixed(double x[N][D])
{
    double p[N][N];
    struct dense result = {.w = {0}};
    memcpy(result.x, x, sizeof result.x);
    dense_ring(p);
    dense_multiply(&result, p);
    return result;
}

START_TEST(choco_follows_its_recursion)
{
    const char *set[] = {"algorithm.gamma=0.3", TOP_K, NULL};
    struct play play = play_fine(quadratic_text, set);
    struct scenario *scenario;
    struct dense s;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &s);
    double copy[N][D] = {{0}}, g[N][D], difference[N][D], q[N][D];
    for (int k = 0; k < K; k++) {
        gradients(&reference, s.x, g);
        add(s.x, -0.05, g);
        memcpy(difference, s.x, sizeof difference);
        add(difference, -1, copy);
        compress_all(difference, q);
        add(copy, 1, q);
        struct dense mixture = mixed(copy);
        add(s.x, 0.3, mixture.x);
        add(s.x, -0.3, copy);
    }
    assert_near(play.rows.x, s.x[0], N * D);
    dense_close(&reference, scenario);
    play_free(&play);
}
END_TEST

START_TEST(dcd_follows_its_recursion)
{
    const char *set[] = {"algorithm=dcd-psgd", TOP_K, NULL};
    struct play play = play_fine(quadratic_text, set);
    struct scenario *scenario;
    struct dense s;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &s);
    double g[N][D], q[N][D];
    for (int k = 0; k < K; k++) {
        gradients(&reference, s.x, g);
        struct dense half = mixed(s.x);
        add(half.x, -0.05, g);
        add(half.x, -1, s.x);
        compress_all(half.x, q);
        add(s.x, 1, q);
    }
    assert_near(play.rows.x, s.x[0], N * D);
    dense_close(&reference, scenario);
    play_free(&play);
}
END_TEST

/*
 * Nodes that agree at the optimum of a common objective stay there only if nothing is invented by
 * the compression; from afar, CHOCO's nodes must agree in the end although each message carries
 * three numbers of seven: the theorem's linear rate, here as consensus below 1e-20 at rate 0.
 */
START_TEST(choco_agrees_on_the_mean)
{
    const char *set[] = {"algorithm.gamma=0.3", TOP_K, "optimizer.learning_rate=1e-300",
                         "stop.iterations=1000", NULL};
    const char *before[] = {"algorithm.gamma=0.3", TOP_K, "optimizer.learning_rate=1e-300",
                            "stop.iterations=1", NULL};
    struct play play = play_fine(quadratic_text, set), start = play_fine(quadratic_text, before);
    ck_assert_double_lt(play.result.summary.consensus, 1e-20);
    ck_assert_double_gt(start.result.summary.consensus, 1e-2);
    assert_near(play.rows.mean, start.rows.mean, D);
    play_free(&play);
    play_free(&start);
}
END_TEST

/* ---- Time and bytes ---- */

/*
 * Three nodes in a ring, gradients of 100, 150 and 200 ms.  30 MB are 3 750 000 doubles; a tenth of
 * them with indices of 22 bits are 375 000 x (64 + 22) bits = 4 031 250 bytes: q takes 4.03125 ms
 * on an ideal network with a byte a nanosecond.
 */
#define Q_BYTES 4031250
#define Q_PS    4031250000LL
#define THREE                                                                                      \
    "nodes=3", "network.model=ideal", "compressor={\"name\": \"top-k\", \"ratio\": 0.1}",          \
        "compute.speeds=[{\"first\": 1, \"speed\": 0.66666666666666667},"                          \
        "{\"first\": 2, \"speed\": 0.5}]",                                                         \
        "stop.iterations=4", "initial=same"

static void assert_begins(const struct play *play, uint32_t node, int64_t iteration,
                          int64_t expected_ps)
{
    ck_assert_int_eq(play_gradient_begin_ps(play, node, iteration), expected_ps);
}

/*
 * Every node needs the q of both others.  Node 2 is last: at 200 ms it has theirs and goes on at
 * once, nodes 0 and 1 wait for its q until 204.03125 ms.  Then node 2 ends its second gradient at
 * 400, the others theirs at 304.03 and 354.03, long before: a step every 200 ms.
 */
START_TEST(choco_waits_for_its_neighbours)
{
    const char *set[] = {THREE, NULL};
    struct play play = play_fine(quadratic_text, set);
    for (int k = 1; k < 4; k++) {
        assert_begins(&play, 0, k, k * 200 * MS + Q_PS);
        assert_begins(&play, 1, k, k * 200 * MS + Q_PS);
        assert_begins(&play, 2, k, k * 200 * MS);
    }
    ck_assert_int_eq(play.result.last.bytes, 4LL * 6 * Q_BYTES);
    ck_assert_int_eq(play.result.last.time_ps, 800 * MS + Q_PS);
    play_free(&play);
}
END_TEST

/*
 * The models of step 0 take 30 ms, beside the first gradients.  Then q leaves with the start of the
 * next gradient:
 *   node 0: step 0 ends at 100; step 1 needs q of node 2, sent at 200: 204.03; the gradient of step
 *           2 ends at 304.03, q of node 2 is sent at 400: 404.03; likewise 604.03
 *   node 1: 150; gradient until 300, the others' q came at 104.03 and 204.03: 300; 450, with node
 *           2's at 404.03; 600 waits for node 2's of step 2, sent at 600: 604.03
 *   node 2: never waits: 200, 400, 600, 800
 */
START_TEST(dcd_overlaps_the_gradient)
{
    const char *set[] = {"algorithm=dcd-psgd", THREE, NULL};
    const int64_t begin_ps[3][4] = {{0, 100 * MS, 200 * MS + Q_PS, 400 * MS + Q_PS},
                                    {0, 150 * MS, 300 * MS, 450 * MS},
                                    {0, 200 * MS, 400 * MS, 600 * MS}};
    struct play play = play_fine(quadratic_text, set);
    for (uint32_t node = 0; node < 3; node++)
        for (int k = 0; k < 4; k++)
            assert_begins(&play, node, k, begin_ps[node][k]);
    /* The models of step 0 and three q; what the last step moved is told to nobody. */
    ck_assert_int_eq(play.result.last.bytes, 6LL * (30000000 + 3 * Q_BYTES));
    ck_assert_int_eq(play.result.last.time_ps, 800 * MS);
    play_free(&play);
}
END_TEST

/* ---- Refusals ---- */

static void assert_refused(const char *const *set, const char *path, const char *reason)
{
    struct play play = play_text(quadratic_text, set, (struct play_options){.threads = 1});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, path);
    ck_assert_msg(strstr(play.error.text, reason) != NULL, "\"%s\" does not say \"%s\"",
                  play.error.text, reason);
    play_free(&play);
}

START_TEST(what_does_not_compose_is_refused)
{
    const char *memory[] = {
        "compressor={\"name\": \"top-k\", \"ratio\": 0.5, \"memory\": \"gradient\"}", NULL};
    const char *directed[] = {"topology=static-exponential", NULL};
    const char *models[] = {"algorithm=d-psgd", TOP_K, NULL};
    assert_refused(memory, "compressor.memory", "remembers what was not sent");
    assert_refused(directed, "topology.name", "symmetric");
    assert_refused(models, "compressor.name", "sends whole models");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compressed gossip");
    TCase *numerics = tcase_create("numerics"), *timing = tcase_create("timing");
    tcase_add_test(numerics, uncompressed_choco_is_d_psgd);
    tcase_add_test(numerics, uncompressed_dcd_is_d_psgd);
    tcase_add_test(numerics, choco_follows_its_recursion);
    tcase_add_test(numerics, dcd_follows_its_recursion);
    tcase_add_test(numerics, choco_agrees_on_the_mean);
    tcase_add_test(timing, choco_waits_for_its_neighbours);
    tcase_add_test(timing, dcd_overlaps_the_gradient);
    tcase_add_test(timing, what_does_not_compose_is_refused);
    suite_add_tcase(suite, numerics);
    suite_add_tcase(suite, timing);
    return testing_run(suite);
}
