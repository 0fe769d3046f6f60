/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every node program, one line each. */
#include "algorithms/algorithm.h"

#define ALGORITHM_LIST(X)                                                                          \
    X(push_sum_ops)                                                                                \
    X(sgp_ops)                                                                                     \
    X(d_psgd_ops)                                                                                  \
    X(ar_sgd_ops)                                                                                  \
    X(local_sgd_ops)                                                                               \
    X(subgradient_push_ops)                                                                        \
    X(dgd_ops)                                                                                     \
    X(randomized_gossip_ops)                                                                       \
    X(push_pull_ops)                                                                               \
    X(async_gradient_push_ops)                                                                     \
    X(prague_ops)                                                                                  \
    X(ad_psgd_ops)                                                                                 \
    X(dual_averaging_ops)                                                                          \
    X(diging_ops)                                                                                  \
    X(push_diging_ops)                                                                             \
    X(extra_ops)                                                                                   \
    X(exact_diffusion_ops)                                                                         \
    X(quasi_global_momentum_ops)                                                                   \
    X(hogwild_ops)                                                                                 \
    X(parameter_server_ops)                                                                        \
    X(k_sync_ops)                                                                                  \
    X(k_async_ops)                                                                                 \
    X(async_server_ops)                                                                            \
    X(ssp_ops)                                                                                     \
    X(choco_sgd_ops)                                                                               \
    X(dcd_psgd_ops)                                                                                \
    X(lap_sgd_ops)                                                                                 \
    X(lpp_sgd_ops)

#define ALGORITHM_DECLARE(ops) extern const struct algorithm_ops ops;
ALGORITHM_LIST(ALGORITHM_DECLARE)
#define ALGORITHM_ENTRY(ops) &ops.plugin,
static const struct plugin *const entries[] = {ALGORITHM_LIST(ALGORITHM_ENTRY) NULL};

const struct plugin_registry algorithm_registry = {"algorithm", "algorithms", entries};
