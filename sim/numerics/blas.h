/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CBLAS of the precision: BLAS_REAL(gemm)(...) is cblas_sgemm or cblas_dgemm.
 */
#ifndef HEARSAY_NUMERICS_BLAS_H
#define HEARSAY_NUMERICS_BLAS_H

#include <cblas.h>

#include "numerics/real.h"

#if REAL_BITS == 32
#define BLAS_REAL(name) cblas_s##name
#else
#define BLAS_REAL(name) cblas_d##name
#endif

#endif
