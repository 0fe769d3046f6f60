/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the BLAS in this process.  Holding it to one thread is process-wide and belongs
 * to the program (cli/process.c); here one only asks.
 */
#ifndef HEARSAY_NUMERICS_BLAS_H
#define HEARSAY_NUMERICS_BLAS_H

#include <stdbool.h>

const char *blas_core_name(void);   /* the CPU type its code was chosen for, or "unknown" */
bool blas_is_single_threaded(void); /* true only where that can be proved */

#endif
