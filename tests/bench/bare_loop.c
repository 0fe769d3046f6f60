/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The opponent of the simulator's throughput: the same gradients, steps and mixes of
 *
 *     g = gradient at x_i;  m_i = mu m_i + d,  x_i = x_i - rate (d + mu m_i),  d = g + lambda x_i
 *     x_i = x_i / 2 + x_{i - 2^(k mod log2 n)} / 2
 *
 * by the same BLAS calls, compiled with the flags of the simulator's kernels.  It keeps nothing
 * that it does not need: one gradient and one set of activations for all nodes (they stay in the
 * second cache), vectors in one block, mixes in place and next to the steps.  Push-sum weights
 * are 1 throughout on this graph and are left out.
 */
#define REAL_BITS 32
#include "tests/bench/bare_loop.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/real.h"
#include "tests/bench/bench.h"

#define BARE_RATE     0.05f
#define BARE_MOMENTUM 0.9f
#define BARE_DECAY    1e-4f

struct bare_loop {
    const struct dataset_part *data;
    float scale;
    uint32_t features, hidden, classes, nodes, batch;
    size_t weights2, bias1, bias2, dimension;

    float *block;
    float **x, **m;                           /* of every node */
    float *kept;                              /* one x before its mix */
    float *g, *input, *a, *z, *delta;         /* shared by the nodes */
    float *top, *sum;                         /* of the softmax */
    uint32_t *order, *place, shard, *samples; /* a shuffled shard a node */
    uint64_t random;
    unsigned step;
};

/* Vectors begin on lines of their own, and not all at one place of a page. */
static size_t lines(size_t count)
{
    return (count + 15) / 16 * 16;
}

static float *take(float **next, size_t count)
{
    float *taken = *next;
    *next += lines(count);
    return taken;
}

static void lay_out(struct bare_loop *loop)
{
    size_t vectors = 2 * (size_t)loop->nodes + 2, batch = loop->batch;
    size_t scratch = lines(batch * loop->features) + 2 * lines(batch * loop->hidden) +
                     lines(batch * loop->classes) + 2 * lines(batch);
    size_t total = vectors * lines(loop->dimension) + scratch;
    float *next = memory_try_aligned(total * sizeof *next);
    CHECK(next != NULL, "no memory for %zu reals", total);
    memset(next, 0, total * sizeof *next);
    loop->block = next;
    loop->g = take(&next, loop->dimension);
    loop->kept = take(&next, loop->dimension);
    loop->input = take(&next, batch * loop->features);
    loop->a = take(&next, batch * loop->hidden);
    loop->delta = take(&next, batch * loop->hidden);
    loop->z = take(&next, batch * loop->classes);
    loop->top = take(&next, batch);
    loop->sum = take(&next, batch);
    for (uint32_t i = 0; i < loop->nodes; i++) {
        loop->x[i] = take(&next, loop->dimension);
        loop->m[i] = take(&next, loop->dimension);
    }
}

static uint32_t draw(struct bare_loop *loop, uint32_t below)
{
    return (uint32_t)(bench_hash(loop->random++) % below);
}

static void shuffle(struct bare_loop *loop, uint32_t *order)
{
    for (uint32_t i = loop->shard; i > 1; i--) {
        uint32_t j = draw(loop, i), held = order[i - 1];
        order[i - 1] = order[j];
        order[j] = held;
    }
}

static void deal(struct bare_loop *loop)
{
    loop->shard = loop->data->samples / loop->nodes;
    for (uint32_t i = 0; i < loop->nodes * loop->shard; i++)
        loop->order[i] = i;
    for (uint32_t node = 0; node < loop->nodes; node++)
        shuffle(loop, loop->order + node * loop->shard);
}

/* He's initialisation, up to the distribution; the same for all nodes. */
static void initialise(struct bare_loop *loop)
{
    for (uint32_t node = 0; node < loop->nodes; node++) {
        uint64_t random = 1;
        for (size_t k = 0; k < loop->dimension; k++)
            loop->x[node][k] =
                (float)((double)(bench_hash(random++) >> 11) * 0x1p-53 - 0.5) * 0.15f;
    }
}

struct bare_loop *bare_loop_create(const struct dataset_part *data, double byte_scale,
                                   uint32_t features, uint32_t hidden, uint32_t classes,
                                   uint32_t nodes, uint32_t batch)
{
    struct bare_loop *loop = memory_alloc(sizeof *loop);
    size_t bias1 = (size_t)features * hidden, weights2 = bias1 + hidden;
    size_t bias2 = weights2 + (size_t)hidden * classes;
    CHECK((nodes & (nodes - 1)) == 0, "%u nodes are no power of two", nodes);
    *loop = (struct bare_loop){.data = data,
                               .scale = (float)byte_scale,
                               .features = features,
                               .hidden = hidden,
                               .classes = classes,
                               .nodes = nodes,
                               .batch = batch,
                               .bias1 = bias1,
                               .weights2 = weights2,
                               .bias2 = bias2,
                               .dimension = bias2 + classes};
    loop->x = memory_array(nodes, sizeof *loop->x);
    loop->m = memory_array(nodes, sizeof *loop->m);
    loop->place = memory_array(nodes, sizeof *loop->place);
    loop->order = memory_array(data->samples, sizeof *loop->order);
    loop->samples = memory_array(batch, sizeof *loop->samples);
    lay_out(loop);
    deal(loop);
    initialise(loop);
    return loop;
}

