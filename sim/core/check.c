/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a tripped check does: say so and abort, so that a debugger or a core file shows the place.
 */
#include "core/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "hearsay: check failed: %s:%d: %s: ", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}
