/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario functions for any root table over struct run_config; scenario.h's are these with
 * run_fields.
 */
#ifndef HEARSAY_SCENARIO_SCENARIO_TABLE_H
#define HEARSAY_SCENARIO_SCENARIO_TABLE_H

#include "scenario/scenario.h"

/* The table as the field that describes a whole scenario. */
struct field scenario_root(const struct field *table);

/* `directory`: what relative paths count from. */
enum status scenario_parse_table(const struct field *table, const char *name, const char *directory,
                                 const char *text, size_t size, const char *const *overrides,
                                 size_t override_count, struct scenario **scenario,
                                 struct error *error);
char *scenario_explain_table(const struct field *table, const char *path, const char **nearest);
char *scenario_schema_table(const struct field *table);

#endif
