/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Analysis of topologies.  Expectations: closed forms, figures of the exponential-graph and SGP
 * papers, and dense linear algebra (GSL's Jacobi singular values) on matrices made entry by entry.
 */
#include <cjson/cJSON.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <unistd.h>

#include "topologies/print.h"
#include "topologies/rounds.h"
#include "topology_support.h"
#include "testing.h"

static struct topology_report analysed(const struct topology *topology)
{
    struct topology_report report;
    struct error error = {.text = ""};

    ck_assert_msg(topology_analyse(topology, true, &report, &error) == STATUS_OK, "%s", error.text);
    return report;
}

static struct topology_report analysed_family(const char *family, uint32_t nodes,
                                              const void *params)
{
    struct topology *topology = plain(family, nodes, params);
    struct topology_report report = analysed(topology);

    topology_free(topology);
    return report;
}

static double gap(const char *family, uint32_t nodes, const void *params)
{
    return analysed_family(family, nodes, params).gap_round;
}

/* ---- closed forms and published figures */

START_TEST(gaps_are_the_published_ones)
{
    static const double ring[] = {.6667, .1953, .0508, .0128, .0032};
    static const double exponential[] = {.6667, .5, .4, .3333, .2857};
    static const double torus[] = {.4, .1172, .0305};

    for (unsigned i = 0; i < 5; i++) {
        ck_assert_double_eq_tol(gap("ring", 4u << i, &ring_both), ring[i], 6e-5);
        ck_assert_double_eq_tol(gap("static-exponential", 4u << i, NULL), exponential[i], 6e-5);
    }
    for (unsigned i = 0; i < 3; i++)
        ck_assert_double_eq_tol(gap("torus", 16u << (2 * i), &torus_square), torus[i], 6e-5);
    ck_assert_double_eq_tol(gap("static-exponential", 5, NULL), 0.75, 1e-14);
    ck_assert_double_eq_tol(gap("static-exponential", 33, NULL), 0.392, 6e-4);
}
END_TEST

START_TEST(gaps_have_closed_forms)
{
    for (uint32_t nodes = 4; nodes < 40; nodes++)
        ck_assert_double_eq_tol(gap("ring", nodes, &ring_both), 4.0 / 3 * pow(sin(M_PI / nodes), 2),
                                1e-14);
    for (uint32_t side = 3; side < 12; side++)
        ck_assert_double_eq_tol(gap("torus", side * side, &torus_square),
                                0.8 * pow(sin(M_PI / side), 2), 1e-13);
    for (uint32_t bits = 1; bits < 9; bits++)
        ck_assert_double_eq_tol(gap("hypercube", 1u << bits, NULL), 2.0 / (bits + 1), 1e-13);
    ck_assert_double_eq(gap("complete", 40, NULL), 1);
    ck_assert_double_eq_tol(gap("ring", 1000000, &ring_both), 4.0 / 3 * pow(M_PI / 1e6, 2), 1e-15);
}
END_TEST

/* Above 512 nodes symmetric matrices that are not circulant go to Lanczos. */
START_TEST(lanczos_agrees_with_closed_forms)
{
    struct topology_report report = analysed_family("torus", 1024, &torus_square);

    ck_assert_str_eq(report.method, "Lanczos");
    ck_assert_double_eq_tol(report.gap_round, 0.8 * pow(sin(M_PI / 32), 2), 1e-11);
    ck_assert_double_le(report.tolerance, 1e-11);
    report = analysed_family("hypercube", 2048, NULL);
    ck_assert_double_eq_tol(report.gap_round, 2.0 / 12, 1e-11);
    ck_assert_int_eq(report.exact_after, -1);
    report = analysed_family("torus", 10000, &torus_square);
    ck_assert_double_eq_tol(report.gap_round, 0.8 * pow(sin(M_PI / 100), 2), 1e-10);
}
END_TEST

START_TEST(one_peer_exponential_is_exact_for_powers_of_two_only)
{
    static const struct {
        uint32_t nodes;
        double sigma2;
    } others[] = {{6, .217}, {12, .209}, {24, .207}};

    for (unsigned bits = 1; bits < 11; bits++) {
        struct topology_report report = analysed_family("one-peer-exponential", 1u << bits, NULL);

        ck_assert_int_eq(report.exact_after, bits);
        ck_assert_int_eq(report.connectivity_b, bits);
        ck_assert_double_eq(report.sigma2_period, 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct topology_report report =
            analysed_family("one-peer-exponential", others[i].nodes, NULL);

        ck_assert_int_eq(report.exact_after, -1);
        ck_assert_double_eq_tol(report.sigma2_period, others[i].sigma2, 6e-4);
    }
    ck_assert_int_eq(analysed_family("n-peer-exponential", 64, &n_peer_three).exact_after, 3);
    ck_assert_int_eq(analysed_family("n-peer-exponential", 8, &n_peer_three).exact_after, 2);
}
END_TEST

/* A schedule of one shift a round, as an edge file: the general path, no circulant known. */
static struct topology *shifts(uint32_t nodes, unsigned rounds, const int *shift)
{
    struct edge_list_params params;
    struct topology *topology;
    char path[64], *text = calloc((size_t)nodes * rounds, 40);
    size_t used = 0;

    for (unsigned k = 0; k < rounds; k++)
        for (uint32_t node = 0; node < nodes; node++)
            used += (size_t)sprintf(text + used, "%u,%u,0.5,%u\n", node,
                                    (node + (uint32_t)(shift[k] + (int)nodes)) % nodes, k);
    write_file(path, text, used);
    params.path = path;
    topology = plain("edge-list", nodes, &params);
    unlink(path);
    free(text);
    return topology;
}

static double sigma2_of_shifts(uint32_t nodes, unsigned rounds, const int *shift)
{
    struct topology *topology = shifts(nodes, rounds, shift);
    struct topology_report report = analysed(topology);

    topology_free(topology);
    return report.sigma2_period;
}

/* The SGP paper's comparison of schedules for n = 32, and the repository's alternating signs. */
START_TEST(products_have_the_published_norms)
{
    static const int alternating[] = {1, -1, 2, -2, 4};
    static const double after_log2[] = {0.50, 0.60, 0.82, 0.88};

    ck_assert_double_eq(sigma2_of_shifts(32, 5, (const int[]){1, 2, 4, 8, 16}), 0);
    ck_assert_double_eq_tol(sigma2_of_shifts(32, 5, (const int[]){1, 2, 3, 4, 5}), 0.761, 6e-4);
    for (unsigned bits = 2; bits < 6; bits++) {
        struct topology_report whole = analysed_family("sgp-exponential", 1u << bits, &sgp_tag);

        ck_assert_double_eq_tol(sigma2_of_shifts(1u << bits, bits, alternating),
                                after_log2[bits - 2], 6e-3);
        ck_assert_int_eq(whole.period, 2 * bits - 1);
        ck_assert_int_eq(whole.exact_after, 2 * bits - 1);
    }
}
END_TEST

/* sqrt((1 + 1 + 2 cos(2 pi / n)) / 4) = cos(pi / n) for one shift; n > 512, not symmetric. */
START_TEST(directed_matrices_agree_with_their_closed_form)
{
    struct topology *topology = shifts(700, 1, (const int[]){1});
    struct topology_report report = analysed(topology);

    ck_assert_str_eq(report.method, "Lanczos on P'P");
    ck_assert_double_eq_tol(report.sigma2_round, cos(M_PI / 700), 1e-11);
    ck_assert_double_le(fabs(report.sigma2_round - cos(M_PI / 700)), report.tolerance + 1e-14);
    ck_assert_double_eq_tol(gap("ring", 700, &ring_ahead), 1 - cos(M_PI / 700), 1e-14);
    ck_assert_int_eq(report.diameter, 699);
    ck_assert(!report.symmetric && report.doubly_stochastic);
    topology_free(topology);
}
END_TEST

/* ---- dense oracle */

static gsl_matrix *multiplied(const gsl_matrix *a, const gsl_matrix *b)
{
    gsl_matrix *product = gsl_matrix_alloc(a->size1, b->size2);

    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, a, b, 0, product);
    return product;
}

static gsl_matrix *phase_matrix(const struct topology *topology, int64_t phase)
{
    uint32_t nodes = topology_nodes(topology);
    double *entries = dense_phase(topology, phase);
    gsl_matrix *matrix = gsl_matrix_alloc(nodes, nodes);

    memcpy(matrix->data, entries, (size_t)nodes * nodes * sizeof *entries);
    free(entries);
    return matrix;
}

/* The largest singular value of (I - J/n) P (I - J/n). */
static double projected_norm(const gsl_matrix *matrix)
{
    size_t n = matrix->size1;
    gsl_matrix *centring = gsl_matrix_alloc(n, n), *left, *both, *v = gsl_matrix_alloc(n, n);
    gsl_vector *values = gsl_vector_alloc(n);
    double norm;

    gsl_matrix_set_all(centring, -1.0 / (double)n);
    for (size_t i = 0; i < n; i++)
        gsl_matrix_set(centring, i, i, 1 - 1.0 / (double)n);
    left = multiplied(centring, matrix);
    both = multiplied(left, centring);
    gsl_linalg_SV_decomp_jacobi(both, v, values);
    norm = gsl_vector_max(values);
    gsl_matrix_free(centring);
    gsl_matrix_free(left);
    gsl_matrix_free(both);
    gsl_matrix_free(v);
    gsl_vector_free(values);
    return norm;
}

static bool is_average(const gsl_matrix *matrix)
{
    for (size_t i = 0; i < matrix->size1; i++)
        for (size_t j = 0; j < matrix->size2; j++)
            if (fabs(gsl_matrix_get(matrix, i, j) - 1.0 / (double)matrix->size1) > 1e-12)
                return false;
    return true;
}

static void compare_spectra(const struct topology *topology)
{
    uint32_t nodes = topology_nodes(topology);
    struct topology_report report = analysed(topology);
    int64_t period = report.period, exact = -1;
    gsl_matrix *product = gsl_matrix_alloc(nodes, nodes);
    double worst = 0, norm = 0;

    gsl_matrix_set_identity(product);
    if (is_average(product))
        exact = 0;
    for (int64_t phase = 0; phase < (period > 0 ? 2 * period : 16); phase++) {
        gsl_matrix *round = phase_matrix(topology, phase), *next = multiplied(round, product);

        worst = fmax(worst, projected_norm(round));
        gsl_matrix_free(product);
        gsl_matrix_free(round);
        product = next;
        if (exact < 0 && period > 0 && is_average(product))
            exact = phase + 1;
        if (phase + 1 == period)
            norm = projected_norm(product);
    }
    ck_assert_double_eq_tol(report.sigma2_round, worst, 1e-11 + report.tolerance);
    ck_assert_double_eq_tol(report.gap_round, 1 - worst, 1e-11 + report.tolerance);
    if (period > 0)
        ck_assert_double_eq_tol(report.sigma2_period, norm, 1e-11 + report.tolerance);
    else
        ck_assert(isnan(report.sigma2_period));
    ck_assert_int_eq(report.exact_after, exact);
    gsl_matrix_free(product);
}

/* Boolean closure of the union of some phases; -1 or the largest distance. */
static int64_t brute_diameter(const struct topology *topology, int64_t first, int64_t count)
{
    uint32_t n = topology_nodes(topology);
    uint32_t *distance = malloc((size_t)n * n * sizeof *distance), most = 0;

    for (uint32_t e = 0; e < n * n; e++)
        distance[e] = e % (n + 1) == 0 ? 0 : 1000000;
    for (int64_t phase = first; phase < first + count; phase++) {
        double *matrix = dense_phase(topology, phase);

        for (uint32_t e = 0; e < n * n; e++)
            if (matrix[e] != 0 && e % (n + 1) != 0)
                distance[e] = 1;
        free(matrix);
    }
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; j < n; j++)
                if (distance[i * n + k] + distance[k * n + j] < distance[i * n + j])
                    distance[i * n + j] = distance[i * n + k] + distance[k * n + j];
    for (uint32_t e = 0; e < n * n; e++)
        most = distance[e] > most ? distance[e] : most;
    free(distance);
    return most >= 1000000 ? -1 : (int64_t)most;
}

