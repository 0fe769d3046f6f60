/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statuses and error texts, all from the one list in the header.
 */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/check.h"

struct status_row {
    const char *name, *text;
    int exit_code;
};

#define STATUS_ROW(name, exit_code, text) {#name, text, exit_code},
#define STATUS_NAME(name, exit_code, text) [STATUS_##name] = status_lower_##name,

static const struct status_row status_rows[] = {STATUS_LIST(STATUS_ROW)};

