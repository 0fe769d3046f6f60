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

# Suites that start threads; these also run under ThreadSanitizer.
threaded_tests = tests/unit/test_plan tests/unit/test_plan_kernel tests/unit/test_backend \
	tests/unit/test_optimizer tests/unit/test_trace tests/unit/test_run \
	tests/unit/test_compressed_gradients

.PHONY: check-threads check-valgrind check-all
check-threads: all
	@test -n '$(threaded_tests)' || { echo "no threaded suite is listed"; exit 1; }
	$(MAKE) check check_PROGRAMS='$(threaded_tests)' TESTS='$(threaded_tests)'

# Check forks for each test; Valgrind wants one process.
check-valgrind: all
	CK_FORK=no $(MAKE) check TESTS='$(check_PROGRAMS)' LOG_COMPILER='valgrind -q \
	    --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite'

# What takes too long for every day.
check-all: check
	$(MAKE) check-valgrind
	HEARSAY_LONG=1 $(MAKE) check check_PROGRAMS= TESTS=tests/regress/scenarios.sh

# What several suites share: other sources and headers of this folder.
check_LTLIBRARIES = libtesting.la
libtesting_la_SOURCES = tests/unit/testing.c tests/unit/testing.h

# ---- suites
check_PROGRAMS += tests/unit/test_core
check_PROGRAMS += tests/unit/test_event_queue
check_PROGRAMS += tests/unit/test_field
check_PROGRAMS += tests/unit/test_rng
check_PROGRAMS += tests/unit/test_cluster
libtesting_la_SOURCES += tests/unit/collective_world.c
libtesting_la_SOURCES += tests/unit/collective_world.h
check_PROGRAMS += tests/unit/test_collectives
check_PROGRAMS += tests/unit/test_collective_times
check_PROGRAMS += tests/unit/test_hierarchical
check_PROGRAMS += tests/unit/test_faults
check_PROGRAMS += tests/unit/test_max_min
check_PROGRAMS += tests/unit/test_network
check_PROGRAMS += tests/unit/test_network_oracle
check_PROGRAMS += tests/unit/test_scenario_text
libtesting_la_SOURCES += tests/unit/scenario_support.c
libtesting_la_SOURCES += tests/unit/scenario_support.h
check_PROGRAMS += tests/unit/test_scenario
check_PROGRAMS += tests/unit/test_scenario_base
check_PROGRAMS += tests/unit/test_pairs
check_PROGRAMS += tests/unit/test_faults_families
check_PROGRAMS += tests/unit/test_faults_run
check_PROGRAMS += tests/unit/test_targets
check_PROGRAMS += tests/unit/test_trace
check_PROGRAMS += tests/unit/test_observer
libtesting_la_SOURCES += tests/unit/models_support.h
check_PROGRAMS += tests/unit/test_data
check_PROGRAMS += tests/unit/test_models
check_PROGRAMS += tests/unit/test_partition
check_PROGRAMS += tests/unit/test_plan
check_PROGRAMS += tests/unit/test_plan_kernel
libtesting_la_SOURCES += tests/unit/topology_support.h
check_PROGRAMS += tests/unit/test_topologies
check_PROGRAMS += tests/unit/test_spectra
check_PROGRAMS += tests/unit/test_topologies_modern
libtesting_la_SOURCES += tests/unit/dense.c tests/unit/dense.h
libtesting_la_SOURCES += tests/unit/play.c
libtesting_la_SOURCES += tests/unit/play.h
check_PROGRAMS += tests/unit/test_algorithms
check_PROGRAMS += tests/unit/test_async_gossip
check_PROGRAMS += tests/unit/test_async_pairs
check_PROGRAMS += tests/unit/test_async_push
check_PROGRAMS += tests/unit/test_prague
check_PROGRAMS += tests/unit/test_gossip
check_PROGRAMS += tests/unit/test_gossip_timing
check_PROGRAMS += tests/unit/test_identities
check_PROGRAMS += tests/unit/test_compressed_gossip
check_PROGRAMS += tests/unit/test_compressed_gradients
check_PROGRAMS += tests/unit/test_compressed_times
check_PROGRAMS += tests/unit/test_tracking
check_PROGRAMS += tests/unit/test_buckets
check_PROGRAMS += tests/unit/test_local
check_PROGRAMS += tests/unit/test_outer
check_PROGRAMS += tests/unit/test_servers
check_PROGRAMS += tests/unit/test_servers_numerics
check_PROGRAMS += tests/unit/test_servers_theory
check_PROGRAMS += tests/unit/test_hogwild
check_PROGRAMS += tests/unit/test_lap
check_PROGRAMS += tests/unit/test_scenario_fields
check_PROGRAMS += tests/unit/test_pushsum_cli
check_PROGRAMS += tests/unit/test_backend
check_PROGRAMS += tests/unit/test_optimizer
check_PROGRAMS += tests/unit/test_optimizer_runs
libtesting_la_SOURCES += tests/unit/compressor_support.h
check_PROGRAMS += tests/unit/test_compressors
check_PROGRAMS += tests/unit/test_compressor_sizes
check_PROGRAMS += tests/unit/test_power_sgd
check_PROGRAMS += tests/unit/test_server_rules
check_PROGRAMS += tests/unit/test_run
check_PROGRAMS += tests/unit/test_run_metrics
check_PROGRAMS += tests/unit/test_run_failures
