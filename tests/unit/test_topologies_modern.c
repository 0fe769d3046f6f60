/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base-(k+1), EquiTopo and MATCHA against what their papers prove, against dense algebra, and under
 * the algorithms that use them.
 */
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_sort_vector.h>

#include "play.h"
#include "testing.h"
#include "topologies/edge_colouring.h"
#include "topologies/hyper_hypercube.h"
#include "topologies/matcha_plan.h"
#include "topology_support.h"

/* ---- dense algebra ---- */

static double *identity(uint32_t n)
{
    double *matrix = calloc((size_t)n * n, sizeof *matrix);

    for (uint32_t i = 0; i < n; i++)
        matrix[i * n + i] = 1;
    return matrix;
}

/* a = transposed(b) a, or b a. */
static void multiply(uint32_t n, bool transposed, const double *b, double *a)
{
    double *product = calloc((size_t)n * n, sizeof *product);

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n; k++) {
            double factor = transposed ? b[k * n + i] : b[i * n + k];

            for (uint32_t j = 0; j < n && factor != 0; j++)
                product[i * n + j] += factor * a[k * n + j];
        }
    memcpy(a, product, (size_t)n * n * sizeof *a);
    free(product);
}

/* Eigenvalues of a symmetric matrix, ascending. */
static void eigenvalues(uint32_t n, const double *matrix, double *values)
{
    gsl_matrix *copy = gsl_matrix_alloc(n, n);
    gsl_vector *found = gsl_vector_alloc(n);
    gsl_eigen_symm_workspace *space = gsl_eigen_symm_alloc(n);

    for (uint32_t i = 0; i < n * n; i++)
        copy->data[i] = matrix[i];
    gsl_eigen_symm(copy, found, space);
    gsl_sort_vector(found);
    for (uint32_t i = 0; i < n; i++)
        values[i] = gsl_vector_get(found, i);
    gsl_eigen_symm_free(space);
    gsl_vector_free(found);
    gsl_matrix_free(copy);
}

/* The norm of a symmetric matrix with row sums 1, the mean taken out. */
static double norm_without_mean(uint32_t n, const double *matrix)
{
    double *rest = calloc((size_t)n * n, sizeof *rest), *values = calloc(n, sizeof *values), norm;

    for (uint32_t i = 0; i < n * n; i++)
        rest[i] = matrix[i] - 1.0 / n;
    eigenvalues(n, rest, values);
    norm = fmax(fabs(values[0]), fabs(values[n - 1]));
    free(rest);
    free(values);
    return norm;
}

static double *square_of(uint32_t n, const double *matrix)
{
    double *square = calloc((size_t)n * n, sizeof *square);

    memcpy(square, matrix, (size_t)n * n * sizeof *square);
    multiply(n, true, matrix, square);
    return square;
}

static double *mean_square(const struct topology *topology, int64_t phases)
{
    uint32_t n = topology_nodes(topology);
    double *mean = calloc((size_t)n * n, sizeof *mean);

    for (int64_t phase = 0; phase < phases; phase++) {
        double *w = dense_phase(topology, phase), *square = square_of(n, w);

        for (uint32_t i = 0; i < n * n; i++)
            mean[i] += square[i] / (double)phases;
        free(square);
        free(w);
    }
    return mean;
}

static void demand_doubly_stochastic(const struct topology *topology, unsigned more)
{
    struct error error = {.text = ""};

    ck_assert_msg(topology_require(topology, TOPOLOGY_DOUBLY_STOCHASTIC | more, "test", &error) ==
                      STATUS_OK,
                  "%s", error.text);
}

static void check_doubly_stochastic(uint32_t n, const double *matrix)
{
    for (uint32_t i = 0; i < n; i++) {
        double row = 0, column = 0;

        for (uint32_t j = 0; j < n; j++) {
            row += matrix[i * n + j];
            column += matrix[j * n + i];
        }
        ck_assert_double_eq_tol(row, 1, 1e-13);
        ck_assert_double_eq_tol(column, 1, 1e-13);
    }
}

/* ---- Base-(k+1) ---- */

