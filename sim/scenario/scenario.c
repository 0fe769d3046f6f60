/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scenario files: reading, expansion into runs, identities, blame.
 */
#include "scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/digest.h"
#include "core/memory.h"
#include "scenario/bind.h"
#include "scenario/buffer.h"
#include "scenario/canonical.h"
#include "scenario/scenario_table.h"
#include "scenario/tree.h"

struct scenario {
    struct field root;
    struct text_map map;
    struct memory_arena arena;
    struct content_cache contents;
    struct scenario_run *runs;
    cJSON **trees; /* what each run was bound from, for blame */
    size_t count, run_capacity, tree_capacity;
};

static const char *const extra_keys[] = {"variants", NULL};

struct field scenario_root(const struct field *table)
{
    return (struct field){
        .name = "", .type = FIELD_OBJECT, .fields = table, .item_size = sizeof(struct run_config)};
}

static enum status fail_node(const struct scenario *scenario, const cJSON *node, const char *path,
                             const char *text, struct error *error)
{
    char where[512];
    return status_fail_at(error, path, "%s%s%s: %s",
                          text_where(&scenario->map, node, false, where, sizeof where),
                          *path == '\0' ? "" : ": ", path, text);
}

static enum status fail_expected(struct scenario *scenario, const cJSON *node, const char *path,
                                 const char *expected, struct error *error)
{
    char found[128], text[512];
    struct bind_context context = {.map = &scenario->map};
    snprintf(text, sizeof text, "found %s, expected %s", bind_found(&context, node, found),
             expected);
    return fail_node(scenario, node, path, text, error);
}

/* ---- identity ---- */

static const char *keep(struct scenario *scenario, char *text)
{
    const char *kept = memory_arena_string(&scenario->arena, text, strlen(text));
    free(text);
    return kept;
}

static enum status identify(struct scenario *scenario, struct scenario_run *run,
                            struct error *error)
{
    char *text;
    enum status status = canonical_write(&scenario->root, &run->config, CANONICAL_IDENTITY,
                                         &scenario->contents, &text, error);
    if (status != STATUS_OK)
        return status;
    run->canonical = keep(scenario, text);
    status = canonical_write(&scenario->root, &run->config, CANONICAL_RESOLVED, &scenario->contents,
                             &text, error);
    if (status != STATUS_OK)
        return status;
    run->resolved = keep(scenario, text);
    struct digest *digest = digest_create();
    digest_bytes(digest, run->canonical, strlen(run->canonical));
    digest_text(digest, run->digest);
    digest_free(digest);
    char high[17];
    memcpy(high, run->digest, 16);
    high[16] = '\0';
    run->id = (int64_t)(strtoull(high, NULL, 16) >> 1);
    return STATUS_OK;
}

/* ---- runs ---- */

static void grow_runs(struct scenario *scenario)
{
    size_t needed = scenario->count + 1;
    if (needed > scenario->run_capacity)
        scenario->runs =
            memory_grow(scenario->runs, &scenario->run_capacity, needed, sizeof *scenario->runs);
    if (needed > scenario->tree_capacity)
        scenario->trees =
            memory_grow(scenario->trees, &scenario->tree_capacity, needed, sizeof *scenario->trees);
}

/* Takes the tree. */
static enum status add_run(struct scenario *scenario, const char *variant, cJSON *tree,
                           struct error *error)
{
    grow_runs(scenario);
    struct scenario_run *run = &scenario->runs[scenario->count];
    *run = (struct scenario_run){.variant = variant};
    scenario->trees[scenario->count++] = tree;
    struct bind_context context = {
        .map = &scenario->map, .arena = &scenario->arena, .extra = extra_keys, .error = error};
    enum status status = bind_tree(&context, &scenario->root, tree, &run->config);
    return status == STATUS_OK ? identify(scenario, run, error) : status;
}

