/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parameters, start and cost of generalised linear models.
 */
#include "models/glm.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "core/memory.h"
#include "core/rng.h"

const struct field glm_fields[] = {
    FIELD_AT(struct glm_params, bias, FIELD_BOOL, "true", .help = "Whether there is an intercept."),
    FIELD_AT(struct glm_params, l2, FIELD_REAL, "0", .min = 0, .max = 1e6,
             .help = "The loss gains l2/2 times the squared norm of the weights."),
    FIELD_END,
};

struct glm *glm_create(const struct model_setting *setting, enum glm_loss loss)
{
    const struct glm_params *params = setting->params;
    struct glm *glm = memory_alloc(sizeof *glm);

    *glm = (struct glm){
        .data = setting->data,
        .partition = setting->partition,
        .seed_init = setting->seed_init,
        .l2 = params->l2,
        .features = setting->data->features,
        .dimension = setting->data->features + (params->bias ? 1 : 0),
        .precision = setting->precision,
        .loss = loss,
        .bias = params->bias,
        .parts = {{0, setting->data->features, false, 1}, {setting->data->features, 1, true, 0}},
    };
    return glm;
}

struct objective glm_objective(const void *model)
{
    const struct glm *glm = model;

    return (struct objective){
        .ops = glm->precision == NUMERIC_FLOAT32 ? &glm_kernels32 : &glm_kernels64,
        .context = glm,
        .dimension = glm->dimension,
        .precision = glm->precision,
        .layers = glm->parts,
        .layer_count = glm->bias ? 2 : 1,
    };
}

void glm_initial(const void *model, uint64_t stream, double *x)
{
    const struct glm *glm = model;
    struct rng rng;
    gsl_rng *r = rng_open(&rng, glm->seed_init, RNG_INIT, 0, stream, 0);
    double sigma = 1 / sqrt((double)glm->features);

    for (size_t j = 0; j < glm->features; j++)
        x[j] = gsl_ran_gaussian_ziggurat(r, sigma);
    if (glm->bias)
        x[glm->features] = 0;
}

int64_t glm_flop(const void *model, uint32_t batch)
{
    const struct glm *glm = model;

    return 4 * (int64_t)glm->dimension * batch; /* X w and X' r */
}
