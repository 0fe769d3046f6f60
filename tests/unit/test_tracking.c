/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Programs that find the exact optimum, and their kin: DIGing, Push-DIGing, EXTRA, exact diffusion
 * and D2, dual averaging, quasi-global momentum, against dense recursions, theory, and times worked
 * out by hand.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define K  50
#define MS 1000000000LL /* ps */

/* The rate is 0.05, and half of it from step 20 on: an epoch is an iteration. */
static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"diging\","
    " \"topology\": \"ring\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 1, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05, \"weight_decay\": 0.01,"
    "                 \"schedule\": {\"milestones\": [20], \"factor\": 0.5}},"
    " \"stop\": {\"iterations\": 50}, \"trace\": {\"parameters\": \"final\"}}";
#define DECAY 0.01

static void assert_near(const double *found, const double *expected, size_t count)
{
    ck_assert_double_le(play_difference(found, expected, count), 1e-12);
}

/* ---- Dense recursions ---- */

/* x: models or numerators; of the last step: y, g, before; start and sum: dual averaging's. */
struct track {
    struct dense x, y, g, before, z, start, sum;
};

/* One step k of a recursion with matrix p and rate a. */
typedef void recursion(const struct dense_reference *reference, struct track *s, double p[N][N],
                       int k, double a);

/* a <- a + factor b, weights left alone */
static void add(struct dense *a, double factor, const struct dense *b)
{
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            a->x[i][d] += factor * b->x[i][d];
}

static void scale(struct dense *a, double factor)
{
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            a->x[i][d] *= factor;
}

/* G(x) + decay x */
static struct dense gradients(const struct dense_reference *reference, const struct dense *x,
                              double decay)
{
    struct dense g = *x;
    for (uint32_t i = 0; i < N; i++)
        dense_gradient(reference, i, x->x[i], g.x[i]);
    add(&g, decay, x);
    return g;
}

static struct dense ratio(const struct dense *x)
{
    struct dense z = *x;
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            z.x[i][d] /= x->w[i];
    return z;
}

/* x' = W x - a y, y' = W y + g' - g: here the y of step k is made when its gradient is. */
static void diging(const struct dense_reference *reference, struct track *s, double p[N][N], int k,
                   double a)
{
    struct dense g = gradients(reference, &s->x, DECAY);
    if (k == 0)
        s->y = g;
    else
        add(&s->y, 1, &g), add(&s->y, -1, &s->g);
    s->g = g;
    dense_multiply(&s->x, p);
    add(&s->x, -a, &s->y);
    dense_multiply(&s->y, p);
    s->z = s->x;
}

static void push_diging(const struct dense_reference *reference, struct track *s, double p[N][N],
                        int k, double a)
{
    struct dense z = ratio(&s->x), g = gradients(reference, &z, DECAY);
    if (k == 0)
        s->y = g;
    else
        add(&s->y, 1, &g), add(&s->y, -1, &s->g);
    s->g = g;
    add(&s->x, -a, &s->y);
    dense_multiply(&s->x, p);
    dense_multiply(&s->y, p);
    s->z = ratio(&s->x);
}

/* x'' = (I + W) x' - (I + W) / 2 x - a (g' - g) */
static void extra(const struct dense_reference *reference, struct track *s, double p[N][N], int k,
                  double a)
{
    struct dense g = gradients(reference, &s->x, DECAY), x = s->x, last = s->before;
    dense_multiply(&s->x, p);
    if (k > 0) {
        add(&s->x, 1, &x);
        add(&s->x, -0.5, &last);
        dense_multiply(&last, p);
        add(&s->x, -0.5, &last);
        add(&s->x, 1, &s->y);
    }
    add(&s->x, -a, &g);
    s->before = x;
    s->y = g;
    scale(&s->y, a);
    s->z = s->x;
}

/* x'' = V (2 x' - x - a g' + a g) */
static void d2(const struct dense_reference *reference, struct track *s, double p[N][N], int k,
               double a)
{
    struct dense g = gradients(reference, &s->x, DECAY), x = s->x;
    if (k > 0) {
        add(&s->x, 1, &x);
        add(&s->x, -1, &s->before);
        add(&s->x, 1, &s->y);
    }
    add(&s->x, -a, &g);
    dense_multiply(&s->x, p);
    s->before = x;
    s->y = g;
    scale(&s->y, a);
    s->z = s->x;
}