static bool seed_is_new(const struct scenario *scenario, const cJSON *seeds, const cJSON *seed)
{
    const struct text_origin *here = text_origin(&scenario->map, seed);
    for (const cJSON *before = seeds->child; before != seed; before = before->next) {
        const struct text_origin *there = text_origin(&scenario->map, before);
        if (here->number != NULL && here->number_size == there->number_size &&
            memcmp(here->number, there->number, here->number_size) == 0)
            return false;
    }
    return true;
}

static cJSON *duplicate(const cJSON *node)
{
    cJSON *copy = cJSON_Duplicate(node, true);
    CHECK(copy != NULL, "out of memory");
    return copy;
}

/* One run for each seed of the tree, which it takes. */
static enum status add_seeds(struct scenario *scenario, const char *variant, cJSON *tree,
                             struct error *error)
{
    cJSON *seeds = tree_member(tree, "seed");
    if (!cJSON_IsArray(seeds))
        return add_run(scenario, variant, tree, error);
    enum status status = STATUS_OK;
    if (seeds->child == NULL)
        status = fail_node(scenario, seeds, "seed", "found an empty list, expected a seed", error);
    for (const cJSON *seed = seeds->child; seed != NULL && status == STATUS_OK; seed = seed->next) {
        if (!seed_is_new(scenario, seeds, seed)) {
            status =
                fail_node(scenario, seed, "seed", "found a seed twice, expected each once", error);
            break;
        }
        cJSON *copy = duplicate(tree);
        cJSON_ReplaceItemInObjectCaseSensitive(copy, "seed", duplicate(seed));
        status = add_run(scenario, variant, copy, error);
    }
    cJSON_Delete(tree);
    return status;
}

/* ---- variants ---- */

static enum status check_variant(struct scenario *scenario, const cJSON *variants,
                                 const cJSON *variant, const char *path, struct error *error)
{
    if (!cJSON_IsObject(variant))
        return fail_expected(scenario, variant, path, "an object with a \"name\"", error);
    const cJSON *name = tree_member(variant, "name");
    if (name == NULL)
        return fail_node(scenario, variant, path, "required key \"name\" is missing", error);
    if (!cJSON_IsString(name) || *name->valuestring == '\0')
        return fail_expected(scenario, name, path, "a name that is not empty", error);
    if (tree_member(variant, "variants") != NULL)
        return fail_node(scenario, tree_member(variant, "variants"), path,
                         "found variants of a variant, expected other keys", error);
    for (const cJSON *before = variants->child; before != variant; before = before->next)
        if (strcmp(tree_member(before, "name")->valuestring, name->valuestring) == 0)
            return fail_node(scenario, name, path,
                             "found the name of an earlier variant, expected another", error);
    return STATUS_OK;
}

/* A trace holds a run once: of two equal ones the later would take the earlier one's place. */
static enum status refuse_equal(struct scenario *scenario, size_t first, const cJSON *name,
                                const char *path, struct error *error)
{
    for (size_t later = first; later < scenario->count; later++)
        for (size_t i = 0; i < later; i++) {
            const struct scenario_run *run = &scenario->runs[i];
            if (strcmp(run->digest, scenario->runs[later].digest) != 0)
                continue;
            char text[512];
            snprintf(text, sizeof text,
                     "found variant %.100s, which is the same run as variant %.100s (seed %lld); "
                     "expected another value of a key that decides the results",
                     name->valuestring, run->variant, (long long)run->config.seed);
            return fail_node(scenario, name, path, text, error);
        }
    return STATUS_OK;
}

static enum status add_variant(struct scenario *scenario, const cJSON *base, const cJSON *variant,
                               const char *path, struct error *error)
{
    size_t first = scenario->count;
    const char *text = tree_member(variant, "name")->valuestring;
    const char *name = memory_arena_string(&scenario->arena, text, strlen(text));
    cJSON *overlay = duplicate(variant);
    cJSON_DeleteItemFromObjectCaseSensitive(overlay, "name");
    cJSON *merged = tree_merge(base, overlay, &scenario->root);
    cJSON_Delete(overlay);
    enum status status = add_seeds(scenario, name, merged, error);
    if (status == STATUS_OK)
        status = refuse_equal(scenario, first, tree_member(variant, "name"), path, error);
    return status;
}

