/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scenarios over a table of this test's own: what is bound, what is refused and where, merging,
 * overrides, identities.
 */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "scenario/quantity.h"
#include "scenario/scenario_table.h"
#include "scenario_support.h"
#include "testing.h"

/* ---- helpers ---- */

static struct scenario *parse(const char *text)
{
    struct error error = {.text = ""};
    struct scenario *scenario = scenario_support_parse(text, NULL, 0, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    return scenario;
}

static struct scenario *parse_set(const char *text, const char *override)
{
    struct error error = {.text = ""};
    struct scenario *scenario = scenario_support_parse(text, &override, 1, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    return scenario;
}

static void identity(const char *text, char digest[33])
{
    struct scenario *scenario = parse(text);
    memcpy(digest, scenario_at(scenario, 0)->digest, 33);
    scenario_free(scenario);
}

static bool same_run(const char *a, const char *b)
{
    char first[33], second[33];
    identity(a, first);
    identity(b, second);
    return strcmp(first, second) == 0;
}

/* A linear congruential generator is random enough here. */
static unsigned next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

#define BASE "\"nodes\": 4, \"algorithm\": \"gossip\""

/* ---- binding ---- */

START_TEST(binds_what_is_written)
{
    struct scenario *scenario =
        parse("{\"name\": \"t\", \"seed\": 9007199254740993, \"nodes\": 16,\n"
              "\"compute\": {\"gradient_time\": {\"distribution\": \"gamma\", \"mean\": \"229 ms\","
              "\"cv\": 1e-1}, \"stragglers\": {\"slowdown\": 6, \"probability\": 0.03},"
              "\"copy_rate\": \"12 GB/s\"},"
              "\"network\": {\"model\": \"ideal\", \"bandwidth\": \"100 Mbps\", \"latency\": 0},"
              "\"algorithm\": {\"overlap\": 2, \"name\": \"gossip\", \"residual\": true},"
              "\"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.25,"
              "\"schedule\": {\"milestones\": [6, 8.5]}},"
              "\"message_size\": \"102.4 MB\","
              "\"metrics\": {\"every\": \"10 iterations\", \"loss_samples\": \"all\"}}");
    ck_assert_uint_eq(scenario_count(scenario), 1);
    const struct run_config *config = &scenario_at(scenario, 0)->config;
    ck_assert_str_eq(config->name, "t");
    ck_assert_int_eq(config->seed, INT64_C(9007199254740993));
    ck_assert_int_eq(config->nodes, 16);
    ck_assert_ptr_eq(config->compute.gradient_time.plugin, &scenario_support_gamma_time);
    const struct time_params *time = config->compute.gradient_time.params;
    ck_assert(time->mean == 0.229 && time->cv == 0.1);
    ck_assert_uint_eq(config->compute.stragglers.count, 1);
    const struct straggler_config *straggler = config->compute.stragglers.items;
    ck_assert(straggler->slowdown == 6 && straggler->probability == 0.03);
    ck_assert(field_integer_absent(straggler->first));
    ck_assert(config->compute.copy_byte_rate == 12e9);
    ck_assert_int_eq(config->network.model, NETWORK_IDEAL);
    ck_assert(config->network.bandwidth_bps == 1e8 && config->network.latency_s == 0);
    const struct gossip_params *params = config->algorithm.params;
    ck_assert(params->overlap == 2 && params->residual && params->gamma == 0.5);
    ck_assert_ptr_null(params->graph);
    ck_assert_ptr_eq(config->optimizer.rule.plugin, &scenario_support_nesterov);
    ck_assert(config->optimizer.learning_rate == 0.25);
    ck_assert_uint_eq(config->optimizer.schedule.milestones.count, 2);
    ck_assert(config->optimizer.schedule.milestones.values[1] == 8.5);
    ck_assert_int_eq(config->wire.message_bytes, 102400000);
    ck_assert_int_eq(config->metrics.every.unit, FIELD_PER_ITERATIONS);
    ck_assert(config->metrics.every.value == 10);
    ck_assert_int_eq(config->metrics.loss_samples, -1);
    scenario_free(scenario);
}
END_TEST

START_TEST(fills_in_defaults)
{
    struct scenario *scenario = parse("{" BASE ", \"message_size\": null}");
    const struct scenario_run *run = scenario_at(scenario, 0);
    ck_assert_str_eq(run->variant, "");
    ck_assert_str_eq(run->config.name, "");
    ck_assert_int_eq(run->config.seed, 1);
    ck_assert_ptr_eq(run->config.compute.gradient_time.plugin, &scenario_support_lognormal);
    ck_assert(((const struct time_params *)run->config.compute.gradient_time.params)->mean == 0.1);
    ck_assert_uint_eq(run->config.compute.stragglers.count, 0);
    ck_assert(run->config.network.bandwidth_bps == 1e10);
    ck_assert(run->config.network.latency_s == 50e-6);
    ck_assert_ptr_eq(run->config.optimizer.rule.plugin, &scenario_support_plain);
    ck_assert(run->config.optimizer.schedule.factor == 0.1);
    ck_assert(field_integer_absent(run->config.wire.message_bytes));
    ck_assert_int_eq(run->config.metrics.loss_samples, 2048);
    ck_assert(isnan(run->config.metrics.every.value));
    ck_assert_ptr_null(run->config.data.source.plugin);
    ck_assert_int_eq(run->config.data.batch_size, 32);
    ck_assert(field_real_absent(run->config.stop.epochs));
    ck_assert_int_eq(run->config.stop.patience, 2);
    scenario_free(scenario);
}
END_TEST

START_TEST(a_choice_without_name_takes_the_defaults)
{
    struct scenario *scenario = parse("{" BASE ", \"optimizer\": {\"learning_rate\": 2},"
                                      "\"compute\": {\"gradient_time\": {\"cv\": 0.5}}}");
    const struct run_config *config = &scenario_at(scenario, 0)->config;
    ck_assert_ptr_eq(config->optimizer.rule.plugin, &scenario_support_plain);
    ck_assert(config->optimizer.learning_rate == 2);
    const struct time_params *time = config->compute.gradient_time.params;
    ck_assert(time->mean == 0.1 && time->cv == 0.5);
    scenario_free(scenario);
}
END_TEST

START_TEST(null_says_the_default_where_it_is_null)
{
    ck_assert(same_run("{" BASE "}", "{" BASE ", \"data\": null, \"stop\": null,"
                                     "\"message_size\": null, \"metrics\": {\"every\": null}}"));
    ck_assert(same_run("{" BASE "}", "{" BASE ", \"stop\": {\"epochs\": null}}"));
    ck_assert(!same_run("{" BASE "}", "{" BASE ", \"stop\": {\"epochs\": 1}}"));
    ck_assert(!same_run("{" BASE "}",
                        "{" BASE ", \"data\": {\"name\": \"sgd\", \"sampling\": \"fifo\"}}"));
}
END_TEST

/* ---- refusals ---- */

/* Each begins at 1:1 with `{`; columns are counted by hand. */
static const struct {
    const char *text, *message;
} refusals[] = {
    {"[1]", "x.json:1:1: found a list, expected a scenario: an object"},
    {"{\"nodes\": 4}", "x.json:1:1: algorithm: required key is missing, expected one of the "
                       "algorithms \"gossip\", \"all-reduce\""},
    {"{" BASE ",\n \"network\": {\n  \"bandwidth\": \"10 Gb\"}}",
     "x.json:3:16: network.bandwidth: found \"10 Gb\", expected a bandwidth such as \"10 Gbps\""},
    {"{" BASE ",\n \"network\": {\"bandwidth\": \"12 s\"}}",
     "x.json:2:27: network.bandwidth: found \"12 s\", expected a bandwidth such as \"10 Gbps\""},
    {"{" BASE ",\n \"network\": {\"bandwidth\": 10}}",
     "x.json:2:27: network.bandwidth: found 10, expected a bandwidth such as \"10 Gbps\""},
    {"{" BASE ",\n \"network\": {\"bandwidth\": 0}}",
     "x.json:2:27: network.bandwidth: found 0, expected a bandwidth greater than 0"},
    {"{" BASE ",\n \"network\": {\"latency\": 5}}",
     "x.json:2:25: network.latency: found 5, expected a duration such as \"50 us\""},
    {"{" BASE ",\n \"network\": {\"latency\": \"-1 s\"}}",
     "x.json:2:25: network.latency: found \"-1 s\", expected a duration from 0 s to 3600 s"},
    {"{" BASE ",\n \"network\": {\"latency\": null}}",
     "x.json:2:25: network.latency: found null, expected a duration such as \"50 us\""},
    {"{" BASE ",\n \"network\": {\"model\": \"fiar\"}}",
     "x.json:2:23: network.model: found \"fiar\", expected \"fair\", \"fifo\" or \"ideal\"; did "
     "you mean \"fair\"?"},
    {"{" BASE ",\n \"netwrok\": {}}",
     "x.json:2:2: netwrok: unknown key, did you mean \"network\"?"},
    {"{" BASE ",\n \"variant\": []}",
     "x.json:2:2: variant: unknown key, did you mean \"variants\"?"},
    {"{" BASE ",\n \"network\": {\"colour\": 1}}",
     "x.json:2:14: network.colour: unknown key, expected one of \"model\", \"bandwidth\", "
     "\"latency\""},
    {"{" BASE ",\n \"overlap\": 1}",
     "x.json:2:2: overlap: unknown key, did you mean \"algorithm.overlap\"?"},
    {"{" BASE ",\n \"learning_rate\": 1}",
     "x.json:2:2: learning_rate: unknown key, did you mean \"optimizer.learning_rate\"?"},
    {"{" BASE ",\n \"optimizer\": {\"factor\": 1}}",
     "x.json:2:16: optimizer.factor: unknown key, expected one of \"name\", \"learning_rate\", "
     "\"schedule\""},
    {"{" BASE ",\n \"network\": 5}", "x.json:2:13: network: found 5, expected an object"},
    {"{\"nodes\": 4.5, \"algorithm\": \"gossip\"}",
     "x.json:1:11: nodes: found 4.5, expected a whole number"},
    {"{\"nodes\": 1e1, \"algorithm\": \"gossip\"}",
     "x.json:1:11: nodes: found 1e1, expected a whole number"},
    {"{\"nodes\": \"4\", \"algorithm\": \"gossip\"}",
     "x.json:1:11: nodes: found \"4\", expected a whole number"},
    {"{\"nodes\": 0, \"algorithm\": \"gossip\"}",
     "x.json:1:11: nodes: found 0, expected a whole number from 1 to 1000000"},
    {"{" BASE ", \"seed\": 9223372036854775808}",
     "x.json:1:45: seed: found 9223372036854775808, expected a whole number"},
    {"{" BASE ", \"seed\": []}", "x.json:1:45: seed: found an empty list, expected a seed"},
    {"{" BASE ", \"seed\": [1, 2, 1]}",
     "x.json:1:52: seed: found a seed twice, expected each once"},
    {"{" BASE ", \"seed\": [1, \"a\"]}", "x.json:1:49: seed: found \"a\", expected a whole number"},
    {"{\"nodes\": 4, \"algorithm\": \"gosip\"}",
     "x.json:1:27: algorithm: found \"gosip\", expected one of the algorithms \"gossip\", "
     "\"all-reduce\"; did you mean \"gossip\"?"},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": 3}}",
     "x.json:1:36: algorithm.name: found 3, expected one of the algorithms \"gossip\", "
     "\"all-reduce\""},
    {"{\"nodes\": 4, \"algorithm\": {\"overlap\": 3}}",
     "x.json:1:27: algorithm.name: required key is missing, expected one of the algorithms "
     "\"gossip\", \"all-reduce\""},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"all-reduce\", \"overlap\": 3}}",
     "x.json:1:50: algorithm.overlap: unknown key, expected one of \"name\""},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"overlp\": 3}}",
     "x.json:1:46: algorithm.overlp: unknown key, did you mean \"overlap\"?"},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"overlap\": 11}}",
     "x.json:1:57: algorithm.overlap: found 11, expected a whole number from 0 to 10"},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"gamma\": 0}}",
     "x.json:1:55: algorithm.gamma: found 0, expected a number greater than 0 and at most 1"},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"residual\": 1}}",
     "x.json:1:58: algorithm.residual: found 1, expected true or false"},
    {"{\"nodes\": 4, \"algorithm\": 7}",
     "x.json:1:27: algorithm: found 7, expected one of the algorithms \"gossip\", \"all-reduce\""},
    {"{" BASE ",\n \"optimizer\": {\"learning_rate\": \"0.1\"}}",
     "x.json:2:33: optimizer.learning_rate: found \"0.1\", expected a number"},
    {"{" BASE ",\n \"optimizer\": {\"learning_rate\": 0}}",
     "x.json:2:33: optimizer.learning_rate: found 0, expected a number greater than 0"},
    {"{" BASE ",\n \"optimizer\": {\"schedule\": {\"milestones\": [1, -2]}}}",
     "x.json:2:47: optimizer.schedule.milestones[1]: found -2, expected a number from 0 to 1000"},
    {"{" BASE ",\n \"optimizer\": {\"schedule\": {\"milestones\": 1}}}",
     "x.json:2:43: optimizer.schedule.milestones: found 1, expected a list of numbers"},
    {"{" BASE ",\n \"compute\": {\"stragglers\": [{\"slowdown\": 2}, {\"probability\": 1}]}}",
     "x.json:2:46: compute.stragglers[1].slowdown: required key is missing, expected a number"},
    {"{" BASE ",\n \"compute\": {\"stragglers\": [{\"slowdown\": 2}, 3]}}",
     "x.json:2:46: compute.stragglers[1]: found 3, expected a list of objects"},
    {"{" BASE ",\n \"compute\": {\"gradient_time\": {\"distribution\": \"gama\"}}}",
     "x.json:2:48: compute.gradient_time.distribution: found \"gama\", expected one of the "
     "distributions \"lognormal\", \"gamma\"; did you mean \"gamma\"?"},
    {"{" BASE ",\n \"compute\": {\"gradient_time\": {\"name\": \"gamma\", \"distribution\": "
     "\"gamma\"}}}",
     "x.json:2:49: compute.gradient_time.distribution: found a name under \"name\" too, expected "
     "one of them"},
    {"{" BASE ",\n \"compute\": {\"gradient_time\": \"gamma\"}}",
     "x.json:2:31: compute.gradient_time.mean: required key is missing, expected a duration such "
     "as \"50 us\""},
    {"{" BASE ",\n \"message_size\": 1.5}",
     "x.json:2:18: message_size: found 1.5, expected a size such as \"102.4 MB\""},
    {"{" BASE ",\n \"message_size\": -1}",
     "x.json:2:18: message_size: found -1, expected a size from 0 B to 1e+15 B"},
    {"{" BASE ",\n \"metrics\": {\"every\": \"2 epoch s\"}}",
     "x.json:2:23: metrics.every: found \"2 epoch s\", expected a cadence such as \"1 epoch\", "
     "\"10 iterations\" or \"5 s\""},
    {"{" BASE ",\n \"metrics\": {\"loss_samples\": \"al\"}}",
     "x.json:2:30: metrics.loss_samples: found \"al\", expected a whole number or \"all\"; did you "
     "mean \"all\"?"},
    {"{" BASE ",\n \"metrics\": {\"loss_samples\": -1}}",
     "x.json:2:30: metrics.loss_samples: found -1, expected a whole number from 1 to 1000000000"},
    {"{" BASE ",\n \"data\": \"sgd\"}", "x.json:2:10: data.sampling: required key is missing, "
                                        "expected \"fair\", \"fifo\" or \"ideal\""},
    {"{" BASE ",\n \"data\": {\"batch_size\": 1}}",
     "x.json:2:10: data.name: required key is missing, expected one of the optimizers \"sgd\", "
     "\"nesterov\""},
    {"{" BASE ",\n \"data\": {\"nam\": \"sgd\"}}",
     "x.json:2:10: data.name: required key is missing, expected one of the optimizers \"sgd\", "
     "\"nesterov\""},
    {"{" BASE ",\n \"data\": {\"name\": null}}",
     "x.json:2:19: data.name: found null, expected one of the optimizers \"sgd\", \"nesterov\""},
    {"{" BASE ",\n \"optimizer\": {\"nam\": \"sgd\"}}",
     "x.json:2:16: optimizer.nam: unknown key, did you mean \"name\"?"},
    {"{" BASE ",\n \"optimizer\": null}",
     "x.json:2:15: optimizer: found null, expected one of the optimizers \"sgd\", \"nesterov\""},
    {"{" BASE ",\n \"name\": 5}", "x.json:2:10: name: found 5, expected a string"},
    {"{" BASE ",\n \"network\": {\"model\": true}}",
     "x.json:2:23: network.model: found true, expected \"fair\", \"fifo\" or \"ideal\""},
    {"{" BASE ",\n \"compute\": {\"stragglers\": 1}}",
     "x.json:2:28: compute.stragglers: found 1, expected a list of objects"},
    {"{" BASE ",\n \"compute\": {\"copy_rate\": \"1 GB\"}}",
     "x.json:2:27: compute.copy_rate: found \"1 GB\", expected a rate such as \"12 GB/s\""},
    {"{" BASE ",\n \"optimizer\": {\"schedule\": {\"milestones\": [1, \"2\"]}}}",
     "x.json:2:47: optimizer.schedule.milestones[1]: found \"2\", expected a number"},
    {"{" BASE ",\n \"n\\u0000\": 1}", "x.json:2:4: found \\u0000, expected text without NUL"},
    {"{" BASE ",\n \"a\\nb.c\": 1}",
     "x.json:2:2: a\\nb.c: unknown key, expected one of \"name\", \"seed\", \"nodes\", "
     "\"compute\", "
     "\"network\", \"algorithm\", \"optimizer\", \"message_size\", \"metrics\", \"data\", "
     "\"stop\""},
    {"{" BASE ",\n \"variants\": {}}",
     "x.json:2:14: variants: found an object, expected a list of objects"},
    {"{" BASE ",\n \"variants\": [1]}",
     "x.json:2:15: variants[0]: found 1, expected an object with a \"name\""},
    {"{" BASE ",\n \"variants\": [{\"name\": \"a\"}, {\"nodes\": 3}]}",
     "x.json:2:30: variants[1]: required key \"name\" is missing"},
    {"{" BASE ",\n \"variants\": [{\"name\": \"\"}]}",
     "x.json:2:24: variants[0]: found \"\", expected a name that is not empty"},
    {"{" BASE ",\n \"variants\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}",
     "x.json:2:39: variants[1]: found the name of an earlier variant, expected another"},
    {"{" BASE ",\n \"variants\": [{\"name\": \"a\", \"variants\": []}]}",
     "x.json:2:41: variants[0]: found variants of a variant, expected other keys"},
    {"{" BASE ",\n \"variants\": [{\"name\": \"a\"},\n {\"name\": \"b\", \"nodes\": 4}]}",
     "x.json:3:11: variants[1]: found variant b, which is the same run as variant a (seed 1); "
     "expected another value of a key that decides the results"},
    {"{" BASE ",\n \"variants\": [{\"name\": \"a\", \"seed\": [1, 2]},\n {\"name\": \"b\", "
     "\"seed\": [3, 2]}]}",
     "x.json:3:11: variants[1]: found variant b, which is the same run as variant a (seed 2); "
     "expected another value of a key that decides the results"},
    {"{\"nodes\": 4, \"algorithm\": \"gosip\",\n \"variants\": ["
     "{\"name\": \"a\", \"algorithm\": \"gossip\"}]}",
     "x.json:1:27: algorithm: found \"gosip\", expected one of the algorithms \"gossip\", "
     "\"all-reduce\"; did you mean \"gossip\"?"},
    {"{\"nodes\": 4, \"algorithm\": {\"overlp\": 1},\n \"variants\": ["
     "{\"name\": \"a\", \"algorithm\": {\"name\": \"gossip\"}}]}",
     "x.json:1:28: algorithm.overlp: unknown key, did you mean \"overlap\"?"},
    {"{\"nodes\": 4.5, \"algorithm\": \"gossip\",\n \"variants\": ["
     "{\"name\": \"a\", \"nodes\": 4}]}",
     "x.json:1:11: nodes: found 4.5, expected a whole number"},
    {"{" BASE ", \"data\": {\"batch_size\": 0},\n \"variants\": ["
     "{\"name\": \"a\", \"data\": {\"name\": \"sgd\", \"sampling\": \"fair\", \"batch_size\": "
     "1}}]}",
     "x.json:1:60: data.batch_size: found 0, expected a whole number from 1 to 1000000"},
    {"{" BASE ",\n \"variants\": [{\"name\": \"a\"},\n {\"name\": \"b\", \"nodes\": -2}]}",
     "x.json:3:25: nodes: found -2, expected a whole number from 1 to 1000000"},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"graph\": \"none.csv\"}}",
     "x.json:1:55: algorithm.graph: found \"none.csv\", expected a file or directory that can be "
     "read (./none.csv: No such file or directory)"},
    {"{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"graph\": \"/dev/zero\"}}",
     "x.json:1:55: algorithm.graph: found \"/dev/zero\", expected a file or directory that can be "
     "read (/dev/zero: Invalid argument)"},
};

