# SPDX-License-Identifier: GPL-3.0-or-later
#
# All-reduce and all-gather schedules and the executor that plays them on the network.
libhearsay_la_SOURCES += sim/collectives/binomial_tree.c
libhearsay_la_SOURCES += sim/collectives/collective.c
libhearsay_la_SOURCES += sim/collectives/collective.h
libhearsay_la_SOURCES += sim/collectives/collectives.c
libhearsay_la_SOURCES += sim/collectives/double_binary_tree.c
libhearsay_la_SOURCES += sim/collectives/halving_doubling.c
libhearsay_la_SOURCES += sim/collectives/hierarchical.c
libhearsay_la_SOURCES += sim/collectives/pipelined_tree.c
libhearsay_la_SOURCES += sim/collectives/recursive_doubling.c
libhearsay_la_SOURCES += sim/collectives/recursive_doubling_all_gather.c
libhearsay_la_SOURCES += sim/collectives/ring.c
libhearsay_la_SOURCES += sim/collectives/ring_all_gather.c
libhearsay_la_SOURCES += sim/collectives/schedule.c
libhearsay_la_SOURCES += sim/collectives/schedule.h
libhearsay_la_SOURCES += sim/collectives/tree.c
libhearsay_la_SOURCES += sim/collectives/tree.h
