/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Softmax (multinomial logistic) regression: the network without hidden layers of feedforward.h.
 * It starts from small random weights like one; the problem is convex (strongly with l2 > 0).
 */
#include "models/feedforward.h"

#include <stdlib.h>

struct softmax_params {
    bool bias;
    double l2;
};

static const struct field softmax_fields[] = {
    FIELD_AT(struct softmax_params, bias, FIELD_BOOL, "true",
             .help = "Whether each class has an intercept."),
    FIELD_AT(struct softmax_params, l2, FIELD_REAL, "0", .min = 0, .max = 1e6,
             .help = "The loss gains l2/2 times the squared norm of the weights."),
    FIELD_END,
};

static enum status create(const struct model_setting *setting, void **model, struct error *error)
{
    const struct softmax_params *params = setting->params;
    struct feedforward_shape shape = {.bias = params->bias, .l2 = params->l2};

    if (setting->data->classes < 2)
        return status_fail_at(error, "model.name",
                              "softmax regression needs data with classes; these are for regression"
                              " (use \"linear\")");
    *model = feedforward_create(setting, &shape);
    return STATUS_OK;
}

static bool optimum(const void *model, double *x)
{
    (void)model, (void)x;
    return false;
}

const struct model_ops softmax_ops = {
    .plugin = {.name = "softmax",
               .summary = "softmax regression over any number of classes",
               .reference = "Bishop, Pattern Recognition and Machine Learning, 4.3.4",
               .params = softmax_fields,
               .params_size = sizeof(struct softmax_params)},
    .needs_data = true,
    .classifies = true,
    .create = create,
    .destroy = free,
    .objective = feedforward_objective,
    .initial = feedforward_initial,
    .optimum = optimum,
    .flop = feedforward_flop,
};
