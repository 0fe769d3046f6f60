/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PowerSGD (Vogels, Karimireddy and Jaggi, NeurIPS 2019, arXiv:1905.13727, algorithm 1): of each
 * gradient matrix M (rows x columns) two factors of rank r travel, by one step of subspace
 * iteration from the q of the step before:
 *
 *   p = M q;  mean of p over the ranks;  orthonormalize p
 *   q = M' p; mean of q over the ranks;  C(M) = p q'
 *
 * Both means are all-reduces, so it is linear (numerics/compressor.h: compressor_factor_*).  Where
 * one node compresses for itself (gossip) the two steps run in one kernel and q is drawn anew from
 * the message's key: E|C(M) - M|^2 <= (1 - r/columns) |M|^2, since p p' M is at least as near to M
 * as the projection of M on the random subspace q.
 *
 * A matrix of rank at most r is reproduced but for rounding.  A column of p that depends on those
 * before it is 0 (the paper's code adds 1e-8 to its norm and gets noise).
 */
#include "numerics/compressors/power_sgd.h"

#include <gsl/gsl_randist.h>
#include <string.h>

COMPRESSOR_KERNELS(power_sgd_run);
COMPRESSOR_KERNELS(power_sgd_project);
COMPRESSOR_KERNELS(power_sgd_orthonormalize);
COMPRESSOR_KERNELS(power_sgd_back_project);
COMPRESSOR_KERNELS(power_sgd_decode);
COMPRESSOR_KERNELS(power_sgd_start);

/* A column shorter than this share of what it was before the earlier ones were taken out of it is
 * rounding alone. */
#define POWER_SGD_NOISE (REAL_BITS == 32 ? 1e-5 : 1e-12)

/* Of a call whose matrices are those of a vector of `dimension` elements. */
static struct power_sgd_walk power_sgd_walk(const struct plan_kernel_call *call, size_t dimension)
{
    const struct power_sgd_params *params = compressor_call(call)->rule;
    size_t layers = call->layer_count;
    if (layers > 0 && call->layers[layers - 1].first + call->layers[layers - 1].count != dimension)
        layers = 0; /* another vector than the model */
    return (struct power_sgd_walk){
        call->layers, layers, dimension, (uint64_t)params->rank, 0, 0, 0};
}

static void power_sgd_project_block(const struct power_sgd_block *b, const real *m, const real *q,
                                    real *p)
{
    for (uint64_t i = 0; i < b->rows; i++) {
        uint64_t row = i * b->columns;
        uint64_t left = row < b->count ? b->count - row : 0;
        uint64_t end = left < b->columns ? left : b->columns;
        double sum = 0;
        for (uint64_t j = 0; j < end; j++)
            sum += (double)m[row + j] * (double)q[j];
        p[i] = (real)sum;
    }
}

static void power_sgd_project_all(struct power_sgd_walk walk, const real *v, const real *q, real *p)
{
    struct power_sgd_block b;
    while (power_sgd_next(&walk, &b)) {
        if (b.rows == 0)
            memcpy(p + b.p, v + b.first, b.count * sizeof *p);
        for (uint64_t c = 0; b.rows > 0 && c < walk.rank; c++)
            power_sgd_project_block(&b, v + b.first, q + b.q + c * b.columns, p + b.p + c * b.rows);
    }
}

static double power_sgd_dot(const real *a, const real *b, uint64_t count)
{
    double sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Takes the columns before c out of column c, twice (once is not enough where it nearly depends on
 * them), and scales it to length 1. */
static void power_sgd_column(real *p, uint64_t rows, uint64_t c)
{
    real *column = p + c * rows;
    double before = sqrt(power_sgd_dot(column, column, rows));
    for (uint64_t k = 0; k < 2 * c; k++) {
        const real *other = p + k % c * rows;
        double share = power_sgd_dot(column, other, rows);
        for (uint64_t i = 0; i < rows; i++)
            column[i] = (real)((double)column[i] - share * (double)other[i]);
    }
    double norm = sqrt(power_sgd_dot(column, column, rows));
    double scale = norm <= POWER_SGD_NOISE * before ? 0 : 1 / norm;
    for (uint64_t i = 0; i < rows; i++)
        column[i] = (real)(scale * (double)column[i]);
}

static void power_sgd_orthonormalize_all(struct power_sgd_walk walk, real *p)
{
    struct power_sgd_block b;
    while (power_sgd_next(&walk, &b))
        for (uint64_t c = 0; b.rows > 0 && c < walk.rank; c++)
            power_sgd_column(p + b.p, b.rows, c);
}

/* q_j = sum over rows i of M_ij p_i, row after row. */
static void power_sgd_back_block(const struct power_sgd_block *b, const real *m, const real *p,
                                 real *q, double *sums)
{
    memset(sums, 0, b->columns * sizeof *sums);
    for (uint64_t at = 0, i = 0; at < b->count; i++)
        for (uint64_t j = 0; j < b->columns && at < b->count; j++, at++)
            sums[j] += (double)m[at] * (double)p[i];
    for (uint64_t j = 0; j < b->columns; j++)
        q[j] = (real)sums[j];
}

static void power_sgd_back_all(struct power_sgd_walk walk, const real *v, const real *p, real *q,
                               double *sums)
{
    struct power_sgd_block b;
    while (power_sgd_next(&walk, &b))
        for (uint64_t c = 0; b.rows > 0 && c < walk.rank; c++)
            power_sgd_back_block(&b, v + b.first, p + b.p + c * b.rows, q + b.q + c * b.columns,
                                 sums);
}

static void power_sgd_decode_block(const struct power_sgd_block *b, uint64_t rank, const real *p,
                                   const real *q, real *m)
{
    for (uint64_t at = 0, i = 0; at < b->count; i++)
        for (uint64_t j = 0; j < b->columns && at < b->count; j++, at++) {
            double sum = 0;
            for (uint64_t c = 0; c < rank; c++)
                sum += (double)p[c * b->rows + i] * (double)q[c * b->columns + j];
            m[at] = (real)sum;
        }
}

static void power_sgd_decode_all(struct power_sgd_walk walk, const real *p, const real *q, real *v)
{
    struct power_sgd_block b;
    while (power_sgd_next(&walk, &b)) {
        if (b.rows == 0)
            memcpy(v + b.first, p + b.p, b.count * sizeof *v);
        else
            power_sgd_decode_block(&b, walk.rank, p + b.p, q + b.q, v + b.first);
    }
}

static void power_sgd_draw(const struct plan_kernel_call *call, real *q, size_t count)
{
    struct rng rng;
    compressor_draws(&rng, &compressor_call(call)->key);
    for (size_t i = 0; i < count; i++)
        q[i] = (real)gsl_ran_gaussian(&rng.gsl, 1);
}

/* --- Kernels. --- */

void REAL_NAME(power_sgd_project)(const struct plan_kernel_call *call)
{
    power_sgd_project_all(power_sgd_walk(call, call->input_counts[0]), call->inputs[0],
                          call->inputs[1], call->outputs[0]);
}

void REAL_NAME(power_sgd_orthonormalize)(const struct plan_kernel_call *call)
{
    if (call->outputs[0] != call->inputs[0])
        memcpy(call->outputs[0], call->inputs[0], call->input_counts[0] * sizeof(real));
    power_sgd_orthonormalize_all(power_sgd_walk(call, compressor_call(call)->dimension),
                                 call->outputs[0]);
}

void REAL_NAME(power_sgd_back_project)(const struct plan_kernel_call *call)
{
    power_sgd_back_all(power_sgd_walk(call, call->input_counts[0]), call->inputs[0],
                       call->inputs[1], call->outputs[0], call->scratch);
}

void REAL_NAME(power_sgd_decode)(const struct plan_kernel_call *call)
{
    power_sgd_decode_all(power_sgd_walk(call, call->output_counts[0]), call->inputs[0],
                         call->inputs[1], call->outputs[0]);
}

void REAL_NAME(power_sgd_start)(const struct plan_kernel_call *call)
{
    power_sgd_draw(call, call->outputs[0], call->output_counts[0]);
}

/* All at once. */
void REAL_NAME(power_sgd_run)(const struct plan_kernel_call *call)
{
    size_t count = call->input_counts[0];
    struct power_sgd_walk walk = power_sgd_walk(call, count), end = power_sgd_measure(walk);
    double *sums = call->scratch;
    void *behind = sums + count;
    real *q = behind, *p = q + end.q;
    power_sgd_draw(call, q, end.q);
    power_sgd_project_all(walk, call->inputs[0], q, p);
    power_sgd_orthonormalize_all(walk, p);
    power_sgd_back_all(walk, call->inputs[0], p, q, sums);
    power_sgd_decode_all(walk, p, q, call->outputs[0]);
}

#if REAL_BITS == 64
static size_t power_sgd_sums(const struct plan_kernel_call *call)
{
    return call->input_counts[0] * sizeof(double);
}

static size_t power_sgd_scratch(const struct plan_kernel_call *call)
{
    struct power_sgd_walk end = power_sgd_measure(power_sgd_walk(call, call->input_counts[0]));
    return power_sgd_sums(call) + (end.p + end.q) * sizeof(double);
}

const struct plan_kernel power_sgd_project = {
    .name = "power-sgd project", .run32 = power_sgd_project32, .run64 = power_sgd_project64};
const struct plan_kernel power_sgd_orthonormalize = {.name = "power-sgd orthonormalize",
                                                     .run32 = power_sgd_orthonormalize32,
                                                     .run64 = power_sgd_orthonormalize64};
const struct plan_kernel power_sgd_back_project = {.name = "power-sgd back-project",
                                                   .scratch_bytes = power_sgd_sums,
                                                   .run32 = power_sgd_back_project32,
                                                   .run64 = power_sgd_back_project64};
const struct plan_kernel power_sgd_decode = {
    .name = "power-sgd decode", .run32 = power_sgd_decode32, .run64 = power_sgd_decode64};
const struct plan_kernel power_sgd_start = {
    .name = "power-sgd start", .run32 = power_sgd_start32, .run64 = power_sgd_start64};

static unsigned power_sgd_traits(const void *params, bool contraction)
{
    (void)params;
    (void)contraction;
    return COMPRESSOR_LINEAR | COMPRESSOR_FACTORED;
}

static int64_t power_sgd_bits(const void *params, const struct compressor_wire *wire)
{
    const struct power_sgd_params *power = params;
    struct power_sgd_walk end = power_sgd_measure((struct power_sgd_walk){
        wire->layers, wire->layer_count, wire->dimension, (uint64_t)power->rank, 0, 0, 0});
    return (int64_t)(end.p + end.q) * wire->real_bits;
}

static const struct field power_sgd_fields[] = {
    FIELD_AT(struct power_sgd_params, rank, FIELD_INTEGER, "2", .min = 1, .max = 4096,
             .help = "columns of the two factors of each matrix"),
    FIELD_END,
};

extern const struct compressor_ops power_sgd_ops;
const struct compressor_ops power_sgd_ops = {
    .plugin = {.name = "power-sgd",
               .summary = "two factors of low rank of each weight matrix",
               .reference = "T. Vogels, S. P. Karimireddy and M. Jaggi, PowerSGD: Practical "
                            "Low-Rank Gradient Compression for Distributed Optimization, NeurIPS "
                            "2019, arXiv:1905.13727",
               .params = power_sgd_fields,
               .params_size = sizeof(struct power_sgd_params)},
    .traits = power_sgd_traits,
    .bits = power_sgd_bits,
    .kernel = {.name = "power-sgd",
               .scratch_bytes = power_sgd_scratch,
               .run32 = power_sgd_run32,
               .run64 = power_sgd_run64},
};
#endif
