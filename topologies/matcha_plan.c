/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MATCHA's plan: Wang, Sahu, Yang, Joshi, Kar, "MATCHA: speeding up decentralized SGD via matching
 * decomposition sampling", 2019 (arXiv 1905.09435), sections 3 and 4.
 *
 * 1. Matchings 1 .. M by edge colouring (edge_colouring.c), Laplacians L_j.
 * 2. Probabilities p_j that maximise the algebraic connectivity lambda_2(sum p_j L_j) over
 *    sum p_j <= budget M, 0 <= p_j <= 1.  The objective is concave and v'L_j v, v the Fiedler
 *    vector, is a supergradient: projected supergradient steps from p_j = budget, the best point
 *    kept.  (The paper hands this to a solver.)  Steps cost O(n^3): above 256 nodes p_j = budget.
 * 3. alpha that minimises the norm of E[W'W] - J.  With Lbar = sum p_j L_j and
 *    Ltilde = sum p_j (1 - p_j) L_j, as L_j^2 = 2 L_j,
 *
 *        E[W'W] = I - 2 alpha Lbar + alpha^2 (Lbar^2 + 2 Ltilde),
 *
 *    convex in alpha: golden section on (0, 2 / max_i Lbar_ii), beyond which it is 1 or more.  (The
 *    paper's semidefinite program has the same optimum.)
 * Each norm is a Lanczos iteration: seconds up to some thousand nodes, minutes for a ring of 10^4,
 * whose gap is small.
 *
 * Expected (test): ring of 8, budget 1: alpha = 2/(lambda_2 + lambda_n) = 0.436, contraction 0.554.
 */
#include "topologies/matcha_plan.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "topologies/edge_colouring.h"
#include "topologies/lanczos.h"

#define OPTIMISED_NODES 256
#define STEP_WORK       5e7 /* steps times n^3: some seconds at most */
#define MIN_STEPS       10
#define MAX_STEPS       300
#define FIRST_STEP      0.5
#define NOTEWORTHY      1e-9 /* a smaller gain of connectivity is rounding */
#define BISECTIONS      60
#define SECTIONS        60
#define PRECISION       1e-7 /* of alpha */

/* ---- probabilities ---- */

struct fiedler {
    gsl_matrix *laplacian, *vectors;
    gsl_vector *values;
    gsl_eigen_symmv_workspace *space;
};

static void add_entry(gsl_matrix *matrix, uint32_t i, uint32_t j, double value)
{
    gsl_matrix_set(matrix, i, j, gsl_matrix_get(matrix, i, j) + value);
}

/* lambda_2 of sum p_j L_j, and its supergradient. */
static double connectivity(const struct matcha_plan *plan, const struct fiedler *fiedler,
                           const double *probabilities, double *gradient)
{
    uint32_t n = plan->nodes;
    size_t least;

    /* The constant vector is moved out of the way, above all other eigenvalues. */
    gsl_matrix_set_all(fiedler->laplacian, (2.0 * plan->matchings + 1) / n);
    for (uint32_t m = 0; m < plan->matchings; m++) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t j = plan->partners[(size_t)m * n + i];

            add_entry(fiedler->laplacian, i, i, j != i ? probabilities[m] : 0);
            add_entry(fiedler->laplacian, i, j, j != i ? -probabilities[m] : 0);
        }
    }
    gsl_eigen_symmv(fiedler->laplacian, fiedler->values, fiedler->vectors, fiedler->space);
    least = gsl_vector_min_index(fiedler->values);
    for (uint32_t m = 0; m < plan->matchings; m++) {
        gradient[m] = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t j = plan->partners[(size_t)m * n + i];
            double difference = gsl_matrix_get(fiedler->vectors, i, least) -
                                gsl_matrix_get(fiedler->vectors, j, least);

            gradient[m] += 0.5 * difference * difference; /* every edge is met twice */
        }
    }
    return gsl_vector_get(fiedler->values, least);
}

/* The nearest point with 0 <= p_j <= 1 and the given sum: p_j = clip(y_j - shift). */
static void project(uint32_t count, double sum, double *p)
{
    double low = -1, high = 1;

    for (uint32_t m = 0; m < count; m++) {
        low = fmin(low, p[m] - 1);
        high = fmax(high, p[m]);
    }
    for (int step = 0; step < BISECTIONS; step++) {
        double shift = (low + high) / 2, total = 0;

        for (uint32_t m = 0; m < count; m++)
            total += fmin(1, fmax(0, p[m] - shift));
        *(total > sum ? &low : &high) = shift;
    }
    for (uint32_t m = 0; m < count; m++)
        p[m] = fmin(1, fmax(0, p[m] - high)); /* the side that keeps the budget */
}

