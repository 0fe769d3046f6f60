/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hearsay show`: what a trace says. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/database.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/show_parameters.h"
#include "core/memory.h"
#include "core/simtime.h"

extern const struct cli_command show_command;

enum show_what { SHOW_SUMMARY, SHOW_METRICS, SHOW_NODES, SHOW_BLOCKED, SHOW_PARAMETERS };
enum {
    OPTION_FORCE = 256,
    OPTION_TABLE,
    OPTION_CSV,
    OPTION_JSON,
    OPTION_SUMMARY,
    OPTION_METRICS,
    OPTION_NODES,
    OPTION_BLOCKED,
    OPTION_PARAMETERS,
    OPTION_AT,
    OPTION_NODE,
};

static const char options_text[] =
    "  -r, --run ID|NAME      only these runs: number, id, name or variant (repeatable)\n"
    "      --summary          a line a run (default)\n"
    "      --metrics          every metric: the state of the whole system over time\n"
    "      --nodes            every metric of every node\n"
    "      --blocked          time of every node by what it did (trace level messages)\n"
    "      --parameters KIND  stored vectors: x (numerators), z (models), mean, or w (weights)\n"
    "      --at SEQUENCE      with --parameters: of this metric only\n"
    "      --node N           with --parameters: of this node only (-1: the mean model)\n"
    "      --table            aligned for reading (default of --summary and --blocked)\n"
    "      --csv, --json      with every digit (CSV is the default of the others)\n"
    "  -o, --output FILE      write there; --parameters takes FILE.npy for one vector\n"
    "      --force            replace an existing FILE\n"
    "  -h, --help             this text\n";

static const struct option long_options[] = {
    {"run", required_argument, NULL, 'r'},
    {"table", no_argument, NULL, OPTION_TABLE},
    {"csv", no_argument, NULL, OPTION_CSV},
    {"json", no_argument, NULL, OPTION_JSON},
    {"summary", no_argument, NULL, OPTION_SUMMARY},
    {"metrics", no_argument, NULL, OPTION_METRICS},
    {"nodes", no_argument, NULL, OPTION_NODES},
    {"blocked", no_argument, NULL, OPTION_BLOCKED},
    {"parameters", required_argument, NULL, OPTION_PARAMETERS},
    {"at", required_argument, NULL, OPTION_AT},
    {"node", required_argument, NULL, OPTION_NODE},
    {"output", required_argument, NULL, 'o'},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct show_request {
    char *path;
    const char *output;
    const char **runs;
    size_t run_count;
    int what;   /* enum show_what; -1: the summary */
    int format; /* enum rows_format; -1: what suits */
    bool force;
    struct show_parameters parameters;
};

static const char *const queries[] = {
    [SHOW_SUMMARY] = "SELECT * FROM v_summary WHERE run IN (SELECT run FROM selected)"
                     " ORDER BY run",
    [SHOW_METRICS] = "SELECT * FROM v_metrics WHERE run IN (SELECT run FROM selected)"
                     " ORDER BY run, sequence",
    [SHOW_NODES] = "SELECT * FROM v_node_metrics WHERE run IN (SELECT run FROM selected)"
                   " ORDER BY run, sequence, node",
    [SHOW_BLOCKED] = "SELECT * FROM v_blocked WHERE run IN (SELECT run FROM selected)"
                     " ORDER BY run, node, lane, kind",
    [SHOW_PARAMETERS] = NULL,
};

/* Columns of the table for people. */
static const char summary_query[] =
    "SELECT run, label, seed, status, simulated_time_s, wall_s, iterations, mean_model_loss,"
    " mean_model_accuracy, node_accuracy_mean, node_accuracy_min, consensus, bytes * 1e-9,"
    " blocked_share, substr(timeline_digest, 1, 12), reason"
    " FROM v_summary WHERE run IN (SELECT run FROM selected) ORDER BY run";
static const char *const summary_heads[] = {
    "run",      "variant", "seed",       "status",    "simulated", "wall s",  "iterations", "loss",
    "accuracy", "nodes",   "worst node", "consensus", "GB sent",   "blocked", "timeline",
};
enum {
    SUMMARY_LABEL = 1,
    SUMMARY_STATUS = 3,
    SUMMARY_TIME = 4,
    SUMMARY_DIGEST = 14,
    SUMMARY_REASON = 15,
    SUMMARY_COLUMNS = sizeof summary_heads / sizeof summary_heads[0],
};

static double number_of(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(statement, column);
}

static void summary_cell(struct cli_table *table, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    double number = number_of(statement, column);
    char time[32];

    if (column == SUMMARY_TIME && number >= 0)
        cli_table_cell(table, "%s", simtime_format(simtime_from_s(number), time, sizeof time));
    else if (column == SUMMARY_LABEL || column == SUMMARY_STATUS || column == SUMMARY_DIGEST)
        cli_table_cell(table, "%s", text != NULL ? text : "-");
    else
        cli_table_number(table, 4, number);
}

static void print_reason(const char *label, const char *status, const char *reason, FILE *out)
{
    char *name = cli_printable(label), *why = cli_printable_lines(reason);

    fprintf(out, "%s: %s: %s\n", name, status, why);
    free(name);
    free(why);
}

/* Why runs did not end well, a line each. */
static void print_reasons(sqlite3_stmt *statement, FILE *out)
{
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *status = (const char *)sqlite3_column_text(statement, SUMMARY_STATUS);
        const char *reason = (const char *)sqlite3_column_text(statement, SUMMARY_REASON);

        if (strcmp(status, "done") != 0 && reason != NULL)
            print_reason((const char *)sqlite3_column_text(statement, SUMMARY_LABEL), status,
                         reason, out);
    }
}

static enum status show_summary_table(sqlite3 *db, FILE *out, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    enum status status = database_prepare(db, summary_query, &statement, error);
    struct cli_table *table;

    if (status != STATUS_OK)
        return status;
    table = cli_table_create(SUMMARY_COLUMNS);
    for (int i = 0; i < SUMMARY_COLUMNS; i++)
        cli_table_cell(table, "%s", summary_heads[i]);
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < SUMMARY_COLUMNS; i++)
            summary_cell(table, statement, i);
    cli_table_print(table, out);
    cli_table_free(table);
    sqlite3_reset(statement);
    print_reasons(statement, out);
    sqlite3_finalize(statement);
    return STATUS_OK;
}

static enum status show_rows(sqlite3 *db, const struct show_request *request, FILE *out,
                             struct error *error)
{
    bool table = request->what == SHOW_SUMMARY || request->what == SHOW_BLOCKED;
    enum rows_format format = table ? ROWS_TABLE : ROWS_CSV;
    sqlite3_stmt *statement = NULL;
    enum status status;

    if (request->format >= 0)
        format = (enum rows_format)request->format;
    if (request->what == SHOW_SUMMARY && format == ROWS_TABLE)
        return show_summary_table(db, out, error);
    status = database_prepare(db, queries[request->what], &statement, error);
    if (status == STATUS_OK)
        status = rows_print(statement, format, out, error);
    sqlite3_finalize(statement);
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static enum status show(sqlite3 *db, const struct show_request *request, FILE *out,
                        struct error *error)
{
    if (request->what != SHOW_PARAMETERS)
        return show_rows(db, request, out, error);
    if (request->output != NULL && ends_with(request->output, ".npy"))
        return show_parameters_npy(db, &request->parameters, out, error);
    return show_parameters_csv(db, &request->parameters, out, error);
}

static enum status show_to_output(sqlite3 *db, const struct show_request *request,
                                  struct error *error)
{
    struct output output;
    enum status status =
        output_open(&output, request->output, request->force, &request->path, 1, error);

    if (status == STATUS_OK)
        status = show(db, request, output.file, error);
    return output_close(&output, status, error);
}

static int show_database(const struct cli *cli, const struct show_request *request)
{
    struct error error = {.status = STATUS_OK};
    sqlite3 *db = NULL;
    enum status status = database_open(request->path, &db, &error);

    if (status == STATUS_OK)
        status =
            database_select(db, request->path, request->runs, request->run_count, NULL, &error);
    if (status == STATUS_OK)
        status = show_to_output(db, request, &error);
    sqlite3_close(db);
    return status == STATUS_OK ? 0 : cli_error(cli, &error);
}

/* ---- The command line --------------------------------------------------- */

static bool parse_integer(const char *text, int64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

/* One choice of several; its repetition is none. */
static const char *choose(int *choice, int value, const char *problem)
{
    if (*choice >= 0 && *choice != value)
        return problem;
    *choice = value;
    return NULL;
}

static const char *choose_what(struct show_request *request, enum show_what what)
{
    return choose(&request->what, (int)what,
                  "--summary, --metrics, --nodes, --blocked and --parameters exclude each other");
}

static const char *take_parameters(struct show_request *request, const char *kind)
{
    static const char *const kinds[] = {"x", "z", "mean", "w"};

    request->parameters.kind = kind;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return choose_what(request, SHOW_PARAMETERS);
    return "--parameters expects x, z, mean or w";
}

/* One option into the request; a message when its argument is bad, "" when getopt said so. */
static const char *take_option(struct show_request *request, int option)
{
    switch (option) {
    case 'r':
        request->runs = memory_resize(request->runs, request->run_count + 1, sizeof *request->runs);
        request->runs[request->run_count++] = optarg;
        return NULL;
    case 'o':
        request->output = optarg;
        return optarg[0] != '\0' ? NULL : "--output expects the name of a file, or -";
    case OPTION_FORCE:
        request->force = true;
        return NULL;
    case OPTION_TABLE:
    case OPTION_CSV:
    case OPTION_JSON:
        return choose(&request->format, option - OPTION_TABLE + ROWS_TABLE,
                      "--table, --csv and --json exclude each other");
    case OPTION_SUMMARY:
    case OPTION_METRICS:
    case OPTION_NODES:
    case OPTION_BLOCKED:
        return choose_what(request, (enum show_what)(option - OPTION_SUMMARY + SHOW_SUMMARY));
    case OPTION_PARAMETERS:
        return take_parameters(request, optarg);
    case OPTION_AT:
        return parse_integer(optarg, &request->parameters.sequence) ? NULL
                                                                    : "--at expects a number";
    case OPTION_NODE:
        return parse_integer(optarg, &request->parameters.node) ? NULL : "--node expects a number";
    default:
        return "";
    }
}

static int show_main(struct cli *cli, int argc, char **argv)
{
    struct show_request request = {
        .what = -1, .format = -1, .parameters = {NULL, SHOW_PARAMETERS_ANY, SHOW_PARAMETERS_ANY}};
    int option, exit_code = -1;

    while (exit_code < 0 && (option = getopt_long(argc, argv, "r:o:h", long_options, NULL)) >= 0) {
        const char *problem = option == 'h' ? NULL : take_option(&request, option);

        if (option == 'h')
            exit_code = cli_help(&show_command, options_text);
        else if (problem != NULL)
            exit_code = problem[0] ? cli_usage_error(cli, &show_command, "%s", problem) : 2;
    }
    if (exit_code < 0 && optind + 1 != argc)
        exit_code =
            cli_usage_error(cli, &show_command, "expected one database, found %d", argc - optind);
    if (exit_code < 0 && request.force && request.output == NULL)
        exit_code = cli_usage_error(cli, &show_command, "--force needs an output (-o FILE)");
    if (exit_code < 0 && request.what == SHOW_PARAMETERS && request.format > ROWS_CSV)
        exit_code = cli_usage_error(cli, &show_command, "--parameters prints CSV or .npy");
    if (exit_code < 0) {
        request.path = argv[optind];
        request.what = request.what < 0 ? SHOW_SUMMARY : request.what;
        exit_code = show_database(cli, &request);
    }
    free(request.runs);
    return exit_code;
}

const struct cli_command show_command = {
    .name = "show",
    .usage = "show FILE.db [--run ID|NAME]... [--metrics | --nodes | --blocked | "
             "--parameters KIND] [--table | --csv | --json] [-o FILE [--force]]",
    .summary = "print what a trace says: summaries, metrics, nodes, parameters",
    .main = show_main,
};
