/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The number type of the sources that are compiled once per precision, with -DREAL_BITS=32 and 64.
 * Their visible symbols are written REAL_NAME(stem), which is stem32 or stem64.
 */
#ifndef HEARSAY_NUMERICS_REAL_H
#define HEARSAY_NUMERICS_REAL_H

#define REAL_PASTE_(stem, bits) stem##bits
#define REAL_PASTE(stem, bits)  REAL_PASTE_(stem, bits)
#define REAL_NAME(stem)         REAL_PASTE(stem, REAL_BITS)

#if REAL_BITS == 32
typedef float real;
#define REAL_PRECISION  NUMERIC_FLOAT32
#define REAL_MATH(name) name##f /* REAL_MATH(exp)(x) */
#elif REAL_BITS == 64
typedef double real;
#define REAL_PRECISION  NUMERIC_FLOAT64
#define REAL_MATH(name) name
#else
#error "REAL_BITS must be 32 or 64"
#endif

#endif