/* Every phase is symmetric, doubly stochastic and of degree k or less; the product is J/n. */
static void check_exact(const struct topology *topology, uint32_t k)
{
    uint32_t n = topology_nodes(topology);
    double *product = identity(n);

    for (int64_t phase = 0; phase < topology_period(topology); phase++) {
        double *w = dense_phase(topology, phase);

        check_doubly_stochastic(n, w);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t degree = 0;

            for (uint32_t j = 0; j < n; j++) {
                ck_assert_double_ge(w[i * n + j], 0);
                ck_assert_double_eq(w[i * n + j], w[j * n + i]);
                degree += j != i && w[i * n + j] != 0;
            }
            ck_assert_uint_le(degree, k);
        }
        multiply(n, false, w, product);
        free(w);
    }
    for (uint32_t i = 0; i < n * n; i++)
        ck_assert_double_eq_tol(product[i], 1.0 / n, 1e-12);
    free(product);
}

START_TEST(base_k_plus_one_averages_any_number_of_nodes)
{
    for (uint32_t n = 1; n <= 40; n++) {
        for (int64_t k = 1; k <= 4; k++) {
            struct base_k_plus_one_params params = {k, _i};
            struct topology *topology = plain("base-k-plus-one", n, &params);
            double bound = 2 * log(n) / log((double)k + 1) + 2;

            check_exact(topology, (uint32_t)k);
            ck_assert_uint_le(topology_max_degree(topology), (uint32_t)k);
            ck_assert_double_le((double)topology_period(topology), bound + 1e-9);
            topology_free(topology);
        }
    }
}
END_TEST

START_TEST(base_is_never_longer_than_simple)
{
    static const struct {
        uint32_t nodes;
        int64_t degree, simple, base;
    } known[] = {{3, 1, 3, 3}, {5, 1, 5, 5},  {6, 1, 5, 4},  {7, 1, 5, 5},
                 {8, 1, 3, 3}, {6, 2, 2, 2},  {5, 2, 3, 3},  {25, 4, 2, 2},
                 {7, 2, 4, 4}, {12, 3, 2, 2}, {40, 64, 1, 1}};

    for (uint32_t n = 2; n <= 200; n++) {
        struct base_k_plus_one_params params[] = {{1 + n % 3, BASE_K_PLUS_ONE_SIMPLE},
                                                  {1 + n % 3, BASE_K_PLUS_ONE_BASE}};
        struct topology *simple = plain("base-k-plus-one", n, &params[0]);
        struct topology *base = plain("base-k-plus-one", n, &params[1]);

        ck_assert_int_le(topology_period(base), topology_period(simple));
        topology_free(simple);
        topology_free(base);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        for (int variant = 0; variant < 2; variant++) {
            struct base_k_plus_one_params params = {known[i].degree, variant};
            struct topology *topology = plain("base-k-plus-one", known[i].nodes, &params);

            ck_assert_int_eq(topology_period(topology),
                             variant == BASE_K_PLUS_ONE_BASE ? known[i].base : known[i].simple);
            topology_free(topology);
        }
    }
}
END_TEST

/* n = 5 = 4 + 1, k = 1, by hand: pairs, pairs, the exchange with weight 4/5 whose leftovers pair
 * up, pairs, pairs. */
START_TEST(base_two_of_five_nodes_by_hand)
{
    static const char *const expected[5][5] = {{"1", "0", "3", "2", ""},
                                               {"2", "3", "0", "1", ""},
                                               {"4", "2", "1", "", "0"},
                                               {"1", "0", "3", "2", ""},
                                               {"2", "3", "0", "1", ""}};
    static const struct base_k_plus_one_params params = {1, BASE_K_PLUS_ONE_SIMPLE};
    struct topology *topology = plain("base-k-plus-one", 5, &params);
    struct topology_edge edge;
    char text[256];

    for (int64_t phase = 0; phase < 5; phase++)
        for (uint32_t node = 0; node < 5; node++)
            ck_assert_str_eq(peers_text(topology, node, phase, false, text), expected[phase][node]);
    topology_out(topology, 4, 2, &edge);
    ck_assert_double_eq(edge.weight, 0.8);
    topology_free(topology);
}
END_TEST

/* The fewest factors, by trying all. */
static uint32_t fewest_factors(uint32_t n, uint32_t most)
{
    uint32_t best = n == 1 ? 0 : 99;

    for (uint32_t f = 2; f <= most && f <= n; f++) {
        if (n % f == 0 && fewest_factors(n / f, most) + 1 < best)
            best = fewest_factors(n / f, most) + 1;
    }
    return best;
}

