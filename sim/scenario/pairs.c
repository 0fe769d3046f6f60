/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small scenarios for pairs of parts.
 *
 * A pair is base_text with some of its keys set anew, as by --set: the algorithm, a topology that
 * it accepts (the first of the registry), the part, and what the part cannot do without.  The last
 * comes from `contexts`: a data set for a model that needs one, or the other way round.  They are
 * tried in order and the first that passes counts, so a pair is refused only when nothing helps.
 * Required parameters get a sensible value of their type.  A family that needs another key beside
 * its own gets a line in `contexts`.
 */
#include "scenario/pairs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "run/run.h"
#include "scenario/buffer.h"

#define PAIRS_SETTINGS_MAX 8
#define PAIRS_PREFIX       "algorithm."

#define PAIRS_TEXT(number)  PAIRS_QUOTE(number)
#define PAIRS_QUOTE(number) #number

static const char base_text[] = "{\"nodes\": " PAIRS_TEXT(
    PAIRS_NODES) ", \"algorithm\": null, \"model\": {\"name\": \"quadratic\", \"dimension\": 8},"
                 " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.01},"
                 " \"stop\": {\"iterations\": 5}, \"trace\": {\"level\": \"none\"},"
                 " \"metrics\": {\"every\": \"5 iterations\", \"loss_samples\": 64, "
                 "\"node_samples\": 16}}";

#define PAIRS_BLOBS                                                                                \
    "data={\"name\": \"gaussian-blobs\", \"classes\": 2, \"features\": 4, \"samples\": 64,"        \
    " \"test_samples\": 8, \"batch_size\": 4}"
#define PAIRS_TEACHER                                                                              \
    "data={\"name\": \"teacher\", \"classes\": 0, \"inputs\": 4, \"samples\": 64,"                 \
    " \"test_samples\": 8, \"batch_size\": 4}"

/* What helps the parts of a family. */
struct context {
    const char *path; /* of the family; NULL: any */
    const char *before[2], *after[2];
    const char *condition; /* for the reader */
    bool needed; /* without it the part would do nothing: the general context is not tried */
};

static const struct context contexts[] = {
    {.path = NULL},
    {.path = "topology",
     .after = {"topology.weights=metropolis"},
     .condition = "with weights \"metropolis\""},
    {.path = "topology", .after = {"topology.mean_degree=4"}},
    {.path = "topology",
     .after = {"topology.mean_degree=4", "topology.weights=metropolis"},
     .condition = "with weights \"metropolis\""},
    {.path = "outer", .after = {"outer.period=2"}, .condition = "with a period"},
    {.path = "outer.collective", .before = {"outer=slowmo"}, .needed = true},
    {.path = "outer.collective",
     .before = {"outer={\"name\": \"slowmo\", \"period\": 2}"},
     .needed = true},
    {.path = "algorithm.gather",
     .before = {"compressor={\"name\": \"top-k\", \"ratio\": 0.25}"},
     .needed = true},
    {.path = "model", .before = {PAIRS_BLOBS}},
    {.path = "model", .before = {PAIRS_TEACHER}},
    {.path = "data", .before = {"model=softmax"}, .after = {"data.samples=64"}},
    {.path = "data.partition", .before = {"model=softmax", PAIRS_BLOBS}},
    {.path = "compute.gradient_time", .after = {"compute.gradient_time.mean=20 ms"}},
};

struct pairs {
    struct pairs_family *families;
    size_t family_count, family_capacity;
    struct base *bases; /* an algorithm */
};

/* What an algorithm is played on when its topology is not the question. */
struct base {
    bool known;
    char *topology;     /* the setting of the first one that it accepts; NULL: none, or unused */
    struct error error; /* why none is accepted */
};

/* ---- Families ------------------------------------------------------------------------------- */

