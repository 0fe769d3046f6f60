/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay run`: plays every run of a scenario file, one after the other. */
#include "run/row.h"
#include "run/run.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "core/memory.h"
#include "models/data_cache.h"
#include "numerics/backend.h"
#include "numerics/blas.h"
#include "scenario/scenario.h"
#include "trace/sqlite_sink.h"

extern const struct cli_command run_command;

#define THREADS_MAX      4096
#define TEXT_OF_(number) #number
#define TEXT_OF(number)  TEXT_OF_(number)
#define THREADS_MAX_TEXT TEXT_OF(THREADS_MAX)

struct run_request {
    const char *scenario, *output;
    const char **set;
    size_t set_count;
    unsigned threads;
    const char *device;
    const char *progress; /* of progress_modes */
    bool force, append, verify, quiet;
};

static const char options_text[] =
    "  -o, --output FILE.db    write the trace to this SQLite file (default: no trace)\n"
    "      --force             replace an existing output\n"
    "      --append            add runs to an existing output\n"
    "  -s, --set KEY.PATH=VAL  override a value of the scenario (repeatable); acts on the base:\n"
    "                          what a variant gives itself wins, --set variants[0].KEY=VAL sets "
    "that\n"
    "      --seed N            the same as --set seed=N\n"
    "  -j, --threads N         threads of the numerics (default: all cores; never changes "
    "results)\n"
    "  -d, --device NAME       auto, cpu, or none (the timeline only)\n"
    "      --progress MODE     auto, plain, none, or json (an object a line on standard error)\n"
    "      --verify            play every run twice and compare the digests\n"
    "  -q, --quiet             no progress, no table\n"
    "  -h, --help              this text\n";

enum { OPTION_FORCE = 256, OPTION_APPEND, OPTION_SEED, OPTION_PROGRESS, OPTION_VERIFY };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"append", no_argument, NULL, OPTION_APPEND},
    {"set", required_argument, NULL, 's'},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"threads", required_argument, NULL, 'j'},
    {"device", required_argument, NULL, 'd'},
    {"progress", required_argument, NULL, OPTION_PROGRESS},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void add_set(struct run_request *request, const char *text)
{
    request->set = memory_resize(request->set, request->set_count + 1, sizeof *request->set);
    request->set[request->set_count++] = text;
}

static void add_seed(struct run_request *request, struct memory_arena *arena, const char *seed)
{
    char text[64];
    int length = snprintf(text, sizeof text, "seed=%.40s", seed);
    add_set(request, memory_arena_string(arena, text, (size_t)length));
}

/* A trace is a database: it needs a place of its own on a disk. */
static const char *take_output(struct run_request *request, const char *path)
{
    request->output = path;
    if (path[0] == '\0')
        return "--output expects the name of a file, found an empty text";
    if (strcmp(path, "-") == 0)
        return "--output expects the name of a file: a trace is a database, it cannot go to "
               "standard output (show FILE.db prints one)";
    return NULL;
}

static const char *take_progress(struct run_request *request, const char *mode)
{
    static const char *const modes[] = {"auto", "plain", "none", "json"};
    request->progress = mode;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(mode, modes[i]) == 0)
            return NULL;
    return "--progress expects auto, plain, none or json";
}

static enum progress_mode progress_mode(const struct cli *cli, const struct run_request *request)
{
    if (request->quiet || strcmp(request->progress, "none") == 0)
        return PROGRESS_NONE;
    if (strcmp(request->progress, "json") == 0)
        return PROGRESS_JSON;
    return cli->err_is_terminal && strcmp(request->progress, "auto") == 0 ? PROGRESS_LIVE
                                                                          : PROGRESS_PLAIN;
}

static bool parse_threads(const char *text, unsigned *threads)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 1 || value > THREADS_MAX)
        return false;
    *threads = (unsigned)value;
    return true;
}

/* One option into the request; a message when its argument is bad. */
static const char *take_option(struct run_request *request, struct memory_arena *arena, int option)
{
    switch (option) {
    case 'o':
        return take_output(request, optarg);
    case 's':
        add_set(request, optarg);
        return strchr(optarg, '=') ? NULL : "--set expects KEY.PATH=VALUE";
    case 'j':
        return parse_threads(optarg, &request->threads)
                   ? NULL
                   : "--threads expects a number from 1 to " THREADS_MAX_TEXT;
    case 'd':
        request->device = optarg;
        return NULL;
    case 'q':
        request->quiet = true;
        return NULL;
    case OPTION_FORCE:
        request->force = true;
        return NULL;
    case OPTION_APPEND:
        request->append = true;
        return NULL;
    case OPTION_SEED:
        add_seed(request, arena, optarg);
        return NULL;
    case OPTION_PROGRESS:
        return take_progress(request, optarg);
    case OPTION_VERIFY:
        request->verify = true;
        return NULL;
    default:
        return "";
    }
}

static const struct backend_ops *find_backend(const char *device)
{
    return (const void *)plugin_find(&backend_registry,
                                     strcmp(device, "auto") == 0 ? "cpu" : device);
}

static enum status check_all(const struct scenario *scenario, const struct run_options *options,
                             struct error *error)
{
    for (size_t i = 0; i < scenario_count(scenario); i++) {
        enum status status = run_check(&scenario_at(scenario, i)->config, options->backend,
                                       options->data_cache, error);
        if (status == STATUS_OK)
            continue;
        scenario_blame(scenario, i, error);
        return status;
    }
    return STATUS_OK;
}

static enum status open_output(const struct run_request *request, struct trace_sink **sink,
                               struct error *error)
{
    enum trace_open_mode mode = request->append  ? TRACE_APPEND
                                : request->force ? TRACE_REPLACE
                                                 : TRACE_CREATE;
    *sink = NULL;
    if (request->output == NULL)
        return STATUS_OK;
    return trace_sqlite_open(request->output, mode, request->force, sink, error);
}

static struct trace_run trace_row(const struct scenario_run *run, const struct run_options *options,
                                  const char *host)
{
    struct trace_run row = run_row(&run->config, options);
    row.id = run->id;
    row.variant = run->variant;
    row.scenario = run->resolved;
    row.canonical = run->canonical;
    row.digest = run->digest;
    row.host = host;
    return row;
}

/* Plays once; with --verify a second time without a trace, and compares. */
static enum status play(const struct scenario_run *run, const struct run_options *options,
                        bool verify, struct run_result *result, struct error *error)
{
    struct run_result again;
    enum status status = run_play(&run->config, options, result, error);
    if (status != STATUS_OK || !verify)
        return status;
    struct run_options plain = *options;
    plain.sink = NULL;
    status = run_play(&run->config, &plain, &again, error);
    if (status == STATUS_OK && (strcmp(result->timeline_digest, again.timeline_digest) != 0 ||
                                strcmp(result->metrics_digest, again.metrics_digest) != 0))
        status = status_fail(error, STATUS_DIGEST,
                             "digests differ between two plays: timeline %s and %s, metrics %s "
                             "and %s",
                             result->timeline_digest, again.timeline_digest, result->metrics_digest,
                             again.metrics_digest);
    return status;
}

/* One run with its own row and progress line. */
static enum status play_one(const struct cli *cli, const struct run_request *request,
                            const struct scenario *scenario, size_t index,
                            const struct run_options *common, struct run_result *result,
                            struct error *error)
{
    const struct scenario_run *run = scenario_at(scenario, index);
    struct run_options options = *common;
    char host[HOST_NAME_MAX + 1] = "";
    enum progress_mode mode = progress_mode(cli, request);
    struct progress *line = progress_create(stderr, mode, run, index, scenario_count(scenario));
    gethostname(host, sizeof host - 1);
    const struct trace_run row = trace_row(run, common, host);
    options.row = &row;
    options.progress = line ? progress_report : NULL;
    options.progress_context = line;
    options.progress_every_s = progress_every_s(mode);
    enum status status = play(run, &options, request->verify, result, error);
    progress_end(line, result);
    progress_free(line);
    return status;
}

/* Of several runs the message says which one failed. */
static void blame(const struct scenario *scenario, size_t index, struct error *error)
{
    char label[128];
    size_t used;
    scenario_blame(scenario, index, error);
    if (scenario_count(scenario) < 2)
        return;
    progress_label(scenario_at(scenario, index), label, sizeof label);
    used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, ", in run %s", label);
}

static int play_all(const struct cli *cli, const struct run_request *request,
                    const struct scenario *scenario, const struct run_options *options)
{
    int exit_code = 0;
    size_t agreed = 0;
    struct summary *summary = summary_create();
    for (size_t i = 0; i < scenario_count(scenario); i++) {
        struct run_result result;
        struct error error = {.status = STATUS_OK};
        enum status status = play_one(cli, request, scenario, i, options, &result, &error);
        summary_add(summary, scenario_at(scenario, i), &result);
        agreed += request->verify && status == STATUS_OK;
        if (status == STATUS_OK)
            continue;
        blame(scenario, i, &error);
        exit_code = cli_error(cli, &error);
        if (status == STATUS_INTERRUPTED || status == STATUS_ENVIRONMENT)
            break;
    }
    if (!request->quiet)
        summary_print(summary, stdout);
    if (!request->quiet && request->verify)
        printf("\nverified: %zu of %zu runs were played twice and both plays have the same "
               "digests\n",
               agreed, scenario_count(scenario));
    summary_free(summary);
    return exit_code;
}

static int run_scenario(struct cli *cli, const struct run_request *request)
{
    struct error error = {.status = STATUS_OK};
    struct scenario *scenario = NULL;
    struct run_options options = {.backend = find_backend(request->device),
                                  .threads = request->threads,
                                  .interrupt = cli->interrupt,
                                  .data_cache = data_cache_create()};
    int exit_code;
    enum status status =
        scenario_load(request->scenario, request->set, request->set_count, &scenario, &error);
    if (status == STATUS_OK)
        status = check_all(scenario, &options, &error);
    if (status == STATUS_OK)
        status = open_output(request, &options.sink, &error);
    if (status != STATUS_OK) {
        exit_code = cli_error(cli, &error);
    } else {
        if (!blas_is_single_threaded())
            fprintf(stderr,
                    "%s: warning: this BLAS (%s) cannot be proved single-threaded; results may "
                    "differ between thread counts\n",
                    cli->program, blas_core_name());
        exit_code = play_all(cli, request, scenario, &options);
    }
    if (options.sink)
        options.sink->ops->close(options.sink);
    data_cache_free(options.data_cache);
    scenario_free(scenario);
    return exit_code;
}

static int run_main(struct cli *cli, int argc, char **argv)
{
    struct run_request request = {.device = "auto", .progress = "auto"};
    struct memory_arena arena = {NULL};
    int option, exit_code = -1;
    while (exit_code < 0 &&
           (option = getopt_long(argc, argv, "o:s:j:d:qh", long_options, NULL)) >= 0) {
        if (option == 'h') {
            exit_code = cli_help(&run_command, options_text);
            break;
        }
        const char *problem = take_option(&request, &arena, option);
        if (problem)
            exit_code = problem[0] ? cli_usage_error(cli, &run_command, "%s", problem) : 2;
    }
    if (exit_code < 0 && optind + 1 != argc)
        exit_code = cli_usage_error(cli, &run_command, "expected one scenario file, found %d",
                                    argc - optind);
    if (exit_code < 0 && request.append && request.force)
        exit_code = cli_usage_error(cli, &run_command, "--append and --force exclude each other");
    if (exit_code < 0 && (request.append || request.force) && request.output == NULL)
        exit_code = cli_usage_error(cli, &run_command, "%s needs an output (-o FILE.db)",
                                    request.append ? "--append" : "--force");
    if (exit_code < 0 && find_backend(request.device) == NULL)
        exit_code = cli_usage_error(
            cli, &run_command, "found device \"%s\", expected auto, cpu or none", request.device);
    if (exit_code < 0) {
        request.scenario = argv[optind];
        exit_code = run_scenario(cli, &request);
    }
    free(request.set);
    memory_arena_free(&arena);
    return exit_code;
}

const struct cli_command run_command = {
    .name = "run",
    .usage = "run SCENARIO.json [-o FILE.db] [--set KEY.PATH=VALUE]... [--seed N] [--threads N]",
    .summary = "play every run of a scenario file and print a summary",
    .main = run_main,
};
