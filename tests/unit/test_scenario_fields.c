/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The real tables: every entry is complete, every default binds, every plug-in can be chosen, and
 * the scenarios that come with the source load and read back as themselves.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"
#include "testing.h"

#define DEPTH_LIMIT 6

static void check_table(const struct field *table, const char *path, int depth);

static bool has_key(const struct field *table, const char *key)
{
    return field_find(table, key) != NULL;
}

static void check_plugin(const struct field *field, const struct plugin *plugin, const char *path,
                         int depth)
{
    char inner[1024];
    ck_assert_ptr_nonnull(plugin->name);
    ck_assert_msg(plugin->summary != NULL && *plugin->summary != '\0', "%s has no summary",
                  plugin->name);
    ck_assert_msg(!has_key(plugin->params, "name"), "%s: name is taken", plugin->name);
    for (const struct field *own = plugin->params; own != NULL && own->name != NULL; own++) {
        ck_assert_msg(!has_key(field->fields, own->name), "%s: %s is common", plugin->name,
                      own->name);
        ck_assert_msg(own->offset < plugin->params_size, "%s: %s lies outside", plugin->name,
                      own->name);
    }
    snprintf(inner, sizeof inner, "%.400s.%.100s", path, plugin->name);
    check_table(plugin->params, inner, depth + 1);
}

static void check_choice(const struct field *field, const char *path, int depth)
{
    ck_assert_ptr_nonnull(field->registry);
    const struct plugin *const *entries = field->registry->entries;
    ck_assert_msg(entries[0] != NULL, "%s: no %s", path, field->registry->plural);
    for (size_t i = 0; entries[i] != NULL; i++) {
        check_plugin(field, entries[i], path, depth);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(entries[i]->name, entries[j]->name);
    }
}

static void check_field(const struct field *field, const char *path, int depth)
{
    ck_assert_msg(field->help != NULL && *field->help != '\0', "%s has no help", path);
    if (field->type == FIELD_ENUM)
        ck_assert_msg(field->names != NULL && field->names[0] != NULL, "%s has no names", path);
    if (field->type == FIELD_CHOICE)
        check_choice(field, path, depth);
    if (field->type == FIELD_OBJECT || field->type == FIELD_LIST) {
        ck_assert_msg(field->fields != NULL, "%s has no fields", path);
        ck_assert_msg(field->item_size > 0, "%s has no size", path);
    }
    if (field->fields != NULL)
        check_table(field->fields, path, depth + 1);
}

static void check_table(const struct field *table, const char *path, int depth)
{
    char inner[512];
    if (depth > DEPTH_LIMIT) /* a plug-in may hold a plug-in of its family */
        return;
    for (const struct field *field = table; field != NULL && field->name != NULL; field++) {
        snprintf(inner, sizeof inner, "%.400s%s%.100s", path, *path == '\0' ? "" : ".",
                 field->name);
        ck_assert_msg(field_find(table, field->name) == field, "%s stands twice", inner);
        check_field(field, inner, depth);
    }
}

START_TEST(tables_are_complete)
{
    check_table(run_fields, "", 0);
}
END_TEST

/* Loads "{base}" with one --set; what a plug-in requires may be missing, nothing else be wrong. */
static void load_choice(const char *base, const char *path, const char *name, bool *loaded)
{
    char override[256];
    const char *overrides[] = {override};
    struct scenario *scenario;
    struct error error = {.text = ""};
    snprintf(override, sizeof override, "%s=%s", path, name);
    enum status status =
        scenario_parse("base.json", base, strlen(base), overrides, 1, &scenario, &error);
    ck_assert_msg(status == STATUS_OK || strstr(error.text, "required key is missing") != NULL,
                  "%s", error.text);
    *loaded = status == STATUS_OK;
    scenario_free(scenario);
}

/* Names of the first plug-ins that need nothing make the base. */
static const char *easy_plugin(const char *key)
{
    const struct plugin *const *entry = field_find(run_fields, key)->registry->entries;
    for (; *entry != NULL; entry++) {
        bool needs = false;
        for (const struct field *f = (*entry)->params; f != NULL && f->name != NULL; f++)
            needs = needs || f->fallback == NULL;
        if (!needs)
            return (*entry)->name;
    }
    return NULL;
}

static void make_base(char *base, size_t size)
{
    const char *algorithm = easy_plugin("algorithm"), *model = easy_plugin("model");
    ck_assert_ptr_nonnull(algorithm);
    ck_assert_ptr_nonnull(model);
    snprintf(base, size, "{\"nodes\": 4, \"algorithm\": \"%s\", \"model\": \"%s\"}", algorithm,
             model);
}

static void load_choices(const char *base, const struct field *table, const char *prefix)
{
    for (const struct field *field = table; field->name != NULL; field++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", prefix, field->name);
        if (field->type == FIELD_OBJECT) {
            char inner[130];
            snprintf(inner, sizeof inner, "%s.", path);
            load_choices(base, field->fields, inner);
        }
        if (field->type != FIELD_CHOICE)
            continue;
        size_t good = 0;
        for (const struct plugin *const *e = field->registry->entries; *e != NULL; e++) {
            bool loaded;
            load_choice(base, path, (*e)->name, &loaded);
            good += loaded;
        }
        ck_assert_uint_gt(good, 0);
    }
}

START_TEST(every_default_binds)
{
    char base[256];
    make_base(base, sizeof base);
    load_choices(base, run_fields, "");
}
END_TEST

static void check_reads_back(const struct scenario_run *run)
{
    struct scenario *again;
    struct error error = {.text = ""};
    scenario_parse("resolved.json", run->resolved, strlen(run->resolved), NULL, 0, &again, &error);
    ck_assert_msg(again != NULL, "%s\n%s", error.text, run->resolved);
    ck_assert_uint_eq(scenario_count(again), 1);
    ck_assert_str_eq(scenario_at(again, 0)->canonical, run->canonical);
    ck_assert_str_eq(scenario_at(again, 0)->digest, run->digest);
    scenario_free(again);
}

static void check_scenario(const char *path)
{
    struct scenario *scenario;
    struct error error = {.text = ""};
    scenario_load(path, NULL, 0, &scenario, &error);
    ck_assert_msg(scenario != NULL, "%s", error.text);
    for (size_t i = 0; i < scenario_count(scenario); i++) {
        check_reads_back(scenario_at(scenario, i));
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(scenario_at(scenario, i)->digest, scenario_at(scenario, j)->digest);
    }
    scenario_free(scenario);
}

START_TEST(shipped_scenarios_load)
{
    const char *source = getenv("HS_SRCDIR");
    char pattern[512];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/scenarios/*.json", source != NULL ? source : ".");
    ck_assert_msg(glob(pattern, 0, NULL, &found) == 0, "no %s", pattern);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_scenario(found.gl_pathv[i]);
    globfree(&found);
}
END_TEST

START_TEST(help_covers_every_key)
{
    char *schema = scenario_schema();
    for (const struct field *field = run_fields; field->name != NULL; field++) {
        char key[128];
        char *text = scenario_explain(field->name, NULL);
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_nonnull(strstr(text, field->help));
        free(text);
        snprintf(key, sizeof key, "\"%s\":", field->name);
        ck_assert_ptr_nonnull(strstr(schema, key));
    }
    free(schema);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scenario fields");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, tables_are_complete);
    tcase_add_test(tests, every_default_binds);
    tcase_add_test(tests, shipped_scenarios_load);
    tcase_add_test(tests, help_covers_every_key);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