static void add_family(struct pairs *pairs, const char *prefix, const struct field *field)
{
    struct pairs_family family = {
        .plural = field->registry != NULL ? field->registry->plural : field->name,
        .registry = field->registry,
        .words = field->names,
        .optional = field->fallback != NULL && strcmp(field->fallback, "null") == 0,
    };
    snprintf(family.path, sizeof family.path, "%s%s", prefix, field->name);
    for (size_t i = 0; i < pairs->family_count; i++)
        if (strcmp(pairs->families[i].path, family.path) == 0 &&
            pairs->families[i].registry == family.registry)
            return;
    if (pairs->family_count == pairs->family_capacity)
        pairs->families = memory_grow(pairs->families, &pairs->family_capacity,
                                      pairs->family_count + 1, sizeof *pairs->families);
    pairs->families[pairs->family_count++] = family;
}

/* Choices of a table and of its sections. */
static void add_choices(struct pairs *pairs, const char *prefix, const struct field *table)
{
    for (const struct field *field = table; field != NULL && field->name != NULL; field++) {
        char inner[48];
        snprintf(inner, sizeof inner, "%s%s.", prefix, field->name);
        if (field->type == FIELD_CHOICE && field->registry != &algorithm_registry)
            add_family(pairs, prefix, field);
        if (field->type == FIELD_CHOICE || field->type == FIELD_OBJECT)
            add_choices(pairs, inner, field->fields);
    }
}

static void add_families(struct pairs *pairs)
{
    add_choices(pairs, "", run_fields);
    for (size_t i = 0; algorithm_registry.entries[i] != NULL; i++)
        add_choices(pairs, PAIRS_PREFIX, algorithm_registry.entries[i]->params);
    for (const struct field *field = run_fields; field->name != NULL; field++)
        if (field->type == FIELD_ENUM)
            add_family(pairs, "", field);
}

/* ---- Settings ------------------------------------------------------------------------------- */

/* 2, or what the range allows that is nearest to it and not its end. */
static double sensible_number(const struct field *field)
{
    bool ranged = field->min != 0 || field->max != 0;
    double middle = field->min + (field->max - field->min) / 2;
    if (!ranged || (field->min <= 2 && middle >= 2))
        return 2;
    return middle;
}

static void add_value(struct buffer *out, const struct field *field)
{
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_REAL:
        buffer_add_number(out, sensible_number(field));
        break;
    case FIELD_BOOL:
        buffer_add(out, "true");
        break;
    case FIELD_DURATION:
        buffer_add(out, "\"20 ms\"");
        break;
    case FIELD_BYTES:
        buffer_add(out, "\"1 kB\"");
        break;
    case FIELD_BANDWIDTH:
        buffer_add(out, "\"1 Gbps\"");
        break;
    case FIELD_BYTE_RATE:
        buffer_add(out, "\"1 GB/s\"");
        break;
    case FIELD_ENUM:
        buffer_add_json(out, field->names[0], 0);
        break;
    case FIELD_CHOICE:
        buffer_add_json(out, field->registry->entries[0]->name, 0);
        break;
    default: /* refused as it would be for a user, and shown */
        buffer_add(out, "null");
    }
}

/* "PATH={"name": ..., required parameters}" */
static char *plugin_setting(const char *path, const struct plugin *plugin)
{
    struct buffer out = {0};
    buffer_format(&out, "%s={\"name\": \"%s\"", path, plugin->name);
    for (const struct field *field = plugin->params; field && field->name; field++) {
        if (field->fallback != NULL)
            continue;
        buffer_format(&out, ", \"%s\": ", field->name);
        add_value(&out, field);
    }
    buffer_add(&out, "}");
    return out.text;
}

static char *part_setting(const struct pairs_family *family, size_t part)
{
    if (family->registry != NULL)
        return plugin_setting(family->path, family->registry->entries[part]);
    struct buffer out = {0};
    buffer_format(&out, "%s=%s", family->path, family->words[part]);
    return out.text;
}

