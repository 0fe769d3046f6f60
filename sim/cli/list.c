/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay list`: every plug-in of every family, from the registries. */
#include <getopt.h>
#include <string.h>

#include "algorithms/algorithm.h"
#include "cli/cli.h"
#include "numerics/backend.h"
#include "run/config.h"

extern const struct cli_command list_command;

static const struct plugin_registry *const families[] = {
    &algorithm_registry, &topology_registry,     &collective_registry, &collective_gather_registry,
    &optimizer_registry, &model_registry,        &data_registry,       &partition_registry,
    &initial_registry,   &distribution_registry, &backend_registry,
};
#define FAMILIES (sizeof families / sizeof *families)

static const char options_text[] =
    "  -v, --verbose  with papers and parameters\n"
    "  -h, --help     this text\n"
    "families: algorithms topologies all-reduces all-gathers optimizers models data partitions\n"
    "          initial distributions backends\n";

static const struct option long_options[] = {
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_param(const struct field *field)
{
    printf("      %s: %s, default %s - %s\n", field->name, field_type_name(field->type),
           field->fallback ? field->fallback : "none (required)", field->help ? field->help : "");
}

static void print_family(const struct plugin_registry *family, bool verbose)
{
    printf("%s\n", family->plural);
    for (size_t i = 0; family->entries[i]; i++) {
        const struct plugin *plugin = family->entries[i];
        printf("  %-30s %s\n", plugin->name, plugin->summary);
        if (!verbose)
            continue;
        if (plugin->reference)
            printf("      after: %s\n", plugin->reference);
        for (const struct field *field = plugin->params; field && field->name; field++)
            print_param(field);
    }
}

static bool matches(const struct plugin_registry *family, const char *name)
{
    return strcmp(family->plural, name) == 0 || strcmp(family->kind, name) == 0;
}

static int unknown_family(const struct cli *cli, const char *name)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    for (size_t f = 0; f < FAMILIES; f++)
        if (field_is_nearer(name, families[f]->plural, &best))
            near = families[f]->plural;
    return cli_usage_error(cli, &list_command, "found no family \"%s\"%s%s%s", name,
                           near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int list_main(struct cli *cli, int argc, char **argv)
{
    bool verbose = false;
    int option;
    while ((option = getopt_long(argc, argv, "vh", long_options, NULL)) >= 0) {
        if (option != 'v')
            return option == 'h' ? cli_help(&list_command, options_text) : 2;
        verbose = true;
    }
    for (int i = optind; i < argc; i++) {
        size_t found = 0;
        for (size_t f = 0; f < FAMILIES; f++)
            found += matches(families[f], argv[i]);
        if (found == 0)
            return unknown_family(cli, argv[i]);
    }
    for (size_t f = 0; f < FAMILIES; f++) {
        bool wanted = optind == argc;
        for (int i = optind; i < argc; i++)
            wanted |= matches(families[f], argv[i]);
        if (wanted)
            print_family(families[f], verbose);
    }
    return 0;
}

const struct cli_command list_command = {
    .name = "list",
    .usage = "list [FAMILY]... [--verbose]",
    .summary = "list algorithms, topologies, models, ... and their parameters",
    .main = list_main,
};
