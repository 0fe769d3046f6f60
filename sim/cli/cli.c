/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands, and what commands share. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/process.h"
#include "core/field.h"
#include "core/memory.h"

#define CLI_COMMAND_LIST(X)                                                                        \
    X(run_command)                                                                                 \
    X(check_command)                                                                               \
    X(show_command)                                                                                \
    X(plot_command)                                                                                \
    X(topology_command)                                                                            \
    X(list_command)                                                                                \
    X(explain_command)

#define CLI_DECLARE(command) extern const struct cli_command command;
CLI_COMMAND_LIST(CLI_DECLARE)
#define CLI_ENTRY(command) &command,
const struct cli_command *const cli_commands[] = {CLI_COMMAND_LIST(CLI_ENTRY) NULL};

int cli_error(const struct cli *cli, const struct error *error)
{
    int signal_exit = error->status == STATUS_INTERRUPTED ? process_signal_exit() : 0;
    char *text = cli_printable_lines(error->text[0] ? error->text : status_text(error->status));
    char *path = cli_printable(error->path);
    bool named = path[0] == '\0' || strstr(error->text, error->path) != NULL;
    fflush(stdout);
    fprintf(stderr, "%s: %s%s%s\n", cli->program, named ? "" : path, named ? "" : ": ", text);
    free(path);
    free(text);
    return signal_exit ? signal_exit : status_exit_code(error->status);
}

int cli_usage_error(const struct cli *cli, const struct cli_command *command, const char *format,
                    ...)
{
    va_list list;
    fprintf(stderr, "%s %s: ", cli->program, command->name);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\ntry: %s %s --help\n", cli->program, command->name);
    return 2;
}

int cli_help(const struct cli_command *command, const char *options)
{
    printf("usage: hearsay %s\n\n%s\n", command->usage, command->summary);
    if (options && options[0])
        printf("\noptions:\n%s", options);
    return 0;
}

/* Bytes of the control character that `text` begins with: C0, DEL, or C1 in UTF-8. */
static size_t control_size(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7F)
        return 1;
    return text[0] == 0xC2 && text[1] >= 0x80 && text[1] < 0xA0 ? 2 : 0;
}

static char *printable(const char *text, bool lines)
{
    char *copy = memory_alloc(4 * strlen(text) + 1), *at = copy;
    while (*text) {
        bool kept = lines && *text == '\n';
        size_t control = kept ? 0 : control_size((const unsigned char *)text);
        if (control == 0)
            *at++ = *text++;
        for (; control > 0; control--)
            at += sprintf(at, "\\x%02X", (unsigned)(unsigned char)*text++);
    }
    *at = '\0';
    return copy;
}

char *cli_printable(const char *text)
{
    return printable(text, false);
}

char *cli_printable_lines(const char *text)
{
    return printable(text, true);
}

static void print_help(FILE *out)
{
    fputs("usage: hearsay COMMAND [ARGUMENTS]\n\n"
          "Plays a cluster as discrete events and trains a real model on it, with any way of\n"
          "distributing SGD: which one gets there first, and why?\n\ncommands:\n",
          out);
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(out, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fputs("\n`hearsay COMMAND --help` tells more.  Start with:\n"
          "  hearsay run scenarios/quickstart.json -o quickstart.db\n"
          "  hearsay plot quickstart.db accuracy -o accuracy.png\n",
          out);
}

static int unknown_command(const struct cli *cli, const char *name)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; cli_commands[i]; i++)
        if (field_is_nearer(name, cli_commands[i]->name, &best))
            near = cli_commands[i]->name;
    fprintf(stderr, "%s: found no command \"%s\"", cli->program, name);
    if (near)
        fprintf(stderr, "; did you mean \"%s\"?", near);
    fprintf(stderr, "\ntry: %s --help\n", cli->program);
    return 2;
}

static struct cli cli_begin(char **argv)
{
    const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;
    const char *no_colour = getenv("NO_COLOR");
    struct cli cli = {.interrupt = process_begin(),
                      .program = slash     ? slash + 1
                                 : argv[0] ? argv[0]
                                           : "hearsay",
                      .out_is_terminal = isatty(STDOUT_FILENO),
                      .err_is_terminal = isatty(STDERR_FILENO)};
    cli.colour = cli.out_is_terminal && (no_colour == NULL || no_colour[0] == '\0');
    return cli;
}

/* getopt_long names argv[0] in what it complains of. */
static int dispatch(struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
    char title[64];
    snprintf(title, sizeof title, "%.32s %s", cli->program, command->name);
    argv[0] = title;
    return command->main(cli, argc, argv);
}

int cli_main(int argc, char **argv)
{
    process_prefer_fast_blas(argv);
    struct cli cli = cli_begin(argv);
    const char *name = argc > 1 ? argv[1] : "--help";
    int exit_code = -1;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(argc > 1 ? stdout : stderr);
        exit_code = argc > 1 ? 0 : 2;
    } else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("hearsay %s\n", PACKAGE_VERSION);
        exit_code = 0;
    }
    for (size_t i = 0; exit_code < 0 && cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            exit_code = dispatch(&cli, cli_commands[i], argc - 1, argv + 1);
    if (exit_code < 0)
        exit_code = unknown_command(&cli, name);
    if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code == 0) {
        fprintf(stderr, "%s: cannot write to standard output: %s\n", cli.program, strerror(errno));
        exit_code = 1;
    }
    return exit_code;
}

static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = memory_alloc(size);
    snprintf(path, size, "%s/%s", directory, name);
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* A build folder names its sources in the file source-directory. */
static char *in_sources_of(const char *build, const char *name)
{
    char directory[4096] = "";
    char *list = join(build, "source-directory");
    FILE *file = list ? fopen(list, "r") : NULL;
    bool read = file && fgets(directory, sizeof directory, file);
    if (file)
        fclose(file);
    free(list);
    directory[strcspn(directory, "\n")] = '\0';
    return read ? join(directory, name) : NULL;
}

/* The program is not installed: BUILD/hearsay, or libtool's BUILD/.libs/hearsay. */
static char *beside_program(const char *name)
{
    char program[4096];
    char *path = NULL;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    for (int up = 0; up < 2 && path == NULL; up++) {
        char *slash = strrchr(program, '/');
        if (slash == NULL)
            return NULL;
        *slash = '\0';
        path = in_sources_of(program, name);
    }
    return path;
}

char *cli_data_file(const char *name)
{
    const char *directory = getenv("HEARSAY_DATADIR");
    char *path = directory ? join(directory, name) : NULL;
    if (path == NULL)
        path = beside_program(name);
    return path ? path : join(HEARSAY_DATADIR, name);
}
