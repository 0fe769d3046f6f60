/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: one command a file, a table of commands, and what they share.
 *
 * A command gets its own argv (argv[0] is "hearsay run"), parses it with getopt_long, prints
 * results to stdout and complaints to stderr (cli_error), and returns the program's exit status.
 */
#ifndef HEARSAY_CLI_CLI_H
#define HEARSAY_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/status.h"

struct cli {
    const volatile sig_atomic_t *interrupt; /* set by SIGINT / SIGTERM (cli/process.c) */
    const char *program;                    /* argv[0]'s base name */
    bool out_is_terminal, err_is_terminal;
    bool colour; /* terminal, and NO_COLOR not set */
};

struct cli_command {
    const char *name;
    const char *usage;   /* "run SCENARIO [-o FILE.db] ..." */
    const char *summary; /* one line */
    int (*main)(struct cli *cli, int argc, char **argv);
};
extern const struct cli_command *const cli_commands[]; /* NULL-terminated (cli/cli.c) */

/* Runs the whole program. */
int cli_main(int argc, char **argv);

/* Prints "hearsay: TEXT" and returns the exit status of error->status. */
int cli_error(const struct cli *cli, const struct error *error);
/* Prints "hearsay run: TEXT" and a hint to --help; returns 2. */
int cli_usage_error(const struct cli *cli, const struct cli_command *command, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
/* Prints usage, summary and `options` (text, one option a line) to stdout; returns 0. */
int cli_help(const struct cli_command *command, const char *options);

/* A copy in which control characters stand as \xNN: what a file or a trace names something cannot
 * steer a terminal.  The second one keeps line breaks.  free() it. */
char *cli_printable(const char *text);
char *cli_printable_lines(const char *text);

/* A left- or right-aligned text table: cli_table_cell row by row, then print. */
struct cli_table;
struct cli_table *cli_table_create(size_t columns);
void cli_table_cell(struct cli_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Control characters are escaped.  Numbers are right-aligned; the first row is the header; NaN
 * prints as "-". */
void cli_table_number(struct cli_table *table, int significant_digits, double value);
void cli_table_print(const struct cli_table *table, FILE *out);
void cli_table_free(struct cli_table *table);

/* Where data files lie: $HEARSAY_DATADIR, the sources of an uninstalled program, or the
 * installed pkgdatadir. Returns malloc'd DIR/name, or NULL when there is no such file. */
char *cli_data_file(const char *name);

#endif