void bare_loop_free(struct bare_loop *loop)
{
    free(loop->block);
    free(loop->x);
    free(loop->m);
    free(loop->place);
    free(loop->order);
    free(loop->samples);
    free(loop);
}

double bare_loop_bytes(const struct bare_loop *loop)
{
    return (2.0 * loop->nodes + 2) * (double)loop->dimension * sizeof(float);
}

/* ---- The gradient -------------------------------------------------------------------------- */

static void choose(struct bare_loop *loop, uint32_t node)
{
    uint32_t *order = loop->order + node * loop->shard;
    for (uint32_t i = 0; i < loop->batch; i++) {
        loop->samples[i] = order[loop->place[node]];
        if (++loop->place[node] == loop->shard) {
            loop->place[node] = 0;
            shuffle(loop, order);
        }
    }
}

static REAL_CLONES void widen(const uint8_t *restrict from, float scale, size_t count,
                              float *restrict to)
{
    for (size_t j = 0; j < count; j++)
        to[j] = (float)from[j] * scale;
}

/* A sample lies anywhere in memory: it is asked for four turns ahead. */
static void gather(const struct bare_loop *loop)
{
    size_t features = loop->features;
    for (uint32_t i = 0; i < loop->batch; i++) {
        const uint8_t *row = loop->data->bytes + loop->samples[i] * features;
        if (i + 4 < loop->batch) {
            const uint8_t *ahead = loop->data->bytes + loop->samples[i + 4] * features;
            for (size_t j = 0; j < features; j += 64)
                __builtin_prefetch(ahead + j);
        }
        widen(row, loop->scale, features, loop->input + i * features);
    }
}