START_TEST(hyper_hypercube_takes_the_fewest_rounds)
{
    struct topology *topology;
    struct hyper_hypercube_params one = {1};
    struct error error;

    for (uint32_t n = 1; n <= 220; n++) {
        for (int64_t k = 1; k <= 8; k++) {
            struct hyper_hypercube_params params = {k};
            struct hyper_hypercube cube;
            uint32_t fewest = fewest_factors(n, (uint32_t)k + 1);

            ck_assert(hyper_hypercube_factor(&cube, n, k) == (fewest < 99));
            if (fewest >= 99)
                continue;
            ck_assert_uint_eq(cube.rounds, fewest);
            if (n > 40)
                continue;
            topology = plain("hyper-hypercube", n, &params);
            check_exact(topology, (uint32_t)k);
            topology_free(topology);
        }
    }
    ck_assert_int_eq(
        try_make(&topology, "hyper-hypercube", 12, &one, TOPOLOGY_WEIGHTS_DEFAULT, 1, &error),
        STATUS_REQUEST);
    ck_assert_str_eq(error.path, "max_degree");
    ck_assert_ptr_nonnull(strstr(error.text, "base-k-plus-one"));
}
END_TEST

/* ---- EquiTopo ---- */

static double distance_from_mean(const struct topology *topology)
{
    uint32_t n = topology_nodes(topology);
    double *w = dense_phase(topology, 0), *square, norm;

    check_doubly_stochastic(n, w);
    square = square_of(n, w);
    norm = sqrt(norm_without_mean(n, square));
    free(square);
    free(w);
    return norm;
}

/* Of 20 seeds at most a tenth may miss epsilon; the bound is generous, so none is expected to. */
START_TEST(equistatic_meets_epsilon_whatever_n)
{
    static const struct equistatic_params params = {INT64_MIN, 0.5, 0.1};
    const uint32_t sizes[] = {12, 60, 61};

    for (int s = 0; s < 3; s++) {
        int missed[2] = {0, 0};

        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct topology *directed =
                make("d-equistatic", sizes[s], &params, TOPOLOGY_WEIGHTS_DEFAULT, seed);
            struct topology *both =
                make("u-equistatic", sizes[s], &params, TOPOLOGY_WEIGHTS_DEFAULT, seed);
            double wide = distance_from_mean(directed), narrow = distance_from_mean(both);

            ck_assert_double_le(narrow, wide + 1e-7); /* same shifts: a triangle inequality */
            demand_doubly_stochastic(both, TOPOLOGY_SYMMETRIC);
            missed[0] += wide >= 0.5;
            missed[1] += narrow >= 0.5;
            topology_free(directed);
            topology_free(both);
        }
        ck_assert_int_le(missed[0], 2);
        ck_assert_int_le(missed[1], 2);
    }
}
END_TEST

/* Weights are multiples of (n-1)/(n M) that add to (n-1)/n: shifts drawn again are not lost. */
START_TEST(equistatic_merges_shifts)
{
    const struct equistatic_params many = {40, NAN, 0.1}, few = {3, NAN, 0.1};
    struct topology *topology = plain("d-equistatic", 7, &many);
    struct topology_edge edges[8];
    double unit = 6.0 / 7 / 40, sum = 0;
    uint32_t degree = topology_out(topology, 3, 0, edges);

    ck_assert_uint_le(degree, 6);
    for (uint32_t i = 0; i < degree; i++) {
        ck_assert_double_eq_tol(edges[i].weight / unit, round(edges[i].weight / unit), 1e-9);
        sum += edges[i].weight;
    }
    ck_assert_double_eq_tol(sum, 6.0 / 7, 1e-14);
    ck_assert_double_eq(topology_self_weight(topology, 3, 0), 1.0 / 7);
    topology_free(topology);
    for (uint64_t seed = 0; seed < 30; seed++) { /* 12 has many divisors; all are connected */
        topology = make("d-equistatic", 12, &few, TOPOLOGY_WEIGHTS_DEFAULT, seed);
        ck_assert_uint_le(topology_max_degree(topology), 3);
        ck_assert_double_lt(distance_from_mean(topology), 1);
        demand_doubly_stochastic(topology, TOPOLOGY_CONNECTED);
        topology_free(topology);
    }
}
END_TEST

