/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient and loss of fully connected networks (compiled once per precision).
 *
 * Backpropagation (Rumelhart, Hinton and Williams, 1986) on the whole mini-batch: with delta_l =
 * dLoss/dz_l (batch x widths[l]),
 *
 *     dW_l = delta_l' a_{l-1},  db_l = column sums of delta_l,
 *     delta_{l-1} = (delta_l W_l) o activation'(z_{l-1}).
 *
 * The activation's derivative is read off a_{l-1}: [a > 0] for ReLU, 1 - a^2 for tanh.
 * Every product writes its result in place with beta = 0, or adds to the pre-filled biases, so
 * nothing is cleared or copied.
 */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "models/batch.h"
#include "models/feedforward.h"
#include "numerics/real.h"

/* Scratch for a batch: activations a_0..a_L (the last becomes delta_L), two deltas in turn. */
struct scratch {
    real *a[FEEDFORWARD_MAX_LAYERS + 1];
    real *delta[2];
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
    return s;
}

static size_t workspace_bytes(const void *context, uint32_t batch)
{
    return scratch_lay_out(context, batch, NULL).bytes;
}

static void fill_rows(real *restrict rows, uint32_t count, uint32_t width, const real *restrict row)
{
    for (uint32_t i = 0; i < count; i++)
        memcpy(rows + (size_t)i * width, row, width * sizeof(real));
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

static void activate(const struct feedforward *net, real *a, size_t count)
{
    if (net->activation == FEEDFORWARD_RELU)
        relu(a, count);
    else
        hyperbolic(a, count);
}

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

/* z (count x out) = a (count x in) W' + bias */
static void layer_forward(const struct feedforward *net, uint32_t l, const real *x, const real *a,
                          uint32_t count, real *z)
{
    uint32_t in = net->widths[l], out = net->widths[l + 1];
    const real *weights = x + net->weights[l];

    if (net->bias)
        fill_rows(z, count, out, weights + (size_t)in * out);
    REAL_BLAS(gemm)
    (CblasRowMajor, CblasNoTrans, CblasTrans, (int)count, (int)out, (int)in, 1, a, (int)in, weights,
     (int)in, net->bias ? 1 : 0, z, (int)out);
}

static void forward(const struct feedforward *net, const real *x, uint32_t count,
                    const struct scratch *s)
{
    for (uint32_t l = 0; l < net->layers; l++) {
        layer_forward(net, l, x, s->a[l], count, s->a[l + 1]);
        if (l + 1 < net->layers)
            activate(net, s->a[l + 1], (size_t)count * net->widths[l + 1]);
    }
}

/* g of one layer: dW (out x in) = delta' a, db = column sums of delta in the order of samples. */
static void layer_gradient(const struct feedforward *net, uint32_t l, const real *delta,
                           const real *a, uint32_t count, real *g)
{
    uint32_t in = net->widths[l], out = net->widths[l + 1];
    real *weights = g + net->weights[l];
    real *restrict bias = weights + (size_t)in * out;

    REAL_BLAS(gemm)
    (CblasRowMajor, CblasTrans, CblasNoTrans, (int)out, (int)in, (int)count, 1, delta, (int)out, a,
     (int)in, 0, weights, (int)in);
    if (!net->bias)
        return;
    memset(bias, 0, out * sizeof(real));
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < out; j++)
            bias[j] += delta[(size_t)i * out + j];
}

/* before (count x in) = (delta (count x out) W) o activation'(a) */
static void layer_backward(const struct feedforward *net, uint32_t l, const real *x,
                           const real *delta, const real *a, uint32_t count, real *before)
{
    uint32_t in = net->widths[l], out = net->widths[l + 1];

    REAL_BLAS(gemm)
    (CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)count, (int)in, (int)out, 1, delta, (int)out,
     x + net->weights[l], (int)in, 0, before, (int)in);
    if (net->activation == FEEDFORWARD_RELU)
        relu_derivative(a, before, (size_t)count * in);
    else
        tanh_derivative(a, before, (size_t)count * in);
}

static real row_maximum(const real *z, uint32_t width)
{
    real top = z[0];

    for (uint32_t j = 1; j < width; j++)
        top = z[j] > top ? z[j] : top;
    return top;
}

/* z <- (softmax(z) - onehot(label)) / count: the derivative of the mean cross-entropy. */
static void softmax_delta(real *z, uint32_t width, int32_t label, real scale)
{
    real top = row_maximum(z, width), sum = 0;

    for (uint32_t j = 0; j < width; j++) {
        z[j] = REAL_MATH(exp)(z[j] - top);
        sum += z[j];
    }
    real factor = scale / sum;
    for (uint32_t j = 0; j < width; j++)
        z[j] *= factor;
    z[label] -= scale;
}

static void output_delta(const struct feedforward *net, const struct objective_batch *batch,
                         real *z)
{
    const struct dataset_part *part = &net->data->train;
    uint32_t width = net->widths[net->layers];
    real scale = 1 / (real)batch->count;

    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t sample = batch->samples[i];

        if (part->labels != NULL)
            softmax_delta(z + (size_t)i * width, width, part->labels[sample], scale);
        else
            z[i] = (z[i] - ((const real *)part->targets)[sample]) * scale;
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
    output_delta(net, batch, delta);
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

/* -log softmax(z)[label] */
static double cross_entropy(const real *z, uint32_t width, int32_t label)
{
    double top = (double)row_maximum(z, width), sum = 0;

    for (uint32_t j = 0; j < width; j++)
        sum += exp((double)z[j] - top);
    return log(sum) + top - (double)z[label];
}

/* The first of the largest outputs is the answer. */
static bool is_correct(const real *z, uint32_t width, int32_t label)
{
    uint32_t best = 0;

    for (uint32_t j = 1; j < width; j++)
        best = z[j] > z[best] ? j : best;
    return (int32_t)best == label;
}

static void add_losses(const struct feedforward *net, const struct dataset_part *part,
                       const uint32_t *samples, uint32_t count, const real *z,
                       struct objective_value *value)
{
    uint32_t width = net->widths[net->layers];

    for (uint32_t i = 0; i < count; i++, z += width) {
        if (part->labels != NULL) {
            value->loss_sum += cross_entropy(z, width, part->labels[samples[i]]);
            value->correct += is_correct(z, width, part->labels[samples[i]]);
        } else {
            double residual = (double)z[0] - (double)((const real *)part->targets)[samples[i]];
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