static enum status add_variants(struct scenario *scenario, const cJSON *base, const cJSON *variants,
                                struct error *error)
{
    if (!cJSON_IsArray(variants))
        return fail_expected(scenario, variants, "variants", "a list of objects", error);
    if (variants->child == NULL)
        return add_seeds(scenario, "", duplicate(base), error);
    enum status status = STATUS_OK;
    size_t index = 0;
    for (const cJSON *variant = variants->child; variant != NULL; variant = variant->next) {
        char path[64];
        snprintf(path, sizeof path, "variants[%zu]", index++);
        status = check_variant(scenario, variants, variant, path, error);
        if (status == STATUS_OK)
            status = add_variant(scenario, base, variant, path, error);
        if (status != STATUS_OK)
            break;
    }
    return status;
}

/* ---- the base of variants ---- */

static enum status check_base_values(struct scenario *scenario, const cJSON *base,
                                     struct error *error)
{
    struct run_config *config = memory_alloc(sizeof *config);
    struct bind_context context = {.map = &scenario->map,
                                   .arena = &scenario->arena,
                                   .extra = extra_keys,
                                   .partial = true,
                                   .error = error};
    enum status status = bind_tree(&context, &scenario->root, base, config);
    free(config);
    return status;
}

/* Values that every variant overrides are in no run, and yet must be sound. */
static enum status check_base(struct scenario *scenario, const cJSON *base, const cJSON *variants,
                              struct error *error)
{
    const cJSON *seeds = tree_member(base, "seed");
    if (!cJSON_IsArray(variants) || variants->child == NULL)
        return STATUS_OK;
    if (!cJSON_IsArray(seeds) || seeds->child == NULL)
        return check_base_values(scenario, base, error);
    enum status status = STATUS_OK;
    for (const cJSON *seed = seeds->child; seed != NULL && status == STATUS_OK; seed = seed->next) {
        cJSON *copy = duplicate(base);
        cJSON_ReplaceItemInObjectCaseSensitive(copy, "seed", duplicate(seed));
        status = check_base_values(scenario, copy, error);
        cJSON_Delete(copy);
    }
    return status;
}

static bool is_in_a_run(const struct scenario *scenario, const cJSON *value)
{
    for (size_t i = 0; i < scenario->count; i++)
        if (tree_written_at(scenario->trees[i], value->valueint) != NULL)
            return true;
    /* of a list of seeds each run has an item */
    return cJSON_IsArray(value) && value->child != NULL && is_in_a_run(scenario, value->child);
}

/* --set acts on the base and variants win over it: one that no run takes is a mistake.  One that
 * is not in the base went to a variant, or a later one took its place. */
static enum status refuse_idle(struct scenario *scenario, const cJSON *base, const int *origins,
                               size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const cJSON *value = tree_written_at(base, origins[i]);
        if (value != NULL && !is_in_a_run(scenario, value))
            return fail_node(scenario, value, "",
                             "no run takes it: every variant gives its own; expected a key of the "
                             "base, or variants[0] and so on before the key",
                             error);
    }
    return STATUS_OK;
}

/* ---- the whole ---- */

static enum status expand_variants(struct scenario *scenario, const cJSON *base,
                                   const cJSON *variants, const int *origins, size_t count,
                                   struct error *error)
{
    enum status status = check_base(scenario, base, variants, error);
    if (status == STATUS_OK)
        status = add_variants(scenario, base, variants, error);
    return status == STATUS_OK ? refuse_idle(scenario, base, origins, count, error) : status;
}

