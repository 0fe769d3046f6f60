/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LPP-SGD: LAP-SGD whose updaters take every second step on their own layers only.
 *
 * Chatterjee, Kungurtsev, Alistarh: Scaling the Wild, 2022 (arXiv 2203.06638), and the authors'
 * code.  As LAP-SGD (lap_sgd.c); from `prepass` on every updater alternates full and partial steps,
 * a full one first.  Updater u of P owns block u of P contiguous blocks of layers.  In a partial
 * step back-propagation ends at the block's first layer, and only the block is updated, with that
 * part of the updater's momentum.
 *
 * Timing: a partial gradient takes f + (1 - f) (d - first) / d of a whole one's time, with forward
 * share f, d parameters and the block's first one `first`: the backward pass, cut short, is charged
 * by the parameters that it passes.  So the first block saves nothing, the last one most.
 * Faults: as LAP-SGD.
 * Expected: without partial steps it is LAP-SGD, bit for bit; updater u takes 1 + f + (1 - f) (1 -
 * u / P) times T_c for two steps (tests/unit/test_lap.c).
 */
#include "algorithms/lap.h"

static const struct field lpp_sgd_fields[] = {
    LAP_FIELDS,
    FIELD_AT(struct lap_params, partial, FIELD_BOOL, "true",
             .help = "every second step on the updater's own block of layers"),
    FIELD_AT(struct lap_params, prepass, FIELD_CADENCE, "null",
             .help = "\"30 epochs\", \"100 iterations\": full steps only until then; absent: "
                     "partial ones from the start"),
    FIELD_END,
};

static enum status lpp_sgd_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct lap_params *params = erased;
    if (!params->partial && !field_real_absent(params->prepass.value))
        return status_fail_at(error, "algorithm.prepass",
                              "found it with partial false, where all steps are full ones, "
                              "expected it with partial true");
    return lap_check(params, nodes, error);
}

const struct algorithm_ops lpp_sgd_ops = {
    .plugin = {.name = "lpp-sgd",
               .summary = "LAP-SGD with every second step on the updater's own layers",
               .reference = "Chatterjee, Kungurtsev, Alistarh (2022, arXiv 2203.06638)",
               .params = lpp_sgd_fields,
               .params_size = sizeof(struct lap_params)},
    .uses_gradients = true,
    .optimizers = ALGORITHM_OPTIMIZER_ELEMENTWISE,
    .deploys_live = lap_deploys_live,
    .global_clock = true,
    .state_size = sizeof(struct lap_state),
    .slots = lap_slots,
    .check = lpp_sgd_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = lap_start,
    .on_gradient = lap_on_gradient,
    .on_timer = lap_on_timer,
    .on_collective = lap_on_collective,
};