START_TEST(refuses)
{
    struct error error = {.text = ""};
    ck_assert_ptr_null(scenario_support_parse(refusals[_i].text, NULL, 0, &error));
    ck_assert_str_eq(error.text, refusals[_i].message);
    ck_assert_int_eq(error.status, STATUS_REQUEST);
}
END_TEST

/* ---- overrides ---- */

static const struct {
    const char *override, *message;
} bad_overrides[] = {
    {"nodes", "--set nodes: found no '=', expected KEY=VALUE"},
    {"=4", "--set =4: found the key \"\", expected one such as network.bandwidth or "
           "compute.stragglers[0].slowdown"},
    {"network..latency=0", "--set network..latency=0: found the key \"network..latency\", expected "
                           "one such as network.bandwidth or compute.stragglers[0].slowdown"},
    {"nodes=0", "--set nodes=0: nodes: found 0, expected a whole number from 1 to 1000000"},
    {"netwrok.latency=0", "--set netwrok.latency=0: netwrok: unknown key, did you mean "
                          "\"network\"?"},
    {"network.bandwidth=10", "--set network.bandwidth=10: network.bandwidth: found 10, expected a "
                             "bandwidth such as \"10 Gbps\""},
    {"network={\"latency\": 1,}", "--set network={\"latency\": 1,}: character 15 of the value: "
                                  "found '}', expected another key after ','"},
    {"nodes=01", "--set nodes=01: nodes: found \"01\", expected a whole number"},
    {"nodes=1e999", "--set nodes=1e999: nodes: found \"1e999\", expected a whole number"},
    {"name=\xFF", "--set name=\xFF: character 2 of the value: found the byte 0xFF, expected UTF-8"},
    {"compute.stragglers[2].slowdown=3",
     "--set compute.stragglers[2].slowdown=3: found the index 2 in a list of 1, expected at most "
     "1"},
    {"compute.stragglers.slowdown=3",
     "--set compute.stragglers.slowdown=3: found a list, expected an index such as [0] before the "
     "next key"},
    {"network[0]=3", "--set network[0]=3: found no list, expected an index in lists only"},
    {"compute.stragglers[1].probability=1",
     "--set compute.stragglers[1].probability=1: compute.stragglers[1].slowdown: required key is "
     "missing, expected a number"},
};

