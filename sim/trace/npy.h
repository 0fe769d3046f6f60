/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors in NumPy's .npy format, version 1.0, little-endian float32 or float64, one dimension:
 * what table `parameters` holds, so that a blob written to a file is a file that NumPy loads.
 */
#ifndef HEARSAY_TRACE_NPY_H
#define HEARSAY_TRACE_NPY_H

#include <stdbool.h>
#include <stddef.h>

size_t npy_size(size_t count, bool float32);
/* Fills npy_size(count, float32) bytes. */
void npy_write(void *bytes, const double *values, size_t count, bool float32);

/* Reads what npy_write wrote, and any .npy 1.0 of that kind: *values is malloc'd.  False: the bytes
 * are no such vector. */
bool npy_read(const void *bytes, size_t size, double **values, size_t *count, bool *float32);

#endif
