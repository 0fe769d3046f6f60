/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an algorithm asks of the other parts of a run, in words. */
#ifndef HEARSAY_CLI_REQUIREMENTS_H
#define HEARSAY_CLI_REQUIREMENTS_H

#include <stdio.h>

#include "algorithms/algorithm.h"

void requirements_print(const struct algorithm_ops *algorithm, int indent, FILE *out);

#endif
