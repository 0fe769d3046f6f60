/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pairs of parts: what the checks allow is played, and what they refuse is refused for the reason
 * that theory gives.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "numerics/backend.h"
#include "run/run.h"
#include "scenario/pairs.h"
#include "testing.h"

/* Five steps of every node, with numbers: no deadlock, a finite loss. */
static void play_pair(const struct pair *pair, const char *algorithm, const char *path,
                      const char *part)
{
    struct run_options options = {.backend = &backend_cpu_ops, .threads = 1};
    struct run_result result;
    struct error error = {.status = STATUS_OK};
    enum status status =
        run_play(&scenario_at(pair->scenario, 0)->config, &options, &result, &error);
    ck_assert_msg(status == STATUS_OK, "%s with %s %s: %s: %s", algorithm, path, part, error.path,
                  error.text);
    ck_assert_msg(isfinite(result.summary.mean_model_loss), "%s with %s %s: loss %g", algorithm,
                  path, part, result.summary.mean_model_loss);
    ck_assert_msg(result.summary.iterations >= 5, "%s with %s %s: %g iterations", algorithm, path,
                  part, result.summary.iterations);
}

/* A family a test.  What an algorithm cannot do without, it plays with something of. */
START_TEST(allowed_pairs_play)
{
    struct pairs *pairs = pairs_create();
    const struct pairs_family *family = pairs_family(pairs, (size_t)_i);
    for (size_t a = 0; algorithm_registry.entries[a]; a++) {
        const char *algorithm = algorithm_registry.entries[a]->name;
        size_t allowed = 0, refused = 0;
        struct pair pair;
        for (size_t p = 0; pairs_part(family, p); p++) {
            pairs_try(pairs, a, (size_t)_i, p, &pair);
            refused += pair.verdict == PAIRS_REFUSED;
            allowed += pair.verdict == PAIRS_ALLOWED;
            if (pair.verdict == PAIRS_ALLOWED)
                play_pair(&pair, algorithm, family->path, pairs_part(family, p));
            pairs_release(&pair);
        }
        ck_assert_msg(allowed > 0 || refused == 0 || family->optional,
                      "%s plays with none of the %s", algorithm, family->plural);
    }
    pairs_free(pairs);
}
END_TEST

/* ---- What theory says ----------------------------------------------------------------------- */

struct expectation {
    const char *algorithm, *path, *part;
    enum pairs_verdict verdict;
    const char *saying; /* part of the reason or the condition; NULL: there is none */
};

static const struct expectation expectations[] = {
    /* a uniform star gives its hub 7/2 + 1/8: columns sum to 1, rows do not */
    {"sgp", "topology", "star", PAIRS_ALLOWED, NULL},
    {"subgradient-push", "topology", "star", PAIRS_ALLOWED, NULL},
    {"d-psgd", "topology", "star", PAIRS_ALLOWED, "metropolis"},
    {"dgd", "topology", "star", PAIRS_ALLOWED, "metropolis"},
    {"push-pull", "topology", "star", PAIRS_REFUSED, "doubly stochastic"},
    /* circulants have equal rows and columns, directed or not */
    {"d-psgd", "topology", "one-peer-exponential", PAIRS_ALLOWED, NULL},
    /* who averages in pairs needs a matching, and nobody answers along a directed edge */
    {"randomized-gossip", "topology", "ring", PAIRS_REFUSED, "matching"},
    {"push-pull", "topology", "static-exponential", PAIRS_REFUSED, "symmetric"},
    {"push-pull", "topology", "random-matching", PAIRS_ALLOWED, NULL},
    /* no such part, or no use for it */
    {"ar-sgd", "topology", "ring", PAIRS_UNUSED, NULL},
    {"sgp", "algorithm.collective", "ring", PAIRS_UNUSED, NULL},
    {"push-sum", "optimizer", "sgd", PAIRS_UNUSED, NULL},
    {"push-sum", "data", "gaussian-blobs", PAIRS_UNUSED, NULL},
    {"push-sum", "outer.collective", "ring", PAIRS_UNUSED, NULL},
    {"async-server", "outer.collective", "ring", PAIRS_UNUSED, NULL},
    {"sgp", "outer.collective", "halving-doubling", PAIRS_ALLOWED, NULL},
    {"ar-sgd", "algorithm.gather", "ring-all-gather", PAIRS_ALLOWED, NULL},
    {"ar-sgd", "algorithm.collective", "ring", PAIRS_ALLOWED, NULL},
    {"sgp", "topology", "edge-list", PAIRS_FILE, NULL},
    {"sgp", "model", "mlp", PAIRS_ALLOWED, NULL},
    {"sgp", "precision", "float32", PAIRS_ALLOWED, NULL},
};

