/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scenario files: text -> positions -> one ordered list of resolved runs.
 *
 * scenario_load reads a file ("-": standard input), applies --set overrides to the base (one that
 * every variant overrides is refused; the base is checked by itself too), expands `variants` (each
 * {"name": ..., key: value ...}, merged over the base; an object whose "name" differs from the
 * base's replaces it whole) and `seeds` axes ("seed": [1, 2, 3] makes one run per seed of every
 * variant; no two runs may be the same), and binds every result to `run_fields`.  Every later
 * complaint about a value is turned into file:line:column by scenario_blame.
 */
#ifndef HEARSAY_SCENARIO_SCENARIO_H
#define HEARSAY_SCENARIO_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "run/config.h"

struct scenario;

struct scenario_run {
    struct run_config config; /* defaults filled in; pointers live in the scenario's arena */
    const char *variant;      /* variant's name, or "" */
    const char *canonical;    /* resolved scenario as canonical JSON: sorted keys, base units, all
                                 defaults, without what is outside the identity, with content
                                 hashes of the files read and RESULT_VERSION */
    const char *resolved;     /* the same for people: everything, pretty-printed */
    char digest[33];          /* XXH3-128 of canonical */
    int64_t id;               /* its first 63 bits */
};

/* overrides: "key.path=value" texts in order; values are JSON, or bare words taken as strings.
 * On failure *error holds the whole message ("file:line:column: path: found ..., expected ...") */
enum status scenario_load(const char *path, const char *const *overrides, size_t override_count,
                          struct scenario **scenario, struct error *error);
/* As scenario_load, from text (`name` stands in messages). */
enum status scenario_parse(const char *name, const char *text, size_t size,
                           const char *const *overrides, size_t override_count,
                           struct scenario **scenario, struct error *error);
void scenario_free(struct scenario *scenario);
size_t scenario_count(const struct scenario *scenario);
const struct scenario_run *scenario_at(const struct scenario *scenario, size_t index);

/* Rewrites error->text to "file:line:column: path: text" for error->path in run `index` (the
 * nearest enclosing key that was written; --set values at their own place "--set KEY=VALUE"). */
void scenario_blame(const struct scenario *scenario, size_t index, struct error *error);

/* Tables as text: `hearsay explain [path]` and a JSON Schema. Returns malloc'd text or NULL when
 * the path names nothing (nearest in *nearest if not NULL). */
char *scenario_explain(const char *path, const char **nearest);
/* A plug-in and its parameters, as `explain` shows them, `indent` columns in. */
char *scenario_explain_plugin(const struct plugin *plugin, int indent);
char *scenario_schema(void);

#endif
