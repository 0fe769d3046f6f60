/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Generalised linear models with one output: what linear.c and logistic.c share.
 *
 *     z_i = w . x_i + b,    f(w, b) = mean of loss(z_i, y_i) + (l2/2) ||w||^2
 *
 * squared: loss = (1/2)(z - y)^2, residual z - y; logistic, y in {0, 1}: loss = log(1 + e^z) - y z,
 * residual sigmoid(z) - y.  Either way the gradient is (X' r / count + l2 w, mean of r).
 * Parameters: w, then b where there is an intercept (never decayed by l2).
 */
#ifndef HEARSAY_MODELS_GLM_H
#define HEARSAY_MODELS_GLM_H

#include "models/model.h"

enum glm_loss { GLM_SQUARED, GLM_LOGISTIC };

/* Parameters of both models, and the type of their instance. */
struct glm_params {
    bool bias;
    double l2;
};
extern const struct field glm_fields[];

struct glm {
    const struct dataset *data;
    const struct partition *partition;
    uint64_t seed_init;
    double l2;
    size_t features, dimension;
    struct objective_layer parts[2]; /* w, b */
    enum numeric_precision precision;
    enum glm_loss loss;
    bool bias;
};

struct glm *glm_create(const struct model_setting *setting, enum glm_loss loss);
struct objective glm_objective(const void *model);
/* Weights N(0, 1 / features), intercept 0. */
void glm_initial(const void *model, uint64_t stream, double *x);
int64_t glm_flop(const void *model, uint32_t batch);

extern const struct objective_ops glm_kernels32, glm_kernels64;

#endif