static void compare_reachability(const struct topology *topology)
{
    struct topology_report report = analysed(topology);
    int64_t period = report.period, expected = -1;

    if (period == 0)
        return;
    ck_assert_int_eq(report.diameter, brute_diameter(topology, 0, period));
    ck_assert(!report.diameter_is_bound);
    for (int64_t length = 1; length <= period && expected < 0; length++) {
        bool all = true;

        for (int64_t first = 0; first < period && all; first++)
            all = brute_diameter(topology, first, length) >= 0;
        if (all)
            expected = length;
    }
    ck_assert_int_eq(report.connectivity_b, expected);
}

static void compare_degrees(const struct topology *topology)
{
    struct topology_report report = analysed(topology);
    uint32_t out_least = UINT32_MAX, out_most = 0, in_least = UINT32_MAX, in_most = 0;
    struct topology_edge *edges = calloc(topology_max_degree(topology) + 1, sizeof *edges);

    for (int64_t phase = 0; phase < report.period; phase++) {
        for (uint32_t node = 0; node < report.nodes; node++) {
            uint32_t out = topology_out(topology, node, phase, edges);
            uint32_t in = topology_in(topology, node, phase, edges);

            out_least = out < out_least ? out : out_least;
            out_most = out > out_most ? out : out_most;
            in_least = in < in_least ? in : in_least;
            in_most = in > in_most ? in : in_most;
        }
    }
    free(edges);
    if (report.period == 0)
        return;
    ck_assert_uint_eq(report.min_out_degree, out_least);
    ck_assert_uint_eq(report.max_out_degree, out_most);
    ck_assert_uint_eq(report.min_in_degree, in_least);
    ck_assert_uint_eq(report.max_in_degree, in_most);
}

