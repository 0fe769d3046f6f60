/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The distributions of gradient times: what the files of this folder share, and their list.  Adding
 * one is one new file, one line in DISTRIBUTION_LIST and one in the folder's local.mk.
 *
 * Every draw opens on a keyed stream that the caller provides and takes as many numbers from it as
 * it likes; nothing is carried from one draw to the next.
 */
#ifndef HEARSAY_CLUSTER_DISTRIBUTIONS_DISTRIBUTION_H
#define HEARSAY_CLUSTER_DISTRIBUTIONS_DISTRIBUTION_H

#include "cluster/cluster.h"
#include "core/field.h"
#include "core/rng.h"

/* The longest duration that a parameter may state: 11.6 days, a tenth of what simulated time holds.
 */
#define DISTRIBUTION_LONGEST_S 1e6

/* One duration of a parameter struct: `json` is its name in a scenario. */
#define DISTRIBUTION_TIME(type_name, member, json, default_text, lowest, ...)                      \
    {                                                                                              \
        .name = json, .type = FIELD_DURATION, .offset = offsetof(type_name, member),               \
        .fallback = default_text, .min = lowest, .max = DISTRIBUTION_LONGEST_S, __VA_ARGS__        \
    }

/* The order is that of `hearsay list`. */
#define DISTRIBUTION_LIST(X)                                                                       \
    X(constant)                                                                                    \
    X(uniform)                                                                                     \
    X(exponential)                                                                                 \
    X(shifted_exponential)                                                                         \
    X(gamma)                                                                                       \
    X(lognormal)                                                                                   \
    X(weibull)                                                                                     \
    X(pareto)                                                                                      \
    X(two_mode)                                                                                    \
    X(trace_file)

#define DISTRIBUTION_DECLARE(stem) extern const struct distribution_ops stem##_distribution;
DISTRIBUTION_LIST(DISTRIBUTION_DECLARE)
#undef DISTRIBUTION_DECLARE

#endif