static enum status expand(struct scenario *scenario, cJSON *tree, const char *const *overrides,
                          size_t override_count, struct error *error)
{
    if (!cJSON_IsObject(tree))
        return fail_expected(scenario, tree, "", "a scenario: an object", error);
    int *origins = memory_array(override_count + 1, sizeof *origins); /* of the overrides' values */
    enum status status = STATUS_OK;
    for (size_t i = 0; i < override_count && status == STATUS_OK; i++)
        status = tree_override(&scenario->map, tree, overrides[i], &origins[i], error);
    cJSON *variants = cJSON_DetachItemFromObjectCaseSensitive(tree, "variants");
    if (status == STATUS_OK && variants == NULL)
        status = add_seeds(scenario, "", duplicate(tree), error);
    else if (status == STATUS_OK)
        status = expand_variants(scenario, tree, variants, origins, override_count, error);
    cJSON_Delete(variants);
    free(origins);
    return status;
}

enum status scenario_parse_table(const struct field *table, const char *name, const char *directory,
                                 const char *text, size_t size, const char *const *overrides,
                                 size_t override_count, struct scenario **scenario,
                                 struct error *error)
{
    struct scenario *new = memory_alloc(sizeof *new);
    cJSON *tree = NULL;
    new->root = scenario_root(table);
    *scenario = NULL;
    enum status status = text_read(&new->map, name, directory, true, text, size, &tree, error);
    if (status == STATUS_OK)
        status = expand(new, tree, overrides, override_count, error);
    cJSON_Delete(tree);
    if (status == STATUS_OK)
        *scenario = new;
    else
        scenario_free(new);
    return status;
}

enum status scenario_parse(const char *name, const char *text, size_t size,
                           const char *const *overrides, size_t override_count,
                           struct scenario **scenario, struct error *error)
{
    return scenario_parse_table(run_fields, name, ".", text, size, overrides, override_count,
                                scenario, error);
}

/* "a/b.json" -> "a"; "/b.json" -> "/."; "b.json" -> ".". */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct buffer directory = {0};
    if (slash == NULL)
        buffer_add(&directory, ".");
    else if (slash == path)
        buffer_add(&directory, "/.");
    else
        buffer_add_bytes(&directory, path, (size_t)(slash - path));
    return directory.text;
}

enum status scenario_load(const char *path, const char *const *overrides, size_t override_count,
                          struct scenario **scenario, struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    char *text;
    size_t size;
    *scenario = NULL;
    enum status status = text_load(path, &text, &size, error);
    if (status != STATUS_OK)
        return status;
    char *directory = directory_of(standard ? "" : path);
    status = scenario_parse_table(run_fields, standard ? "<stdin>" : path, directory, text, size,
                                  overrides, override_count, scenario, error);
    free(directory);
    free(text);
    return status;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL)
        return;
    for (size_t i = 0; i < scenario->count; i++)
        cJSON_Delete(scenario->trees[i]);
    free(scenario->trees);
    free(scenario->runs);
    text_map_free(&scenario->map);
    content_cache_free(&scenario->contents);
    memory_arena_free(&scenario->arena);
    free(scenario);
}

size_t scenario_count(const struct scenario *scenario)
{
    return scenario->count;
}

const struct scenario_run *scenario_at(const struct scenario *scenario, size_t index)
{
    CHECK(index < scenario->count, "run %zu of %zu", index, scenario->count);
    return &scenario->runs[index];
}

void scenario_blame(const struct scenario *scenario, size_t index, struct error *error)
{
    CHECK(index < scenario->count, "run %zu of %zu", index, scenario->count);
    if (error->path[0] == '\0')
        return;
    char path[sizeof error->path], text[sizeof error->text];
    memcpy(path, error->path, sizeof path);
    memcpy(text, error->text, sizeof text);
    enum status status = error->status;
    fail_node(scenario, tree_deepest(scenario->trees[index], path), path, text, error);
    error->status = status;
}
