/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models: objective functions with parameters, initialisation and gradients.
 */
#ifndef HEARSAY_MODELS_MODEL_H
#define HEARSAY_MODELS_MODEL_H

#include "core/field.h"
#include "core/plugin.h"
#include "core/status.h"
#include "models/data.h"
#include "numerics/objective.h"

struct model_setting {
    const void *params;
    const struct dataset *data;        /* NULL for models without data */
    const struct partition *partition; /* who holds what; NULL for models without data */
    enum numeric_precision precision;
    bool timeline_only; /* nothing is computed: only the dimension will be asked for */
    uint32_t nodes;
    uint64_t seed_data, seed_init, seed_noise;
};

struct model_ops {
    struct plugin plugin;
    bool needs_data;
    bool classifies; /* accuracy is defined */
    enum status (*create)(const struct model_setting *setting, void **model, struct error *error);
    void (*destroy)(void *model);
    struct objective (*objective)(const void *model); /* the model owns the context */
    /* Initial parameters of `stream` (0 for all with init "same"; the node with "random") as
     * doubles, rounded to the precision by the plan; He initialisation for networks. */
    void (*initial)(const void *model, uint64_t stream, double *x);
    /* The known optimum of the mean objective into x; false where it is not known. */
    bool (*optimum)(const void *model, double *x);
    int64_t (*flop)(const void *model, uint32_t batch); /* of one gradient, for reports */
};
extern const struct plugin_registry model_registry; /* quadratic, linear, logistic, softmax, mlp */

/* Initial parameters of all nodes: "initial" of a scenario. */
struct initial_ops {
    struct plugin plugin; /* same, random, constant {value}, csv {path} (a row a node) */
    /* Reads and checks once what `fill` needs; NULL: nothing.  *state goes to free().  Errors of
     * files name file:line. */
    enum status (*open)(const void *params, uint32_t nodes, size_t dimension, void **state,
                        struct error *error);
    /* x of `node`: dimension doubles. */
    void (*fill)(const void *params, const void *state, const struct model_ops *model,
                 const void *instance, uint32_t node, size_t dimension, double *x);
};
extern const struct plugin_registry initial_registry;

#endif
