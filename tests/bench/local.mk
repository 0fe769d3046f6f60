# SPDX-License-Identifier: GPL-3.0-or-later
#
# Benchmarks: programs that print ratios measured within one run.  bench_programs += tests/bench/X
# where the source is tests/bench/X.c; nothing of this is part of `make check'.

bench_common = tests/bench/bench.c tests/bench/bench.h
bench_runs = tests/bench/bench_run.c tests/bench/bench_run.h

# bare_loop.c is compiled with the flags of the simulator's kernels.
bench_programs += tests/bench/bench_throughput
tests_bench_bench_throughput_SOURCES = $(bench_common) $(bench_runs) \
	tests/bench/bench_throughput.c tests/bench/bare_loop.c tests/bench/bare_loop.h
tests_bench_bench_throughput_CFLAGS = $(AM_CFLAGS) $(REAL_CFLAGS)
tests_bench_bench_throughput_LDADD = libhearsay_internal.la

bench_programs += tests/bench/bench_events
tests_bench_bench_events_SOURCES = $(bench_common) tests/bench/bench_events.c
tests_bench_bench_events_LDADD = libhearsay_internal.la

bench_programs += tests/bench/bench_network
tests_bench_bench_network_SOURCES = $(bench_common) tests/bench/bench_network.c \
	tests/bench/naive_network.c tests/bench/naive_network.h
tests_bench_bench_network_LDADD = libhearsay_internal.la

bench_programs += tests/bench/bench_trace
tests_bench_bench_trace_SOURCES = $(bench_common) $(bench_runs) tests/bench/bench_trace.c
tests_bench_bench_trace_LDADD = libhearsay_internal.la

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

.PHONY: bench
bench: $(bench_programs)
	@test -n '$(bench_programs)' || { echo "no benchmark is listed"; exit 1; }
	@for program in $(bench_programs); do \
	    echo "== $$program"; \
	    $(AM_TESTS_ENVIRONMENT) ./$$program || exit 1; \
	done
