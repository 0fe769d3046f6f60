/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What somebody who wants only the numbers would write: SGP on the one-peer exponential graph as a
 * loop in C, with no simulator around it.  Several loops are independent and may run in threads.
 */
#ifndef HEARSAY_TESTS_BARE_LOOP_H
#define HEARSAY_TESTS_BARE_LOOP_H

#include <stdint.h>

#include "models/data.h"

struct bare_loop;

/* An MLP features-hidden-classes of float32 on the bytes of `data`, which stays the caller's. */
struct bare_loop *bare_loop_create(const struct dataset_part *data, double byte_scale,
                                   uint32_t features, uint32_t hidden, uint32_t classes,
                                   uint32_t nodes, uint32_t batch);
void bare_loop_free(struct bare_loop *loop);
/* Every node takes `iterations` gradients, steps and mixes. */
void bare_loop_run(struct bare_loop *loop, unsigned iterations);
/* The same number of times only parts of it, to say where the limit is. */
void bare_loop_products(struct bare_loop *loop, unsigned iterations); /* the five GEMMs */
void bare_loop_passes(struct bare_loop *loop, unsigned iterations);   /* steps and mixes */
double bare_loop_bytes(const struct bare_loop *loop);                 /* of all vectors */

#endif