START_TEST(equistatic_takes_shifts_or_epsilon)
{
    const struct equistatic_params both = {3, 0.5, 0.1};
    struct topology *topology;
    struct error error;

    ck_assert_int_eq(
        try_make(&topology, "d-equistatic", 8, &both, TOPOLOGY_WEIGHTS_DEFAULT, 1, &error),
        STATUS_REQUEST);
    ck_assert_str_eq(error.path, "shifts");
}
END_TEST

/* E||Wx||^2 for all x at once: E[W'W] is (c^2 + d^2 - 2cd/(n-1)) (I - J) + J; its trace is the same
 * in every round. */
START_TEST(od_equidyn_contracts_as_computed)
{
    const double etas[] = {0.5, 0.3};
    const uint32_t n = 10;

    for (int e = 0; e < 2; e++) {
        struct equidyn_params params = {etas[e]};
        struct topology *topology = plain("od-equidyn", n, &params);
        double c = 1 - etas[e] + etas[e] / n, d = 1 - c;
        double expected = c * c + d * d - 2 * c * d / (n - 1);
        double *mean = mean_square(topology, 4000), trace = 0;

        for (uint32_t i = 0; i < n; i++)
            trace += mean[i * n + i];
        if (etas[e] == 0.5)
            ck_assert_double_eq_tol(expected, (n - 1) / (2.0 * n), 1e-15);
        ck_assert_double_le(expected, 1 - 2 * etas[e] * (1 - etas[e]));
        ck_assert_double_eq_tol((trace - 1) / (n - 1), expected, 1e-12);
        ck_assert_double_eq_tol(norm_without_mean(n, mean), expected, 0.05);
        demand_doubly_stochastic(topology, TOPOLOGY_CONNECTED);
        free(mean);
        topology_free(topology);
    }
}
END_TEST

/* The mean of W'W over all shifts and first nodes, with the pairing written out anew. */
static double *equidyn_mean_square(uint32_t n, double away)
{
    double *mean = calloc((size_t)n * n, sizeof *mean);

    for (uint32_t a = 1; a < n; a++) {
        for (uint32_t s = 0; s < n; s++) {
            double *w = identity(n), *square;
            bool taken[64] = {false};

            for (uint32_t k = 0; k < n; k++) {
                uint32_t i = (s + k) % n, j = (i + a) % n;

                if (taken[i] || taken[j])
                    continue;
                taken[i] = taken[j] = true;
                w[i * n + i] = w[j * n + j] = 1 - away;
                w[i * n + j] = w[j * n + i] = away;
            }
            square = square_of(n, w);
            for (uint32_t e = 0; e < n * n; e++)
                mean[e] += square[e] / (n * (n - 1.0));
            free(square);
            free(w);
        }
    }
    return mean;
}

START_TEST(ou_equidyn_contracts_as_computed)
{
    const uint32_t sizes[] = {9, 10};

    for (int s = 0; s < 2; s++) {
        uint32_t n = sizes[s];
        struct topology *topology = plain("ou-equidyn", n, &equidyn_half);
        double *expected = equidyn_mean_square(n, 0.5 * (n - 1) / n);
        double *mean = mean_square(topology, 4000);
        double exact = norm_without_mean(n, expected);

        ck_assert_double_le(exact, 1 - 4.0 / 3 * 0.5 * 0.5);
        ck_assert_double_eq_tol(norm_without_mean(n, mean), exact, 0.05);
        for (uint32_t e = 0; e < n * n; e++)
            ck_assert_double_eq_tol(mean[e], expected[e], 0.04);
        demand_doubly_stochastic(topology,
                                 TOPOLOGY_SYMMETRIC | TOPOLOGY_PAIRWISE | TOPOLOGY_CONNECTED);
        free(expected);
        free(mean);
        topology_free(topology);
    }
}
END_TEST

