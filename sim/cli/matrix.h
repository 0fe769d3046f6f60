/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay list --matrix`: which parts compose, as tables. */
#ifndef HEARSAY_CLI_MATRIX_H
#define HEARSAY_CLI_MATRIX_H

#include <stdio.h>

#include "scenario/pairs.h"

void matrix_print_legend(FILE *out);
/* One family against all algorithms: a row an algorithm, a column a part. */
void matrix_print(struct pairs *pairs, size_t family, FILE *out);

#endif