/* A test a family: Jacobi is slow. */
static void for_case(int c, enum topology_weights weights,
                     void (*body)(const struct topology *topology))
{
    const struct family_case *family = &family_cases[c];

    for (unsigned s = 0; s < 5 && family->nodes[s] != 0; s++) {
        struct topology *topology;

        if (try_make(&topology, family->family, family->nodes[s], family->params, weights, 2,
                     NULL) != STATUS_OK)
            continue;
        body(topology);
        topology_free(topology);
    }
}

START_TEST(spectra_agree_with_dense_algebra)
{
    for_case(_i, TOPOLOGY_WEIGHTS_DEFAULT, compare_spectra);
    for_case(_i, TOPOLOGY_WEIGHTS_METROPOLIS, compare_spectra);
    for_case(_i, TOPOLOGY_WEIGHTS_LAZY, compare_spectra);
}
END_TEST

START_TEST(reachability_agrees_with_brute_force)
{
    for_case(_i, TOPOLOGY_WEIGHTS_DEFAULT, compare_reachability);
    for_case(_i, TOPOLOGY_WEIGHTS_DEFAULT, compare_degrees);
}
END_TEST

/* One-way chains over phases: connected only as a cycle of three rounds. */
START_TEST(general_schedules_agree_with_brute_force)
{
    static const char text[] = "0 1 0.5 0\n1 2 0.25 0\n2 3 0.5 1\n3 0 1 2\n0 2 0.5 2\n1 1 0.5 1\n"
                               "1 3 0.5 1\n";
    struct edge_list_params params;
    struct topology *topology;
    char path[64];

    write_file(path, text, sizeof text - 1);
    params.path = path;
    topology = plain("edge-list", 4, &params);
    unlink(path);
    compare_spectra(topology);
    compare_reachability(topology);
    compare_degrees(topology);
    topology_free(topology);
}
END_TEST

