/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanczos iteration in its three-term form (Golub, Van Loan, "Matrix computations", 4th ed.,
 * section 10.1).
 *
 * It is the power iteration's Krylov space used in full: where power iteration needs O(1/gap)
 * steps, O(1/sqrt(gap)) are enough.  Nothing is reorthogonalised, so that three vectors are all the
 * memory; what rounding does then is to repeat eigenvalues (Paige 1980), never to invent larger
 * ones, and the residual bound beta_m |s_m| stays valid.
 */
#include "topologies/lanczos.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "topologies/rounds.h"

#define MAX_STEPS   5000
#define MAX_WORK    4e8 /* steps times nodes: some seconds */
#define CHECK_EVERY 25
#define BISECTIONS  100
#define TOLERANCE   1e-12

struct lanczos {
    uint32_t nodes;
    size_t size;
    double scale;              /* largest entry of the tridiagonal matrix */
    double *last, *now, *next; /* unit vectors, then the one being made */
    double *diagonal, *beside; /* the tridiagonal matrix */
    double *pivots, *vector;   /* work space of its eigenproblem */
};

static double dot(size_t size, const double *x, const double *y)
{
    double sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += x[i] * y[i];
    return sum;
}

static void multiply(size_t size, double factor, double *x)
{
    for (size_t i = 0; i < size; i++)
        x[i] *= factor;
}

/* One step; returns the coupling to what lies outside the space so far, 0 when there is none. */
static double extend(struct lanczos *lanczos, lanczos_operator *apply, void *context)
{
    uint32_t nodes = lanczos->nodes;
    size_t k = lanczos->size++;
    double *last = lanczos->last, *now = lanczos->now, *next = lanczos->next, norm;

    memcpy(next, now, nodes * sizeof *next);
    apply(context, next);
    rounds_deflate(nodes, next);
    lanczos->diagonal[k] = dot(nodes, next, now);
    for (uint32_t i = 0; i < nodes; i++) {
        next[i] -= lanczos->diagonal[k] * now[i];
        if (k > 0)
            next[i] -= lanczos->beside[k - 1] * last[i];
    }
    /* Again: what cancels here leaves rounding, which normalising would make a false mean. */
    rounds_deflate(nodes, next);
    norm = sqrt(dot(nodes, next, next));
    lanczos->beside[k] = norm;
    lanczos->scale = fmax(lanczos->scale, fmax(fabs(lanczos->diagonal[k]), norm));
    if (norm <= 1e-14 * lanczos->scale)
        return 0;
    multiply(nodes, 1 / norm, next);
    lanczos->last = now;
    lanczos->now = next;
    lanczos->next = last;
    return norm;
}

/* Factors shift I - sign T into pivots; true when all are positive: no eigenvalue of sign T is as
 * large as the shift. */
static bool is_above_all(const struct lanczos *lanczos, double sign, double shift)
{
    double *pivots = lanczos->pivots;

    for (size_t k = 0; k < lanczos->size; k++) {
        double beside = k > 0 ? lanczos->beside[k - 1] : 0;

        pivots[k] = shift - sign * lanczos->diagonal[k];
        if (k > 0)
            pivots[k] -= beside * beside / pivots[k - 1];
        if (!(pivots[k] > 0))
            return false;
    }
    return true;
}

/* Inverse iteration with the factors at hand; returns the last component of the eigenvector. */
static double last_component(const struct lanczos *lanczos, double sign)
{
    size_t size = lanczos->size;
    double *x = lanczos->vector;

    for (size_t k = 0; k < size; k++)
        x[k] = 1 + 0.5 * sin((double)k); /* orthogonal to no eigenvector but by accident */
    for (int pass = 0; pass < 4; pass++) {
        for (size_t k = 1; k < size; k++)
            x[k] += sign * lanczos->beside[k - 1] / lanczos->pivots[k - 1] * x[k - 1];
        x[size - 1] /= lanczos->pivots[size - 1];
        for (size_t k = size - 1; k-- > 0;)
            x[k] = (x[k] + sign * lanczos->beside[k] * x[k + 1]) / lanczos->pivots[k];
        multiply(size, 1 / sqrt(dot(size, x, x)), x);
    }
    return fabs(x[size - 1]);
}