static REAL_CLONES void fill(float *restrict z, uint32_t rows, uint32_t count,
                             const float *restrict values)
{
    for (uint32_t j = 0; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            z[j * count + i] = values[j];
}

static REAL_CLONES void relu(float *restrict a, size_t count)
{
    for (size_t k = 0; k < count; k++)
        a[k] = a[k] < 0 ? 0 : a[k];
}

static REAL_CLONES void relu_back(const float *restrict a, float *restrict delta, size_t count)
{
    for (size_t k = 0; k < count; k++)
        delta[k] = a[k] > 0 ? delta[k] : 0;
}

static REAL_CLONES void row_sums(const float *restrict d, uint32_t rows, uint32_t count,
                                 float *restrict sums)
{
    for (uint32_t j = 0; j < rows; j++, d += count) {
        float lane[16] = {0}, sum = 0;
        uint32_t i = 0;
        for (; i + 16 <= count; i += 16)
            for (uint32_t k = 0; k < 16; k++)
                lane[k] += d[i + k];
        for (; i < count; i++)
            sum += d[i];
        for (uint32_t k = 0; k < 16; k++)
            sum += lane[k];
        sums[j] = sum;
    }
}

static REAL_CLONES void tops(const float *restrict z, uint32_t rows, uint32_t count,
                             float *restrict top)
{
    memcpy(top, z, count * sizeof *top);
    for (uint32_t j = 1; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            top[i] = z[j * count + i] > top[i] ? z[j * count + i] : top[i];
}

/* z <- (softmax(z) - onehot) / count */
static void softmax_back(struct bare_loop *loop)
{
    uint32_t rows = loop->classes, count = loop->batch;
    float *z = loop->z, *top = loop->top, *sum = loop->sum;
    tops(z, rows, count, top);
    memset(sum, 0, count * sizeof *sum);
    for (uint32_t j = 0; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            sum[i] += z[j * count + i] = expf(z[j * count + i] - top[i]);
    for (uint32_t i = 0; i < count; i++)
        sum[i] = 1 / (sum[i] * (float)count);
    for (uint32_t j = 0; j < rows; j++)
        for (uint32_t i = 0; i < count; i++)
            z[j * count + i] *= sum[i];
    for (uint32_t i = 0; i < count; i++)
        z[(uint32_t)loop->data->labels[loop->samples[i]] * count + i] -= 1 / (float)count;
}

#define GEMM(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc)                                        \
    cblas_sgemm(CblasRowMajor, ta, tb, (int)(m), (int)(n), (int)(k), 1, a, (int)(lda), b,          \
                (int)(ldb), beta, c, (int)(ldc))

static void product_hidden(const struct bare_loop *l, const float *x)
{
    GEMM(CblasNoTrans, CblasTrans, l->hidden, l->batch, l->features, x, l->features, l->input,
         l->features, 1, l->a, l->batch);
}

static void product_output(const struct bare_loop *l, const float *x)
{
    GEMM(CblasNoTrans, CblasNoTrans, l->classes, l->batch, l->hidden, x + l->weights2, l->hidden,
         l->a, l->batch, 1, l->z, l->batch);
}

static void product_weights2(const struct bare_loop *l)
{
    GEMM(CblasNoTrans, CblasTrans, l->classes, l->hidden, l->batch, l->z, l->batch, l->a, l->batch,
         0, l->g + l->weights2, l->hidden);
}

static void product_delta(const struct bare_loop *l, const float *x)
{
    GEMM(CblasTrans, CblasNoTrans, l->hidden, l->batch, l->classes, x + l->weights2, l->hidden,
         l->z, l->batch, 0, l->delta, l->batch);
}

static void product_weights1(const struct bare_loop *l)
{
    GEMM(CblasNoTrans, CblasNoTrans, l->hidden, l->features, l->batch, l->delta, l->batch, l->input,
         l->features, 0, l->g, l->features);
}

static void gradient(struct bare_loop *loop, const float *x)
{
    size_t hidden = (size_t)loop->hidden * loop->batch;
    gather(loop);
    fill(loop->a, loop->hidden, loop->batch, x + loop->bias1);
    product_hidden(loop, x);
    relu(loop->a, hidden);
    fill(loop->z, loop->classes, loop->batch, x + loop->bias2);
    product_output(loop, x);
    softmax_back(loop);
    product_weights2(loop);
    row_sums(loop->z, loop->classes, loop->batch, loop->g + loop->bias2);
    product_delta(loop, x);
    relu_back(loop->a, loop->delta, hidden);
    product_weights1(loop);
    row_sums(loop->delta, loop->hidden, loop->batch, loop->g + loop->bias1);
}

/* ---- Step and mix -------------------------------------------------------------------------- */

static REAL_CLONES void nesterov(float *restrict x, float *restrict m, const float *restrict g,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float d = g[i] + BARE_DECAY * x[i];
        float buffer = BARE_MOMENTUM * m[i] + d;
        m[i] = buffer;
        x[i] = x[i] - BARE_RATE * (d + BARE_MOMENTUM * buffer);
    }
}

static REAL_CLONES void average(float *restrict x, const float *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.5f * x[i] + 0.5f * from[i];
}

static void step(const struct bare_loop *loop, uint32_t i)
{
    nesterov(loop->x[i], loop->m[i], loop->g, loop->dimension);
}

/* The circle i, i - shift, i - 2 shift, ...: as soon as a node has stepped, its receiver, which
 * stepped before it, is mixed in place.  The first is read once more at the end of the circle, when
 * it has been mixed already: so that its x before the mix is kept. */
static void run_circle(struct bare_loop *loop, uint32_t first, uint32_t shift, bool gradients)
{
    uint32_t i = first, receiver = first;
    do {
        if (gradients) {
            choose(loop, i);
            gradient(loop, loop->x[i]);
        }
        step(loop, i);
        if (i == first)
            memcpy(loop->kept, loop->x[i], loop->dimension * sizeof *loop->kept);
        else
            average(loop->x[receiver], loop->x[i], loop->dimension);
        receiver = i;
        i = (i + loop->nodes - shift) % loop->nodes;
    } while (i != first);
    average(loop->x[receiver], loop->kept, loop->dimension);
}

static void iterate(struct bare_loop *loop, bool gradients)
{
    uint32_t phases = (uint32_t)__builtin_ctz(loop->nodes);
    uint32_t shift = phases ? 1u << loop->step % phases : 1;
    for (uint32_t first = 0; first < shift && first < loop->nodes; first++)
        run_circle(loop, first, shift, gradients);
    loop->step++;
}

void bare_loop_run(struct bare_loop *loop, unsigned iterations)
{
    for (unsigned k = 0; k < iterations; k++)
        iterate(loop, true);
}

void bare_loop_products(struct bare_loop *loop, unsigned iterations)
{
    for (unsigned k = 0; k < iterations; k++)
        for (uint32_t i = 0; i < loop->nodes; i++) {
            memset(loop->a, 0, sizeof(float) * loop->hidden * loop->batch);
            product_hidden(loop, loop->x[0]);
            product_output(loop, loop->x[0]);
            product_weights2(loop);
            product_delta(loop, loop->x[0]);
            product_weights1(loop);
        }
}

/* The gradient is 0, so that the values stay finite however often this is called. */
void bare_loop_passes(struct bare_loop *loop, unsigned iterations)
{
    memset(loop->g, 0, loop->dimension * sizeof *loop->g);
    for (unsigned k = 0; k < iterations; k++)
        iterate(loop, false);
}
