/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast a topology averages.
 *
 * - Circulants: eigenvalues are the discrete Fourier transform of the first column, and since all
 *   circulants commute, those of a product of rounds are the products.
 * - One symmetric matrix, n <= 512: all eigenvalues by GSL.  Above: Lanczos on W.
 * - Anything else: Lanczos on P'P, P a round or the product of a period, with the mean deflated.
 *   Its error in sigma is the residual divided by 2 sigma, and reported.
 *
 * Expected (test): ring n = 16, gap 0.0508; static exponential n = 16, gap 0.4; torus 8 x 8,
 * gap 0.1172; shifts 1 .. 5 one after the other, n = 32, sigma_2 of the period 0.761.
 */
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_fft_complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "topologies/internal.h"
#include "topologies/lanczos.h"
#include "topologies/rounds.h"

#define DENSE_NODES     512
#define RANDOM_PHASES   16    /* of a random schedule that are looked at */
#define ROUNDING        1e-14 /* closed-form figures below it are zero */
#define EXACT           1e-12
#define PROBES          4
#define FFT_FROM_DEGREE 32

static void circulant_direct(const struct topology *topology, int64_t phase,
                             const struct topology_edge *edges, uint32_t degree, double *magnitude)
{
    uint32_t nodes = topology->nodes;
    double *cosine = memory_array(nodes, sizeof *cosine), *sine = memory_array(nodes, sizeof *sine);
    double self = topology_self_weight(topology, 0, phase);

    for (uint32_t k = 0; k < nodes; k++) {
        cosine[k] = cos(2 * M_PI * k / nodes);
        sine[k] = sin(2 * M_PI * k / nodes);
    }
    for (uint32_t k = 0; k < nodes; k++) {
        double real = self, imaginary = 0;

        for (uint32_t i = 0; i < degree; i++) {
            size_t angle = (size_t)((uint64_t)k * edges[i].peer % nodes);

            real += edges[i].weight * cosine[angle];
            imaginary -= edges[i].weight * sine[angle];
        }
        magnitude[k] = hypot(real, imaginary);
    }
    free(cosine);
    free(sine);
}

static void circulant_fft(const struct topology *topology, int64_t phase,
                          const struct topology_edge *edges, uint32_t degree, double *magnitude)
{
    uint32_t nodes = topology->nodes;
    double *column = memory_array(2 * (size_t)nodes, sizeof *column);
    gsl_fft_complex_wavetable *table = gsl_fft_complex_wavetable_alloc(nodes);
    gsl_fft_complex_workspace *space = gsl_fft_complex_workspace_alloc(nodes);

    column[0] = topology_self_weight(topology, 0, phase);
    for (uint32_t i = 0; i < degree; i++)
        column[2 * (size_t)edges[i].peer] = edges[i].weight;
    gsl_fft_complex_forward(column, 1, nodes, table, space);
    for (uint32_t k = 0; k < nodes; k++)
        magnitude[k] = hypot(column[2 * (size_t)k], column[2 * (size_t)k + 1]);
    gsl_fft_complex_workspace_free(space);
    gsl_fft_complex_wavetable_free(table);
    free(column);
}

/* |eigenvalues| of one round, magnitude[0] (the mean's) cleared. */
static void circulant_round(const struct topology *topology, int64_t phase, double *magnitude)
{
    struct topology_edge *edges = memory_array((size_t)topology->max_degree + 1, sizeof *edges);
    uint32_t degree = topology_out(topology, 0, phase, edges);

    (degree < FFT_FROM_DEGREE ? circulant_direct : circulant_fft)(topology, phase, edges, degree,
                                                                  magnitude);
    for (uint32_t k = 0; k < topology->nodes; k++)
        if (magnitude[k] < ROUNDING)
            magnitude[k] = 0;
    magnitude[0] = 0;
    free(edges);
}

static double largest(uint32_t nodes, const double *values)
{
    double most = 0;

    for (uint32_t k = 0; k < nodes; k++)
        if (values[k] > most)
            most = values[k];
    return most;
}

