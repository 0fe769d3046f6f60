# SPDX-License-Identifier: GPL-3.0-or-later
#
# One line per suite: the source of tests/unit/test_X is tests/unit/test_X.c, and it is linked with
# the whole library and Check.

if HAVE_CHECK
TESTS += $(check_PROGRAMS)
else
TESTS += tests/unit/check-is-missing.sh
endif
EXTRA_DIST += tests/unit/check-is-missing.sh

# ---- suites
