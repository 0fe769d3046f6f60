/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient and loss of fully connected networks (compiled once per precision).
 *
 * Backpropagation (Rumelhart, Hinton and Williams, 1986) on the whole mini-batch of n samples.  The
 * gathered inputs X are n x widths[0], as they come; everything behind them is held transposed,
 * A_l and D_l = dLoss/dZ_l being widths[l] x n.  With A_0 = X',
 *
 *     Z_l = W_l A_{l-1} + b_l 1',     dW_l = D_l A_{l-1}',     db_l = row sums of D_l,
 *     D_{l-1} = (W_l' D_l) o activation'(Z_{l-1}).
 *
 * The transposition is for speed: OpenBLAS's kernels prefer the product with its long side first
 * (128 x 784 x 32: 67 us against 84 us for 32 x 784 x 128), and no matrix is ever moved for it.
 * The activation's derivative is read off A_{l-1}: [a > 0] for ReLU, 1 - a^2 for tanh.  Every
 * product writes in place with beta = 0, or adds to the pre-filled biases; nothing is cleared.
 */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "models/batch.h"
#include "models/feedforward.h"
#include "numerics/real.h"

/* Scratch for a batch: a[0] = X, a[l] = A_l (the last becomes D_L), two deltas in turn, and two
 * reals a sample for the softmax. */
struct scratch {
    real *a[FEEDFORWARD_MAX_LAYERS + 1];
    real *delta[2];
    real *top, *sum;
    size_t bytes;
};

static real *scratch_take(char *workspace, size_t *bytes, size_t count)
{
    real *block = workspace != NULL ? (real *)(void *)(workspace + *bytes) : NULL;

    *bytes += batch_align(count * sizeof(real));
    return block;
}

static struct scratch scratch_lay_out(const struct feedforward *net, size_t batch, char *workspace)
{
    struct scratch s = {.bytes = 0};
    uint32_t widest = 0;

    for (uint32_t l = 0; l <= net->layers; l++) {
        s.a[l] = scratch_take(workspace, &s.bytes, batch * net->widths[l]);
        if (l > 0 && l < net->layers && net->widths[l] > widest)
            widest = net->widths[l];
    }
    for (int i = 0; i < 2; i++)
        s.delta[i] = scratch_take(workspace, &s.bytes, batch * widest);
    s.top = scratch_take(workspace, &s.bytes, batch);
    s.sum = scratch_take(workspace, &s.bytes, batch);
    return s;
}

static size_t workspace_bytes(const void *context, uint32_t batch)
{
    return scratch_lay_out(context, batch, NULL).bytes;
}

/* ---- Forward ------------------------------------------------------------------------------------
 */

REAL_CLONES static void fill_rows(real *restrict z, uint32_t rows, uint32_t count,
                                  const real *restrict values)
{
    for (uint32_t j = 0; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            z[(size_t)j * count + i] = values[j];
}

/* A NaN stays one, so that a diverged model shows. */
REAL_CLONES static void relu(real *restrict a, size_t count)
{
    for (size_t k = 0; k < count; k++)
        a[k] = a[k] < 0 ? 0 : a[k];
}

static void hyperbolic(real *restrict a, size_t count)
{
    for (size_t k = 0; k < count; k++)
        a[k] = REAL_MATH(tanh)(a[k]);
}

/* z (out x count) = W (out x in) a + bias; a is in x count, or count x in for the inputs. */
static void layer_forward(const struct feedforward *net, uint32_t l, const real *x, const real *a,
                          uint32_t count, real *z)
{
    uint32_t in = net->widths[l], out = net->widths[l + 1];
    const real *weights = x + net->weights[l];
    bool inputs = l == 0;

    if (net->bias)
        fill_rows(z, out, count, weights + (size_t)in * out);
    REAL_BLAS(gemm)
    (CblasRowMajor, CblasNoTrans, inputs ? CblasTrans : CblasNoTrans, (int)out, (int)count, (int)in,
     1, weights, (int)in, a, (int)(inputs ? in : count), net->bias ? 1 : 0, z, (int)count);
}

static void forward(const struct feedforward *net, const real *x, uint32_t count,
                    const struct scratch *s)
{
    for (uint32_t l = 0; l < net->layers; l++) {
        size_t values = (size_t)count * net->widths[l + 1];

        layer_forward(net, l, x, s->a[l], count, s->a[l + 1]);
        if (l + 1 == net->layers)
            break;
        if (net->activation == FEEDFORWARD_RELU)
            relu(s->a[l + 1], values);
        else
            hyperbolic(s->a[l + 1], values);
    }
}

/* ---- Backward -----------------------------------------------------------------------------------
 */

REAL_CLONES static void relu_derivative(const real *restrict a, real *restrict delta, size_t count)
{
    for (size_t k = 0; k < count; k++)
        delta[k] = a[k] > 0 ? delta[k] : 0;
}

REAL_CLONES static void tanh_derivative(const real *restrict a, real *restrict delta, size_t count)
{
    for (size_t k = 0; k < count; k++)
        delta[k] *= 1 - a[k] * a[k];
}

#define LANES 8

/* sums[j] = sum of row j: LANES partial sums in turn, then these in order.  The order depends on
 * the count alone. */
REAL_CLONES static void row_sums(const real *restrict delta, uint32_t rows, uint32_t count,
                                 real *restrict sums)
{
    for (uint32_t j = 0; j < rows; j++, delta += count) {
        real lane[LANES] = {0}, sum = 0;
        uint32_t i = 0;

        for (; i + LANES <= count; i += LANES)
            for (uint32_t k = 0; k < LANES; k++)
                lane[k] += delta[i + k];
        for (uint32_t k = 0; k < LANES; k++)
            sum += lane[k];
        for (; i < count; i++)
            sum += delta[i];
        sums[j] = sum;
    }
}

/* g of one layer: dW (out x in) = delta a', db = row sums of delta. */
static void layer_gradient(const struct feedforward *net, uint32_t l, const real *delta,
                           const real *a, uint32_t count, real *g)
{
    uint32_t in = net->widths[l], out = net->widths[l + 1];
    real *weights = g + net->weights[l];
    bool inputs = l == 0;

    REAL_BLAS(gemm)
    (CblasRowMajor, CblasNoTrans, inputs ? CblasNoTrans : CblasTrans, (int)out, (int)in, (int)count,
     1, delta, (int)count, a, (int)(inputs ? in : count), 0, weights, (int)in);
    if (net->bias)
        row_sums(delta, out, count, weights + (size_t)in * out);
}

/* before (in x count) = (W' delta) o activation'(a) */
static void layer_backward(const struct feedforward *net, uint32_t l, const real *x,
                           const real *delta, const real *a, uint32_t count, real *before)
{
    uint32_t in = net->widths[l], out = net->widths[l + 1];

    REAL_BLAS(gemm)
    (CblasRowMajor, CblasTrans, CblasNoTrans, (int)in, (int)count, (int)out, 1, x + net->weights[l],
     (int)in, delta, (int)count, 0, before, (int)count);
    if (net->activation == FEEDFORWARD_RELU)
        relu_derivative(a, before, (size_t)count * in);
    else
        tanh_derivative(a, before, (size_t)count * in);
}

/* top[i] = largest output of sample i */
REAL_CLONES static void find_tops(const real *restrict z, uint32_t rows, uint32_t count,
                                  real *restrict top)
{
    memcpy(top, z, count * sizeof *top);
    for (uint32_t j = 1; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            top[i] = z[(size_t)j * count + i] > top[i] ? z[(size_t)j * count + i] : top[i];
}

/* z <- (softmax(z) - onehot(label)) / count: the derivative of the mean cross-entropy.  Nothing
 * overflows, since the largest output is taken off first. */
static void softmax_delta(const struct scratch *s, uint32_t rows, uint32_t count, real *restrict z)
{
    real *restrict top = s->top, *restrict sum = s->sum;

    find_tops(z, rows, count, top);
    memset(sum, 0, count * sizeof *sum);
    for (uint32_t j = 0; j < rows; j++) {
        real *restrict row = z + (size_t)j * count;

        for (uint32_t i = 0; i < count; i++) {
            row[i] = REAL_MATH(exp)(row[i] - top[i]);
            sum[i] += row[i];
        }
    }
    for (uint32_t i = 0; i < count; i++)
        sum[i] = 1 / (sum[i] * (real)count);
    for (uint32_t j = 0; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            z[(size_t)j * count + i] *= sum[i];
}

static void output_delta(const struct feedforward *net, const struct objective_batch *batch,
                         const struct scratch *s, real *z)
{
    const struct dataset_part *part = &net->data->train;
    const real *targets = part->targets;
    uint32_t count = batch->count;
    real share = 1 / (real)count;

    if (part->labels != NULL)
        softmax_delta(s, net->widths[net->layers], count, z);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sample = batch->samples[i];

        if (part->labels != NULL)
            z[(size_t)part->labels[sample] * count + i] -= share;
        else
            z[i] = (z[i] - targets[sample]) * share;
    }
}

static void add_decay(const struct feedforward *net, const real *restrict x, real *restrict g)
{
    real l2 = (real)net->l2;

    if (net->l2 == 0)
        return;
    for (uint32_t l = 0; l < net->layers; l++) {
        size_t first = net->weights[l];
        size_t end = first + (size_t)net->widths[l] * net->widths[l + 1];

        for (size_t k = first; k < end; k++)
            g[k] += l2 * x[k];
    }
}

static void gradient(const void *context, const struct objective_batch *batch, const void *x,
                     void *g, void *workspace)
{
    const struct feedforward *net = context;
    uint32_t count = batch->count;
    struct scratch s = scratch_lay_out(net, count, workspace);
    real *delta = s.a[net->layers];

    REAL_NAME(batch_gather)(net->data, &net->data->train, batch->samples, count, s.a[0]);
    forward(net, x, count, &s);
    output_delta(net, batch, &s, delta);
    for (uint32_t l = net->layers; l-- > 0;) {
        layer_gradient(net, l, delta, s.a[l], count, g);
        if (l > 0)
            layer_backward(net, l, x, delta, s.a[l], count, s.delta[l % 2]);
        delta = s.delta[l % 2];
    }
    add_decay(net, x, g);
}

/* ---- Losses: sums in double, in the order of the samples ------------------------------------ */

static double decay_loss(const struct feedforward *net, const real *x)
{
    double sum = 0;

    if (net->l2 == 0)
        return 0;
    for (uint32_t l = 0; l < net->layers; l++) {
        size_t first = net->weights[l];
        size_t end = first + (size_t)net->widths[l] * net->widths[l + 1];

        for (size_t k = first; k < end; k++)
            sum += (double)x[k] * (double)x[k];
    }
    return net->l2 / 2 * sum;
}

/* The outputs of one sample lie `stride` apart.  The first of the largest is the answer. */
static uint32_t answer_of(const real *z, uint32_t rows, size_t stride)
{
    uint32_t best = 0;

    for (uint32_t j = 1; j < rows; j++)
        best = z[j * stride] > z[best * stride] ? j : best;
    return best;
}

/* -log softmax(z)[label] = log sum exp(z - top) + top - z[label] */
static double cross_entropy(const real *z, uint32_t rows, size_t stride, double top, int32_t label)
{
    double sum = exp((double)z[0] - top);

    for (uint32_t j = 1; j < rows; j++)
        sum += exp((double)z[j * stride] - top);
    return log(sum) + top - (double)z[(size_t)label * stride];
}

static void add_losses(const struct feedforward *net, const struct dataset_part *part,
                       const uint32_t *samples, uint32_t count, const real *z,
                       struct objective_value *value)
{
    uint32_t rows = net->widths[net->layers];

    for (uint32_t i = 0; i < count; i++, z++) {
        if (part->labels != NULL) {
            int32_t label = part->labels[samples[i]];
            uint32_t answer = answer_of(z, rows, count);
            double top = (double)z[(size_t)answer * count];

            value->loss_sum += cross_entropy(z, rows, count, top, label);
            value->correct += (int32_t)answer == label;
        } else {
            double residual = (double)*z - (double)((const real *)part->targets)[samples[i]];

            value->loss_sum += residual * residual / 2;
        }
    }
}

static void evaluate(const void *context, const struct objective_query *query, const void *x,
                     struct objective_value *value, void *workspace)
{
    const struct feedforward *net = context;
    struct batch_range range = batch_range(net->data, net->partition, query);
    struct scratch s = scratch_lay_out(net, OBJECTIVE_EVALUATION_CHUNK, workspace);
    uint32_t samples[OBJECTIVE_EVALUATION_CHUNK];

    *value =
        (struct objective_value){.correct = net->data->classes > 0 ? 0 : -1, .count = range.count};
    for (uint32_t position = 0; position < range.count;) {
        uint32_t count = batch_chunk(&range, position, samples);

        REAL_NAME(batch_gather)(net->data, range.part, samples, count, s.a[0]);
        forward(net, x, count, &s);
        add_losses(net, range.part, samples, count, s.a[net->layers], value);
        position += count;
    }
    value->loss_sum += decay_loss(net, x) * range.count;
}

const struct objective_ops REAL_NAME(feedforward_kernels) = {
    .workspace_bytes = workspace_bytes,
    .gradient = gradient,
    .evaluate = evaluate,
};
