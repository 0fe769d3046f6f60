/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay check`: what `run` would refuse, without playing anything. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "core/memory.h"
#include "models/data_cache.h"
#include "run/run.h"
#include "scenario/scenario.h"

extern const struct cli_command check_command;

static const char options_text[] =
    "  -s, --set KEY.PATH=VAL  override a value of the scenario (repeatable; see run --help)\n"
    "      --resolved          print every run with all defaults filled in, as JSON\n"
    "  -h, --help              this text\n";

static const struct option long_options[] = {
    {"set", required_argument, NULL, 's'},
    {"resolved", no_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Parts that let values steer time: device none refuses them, and the timeline depends on them. */
static void print_steering(const struct run_config *config)
{
    const char *parts[RUN_STEERING_MAX];
    size_t count = run_steering(config, parts);
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i > 0 ? ", " : "; values steer time: ", parts[i]);
}

static int check_run(const struct cli *cli, const struct scenario *scenario, size_t index,
                     struct data_cache *cache, bool resolved)
{
    const struct scenario_run *run = scenario_at(scenario, index);
    struct error error = {.status = STATUS_OK};
    char label[128];
    progress_label(run, label, sizeof label);
    if (run_check(&run->config, NULL, cache, &error) != STATUS_OK) {
        scenario_blame(scenario, index, &error);
        return cli_error(cli, &error);
    }
    if (resolved) {
        printf("%s\n", run->resolved);
        return 0;
    }
    printf("%s: fine, run %s", label, run->digest);
    print_steering(&run->config);
    putchar('\n');
    return 0;
}

static int check_file(const struct cli *cli, const char *path, const char *const *set,
                      size_t set_count, bool resolved)
{
    struct error error = {.status = STATUS_OK};
    struct scenario *scenario = NULL;
    int exit_code = 0;
    if (scenario_load(path, set, set_count, &scenario, &error) != STATUS_OK)
        return cli_error(cli, &error);
    struct data_cache *cache = data_cache_create();
    for (size_t i = 0; i < scenario_count(scenario); i++) {
        int one = check_run(cli, scenario, i, cache, resolved);
        exit_code = one ? one : exit_code;
    }
    data_cache_free(cache);
    scenario_free(scenario);
    return exit_code;
}

static int check_main(struct cli *cli, int argc, char **argv)
{
    const char **set = NULL;
    size_t set_count = 0;
    bool resolved = false;
    int option, exit_code = 0;
    while ((option = getopt_long(argc, argv, "s:h", long_options, NULL)) >= 0) {
        if (option == 's') {
            set = memory_resize(set, set_count + 1, sizeof *set);
            set[set_count++] = optarg;
        } else if (option == 'r') {
            resolved = true;
        } else {
            free(set);
            return option == 'h' ? cli_help(&check_command, options_text) : 2;
        }
    }
    if (optind == argc)
        exit_code = cli_usage_error(cli, &check_command, "expected a scenario file, found none");
    for (; optind < argc; optind++) {
        int one = check_file(cli, argv[optind], set, set_count, resolved);
        exit_code = one ? one : exit_code;
    }
    free(set);
    return exit_code;
}

const struct cli_command check_command = {
    .name = "check",
    .usage = "check SCENARIO.json... [--set KEY.PATH=VALUE]... [--resolved]",
    .summary = "say what is wrong with scenario files, without playing them",
    .main = check_main,
};
