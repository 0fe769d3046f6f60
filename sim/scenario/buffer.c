/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing text.
 */
#include "scenario/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static void reserve(struct buffer *buffer, size_t extra)
{
    size_t needed = buffer->length + extra + 1;
    if (needed > buffer->capacity)
        buffer->text = memory_grow(buffer->text, &buffer->capacity, needed, 1);
}

void buffer_add_bytes(struct buffer *buffer, const char *bytes, size_t size)
{
    reserve(buffer, size);
    memcpy(buffer->text + buffer->length, bytes, size);
    buffer->length += size;
    buffer->text[buffer->length] = '\0';
}

void buffer_add(struct buffer *buffer, const char *text)
{
    buffer_add_bytes(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    reserve(buffer, (size_t)size);
    va_start(arguments, format);
    vsnprintf(buffer->text + buffer->length, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)size;
}

static void add_escaped(struct buffer *buffer, unsigned char byte)
{
    if (byte == '"' || byte == '\\')
        buffer_format(buffer, "\\%c", byte);
    else if (byte == '\n')
        buffer_add(buffer, "\\n");
    else if (byte < 0x20 || byte == 0x7f)
        buffer_format(buffer, "\\u%04x", byte);
    else
        buffer_add_bytes(buffer, (const char *)&byte, 1);
}

void buffer_add_json(struct buffer *buffer, const char *text, size_t limit)
{
    buffer_add(buffer, "\"");
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        /* A cut never goes through a UTF-8 sequence. */
        if (limit != 0 && size >= limit && ((unsigned char)text[size] & 0xC0) != 0x80)
            break;
        add_escaped(buffer, (unsigned char)text[size]);
    }
    buffer_add(buffer, text[size] != '\0' ? "...\"" : "\"");
}

void buffer_add_number(struct buffer *buffer, double value)
{
    if (isnan(value)) {
        buffer_add(buffer, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    char *comma = strchr(text, ','); /* a locale's decimal point */
    if (comma != NULL)
        *comma = '.';
    buffer_add(buffer, text);
}