START_TEST(disconnected_graphs_are_called_so)
{
    struct erdos_renyi_params none = {0, NAN, false};
    struct topology_report report = analysed_family("erdos-renyi", 6, &none);

    ck_assert_int_eq(report.diameter, -1);
    ck_assert_int_eq(report.connectivity_b, -1);
    ck_assert_double_eq(report.gap_round, 0);
}
END_TEST

START_TEST(large_graphs_cost_what_they_should)
{
    struct topology *topology = plain("torus", 1000000, &torus_square);
    struct topology_report report;

    ck_assert_int_eq(topology_analyse(topology, false, &report, NULL), STATUS_OK);
    ck_assert_int_eq(report.diameter, 1000);
    ck_assert_int_eq(report.connectivity_b, -2);
    ck_assert_int_eq(report.exact_after, -2);
    ck_assert(isnan(report.sigma2_round));
    topology_free(topology);
    topology = plain("complete", 20000, NULL); /* its matrix would take 3.2 GB */
    report = analysed(topology);
    ck_assert_int_eq(report.exact_after, 1);
    ck_assert_int_eq(report.diameter, 1);
    topology_free(topology);
}
END_TEST

/* 2^23 nodes of degree 23 make 1.93e8 entries. */
START_TEST(too_large_spectra_are_refused)
{
    struct topology *topology = plain("hypercube", 1u << 23, NULL);
    struct error error = {.text = ""};
    struct rounds *rounds;

    ck_assert_int_eq(rounds_create(&rounds, topology, 0, 1, &error), STATUS_REQUEST);
    ck_assert_ptr_null(rounds);
    ck_assert_ptr_nonnull(strstr(error.text, "1.93e+08 matrix entries"));
    topology_free(topology);
}
END_TEST