static void circulant_spectra(const struct topology *topology, struct topology_report *report)
{
    uint32_t nodes = topology->nodes;
    double *round = memory_array(nodes, sizeof *round);
    double *product = memory_array(nodes, sizeof *product);

    report->method = "circulant";
    report->sigma2_round = 0;
    report->exact_after = nodes == 1 ? 0 : -1;
    for (uint32_t k = 1; k < nodes; k++)
        product[k] = 1;
    for (int64_t count = 1; count <= 2 * topology->period; count++) {
        circulant_round(topology, (count - 1) % topology->period, round);
        report->sigma2_round = fmax(report->sigma2_round, largest(nodes, round));
        for (uint32_t k = 0; k < nodes; k++)
            product[k] *= round[k];
        if (report->exact_after < 0 && largest(nodes, product) <= EXACT)
            report->exact_after = count;
        if (count == topology->period)
            report->sigma2_period = largest(nodes, product);
    }
    free(round);
    free(product);
}

/* The largest |eigenvalue| of (I - J) W (I - J), all entries at hand. */
static double dense_symmetric(const struct rounds *rounds)
{
    uint32_t nodes = rounds->nodes;
    gsl_matrix *matrix = gsl_matrix_alloc(nodes, nodes);
    gsl_vector *values = gsl_vector_alloc(nodes);
    gsl_eigen_symm_workspace *space = gsl_eigen_symm_alloc(nodes);
    double *column = memory_array(nodes, sizeof *column), most = 0;

    for (uint32_t j = 0; j < nodes; j++) {
        memset(column, 0, nodes * sizeof *column);
        column[j] = 1;
        rounds_deflate(nodes, column);
        rounds_apply(rounds, false, column);
        rounds_deflate(nodes, column);
        for (uint32_t i = 0; i < nodes; i++)
            gsl_matrix_set(matrix, i, j, column[i]);
    }
    gsl_eigen_symm(matrix, values, space);
    for (uint32_t k = 0; k < nodes; k++)
        most = fmax(most, fabs(gsl_vector_get(values, k)));
    free(column);
    gsl_eigen_symm_free(space);
    gsl_vector_free(values);
    gsl_matrix_free(matrix);
    return most < ROUNDING ? 0 : most;
}

static void apply_product(void *context, double *x)
{
    rounds_apply(context, false, x);
}

static void apply_squared(void *context, double *x)
{
    const struct rounds *rounds = context;

    rounds_apply(rounds, false, x);
    rounds_deflate(rounds->nodes, x);
    rounds_apply(rounds, true, x);
}

/* The norm of the product on zero-sum vectors; raises *tolerance to its error bound. */
static double norm_squared_way(struct rounds *rounds, double *tolerance)
{
    double residual, square = lanczos_largest(rounds->nodes, apply_squared, rounds, &residual);
    double sigma = sqrt(square);

    residual += 1e-15; /* rounding in forming P'P x */
    *tolerance = fmax(*tolerance, square > residual ? residual / (2 * sigma) : sqrt(residual));
    return sigma;
}

static enum status static_symmetric(const struct topology *topology, struct topology_report *report,
                                    struct error *error)
{
    struct rounds *rounds;
    enum status status = rounds_create(&rounds, topology, 0, 1, error);

    if (status != STATUS_OK)
        return status;
    if (topology->nodes <= DENSE_NODES) {
        report->method = "dense";
        report->sigma2_round = dense_symmetric(rounds);
    } else {
        report->method = "Lanczos";
        report->sigma2_round =
            lanczos_largest(topology->nodes, apply_product, rounds, &report->tolerance);
    }
    report->sigma2_period = report->sigma2_round;
    rounds_free(rounds);
    return STATUS_OK;
}

/* Products of doubly stochastic matrices don't expand: what passes 1 is rounding. */
static double at_most_one(const struct topology_report *report, double sigma)
{
    return report->doubly_stochastic && sigma > 1 - ROUNDING ? 1 : sigma;
}

/* The largest norm of a single round. */
static enum status worst_round(const struct topology *topology, int64_t phases,
                               struct topology_report *report, struct error *error)
{
    report->sigma2_round = 0;
    for (int64_t phase = 0; phase < phases; phase++) {
        struct rounds *rounds;
        enum status status;

        if (report->doubly_stochastic && at_most_one(report, report->sigma2_round) >= 1)
            break; /* nothing is worse */
        status = rounds_create(&rounds, topology, phase, 1, error);

        if (status != STATUS_OK)
            return status;
        report->sigma2_round =
            fmax(report->sigma2_round, norm_squared_way(rounds, &report->tolerance));
        rounds_free(rounds);
    }
    return STATUS_OK;
}

