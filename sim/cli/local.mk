# SPDX-License-Identifier: GPL-3.0-or-later
#
# The command line: one command a file.
libhearsay_la_SOURCES += sim/cli/check.c
libhearsay_la_SOURCES += sim/cli/cli.c sim/cli/cli.h
libhearsay_la_SOURCES += sim/cli/database.c sim/cli/database.h
libhearsay_la_SOURCES += sim/cli/explain.c
libhearsay_la_SOURCES += sim/cli/list.c
libhearsay_la_SOURCES += sim/cli/matrix.c sim/cli/matrix.h
libhearsay_la_SOURCES += sim/cli/output.c sim/cli/output.h
libhearsay_la_SOURCES += sim/cli/plot.c
libhearsay_la_SOURCES += sim/cli/plot_data.c sim/cli/plot_data.h
libhearsay_la_SOURCES += sim/cli/plot_kinds.c sim/cli/plot_kinds.h
libhearsay_la_SOURCES += sim/cli/plot_script.c sim/cli/plot_script.h
libhearsay_la_SOURCES += sim/cli/process.c sim/cli/process.h
libhearsay_la_SOURCES += sim/cli/progress.c sim/cli/progress.h
libhearsay_la_SOURCES += sim/cli/requirements.c sim/cli/requirements.h
libhearsay_la_SOURCES += sim/cli/rows.c sim/cli/rows.h
libhearsay_la_SOURCES += sim/cli/run.c
libhearsay_la_SOURCES += sim/cli/show.c
libhearsay_la_SOURCES += sim/cli/show_parameters.c sim/cli/show_parameters.h
libhearsay_la_SOURCES += sim/cli/summary.c sim/cli/summary.h
libhearsay_la_SOURCES += sim/cli/table.c
libhearsay_la_SOURCES += sim/cli/targets.c sim/cli/targets.h
libhearsay_la_SOURCES += sim/cli/topology.c

# The library's public face.
include_HEADERS += sim/hearsay.h
libhearsay_la_SOURCES += sim/hearsay.c sim/hearsay.h