/* ---- printing */

static char *printed(void (*print)(FILE *file, const struct topology *topology,
                                   const struct topology_report *report),
                     const struct topology *topology)
{
    struct topology_report report = analysed(topology);
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    print(file, topology, &report);
    fclose(file);
    return text;
}

static void print_dot(FILE *file, const struct topology *topology,
                      const struct topology_report *report)
{
    (void)report;
    topology_print_dot(file, topology);
}

static int occurrences(const char *text, const char *part)
{
    int count = 0;

    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}

START_TEST(json_is_json)
{
    struct topology *topology = plain("one-peer-exponential", 16, NULL);
    char *text = printed(topology_print_json, topology);
    cJSON *json = cJSON_Parse(text);

    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(cJSON_GetObjectItem(json, "topology")->valuestring, "one-peer-exponential");
    ck_assert_int_eq(cJSON_GetObjectItem(json, "exact_after")->valueint, 4);
    ck_assert_int_eq(cJSON_GetObjectItem(json, "period")->valueint, 4);
    ck_assert_double_eq(cJSON_GetObjectItem(json, "gap_period")->valuedouble, 1);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(json, "doubly_stochastic")));
    cJSON_Delete(json);
    free(text);
    topology_free(topology);
    topology = plain("random-matching", 8, NULL);
    text = printed(topology_print_json, topology);
    json = cJSON_Parse(text);
    ck_assert_ptr_nonnull(json);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(json, "period")));
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(json, "sigma2_period")));
    cJSON_Delete(json);
    free(text);
    topology_free(topology);
}
END_TEST

START_TEST(text_and_dot_say_what_there_is)
{
    struct topology *topology = plain("ring", 16, &ring_both);
    char *text = printed(topology_print_text, topology), *dot = printed(print_dot, topology);

    ck_assert_ptr_nonnull(strstr(text, "0.050747")); /* (4/3) sin^2(pi/16) */
    ck_assert_ptr_nonnull(strstr(text, "diameter              8\n"));
    ck_assert_int_eq(occurrences(dot, " -> "), 32);
    ck_assert_int_eq(occurrences(dot, "0.3333\"]"), 32 + 16); /* selves stand in the nodes */
    free(text);
    free(dot);
    topology_free(topology);
    topology = plain("one-peer-exponential", 8, NULL);
    dot = printed(print_dot, topology);
    ck_assert_int_eq(occurrences(dot, "label=\"2: 0.5\""), 8);
    ck_assert_int_eq(occurrences(dot, " -> "), 24);
    free(dot);
    topology_free(topology);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spectra");
    TCase *tests = tcase_create("spectra");

    tcase_add_test(tests, gaps_are_the_published_ones);
    tcase_add_test(tests, gaps_have_closed_forms);
    tcase_add_test(tests, lanczos_agrees_with_closed_forms);
    tcase_add_test(tests, one_peer_exponential_is_exact_for_powers_of_two_only);
    tcase_add_test(tests, products_have_the_published_norms);
    tcase_add_test(tests, directed_matrices_agree_with_their_closed_form);
    tcase_add_loop_test(tests, spectra_agree_with_dense_algebra, 0, (int)FAMILY_CASES);
    tcase_add_loop_test(tests, reachability_agrees_with_brute_force, 0, (int)FAMILY_CASES);
    tcase_add_test(tests, general_schedules_agree_with_brute_force);
    tcase_add_test(tests, disconnected_graphs_are_called_so);
    tcase_add_test(tests, large_graphs_cost_what_they_should);
    tcase_add_test(tests, too_large_spectra_are_refused);
    tcase_add_test(tests, json_is_json);
    tcase_add_test(tests, text_and_dot_say_what_there_is);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
