/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that commands write.  An existing file is refused without `force`, an input of the command
 * always.  What is written lies beside its place under another name until output_close, so a
 * command that fails leaves nothing behind and destroys nothing.  Pipes and devices are written
 * directly, "-" is standard output.
 */
#ifndef HEARSAY_CLI_OUTPUT_H
#define HEARSAY_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/status.h"

struct output {
    const char *path; /* borrowed */
    char *staged;     /* where it is written; NULL: to `path` itself, or to standard output */
    FILE *file;       /* of an open output */
    bool force;
};

/* `path` NULL is standard output too.  The inputs are databases; their journals are inputs. */
enum status output_open(struct output *output, const char *path, bool force, char *const *inputs,
                        size_t input_count, struct error *error);
/* The name that another program may write to, instead of through `file`. */
const char *output_name(const struct output *output);
/* Puts the file in its place when `status` is STATUS_OK, removes it otherwise; returns `status` or
 * what went wrong now. */
enum status output_close(struct output *output, enum status status, struct error *error);

#endif