START_TEST(refuses_override)
{
    struct error error = {.text = ""};
    const char *override = bad_overrides[_i].override;
    ck_assert_ptr_null(scenario_support_parse("{" BASE ", \"network\": {},"
                                              "\"compute\": {\"stragglers\": [{\"slowdown\": 2}]}}",
                                              &override, 1, &error));
    ck_assert_str_eq(error.text, bad_overrides[_i].message);
}
END_TEST

START_TEST(overrides_in_order)
{
    static const char *const overrides[] = {
        "nodes=8",
        "nodes=9",
        "network.bandwidth=1 Gbps",
        "compute.stragglers[0].slowdown=3",
        "compute.stragglers[1]={\"slowdown\": 4}",
        "algorithm.overlap=7",
        "optimizer=nesterov",
        "optimizer.learning_rate=3",
        "name=a = \"b\"",
        "metrics={\"every\": \"5 s\"}",
    };
    struct error error = {.text = ""};
    struct scenario *scenario = scenario_support_parse(
        "{" BASE ", \"network\": {\"latency\": \"1 s\"}, \"metrics\": {\"loss_samples\":"
        " 5}, \"compute\": {\"stragglers\": [{\"slowdown\": 2}]}}",
        overrides, sizeof overrides / sizeof *overrides, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    const struct run_config *config = &scenario_at(scenario, 0)->config;
    ck_assert_int_eq(config->nodes, 9);
    ck_assert(config->network.bandwidth_bps == 1e9 && config->network.latency_s == 1);
    const struct straggler_config *stragglers = config->compute.stragglers.items;
    ck_assert_uint_eq(config->compute.stragglers.count, 2);
    ck_assert(stragglers[0].slowdown == 3 && stragglers[1].slowdown == 4);
    ck_assert_int_eq(((const struct gossip_params *)config->algorithm.params)->overlap, 7);
    ck_assert_ptr_eq(config->optimizer.rule.plugin, &scenario_support_nesterov);
    ck_assert(config->optimizer.learning_rate == 3);
    ck_assert_str_eq(config->name, "a = \"b\"");
    ck_assert_int_eq(config->metrics.every.unit, FIELD_PER_SECONDS);
    ck_assert_int_eq(config->metrics.loss_samples, 2048); /* assigned, not merged */
    scenario_free(scenario);
}
END_TEST

START_TEST(overrides_come_before_expansion)
{
    static const char text[] =
        "{" BASE ", \"variants\": [{\"name\": \"a\"}, {\"name\": \"b\", \"nodes\": 2}]}";
    struct scenario *scenario = parse_set(text, "nodes=7");
    ck_assert_uint_eq(scenario_count(scenario), 2);
    ck_assert_int_eq(scenario_at(scenario, 0)->config.nodes, 7);
    ck_assert_int_eq(scenario_at(scenario, 1)->config.nodes, 2);
    scenario_free(scenario);
    scenario = parse_set(text, "variants[1].nodes=5");
    ck_assert_int_eq(scenario_at(scenario, 1)->config.nodes, 5);
    scenario_free(scenario);
    scenario = parse_set(text, "variants=[]");
    ck_assert_uint_eq(scenario_count(scenario), 1);
    scenario_free(scenario);
    scenario = parse_set(text, "seed=[5, 6, 7]");
    ck_assert_uint_eq(scenario_count(scenario), 6);
    scenario_free(scenario);
}
END_TEST

/* ---- expansion ---- */

START_TEST(expands_variants_outside_of_seeds)
{
    struct scenario *scenario =
        parse("{" BASE ", \"seed\": [3, 1], \"variants\": [{\"name\": \"x\", \"nodes\": 5},"
              "{\"name\": \"y\", \"seed\": 9}, {\"name\": \"z\", \"seed\": [4]}]}");
    static const struct {
        const char *variant;
        int64_t seed, nodes;
    } want[] = {{"x", 3, 5}, {"x", 1, 5}, {"y", 9, 4}, {"z", 4, 4}};
    ck_assert_uint_eq(scenario_count(scenario), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct scenario_run *run = scenario_at(scenario, i);
        ck_assert_str_eq(run->variant, want[i].variant);
        ck_assert_int_eq(run->config.seed, want[i].seed);
        ck_assert_int_eq(run->config.nodes, want[i].nodes);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(run->digest, scenario_at(scenario, j)->digest);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(merges_by_name)
{
    struct scenario *scenario = parse(
        "{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"overlap\": 3, \"gamma\": 0.25},"
        "\"compute\": {\"gradient_time\": {\"distribution\": \"gamma\", \"mean\": \"2 s\"},"
        "\"stragglers\": [{\"slowdown\": 2}, {\"slowdown\": 3}]},"
        "\"variants\": ["
        "{\"name\": \"keys join\", \"algorithm\": {\"gamma\": 0.75},"
        "\"compute\": {\"gradient_time\": {\"name\": \"gamma\", \"cv\": 2}}},"
        "{\"name\": \"other name\", \"algorithm\": \"all-reduce\","
        "\"compute\": {\"stragglers\": [{\"slowdown\": 4}],"
        "\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"3 s\"}}},"
        "{\"name\": \"same name\", \"algorithm\": \"gossip\"}]}");
    const struct run_config *joined = &scenario_at(scenario, 0)->config;
    const struct gossip_params *params = joined->algorithm.params;
    ck_assert(params->overlap == 3 && params->gamma == 0.75);
    const struct time_params *time = joined->compute.gradient_time.params;
    ck_assert(time->mean == 2 && time->cv == 2);
    ck_assert_uint_eq(joined->compute.stragglers.count, 2);
    const struct run_config *other = &scenario_at(scenario, 1)->config;
    ck_assert_ptr_eq(other->algorithm.plugin, &scenario_support_allreduce);
    ck_assert_ptr_eq(other->compute.gradient_time.plugin, &scenario_support_lognormal);
    ck_assert_uint_eq(other->compute.stragglers.count, 1);
    params = scenario_at(scenario, 2)->config.algorithm.params;
    ck_assert(params->overlap == 3 && params->gamma == 0.25);
    scenario_free(scenario);
}
END_TEST

START_TEST(a_bare_name_takes_keys_of_variants)
{
    struct scenario *scenario =
        parse("{" BASE ", \"variants\": [{\"name\": \"v\", \"algorithm\": {\"overlap\": 1}}]}");
    ck_assert_int_eq(
        ((const struct gossip_params *)scenario_at(scenario, 0)->config.algorithm.params)->overlap,
        1);
    scenario_free(scenario);
}
END_TEST

/* ---- blame ---- */

static void blame(const struct scenario *scenario, size_t run, const char *path, const char *want)
{
    struct error error = {.status = STATUS_REQUEST, .text = "is odd"};
    snprintf(error.path, sizeof error.path, "%s", path);
    scenario_blame(scenario, run, &error);
    ck_assert_str_eq(error.text, want);
    ck_assert_str_eq(error.path, path);
    ck_assert_int_eq(error.status, STATUS_REQUEST);
}

START_TEST(blames_where_it_was_written)
{
    const char *override = "network.latency=2 s";
    struct error error = {.text = ""};
    struct scenario *scenario =
        scenario_support_parse("{ \"nodes\": 15, \"algorithm\": \"gossip\",\n"
                               "  \"seed\": [1, 2],\n"
                               "  \"compute\": {\"stragglers\": {\"slowdown\": 2}},\n"
                               "  \"network\": {\"latency\": \"1 s\"},\n"
                               "  \"variants\": [{\"name\": \"v\",\n"
                               "    \"nodes\": 3}]}",
                               &override, 1, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    blame(scenario, 0, "nodes", "x.json:6:14: nodes: is odd");
    blame(scenario, 0, "seed", "x.json:2:12: seed: is odd");
    blame(scenario, 1, "seed", "x.json:2:15: seed: is odd");
    blame(scenario, 0, "algorithm.name", "x.json:1:29: algorithm.name: is odd");
    blame(scenario, 0, "compute.stragglers[0].slowdown",
          "x.json:3:42: compute.stragglers[0].slowdown: is odd");
    blame(scenario, 0, "compute.stragglers[0].first",
          "x.json:3:29: compute.stragglers[0].first: is odd");
    blame(scenario, 0, "network.latency", "--set network.latency=2 s: network.latency: is odd");
    blame(scenario, 0, "network.bandwidth", "x.json:4:14: network.bandwidth: is odd");
    blame(scenario, 0, "metrics.every", "x.json:1:1: metrics.every: is odd");
    blame(scenario, 0, "", "is odd");
    scenario_free(scenario);
}
END_TEST

/* ---- identity ---- */

START_TEST(equal_runs_are_one)
{
    ck_assert(same_run("{" BASE "}", "{\"algorithm\": \"gossip\", /* c */ \"nodes\": 4}"));
    ck_assert(same_run("{" BASE "}", "{" BASE ", \"name\": \"called otherwise\"}"));
    ck_assert(same_run("{" BASE "}", "{" BASE ", \"seed\": 1, \"network\": {\"latency\": "
                                     "\"0.05 ms\"}, \"optimizer\": {\"name\": \"sgd\"}}"));
    ck_assert(same_run("{" BASE ", \"network\": {\"latency\": \"1000 ms\"}}",
                       "{" BASE ", \"network\": {\"latency\": \"1 s\"}}"));
    ck_assert(
        same_run("{" BASE ", \"message_size\": \"1.5 kB\"}", "{" BASE ", \"message_size\": 1500}"));
    ck_assert(same_run("{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"gamma\": 0.50}}",
                       "{\"nodes\": 4, \"algorithm\": {\"gamma\": 5e-1, \"name\": \"gossip\"}}"));
    ck_assert(same_run("{" BASE ", \"compute\": {\"stragglers\": {\"slowdown\": 2}}}",
                       "{" BASE ", \"compute\": {\"stragglers\": [{\"slowdown\": 2.0}]}}"));
}
END_TEST

START_TEST(other_runs_are_others)
{
    static const char *const others[] = {
        ", \"seed\": 2",
        ", \"network\": {\"latency\": \"51 us\"}",
        ", \"network\": {\"model\": \"fifo\"}",
        ", \"message_size\": 0",
        ", \"metrics\": {\"loss_samples\": \"all\"}",
        ", \"metrics\": {\"every\": \"1 iteration\"}",
        ", \"optimizer\": {\"learning_rate\": 0.10000000000000002}",
        ", \"optimizer\": \"nesterov\"",
        ", \"compute\": {\"stragglers\": {\"slowdown\": 2}}",
    };
    char text[256];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(text, sizeof text, "{" BASE "%s}", others[i]);
        ck_assert_msg(!same_run("{" BASE "}", text), "%s", others[i]);
    }
}
END_TEST

START_TEST(canonical_text_is_as_documented)
{
    struct scenario *scenario = parse("{" BASE ", \"seed\": 9007199254740993}");
    const struct scenario_run *run = scenario_at(scenario, 0);
    ck_assert_str_eq(
        run->canonical,
        "{\"result_version\":2,\"run\":{\"algorithm\":{\"gamma\":0.5,\"graph\":null,"
        "\"name\":\"gossip\",\"overlap\":0,\"residual\":false},"
        "\"compute\":{\"copy_rate\":0,\"gradient_time\":{\"cv\":0.10000000000000001,"
        "\"mean\":0.10000000000000001,\"name\":\"lognormal\"},\"stragglers\":[]},"
        "\"data\":null,\"message_size\":null,\"metrics\":{\"every\":null,\"loss_samples\":2048},"
        "\"network\":{\"bandwidth\":10000000000,\"latency\":5.0000000000000002e-05,"
        "\"model\":\"fair\"},\"nodes\":4,"
        "\"optimizer\":{\"learning_rate\":0.10000000000000001,\"name\":\"sgd\","
        "\"schedule\":{\"factor\":0.10000000000000001,\"milestones\":[]}},"
        "\"seed\":9007199254740993,\"stop\":{\"epochs\":null,\"patience\":2}}}");
    struct digest *digest = digest_create();
    char text[DIGEST_TEXT_SIZE];
    digest_bytes(digest, run->canonical, strlen(run->canonical));
    digest_text(digest, text);
    ck_assert_str_eq(run->digest, text);
    ck_assert_int_eq(run->id, (int64_t)(digest_high64(digest) >> 1));
    digest_free(digest);
    scenario_free(scenario);
}
END_TEST

/* What people are shown is a scenario, and the same one. */
START_TEST(resolved_text_reads_back)
{
    struct scenario *scenario =
        parse("{\"name\": \"\\\"quoted\\\" \xC3\xA9\\n\", \"nodes\": 4, \"seed\": 5,"
              "\"compute\": {\"gradient_time\": {\"name\": \"gamma\", \"mean\": \"229.125 ms\","
              "\"cv\": 0.333333333333333314829616256247}, \"copy_rate\": \"12.3 GB/s\","
              "\"stragglers\": [{\"slowdown\": 3.1}, {\"slowdown\": 7, \"first\": 2}]},"
              "\"network\": {\"latency\": \"3.0000001 us\", \"bandwidth\": \"12345678901 bps\"},"
              "\"optimizer\": {\"schedule\": {\"milestones\": [0.1, 2, 3e2]}},"
              "\"algorithm\": {\"name\": \"gossip\", \"overlap\": 2},"
              "\"message_size\": 102400001,"
              "\"metrics\": {\"every\": \"1.5 ms\", \"loss_samples\": \"all\"}}");
    const struct scenario_run *run = scenario_at(scenario, 0);
    struct scenario *again = parse(run->resolved);
    ck_assert_str_eq(scenario_at(again, 0)->canonical, run->canonical);
    ck_assert_str_eq(scenario_at(again, 0)->resolved, run->resolved);
    ck_assert_str_eq(scenario_at(again, 0)->config.name, run->config.name);
    ck_assert_ptr_nonnull(strstr(run->resolved, "\"mean\": \"229.125 ms\""));
    ck_assert_ptr_nonnull(strstr(run->resolved, "\"every\": \"1.5 ms\""));
    scenario_free(again);
    scenario_free(scenario);
}
END_TEST

START_TEST(quantities_read_back)
{
    static const enum field_type types[] = {FIELD_DURATION, FIELD_BANDWIDTH, FIELD_BYTE_RATE,
                                            FIELD_BYTES};
    uint64_t state = 11;
    for (int round = 0; round < 4000; round++) {
        enum field_type type = types[round % 4];
        double value = ldexp(next_random(&state) % 100000, (int)(next_random(&state) % 50) - 25);
        double back;
        if (round % 3 == 0)
            value = (double)(next_random(&state) % 1000) * pow(10, next_random(&state) % 13);
        if (type == FIELD_BYTES)
            value = floor(value);
        struct buffer text = {0};
        quantity_add(&text, type, value);
        ck_assert_msg(field_parse_quantity(type, text.text, &back), "%s", text.text);
        ck_assert_msg(back == value, "%s is not %.17g", text.text, value);
        free(text.text);
    }
}
END_TEST

START_TEST(quantities_are_short)
{
    static const struct {
        enum field_type type;
        double value;
        const char *text;
    } wanted[] = {
        {FIELD_BYTES, 102.4e6, "102.4 MB"}, {FIELD_BYTES, 0x1p30, "1 GiB"},
        {FIELD_BYTES, 1500, "1.5 kB"},      {FIELD_BYTES, 0, "0 B"},
        {FIELD_DURATION, 0.229, "229 ms"},  {FIELD_DURATION, 50e-6, "50 us"},
        {FIELD_BANDWIDTH, 1e10, "10 Gbps"}, {FIELD_BYTE_RATE, 12e9, "12 GB/s"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct buffer text = {0};
        quantity_add(&text, wanted[i].type, wanted[i].value);
        ck_assert_str_eq(text.text, wanted[i].text);
        free(text.text);
    }
}
END_TEST

/* ---- files ---- */

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *stream = fopen(path, "w");
    ck_assert_ptr_nonnull(stream);
    fputs(text, stream);
    ck_assert_int_eq(fclose(stream), 0);
}

static void remove_file(const char *directory, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    remove(path);
}

/* The digest of the run that reads `path` relative to `directory`. */
static void graph_identity(const char *directory, const char *path, char digest[33])
{
    char text[256];
    struct scenario *scenario;
    struct error error = {.text = ""};
    snprintf(text, sizeof text,
             "{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"graph\": \"%s\"}}", path);
    scenario_parse_table(scenario_support_fields, "x.json", directory, text, strlen(text), NULL, 0,
                         &scenario, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    memcpy(digest, scenario_at(scenario, 0)->digest, 33);
    scenario_free(scenario);
}

START_TEST(content_of_files_is_identity)
{
    char directory[] = "/tmp/hearsay-scenario-XXXXXX", first[33], second[33];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    write_file(directory, "a.csv", "1,2\n");
    write_file(directory, "b.csv", "1,2\n");
    graph_identity(directory, "a.csv", first);
    graph_identity(directory, "b.csv", second);
    ck_assert_str_eq(first, second); /* the name is none of it */
    write_file(directory, "b.csv", "1,3\n");
    graph_identity(directory, "b.csv", second);
    ck_assert_str_ne(first, second);
    graph_identity(directory, ".", first);
    graph_identity("/", directory + 1, second);
    ck_assert_str_eq(first, second);
    write_file(directory, "b.csv", "1,2\n");
    graph_identity(directory, ".", second);
    ck_assert_str_ne(first, second);
    remove_file(directory, "a.csv");
    remove_file(directory, "b.csv");
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

/* A file's paths count from its directory, those of --set from the working directory. */
START_TEST(paths_count_from_where_they_stand)
{
    char directory[] = "/tmp/hearsay-scenario-XXXXXX", override[128], want[256], *real;
    static const char text[] =
        "{\"nodes\": 4, \"algorithm\": {\"name\": \"gossip\", \"graph\": \"a.csv\"},"
        "\"variants\": [{\"name\": \"v\"}, {\"name\": \"w\", \"nodes\": 5}]}";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    write_file(directory, "a.csv", "1");
    struct scenario *scenario;
    struct error error = {.text = ""};
    scenario_parse_table(scenario_support_fields, "x.json", directory, text, strlen(text), NULL, 0,
                         &scenario, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    snprintf(want, sizeof want, "%s/a.csv", directory);
    real = realpath(want, NULL);
    const struct gossip_params *params = scenario_at(scenario, 1)->config.algorithm.params;
    ck_assert_str_eq(params->graph, real);
    ck_assert_ptr_nonnull(strstr(scenario_at(scenario, 1)->resolved, real));
    ck_assert_ptr_null(strstr(scenario_at(scenario, 1)->canonical, directory));
    free(real);
    scenario_free(scenario);
    const char *relative = "algorithm.graph=a.csv", *absolute = override;
    scenario_parse_table(scenario_support_fields, "x.json", directory, text, strlen(text),
                         &relative, 1, &scenario, &error);
    ck_assert_ptr_null(scenario);
    ck_assert_str_eq(error.text, "--set algorithm.graph=a.csv: algorithm.graph: found \"a.csv\", "
                                 "expected a file or directory that can be read (./a.csv: No such "
                                 "file or directory)");
    snprintf(override, sizeof override, "algorithm.graph=%s/a.csv", directory);
    scenario_parse_table(scenario_support_fields, "x.json", "/", text, strlen(text), &absolute, 1,
                         &scenario, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    scenario_free(scenario);
    remove_file(directory, "a.csv");
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

/* scenario_load fails before the root table is asked. */
START_TEST(refuses_files)
{
    char directory[] = "/tmp/hearsay-scenario-XXXXXX", path[300], want[400];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    struct scenario *scenario;
    struct error error = {.text = ""};
    ck_assert_int_eq(scenario_load(directory, NULL, 0, &scenario, &error), STATUS_REQUEST);
    snprintf(want, sizeof want, "%s: cannot be read: Is a directory", directory);
    ck_assert_str_eq(error.text, want);
    snprintf(path, sizeof path, "%s/none.json", directory);
    ck_assert_int_eq(scenario_load(path, NULL, 0, &scenario, &error), STATUS_REQUEST);
    snprintf(want, sizeof want, "%s: cannot be opened: No such file or directory", path);
    ck_assert_str_eq(error.text, want);
    write_file(directory, "none.json", "");
    ck_assert_int_eq(scenario_load(path, NULL, 0, &scenario, &error), STATUS_REQUEST);
    snprintf(want, sizeof want, "%s:1:1: found no value, expected JSON", path);
    ck_assert_str_eq(error.text, want);
    ck_assert_int_eq(truncate(path, 100000000), 0);
    ck_assert_int_eq(scenario_load(path, NULL, 0, &scenario, &error), STATUS_REQUEST);
    snprintf(want, sizeof want,
             "%s:1:1: found a text larger than the 16 MiB limit, expected a scenario", path);
    ck_assert_str_eq(error.text, want);
    ck_assert_ptr_null(scenario);
    remove(path);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

/* ---- help ---- */

static void explains(const char *path, const char *part)
{
    char *text = scenario_explain_table(scenario_support_fields, path, NULL);
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strstr(text, part) != NULL, "%s: %s", path, text);
    free(text);
}

START_TEST(explains_tables)
{
    explains(NULL, "nodes: a whole number; required; from 1 to 1000000\n    nodes\n");
    explains("network.latency", "latency: a duration such as \"50 us\"; default \"50 us\"; from "
                                "0 s to 3600 s\n    of a path\n");
    explains("network.model", "one of \"fair\", \"fifo\", \"ideal\"");
    explains("algorithm", "algorithm: one of the algorithms (a name");
    explains("algorithm", "Algorithms:\n  gossip: gossips\n      (Paper (2019))\n");
    explains("algorithm.gossip", "overlap: a whole number; default 0; from 0 to 10");
    explains("algorithm.overlap", "exchanges in flight");
    explains("algorithm.overlap", "Of the algorithm gossip\n\noverlap: ");
    explains("compute.gradient_time.mean", "Of the distribution lognormal; also: gamma; ask "
                                           "compute.gradient_time.gamma.mean\n\nmean: ");
    explains("compute.gradient_time.gamma.mean", "mean: a duration");
    explains("algorithm.gossip.gamma", "greater than 0, at most 1");
    explains("optimizer.nesterov.learning_rate", "rate");
    explains("compute.stragglers[0].slowdown", "factor");
    explains("compute.gradient_time.distribution", "Distributions:");
    const char *nearest = NULL;
    ck_assert_ptr_null(
        scenario_explain_table(scenario_support_fields, "network.latencu", &nearest));
    ck_assert_str_eq(nearest, "latency");
    ck_assert_ptr_null(
        scenario_explain_table(scenario_support_fields, "algorithm.gosip", &nearest));
    ck_assert_str_eq(nearest, "gossip");
    ck_assert_ptr_null(scenario_explain_table(scenario_support_fields, "zzzzzzzz", &nearest));
    ck_assert_ptr_null(nearest);
    ck_assert_ptr_null(scenario_explain_table(scenario_support_fields, "network..", NULL));
}
END_TEST

START_TEST(schema_is_json)
{
    char *schema = scenario_schema_table(scenario_support_fields);
    struct error error = {.text = ""};
    ck_assert_ptr_nonnull(strstr(schema, "https://json-schema.org/draft/2020-12/schema"));
    /* Read by the strict reader, then refused by the binder for its first key alone. */
    ck_assert_ptr_null(scenario_support_parse(schema, NULL, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, ": type: unknown key"));
    free(schema);
}
END_TEST

/* ---- damage ---- */

START_TEST(survives_damage)
{
    static const char good[] =
        "{\"name\": \"t\", \"seed\": [1, 2], \"nodes\": 16,\n"
        "\"compute\": {\"gradient_time\": {\"distribution\": \"gamma\", \"mean\": \"229 ms\"},"
        "\"stragglers\": [{\"slowdown\": 6}]}, \"network\": {\"bandwidth\": \"100 Mbps\"},"
        "\"algorithm\": {\"overlap\": 2, \"name\": \"gossip\"}, \"optimizer\": \"nesterov\","
        "\"variants\": [{\"name\": \"a\"}, {\"name\": \"b\", \"algorithm\": \"all-reduce\"}]}";
    static const char *const words[] = {"null", "{}",  "[]",       "\"x\"",
                                        "-1",   "1e5", "\"name\"", "true"};
    uint64_t state = 7;
    size_t bound = 0;
    for (int round = 0; round < 4000; round++) {
        char text[2 * sizeof good];
        size_t at = next_random(&state) % (sizeof good - 1), cut = next_random(&state) % 6;
        const char *word = next_random(&state) % 2 ? words[next_random(&state) % 8] : "";
        if (at + cut > sizeof good - 1)
            cut = sizeof good - 1 - at;
        snprintf(text, sizeof text, "%.*s%s%s", (int)at, good, word, good + at + cut);
        struct error error = {.text = ""};
        struct scenario *scenario = scenario_support_parse(text, NULL, 0, &error);
        if (scenario == NULL)
            ck_assert_int_eq(strncmp(error.text, "x.json:", 7), 0);
        bound += scenario != NULL;
        scenario_free(scenario);
    }
    ck_assert_uint_gt(bound, 0); /* some cuts hit blanks and names */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scenario");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, binds_what_is_written);
    tcase_add_test(tests, fills_in_defaults);
    tcase_add_test(tests, a_choice_without_name_takes_the_defaults);
    tcase_add_test(tests, null_says_the_default_where_it_is_null);
    tcase_add_loop_test(tests, refuses, 0, sizeof refusals / sizeof *refusals);
    tcase_add_loop_test(tests, refuses_override, 0, sizeof bad_overrides / sizeof *bad_overrides);
    tcase_add_test(tests, overrides_in_order);
    tcase_add_test(tests, overrides_come_before_expansion);
    tcase_add_test(tests, expands_variants_outside_of_seeds);
    tcase_add_test(tests, merges_by_name);
    tcase_add_test(tests, a_bare_name_takes_keys_of_variants);
    tcase_add_test(tests, blames_where_it_was_written);
    tcase_add_test(tests, equal_runs_are_one);
    tcase_add_test(tests, other_runs_are_others);
    tcase_add_test(tests, canonical_text_is_as_documented);
    tcase_add_test(tests, resolved_text_reads_back);
    tcase_add_test(tests, quantities_read_back);
    tcase_add_test(tests, quantities_are_short);
    tcase_add_test(tests, content_of_files_is_identity);
    tcase_add_test(tests, paths_count_from_where_they_stand);
    tcase_add_test(tests, refuses_files);
    tcase_add_test(tests, explains_tables);
    tcase_add_test(tests, schema_is_json);
    tcase_add_test(tests, survives_damage);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
