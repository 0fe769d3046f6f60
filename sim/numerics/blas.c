/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions to OpenBLAS; any other BLAS answers with ignorance.
 */
#include "numerics/blas.h"

#ifdef HAVE_OPENBLAS
#include <cblas.h>
#endif

const char *blas_core_name(void)
{
#ifdef HAVE_OPENBLAS
    return openblas_get_corename();
#else
    return "unknown";
#endif
}

bool blas_is_single_threaded(void)
{
#ifdef HAVE_OPENBLAS
    return openblas_get_num_threads() == 1;
#else
    return false;
#endif
}
