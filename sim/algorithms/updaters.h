/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Updaters: processes of one node that share its model and take no lock (Recht, Re, Wright, Niu:
 * Hogwild!, NIPS 2011).  Updater u is gradient slot u: it reads the model, computes on what it has
 * read while the others write, and writes its own update into what the model has become.  Each has
 * an accelerator's time and momentum of its own, and every P-th mini-batch of the node's order; a
 * node's slowness (speed, stragglers) is that of its host and slows all of them.
 *
 * The node's iteration counts the updates of all; staleness is how many of them came between an
 * updater's read and its write.
 */
#ifndef HEARSAY_ALGORITHMS_UPDATERS_H
#define HEARSAY_ALGORITHMS_UPDATERS_H

#include "algorithms/algorithm.h"

#define UPDATERS_MAX 64
#define UPDATERS_FIELD(params)                                                                     \
    FIELD_AT(params, updaters, FIELD_INTEGER, "4", .min = 1, .max = UPDATERS_MAX,                  \
             .help = "P: processes of a node that update its model without a lock")

/* Part of the state of a program. */
struct updaters {
    bool done;                  /* the node has made all its updates */
    uint32_t count;             /* P */
    int64_t read[UPDATERS_MAX]; /* updates that the model had seen when updater u had read it */
};

/* Updater compute->slot has read the model and computes. */
void updaters_compute(struct node *node, struct updaters *updaters,
                      const struct node_compute *compute);
/* Updater `slot` writes `part` of its update, perhaps of no elements; others follow unless `last`.
 */
void updaters_write(struct node *node, const struct updaters *updaters, uint32_t slot,
                    struct node_shard part, bool last);
/* An update is written: the node's iteration ends.  False when it is done: the other updaters'
 * gradients are given up. */
bool updaters_end(struct node *node, struct updaters *updaters);

#endif
