/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registered models.
 */
#include "models/model.h"

/* X(stem): the plug-in's ops are <stem>_ops. */
#define MODEL_LIST(X)                                                                              \
    X(quadratic)                                                                                   \
    X(linear)                                                                                      \
    X(logistic)                                                                                    \
    X(softmax)                                                                                     \
    X(mlp)

#define MODEL_DECLARE(stem) extern const struct model_ops stem##_ops;
MODEL_LIST(MODEL_DECLARE)

#define MODEL_ENTRY(stem) &stem##_ops.plugin,
static const struct plugin *const model_entries[] = {MODEL_LIST(MODEL_ENTRY) NULL};

const struct plugin_registry model_registry = {"model", "models", model_entries};