/* The largest eigenvalue of sign T by bisection, and its eigenvector's last component. */
static double largest(const struct lanczos *lanczos, double sign, double *last)
{
    double low = sign * lanczos->diagonal[0], high = low;

    for (size_t k = 0; k < lanczos->size; k++) {
        double centre = sign * lanczos->diagonal[k];
        double radius =
            (k > 0 ? lanczos->beside[k - 1] : 0) + (k + 1 < lanczos->size ? lanczos->beside[k] : 0);

        low = fmax(low, centre);
        high = fmax(high, centre + radius);
    }
    high += 1e-15 * (1 + fabs(high)); /* Gershgorin's bound, made strict */
    for (int i = 0; i < BISECTIONS && high - low > 1e-16 * fabs(high); i++) {
        double middle = low + (high - low) / 2;

        if (middle <= low || middle >= high)
            break;
        if (is_above_all(lanczos, sign, middle))
            high = middle;
        else
            low = middle;
    }
    *last = 0;
    if (is_above_all(lanczos, sign, high))
        *last = last_component(lanczos, sign);
    return high;
}

/* The eigenvalue of T that is largest in magnitude. */
static double best_value(const struct lanczos *lanczos, double outside, double *residual)
{
    double last_up, last_down;
    double up = largest(lanczos, 1, &last_up), down = largest(lanczos, -1, &last_down);

    *residual = outside * (up >= down ? last_up : last_down);
    return up >= down ? up : down;
}

static void random_start(struct lanczos *lanczos)
{
    struct rng rng;

    rng_open(&rng, 0, RNG_TEST, 0, 0, 0); /* fixed: the figures of a report repeat */
    for (uint32_t i = 0; i < lanczos->nodes; i++)
        lanczos->now[i] = rng_uniform(&rng) - 0.5;
    rounds_deflate(lanczos->nodes, lanczos->now);
    multiply(lanczos->nodes, 1 / sqrt(dot(lanczos->nodes, lanczos->now, lanczos->now)),
             lanczos->now);
}

static double iterate(struct lanczos *lanczos, size_t steps, lanczos_operator *apply, void *context,
                      double *residual)
{
    double theta = 0, outside = 1;

    random_start(lanczos);
    while (outside > 0 && lanczos->size < steps) {
        outside = extend(lanczos, apply, context);
        if (outside > 0 && lanczos->size < steps && lanczos->size % CHECK_EVERY != 0)
            continue;
        theta = best_value(lanczos, outside, residual);
        if (*residual <= TOLERANCE * theta)
            break;
    }
    return theta;
}

double lanczos_largest(uint32_t nodes, lanczos_operator *apply, void *context, double *residual)
{
    struct lanczos lanczos = {.nodes = nodes};
    double *vectors[3], theta;
    size_t steps = MAX_WORK / nodes < MAX_STEPS ? (size_t)(MAX_WORK / nodes) : MAX_STEPS;

    *residual = 0;
    if (nodes < 2)
        return 0;
    for (int i = 0; i < 3; i++)
        vectors[i] = memory_array(nodes, sizeof *vectors[i]);
    lanczos.last = vectors[0];
    lanczos.now = vectors[1];
    lanczos.next = vectors[2];
    steps = steps < 10 ? 10 : steps;
    lanczos.diagonal = memory_array(steps, sizeof *lanczos.diagonal);
    lanczos.beside = memory_array(steps, sizeof *lanczos.beside);
    lanczos.pivots = memory_array(steps, sizeof *lanczos.pivots);
    lanczos.vector = memory_array(steps, sizeof *lanczos.vector);
    theta = iterate(&lanczos, steps, apply, context, residual);
    for (int i = 0; i < 3; i++)
        free(vectors[i]);
    free(lanczos.diagonal);
    free(lanczos.beside);
    free(lanczos.pivots);
    free(lanczos.vector);
    return theta;
}
