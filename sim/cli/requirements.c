/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of struct algorithm_ops in words, a line each.  What depends on parameters is asked
 * for every word that they can take, so no list of cases is kept here.
 */
#include "cli/requirements.h"

#include "scenario/pairs.h"

static const struct {
    unsigned flag;
    const char *text;
} topology_words[] = {
    {TOPOLOGY_COLUMN_STOCHASTIC, "column-stochastic"},
    {TOPOLOGY_DOUBLY_STOCHASTIC, "doubly stochastic"},
    {TOPOLOGY_SYMMETRIC, "symmetric"},
    {TOPOLOGY_PAIRWISE, "a matching at every phase"},
    {TOPOLOGY_CONNECTED, "connected over its phases"},
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

static const char *optimizer_text(const struct algorithm_ops *algorithm)
{
    return algorithm->uses_gradients ? "any" : "none is used: no gradients, and no data";
}

static const char *weight_text(const struct algorithm_ops *algorithm)
{
    return algorithm->carries_weight ? "travels with every message (8 bytes); the model is x / w"
                                     : NULL;
}

static const struct {
    const char *title;
    const char *(*text)(const struct algorithm_ops *algorithm); /* NULL: nothing to say */
} lines[] = {
    {"optimizer", optimizer_text},
    {"push-sum weight", weight_text},
};

void requirements_print(const struct algorithm_ops *algorithm, int indent, FILE *out)
{
    fprintf(out, "%*srequirements:\n", indent, "");
    print_topologies(algorithm, indent + 2, out);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *text = lines[i].text(algorithm);
        if (text != NULL)
            fprintf(out, "%*s- %s: %s\n", indent + 2, "", lines[i].title, text);
    }
}
