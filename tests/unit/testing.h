/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How every suite's main ends. */
#ifndef HEARSAY_TESTS_UNIT_TESTING_H
#define HEARSAY_TESTS_UNIT_TESTING_H

#include <check.h>

/* Runs a suite, as verbosely as CK_VERBOSITY says; returns the program's exit status. */
int testing_run(Suite *suite);

#endif
