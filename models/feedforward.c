/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shape, initial parameters and cost of fully connected networks.
 */
#include "models/feedforward.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/rng.h"

static void lay_out(struct feedforward *net)
{
    size_t offset = 0;

    for (uint32_t l = 0; l < net->layers; l++) {
        size_t outputs = net->widths[l + 1], weights = net->widths[l] * outputs;

        net->weights[l] = offset;
        net->parts[net->part_count++] = (struct objective_layer){offset, weights, false, outputs};
        offset += weights;
        if (net->bias) {
            net->parts[net->part_count++] = (struct objective_layer){offset, outputs, true, 0};
            offset += outputs;
        }
    }
    net->dimension = offset;
}

struct feedforward *feedforward_create(const struct model_setting *setting,
                                       const struct feedforward_shape *shape)
{
    struct feedforward *net = memory_alloc(sizeof *net);
    uint32_t outputs = setting->data->classes > 0 ? setting->data->classes : 1;

    CHECK(shape->hidden_count < FEEDFORWARD_MAX_LAYERS, "%u hidden layers", shape->hidden_count);
    *net = (struct feedforward){
        .data = setting->data,
        .partition = setting->partition,
        .seed_init = setting->seed_init,
        .l2 = shape->l2,
        .layers = shape->hidden_count + 1,
        .precision = setting->precision,
        .activation = shape->activation,
        .bias = shape->bias,
    };
    net->widths[0] = setting->data->features;
    if (shape->hidden_count > 0)
        memcpy(net->widths + 1, shape->hidden, shape->hidden_count * sizeof *net->widths);
    net->widths[net->layers] = outputs;
    lay_out(net);
    return net;
}

struct objective feedforward_objective(const void *model)
{
    const struct feedforward *net = model;

    return (struct objective){
        .ops = net->precision == NUMERIC_FLOAT32 ? &feedforward_kernels32 : &feedforward_kernels64,
        .context = net,
        .dimension = net->dimension,
        .precision = net->precision,
        .layers = net->parts,
        .layer_count = net->part_count,
    };
}

static double initial_variance(const struct feedforward *net, uint32_t layer)
{
    double fan_in = net->widths[layer], fan_out = net->widths[layer + 1];
    bool relu = net->activation == FEEDFORWARD_RELU && layer + 1 < net->layers;

    return relu ? 2 / fan_in : 2 / (fan_in + fan_out);
}

void feedforward_initial(const void *model, uint64_t stream, double *x)
{
    const struct feedforward *net = model;
    struct rng rng;

    memset(x, 0, net->dimension * sizeof *x);
    for (uint32_t l = 0; l < net->layers; l++) {
        gsl_rng *r = rng_open(&rng, net->seed_init, RNG_INIT, 0, stream, l);
        double sigma = sqrt(initial_variance(net, l));
        double *weights = x + net->weights[l];

        for (size_t k = 0; k < (size_t)net->widths[l] * net->widths[l + 1]; k++)
            weights[k] = gsl_ran_gaussian_ziggurat(r, sigma);
    }
}

int64_t feedforward_flop(const void *model, uint32_t batch)
{
    const struct feedforward *net = model;
    int64_t weights = 0, first = (int64_t)net->widths[0] * net->widths[1];

    for (uint32_t l = 0; l < net->layers; l++)
        weights += (int64_t)net->widths[l] * net->widths[l + 1];
    return 2 * batch * (3 * weights - first);
}
