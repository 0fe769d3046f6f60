# SPDX-License-Identifier: GPL-3.0-or-later
#
# The network: messages between hosts, and max-min fair sharing of links.
libhearsay_la_SOURCES += sim/cluster/network.h
libhearsay_la_SOURCES += sim/cluster/network/fair.c
libhearsay_la_SOURCES += sim/cluster/network/fifo.c
libhearsay_la_SOURCES += sim/cluster/network/ideal.c
libhearsay_la_SOURCES += sim/cluster/network/max_min.c sim/cluster/network/max_min.h
libhearsay_la_SOURCES += sim/cluster/network/max_min_clock.c
libhearsay_la_SOURCES += sim/cluster/network/max_min_collect.c
libhearsay_la_SOURCES += sim/cluster/network/max_min_ranks.c sim/cluster/network/max_min_ranks.h
libhearsay_la_SOURCES += sim/cluster/network/max_min_refill.c
libhearsay_la_SOURCES += sim/cluster/network/max_min_ripple.c
libhearsay_la_SOURCES += sim/cluster/network/max_min_state.h
libhearsay_la_SOURCES += sim/cluster/network/max_min_tree.c sim/cluster/network/max_min_tree.h
libhearsay_la_SOURCES += sim/cluster/network/max_min_verify.c
libhearsay_la_SOURCES += sim/cluster/network/network.c
libhearsay_la_SOURCES += sim/cluster/network/network_config.c
libhearsay_la_SOURCES += sim/cluster/network/network_flight.c sim/cluster/network/network_flight.h
libhearsay_la_SOURCES += sim/cluster/network/network_loss.c
libhearsay_la_SOURCES += sim/cluster/network/network_state.h
libhearsay_la_SOURCES += sim/cluster/network_faults.h
