# SPDX-License-Identifier: GPL-3.0-or-later
#
# One run, from a resolved scenario to its summary.
libhearsay_la_SOURCES += sim/run/apply.c
libhearsay_la_SOURCES += sim/run/config.c sim/run/config.h
libhearsay_la_SOURCES += sim/run/deadlock.c
libhearsay_la_SOURCES += sim/run/drive.c sim/run/run.h
libhearsay_la_SOURCES += sim/run/encode.c
libhearsay_la_SOURCES += sim/run/evaluation.c sim/run/evaluation.h
libhearsay_la_SOURCES += sim/run/fifo.c
libhearsay_la_SOURCES += sim/run/gradient.c
libhearsay_la_SOURCES += sim/run/holding.c
libhearsay_la_SOURCES += sim/run/ledger.c
libhearsay_la_SOURCES += sim/run/mailbox.c
libhearsay_la_SOURCES += sim/run/metrics.c sim/run/metrics.h
libhearsay_la_SOURCES += sim/run/node.c
libhearsay_la_SOURCES += sim/run/pair.c
libhearsay_la_SOURCES += sim/run/outer.c sim/run/outer.h
libhearsay_la_SOURCES += sim/run/outer_registry.c
libhearsay_la_SOURCES += sim/run/outers/bmuf.c
libhearsay_la_SOURCES += sim/run/outers/diloco.c
libhearsay_la_SOURCES += sim/run/outers/lookahead.c
libhearsay_la_SOURCES += sim/run/outers/slowmo.c
libhearsay_la_SOURCES += sim/run/reduce.c
libhearsay_la_SOURCES += sim/run/row.c sim/run/row.h
libhearsay_la_SOURCES += sim/run/sim.c sim/run/sim.h
libhearsay_la_SOURCES += sim/run/sim_faults.c
libhearsay_la_SOURCES += sim/run/sim_updates.c
libhearsay_la_SOURCES += sim/run/timer.c
libhearsay_la_SOURCES += sim/run/vector.c
libhearsay_la_SOURCES += sim/run/wait.c
