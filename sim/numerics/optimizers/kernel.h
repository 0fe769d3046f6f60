/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this folder share.  Each is compiled once per precision (numerics/real.h): the
 * kernel twice, the ops struct once.  A loop is one pass: the gradient with its weight decay, the
 * momentum buffer and the parameters of an element are touched together.
 */
#ifndef HEARSAY_NUMERICS_OPTIMIZERS_KERNEL_H
#define HEARSAY_NUMERICS_OPTIMIZERS_KERNEL_H

#include "numerics/optimizer.h"
#include "numerics/real.h"

/* Declares an optimizer's kernel under `name`, as struct optimizer_ops has it. */
#define OPTIMIZER_KERNEL(name)                                                                     \
    void name(const void *params, const struct optimizer_step *step, size_t count, const void *x,  \
              void *x_out, const void *g, const void *decay_at, void *const state[])

/* Parameters of the rules with momentum. */
struct momentum_params {
    double momentum;
};

#endif
