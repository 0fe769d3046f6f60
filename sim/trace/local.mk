# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a run tells the world: rows, digests, the SQLite file.
libhearsay_la_SOURCES += sim/trace/columns.c sim/trace/columns.h
libhearsay_la_SOURCES += sim/trace/names.c
libhearsay_la_SOURCES += sim/trace/npy.c sim/trace/npy.h
libhearsay_la_SOURCES += sim/trace/null_sink.c sim/trace/sink.h
libhearsay_la_SOURCES += sim/trace/observer.c sim/trace/observer.h
libhearsay_la_SOURCES += sim/trace/schema.c sim/trace/schema.h
libhearsay_la_SOURCES += sim/trace/sqlite_file.c sim/trace/sqlite_file.h
libhearsay_la_SOURCES += sim/trace/sqlite_rows.c sim/trace/sqlite_rows.h
libhearsay_la_SOURCES += sim/trace/sqlite_sink.c sim/trace/sqlite_sink.h
libhearsay_la_SOURCES += sim/trace/sqlite_writer.c sim/trace/sqlite_writer.h
