/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kinds of plots.  A new kind of curves is a line in plot_kinds.c, a query and a script of
 * gnuplot (plots/X.sql, plots/X.gp).
 */
#ifndef HEARSAY_CLI_PLOT_KINDS_H
#define HEARSAY_CLI_PLOT_KINDS_H

#include <stdbool.h>

#include "cli/plot_data.h"
#include "cli/plot_script.h"

enum plot_scale { PLOT_SCALE_USUAL, PLOT_SCALE_LINEAR, PLOT_SCALE_LOG };

struct plot_request {
    char **paths;
    size_t path_count;
    const char **runs;
    size_t run_count;
    const char *output, *title;        /* NULL: the usual ones */
    bool force;                        /* replace the output */
    enum plot_scale scale;             /* of y */
    struct plot_parameters parameters; /* NaN and 0: the usual ones */
};

struct plot_kind {
    const char *name;
    bool log; /* y is logarithmic */
    /* Writes variables, data and the scripts that draw them. */
    enum status (*write)(struct plot_script *script, const struct plot_kind *kind,
                         const struct plot_request *request, const struct plot_data *data,
                         struct error *error);
};

extern const struct plot_kind plot_kinds[]; /* ends with a NULL name */

#endif
