/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of who reached the target first: medians over seeds with censored runs. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/targets.h"
#include "testing.h"

static void add(struct targets *targets, const char *variant, double target, double time_s)
{
    struct scenario_run run = {.variant = variant};
    run.config.stop = (struct run_stop){.target_loss = target, .target_accuracy = NAN};
    struct run_result result = {.measured = true};
    result.summary.time_to_target_s = time_s;
    result.summary.iterations = 10 * time_s;
    result.summary.bytes = 2e9 * time_s;
    result.summary.blocked_share = isnan(time_s) ? 0.75 : 0.25;
    result.summary.consensus = 3;
    targets_add(targets, &run, &result);
}

static char *text_of(const struct targets *targets)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    targets_print(targets, out);
    fclose(out);
    return text;
}

/* The line of `text` that starts with `name`. */
static const char *line_of(const char *text, const char *name)
{
    const char *line = text;
    while (line && strncmp(line, name, strlen(name)) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    ck_assert_msg(line != NULL, "no row of %s in\n%s", name, text);
    return line;
}

static void expect_row(const char *text, const char *name, const char *reached,
                       const char *const values[5])
{
    char found[6][32];
    const char *cells = line_of(text, name) + strlen(name);
    ck_assert_int_eq(sscanf(cells, "%31s %31s %31s %31s %31s %31s", found[0], found[1], found[2],
                            found[3], found[4], found[5]),
                     6);
    ck_assert_str_eq(found[0], reached);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(found[i + 1], values[i]);
}

/* Three runs of which one was censored: the median is the later of the two others.  Two censored
 * of three, or one of two: the median is infinite, which the table does not print as a number. */
START_TEST(censored_runs_count_as_infinite)
{
    struct targets *targets = targets_create();
    add(targets, "lost", 0.5, 1);
    add(targets, "lost", 0.5, NAN);
    add(targets, "lost", 0.5, NAN);
    add(targets, "slow", 0.5, 9);
    add(targets, "slow", 0.5, NAN);
    add(targets, "slow", 0.5, 7);
    add(targets, "half", 0.5, 1);
    add(targets, "half", 0.5, NAN);
    add(targets, "even", 0.5, 3);
    add(targets, "even", 0.5, 6);
    char *text = text_of(targets);
    expect_row(text, "slow", "2/3", (const char *const[]){"9", "90", "18", "0.25", "3"});
    expect_row(text, "even", "2/2", (const char *const[]){"4.5", "45", "9", "0.25", "3"});
    expect_row(text, "lost", "1/3", (const char *const[]){"-", "-", "-", "0.75", "3"});
    expect_row(text, "half", "1/2", (const char *const[]){"-", "-", "-", "0.5", "3"});
    free(text);
    targets_free(targets);
}
END_TEST

/* The fastest first; those whose median is not known last, in the order in which they came. */
START_TEST(the_fastest_comes_first)
{
    struct targets *targets = targets_create();
    add(targets, "never", 0.5, NAN);
    add(targets, "second", 0.5, 2);
    add(targets, "nor this", 0.5, NAN);
    add(targets, "first", 0.5, 1);
    char *text = text_of(targets);
    ck_assert(line_of(text, "first") < line_of(text, "second"));
    ck_assert(line_of(text, "second") < line_of(text, "never"));
    ck_assert(line_of(text, "never") < line_of(text, "nor this"));
    free(text);
    targets_free(targets);
}
END_TEST

START_TEST(runs_without_a_target_have_no_row)
{
    struct targets *targets = targets_create();
    add(targets, "endless", NAN, NAN);
    char *text = text_of(targets);
    ck_assert_str_eq(text, "");
    free(text);
    targets_free(targets);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("targets");
    TCase *tcase = tcase_create("table");
    tcase_add_test(tcase, censored_runs_count_as_infinite);
    tcase_add_test(tcase, the_fastest_comes_first);
    tcase_add_test(tcase, runs_without_a_target_have_no_row);
    suite_add_tcase(suite, tcase);
    return testing_run(suite);
}
