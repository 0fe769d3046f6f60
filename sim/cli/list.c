/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay list`: every plug-in of every family, from the registries, and which go together. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/algorithm.h"
#include "cli/cli.h"
#include "cli/matrix.h"
#include "cli/requirements.h"
#include "core/memory.h"
#include "numerics/backend.h"
#include "scenario/pairs.h"

extern const struct cli_command list_command;

static const char options_text[] =
    "  -v, --verbose  with papers, parameters and requirements\n"
    "      --matrix   which parts compose with which algorithms, and why the others do not\n"
    "  -h, --help     this text\n"
    "A FAMILY is one of the headings, such as algorithms or topologies.\n";

static const struct option long_options[] = {
    {"verbose", no_argument, NULL, 'v'},
    {"matrix", no_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct list {
    struct pairs *pairs;
    const struct plugin_registry **families; /* what a scenario can choose from, and devices */
    size_t count;
    bool verbose, matrix;
    char **wanted;
    size_t wanted_count; /* 0: all */
};

static void add_family(struct list *list, const struct plugin_registry *family)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->families[i] == family)
            return;
    list->families = memory_resize(list->families, list->count + 1, sizeof(void *));
    list->families[list->count++] = family;
}

/* The field tables know every family. */
static void find_families(struct list *list)
{
    add_family(list, &algorithm_registry);
    for (size_t i = 0; i < pairs_family_count(list->pairs); i++)
        if (pairs_family(list->pairs, i)->registry != NULL)
            add_family(list, pairs_family(list->pairs, i)->registry);
    add_family(list, &collective_gather_registry); /* chosen by programs, not by a key */
    add_family(list, &backend_registry);
}

static void print_verbose(const struct plugin_registry *family, const struct plugin *plugin)
{
    char *text = scenario_explain_plugin(plugin, 2);
    fputs(text, stdout);
    free(text);
    if (family == &algorithm_registry)
        requirements_print((const struct algorithm_ops *)plugin, 6, stdout);
}

static void print_family(const struct plugin_registry *family, bool verbose)
{
    printf("%s\n", family->plural);
    for (size_t i = 0; family->entries[i]; i++) {
        const struct plugin *plugin = family->entries[i];
        if (verbose)
            print_verbose(family, plugin);
        else
            printf("  %-30s %s\n", plugin->name, plugin->summary);
    }
}

static bool matches(const struct plugin_registry *family, const char *name)
{
    return strcmp(family->plural, name) == 0 || strcmp(family->kind, name) == 0;
}

static bool is_wanted(const struct list *list, const struct plugin_registry *family)
{
    bool wanted = list->wanted_count == 0;
    for (size_t i = 0; i < list->wanted_count && family != NULL; i++)
        wanted |= matches(family, list->wanted[i]);
    return wanted;
}

static const char *unknown_family(const struct list *list)
{
    for (size_t i = 0; i < list->wanted_count; i++) {
        bool found = false;
        for (size_t f = 0; f < list->count; f++)
            found |= matches(list->families[f], list->wanted[i]);
        if (!found)
            return list->wanted[i];
    }
    return NULL;
}

static int refuse_family(const struct cli *cli, const struct list *list, const char *name)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    for (size_t f = 0; f < list->count; f++)
        if (field_is_nearer(name, list->families[f]->plural, &best))
            near = list->families[f]->plural;
    return cli_usage_error(cli, &list_command, "found no family \"%s\"%s%s%s", name,
                           near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void print_matrices(const struct list *list)
{
    matrix_print_legend(stdout);
    for (size_t i = 0; i < pairs_family_count(list->pairs); i++)
        if (is_wanted(list, pairs_family(list->pairs, i)->registry))
            matrix_print(list->pairs, i, stdout);
}

static int print_list(const struct cli *cli, const struct list *list)
{
    const char *unknown = unknown_family(list);
    if (unknown != NULL)
        return refuse_family(cli, list, unknown);
    if (list->matrix) {
        print_matrices(list);
        return 0;
    }
    for (size_t f = 0; f < list->count; f++)
        if (is_wanted(list, list->families[f]))
            print_family(list->families[f], list->verbose);
    return 0;
}

static int list_main(struct cli *cli, int argc, char **argv)
{
    struct list list = {.pairs = NULL};
    int option;
    while ((option = getopt_long(argc, argv, "vh", long_options, NULL)) >= 0) {
        if (option != 'v' && option != 'm')
            return option == 'h' ? cli_help(&list_command, options_text) : 2;
        list.verbose |= option == 'v';
        list.matrix |= option == 'm';
    }
    list.wanted = argv + optind;
    list.wanted_count = (size_t)(argc - optind);
    list.pairs = pairs_create();
    find_families(&list);
    int exit_code = print_list(cli, &list);
    free(list.families);
    pairs_free(list.pairs);
    return exit_code;
}

const struct cli_command list_command = {
    .name = "list",
    .usage = "list [FAMILY]... [--verbose | --matrix]",
    .summary = "list algorithms, topologies, models, ... and their parameters",
    .main = list_main,
};
