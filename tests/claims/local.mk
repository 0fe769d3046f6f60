# SPDX-License-Identifier: GPL-3.0-or-later

EXTRA_DIST += tests/claims/claims.sh

.PHONY: claims
claims: all $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) sh $(top_srcdir)/tests/claims/claims.sh $(top_srcdir)/docs/claims.md