/* One vector's rounds until all entries equal the mean; -1: not within two periods.  Unit vectors
 * together make the whole matrix. */
static int64_t rounds_until_equal(const struct rounds *rounds, double *x, double *spare)
{
    for (int64_t count = 0; count <= 2 * rounds->count; count++) {
        double sum = 0, worst = 0;

        for (uint32_t i = 0; i < rounds->nodes; i++)
            sum += x[i];
        for (uint32_t i = 0; i < rounds->nodes; i++)
            worst = fmax(worst, fabs(x[i] - sum / rounds->nodes));
        if (worst <= EXACT)
            return count;
        rounds_apply_one(rounds, count % rounds->count, false, x, spare);
        memcpy(x, spare, rounds->nodes * sizeof *x);
    }
    return -1;
}

/* All unit vectors up to 512 nodes; random vectors above, which miss with probability 0. */
static void set_probe(uint32_t nodes, uint32_t probe, double *x)
{
    struct rng rng;

    memset(x, 0, nodes * sizeof *x);
    if (nodes <= DENSE_NODES) {
        x[probe] = 1;
        return;
    }
    rng_open(&rng, 0, RNG_TEST, 1, probe, 0);
    for (uint32_t i = 0; i < nodes; i++)
        x[i] = rng_uniform(&rng) - 0.5;
}

static enum status find_exactness(const struct topology *topology, struct topology_report *report,
                                  struct error *error)
{
    uint32_t nodes = topology->nodes, probes = nodes <= DENSE_NODES ? nodes : PROBES;
    double *x, *spare;
    struct rounds *rounds;
    enum status status;

    report->exact_after = -1;
    if (topology->period == 0)
        return STATUS_OK;
    if ((status = rounds_create(&rounds, topology, 0, topology->period, error)) != STATUS_OK)
        return status;
    x = memory_array(nodes, sizeof *x);
    spare = memory_array(nodes, sizeof *spare);
    report->exact_after = 0;
    for (uint32_t probe = 0; probe < probes && report->exact_after >= 0; probe++) {
        int64_t needed;

        set_probe(nodes, probe, x);
        needed = rounds_until_equal(rounds, x, spare);
        report->exact_after =
            needed < 0 || needed > report->exact_after ? needed : report->exact_after;
    }
    free(x);
    free(spare);
    rounds_free(rounds);
    return STATUS_OK;
}

static enum status general_spectra(const struct topology *topology, struct topology_report *report,
                                   struct error *error)
{
    int64_t phases = topology->period > 0 ? topology->period : RANDOM_PHASES;
    struct rounds *rounds;
    enum status status = worst_round(topology, phases, report, error);

    report->method = "Lanczos on P'P";
    if (status != STATUS_OK || topology->period == 0)
        return status;
    /* An exact product has norm 0, which the square root of rounding would hide. */
    if (report->exact_after >= 0 && report->exact_after <= topology->period) {
        report->sigma2_period = 0;
        return STATUS_OK;
    }
    if ((status = rounds_create(&rounds, topology, 0, topology->period, error)) != STATUS_OK)
        return status;
    report->sigma2_period = norm_squared_way(rounds, &report->tolerance);
    rounds_free(rounds);
    return STATUS_OK;
}

enum status topology_spectra(const struct topology *topology, struct topology_report *report,
                             struct error *error)
{
    enum status status = STATUS_OK;

    if (topology->likeness == TOPOLOGY_CIRCULANT)
        circulant_spectra(topology, report);
    else {
        status = find_exactness(topology, report, error);
        if (status == STATUS_OK && topology->period == 1 && report->symmetric)
            status = static_symmetric(topology, report, error);
        else if (status == STATUS_OK)
            status = general_spectra(topology, report, error);
    }
    report->sigma2_round = at_most_one(report, report->sigma2_round);
    report->sigma2_period = at_most_one(report, report->sigma2_period);
    report->gap_round = 1 - report->sigma2_round;
    return status;
}
