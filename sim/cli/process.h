/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Process-wide settings: signals, locale, GSL's error handler, BLAS threads.  Nothing else in the
 * program touches them.
 */
#ifndef HEARSAY_CLI_PROCESS_H
#define HEARSAY_CLI_PROCESS_H

#include <signal.h>

/* An OpenBLAS older than the CPU does not know it and falls back to kernels of 2004, three times
 * slower.  It reads its choice from the environment while it is loaded, so the program starts
 * itself anew, once, with the kernels that the CPU supports.  An OPENBLAS_CORETYPE that is set
 * wins. Call first, before any thread. */
void process_prefer_fast_blas(char **argv);
/* SIGINT and SIGTERM set the flag; a second one kills at once.  Returns the flag. */
const volatile sig_atomic_t *process_begin(void);
/* 128 + the signal that set the flag, or 0. */
int process_signal_exit(void);

#endif
