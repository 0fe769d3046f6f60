/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numerics compiled once per precision from one source.
 *
 * A file of `real_sources` is compiled twice, with REAL_BITS=32 and REAL_BITS=64.  It includes
 * this header, computes in `real` and names what it exports by REAL_NAME(stem_verb), which reads
 * stem_verb32 or stem_verb64.  What must exist only once (an ops struct that names both
 * kernels) stands between #if REAL_BITS == 64 and #endif.
 *
 * Elementwise loops are marked REAL_CLONES where the platform can choose code by CPU at load time.
 * The clones give the same bits: no contraction, no reassociation, only wider registers.
 */
#ifndef HEARSAY_NUMERICS_REAL_H
#define HEARSAY_NUMERICS_REAL_H

#include <limits.h> /* tells __GLIBC__ */

#define REAL_PASTE_(stem, bits) stem##bits
#define REAL_PASTE(stem, bits)  REAL_PASTE_(stem, bits)
#define REAL_NAME(stem)         REAL_PASTE(stem, REAL_BITS)

#if REAL_BITS == 32
typedef float real;
#define REAL_BLAS(name) cblas_s##name /* REAL_BLAS(gemm) */
#define REAL_PRECISION  NUMERIC_FLOAT32
#define REAL_MATH(name) name##f /* REAL_MATH(tanh) */
#elif REAL_BITS == 64
typedef double real;
#define REAL_BLAS(name) cblas_d##name
#define REAL_PRECISION  NUMERIC_FLOAT64
#define REAL_MATH(name) name
#else
#error "compile this file with REAL_BITS=32 and REAL_BITS=64"
#endif

/* Sanitizers' runtimes are not up yet when a load-time choice runs, so they get one plain copy. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) &&        \
    !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) &&      \
    !defined(REAL_NO_CLONES)
#define REAL_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define REAL_CLONES
#endif

#endif
