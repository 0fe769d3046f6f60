/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient and loss of generalised linear models (compiled once per precision).
 * Equations: glm.h.
 */
#include <cblas.h>
#include <math.h>

#include "models/batch.h"
#include "models/glm.h"
#include "numerics/real.h"

/* The workspace: the gathered rows X, then outputs z, which become residuals r. */
static real *outputs_of(const struct glm *glm, uint32_t batch, void *workspace)
{
    return (real *)(void *)((char *)workspace + batch_align(batch * glm->features * sizeof(real)));
}

static size_t workspace_bytes(const void *context, uint32_t batch)
{
    const struct glm *glm = context;

    return batch_align(batch * glm->features * sizeof(real)) + batch_align(batch * sizeof(real));
}

/* z = X w + b */
static void forward(const struct glm *glm, const real *rows, const real *x, uint32_t count, real *z)
{
    int features = (int)glm->features;

    for (uint32_t i = 0; i < count; i++)
        z[i] = glm->bias ? x[glm->features] : 0;
    REAL_BLAS(gemv)
    (CblasRowMajor, CblasNoTrans, (int)count, features, 1, rows, features, x, 1, 1, z, 1);
}

static double label_of(const struct glm *glm, const struct dataset_part *part, uint32_t sample)
{
    if (glm->loss == GLM_LOGISTIC)
        return part->labels[sample];
    return (double)((const real *)part->targets)[sample];
}

/* Both branches keep the exponential's argument negative: no overflow. */
static double sigmoid(double z)
{
    double e = exp(-fabs(z));

    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double residual(const struct glm *glm, double z, double y)
{
    return (glm->loss == GLM_LOGISTIC ? sigmoid(z) : z) - y;
}

static double loss(const struct glm *glm, double z, double y)
{
    if (glm->loss == GLM_LOGISTIC)
        return (z > 0 ? z : 0) + log1p(exp(-fabs(z))) - y * z;
    return (z - y) * (z - y) / 2;
}

static void gradient(const void *context, const struct objective_batch *batch, const void *x,
                     void *g, void *workspace)
{
    const struct glm *glm = context;
    const struct dataset_part *part = &glm->data->train;
    const real *w = x;
    real *out = g, *r = outputs_of(glm, batch->count, workspace);
    int features = (int)glm->features;
    double sum = 0;

    REAL_NAME(batch_gather)(glm->data, part, batch->samples, batch->count, workspace);
    forward(glm, workspace, w, batch->count, r);
    for (uint32_t i = 0; i < batch->count; i++) {
        r[i] = (real)(residual(glm, (double)r[i], label_of(glm, part, batch->samples[i])) /
                      batch->count);
        sum += (double)r[i];
    }
    for (size_t j = 0; j < glm->features; j++)
        out[j] = (real)glm->l2 * w[j];
    if (glm->bias)
        out[glm->features] = (real)sum;
    REAL_BLAS(gemv)
    (CblasRowMajor, CblasTrans, (int)batch->count, features, 1, workspace, features, r, 1, 1, out,
     1);
}

static void add_losses(const struct glm *glm, const struct dataset_part *part,
                       const uint32_t *samples, uint32_t count, const real *z,
                       struct objective_value *value)
{
    for (uint32_t i = 0; i < count; i++) {
        double y = label_of(glm, part, samples[i]);

        value->loss_sum += loss(glm, (double)z[i], y);
        if (glm->loss == GLM_LOGISTIC)
            value->correct += (z[i] > 0) == (y > 0);
    }
}

static double decay_loss(const struct glm *glm, const real *x)
{
    double sum = 0;

    for (size_t j = 0; glm->l2 > 0 && j < glm->features; j++)
        sum += (double)x[j] * (double)x[j];
    return glm->l2 / 2 * sum;
}

static void evaluate(const void *context, const struct objective_query *query, const void *x,
                     struct objective_value *value, void *workspace)
{
    const struct glm *glm = context;
    struct batch_range range = batch_range(glm->data, glm->partition, query);
    real *z = outputs_of(glm, OBJECTIVE_EVALUATION_CHUNK, workspace);
    uint32_t samples[OBJECTIVE_EVALUATION_CHUNK];

    *value = (struct objective_value){.correct = glm->loss == GLM_LOGISTIC ? 0 : -1,
                                      .count = range.count};
    for (uint32_t position = 0; position < range.count;) {
        uint32_t count = batch_chunk(&range, position, samples);

        REAL_NAME(batch_gather)(glm->data, range.part, samples, count, workspace);
        forward(glm, workspace, x, count, z);
        add_losses(glm, range.part, samples, count, z, value);
        position += count;
    }
    value->loss_sum += decay_loss(glm, x) * range.count;
}

const struct objective_ops REAL_NAME(glm_kernels) = {
    .workspace_bytes = workspace_bytes,
    .gradient = gradient,
    .evaluate = evaluate,
};
