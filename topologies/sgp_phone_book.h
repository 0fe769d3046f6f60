/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the SGP authors' repository turns a list of shifts into a schedule.
 */
#ifndef HEARSAY_TOPOLOGIES_SGP_PHONE_BOOK_H
#define HEARSAY_TOPOLOGIES_SGP_PHONE_BOOK_H

#include "core/field.h"
#include "core/status.h"
#include "topologies/circulant.h"
#include "topologies/params.h"

extern const struct field sgp_phone_book_fields[]; /* of struct sgp_exponential_params */

/* The i-th distance, i = 0, 1, ...: how far ahead and back the i-th pair of entries points. */
typedef int64_t sgp_phone_book_distance(unsigned i);

/* Lists +d, -d for the first floor(log2(n-1)) + 1 distances and cuts the list into rounds. */
enum status sgp_phone_book_schedule(const struct sgp_exponential_params *params, uint32_t nodes,
                                    sgp_phone_book_distance *distance, struct circulant **schedule,
                                    struct error *error);

#endif
