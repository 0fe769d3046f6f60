# SPDX-License-Identifier: GPL-3.0-or-later
#
# Benchmarks: programs that print ratios measured within one run.  bench_programs += tests/bench/X
# where the source is tests/bench/X.c; nothing of this is part of `make check'.

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

.PHONY: bench
bench: $(bench_programs)
	@test -n '$(bench_programs)' || { echo "no benchmark is listed"; exit 1; }
	@for program in $(bench_programs); do \
	    echo "== $$program"; \
	    $(AM_TESTS_ENVIRONMENT) ./$$program || exit 1; \
	done
