/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay plot`: draws curves and timelines of traces with gnuplot. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/plot_kinds.h"
#include "core/field.h"
#include "core/memory.h"

extern const struct cli_command plot_command;

enum { OPTION_FORCE = 256, OPTION_FROM, OPTION_TO, OPTION_NODES, OPTION_LOG, OPTION_LINEAR };

static const char options_text[] =
    "  -o, --output FILE       FILE.png, FILE.svg or FILE.pdf (default: DB-KIND.png)\n"
    "      --force             replace an existing FILE\n"
    "  -x, --x WHAT            time (default), iteration, epoch, bytes\n"
    "  -r, --run ID|NAME       only these runs: number, id, name or variant (repeatable)\n"
    "  -t, --title TEXT        over the figure (default: the scenario's name)\n"
    "      --log, --linear     scale of y (loss and consensus are logarithmic by default)\n"
    "      --from S, --to S    timeline: window in simulated seconds (default: 8 iterations)\n"
    "      --nodes N           timeline: the first N nodes (default 32)\n"
    "  -h, --help              this text\n"
    "\nkinds:\n"
    "  loss        training loss of the mean model\n"
    "  accuracy    of the mean model (solid) and of the worst node (dashed)\n"
    "  consensus   mean squared distance of the nodes' models from their mean\n"
    "  timeline    what every node does when, and its messages (trace level messages)\n";

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"x", required_argument, NULL, 'x'},
    {"run", required_argument, NULL, 'r'},
    {"title", required_argument, NULL, 't'},
    {"log", no_argument, NULL, OPTION_LOG},
    {"linear", no_argument, NULL, OPTION_LINEAR},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"nodes", required_argument, NULL, OPTION_NODES},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *take_x(struct plot_request *request, const char *x)
{
    static const char *const axes[] = {"time", "iteration", "epoch", "bytes"};

    request->parameters.x = x;
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++)
        if (strcmp(x, axes[i]) == 0)
            return NULL;
    return "--x expects time, iteration, epoch or bytes";
}

static bool parse_number(const char *text, double *value)
{
    char *end;

    errno = 0;
    *value = strtod(text, &end);
    return errno == 0 && end != text && *end == '\0' && isfinite(*value) && *value >= 0;
}

static const char *take_nodes(struct plot_request *request, const char *text)
{
    double value;

    if (!parse_number(text, &value) || value < 1 || value > 1e9)
        return "--nodes expects a number from 1";
    request->parameters.nodes = (int64_t)value;
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *take_output(struct plot_request *request, const char *path)
{
    request->output = path;
    return ends_with(path, ".png") || ends_with(path, ".svg") || ends_with(path, ".pdf")
               ? NULL
               : "--output expects FILE.png, FILE.svg or FILE.pdf";
}

static const char *take_scale(struct plot_request *request, enum plot_scale scale)
{
    if (request->scale != PLOT_SCALE_USUAL && request->scale != scale)
        return "--log and --linear exclude each other";
    request->scale = scale;
    return NULL;
}

/* One option into the request; a message when its argument is bad, "" when getopt said so. */
static const char *take_option(struct plot_request *request, int option)
{
    switch (option) {
    case 'o':
        return take_output(request, optarg);
    case 'x':
        return take_x(request, optarg);
    case 'r':
        request->runs = memory_resize(request->runs, request->run_count + 1, sizeof *request->runs);
        request->runs[request->run_count++] = optarg;
        return NULL;
    case 't':
        request->title = optarg;
        return NULL;
    case OPTION_LOG:
    case OPTION_LINEAR:
        return take_scale(request, option == OPTION_LOG ? PLOT_SCALE_LOG : PLOT_SCALE_LINEAR);
    case OPTION_FORCE:
        request->force = true;
        return NULL;
    case OPTION_FROM:
        return parse_number(optarg, &request->parameters.from_s) ? NULL : "--from expects seconds";
    case OPTION_TO:
        return parse_number(optarg, &request->parameters.to_s) ? NULL : "--to expects seconds";
    case OPTION_NODES:
        return take_nodes(request, optarg);
    default:
        return "";
    }
}

/* The scenario's name, when all runs come from one. */
static const char *usual_title(const struct plot_data *data)
{
    for (size_t i = 1; i < data->count; i++)
        if (strcmp(data->runs[i].name, data->runs[0].name) != 0)
            return "";
    return data->runs[0].name;
}

static enum status draw(const struct plot_kind *kind, const struct plot_request *request,
                        const struct plot_data *data, const struct output *output,
                        struct error *error)
{
    struct plot_script script = {.file = NULL};
    enum status status = plot_script_open(&script, error);

    if (status == STATUS_OK) {
        plot_script_text(&script, "output", output_name(output));
        plot_script_text(&script, "extension", strrchr(output->path, '.') + 1);
        plot_script_text(&script, "title",
                         request->title != NULL ? request->title : usual_title(data));
        plot_script_number(&script, "runs", (double)data->count);
        status = kind->write(&script, kind, request, data, error);
    }
    if (status == STATUS_OK)
        status = plot_script_run(&script, error);
    plot_script_close(&script);
    return status;
}

static int plot(const struct cli *cli, const struct plot_kind *kind,
                const struct plot_request *request)
{
    struct error error = {.status = STATUS_OK};
    struct plot_data data;
    struct output output;
    char usual[512];
    const char *path = request->output != NULL ? request->output : usual;
    enum status status = plot_data_open(&data, request->paths, request->path_count, request->runs,
                                        request->run_count, &error);

    if (status == STATUS_OK) {
        snprintf(usual, sizeof usual, "%.400s-%s.png", data.bases[0], kind->name);
        status =
            output_open(&output, path, request->force, request->paths, request->path_count, &error);
        if (status == STATUS_OK)
            status = draw(kind, request, &data, &output, &error);
        status = output_close(&output, status, &error);
        plot_data_close(&data);
    }
    if (status != STATUS_OK)
        return cli_error(cli, &error);
    printf("%s\n", path);
    return 0;
}

static const struct plot_kind *find_kind(const char *name)
{
    for (size_t i = 0; plot_kinds[i].name != NULL; i++)
        if (strcmp(plot_kinds[i].name, name) == 0)
            return &plot_kinds[i];
    return NULL;
}

static int unknown_kind(const struct cli *cli, const char *name)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; plot_kinds[i].name != NULL; i++)
        if (field_is_nearer(name, plot_kinds[i].name, &best))
            near = plot_kinds[i].name;
    return cli_usage_error(cli, &plot_command,
                           "found \"%s\" at the end, expected loss, accuracy, consensus or "
                           "timeline%s%s%s",
                           name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                           near != NULL ? "\"?" : "");
}

static int plot_main(struct cli *cli, int argc, char **argv)
{
    struct plot_request request = {.parameters = {.x = "time", .from_s = NAN, .to_s = NAN}};
    int option, exit_code = -1;

    while (exit_code < 0 &&
           (option = getopt_long(argc, argv, "o:x:r:t:h", long_options, NULL)) >= 0) {
        const char *problem = option == 'h' ? NULL : take_option(&request, option);

        if (option == 'h')
            exit_code = cli_help(&plot_command, options_text);
        else if (problem != NULL)
            exit_code = problem[0] ? cli_usage_error(cli, &plot_command, "%s", problem) : 2;
    }
    if (exit_code < 0 && argc - optind < 2)
        exit_code = cli_usage_error(cli, &plot_command, "expected databases and a kind of plot");
    if (exit_code < 0) {
        const struct plot_kind *kind = find_kind(argv[argc - 1]);

        request.paths = argv + optind;
        request.path_count = (size_t)(argc - 1 - optind);
        exit_code = kind != NULL ? plot(cli, kind, &request) : unknown_kind(cli, argv[argc - 1]);
    }
    free(request.runs);
    return exit_code;
}

const struct cli_command plot_command = {
    .name = "plot",
    .usage = "plot FILE.db... loss|accuracy|consensus|timeline [-o FILE.png [--force]] "
             "[--x WHAT] [--run ID|NAME]...",
    .summary = "draw curves and timelines of traces",
    .main = plot_main,
};