/* A phase asked for again, after others took its slot, is the same. */
START_TEST(drawn_phases_do_not_depend_on_the_order_of_questions)
{
    struct topology *topology = plain("ou-equidyn", 30, &equidyn_half);
    double *first = dense_phase(topology, 3), *again;

    for (int64_t phase = 0; phase < 2000; phase++)
        topology_self_weight(topology, 0, phase);
    again = dense_phase(topology, 3);
    ck_assert_mem_eq(first, again, 900 * sizeof *first);
    free(first);
    free(again);
    topology_free(topology);
}
END_TEST

/* ---- MATCHA ---- */

struct graph {
    uint32_t nodes, ends[600];
    size_t edges;
};

static struct graph graph_of(const struct topology *topology)
{
    struct graph graph = {.nodes = topology_nodes(topology)};
    struct topology_edge out[64];

    for (uint32_t i = 0; i < graph.nodes; i++) {
        uint32_t degree = topology_out(topology, i, 0, out);

        for (uint32_t e = 0; e < degree; e++)
            if (out[e].peer > i) {
                ck_assert_uint_lt(graph.edges, 300);
                graph.ends[2 * graph.edges] = i;
                graph.ends[2 * graph.edges++ + 1] = out[e].peer;
            }
    }
    return graph;
}

/* Matchings, each edge in exactly one, and not more than Vizing allows; returns their number. */
static uint32_t check_colouring(const struct graph *graph)
{
    uint32_t degree[64] = {0}, most = 0, colours, n = graph->nodes;
    uint32_t *partner = edge_colouring_create(n, graph->ends, graph->edges, &colours);
    size_t used = 0;

    for (size_t e = 0; e < graph->edges; e++) {
        uint32_t a = graph->ends[2 * e], b = graph->ends[2 * e + 1], times = 0;

        most = (uint32_t)fmax(most, fmax(++degree[a], ++degree[b]));
        for (uint32_t c = 0; c < colours; c++)
            times += partner[c * n + a] == b;
        ck_assert_uint_eq(times, 1);
    }
    for (uint32_t c = 0; c < colours; c++)
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_uint_eq(partner[c * n + partner[c * n + i]], i);
            used += partner[c * n + i] != i;
        }
    ck_assert_uint_eq(used, 2 * graph->edges);
    ck_assert_uint_ge(colours, most);
    ck_assert_uint_le(colours, most + 1);
    free(partner);
    return colours;
}

START_TEST(edge_colourings_are_proper_and_few)
{
    const struct erdos_renyi_params thin = {0.2, NAN, false}, thick = {0.8, NAN, false};

    for (uint32_t n = 2; n <= 24; n++) {
        const struct {
            const char *family;
            const void *params;
        } bases[] = {{"ring", &ring_both},
                     {"complete", NULL},
                     {"star", NULL},
                     {"erdos-renyi", &thin},
                     {"erdos-renyi", &thick}};

        for (size_t b = 0; b < 5; b++) {
            for (uint64_t seed = 0; seed < (b < 3 ? 1 : 4); seed++) {
                struct topology *base =
                    make(bases[b].family, n, bases[b].params, TOPOLOGY_WEIGHTS_DEFAULT, seed);
                struct graph graph = graph_of(base);
                uint32_t colours = check_colouring(&graph);

                if (b == 2)
                    ck_assert_uint_eq(colours, n - 1);
                topology_free(base);
            }
        }
    }
}
END_TEST

/* sum of f(p) L, f(p) = p or p (1 - p). */
static double *laplacian(const struct matcha_plan *plan, const double *p, bool spread)
{
    uint32_t n = plan->nodes;
    double *matrix = calloc((size_t)n * n, sizeof *matrix);

    for (uint32_t m = 0; m < plan->matchings; m++)
        for (uint32_t i = 0; i < n; i++) {
            uint32_t j = plan->partners[m * n + i];
            double weight = spread ? p[m] * (1 - p[m]) : p[m];

            matrix[i * n + i] += j != i ? weight : 0;
            matrix[i * n + j] -= j != i ? weight : 0;
        }
    return matrix;
}

/* ||E[W'W] - J|| at alpha, all entries at hand. */
static double dense_contraction(const struct matcha_plan *plan, double alpha)
{
    uint32_t n = plan->nodes;
    double *mean = laplacian(plan, plan->probabilities, false), *square = square_of(n, mean);
    double *spread = laplacian(plan, plan->probabilities, true), norm;

    for (uint32_t e = 0; e < n * n; e++)
        square[e] =
            (e % (n + 1) == 0) - 2 * alpha * mean[e] + alpha * alpha * (square[e] + 2 * spread[e]);
    norm = norm_without_mean(n, square);
    free(mean);
    free(square);
    free(spread);
    return norm;
}

