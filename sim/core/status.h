/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statuses and error texts.
 *
 * A function that can fail returns `enum status` (STATUS_OK is 0) and takes a `struct error *` as
 * its last argument, which it fills by status_fail() or status_fail_at() exactly when it does not
 * return STATUS_OK.  Library code never prints and never exits.  A programmer's mistake is no
 * status: it trips CHECK (core/check.h).
 */
#ifndef HEARSAY_CORE_STATUS_H
#define HEARSAY_CORE_STATUS_H

/* X(name, exit status of the program, short text) */
#define STATUS_LIST(X)                                                                             \
    X(OK, 0, "done")                                                                               \
    X(REQUEST, 2, "the request is wrong")                                                          \
    X(ENVIRONMENT, 1, "the environment failed")                                                    \
    X(NO_MEMORY, 1, "out of memory")                                                               \
    X(DEADLOCK, 1, "deadlock")                                                                     \
    X(DIVERGED, 1, "diverged")                                                                     \
    X(EXPECT, 1, "an expectation was not met")                                                     \
    X(DIGEST, 1, "digests differ")                                                                 \
    X(CLOCK, 1, "the clock ran out")                                                               \
    X(INTERRUPTED, 130, "interrupted")

enum status {
#define STATUS_ENUM(name, exit_status, text) STATUS_##name,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

struct error {
    enum status status;
    char path[256];  /* JSON path the error is about ("compute.stragglers[0].slowdown"), or "" */
    char text[1024]; /* one sentence: what was found, what is expected; no trailing newline */
};

/* Fills *error (may be NULL) and returns `status`. */
enum status status_fail(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As status_fail, and names the scenario's JSON path that is to blame. */
enum status status_fail_at(struct error *error, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* status is STATUS_REQUEST */

int status_exit_code(enum status status);
const char *status_name(enum status status); /* "deadlock", "request", ... lower case */
const char *status_text(enum status status);

#endif
