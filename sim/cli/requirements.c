/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of struct algorithm_ops in words, a line each.  What depends on parameters is asked
 * for every word that they can take, so no list of cases is kept here.
 */
#include "cli/requirements.h"

#include <string.h>

#include "scenario/pairs.h"

#define REQUIREMENT_SIZE 160

static const struct {
    unsigned flag;
    const char *text;
} topology_words[] = {
    {TOPOLOGY_COLUMN_STOCHASTIC, "column-stochastic"},
    {TOPOLOGY_DOUBLY_STOCHASTIC, "doubly stochastic"},
    {TOPOLOGY_SYMMETRIC, "symmetric"},
    {TOPOLOGY_PAIRWISE, "a matching at every phase"},
    {TOPOLOGY_CONNECTED, "connected over its phases"},
    {TOPOLOGY_STATIC, "one matrix for all phases"},
    {TOPOLOGY_ABOVE_MINUS_THIRD, "eigenvalues above -1/3"},
};

static void print_topology(unsigned demands, FILE *out)
{
    const char *separator = "";
    for (size_t i = 0; i < sizeof topology_words / sizeof *topology_words; i++) {
        if (!(demands & topology_words[i].flag))
            continue;
        fprintf(out, "%s%s", separator, topology_words[i].text);
        separator = ", ";
    }
    fprintf(out, "%s\n", *separator ? "" : "any");
}

/* What is demanded with one more setting; `without` where that is no scenario. */
static unsigned demands_with(const struct algorithm_ops *algorithm, const char *setting,
                             unsigned without)
{
    struct scenario *scenario = pairs_alone(algorithm, &setting, setting != NULL);
    if (scenario == NULL)
        return without;
    unsigned demands = algorithm->topology(scenario_at(scenario, 0)->config.algorithm.params);
    scenario_free(scenario);
    return demands;
}

/* Parameters of few values that change what is demanded. */
static void print_variants(const struct algorithm_ops *algorithm, unsigned usual, int indent,
                           FILE *out)
{
    static const char *const truths[] = {"false", "true", NULL};
    for (const struct field *field = algorithm->plugin.params; field && field->name; field++) {
        const char *const *words = field->type == FIELD_BOOL ? truths : field->names;
        for (; words && *words; words++) {
            char setting[160];
            snprintf(setting, sizeof setting, "algorithm.%s=%s", field->name, *words);
            unsigned demands = demands_with(algorithm, setting, usual);
            if (demands == usual)
                continue;
            fprintf(out, "%*s- with %s %s: ", indent, "", field->name, *words);
            print_topology(demands, out);
        }
    }
}

static void print_topologies(const struct algorithm_ops *algorithm, int indent, FILE *out)
{
    fprintf(out, "%*s- topology: ", indent, "");
    if (algorithm->topology == NULL) {
        fputs("none is used\n", out);
        return;
    }
    unsigned usual = demands_with(algorithm, NULL, 0);
    print_topology(usual, out);
    print_variants(algorithm, usual, indent + 2, out);
}

/* ---- One line a member ---------------------------------------------------------------------- */

/* Each writes what there is to say; nothing: no line. */

static void say_optimizer(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    static const char *const words[] = {
        [ALGORITHM_OPTIMIZER_ANY] = "any",
        [ALGORITHM_OPTIMIZER_RATE] = "sgd without clipping: the update rule is its own and takes "
                                     "the learning rate and weight decay",
        [ALGORITHM_OPTIMIZER_ELEMENTWISE] = "any without clipping that is not layer-wise",
    };
    (void)params;
    strcpy(text, algorithm->uses_gradients ? words[algorithm->optimizers]
                                           : "none is used: no gradients, and no data");
}

static void say_clock(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    (void)params;
    if (algorithm->uses_gradients)
        strcpy(text, algorithm->global_clock ? "schedules read the run's epoch"
                                             : "schedules read the worker's own epoch");
}