static double dense_connectivity(const struct matcha_plan *plan, const double *p)
{
    double *matrix = laplacian(plan, p, false), values[64];

    eigenvalues(plan->nodes, matrix, values);
    free(matrix);
    return values[1];
}

static void check_alpha(const struct matcha_plan *plan)
{
    double best = dense_contraction(plan, plan->alpha);

    ck_assert_double_eq_tol(plan->contraction, best, 1e-6);
    ck_assert_double_lt(best, 1);
    for (double alpha = 0.01; alpha < 2; alpha += 0.01)
        ck_assert_double_ge(dense_contraction(plan, alpha), best - 1e-7);
}

START_TEST(matcha_of_a_ring_has_a_closed_form)
{
    struct topology *ring = plain("ring", 8, &ring_both);
    struct graph graph = graph_of(ring);
    double least = 2 - sqrt(2), most = 4;
    struct matcha_plan plan;

    matcha_plan_init(&plan, 8, graph.ends, graph.edges, 1);
    ck_assert_double_eq_tol(plan.alpha, 2 / (least + most), 1e-6);
    ck_assert_double_eq_tol(plan.contraction, pow((most - least) / (most + least), 2), 1e-6);
    check_alpha(&plan);
    matcha_plan_fini(&plan);
    matcha_plan_init(&plan, 8, graph.ends, graph.edges, 0.5);
    check_alpha(&plan);
    matcha_plan_fini(&plan);
    topology_free(ring);
}
END_TEST

/* Two triangles and a bridge: the bridge's matching is the important one.  Best of a grid. */
START_TEST(matcha_uses_important_matchings_more)
{
    static const uint32_t ends[] = {0, 1, 1, 2, 0, 2, 3, 4, 4, 5, 3, 5, 2, 3};
    struct matcha_plan plan;
    double best = 0, sum = 0, uniform[4], reached, bridge = 0;

    matcha_plan_init(&plan, 6, ends, 7, 0.4);
    ck_assert_uint_ge(plan.matchings, 3);
    ck_assert_uint_le(plan.matchings, 4);
    for (uint32_t m = 0; m < plan.matchings; m++) {
        uniform[m] = 0.4;
        ck_assert(plan.probabilities[m] >= 0 && plan.probabilities[m] <= 1);
        sum += plan.probabilities[m];
        if (plan.partners[m * 6 + 2] == 3)
            bridge = plan.probabilities[m];
    }
    ck_assert_double_le(sum, 0.4 * plan.matchings + 1e-12);
    ck_assert_double_ge(sum, 0.4 * plan.matchings - 1e-9);
    ck_assert_double_gt(bridge, 0.4);
    for (int grid = 0; grid < 26 * 26 * 26; grid++) {
        double p[4] = {grid % 26 / 25.0, grid / 26 % 26 / 25.0, grid / 676 / 25.0, 0};

        if (plan.matchings == 4)
            p[3] = 1.6 - p[0] - p[1] - p[2];
        else if (grid >= 676)
            break;
        else
            p[2] = 1.2 - p[0] - p[1];
        if (p[plan.matchings - 1] >= 0 && p[plan.matchings - 1] <= 1)
            best = fmax(best, dense_connectivity(&plan, p));
    }
    reached = dense_connectivity(&plan, plan.probabilities);
    ck_assert_double_gt(reached, dense_connectivity(&plan, uniform) + 0.01);
    ck_assert_double_ge(reached, best - 2e-3);
    check_alpha(&plan);
    matcha_plan_fini(&plan);
}
END_TEST

static const struct plugin *base_family(const char *family)
{
    return plugin_find(&topology_registry, family);
}

