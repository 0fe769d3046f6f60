# SPDX-License-Identifier: GPL-3.0-or-later
#
# The foundations: statuses, checks, memory, time, randomness, digests, tables, events.
libhearsay_la_SOURCES += sim/core/check.c sim/core/check.h
libhearsay_la_SOURCES += sim/core/digest.c sim/core/digest.h
libhearsay_la_SOURCES += sim/core/engine.c sim/core/engine.h
libhearsay_la_SOURCES += sim/core/event_queue.c sim/core/event_queue.h
libhearsay_la_SOURCES += sim/core/event_queue_private.h
libhearsay_la_SOURCES += sim/core/field.c sim/core/field.h
libhearsay_la_SOURCES += sim/core/memory.c sim/core/memory.h
libhearsay_la_SOURCES += sim/core/plugin.c sim/core/plugin.h
libhearsay_la_SOURCES += sim/core/rng.c sim/core/rng.h
libhearsay_la_SOURCES += sim/core/simtime.c sim/core/simtime.h
libhearsay_la_SOURCES += sim/core/status.c sim/core/status.h