static void climb(struct matcha_plan *plan, const struct fiedler *fiedler, double budget)
{
    uint32_t count = plan->matchings;
    double *p = memory_array(count, sizeof *p), *gradient = memory_array(count, sizeof *gradient);
    double best = 0, n = plan->nodes;
    int steps = (int)fmax(MIN_STEPS, fmin(MAX_STEPS, STEP_WORK / (n * n * n)));

    memcpy(p, plan->probabilities, count * sizeof *p);
    for (int step = 0; step < steps; step++) {
        double reached = connectivity(plan, fiedler, p, gradient), norm = 0;

        if (reached > best + (step > 0 ? NOTEWORTHY : 0)) {
            best = reached;
            memcpy(plan->probabilities, p, count * sizeof *p);
        }
        for (uint32_t m = 0; m < count; m++)
            norm = hypot(norm, gradient[m]);
        for (uint32_t m = 0; m < count && norm > 0; m++)
            p[m] += FIRST_STEP / sqrt(step + 1.0) * gradient[m] / norm;
        project(count, budget * count, p);
    }
    free(p);
    free(gradient);
}

static void choose_probabilities(struct matcha_plan *plan, double budget)
{
    uint32_t n = plan->nodes;
    struct fiedler fiedler;

    plan->probabilities = memory_array((size_t)plan->matchings + 1, sizeof *plan->probabilities);
    for (uint32_t m = 0; m < plan->matchings; m++)
        plan->probabilities[m] = budget;
    if (budget >= 1 || plan->matchings < 2 || n > OPTIMISED_NODES)
        return;
    fiedler = (struct fiedler){gsl_matrix_alloc(n, n), gsl_matrix_alloc(n, n), gsl_vector_alloc(n),
                               gsl_eigen_symmv_alloc(n)};
    climb(plan, &fiedler, budget);
    gsl_matrix_free(fiedler.laplacian);
    gsl_matrix_free(fiedler.vectors);
    gsl_vector_free(fiedler.values);
    gsl_eigen_symmv_free(fiedler.space);
}

/* ---- mixing weight ---- */

struct mixing {
    const struct matcha_plan *plan;
    double alpha;
    double *mean, *twice, *spread; /* Lbar x, Lbar^2 x, Ltilde x */
};

/* y = sum f(p_j) L_j x, f(p) = p or p (1 - p). */
static void apply_laplacian(const struct matcha_plan *plan, bool spread, const double *x, double *y)
{
    uint32_t n = plan->nodes;

    memset(y, 0, n * sizeof *y);
    for (uint32_t m = 0; m < plan->matchings; m++) {
        const uint32_t *partner = plan->partners + (size_t)m * n;
        double p = plan->probabilities[m], factor = spread ? p * (1 - p) : p;

        for (uint32_t i = 0; i < n; i++)
            y[i] += factor * (x[i] - x[partner[i]]);
    }
}

static void apply_square(void *context, double *x)
{
    const struct mixing *mixing = context;
    double alpha = mixing->alpha;

    apply_laplacian(mixing->plan, false, x, mixing->mean);
    apply_laplacian(mixing->plan, false, mixing->mean, mixing->twice);
    apply_laplacian(mixing->plan, true, x, mixing->spread);
    for (uint32_t i = 0; i < mixing->plan->nodes; i++)
        x[i] += alpha * (alpha * (mixing->twice[i] + 2 * mixing->spread[i]) - 2 * mixing->mean[i]);
}

static double norm_at(struct mixing *mixing, double alpha)
{
    double residual;

    mixing->alpha = alpha;
    return lanczos_largest(mixing->plan->nodes, apply_square, mixing, &residual);
}

static double largest_mean_degree(const struct matcha_plan *plan)
{
    double most = 0;

    for (uint32_t i = 0; i < plan->nodes; i++) {
        double degree = 0;

        for (uint32_t m = 0; m < plan->matchings; m++)
            if (plan->partners[(size_t)m * plan->nodes + i] != i)
                degree += plan->probabilities[m];
        most = fmax(most, degree);
    }
    return most;
}

static void choose_alpha(struct matcha_plan *plan)
{
    const double golden = (sqrt(5) - 1) / 2;
    struct mixing mixing = {.plan = plan,
                            .mean = memory_array(plan->nodes, sizeof(double)),
                            .twice = memory_array(plan->nodes, sizeof(double)),
                            .spread = memory_array(plan->nodes, sizeof(double))};
    double low = 0, high = 2 / largest_mean_degree(plan);
    double left = high - golden * high, right = golden * high;
    double at_left = norm_at(&mixing, left), at_right = norm_at(&mixing, right);

    for (int step = 0; step < SECTIONS && high - low > PRECISION * high; step++) {
        if (at_left < at_right) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - golden * (high - low);
            at_left = norm_at(&mixing, left);
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + golden * (high - low);
            at_right = norm_at(&mixing, right);
        }
    }
    plan->alpha = (low + high) / 2;
    plan->contraction = norm_at(&mixing, plan->alpha);
    free(mixing.mean);
    free(mixing.twice);
    free(mixing.spread);
}

void matcha_plan_init(struct matcha_plan *plan, uint32_t nodes, const uint32_t *ends, size_t edges,
                      double budget)
{
    *plan = (struct matcha_plan){.nodes = nodes};
    plan->partners = edge_colouring_create(nodes, ends, edges, &plan->matchings);
    choose_probabilities(plan, budget);
    if (plan->matchings > 0)
        choose_alpha(plan);
}

void matcha_plan_fini(struct matcha_plan *plan)
{
    free(plan->partners);
    free(plan->probabilities);
}