/* Each phase: alpha on whole matchings of the base graph; each matching as often as planned. */
START_TEST(matcha_phases_are_unions_of_matchings)
{
    const int64_t phases = 3000;
    struct matcha_params params = {{base_family("erdos-renyi"), &random_half}, 0.5};
    struct topology *base = plain("erdos-renyi", 12, &random_half);
    struct topology *topology = plain("matcha", 12, &params);
    struct graph graph = graph_of(base);
    struct matcha_plan plan;
    double active = 0, *mean;

    matcha_plan_init(&plan, 12, graph.ends, graph.edges, 0.5);
    ck_assert_int_eq(topology_period(topology), 0);
    demand_doubly_stochastic(topology, TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED);
    for (uint32_t m = 0; m < plan.matchings; m++) {
        int64_t times = 0;

        for (int64_t phase = 0; phase < phases; phase++) {
            double *w = dense_phase(topology, phase);
            uint32_t edges = 0, used = 0;

            for (uint32_t i = 0; i < 12; i++) {
                uint32_t j = plan.partners[m * 12 + i];

                edges += j != i;
                used += j != i && w[i * 12 + j] != 0;
                if (j != i && w[i * 12 + j] != 0)
                    ck_assert_double_eq_tol(w[i * 12 + j], plan.alpha, 1e-15);
            }
            ck_assert(used == 0 || used == edges);
            times += used > 0;
            free(w);
        }
        ck_assert_double_eq_tol((double)times / (double)phases, plan.probabilities[m], 0.04);
        active += (double)times / (double)phases;
    }
    ck_assert_double_eq_tol(active, 0.5 * plan.matchings, 0.1);
    mean = mean_square(topology, phases);
    ck_assert_double_lt(norm_without_mean(12, mean), 1);
    ck_assert_double_eq_tol(norm_without_mean(12, mean), plan.contraction, 0.03);
    free(mean);
    matcha_plan_fini(&plan);
    topology_free(base);
    topology_free(topology);
}
END_TEST

/* With budget 1 every round is the whole base graph; with less, their union is. */
START_TEST(matcha_unites_to_its_base)
{
    for (int whole = 0; whole < 2; whole++) {
        struct matcha_params params = {{base_family("torus"), &torus_square}, whole ? 1 : 0.3};
        struct topology *base = plain("torus", 12, &torus_square);
        struct topology *topology = plain("matcha", 12, &params);
        double *expected = dense_phase(base, 0), united[144] = {0};
        int64_t phases = whole ? 1 : 200;

        ck_assert_int_eq(topology_period(topology), whole);
        for (int64_t phase = 0; phase < phases; phase++) {
            double *w = dense_phase(topology, phase);

            for (int e = 0; e < 144; e++)
                united[e] += e % 13 != 0 && w[e] != 0;
            free(w);
        }
        for (int e = 0; e < 144; e++)
            ck_assert_int_eq(united[e] > 0, e % 13 != 0 && expected[e] != 0);
        free(expected);
        topology_free(base);
        topology_free(topology);
    }
}
END_TEST

START_TEST(matcha_refuses_unsuited_bases)
{
    const struct erdos_renyi_params lonely = {0, NAN, false};
    const struct {
        struct plugin_choice base;
        const char *path, *text;
    } cases[] = {{{base_family("ring"), &ring_ahead}, "base.name", "symmetric"},
                 {{base_family("hypercube"), NULL}, "base.name", "power of two"},
                 {{base_family("one-peer-exponential"), NULL}, "base.name", "symmetric"},
                 {{base_family("random-matching"), NULL}, "base.name", "round to round"},
                 {{base_family("erdos-renyi"), &lonely}, "base.name", "connected"}};

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct matcha_params params = {cases[c].base, 0.5};
        struct topology *topology;
        struct error error;

        ck_assert_int_eq(
            try_make(&topology, "matcha", 9, &params, TOPOLOGY_WEIGHTS_DEFAULT, 1, &error),
            STATUS_REQUEST);
        ck_assert_str_eq(error.path, cases[c].path);
        ck_assert_msg(strstr(error.text, cases[c].text) != NULL, "%s", error.text);
    }
}
END_TEST

/* ---- under algorithms ---- */

#define N 6
#define D 7

static const char still_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"d-psgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\", \"cv\": 1}},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0},"
    " \"stop\": {\"iterations\": 40}, \"trace\": {\"parameters\": \"final\"}}";

