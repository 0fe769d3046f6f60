/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Process-wide settings: signals, locale, GSL's error handler, BLAS threads.  Nothing else in the
 * program touches them.
 */
#ifndef HEARSAY_CLI_PROCESS_H
#define HEARSAY_CLI_PROCESS_H

#include <signal.h>

/* SIGINT and SIGTERM set the flag; a second one kills at once.  Returns the flag. */
const volatile sig_atomic_t *process_begin(void);
/* 128 + the signal that set the flag, or 0. */
int process_signal_exit(void);

#endif
