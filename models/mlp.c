/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multilayer perceptron: any number of hidden layers with ReLU or tanh, softmax cross-entropy (or
 * squared error for regression data).  Equations, layout and initialisation: feedforward.h.
 */
#include "models/feedforward.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MLP_MAX_WIDTH 1048576

struct mlp_params {
    struct field_reals hidden;
    int activation;
};

static const char *const activation_names[] = {"relu", "tanh", NULL};

static const struct field mlp_fields[] = {
    FIELD_AT(struct mlp_params, hidden, FIELD_REALS, "[128]", .min = 1, .max = MLP_MAX_WIDTH,
             .help = "Widths of the hidden layers, from the input on."),
    FIELD_AT(struct mlp_params, activation, FIELD_ENUM, "\"relu\"", .names = activation_names,
             .help = "Activation of the hidden layers."),
    FIELD_END,
};

static enum status read_widths(const struct mlp_params *params, uint32_t *widths,
                               struct error *error)
{
    char path[48];

    if (params->hidden.count >= FEEDFORWARD_MAX_LAYERS)
        return status_fail_at(error, "model.hidden", "%zu hidden layers; at most %d are possible",
                              params->hidden.count, FEEDFORWARD_MAX_LAYERS - 1);
    for (size_t i = 0; i < params->hidden.count; i++) {
        double width = params->hidden.values[i];

        snprintf(path, sizeof path, "model.hidden[%zu]", i);
        if (!(width >= 1 && width <= MLP_MAX_WIDTH) || width != floor(width))
            return status_fail_at(error, path,
                                  "%g is no layer width: expected a whole number from 1 to %d",
                                  width, MLP_MAX_WIDTH);
        widths[i] = (uint32_t)width;
    }
    return STATUS_OK;
}

static enum status create(const struct model_setting *setting, void **model, struct error *error)
{
    const struct mlp_params *params = setting->params;
    uint32_t widths[FEEDFORWARD_MAX_LAYERS];
    struct feedforward_shape shape = {
        .hidden = widths,
        .hidden_count = (uint32_t)params->hidden.count,
        .activation = (enum feedforward_activation)params->activation,
        .bias = true,
    };
    enum status status = read_widths(params, widths, error);

    if (status == STATUS_OK)
        *model = feedforward_create(setting, &shape);
    return status;
}

static bool optimum(const void *model, double *x)
{
    (void)model, (void)x;
    return false;
}

const struct model_ops mlp_ops = {
    .plugin = {.name = "mlp",
               .summary = "fully connected network with any hidden layers",
               .reference = "He et al., Delving Deep into Rectifiers, ICCV 2015 (initialisation)",
               .params = mlp_fields,
               .params_size = sizeof(struct mlp_params)},
    .needs_data = true,
    .classifies = true,
    .create = create,
    .destroy = free,
    .objective = feedforward_objective,
    .initial = feedforward_initial,
    .optimum = optimum,
    .flop = feedforward_flop,
};