/* Without gradients, what runs is the product of the matrices: x_K = W_{K-1} ... W_0 x_0. */
static void check_run(const char *algorithm, const char *text, const struct topology *topology,
                      int64_t iterations, bool exact)
{
    char set[3][160];
    const char *begin[] = {"stop.iterations=0", NULL};
    const char *sets[] = {set[0], set[1], set[2], NULL};
    struct play start = play_fine(still_text, begin), play;
    double *product = identity(N);

    snprintf(set[0], sizeof set[0], "algorithm=%s", algorithm);
    snprintf(set[1], sizeof set[1], "topology=%s", text);
    snprintf(set[2], sizeof set[2], "stop.iterations=%lld", (long long)iterations);
    play = play_fine(still_text, sets);
    for (int64_t k = 0; k < iterations; k++) {
        double *w = dense_phase(topology, k);

        multiply(N, false, w, product);
        free(w);
    }
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t d = 0; d < D; d++) {
            double expected = 0, mean = 0;

            for (uint32_t j = 0; j < N; j++) {
                expected += product[i * N + j] * start.rows.x[j * D + d];
                mean += start.rows.x[j * D + d] / N;
            }
            ck_assert_double_eq_tol(play.rows.x[i * D + d], expected, 1e-12);
            if (exact)
                ck_assert_double_eq_tol(play.rows.x[i * D + d], mean, 1e-12);
        }
    free(product);
    play_free(&start);
    play_free(&play);
}

START_TEST(algorithms_run_on_them)
{
    static const struct base_k_plus_one_params simple = {1, BASE_K_PLUS_ONE_SIMPLE};
    struct matcha_params ring = {{base_family("ring"), &ring_both}, 0.5};
    const struct {
        const char *family, *text;
        const void *params;
        int64_t iterations;
        bool exact;
    } cases[] = {
        {"base-k-plus-one", "base-k-plus-one", &base_one, 4, true},
        {"base-k-plus-one", "{\"name\": \"base-k-plus-one\", \"variant\": \"simple\"}", &simple, 5,
         true},
        {"hyper-hypercube", "{\"name\": \"hyper-hypercube\", \"max_degree\": 2}", &hyper_two, 2,
         true},
        {"d-equistatic", "d-equistatic", &equistatic_few, 7, false},
        {"u-equistatic", "u-equistatic", &equistatic_few, 7, false},
        {"od-equidyn", "od-equidyn", &equidyn_half, 9, false},
        {"ou-equidyn", "ou-equidyn", &equidyn_half, 9, false},
        {"matcha", "{\"name\": \"matcha\", \"base\": \"ring\"}", &ring, 9, false},
    };

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct topology *topology =
            make(cases[c].family, N, cases[c].params, TOPOLOGY_WEIGHTS_DEFAULT, 5);

        check_run("d-psgd", cases[c].text, topology, cases[c].iterations, cases[c].exact);
        check_run("sgp", cases[c].text, topology, cases[c].iterations, cases[c].exact);
        topology_free(topology);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topologies, modern");
    TCase *tests = tcase_create("topologies, modern");

    tcase_add_loop_test(tests, base_k_plus_one_averages_any_number_of_nodes, 0, 2);
    tcase_add_test(tests, base_is_never_longer_than_simple);
    tcase_add_test(tests, base_two_of_five_nodes_by_hand);
    tcase_add_test(tests, hyper_hypercube_takes_the_fewest_rounds);
    tcase_add_test(tests, equistatic_meets_epsilon_whatever_n);
    tcase_add_test(tests, equistatic_merges_shifts);
    tcase_add_test(tests, equistatic_takes_shifts_or_epsilon);
    tcase_add_test(tests, od_equidyn_contracts_as_computed);
    tcase_add_test(tests, ou_equidyn_contracts_as_computed);
    tcase_add_test(tests, drawn_phases_do_not_depend_on_the_order_of_questions);
    tcase_add_test(tests, edge_colourings_are_proper_and_few);
    tcase_add_test(tests, matcha_of_a_ring_has_a_closed_form);
    tcase_add_test(tests, matcha_uses_important_matchings_more);
    tcase_add_test(tests, matcha_phases_are_unions_of_matchings);
    tcase_add_test(tests, matcha_unites_to_its_base);
    tcase_add_test(tests, matcha_refuses_unsuited_bases);
    tcase_add_test(tests, algorithms_run_on_them);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
