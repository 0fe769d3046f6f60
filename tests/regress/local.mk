# SPDX-License-Identifier: GPL-3.0-or-later
#
# Command-line regressions: scripts that run the built program.  They find it in $HEARSAY, the
# sources in $HS_SRCDIR; exit status 77 means skipped, after a line that says why.

# A slow machine is no failure: a test may take minutes before it counts as hung.
# Suites ask for more memory than there is; under a sanitizer that shall be refused as elsewhere.
AM_TESTS_ENVIRONMENT = \
	HS_SRCDIR='$(abs_top_srcdir)'; export HS_SRCDIR; \
	HS_BUILDDIR='$(abs_top_builddir)'; export HS_BUILDDIR; \
	HEARSAY='$(abs_top_builddir)/hearsay$(EXEEXT)'; export HEARSAY; \
	HEARSAY_DATADIR='$(abs_top_srcdir)'; export HEARSAY_DATADIR; \
	NM='$(NM)'; export NM; \
	CC='$(CC)'; export CC; \
	CK_DEFAULT_TIMEOUT=300; export CK_DEFAULT_TIMEOUT; \
	ASAN_OPTIONS="allocator_may_return_null=1:$${ASAN_OPTIONS-}"; export ASAN_OPTIONS; \
	TSAN_OPTIONS="allocator_may_return_null=1:$${TSAN_OPTIONS-}"; export TSAN_OPTIONS;
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = sh

regress_tests += tests/regress/adding-an-algorithm.sh
regress_tests += tests/regress/bad-input.sh
regress_tests += tests/regress/commands.sh
regress_tests += tests/regress/digests.sh
regress_tests += tests/regress/documented-commands.sh
regress_tests += tests/regress/documented-queries.sh
regress_tests += tests/regress/exports.sh
regress_tests += tests/regress/options.sh
regress_tests += tests/regress/output.sh
regress_tests += tests/regress/scenario-coverage.sh
regress_tests += tests/regress/scenarios.sh
regress_tests += tests/regress/trace.sh
regress_tests += tests/regress/tune-rates.sh

TESTS += $(regress_tests)
EXTRA_DIST += $(regress_tests)

# A source that the build does not have, and the program with it: for tests that add one.
.PHONY: added-object added-program
added-object:
	$(COMPILE) -Werror -c -o "$$OBJECT" "$$SOURCE"
added-program:
	$(LIBTOOL) --silent --tag=CC --mode=link $(CCLD) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) \
	    -o "$$PROGRAM" $(hearsay_OBJECTS) $$OBJECTS $(hearsay_LDADD) $(LIBS)
