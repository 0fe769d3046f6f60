/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay explain`: what a key of a scenario means, from the field tables. */
#include <getopt.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "scenario/scenario.h"

extern const struct cli_command explain_command;

static const char options_text[] =
    "      --schema  print a JSON Schema of scenario files\n"
    "  -h, --help    this text\n"
    "\n"
    "algorithm.sgp.overlap is the key of one algorithm; algorithm.overlap that of the first which\n"
    "has it, with the names of the others.  The same for compressor, topology, model and so on.\n";

static const struct option long_options[] = {
    {"schema", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int print_and_free(char *text)
{
    printf("%s", text);
    free(text);
    return 0;
}

static int explain_main(struct cli *cli, int argc, char **argv)
{
    const char *nearest = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) >= 0) {
        if (option != 's')
            return option == 'h' ? cli_help(&explain_command, options_text) : 2;
        return print_and_free(scenario_schema());
    }
    if (argc - optind > 1)
        return cli_usage_error(cli, &explain_command, "expected one key path, found %d",
                               argc - optind);
    const char *path = optind < argc ? argv[optind] : "";
    char *text = scenario_explain(path, &nearest);
    if (text == NULL)
        return cli_usage_error(cli, &explain_command, "found no key \"%s\"%s%s%s", path,
                               nearest ? ", did you mean \"" : "", nearest ? nearest : "",
                               nearest ? "\"?" : "");
    return print_and_free(text);
}

const struct cli_command explain_command = {
    .name = "explain",
    .usage = "explain [KEY.PATH] [--schema]",
    .summary = "explain a key of scenario files: type, unit, default, range",
    .main = explain_main,
};
