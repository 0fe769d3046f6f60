/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing text.  Zero-initialise to create; `text` is NULL until something was added and is freed
 * by free() or handed on.
 */
#ifndef HEARSAY_SCENARIO_BUFFER_H
#define HEARSAY_SCENARIO_BUFFER_H

#include <stddef.h>

struct buffer {
    char *text; /* always NUL-terminated once something was added */
    size_t length, capacity;
};

void buffer_add(struct buffer *buffer, const char *text);
void buffer_add_bytes(struct buffer *buffer, const char *bytes, size_t size);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds `text` as a JSON string with its quotes, cut after `limit` bytes (0: whole). */
void buffer_add_json(struct buffer *buffer, const char *text, size_t limit);
/* The shortest text that reads back as the same double; JSON's "null" for NaN. */
void buffer_add_number(struct buffer *buffer, double value);

#endif
