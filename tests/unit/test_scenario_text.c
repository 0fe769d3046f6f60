/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strict reader: what RFC 8259 allows and forbids, what is refused beyond it, positions, and
 * that no damage of a text ever harms the program.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/text.h"
#include "testing.h"

struct sample {
    const char *text;
    size_t size; /* 0: strlen */
};

#define SAMPLE(literal)                                                                            \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

/* Whole documents of RFC 8259 that must be read. */
static const struct sample accepted[] = {
    SAMPLE("{}"),
    SAMPLE("[]"),
    SAMPLE("[[]   ]"),
    SAMPLE("[\"\"]"),
    SAMPLE("[\"a\"]"),
    SAMPLE("[false]"),
    SAMPLE("[null, 1, \"1\", {}]"),
    SAMPLE("[null]"),
    SAMPLE("[1\n]"),
    SAMPLE(" [1]"),
    SAMPLE("[2] "),
    SAMPLE("[1,null,null,null,2]"),
    SAMPLE("[123e65]"),
    SAMPLE("[0e+1]"),
    SAMPLE("[0e1]"),
    SAMPLE("[ 4]"),
    SAMPLE("[-0]"),
    SAMPLE("[-0.0]"),
    SAMPLE("[-123]"),
    SAMPLE("[-1]"),
    SAMPLE("[1E22]"),
    SAMPLE("[1E-2]"),
    SAMPLE("[1E+2]"),
    SAMPLE("[123.456e78]"),
    SAMPLE("[123.456789]"),
    SAMPLE("[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
    SAMPLE("[1e-999]"),
    SAMPLE(
        "[100000000000000000000000000000000000000000000000000000000000000000000000000000000000]"),
    SAMPLE("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    SAMPLE("{\"\":0}"),
    SAMPLE("{\"foo\\u0001bar\": 42}"),
    SAMPLE("{\"min\": -1.0e+28, \"max\": 1.0e+28}"),
    SAMPLE("{\"x\":[{\"id\": \"x\"}], \"id\": \"x\"}"),
    SAMPLE("{\"a\":[]}"),
    SAMPLE("{\n\"a\": \"b\"\n}"),
    SAMPLE("{\"A\":1, \"a\":2}"),
    SAMPLE("[\"\\u0060\\u012a\\u12AB\"]"),
    SAMPLE("[\"\\uD801\\udc37\"]"),
    SAMPLE("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
    SAMPLE("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    SAMPLE("[\"\\\\u0000\"]"),
    SAMPLE("[\"a/*b*/c/*d//e\"]"),
    SAMPLE("[\"\\uDBFF\\uDFFF\"]"),
    SAMPLE("[\"\xF4\x8F\xBF\xBF\"]"),
    SAMPLE("[\"\xEF\xBF\xBF\"]"),
    SAMPLE("[\"\xCE\xB1\xE4\xB8\xAD\xF0\x9D\x84\x9E\"]"),
    SAMPLE("[\"\xE2\x80\xA8\xE2\x80\xA9\"]"),
    SAMPLE("[\"\x7F\"]"),
    SAMPLE("[\"\\uFDD0\\uFFFE\"]"),
    SAMPLE("42"),
    SAMPLE("-0.1"),
    SAMPLE("\"asd\""),
    SAMPLE("null"),
    SAMPLE("true"),
    SAMPLE("[\"a\",\n4\n,1,\r\n1\t]"),
    /* beyond RFC 8259 */
    SAMPLE("\xEF\xBB\xBF{}"),
    SAMPLE("// first\n{} // last"),
    SAMPLE("/* a *//**/[/***/1/* \xC3\xA9 */,2]//"),
};

/* Documents that must be refused, by the grammar or by what the header adds. */
static const struct sample refused[] = {
    SAMPLE(""),
    SAMPLE(" "),
    SAMPLE("\xEF\xBB\xBF"),
    SAMPLE("// only\n"),
    SAMPLE("[1 true]"),
    SAMPLE("[a\xE5]"),
    SAMPLE("[\"\": 1]"),
    SAMPLE("[\"\"],"),
    SAMPLE("[,1]"),
    SAMPLE("[1,,2]"),
    SAMPLE("[\"x\",,]"),
    SAMPLE("[\"x\"]]"),
    SAMPLE("[\"\",]"),
    SAMPLE("[\"x\""),
    SAMPLE("[x"),
    SAMPLE("[3[4]]"),
    SAMPLE("[1:2]"),
    SAMPLE("[,]"),
    SAMPLE("[-]"),
    SAMPLE("[   , \"\"]"),
    SAMPLE("[\"a\x0B\"\\f]"),
    SAMPLE("[*]"),
    SAMPLE("[1,\n1\n,1"),
    SAMPLE("[{}"),
    SAMPLE("[fals]"),
    SAMPLE("[nul]"),
    SAMPLE("[tru]"),
    SAMPLE("[True]"),
    SAMPLE("[-01]"),
    SAMPLE("[01]"),
    SAMPLE("[+1]"),
    SAMPLE("[++1234]"),
    SAMPLE("[-1.0.]"),
    SAMPLE("[.-1]"),
    SAMPLE("[.2e-3]"),
    SAMPLE("[0.1.2]"),
    SAMPLE("[0.3e+]"),
    SAMPLE("[0.3e]"),
    SAMPLE("[0.e1]"),
    SAMPLE("[0E+]"),
    SAMPLE("[1.0e-]"),
    SAMPLE("[1 000.0]"),
    SAMPLE("[1eE2]"),
    SAMPLE("[2.]"),
    SAMPLE("[2.e3]"),
    SAMPLE("[9.e+]"),
    SAMPLE("[Inf]"),
    SAMPLE("[Infinity]"),
    SAMPLE("[-Infinity]"),
    SAMPLE("[NaN]"),
    SAMPLE("[-NaN]"),
    SAMPLE("[1e999]"),
    SAMPLE("[-1e999]"),
    SAMPLE("[0x1]"),
    SAMPLE("[1+2]"),
    SAMPLE("[1a]"),
    SAMPLE("[- 1]"),
    SAMPLE("[\xEF\xBC\x91]"), /* FULLWIDTH DIGIT ONE */
    SAMPLE("{\"x\", null}"),
    SAMPLE("{\"x\"::\"b\"}"),
    SAMPLE("{a: \"b\"}"),
    SAMPLE("{'a': 1}"),
    SAMPLE("{\"a\":\"a\" 123}"),
    SAMPLE("{\"a\" b}"),
    SAMPLE("{\"a\":"),
    SAMPLE("{\"a\""),
    SAMPLE("{1:1}"),
    SAMPLE("{\"id\":0,}"),
    SAMPLE("{\"id\":0,,}"),
    SAMPLE("{,}"),
    SAMPLE("{\"a\":\"b\",,\"c\":\"d\"}"),
    SAMPLE("{\"a\":/*comment\"b\"}"),
    SAMPLE("{\"a\":1}#"),
    SAMPLE("{\"a\":1}/"),
    SAMPLE("{\"a\":1}{}"),
    SAMPLE("{]"),
    SAMPLE("[}"),
    SAMPLE("}"),
    SAMPLE("{\"a\":1,\"a\":2}"),
    SAMPLE("{\"a\":1,\"\\u0061\":2}"),
    SAMPLE("[\"\\uD800\"]"),
    SAMPLE("[\"\\uD800\\u0041\"]"),
    SAMPLE("[\"\\uDC00\"]"),
    SAMPLE("[\"\\uD800\\uD800\"]"),
    SAMPLE("[\"\\uD834\\u\"]"),
    SAMPLE("[\"\\u00A\"]"),
    SAMPLE("[\"\\u00g0\"]"),
    SAMPLE("[\"\\u0000\"]"),
    SAMPLE("{\"a\\u0000b\":1}"),
    SAMPLE("[\"\\x00\"]"),
    SAMPLE("[\"\\a\"]"),
    SAMPLE("[\"\\'\"]"),
    SAMPLE("[\"\\"),
    SAMPLE("[\"\\\\\\\"]"),
    SAMPLE("[\"a\nb\"]"),
    SAMPLE("[\"\t\"]"),
    SAMPLE("[\"\x1F\"]"),
    SAMPLE("[\"a\0b\"]"),
    SAMPLE("{}\0"),
    SAMPLE("[\"\x80\"]"),
    SAMPLE("[\"\xC0\xAF\"]"),
    SAMPLE("[\"\xC1\xBF\"]"),
    SAMPLE("[\"\xE0\x80\xAF\"]"),
    SAMPLE("[\"\xF0\x80\x80\xAF\"]"),
    SAMPLE("[\"\xFC\x83\xBF\xBF\xBF\xBF\"]"),
    SAMPLE("[\"\xED\xA0\x80\"]"),
    SAMPLE("[\"\xF4\x90\x80\x80\"]"),
    SAMPLE("[\"\xE2\x82\"]"),
    SAMPLE("[\"\xFF\"]"),
    SAMPLE("[1] // \xFF"),
    SAMPLE("\xFF\xFE[\0]\0"),
    SAMPLE("\xE2\x81\xA0[]"),
    SAMPLE("[\f]"),
    SAMPLE("[\xC2\xA0]"),
    SAMPLE("\"asd"),
    SAMPLE("aa"),
    SAMPLE("<null>"),
    SAMPLE("nullx"),
    SAMPLE("\xEF\xBB\xBF\xEF\xBB\xBF{}"),
};

static enum status read_sample(struct text_map *map, const char *text, size_t size, cJSON **tree,
                               struct error *error)
{
    return text_read(map, "x.json", ".", true, text, size, tree, error);
}

static bool reads(const char *text, size_t size, struct error *error)
{
    struct text_map map = {0};
    cJSON *tree;
    enum status status = read_sample(&map, text, size, &tree, error);
    ck_assert((status == STATUS_OK) == (tree != NULL));
    cJSON_Delete(tree);
    text_map_free(&map);
    return status == STATUS_OK;
}

START_TEST(accepts)
{
    struct error error = {0};
    const struct sample *sample = &accepted[_i];
    ck_assert_msg(reads(sample->text, sample->size, &error), "%s: %s", sample->text, error.text);
}
END_TEST

START_TEST(refuses)
{
    struct error error = {0};
    const struct sample *sample = &refused[_i];
    ck_assert_msg(!reads(sample->text, sample->size, &error), "accepted: %s", sample->text);
    ck_assert_int_eq(error.status, STATUS_REQUEST);
    ck_assert_int_eq(strncmp(error.text, "x.json:", 7), 0);
    ck_assert_ptr_nonnull(strstr(error.text, "found"));
    ck_assert_ptr_nonnull(strstr(error.text, ", expected "));
}
END_TEST

/* Positions are counted by hand. */
static const struct {
    struct sample sample;
    const char *message;
} positions[] = {
    {SAMPLE(""), "x.json:1:1: found no value, expected JSON"},
    {SAMPLE("{\n  \"a\": 1,\n}"), "x.json:3:1: found '}', expected another key after ','"},
    {SAMPLE("[1, 2,]"), "x.json:1:7: found ']', expected a value"},
    {SAMPLE("{\"\xC3\xA9\xE4\xB8\xAD\": 01}"),
     "x.json:1:8: found a leading zero, expected a number as JSON writes it"},
    {SAMPLE("\xEF\xBB\xBF{\"a\" 1}"), "x.json:1:6: found '1', expected ':' after a key"},
    {SAMPLE("/* \xC3\xA9\n \xC3\xA9 */ x"), "x.json:2:7: found 'x', expected a value"},
    {SAMPLE("[1] \xC3\xA9"), "x.json:1:5: found '\xC3\xA9', expected the end of the text"},
    {SAMPLE("[\r\n 1e999]"), "x.json:2:2: found 1e999, expected a finite number"},
    {SAMPLE("[\"ab\\u0000\"]"), "x.json:1:5: found \\u0000, expected text without NUL"},
    {SAMPLE("[\"a\", \"\\uDEAD\"]"),
     "x.json:1:8: found the unpaired surrogate \\uDEAD, expected a surrogate pair"},
    {SAMPLE("[\"a\tb\"]"), "x.json:1:4: found the control character U+0009, expected it escaped in "
                           "a string (or a closing '\"')"},
    {SAMPLE("[\n\"abc\n"), "x.json:2:5: found the control character U+000A, expected it escaped in "
                           "a string (or a closing '\"')"},
    {SAMPLE("[\n\"abc"), "x.json:2:1: found a string that does not end, expected '\"'"},
    {SAMPLE("[1] /* x"), "x.json:1:5: found a comment that does not end, expected */"},
    {SAMPLE("{\"a\": \"\xC3\xA9\xFF\"}"), "x.json:1:9: found the byte 0xFF, expected UTF-8"},
    {SAMPLE("[\n\"a\0\"]"), "x.json:2:3: found a NUL byte, expected text"},
    {SAMPLE("{\"a\": 1,\n \"b\": {\"c\": 1, \"d\": 2,\n  \"c\": 3}}"),
     "x.json:3:3: found the key \"c\" twice (first at x.json:2:8), expected it once"},
    {SAMPLE("{} {}"), "x.json:1:4: found '{', expected the end of the text"},
    {SAMPLE("[1"), "x.json:1:3: found the end of the text, expected ',' or ']'"},
};

START_TEST(says_where)
{
    struct error error = {0};
    ck_assert(!reads(positions[_i].sample.text, positions[_i].sample.size, &error));
    ck_assert_str_eq(error.text, positions[_i].message);
}
END_TEST

static char *nested(size_t depth)
{
    char *text = malloc(2 * depth + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    return text;
}

START_TEST(limits_depth)
{
    struct error error = {0};
    char *deep = nested(64), *deeper = nested(65), *abyss = nested(200000);
    ck_assert(reads(deep, 128, &error));
    ck_assert(!reads(deeper, 130, &error));
    ck_assert_str_eq(error.text, "x.json:1:65: found nesting beyond 64 levels, expected less");
    ck_assert(!reads(abyss, 400000, &error));
    free(deep);
    free(deeper);
    free(abyss);
}
END_TEST

START_TEST(limits_size)
{
    struct error error = {0};
    size_t size = TEXT_LIMIT_BYTES;
    char *text = malloc(size + 1);
    memset(text, ' ', size + 1);
    text[0] = '1';
    ck_assert(reads(text, size, &error));
    ck_assert(!reads(text, size + 1, &error));
    ck_assert_str_eq(error.text,
                     "x.json:1:1: found a text larger than the 16 MiB limit, expected a scenario");
    free(text);
}
END_TEST

static void check_place(const struct text_map *map, const cJSON *node, bool key, const char *want)
{
    char where[64];
    ck_assert_str_eq(text_where(map, node, key, where, sizeof where), want);
}

START_TEST(remembers_places)
{
    static const char text[] = "{ \"a\": 9007199254740993, // one\n"
                               "  \"b\": [true, {\"\xC3\xA9\": \"\\u00e9\"}, 0.10]\n}";
    struct text_map map = {0};
    cJSON *tree;
    ck_assert_int_eq(read_sample(&map, text, sizeof text - 1, &tree, NULL), STATUS_OK);
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(tree, "a");
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(tree, "b");
    const cJSON *inner = cJSON_GetArrayItem(b, 1)->child, *last = cJSON_GetArrayItem(b, 2);
    check_place(&map, tree, true, "x.json:1:1");
    check_place(&map, a, true, "x.json:1:3");
    check_place(&map, a, false, "x.json:1:8");
    check_place(&map, b, true, "x.json:2:3");
    check_place(&map, cJSON_GetArrayItem(b, 0), true, "x.json:2:9");
    check_place(&map, inner, true, "x.json:2:16");
    check_place(&map, inner, false, "x.json:2:21");
    check_place(&map, last, false, "x.json:2:32");
    ck_assert_str_eq(inner->string, "\xC3\xA9");
    ck_assert_str_eq(inner->valuestring, "\xC3\xA9");
    const struct text_origin *number = text_origin(&map, a);
    ck_assert_uint_eq(number->number_size, 16);
    ck_assert_int_eq(strncmp(number->number, "9007199254740993", 16), 0);
    ck_assert_uint_eq(text_origin(&map, last)->number_size, 4);
    cJSON_Delete(tree);
    text_map_free(&map);
}
END_TEST

START_TEST(keeps_comment_marks_in_strings)
{
    static const char text[] = "[\"a // b\", /* \" */ \"/* c */\"]";
    struct text_map map = {0};
    cJSON *tree;
    ck_assert_int_eq(read_sample(&map, text, sizeof text - 1, &tree, NULL), STATUS_OK);
    ck_assert_int_eq(cJSON_GetArraySize(tree), 2);
    ck_assert_str_eq(cJSON_GetArrayItem(tree, 0)->valuestring, "a // b");
    ck_assert_str_eq(cJSON_GetArrayItem(tree, 1)->valuestring, "/* c */");
    check_place(&map, cJSON_GetArrayItem(tree, 1), false, "x.json:1:20");
    cJSON_Delete(tree);
    text_map_free(&map);
}
END_TEST

/* A linear congruential generator is random enough to damage text. */
static unsigned next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static size_t damage(char *text, size_t size, uint64_t *state)
{
    static const char letters[] = "{}[]\",:\\/*-+.eE0123456789tfnu \n\t\x80\xC3\xED\xFF";
    for (unsigned edits = 1 + next_random(state) % 4; edits > 0 && size > 1; edits--) {
        size_t at = next_random(state) % size, length = 1 + next_random(state) % 8;
        unsigned kind = next_random(state) % 4;
        if (kind == 0)
            text[at] = letters[next_random(state) % (sizeof letters - 1)];
        else if (kind == 1)
            text[at] ^= (char)(1 << next_random(state) % 8);
        else if (kind == 2)
            size = at + 1;
        else if (at + length < size) {
            memmove(text + at, text + at + length, size - at - length);
            size -= length;
        }
    }
    return size;
}

START_TEST(survives_damage)
{
    static const char good[] =
        "/* \xE2\x82\xAC */ {\"name\": \"a \\\"b\\\" \\u00e9 \\ud83d\\ude00\", // c\n"
        " \"list\": [1, -2.5e-3, true, false, null, {\"deep\": [[[0]]]}],\n \"\xC3\xA9\": {}}";
    uint64_t state = 20240607;
    for (int round = 0; round < 6000; round++) {
        char *text = malloc(sizeof good); /* a fresh block lets sanitizers see overruns */
        memcpy(text, good, sizeof good);
        size_t size = damage(text, sizeof good - 1, &state);
        struct error error = {0};
        char *exact = malloc(size);
        memcpy(exact, text, size);
        if (!reads(exact, size, &error))
            ck_assert_int_eq(strncmp(error.text, "x.json:", 7), 0);
        free(exact);
        free(text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scenario text");
    TCase *corpus = tcase_create("corpus"), *more = tcase_create("more");
    tcase_add_loop_test(corpus, accepts, 0, sizeof accepted / sizeof *accepted);
    tcase_add_loop_test(corpus, refuses, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(corpus, says_where, 0, sizeof positions / sizeof *positions);
    tcase_add_test(more, limits_depth);
    tcase_add_test(more, limits_size);
    tcase_add_test(more, remembers_places);
    tcase_add_test(more, keeps_comment_marks_in_strings);
    tcase_add_test(more, survives_damage);
    suite_add_tcase(suite, corpus);
    suite_add_tcase(suite, more);
    return testing_run(suite);
}
