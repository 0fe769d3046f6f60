# SPDX-License-Identifier: GPL-3.0-or-later
#
# Hosts and the laws of compute times.
libhearsay_la_SOURCES += sim/cluster/cluster.c
libhearsay_la_SOURCES += sim/cluster/cluster.h
libhearsay_la_SOURCES += sim/cluster/compute.c
libhearsay_la_SOURCES += sim/cluster/compute.h
libhearsay_la_SOURCES += sim/cluster/compute_fields.c
libhearsay_la_SOURCES += sim/cluster/fault_fields.c
libhearsay_la_SOURCES += sim/cluster/faults.c
libhearsay_la_SOURCES += sim/cluster/faults.h
libhearsay_la_SOURCES += sim/cluster/distributions/distribution.c
libhearsay_la_SOURCES += sim/cluster/distributions/distribution.h
libhearsay_la_SOURCES += sim/cluster/distributions/constant.c
libhearsay_la_SOURCES += sim/cluster/distributions/uniform.c
libhearsay_la_SOURCES += sim/cluster/distributions/exponential.c
libhearsay_la_SOURCES += sim/cluster/distributions/shifted_exponential.c
libhearsay_la_SOURCES += sim/cluster/distributions/gamma.c
libhearsay_la_SOURCES += sim/cluster/distributions/lognormal.c
libhearsay_la_SOURCES += sim/cluster/distributions/weibull.c
libhearsay_la_SOURCES += sim/cluster/distributions/pareto.c
libhearsay_la_SOURCES += sim/cluster/distributions/two_mode.c
libhearsay_la_SOURCES += sim/cluster/distributions/trace_file.c
