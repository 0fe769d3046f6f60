/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The base of variants: what may be missing in it, and a --set that acts on it and on no run.
 */
#include <check.h>

#include "scenario_support.h"
#include "testing.h"

/* Every variant gives the nodes, the algorithm and its seeds. */
static const char all_given[] =
    "{\"message_size\": 8, \"variants\": ["
    "{\"name\": \"a\", \"nodes\": 4, \"algorithm\": \"gossip\", \"seed\": [1, 2]},"
    "{\"name\": \"b\", \"nodes\": 4, \"algorithm\": \"all-reduce\", \"seed\": 3}]}";

#define IDLE                                                                                       \
    ": no run takes it: every variant gives its own; expected a key of the base, or variants[0] "  \
    "and so on before the key"
static const struct {
    const char *override, *message; /* NULL: taken */
} base_overrides[] = {
    {"nodes=9", "--set nodes=9" IDLE},
    {"seed=[8, 9]", "--set seed=[8, 9]" IDLE},
    {"algorithm={\"name\": \"gossip\", \"overlap\": 1}", NULL},
    {"algorithm.overlap=2",
     "--set algorithm.overlap=2: algorithm.overlap: unknown key, expected one of \"name\""},
    {"nodes=-1", "--set nodes=-1: nodes: found -1, expected a whole number from 1 to 1000000"},
    {"seed=[8, \"x\"]", "--set seed=[8, \"x\"]: seed: found \"x\", expected a whole number"},
    {"algorithm=bogus", "--set algorithm=bogus: algorithm: found \"bogus\", expected one of the "
                        "algorithms \"gossip\", \"all-reduce\""},
    {"variants[0].nodes=9", NULL},
    {"message_size=9", NULL},
    {"variants=[{\"name\": \"c\", \"nodes\": 1, \"algorithm\": \"gossip\"}]", NULL},
};

START_TEST(an_override_that_no_run_takes_is_refused)
{
    struct error error = {.text = ""};
    const char *message = base_overrides[_i].message;
    struct scenario *scenario =
        scenario_support_parse(all_given, &base_overrides[_i].override, 1, &error);
    ck_assert_str_eq(error.text, message == NULL ? "" : message);
    ck_assert((scenario == NULL) == (message != NULL));
    scenario_free(scenario);
}
END_TEST

/* The later one wins; that the earlier one does nothing is no mistake. */
START_TEST(an_override_of_an_override_is_fine)
{
    static const char *const overrides[] = {"message_size=9", "message_size=10"};
    struct error error = {.text = ""};
    struct scenario *scenario = scenario_support_parse(all_given, overrides, 2, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    ck_assert_int_eq(scenario_at(scenario, 0)->config.wire.message_bytes, 10);
    scenario_free(scenario);
}
END_TEST

/* What variants complete is a sound base: no algorithm, no nodes, parameters without a name. */
START_TEST(a_base_may_be_incomplete)
{
    struct error error = {.text = ""};
    struct scenario *scenario = scenario_support_parse(
        "{\"algorithm\": {\"overlap\": 2}, \"data\": {\"batch_size\": 8},"
        "\"compute\": {\"gradient_time\": {\"name\": \"gamma\"}}, \"variants\": ["
        "{\"name\": \"a\", \"nodes\": 4, \"algorithm\": {\"name\": \"gossip\"}, \"data\": "
        "{\"name\": \"sgd\", \"sampling\": \"fair\"},"
        "\"compute\": {\"gradient_time\": {\"mean\": \"1 s\"}}}]}",
        NULL, 0, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    const struct run_config *config = &scenario_at(scenario, 0)->config;
    ck_assert_int_eq(((const struct gossip_params *)config->algorithm.params)->overlap, 2);
    ck_assert_int_eq(config->data.batch_size, 8);
    scenario_free(scenario);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("the base of variants");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, an_override_that_no_run_takes_is_refused, 0,
                        sizeof base_overrides / sizeof *base_overrides);
    tcase_add_test(tests, an_override_of_an_override_is_fine);
    tcase_add_test(tests, a_base_may_be_incomplete);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