static size_t find_algorithm(const char *name)
{
    size_t a = 0;
    while (algorithm_registry.entries[a] && strcmp(algorithm_registry.entries[a]->name, name) != 0)
        a++;
    ck_assert_msg(algorithm_registry.entries[a] != NULL, "no algorithm %s", name);
    return a;
}

static size_t find_family(const struct pairs *pairs, const char *path)
{
    size_t f = 0;
    while (f < pairs_family_count(pairs) && strcmp(pairs_family(pairs, f)->path, path) != 0)
        f++;
    ck_assert_msg(f < pairs_family_count(pairs), "no family %s", path);
    return f;
}

static size_t find_part(const struct pairs_family *family, const char *name)
{
    size_t p = 0;
    while (pairs_part(family, p) && strcmp(pairs_part(family, p), name) != 0)
        p++;
    ck_assert_msg(pairs_part(family, p) != NULL, "no part %s", name);
    return p;
}

START_TEST(verdicts_are_those_of_theory)
{
    const struct expectation *expected = &expectations[_i];
    struct pairs *pairs = pairs_create();
    size_t family = find_family(pairs, expected->path);
    struct pair pair;
    pairs_try(pairs, find_algorithm(expected->algorithm), family,
              find_part(pairs_family(pairs, family), expected->part), &pair);
    const char *said = pair.verdict == PAIRS_REFUSED ? pair.error.text : pair.condition;
    ck_assert_msg(pair.verdict == expected->verdict, "%s with %s: verdict %d, %s",
                  expected->algorithm, expected->part, (int)pair.verdict, said ? said : "");
    if (expected->saying)
        ck_assert_msg(said && strstr(said, expected->saying), "%s with %s: %s", expected->algorithm,
                      expected->part, said ? said : "nothing");
    else
        ck_assert_ptr_null(said);
    pairs_release(&pair);
    pairs_free(pairs);
}
END_TEST

/* With uniform shares every graph is column-stochastic, and this is all that SGP asks. */
START_TEST(sgp_takes_every_graph)
{
    struct pairs *pairs = pairs_create();
    size_t algorithm = find_algorithm("sgp"), family = find_family(pairs, "topology");
    for (size_t p = 0; pairs_part(pairs_family(pairs, family), p); p++) {
        struct pair pair;
        pairs_try(pairs, algorithm, family, p, &pair);
        ck_assert_msg(pair.verdict == PAIRS_ALLOWED || pair.verdict == PAIRS_FILE, "%s: %s",
                      pairs_part(pairs_family(pairs, family), p), pair.error.text);
        ck_assert_ptr_null(pair.condition);
        pairs_release(&pair);
    }
    pairs_free(pairs);
}
END_TEST

START_TEST(names_are_whole_words)
{
    const char *text = "'sgp-exponential' with sgp.";
    ck_assert_ptr_eq(pairs_mention(text, "sgp"), strstr(text, "sgp."));
    ck_assert_ptr_null(pairs_mention("d-psgd", "psgd"));
    ck_assert_ptr_null(pairs_mention("osgp", "sgp"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pairs of parts");
    TCase *played = tcase_create("played"), *theory = tcase_create("theory");
    struct pairs *pairs = pairs_create();
    int families = (int)pairs_family_count(pairs);
    pairs_free(pairs);
    tcase_add_loop_test(played, allowed_pairs_play, 0, families);
    tcase_add_loop_test(theory, verdicts_are_those_of_theory, 0,
                        sizeof expectations / sizeof *expectations);
    tcase_add_test(theory, sgp_takes_every_graph);
    tcase_add_test(theory, names_are_whole_words);
    suite_add_tcase(suite, played);
    suite_add_tcase(suite, theory);
    return testing_run(suite);
}
