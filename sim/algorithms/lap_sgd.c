/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LAP-SGD: locally asynchronous, averaged among nodes without blocking.
 *
 * Chatterjee, Kungurtsev, Alistarh: Scaling the Wild: Decentralizing Hogwild!-style Shared-memory
 * SGD, 2022 (arXiv 2203.06638), earlier called Local SGD Meets Asynchrony, and the authors' code
 * (bapi/LPP-SGD).  A node is one shared model x, P updaters that take no lock (updaters.h) and one
 * averager.
 *
 * Updater: read x, compute a gradient, x <- x - gamma d(g) in place, with momentum of its own.
 * Averager, over and over, `count` being the updates of its node:
 *
 *   1  (C, L) = all-reduce of the maximum of (count, -last), 16 bytes
 *   2  where C is all that was asked for: stop
 *   3  H = 1 while C is before `pre_post`, else `period`
 *   4  where C + L >= H:  s = x;  a = (1/n) all-reduce(s);  x <- x + (a - s);  last = count at 1
 *
 * C + L is the count of the node that is ahead minus the smallest count at which anybody's last
 * average began.  (Between nodes of unequal speed these grow apart, and from H on averages follow
 * one another without a pause: that is what the authors' code does.)  Updates made during the
 * all-reduce are kept: 4 adds a difference.
 *
 * Choices: the authors' averager asks without a pause; here one whose node has made no update since
 * the last question waits for the next update, or `poll`, since only then can the answer differ.  C
 * in epochs is the epoch that the learning rate reads, the run's by default.  A node that has made
 * all its updates says so in its count, gives up its updaters' running gradients and still answers.
 *
 * What a node deploys is its x at any instant: averages come between updates.
 *
 * Timing: nobody blocks on anybody.  Updaters compute side by side, each in gradient_time (whoever
 * lets P processes share an accelerator gives their time so); the averager's messages use the
 * network only.  At equal times the average comes first, then reads.
 * Faults: updaters go on whatever happens elsewhere. Collectives are reliable, a loss or a
 * partition delays the averages; while a node is down there are none, and with its state lost the
 * next one brings the initial model in, and the node back to the others.
 * Expected: n P / T_c updates a second; with P = 1, equal speeds and messages that take no time it
 * is Local SGD with period H (tests/unit/test_lap.c).
 */
#include "algorithms/lap.h"

static const struct field lap_sgd_fields[] = {LAP_FIELDS, FIELD_END};

const struct algorithm_ops lap_sgd_ops = {
    .plugin = {.name = "lap-sgd",
               .summary = "Hogwild updaters in every node, averaged without blocking",
               .reference = "Chatterjee, Kungurtsev, Alistarh (2022, arXiv 2203.06638)",
               .params = lap_sgd_fields,
               .params_size = sizeof(struct lap_params)},
    .uses_gradients = true,
    .deploys_live = lap_deploys_live,
    .global_clock = true,
    .state_size = sizeof(struct lap_state),
    .slots = lap_slots,
    .check = lap_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = lap_start,
    .on_gradient = lap_on_gradient,
    .on_timer = lap_on_timer,
    .on_collective = lap_on_collective,
};
