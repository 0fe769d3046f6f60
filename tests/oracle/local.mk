# SPDX-License-Identifier: GPL-3.0-or-later
#
# Results of other programs, which suites compare with.
EXTRA_DIST += tests/oracle/gossip_cm02_n16.csv
EXTRA_DIST += tests/oracle/gossip_cm02_n64.csv
EXTRA_DIST += tests/oracle/jitter_cm02full_e_n16.csv
EXTRA_DIST += tests/oracle/jitter_cm02full_r_n16.csv
EXTRA_DIST += tests/oracle/random_cm02full_n100_s10_i10_seed1.csv
EXTRA_DIST += tests/oracle/random_cm02full_n50_s4_i1_seed1.csv
EXTRA_DIST += tests/oracle/random_cm02full_n50_s4_i3_seed1.csv
EXTRA_DIST += tests/oracle/pushsum_reference.json
