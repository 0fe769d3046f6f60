# SPDX-License-Identifier: GPL-3.0-or-later
#
# Scenario files: text, trees, binding, identities, help.
libhearsay_la_SOURCES += sim/scenario/bind.c sim/scenario/bind.h
libhearsay_la_SOURCES += sim/scenario/bind_report.c
libhearsay_la_SOURCES += sim/scenario/bind_scalar.c
libhearsay_la_SOURCES += sim/scenario/buffer.c sim/scenario/buffer.h
libhearsay_la_SOURCES += sim/scenario/canonical.c sim/scenario/canonical.h
libhearsay_la_SOURCES += sim/scenario/content.c sim/scenario/content.h
libhearsay_la_SOURCES += sim/scenario/explain.c
libhearsay_la_SOURCES += sim/scenario/pairs.c sim/scenario/pairs.h
libhearsay_la_SOURCES += sim/scenario/quantity.c sim/scenario/quantity.h
libhearsay_la_SOURCES += sim/scenario/scenario.c sim/scenario/scenario.h
libhearsay_la_SOURCES += sim/scenario/scenario_table.h
libhearsay_la_SOURCES += sim/scenario/schema.c
libhearsay_la_SOURCES += sim/scenario/text.c sim/scenario/text.h
libhearsay_la_SOURCES += sim/scenario/text_reader.c sim/scenario/text_reader.h
libhearsay_la_SOURCES += sim/scenario/tree.c sim/scenario/tree.h
libhearsay_la_SOURCES += sim/scenario/tree_override.c
