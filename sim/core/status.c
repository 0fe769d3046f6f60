/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statuses and error texts, all from the one list in the header.
 */
#include "core/status.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "core/check.h"

struct status_row {
    const char *text;
    int exit_code;
};

#define STATUS_ROW(name, exit_status, text) {text, exit_status},
static const struct status_row status_rows[] = {STATUS_LIST(STATUS_ROW)};
#undef STATUS_ROW

/* The list spells names in capitals; what people and databases read is lower case. */
static const char *const status_names[] = {
    [STATUS_OK] = "ok",
    [STATUS_REQUEST] = "request",
    [STATUS_ENVIRONMENT] = "environment",
    [STATUS_NO_MEMORY] = "no_memory",
    [STATUS_DEADLOCK] = "deadlock",
    [STATUS_DIVERGED] = "diverged",
    [STATUS_EXPECT] = "expect",
    [STATUS_DIGEST] = "digest",
    [STATUS_CLOCK] = "clock",
    [STATUS_INTERRUPTED] = "interrupted",
};

#define STATUS_COUNT (sizeof status_rows / sizeof status_rows[0])
_Static_assert(STATUS_COUNT == sizeof status_names / sizeof status_names[0],
               "every status has a lower-case name");

static void fill(struct error *error, enum status status, const char *path, const char *format,
                 va_list arguments)
{
    if (error == NULL)
        return;
    error->status = status;
    snprintf(error->path, sizeof error->path, "%s", path);
    vsnprintf(error->text, sizeof error->text, format, arguments);
}

enum status status_fail(struct error *error, enum status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, status, "", format, arguments);
    va_end(arguments);
    return status;
}

enum status status_fail_at(struct error *error, const char *path, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, STATUS_REQUEST, path, format, arguments);
    va_end(arguments);
    return STATUS_REQUEST;
}

static size_t row_of(enum status status)
{
    CHECK((size_t)status < STATUS_COUNT, "status %d is none", (int)status);
    return (size_t)status;
}

int status_exit_code(enum status status)
{
    return status_rows[row_of(status)].exit_code;
}

const char *status_name(enum status status)
{
    return status_names[row_of(status)];
}

const char *status_text(enum status status)
{
    return status_rows[row_of(status)].text;
}
