/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantities for people: "229 ms", and what is read back is the same number to the last bit.
 */
#ifndef HEARSAY_SCENARIO_QUANTITY_H
#define HEARSAY_SCENARIO_QUANTITY_H

#include "core/field.h"
#include "scenario/buffer.h"

/* Adds `value` (base units of `type`) in the unit, of those in which it is at
 * least 1, that takes the fewest digits. */
void quantity_add(struct buffer *buffer, enum field_type type, double value);

#endif