static void say_servers(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    struct algorithm_servers servers = {.count = 0};
    if (algorithm->servers != NULL)
        servers = algorithm->servers(params, PAIRS_NODES);
    if (servers.count > 0)
        snprintf(text, REQUIREMENT_SIZE, "%u for %d workers, %s", servers.count, PAIRS_NODES,
                 servers.co_located ? "on the workers' hosts" : "on hosts of their own");
}

static void say_slots(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    if (algorithm->slots != NULL)
        snprintf(text, REQUIREMENT_SIZE, "%u at once on every worker", algorithm->slots(params));
}

static void say_weight(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    (void)params;
    if (algorithm->carries_weight)
        strcpy(text, "travels with every message (8 bytes); the model is x / w");
}

static void say_vectors(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    (void)params;
    if (algorithm->vectors > 0)
        snprintf(text, REQUIREMENT_SIZE,
                 "%u more of the model's size on every worker, %u of them travel",
                 algorithm->vectors, algorithm->travelling);
}

static void say_mean(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    static const char *const words[] = {
        [ALGORITHM_MEAN_HELD] = "(what the nodes hold + what is in flight) / n",
        [ALGORITHM_MEAN_DEPLOYED] = "the mean of the nodes' own models",
        [ALGORITHM_MEAN_SERVER] = "the server's model",
    };
    (void)params;
    strcpy(text, words[algorithm->mean]);
}

static void say_outer(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    const char *reason = NULL;
    if (!algorithm->uses_gradients)
        return;
    if (algorithm->on_resume == NULL) {
        strcpy(text, "none: no pause between two iterations");
        return;
    }
    if (algorithm->refuses_outer)
        reason = algorithm->refuses_outer(params);
    if (reason)
        snprintf(text, REQUIREMENT_SIZE, "none: it %s", reason);
    else
        strcpy(text, algorithm->averages ? "any, in the place of the program's own averages"
                                         : "any, with a period");
}

static void say_compressor(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    unsigned targets = algorithm->compresses ? algorithm->compresses(params) : 0;
    if (!algorithm->uses_gradients)
        return;
    if (targets & ALGORITHM_COMPRESSES_GRADIENT)
        strcpy(text, "acts on gradients, with or without a memory");
    else if (targets & ALGORITHM_COMPRESSES_DIFFERENCE)
        strcpy(text, "acts on the difference to a tracked copy, without a memory");
    else
        strcpy(text, "none: whole models are sent");
}

static void say_faults(const struct algorithm_ops *algorithm, const void *params, char *text)
{
    bool survives = (algorithm->survives & ALGORITHM_SURVIVES_LOSS) &&
                    !(algorithm->needs_all && algorithm->needs_all(params));
    bool forgets = algorithm->survives & ALGORITHM_SURVIVES_AMNESIA;
    snprintf(text, REQUIREMENT_SIZE, "lost messages are %s; a host restarts with its state kept%s",
             survives ? "missed" : "sent again", forgets ? " or lost" : "");
}

static const struct {
    const char *title;
    void (*say)(const struct algorithm_ops *algorithm, const void *params, char *text);
} lines[] = {
    {"optimizer", say_optimizer}, {"learning rate", say_clock},    {"servers", say_servers},
    {"gradients", say_slots},     {"push-sum weight", say_weight}, {"vectors", say_vectors},
    {"mean model", say_mean},     {"outer optimizer", say_outer},  {"compressor", say_compressor},
    {"faults", say_faults},
};

void requirements_print(const struct algorithm_ops *algorithm, int indent, FILE *out)
{
    struct scenario *scenario = pairs_alone(algorithm, NULL, 0);
    fprintf(out, "%*srequirements:\n", indent, "");
    print_topologies(algorithm, indent + 2, out);
    for (size_t i = 0; scenario != NULL && i < sizeof lines / sizeof *lines; i++) {
        char text[REQUIREMENT_SIZE] = "";
        lines[i].say(algorithm, scenario_at(scenario, 0)->config.algorithm.params, text);
        if (text[0] != '\0')
            fprintf(out, "%*s- %s: %s\n", indent + 2, "", lines[i].title, text);
    }
    scenario_free(scenario);
}
