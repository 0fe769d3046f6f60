/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The precisions of the numerics.
 */
#include "numerics/objective.h"

const char *const numeric_precision_names[] = {"float32", "float64", NULL};
