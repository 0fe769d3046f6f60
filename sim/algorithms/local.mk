# SPDX-License-Identifier: GPL-3.0-or-later
#
# Node programs, one paper a file.
libhearsay_la_SOURCES += sim/algorithms/ad_psgd.c
libhearsay_la_SOURCES += sim/algorithms/algorithm.h
libhearsay_la_SOURCES += sim/algorithms/ar_sgd.c
libhearsay_la_SOURCES += sim/algorithms/async_server.c
libhearsay_la_SOURCES += sim/algorithms/d_psgd.c
libhearsay_la_SOURCES += sim/algorithms/dgd.c
libhearsay_la_SOURCES += sim/algorithms/diging.c
libhearsay_la_SOURCES += sim/algorithms/dual_averaging.c
libhearsay_la_SOURCES += sim/algorithms/exact_diffusion.c
libhearsay_la_SOURCES += sim/algorithms/extra.c
libhearsay_la_SOURCES += sim/algorithms/k_async.c
libhearsay_la_SOURCES += sim/algorithms/k_sync.c
libhearsay_la_SOURCES += sim/algorithms/local_sgd.c
libhearsay_la_SOURCES += sim/algorithms/parameter_server.c
libhearsay_la_SOURCES += sim/algorithms/push_diging.c
libhearsay_la_SOURCES += sim/algorithms/push_pull.c
libhearsay_la_SOURCES += sim/algorithms/push_sum.c
libhearsay_la_SOURCES += sim/algorithms/quasi_global_momentum.c
libhearsay_la_SOURCES += sim/algorithms/randomized_gossip.c
libhearsay_la_SOURCES += sim/algorithms/registry.c
libhearsay_la_SOURCES += sim/algorithms/server.c
libhearsay_la_SOURCES += sim/algorithms/server.h
libhearsay_la_SOURCES += sim/algorithms/sgp.c
libhearsay_la_SOURCES += sim/algorithms/ssp.c
libhearsay_la_SOURCES += sim/algorithms/subgradient_push.c