static void make_lazy(double p[N][N])
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            p[i][j] = (p[i][j] + (i == j)) / 2;
}

static void exact_diffusion(const struct dense_reference *reference, struct track *s,
                            double p[N][N], int k, double a)
{
    make_lazy(p);
    d2(reference, s, p, k, a);
}

static void momentum(const struct dense_reference *reference, struct track *s, double p[N][N],
                     int k, double a, double beta, double mu, bool nesterov)
{
    struct dense x = s->x, h = s->y, g = gradients(reference, &s->x, DECAY);
    if (k == 0)
        scale(&s->y, 0), scale(&h, 0);
    scale(&h, beta);
    add(&h, 1, &g);
    if (nesterov)
        scale(&h, beta), add(&h, 1, &g);
    add(&s->x, -a, &h);
    dense_multiply(&s->x, p);
    scale(&s->y, mu);
    add(&s->y, (1 - mu) / a, &x);
    add(&s->y, -(1 - mu) / a, &s->x);
    s->z = s->x;
}

static void qgm(const struct dense_reference *reference, struct track *s, double p[N][N], int k,
                double a)
{
    momentum(reference, s, p, k, a, 0.9, 0.9, false);
}

static void qgm_n(const struct dense_reference *reference, struct track *s, double p[N][N], int k,
                  double a)
{
    momentum(reference, s, p, k, a, 0.8, 0.5, true);
}

/* x holds the dual y; z becomes xhat, `before` the points. */
static void averages(const struct dense_reference *reference, struct track *s, double p[N][N],
                     int k, double a, double decay)
{
    if (k == 0) {
        s->start = s->before = s->sum = s->x;
        scale(&s->x, 0);
        scale(&s->sum, 0);
    }
    struct dense g = gradients(reference, &s->before, decay), share;
    add(&s->sum, 1, &s->before);
    dense_multiply(&s->x, p);
    add(&s->x, 1, &g);
    s->g = g;
    share = ratio(&s->x);
    s->before = s->start;
    add(&s->before, -a, &share);
    s->z = s->sum;
    scale(&s->z, 1.0 / (k + 1));
}

static void dual(const struct dense_reference *reference, struct track *s, double p[N][N], int k,
                 double a)
{
    averages(reference, s, p, k, a / sqrt(k + 1), DECAY);
}

static void dual_last(const struct dense_reference *reference, struct track *s, double p[N][N],
                      int k, double a)
{
    averages(reference, s, p, k, a, DECAY);
    s->z = s->before;
}

static void ring(double p[N][N], int64_t k)
{
    (void)k;
    dense_ring(p);
}

static void lazy_ring(double p[N][N], int64_t k)
{
    ring(p, k);
    make_lazy(p);
}

/* The hub 0 keeps a sixth and gives a sixth to each leaf; a leaf keeps half. */
static void star(double p[N][N], int64_t k)
{
    (void)k;
    memset(p, 0, N * N * sizeof(double));
    for (int i = 0; i < N; i++)
        p[i][0] = 1.0 / N;
    for (int j = 1; j < N; j++)
        p[0][j] = p[j][j] = 0.5;
}

struct tracking_case {
    const char *algorithm, *topology;
    void (*matrix)(double p[N][N], int64_t k);
    recursion *step;
    int vectors; /* a message */
    bool weight;
};

#define RING        "topology=ring"
#define LAZY        "topology={\"name\": \"ring\", \"weights\": \"lazy\"}"
#define EXPONENTIAL "topology=one-peer-exponential"
#define STAR        "topology=star"
#define D2          "algorithm={\"name\": \"exact-diffusion\", \"variant\": \"d2\"}"
#define QGM_N                                                                                      \
    "algorithm={\"name\": \"quasi-global-momentum\", \"beta\": 0.8, \"mu\": 0.5, "                 \
    "\"nesterov\": true}"
#define DUAL_LAST                                                                                  \
    "algorithm={\"name\": \"dual-averaging\", \"step_size\": \"scheduled\", \"deploy\": \"last\"}"