struct settings {
    const char *text[PAIRS_SETTINGS_MAX];
    size_t count;
};

static void add_setting(struct settings *settings, const char *text)
{
    if (text != NULL)
        settings->text[settings->count++] = text;
}

static enum status check_settings(const struct settings *settings, struct scenario **scenario,
                                  struct error *error)
{
    enum status status = scenario_parse("pair", base_text, strlen(base_text), settings->text,
                                        settings->count, scenario, error);
    if (status != STATUS_OK) {
        *scenario = NULL;
        return status;
    }
    status = run_check(&scenario_at(*scenario, 0)->config, NULL, NULL, error);
    if (status != STATUS_OK) {
        scenario_free(*scenario);
        *scenario = NULL;
    }
    return status;
}

/* ---- Pairs ---------------------------------------------------------------------------------- */

static const struct algorithm_ops *algorithm_at(size_t index)
{
    return (const struct algorithm_ops *)algorithm_registry.entries[index];
}

/* Families that averaging without gradients has no use for. */
static const char *const of_gradients[] = {"optimizer", "compute.gradient_time", "data",
                                           "data.partition"};

static bool is_used(const struct algorithm_ops *algorithm, const struct pairs_family *family)
{
    size_t length = strlen(PAIRS_PREFIX);
    if (strncmp(family->path, PAIRS_PREFIX, length) == 0) {
        const struct field *field = field_find(algorithm->plugin.params, family->path + length);
        return field != NULL && field->registry == family->registry;
    }
    if (strcmp(family->path, "topology") == 0)
        return algorithm->topology != NULL;
    if (strcmp(family->path, "outer.collective") == 0)
        return algorithm->uses_gradients && algorithm->on_resume != NULL;
    for (size_t i = 0; i < sizeof of_gradients / sizeof *of_gradients; i++)
        if (strcmp(family->path, of_gradients[i]) == 0)
            return algorithm->uses_gradients;
    return true;
}

static bool needs_context(const char *path)
{
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
        if (contexts[i].needed && strcmp(contexts[i].path, path) == 0)
            return true;
    return false;
}

static bool reads_file(const struct pairs_family *family, size_t part)
{
    if (family->registry == NULL)
        return false;
    for (const struct field *field = family->registry->entries[part]->params; field && field->name;
         field++)
        if (field->type == FIELD_PATH)
            return true;
    return false;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

const char *pairs_mention(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name))
        if ((at == text || !in_name(at[-1])) && !in_name(at[length]))
            return at;
    return NULL;
}

/* Such a message is about its key, or has its name: "sgp needs ...". */
static bool is_about(const struct algorithm_ops *algorithm, const struct error *error)
{
    return strncmp(error->path, "algorithm", strlen("algorithm")) == 0 ||
           pairs_mention(error->text, algorithm->plugin.name) != NULL;
}

/* Of several reasons, the first that is about the algorithm; else the first. */
static void keep_reason(const struct algorithm_ops *algorithm, struct error *kept,
                        const struct error *error)
{
    if (kept->status == STATUS_OK || (is_about(algorithm, error) && !is_about(algorithm, kept)))
        *kept = *error;
}

/* Is the pair allowed in some context? */
static void try_contexts(const struct algorithm_ops *algorithm, const char *topology,
                         const char *path, const char *part, struct pair *pair)
{
    char *first = plugin_setting("algorithm", &algorithm->plugin);
    *pair = (struct pair){.verdict = PAIRS_REFUSED};
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        const struct context *context = &contexts[i];
        struct error error = {.status = STATUS_OK};
        struct settings settings = {.count = 0};
        if (context->path != NULL ? strcmp(context->path, path) != 0 : needs_context(path))
            continue;
        add_setting(&settings, first);
        add_setting(&settings, topology);
        add_setting(&settings, context->before[0]);
        add_setting(&settings, context->before[1]);
        add_setting(&settings, part);
        add_setting(&settings, context->after[0]);
        add_setting(&settings, context->after[1]);
        if (check_settings(&settings, &pair->scenario, &error) == STATUS_OK) {
            pair->verdict = PAIRS_ALLOWED;
            pair->condition = context->condition;
            break;
        }
        keep_reason(algorithm, &pair->error, &error);
    }
    free(first);
}

