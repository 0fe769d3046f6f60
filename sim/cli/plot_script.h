/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A gnuplot script in the making: variables and data blocks, written to a temporary file that
 * becomes gnuplot's standard input, then the scripts of plots/ that draw them.
 */
#ifndef HEARSAY_CLI_PLOT_SCRIPT_H
#define HEARSAY_CLI_PLOT_SCRIPT_H

#include <stdio.h>

#include "cli/plot_data.h"

/* Lies outside every axis: what has no values still has its place in the legend. */
#define PLOT_OUTSIDE 1e30

struct plot_script {
    FILE *file;
};

enum status plot_script_open(struct plot_script *script, struct error *error);
void plot_script_text(struct plot_script *script, const char *name, const char *value);
void plot_script_number(struct plot_script *script, const char *name, double value);
/* The same with a number behind the name: label_3. */
void plot_script_text_at(struct plot_script *script, const char *name, size_t at,
                         const char *value);
void plot_script_number_at(struct plot_script *script, const char *name, size_t at, double value);

/* A data block holds indexed parts; a part without rows is one row outside the axes. */
void plot_script_begin_block(struct plot_script *script, const char *name);
void plot_script_part(struct plot_script *script, const struct plot_matrix *matrix);
/* Only the rows whose first column is `key`; returns how many. */
size_t plot_script_part_of(struct plot_script *script, const struct plot_matrix *matrix,
                           double key);
void plot_script_end_block(struct plot_script *script);

/* Loads a script of plots/ ("plots/loss.gp"). */
enum status plot_script_load(struct plot_script *script, const char *name, struct error *error);
/* Runs gnuplot on what was written, waits, and removes the script. */
enum status plot_script_run(struct plot_script *script, struct error *error);
void plot_script_close(struct plot_script *script);

#endif
