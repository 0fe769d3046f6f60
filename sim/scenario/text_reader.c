/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strict reader: RFC 8259 over UTF-8, with // and C comments.  One pass, a stack of at most
 * TEXT_DEPTH_LIMIT bits, no recursion.  What it lets pass, cJSON reads without surprise: comments
 * and the byte order mark become spaces, each number becomes a 0 (cJSON cuts long ones; the text
 * itself is the value), strings hold no NUL and only paired surrogates.
 */
#include "scenario/text_reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct place {
    uint32_t line, column;
};

struct reader {
    struct text_map *map;
    uint32_t source;
    char *text; /* NUL-terminated; blanked as we go */
    size_t size, at;
    struct place place; /* of text[at] */
    struct place key;   /* of the last key read */
    bool object[TEXT_DEPTH_LIMIT];
    size_t depth;
    struct error *error;
};

/* What comes next in the document. */
enum want { WANT_VALUE, WANT_FIRST_ITEM, WANT_FIRST_KEY, WANT_KEY, WANT_AFTER, WANT_FAILED };

static bool fail_at(struct reader *reader, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail_at(struct reader *reader, struct place place, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const struct text_source *source = &reader->map->sources[reader->source];
    if (source->positioned)
        status_fail(reader->error, STATUS_REQUEST, "%s:%u:%u: %s", source->name, place.line,
                    place.column, text);
    else
        status_fail(reader->error, STATUS_REQUEST, "%s: character %u of the value: %s",
                    source->name, place.column, text);
    return false;
}

static char peek(const struct reader *reader)
{
    return reader->text[reader->at]; /* NUL at the end; NUL is refused elsewhere */
}

static void step(struct reader *reader)
{
    unsigned char byte = (unsigned char)reader->text[reader->at++];
    if (byte == '\n') {
        reader->place.line++;
        reader->place.column = 1;
    } else if (((unsigned char)reader->text[reader->at] & 0xC0) != 0x80) {
        reader->place.column++; /* the last byte of a character */
    }
}

/* The character at hand, for messages. */
static const char *found(const struct reader *reader, char text[48])
{
    unsigned char byte = (unsigned char)peek(reader);
    if (reader->at >= reader->size)
        return "the end of the text";
    if (byte < 0x20 || byte == 0x7f) {
        snprintf(text, 48, "the control character U+%04X", byte);
        return text;
    }
    size_t size = 1;
    while (((unsigned char)reader->text[reader->at + size] & 0xC0) == 0x80)
        size++;
    snprintf(text, 48, "'%.*s'", (int)size, reader->text + reader->at);
    return text;
}

static bool expected(struct reader *reader, const char *what)
{
    char text[48];
    return fail_at(reader, reader->place, "found %s, expected %s", found(reader, text), what);
}

/* ---- UTF-8 ---- */

/* Length of the well-formed sequence (Unicode table 3-7) at `byte`, or 0. */
static size_t sequence(const unsigned char *byte, size_t left)
{
    if (byte[0] < 0x80)
        return 1;
    size_t size = byte[0] < 0xC2 ? 0 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    if (size == 0 || byte[0] > 0xF4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xF0 && byte[1] < 0x90);
    bool surrogate = byte[0] == 0xED && byte[1] > 0x9F;
    bool beyond = byte[0] == 0xF4 && byte[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : size;
}

static bool check_utf8(struct reader *reader)
{
    struct place place = reader->place;
    const unsigned char *bytes = (const unsigned char *)reader->text;
    for (size_t at = reader->at; at < reader->size;) {
        size_t size = sequence(bytes + at, reader->size - at);
        if (size == 0)
            return fail_at(reader, place, "found the byte 0x%02X, expected UTF-8", bytes[at]);
        if (bytes[at] == '\0')
            return fail_at(reader, place, "found a NUL byte, expected text");
        place.column++;
        if (bytes[at] == '\n') {
            place.line++;
            place.column = 1;
        }
        at += size;
    }
    return true;
}

/* ---- blanks and comments ---- */

static void blank(struct reader *reader)
{
    size_t at = reader->at;
    char byte = peek(reader);
    step(reader);
    if (byte != '\n')
        reader->text[at] = ' ';
}

static bool skip_comment(struct reader *reader)
{
    struct place begin = reader->place;
    char kind = reader->text[reader->at + 1];
    if (kind == '/') {
        while (reader->at < reader->size && peek(reader) != '\n')
            blank(reader);
        return true;
    }
    if (kind != '*')
        return expected(reader, "JSON or a comment");
    blank(reader);
    blank(reader);
    while (reader->at < reader->size) {
        bool closes = peek(reader) == '*' && reader->text[reader->at + 1] == '/';
        blank(reader);
        if (closes) {
            blank(reader);
            return true;
        }
    }
    return fail_at(reader, begin, "found a comment that does not end, expected */");
}

static bool skip_blanks(struct reader *reader)
{
    for (;;) {
        char byte = peek(reader);
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
            step(reader);
        else if (byte != '/')
            return true;
        else if (!skip_comment(reader))
            return false;
    }
}

/* ---- scalars ---- */

static struct text_origin *record(struct reader *reader)
{
    struct text_map *map = reader->map;
    if (map->count == map->capacity)
        map->origins =
            memory_grow(map->origins, &map->capacity, map->count + 1, sizeof *map->origins);
    struct text_origin *origin = &map->origins[map->count++];
    bool keyed = reader->depth > 0 && reader->object[reader->depth - 1];
    *origin = (struct text_origin){.source = reader->source,
                                   .line = reader->place.line,
                                   .column = reader->place.column,
                                   .key_line = keyed ? reader->key.line : 0,
                                   .key_column = keyed ? reader->key.column : 0};
    return origin;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool read_digits(struct reader *reader)
{
    if (!is_digit(peek(reader)))
        return expected(reader, "a digit");
    while (is_digit(peek(reader)))
        step(reader);
    return true;
}

static bool read_integer_part(struct reader *reader)
{
    if (peek(reader) == '-')
        step(reader);
    if (peek(reader) != '0')
        return read_digits(reader);
    struct place place = reader->place;
    step(reader);
    if (is_digit(peek(reader)))
        return fail_at(reader, place, "found a leading zero, expected a number as JSON writes it");
    return true;
}

static bool read_fraction_and_exponent(struct reader *reader)
{
    if (peek(reader) == '.') {
        step(reader);
        if (!read_digits(reader))
            return false;
    }
    if (peek(reader) != 'e' && peek(reader) != 'E')
        return true;
    step(reader);
    if (peek(reader) == '+' || peek(reader) == '-')
        step(reader);
    return read_digits(reader);
}

static bool read_number(struct reader *reader)
{
    struct text_origin *origin = record(reader);
    struct place place = reader->place;
    size_t begin = reader->at;
    if (!read_integer_part(reader) || !read_fraction_and_exponent(reader))
        return false;
    size_t size = reader->at - begin;
    if (!isfinite(strtod(reader->text + begin, NULL)))
        return fail_at(reader, place, "found %.*s, expected a finite number",
                       size > 60 ? 60 : (int)size, reader->text + begin);
    origin->number = reader->text + begin;
    origin->number_size = (uint32_t)size;
    return true;
}

static bool read_hex(struct reader *reader, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char byte = peek(reader);
        unsigned digit;
        if (is_digit(byte))
            digit = (unsigned)(byte - '0');
        else if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
            digit = (unsigned)((byte | 0x20) - 'a' + 10);
        else
            return expected(reader, "four hexadecimal digits");
        *unit = *unit * 16 + digit;
        step(reader);
    }
    return true;
}

/* After "\u". */
static bool read_unicode_escape(struct reader *reader, struct place place)
{
    unsigned unit, low;
    if (!read_hex(reader, &unit))
        return false;
    if (unit == 0)
        return fail_at(reader, place, "found \\u0000, expected text without NUL");
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    bool pair = unit < 0xDC00 && peek(reader) == '\\' && reader->text[reader->at + 1] == 'u';
    if (pair) {
        step(reader);
        step(reader);
        if (!read_hex(reader, &low))
            return false;
    }
    if (!pair || low < 0xDC00 || low > 0xDFFF)
        return fail_at(reader, place,
                       "found the unpaired surrogate \\u%04X, expected a surrogate pair", unit);
    return true;
}

static bool read_escape(struct reader *reader)
{
    struct place place = reader->place;
    step(reader);
    char byte = peek(reader);
    if (byte == '\0' || strchr("\"\\/bfnrtu", byte) == NULL)
        return expected(reader, "one of \" \\ / b f n r t u after a backslash");
    step(reader);
    return byte != 'u' || read_unicode_escape(reader, place);
}

static bool read_string(struct reader *reader)
{
    struct place begin = reader->place;
    step(reader);
    while (peek(reader) != '"') {
        if (reader->at >= reader->size)
            return fail_at(reader, begin, "found a string that does not end, expected '\"'");
        if ((unsigned char)peek(reader) < 0x20)
            return expected(reader, "it escaped in a string (or a closing '\"')");
        if (peek(reader) != '\\')
            step(reader);
        else if (!read_escape(reader))
            return false;
    }
    step(reader);
    return true;
}

static bool read_literal(struct reader *reader)
{
    static const char *const literals[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        size_t size = strlen(literals[i]);
        if (strncmp(reader->text + reader->at, literals[i], size) != 0)
            continue;
        record(reader);
        while (size-- > 0)
            step(reader);
        return true;
    }
    return expected(reader, "a value");
}

/* ---- structure ---- */

static enum want open_container(struct reader *reader, bool object)
{
    record(reader);
    if (reader->depth == TEXT_DEPTH_LIMIT) {
        fail_at(reader, reader->place, "found nesting beyond %d levels, expected less",
                TEXT_DEPTH_LIMIT);
        return WANT_FAILED;
    }
    reader->object[reader->depth++] = object;
    step(reader);
    return object ? WANT_FIRST_KEY : WANT_FIRST_ITEM;
}

static enum want read_value(struct reader *reader)
{
    bool read;
    char byte = peek(reader);
    if (byte == '{' || byte == '[')
        return open_container(reader, byte == '{');
    if (byte == '"') {
        record(reader);
        read = read_string(reader);
    } else if (byte == '-' || is_digit(byte)) {
        read = read_number(reader);
    } else {
        read = read_literal(reader);
    }
    return read ? WANT_AFTER : WANT_FAILED;
}

static enum want read_key(struct reader *reader, const char *what)
{
    if (peek(reader) != '"') {
        expected(reader, what);
        return WANT_FAILED;
    }
    reader->key = reader->place;
    if (!read_string(reader) || !skip_blanks(reader))
        return WANT_FAILED;
    if (peek(reader) != ':') {
        expected(reader, "':' after a key");
        return WANT_FAILED;
    }
    step(reader);
    return WANT_VALUE;
}

static enum want close_container(struct reader *reader)
{
    reader->depth--;
    step(reader);
    return WANT_AFTER;
}

static enum want read_after(struct reader *reader)
{
    bool object = reader->object[reader->depth - 1];
    if (peek(reader) == (object ? '}' : ']'))
        return close_container(reader);
    if (peek(reader) != ',') {
        expected(reader, object ? "',' or '}'" : "',' or ']'");
        return WANT_FAILED;
    }
    step(reader);
    return object ? WANT_KEY : WANT_VALUE;
}

static enum want read_next(struct reader *reader, enum want want)
{
    switch (want) {
    case WANT_FIRST_ITEM:
        return peek(reader) == ']' ? close_container(reader) : read_value(reader);
    case WANT_FIRST_KEY:
        return peek(reader) == '}' ? close_container(reader) : read_key(reader, "a key or '}'");
    case WANT_KEY:
        return read_key(reader, "another key after ','");
    case WANT_AFTER:
        return read_after(reader);
    default:
        return read_value(reader);
    }
}

static bool read_document(struct reader *reader)
{
    enum want want = WANT_VALUE;
    do {
        if (!skip_blanks(reader))
            return false;
        if (want == WANT_VALUE && reader->depth == 0 && reader->at >= reader->size)
            return fail_at(reader, reader->place, "found no value, expected JSON");
        want = read_next(reader, want);
    } while (want != WANT_FAILED && !(want == WANT_AFTER && reader->depth == 0));
    if (want == WANT_FAILED || !skip_blanks(reader))
        return false;
    return reader->at >= reader->size || expected(reader, "the end of the text");
}

bool text_reader_run(struct text_map *map, uint32_t source, size_t size, struct error *error)
{
    struct reader reader = {.map = map,
                            .source = source,
                            .text = map->sources[source].text,
                            .size = size,
                            .place = {1, 1},
                            .error = error};
    if (size > TEXT_LIMIT_BYTES)
        return fail_at(&reader, reader.place,
                       "found a text larger than the 16 MiB limit, expected a scenario");
    if (size >= 3 && memcmp(reader.text, "\xEF\xBB\xBF", 3) == 0) {
        memset(reader.text, ' ', 3);
        reader.at = 3;
    }
    return check_utf8(&reader) && read_document(&reader);
}