/* The first topology of the registry that the algorithm accepts. */
static const struct base *find_base(struct pairs *pairs, size_t algorithm)
{
    const struct algorithm_ops *ops = algorithm_at(algorithm);
    struct base *base = &pairs->bases[algorithm];
    for (size_t i = 0; !base->known && ops->topology && topology_registry.entries[i]; i++) {
        struct pair pair;
        char *setting = plugin_setting("topology", topology_registry.entries[i]);
        try_contexts(ops, NULL, "", setting, &pair);
        pairs_release(&pair);
        if (pair.verdict == PAIRS_ALLOWED) {
            *base = (struct base){.known = true, .topology = setting};
            break;
        }
        keep_reason(ops, &base->error, &pair.error);
        free(setting);
    }
    base->known = true;
    return base;
}

void pairs_try(struct pairs *pairs, size_t algorithm, size_t family, size_t part, struct pair *pair)
{
    const struct algorithm_ops *ops = algorithm_at(algorithm);
    const struct pairs_family *other = &pairs->families[family];
    *pair = (struct pair){.verdict = PAIRS_UNUSED};
    if (!is_used(ops, other))
        return;
    pair->verdict = PAIRS_FILE;
    if (reads_file(other, part))
        return;
    char *setting = part_setting(other, part);
    const struct base *base = find_base(pairs, algorithm);
    try_contexts(ops, base->topology, other->path, setting, pair);
    if (pair->verdict == PAIRS_REFUSED && base->error.status != STATUS_OK)
        pair->error = base->error;
    free(setting);
}

void pairs_release(struct pair *pair)
{
    scenario_free(pair->scenario);
    pair->scenario = NULL;
}

struct scenario *pairs_alone(const struct algorithm_ops *algorithm, const char *const *texts,
                             size_t count)
{
    char *first = plugin_setting("algorithm", &algorithm->plugin);
    struct scenario *scenario = NULL;
    struct error error;
    struct settings settings = {.count = 0};
    add_setting(&settings, first);
    for (size_t i = 0; i < count && settings.count < PAIRS_SETTINGS_MAX; i++)
        add_setting(&settings, texts[i]);
    if (scenario_parse("pair", base_text, strlen(base_text), settings.text, settings.count,
                       &scenario, &error) != STATUS_OK)
        scenario = NULL;
    free(first);
    return scenario;
}

/* ---- The parts ------------------------------------------------------------------------------ */

struct pairs *pairs_create(void)
{
    struct pairs *pairs = memory_alloc(sizeof *pairs);
    size_t algorithms = 0;
    while (algorithm_registry.entries[algorithms] != NULL)
        algorithms++;
    add_families(pairs);
    pairs->bases = memory_array(algorithms, sizeof *pairs->bases);
    return pairs;
}

void pairs_free(struct pairs *pairs)
{
    if (pairs == NULL)
        return;
    for (size_t i = 0; algorithm_registry.entries[i] != NULL; i++)
        free(pairs->bases[i].topology);
    free(pairs->bases);
    free(pairs->families);
    free(pairs);
}

size_t pairs_family_count(const struct pairs *pairs)
{
    return pairs->family_count;
}

const struct pairs_family *pairs_family(const struct pairs *pairs, size_t index)
{
    return &pairs->families[index];
}

const char *pairs_part(const struct pairs_family *family, size_t index)
{
    if (family->registry == NULL)
        return family->words[index];
    const struct plugin *plugin = family->registry->entries[index];
    return plugin != NULL ? plugin->name : NULL;
}
