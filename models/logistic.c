/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logistic regression on two classes; class 1 is the positive one.  Equations: glm.h.
 */
#include "models/glm.h"

#include <stdlib.h>

static enum status create(const struct model_setting *setting, void **model, struct error *error)
{
    if (setting->data->classes != 2)
        return status_fail_at(
            error, "model.name", "logistic regression needs data with 2 classes; these have %u%s",
            setting->data->classes, setting->data->classes > 2 ? " (use \"softmax\")" : "");
    *model = glm_create(setting, GLM_LOGISTIC);
    return STATUS_OK;
}

static bool optimum(const void *model, double *x)
{
    (void)model, (void)x;
    return false;
}

const struct model_ops logistic_ops = {
    .plugin = {.name = "logistic",
               .summary = "logistic regression on two classes",
               .reference = "Bishop, Pattern Recognition and Machine Learning, 4.3.2",
               .params = glm_fields,
               .params_size = sizeof(struct glm_params)},
    .needs_data = true,
    .classifies = true,
    .create = create,
    .destroy = free,
    .objective = glm_objective,
    .initial = glm_initial,
    .optimum = optimum,
    .flop = glm_flop,
};
