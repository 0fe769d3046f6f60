/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay topology`: what a communication graph is worth. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/memory.h"
#include "scenario/scenario.h"
#include "topologies/print.h"
#include "topologies/topology.h"

extern const struct cli_command topology_command;

enum topology_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_DOT };
enum { OPTION_JSON = 256, OPTION_DOT, OPTION_SEED, OPTION_SPECTRA };

static const char options_text[] =
    "  -n, --nodes N        number of nodes (default 16)\n"
    "  -s, --set KEY=VALUE  a parameter of the topology, or weights=metropolis (repeatable)\n"
    "      --seed N         of random graphs (default 1)\n"
    "      --json           everything as JSON\n"
    "      --dot            the graph for Graphviz, weights as labels\n"
    "      --spectra        compute spectra above 100000 nodes too\n"
    "  -h, --help           this text\n";

static const struct option long_options[] = {
    {"nodes", required_argument, NULL, 'n'},
    {"set", required_argument, NULL, 's'},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"json", no_argument, NULL, OPTION_JSON},
    {"dot", no_argument, NULL, OPTION_DOT},
    {"spectra", no_argument, NULL, OPTION_SPECTRA},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct topology_request {
    struct memory_arena arena;
    const char **set;   /* overrides of the scenario that stands behind the request */
    const char **given; /* what the user wrote in place of each */
    size_t set_count;
    enum topology_format format;
    bool json, dot, spectra;
};

static const char *join(struct topology_request *request, const char *before, const char *value)
{
    char text[1024];
    int length = snprintf(text, sizeof text, "%s%.900s", before, value);
    return memory_arena_string(&request->arena, text, (size_t)length);
}

/* `option`: what stands before the value on the command line. */
static void add_set(struct topology_request *request, const char *key, const char *option,
                    const char *value)
{
    size_t count = request->set_count + 1;
    request->set = memory_resize(request->set, count, sizeof *request->set);
    request->given = memory_resize(request->given, count, sizeof *request->given);
    request->set[count - 1] = join(request, key, value);
    request->given[count - 1] = join(request, option, value);
    request->set_count = count;
}

/* "--set nodes=x: ..." names what nobody wrote: "--nodes x: ..." instead. */
static void name_as_given(const struct topology_request *request, struct error *error)
{
    static const char prefix[] = "--set ";
    const char *text = error->text + sizeof prefix - 1;
    if (strncmp(error->text, prefix, sizeof prefix - 1) != 0)
        return;
    for (size_t i = 0; i < request->set_count; i++) {
        size_t size = strlen(request->set[i]);
        if (strncmp(text, request->set[i], size) != 0 || strncmp(text + size, ": ", 2) != 0)
            continue;
        struct error said = *error;
        snprintf(error->text, sizeof error->text, "%s%s", request->given[i],
                 said.text + sizeof prefix - 1 + size);
        return;
    }
}

static bool take_option(struct topology_request *request, int option)
{
    switch (option) {
    case 'n':
        add_set(request, "nodes=", "--nodes ", optarg);
        return true;
    case 's':
        add_set(request, "topology.", "--set ", optarg);
        return true;
    case OPTION_SEED:
        add_set(request, "seed=", "--seed ", optarg);
        return true;
    case OPTION_JSON:
        request->format = FORMAT_JSON;
        return request->json = true;
    case OPTION_DOT:
        request->format = FORMAT_DOT;
        return request->dot = true;
    case OPTION_SPECTRA:
        return request->spectra = true;
    default:
        return false;
    }
}

static enum status print(const struct topology_request *request, const struct run_config *config,
                         struct error *error)
{
    struct topology_config setting = config->topology;
    struct topology_report report;
    struct topology *topology = NULL;
    setting.seed = (uint64_t)config->seed;
    enum status status = topology_create(&topology, &setting, (uint32_t)config->nodes, error);
    bool spectra = request->spectra || config->nodes <= 100000;
    if (status == STATUS_OK && request->format == FORMAT_DOT)
        topology_print_dot(stdout, topology);
    else if (status == STATUS_OK)
        status = topology_analyse(topology, spectra, &report, error);
    if (status == STATUS_OK && request->format == FORMAT_TEXT)
        topology_print_text(stdout, topology, &report);
    if (status == STATUS_OK && request->format == FORMAT_JSON)
        topology_print_json(stdout, topology, &report);
    topology_free(topology);
    return status;
}

/* A minimal scenario carries the request, so that parameters are parsed and refused by the same
 * tables as everywhere. */
static int analyse(const struct cli *cli, struct topology_request *request)
{
    static const char base[] = "{\"nodes\": 16, \"algorithm\": \"push-sum\", "
                               "\"model\": \"quadratic\", \"stop\": {\"iterations\": 1}}";
    struct error error = {.status = STATUS_OK};
    struct scenario *scenario = NULL;
    enum status status = scenario_parse("command line", base, sizeof base - 1, request->set,
                                        request->set_count, &scenario, &error);
    if (status == STATUS_OK)
        status = print(request, &scenario_at(scenario, 0)->config, &error);
    scenario_free(scenario);
    if (status != STATUS_OK)
        name_as_given(request, &error);
    return status == STATUS_OK ? 0 : cli_error(cli, &error);
}

static int topology_main(struct cli *cli, int argc, char **argv)
{
    struct topology_request request = {.format = FORMAT_TEXT};
    int option, exit_code = -1;
    add_set(&request, "topology=", "", ""); /* parameters come after the name, which comes last */
    while (exit_code < 0 && (option = getopt_long(argc, argv, "n:s:h", long_options, NULL)) >= 0) {
        if (option == 'h')
            exit_code = cli_help(&topology_command, options_text);
        else if (!take_option(&request, option))
            exit_code = 2;
    }
    if (exit_code < 0 && request.json && request.dot)
        exit_code = cli_usage_error(cli, &topology_command, "--json and --dot exclude each other");
    if (exit_code < 0 && optind + 1 != argc)
        exit_code = cli_usage_error(cli, &topology_command, "expected one topology, found %d",
                                    argc - optind);
    if (exit_code < 0) {
        request.set[0] = join(&request, "topology=", argv[optind]);
        request.given[0] = join(&request, "argument ", argv[optind]);
        exit_code = analyse(cli, &request);
    }
    free(request.set);
    free(request.given);
    memory_arena_free(&request.arena);
    return exit_code;
}

const struct cli_command topology_command = {
    .name = "topology",
    .usage = "topology NAME [--nodes N] [--set KEY=VALUE]... [--json | --dot]",
    .summary = "degrees, connectivity and spectrum of a communication topology",
    .main = topology_main,
};
