/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registry of optimizers and what they share: rate, weight decay, schedule.
 *
 * With scale_with_nodes the target rate is learning_rate x nodes (linear scaling, Goyal et al.,
 * "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", arXiv:1706.02677, section 2.1), and
 * a warm-up climbs from learning_rate to the target (section 2.2, "gradual warmup").
 */
#include "numerics/optimizer.h"

#include <math.h>

/* Of each optimizer: optimizers/X.c (adam_decoupled: adam.c). */
#define OPTIMIZER_LIST(X)                                                                          \
    X(sgd)                                                                                         \
    X(heavy_ball)                                                                                  \
    X(nesterov)                                                                                    \
    X(adam)                                                                                        \
    X(adam_decoupled)                                                                              \
    X(lars)

#define OPTIMIZER_DECLARE(stem) extern const struct optimizer_ops stem##_ops;
OPTIMIZER_LIST(OPTIMIZER_DECLARE)

#define OPTIMIZER_ENTRY(stem) &stem##_ops.plugin,
static const struct plugin *const optimizer_entries[] = {OPTIMIZER_LIST(OPTIMIZER_ENTRY) NULL};

const struct plugin_registry optimizer_registry = {"optimizer", "optimizers", optimizer_entries};

static const char *const optimizer_clocks[] = {"auto", "local", "global", NULL};

static const struct field optimizer_schedule_fields[] = {
    FIELD_AT(struct optimizer_schedule, clock, FIELD_ENUM, "\"auto\"", .names = optimizer_clocks,
             .help = "the epoch that the schedule reads: of the node's own iterations, or of all"
                     " gradients applied in the system"),
    FIELD_AT(struct optimizer_schedule, warmup_epochs, FIELD_REAL, "0", .min = 0, .max = DBL_MAX,
             .help = "epochs of linear warm-up to the target rate; 0: none"),
    FIELD_AT(struct optimizer_schedule, warmup_start, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "share of the target rate at epoch 0; default 1/nodes with scale_with_nodes "
                     "(the unscaled rate), else 0"),
    FIELD_AT(struct optimizer_schedule, milestones, FIELD_REALS, "[]", .min = 0, .max = DBL_MAX,
             .help = "epochs from which the rate is multiplied by factor, once each"),
    FIELD_AT(struct optimizer_schedule, factor, FIELD_REAL, "0.1", .min = FIELD_POSITIVE,
             .max = DBL_MAX, .help = "factor on the rate at each milestone"),
    FIELD_AT(struct optimizer_schedule, cosine_epochs, FIELD_REAL, "null", .min = FIELD_POSITIVE,
             .max = DBL_MAX,
             .help = "epochs of a half cosine from the end of the warm-up down to cosine_floor; "
                     "absent: none"),
    FIELD_AT(struct optimizer_schedule, cosine_floor, FIELD_REAL, "0", .min = 0, .max = 1,
             .help = "share of the target rate at the end of the cosine and after it"),
    FIELD_AT(struct optimizer_schedule, inverse_sqrt_steps, FIELD_INTEGER, "0", .min = 0,
             .max = 9e15,
             .help = "steps of linear warm-up from warmup_start to the target rate, after which "
                     "it falls with the square root of the step; 0: none"),
    FIELD_END,
};

const struct field optimizer_common_fields[] = {
    FIELD_AT(struct optimizer_config, learning_rate, FIELD_REAL, "0.1", .min = 0, .max = DBL_MAX,
             .help = "step length; with scale_with_nodes that of one node"),
    FIELD_AT(struct optimizer_config, weight_decay, FIELD_REAL, "0", .min = 0, .max = DBL_MAX,
             .help = "L2 penalty: this multiple of the parameters is added to the gradient "
                     "(adamw: decoupled from it)"),
    FIELD_AT(struct optimizer_config, clip_norm, FIELD_REAL, "null", .min = FIELD_POSITIVE,
             .max = DBL_MAX,
             .help = "gradients of a larger Euclidean norm are scaled down to it before the step; "
                     "absent: none is"),
    FIELD_AT(struct optimizer_config, scale_with_nodes, FIELD_BOOL, "false",
             .help = "multiply the learning rate by the number of nodes"),
    FIELD_AT(struct optimizer_config, schedule, FIELD_OBJECT, "{}",
             .fields = optimizer_schedule_fields, .item_size = sizeof(struct optimizer_schedule),
             .help = "how the rate changes with the epoch; the parts multiply"),
    FIELD_END,
};

/* From warmup_start at 0 linearly to 1 at `end`. */
static double optimizer_warmup(const struct optimizer_config *config, int64_t nodes, double at,
                               double end)
{
    double start = config->schedule.warmup_start;
    if (!(at < end))
        return 1;
    if (field_real_absent(start))
        start = config->scale_with_nodes ? 1 / (double)nodes : 0;
    return start + (1 - start) * (at / end);
}

static double optimizer_decline(const struct optimizer_schedule *schedule, double epoch)
{
    double factor = 1;
    for (size_t i = 0; i < schedule->milestones.count; i++)
        if (epoch >= schedule->milestones.values[i])
            factor *= schedule->factor;
    return factor;
}

static double optimizer_cosine(const struct optimizer_schedule *schedule, double epoch)
{
    double at = (epoch - schedule->warmup_epochs) / schedule->cosine_epochs;
    if (field_real_absent(schedule->cosine_epochs) || at <= 0)
        return 1;
    if (at >= 1)
        return schedule->cosine_floor;
    return schedule->cosine_floor + (1 - schedule->cosine_floor) * (1 + cos(M_PI * at)) / 2;
}

/* Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 3, scaled so that the peak is
 * the target rate, as in fairseq's inverse_sqrt. */
static double optimizer_inverse_sqrt(const struct optimizer_config *config, int64_t nodes,
                                     double step)
{
    double peak = (double)config->schedule.inverse_sqrt_steps;
    if (peak == 0)
        return 1;
    return step < peak ? optimizer_warmup(config, nodes, step, peak) : sqrt(peak / step);
}

double optimizer_rate(const struct optimizer_config *config, int64_t nodes, double epoch,
                      double step)
{
    const struct optimizer_schedule *schedule = &config->schedule;
    double target = config->learning_rate * (config->scale_with_nodes ? (double)nodes : 1);
    return target * optimizer_warmup(config, nodes, epoch, schedule->warmup_epochs) *
           optimizer_inverse_sqrt(config, nodes, step) * optimizer_decline(schedule, epoch) *
           optimizer_cosine(schedule, epoch);
}