static const struct tracking_case cases[] = {
    {"algorithm=diging", RING, ring, diging, 2, false},
    {"algorithm=diging", EXPONENTIAL, dense_exponential, diging, 2, false},
    {"algorithm=push-diging", RING, ring, push_diging, 2, true},
    {"algorithm=push-diging", EXPONENTIAL, dense_exponential, push_diging, 2, true},
    {"algorithm=push-diging", STAR, star, push_diging, 2, true},
    {"algorithm=extra", RING, ring, extra, 1, false},
    {"algorithm=exact-diffusion", RING, ring, exact_diffusion, 1, false},
    {D2, LAZY, lazy_ring, d2, 1, false},
    {"algorithm=quasi-global-momentum", RING, ring, qgm, 1, false},
    {QGM_N, EXPONENTIAL, dense_exponential, qgm_n, 1, false},
    {"algorithm=dual-averaging", RING, ring, dual, 1, true},
    {"algorithm=dual-averaging", EXPONENTIAL, dense_exponential, dual, 1, true},
    {"algorithm=dual-averaging", STAR, star, dual, 1, true},
    {DUAL_LAST, EXPONENTIAL, dense_exponential, dual_last, 1, true},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

START_TEST(a_program_is_its_recursion)
{
    const struct tracking_case *this = &cases[_i];
    const char *set[] = {this->algorithm, this->topology, NULL};
    struct scenario *scenario;
    struct track s = {0};
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &s.x);
    struct play play = play_fine(quadratic_text, set);
    s.y = s.x;
    for (int k = 0; k < K; k++) {
        double p[N][N];
        this->matrix(p, k);
        this->step(&reference, &s, p, k, k < 20 ? 0.05 : 0.025);
    }
    assert_near(play.rows.x, &s.x.x[0][0], N * D);
    assert_near(play.rows.w, s.x.w, N);
    assert_near(play.rows.z, &s.z.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* As many model vectors as the recursion mixes, and 8 bytes for a weight. */
START_TEST(a_message_costs_what_it_carries)
{
    const struct tracking_case *this = &cases[_i];
    const char *set[] = {this->algorithm, this->topology, NULL};
    struct play play = play_fine(quadratic_text, set);
    struct play timed =
        play_text(quadratic_text, set, (struct play_options){.device = "none", .threads = 2});
    ck_assert_uint_gt(play.rows.message_count, 0);
    for (size_t m = 0; m < play.rows.message_count; m++)
        ck_assert_int_eq(play.rows.messages[m].bytes,
                         this->vectors * 30000000LL + (this->weight ? 8 : 0));
    ck_assert_str_eq(play.result.timeline_digest, timed.result.timeline_digest);
    play_free(&play);
    play_free(&timed);
}
END_TEST

/* Momentum of nothing is D-PSGD. */
START_TEST(no_quasi_global_momentum_is_d_psgd)
{
    const char *none[] = {"algorithm={\"name\": \"quasi-global-momentum\", \"beta\": 0}", NULL};
    const char *d_psgd[] = {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}",
                            NULL};
    struct play one = play_fine(quadratic_text, none), two = play_fine(quadratic_text, d_psgd);
    assert_near(one.rows.x, two.rows.x, N * D);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* ---- The exact optimum ---- */

#define CONSTANT_RATE "optimizer.schedule={}", "optimizer.weight_decay=0"

/* The eigenvalues of the ring's matrix are 1/3 + (2/3) cos(2 pi k / n). */
static double ring_least(void)
{
    double least = 1;
    for (int k = 0; k < N; k++)
        least = fmin(least, (1 + 2 * cos(2 * M_PI * k / N)) / 3);
    return least;
}

/* x' = l x - a y, y' = l y + h (x' - x) for an eigenvalue l of W and a curvature h: trace 2 l - a
 * h, determinant l^2 - a h.  Both roots are inside the unit circle as long as 1 + trace +
 * determinant = (1 + l)^2 - 2 a h > 0. */
static double diging_bound(void)
{
    return pow(1 + ring_least(), 2) / (2 * 2);
}

/* 2 lambda_min((I + W) / 2) / L */
static double extra_bound(void)
{
    return (1 + ring_least()) / 2;
}

/* Of x'' = l (2 x' - x - a h (x' - x)): 1 + trace + determinant = 1 + l (3 - 2 a h) > 0 at l = 1.
 */
static double d2_bound(void)
{
    return 2.0 / 2;
}

struct exact_case {
    const char *algorithm, *topology;
    double (*bound)(void);
    double share; /* of the bound */
};

/* Push-DIGing's bound is not known in closed form: DIGing's, or less on the star. */
static const struct exact_case exact_cases[] = {
    {"algorithm=diging", RING, diging_bound, 0.9},
    {"algorithm=diging", EXPONENTIAL, diging_bound, 0.5},
    {"algorithm=push-diging", EXPONENTIAL, diging_bound, 0.5},
    {"algorithm=push-diging", STAR, diging_bound, 0.3},
    {"algorithm=extra", RING, extra_bound, 0.9},
    {"algorithm=exact-diffusion", RING, d2_bound, 0.4},
    {D2, LAZY, d2_bound, 0.4},
};
#define EXACT_CASES ((int)(sizeof exact_cases / sizeof *exact_cases))

/* How far the worst node's model ends from the optimum. */
static double worst_distance(const char *algorithm, const char *topology, double rate,
                             const char *more)
{
    char learning_rate[64];
    snprintf(learning_rate, sizeof learning_rate, "optimizer.learning_rate=%.17g", rate);
    const char *set[] = {algorithm,     topology, learning_rate, "stop.iterations=900",
                         CONSTANT_RATE, more,     NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct play play = play_fine(quadratic_text, set);
    double c[D], worst = 0;
    ck_assert(reference.ops->optimum(reference.model, c));
    for (int i = 0; i < N; i++) {
        double square = 0;
        for (int d = 0; d < D; d++)
            square += pow(play.rows.z[i * D + d] - c[d], 2);
        worst = fmax(worst, sqrt(square));
    }
    play_free(&play);
    dense_close(&reference, scenario);
    return worst;
}

/* Where DGD with the same rate stops at a distance that halves with the rate. */
START_TEST(the_optimum_is_found)
{
    const struct exact_case *this = &exact_cases[_i];
    double a = this->share * this->bound();
    ck_assert_double_le(worst_distance(this->algorithm, this->topology, a, NULL), 1e-10);
    ck_assert_double_ge(worst_distance(this->algorithm, this->topology, a, "model.sigma=3"), 1e-3);
}
END_TEST

START_TEST(dgd_stalls_in_proportion_to_the_rate)
{
    double a = 0.1 * diging_bound();
    double whole = worst_distance("algorithm=dgd", RING, a, NULL);
    double half = worst_distance("algorithm=dgd", RING, a / 2, "stop.iterations=1800");
    ck_assert_double_ge(whole, 1e-3);
    ck_assert_double_eq_tol(half / whole, 0.5, 0.05);
}
END_TEST

/* The bound is sharp: a little above it nodes drift apart. */
START_TEST(diging_diverges_above_its_bound)
{
    double above = 1.02 * diging_bound(), below = 0.98 * diging_bound();
    ck_assert_double_ge(worst_distance("algorithm=diging", RING, above, NULL), 1);
    ck_assert_double_le(worst_distance("algorithm=diging", RING, below, NULL), 1e-3);
}
END_TEST

/* mean(x_{k+1}) = mean(x_k) - a mean(y_k), and mean(y_k) is the mean of g(x_k). */
START_TEST(the_tracker_is_the_mean_gradient)
{
    static const char *const graphs[] = {RING, EXPONENTIAL};
    const char *set[] = {"algorithm=diging", graphs[_i], "optimizer.schedule={}", NULL};
    const char *next[] = {"algorithm=diging", graphs[_i], "optimizer.schedule={}",
                          "stop.iterations=51", NULL};
    struct scenario *scenario;
    struct dense x;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &x);
    struct play one = play_fine(quadratic_text, set), two = play_fine(quadratic_text, next);
    memcpy(x.x, one.rows.x, sizeof x.x);
    struct dense g = gradients(&reference, &x, DECAY);
    for (int d = 0; d < D; d++) {
        double mean = 0;
        for (int i = 0; i < N; i++)
            mean += g.x[i][d] / N;
        ck_assert_double_eq_tol((one.rows.mean[d] - two.rows.mean[d]) / 0.05, mean, 1e-12);
    }
    play_free(&one);
    play_free(&two);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Dual averaging ---- */

static double norm(const double *a, const double *b)
{
    double square = 0;
    for (int d = 0; d < D; d++)
        square += pow(a[d] - (b ? b[d] : 0), 2);
    return sqrt(square);
}

/* f(x) - f(c) of the mean objective, by its gradient: linear along the way from c to x. */
static double excess(const struct dense_reference *reference, const double *x, const double *c)
{
    double sum = 0;
    for (uint32_t i = 0; i < N; i++) {
        double g[D], at_c[D];
        dense_gradient(reference, i, x, g);
        dense_gradient(reference, i, c, at_c);
        for (int d = 0; d < D; d++)
            sum += (g[d] + at_c[d]) / 2 * (x[d] - c[d]) / N;
    }
    return sum;
}

static void mean_over_nodes(const struct dense *x, double mean[D])
{
    memset(mean, 0, D * sizeof *mean);
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            mean[d] += x->x[i][d] / N;
}

/* Sums of the bound over the steps so far. */
struct regret {
    double lipschitz, rates, network[N], all;
};

/* What step k adds: a(k) ||ybar - y_i / w_i|| for each node and in the mean. */
static void watch(struct regret *regret, const struct track *s, double rate_before, double rate)
{
    struct dense z = ratio(&s->x);
    double mean[D];
    mean_over_nodes(&s->x, mean);
    regret->rates += rate_before;
    for (int i = 0; i < N; i++) {
        double apart = rate * norm(z.x[i], mean);
        regret->network[i] += apart;
        regret->all += apart / N;
        regret->lipschitz = fmax(regret->lipschitz, norm(s->g.x[i], NULL));
    }
}

/* Duchi, Agarwal, Wainwright, theorem 1, with everything known; L: the largest gradient met.
 *
 *   f(xhat_i(T)) - f(c) <= psi(c) / (T a(T)) + L^2 / (2 T) sum_t a(t - 1)
 *                        + 2 L / (n T) sum_t sum_j a(t) ||zbar(t) - z_j(t)||
 *                        + L / T sum_t a(t) ||zbar(t) - z_i(t)||
 *
 * With a(t) = A / sqrt(t) the first two are (psi(c) / A + L^2 A) / sqrt(T) at most. */
START_TEST(the_running_average_stays_below_its_bound)
{
    static const int lengths[] = {10, 100, 1000};
    static const char *const graphs[] = {EXPONENTIAL, STAR};
    int steps = lengths[_i / 2];
    char stop[40];
    snprintf(stop, sizeof stop, "stop.iterations=%d", steps);
    const char *set[] = {"algorithm=dual-averaging",
                         graphs[_i % 2],
                         CONSTANT_RATE,
                         stop,
                         "initial={\"name\": \"constant\", \"value\": 0.5}",
                         NULL};
    struct scenario *scenario;
    struct track s = {0};
    struct regret regret = {0};
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &s.x);
    struct play play = play_fine(quadratic_text, set);
    double c[D], psi;
    ck_assert(reference.ops->optimum(reference.model, c));
    psi = pow(norm(s.x.x[0], c), 2) / 2;
    for (int k = 0; k < steps; k++) {
        double p[N][N], a = 0.05 / sqrt(k + 1);
        (_i % 2 ? star : dense_exponential)(p, k);
        averages(&reference, &s, p, k, a, 0);
        watch(&regret, &s, k == 0 ? 0.05 : 0.05 / sqrt(k), a);
    }
    for (int i = 0; i < N; i++) {
        double l = regret.lipschitz;
        double bound = psi / (steps * 0.05 / sqrt(steps)) + l * l / (2 * steps) * regret.rates +
                       2 * l / steps * regret.all + l / steps * regret.network[i];
        double found = excess(&reference, play.rows.z + (size_t)i * D, c);
        ck_assert_double_gt(found, 0);
        ck_assert_double_le(found, bound);
    }
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* The metrics' mean model is that of the deployed averages, at the start the initial one. */
START_TEST(the_metrics_see_what_is_deployed)
{
    const char *set[] = {"algorithm=dual-averaging", EXPONENTIAL, NULL};
    struct scenario *scenario;
    struct dense start, z;
    double mean[D], c[D];
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct play play = play_fine(quadratic_text, set);
    memcpy(z.x, play.rows.z, sizeof z.x);
    mean_over_nodes(&z, mean);
    assert_near(play.rows.mean, mean, D);
    ck_assert(reference.ops->optimum(reference.model, c));
    mean_over_nodes(&start, mean);
    ck_assert_double_eq_tol(play.rows.metrics[0].optimum_distance, norm(mean, c), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Timing ---- */

/* Three nodes, all neighbours, gradients of 100, 250 and 400 ms. */
#define THREE                                                                                      \
    "nodes=3", "topology=ring", "stop.iterations=5",                                               \
        "compute.stragglers=[{\"first\": 1, \"last\": 1, \"slowdown\": 2.5}, "                     \
        "{\"first\": 2, \"last\": 2, \"slowdown\": 4}]"

struct timing_case {
    const char *algorithm, *size;
    int64_t exchange_ps; /* two messages out, two in */
};

static void assert_begins(const struct play *play, uint32_t node, const int64_t *begin_ps)
{
    ck_assert_msg(play->status == STATUS_OK, "%s", play->error.text);
    for (int64_t k = 0; k < 5; k++)
        ck_assert_int_eq(play_gradient_begin_ps(play, node, k), begin_ps[k]);
}

/* Gradient, exchange of X, step.  Node i sends its message k at the end of its gradient k, and it
 * comes X later; nobody starts step k + 1 before all messages k are there and the own gradient is
 * done.  Node 2 has the slowest gradient; nodes 0 and 1 wait for its message:
 *   F(k+1) = S(k) + 400 + X        nodes 0 and 1
 *   S(k+1) = max(S(k) + 400, F(k) + 250 + X)      node 2: the own gradient, or node 1's message
 * S = 0, 400, F = 0, 400 + X.  S(2) = max(800, 650 + 2 X), X = 120: 650 + 2 X = 890; F(2) = 800 +
 * X. S(3) = 1050 + 2 X both ways, F(3) = 1050 + 3 X.  S(4) = max(1450 + 2 X, 1300 + 4 X) = 1300 + 4
 * X, F(4) = 1450 + 3 X.  The end: node 2's last gradient, and X. */
START_TEST(an_exchange_after_the_gradient)
{
    static const struct timing_case each[] = {
        {"algorithm=diging", "wire.message_size=30 MB", 120 * MS},
        {"algorithm=push-diging", "wire.message_size=30 MB", 120 * MS + 2 * 8000},
        {"algorithm=exact-diffusion", "wire.message_size=60 MB", 120 * MS},
        {D2, "wire.message_size=60 MB", 120 * MS},
        {"algorithm=quasi-global-momentum", "wire.message_size=60 MB", 120 * MS},
    };
    const char *set[] = {each[_i].algorithm, each[_i].size, THREE, NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    int64_t x = each[_i].exchange_ps;
    const int64_t fast[] = {0, 400 * MS + x, 800 * MS + x, 1050 * MS + 3 * x, 1450 * MS + 3 * x};
    const int64_t slow[] = {0, 400 * MS, 650 * MS + 2 * x, 1050 * MS + 2 * x, 1300 * MS + 4 * x};
    assert_begins(&play, 0, fast);
    assert_begins(&play, 1, fast);
    assert_begins(&play, 2, slow);
    ck_assert_int_eq(play.result.last.time_ps, 1700 * MS + 5 * x);
    play_free(&play);
}
END_TEST

/* Message k leaves when gradient k starts.  Node 2 never waits: 400 k.  Node 0 starts step 1 when
 * its gradient is done, at 100, step 2 when message 1 of node 2 is there, at 400 + X; node 1 step 1
 * at 250, step 2 at 500, for that is later than 400 + X.  From then on both wait for node 2's
 * message of the step before: 400 (k - 1) + X, X = 60. */
START_TEST(an_exchange_beside_the_gradient)
{
    static const struct timing_case each[] = {
        {"algorithm=extra", "wire.message_size=30 MB", 60 * MS},
        {"algorithm=dual-averaging", "wire.message_size=30 MB", 60 * MS + 2 * 8000},
    };
    const char *set[] = {each[_i].algorithm, each[_i].size, THREE, NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    int64_t x = each[_i].exchange_ps;
    const int64_t first[] = {0, 100 * MS, 400 * MS + x, 800 * MS + x, 1200 * MS + x};
    const int64_t second[] = {0, 250 * MS, 500 * MS, 800 * MS + x, 1200 * MS + x};
    const int64_t slow[] = {0, 400 * MS, 800 * MS, 1200 * MS, 1600 * MS};
    assert_begins(&play, 0, first);
    assert_begins(&play, 1, second);
    assert_begins(&play, 2, slow);
    ck_assert_int_eq(play.result.last.time_ps, 2000 * MS);
    play_free(&play);
}
END_TEST

/* ---- Refusals ---- */

struct refusal {
    const char *algorithm, *more, *path, *says;
};

START_TEST(what_a_program_cannot_use_is_refused)
{
    static const struct refusal each[] = {
        {"algorithm=extra", "topology=static-exponential", "topology.name",
         "extra needs a symmetric mixing matrix"},
        {"algorithm=extra", "topology=static-exponential", "topology.name",
         "use a symmetric graph such as \"ring\""},
        {"algorithm=extra", "topology=random-matching", "topology.name",
         "needs one mixing matrix for all rounds"},
        {"algorithm=exact-diffusion", EXPONENTIAL, "topology.name",
         "needs one mixing matrix for all rounds"},
        {D2, RING, "topology.weights", "the least of 'ring' with uniform weights is -0.333333"},
        {"algorithm=diging", STAR, "topology.name", "needs a doubly stochastic mixing matrix"},
        {"algorithm=quasi-global-momentum", STAR, "topology.name", "doubly stochastic"},
        {"algorithm=diging", "optimizer.name=adam", "optimizer.name",
         "found adam, but diging has an update rule of its own; expected sgd"},
        {"algorithm=extra", "optimizer.clip_norm=1", "optimizer.clip_norm",
         "extra does not clip gradients"},
        {"algorithm={\"name\": \"quasi-global-momentum\", \"beta\": 1}", RING, "algorithm.beta",
         "expected"},
    };
    const char *set[] = {each[_i].algorithm, each[_i].more, NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, each[_i].path);
    ck_assert_msg(strstr(play.error.text, each[_i].says) != NULL, "%s", play.error.text);
    play_free(&play);
}
END_TEST

static Suite *tracking_suite(void)
{
    Suite *suite = suite_create("tracking");
    TCase *recursions = tcase_create("recursions"), *exact = tcase_create("exact"),
          *timing = tcase_create("timing");
    tcase_add_loop_test(recursions, a_program_is_its_recursion, 0, CASES);
    tcase_add_loop_test(recursions, a_message_costs_what_it_carries, 0, CASES);
    tcase_add_test(recursions, no_quasi_global_momentum_is_d_psgd);
    tcase_add_loop_test(exact, the_optimum_is_found, 0, EXACT_CASES);
    tcase_add_test(exact, dgd_stalls_in_proportion_to_the_rate);
    tcase_add_test(exact, diging_diverges_above_its_bound);
    tcase_add_loop_test(exact, the_tracker_is_the_mean_gradient, 0, 2);
    tcase_add_loop_test(exact, the_running_average_stays_below_its_bound, 0, 6);
    tcase_add_test(exact, the_metrics_see_what_is_deployed);
    tcase_add_loop_test(timing, an_exchange_after_the_gradient, 0, 5);
    tcase_add_loop_test(timing, an_exchange_beside_the_gradient, 0, 2);
    tcase_add_loop_test(timing, what_a_program_cannot_use_is_refused, 0, 10);
    suite_add_tcase(suite, recursions);
    suite_add_tcase(suite, exact);
    suite_add_tcase(suite, timing);
    return suite;
}

int main(void)
{
    return testing_run(tracking_suite());
}
