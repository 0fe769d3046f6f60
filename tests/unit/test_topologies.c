/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Graph families, weights, requirements and edge-list files.  Expectations: the definitions, the
 * published peer lists, and the peers that the SGP authors' own code chose.
 */
#include <cjson/cJSON.h>
#include <unistd.h>

#include "topology_support.h"
#include "testing.h"

static void check_edges(const struct topology *topology, const struct topology_edge *edges,
                        uint32_t count, uint32_t node)
{
    ck_assert_uint_le(count, topology_max_degree(topology));
    for (uint32_t e = 0; e < count; e++) {
        ck_assert_uint_lt(edges[e].peer, topology_nodes(topology));
        ck_assert_uint_ne(edges[e].peer, node);
        ck_assert_double_gt(edges[e].weight, 0);
        if (e > 0)
            ck_assert_uint_lt(edges[e - 1].peer, edges[e].peer);
    }
}

/* Columns add to 1 and receivers see what senders say. */
static void check_phase(const struct topology *topology, int64_t phase)
{
    uint32_t nodes = topology_nodes(topology);
    struct topology_edge *edges = calloc(topology_max_degree(topology) + 1, sizeof *edges);
    double *matrix = dense_phase(topology, phase);

    for (uint32_t j = 0; j < nodes; j++) {
        double sum = 0;

        check_edges(topology, edges, topology_out(topology, j, phase, edges), j);
        for (uint32_t i = 0; i < nodes; i++)
            sum += matrix[i * nodes + j];
        ck_assert_double_eq_tol(sum, 1, 1e-14);
    }
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t degree = topology_in(topology, i, phase, edges), entries = 0;

        check_edges(topology, edges, degree, i);
        for (uint32_t e = 0; e < degree; e++)
            ck_assert_double_eq(matrix[i * nodes + edges[e].peer], edges[e].weight);
        for (uint32_t j = 0; j < nodes; j++)
            entries += j != i && matrix[i * nodes + j] != 0;
        ck_assert_uint_eq(entries, degree);
    }
    free(matrix);
    free(edges);
}

static void for_all_cases(enum topology_weights weights, uint32_t most_nodes,
                          void (*body)(const struct topology *topology, int64_t phase))
{
    for (size_t c = 0; c < FAMILY_CASES; c++) {
        const struct family_case *family = &family_cases[c];

        for (unsigned s = 0; s < 5 && family->nodes[s] != 0 && family->nodes[s] <= most_nodes;
             s++) {
            struct topology *topology;
            struct error error;

            if (try_make(&topology, family->family, family->nodes[s], family->params, weights, 3,
                         &error) != STATUS_OK) {
                ck_assert_str_eq(error.path, "weights"); /* Metropolis on a directed graph */
                continue;
            }
            for (int64_t phase = 0; phase <= topology_period(topology) || phase < 5; phase++)
                body(topology, phase);
            topology_free(topology);
        }
    }
}

START_TEST(every_phase_is_column_stochastic)
{
    for_all_cases((enum topology_weights)_i, 64, check_phase);
}
END_TEST

/* max(deg) + 1 below the line, symmetric, rows and columns 1: the definition, entry by entry. */
static void check_metropolis(const struct topology *topology, int64_t phase)
{
    uint32_t nodes = topology_nodes(topology), degree[64] = {0};
    double *matrix = dense_phase(topology, phase);

    for (uint32_t i = 0; i < nodes; i++)
        for (uint32_t j = 0; j < nodes; j++)
            degree[i] += i != j && matrix[i * nodes + j] != 0;
    for (uint32_t i = 0; i < nodes; i++) {
        double rest = 1;

        for (uint32_t j = 0; j < nodes; j++) {
            uint32_t most = degree[i] > degree[j] ? degree[i] : degree[j];

            if (i == j || matrix[j * nodes + i] == 0)
                continue;
            ck_assert_double_eq(matrix[i * nodes + j], 1.0 / (most + 1.0));
            rest -= 1.0 / (most + 1.0);
        }
        ck_assert_double_eq_tol(matrix[i * nodes + i], rest, 1e-15);
    }
    free(matrix);
}

START_TEST(metropolis_weights_are_their_definition)
{
    for_all_cases(TOPOLOGY_WEIGHTS_METROPOLIS, 64, check_metropolis);
}
END_TEST

START_TEST(lazy_weights_are_half_the_matrix_and_half_the_identity)
{
    static const struct {
        const char *family;
        const void *params;
        enum topology_weights base;
    } cases[] = {{"star", NULL, TOPOLOGY_WEIGHTS_METROPOLIS},
                 {"ring", &ring_ahead, TOPOLOGY_WEIGHTS_UNIFORM},
                 {"erdos-renyi", &random_half, TOPOLOGY_WEIGHTS_METROPOLIS}};

    for (size_t c = 0; c < 3; c++) {
        struct topology *lazy = make(cases[c].family, 9, cases[c].params, TOPOLOGY_WEIGHTS_LAZY, 1);
        struct topology *full = make(cases[c].family, 9, cases[c].params, cases[c].base, 1);
        double *a = dense_phase(lazy, 0), *b = dense_phase(full, 0);

        for (uint32_t e = 0; e < 81; e++)
            ck_assert_double_eq_tol(a[e], 0.5 * b[e] + (e % 10 == 0 ? 0.5 : 0), 1e-15);
        free(a);
        free(b);
        topology_free(lazy);
        topology_free(full);
    }
}
END_TEST

/* Out-peers of node 0 at phases 0, 1, ... */
static void check_list(const char *family, uint32_t nodes, const void *params, int64_t period,
                       const char *const *expected)
{
    struct topology *topology = plain(family, nodes, params);
    char text[256];

    ck_assert_int_eq(topology_period(topology), period);
    for (int64_t phase = 0; phase < 2 * period; phase++)
        ck_assert_str_eq(peers_text(topology, 0, phase, false, text), expected[phase % period]);
    topology_free(topology);
}

START_TEST(schedules_are_the_published_ones)
{
    check_list("one-peer-exponential", 8, NULL, 3, (const char *[]){"1", "2", "4"});
    check_list("one-peer-exponential", 9, NULL, 4, (const char *[]){"1", "2", "4", "8"});
    check_list("static-exponential", 9, NULL, 1, (const char *[]){"1 2 4 8"});
    check_list("sgp-exponential", 8, &sgp_tag, 5, (const char *[]){"1", "7", "2", "6", "4"});
    check_list("sgp-exponential", 8, &sgp_main, 6, (const char *[]){"1", "7", "2", "6", "4", "4"});
    check_list("sgp-exponential", 8, &sgp_tag_two, 5,
               (const char *[]){"1 7", "2 6", "1 4", "2 7", "4 6"});
    check_list("sgp-exponential", 8, &sgp_main_two, 3, (const char *[]){"1 7", "2 6", "4"});
    check_list("n-peer-exponential", 8, &n_peer_three, 2, (const char *[]){"1 2 3", "4"});
    check_list("n-peer-exponential", 8, &n_peer_one, 3, (const char *[]){"1", "2", "4"});
    check_list("sgp-bipartite-exponential", 12, &sgp_main, 8,
               (const char *[]){"1", "11", "3", "9", "5", "7", "9", "3"});
    check_list("torus", 12, &torus_square, 1, (const char *[]){"1 3 4 8"});
    check_list("torus", 8, &torus_two_rows, 1, (const char *[]){"1 3 4"});
    check_list("hypercube", 16, NULL, 1, (const char *[]){"1 2 4 8"});
    check_list("ring", 5, &ring_both, 1, (const char *[]){"1 4"});
}
END_TEST

/* Odd r with r+1, r-1, r+3, r-3, r+5, ... in both directions. */
START_TEST(bipartite_tag_exchanges)
{
    static const int64_t distances[] = {1, -1, 3, -3, 5, -5};
    struct topology *topology = plain("sgp-bipartite-exponential", 12, &sgp_tag);
    struct topology_edge edge;

    ck_assert_int_eq(topology_period(topology), 6);
    for (int64_t phase = 0; phase < 6; phase++) {
        for (uint32_t node = 1; node < 12; node += 2) {
            uint32_t other = (uint32_t)((node + distances[phase] + 12) % 12);

            ck_assert_uint_eq(topology_out(topology, node, phase, &edge), 1);
            ck_assert_uint_eq(edge.peer, other);
            ck_assert_uint_eq(topology_out(topology, other, phase, &edge), 1);
            ck_assert_uint_eq(edge.peer, node);
        }
    }
    topology_free(topology);
}
END_TEST

static void check_reference_peers(const struct topology *topology, const cJSON *peers)
{
    const cJSON *of_rank, *of_round, *list;
    uint32_t rank = 0;

    cJSON_ArrayForEach(of_rank, peers)
    {
        int64_t round = 0;

        cJSON_ArrayForEach(of_round, of_rank)
        {
            for (int side = 0; side < 2; side++) {
                struct topology_edge edges[8];
                uint32_t degree =
                    (side == 0 ? topology_out : topology_in)(topology, rank, round, edges);

                list = cJSON_GetArrayItem(of_round, side);
                ck_assert_int_eq(cJSON_GetArraySize(list), 1);
                ck_assert_uint_eq(degree, 1);
                ck_assert_int_eq(cJSON_GetArrayItem(list, 0)->valueint, edges[0].peer);
            }
            round++;
        }
        ck_assert_int_eq(round, 24);
        rank++;
    }
    ck_assert_uint_eq(rank, topology_nodes(topology));
}

static cJSON *read_reference(void)
{
    const char *source = getenv("HS_SRCDIR");
    char path[4096], *text;
    cJSON *reference;
    FILE *file;
    long size;

    snprintf(path, sizeof path, "%s/tests/oracle/pushsum_reference.json", source ? source : ".");
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no %s; set HS_SRCDIR", path);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = calloc((size_t)size + 1, 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    reference = cJSON_Parse(text);
    ck_assert_ptr_nonnull(reference);
    free(text);
    return reference;
}

START_TEST(peers_are_those_of_the_reference_implementation)
{
    cJSON *reference = read_reference(), *item;
    int seen = 0;

    cJSON_ArrayForEach(item, cJSON_GetObjectItem(reference, "cases"))
    {
        const char *graph = cJSON_GetObjectItem(item, "graph")->valuestring;
        uint32_t nodes = (uint32_t)cJSON_GetObjectItem(item, "n")->valueint;
        struct topology *topology = NULL;

        if (strcmp(graph, "NPeerDynamicDirectedExponentialGraph") == 0)
            topology = plain("n-peer-exponential", nodes, &n_peer_one);
        else if (strcmp(graph, "DynamicDirectedExponentialGraph") == 0)
            topology = plain("sgp-exponential", nodes, &sgp_main);
        else if (strcmp(graph, "RingGraph") == 0)
            topology = plain("ring", nodes, &ring_ahead);
        ck_assert_msg(topology != NULL, "graph %s", graph);
        check_reference_peers(topology, cJSON_GetObjectItem(item, "peers"));
        topology_free(topology);
        seen++;
    }
    ck_assert_int_eq(seen, 18);
    cJSON_Delete(reference);
}
END_TEST

START_TEST(a_million_nodes_need_no_matrix)
{
    static const char *const families[] = {"one-peer-exponential", "static-exponential"};
    const uint32_t nodes = 1000000;
    struct topology *topology;
    struct topology_edge edges[64];

    for (size_t f = 0; f < 2; f++) {
        topology = plain(families[f], nodes, NULL);
        topology_out(topology, nodes - 1, 4, edges);
        ck_assert_uint_eq(edges[0].peer, f == 0 ? 15 : 0);
        ck_assert_uint_eq(topology_in(topology, 3, 4, edges), f == 0 ? 1 : 20);
        ck_assert_uint_eq(edges[0].peer, f == 0 ? nodes - 13 : 1);
        topology_free(topology);
    }
    topology = plain("torus", nodes, &torus_square);
    ck_assert_uint_eq(topology_in(topology, 0, 0, edges), 4);
    ck_assert_uint_eq(edges[3].peer, 999000);
    ck_assert_int_eq(topology_require(topology, 7 | TOPOLOGY_CONNECTED, "x", NULL), STATUS_OK);
    topology_free(topology);
}
END_TEST

/* ---- refusals */

static void refuse(const char *family, uint32_t nodes, const void *params, const char *path,
                   const char *part)
{
    struct error error = {.text = ""};
    struct topology *topology;
    enum status status =
        try_make(&topology, family, nodes, params, TOPOLOGY_WEIGHTS_DEFAULT, 1, &error);

    ck_assert_int_eq(status, STATUS_REQUEST);
    ck_assert_ptr_null(topology);
    ck_assert_str_eq(error.path, path);
    ck_assert_msg(strstr(error.text, part) != NULL, "'%s' lacks '%s'", error.text, part);
}

START_TEST(parameters_that_do_not_fit_are_refused)
{
    refuse("torus", 13, &torus_square, "rows", "13 nodes");
    refuse("torus", 13, &(struct torus_params){5, INT64_MIN}, "rows", "5 rows");
    refuse("torus", 16, &(struct torus_params){5, 3}, "rows", "5 rows x 3 columns");
    refuse("torus", 16, &(struct torus_params){INT64_MIN, 5}, "columns", "5 columns");
    refuse("torus", 4, &(struct torus_params){65536, 65536}, "rows", "65536");
    refuse("hypercube", 12, NULL, "name", "power of two");
    refuse("sgp-bipartite-exponential", 15, &sgp_tag, "name", "even number of nodes, found 15");
    refuse("sgp-exponential", 2, &sgp_tag_two, "peers", "at most 1");
    refuse("n-peer-exponential", 3, &n_peer_three, "peers", "at most 2");
    refuse("random-regular", 7, &(struct random_regular_params){3}, "degree", "even");
    refuse("random-regular", 6, &(struct random_regular_params){6}, "degree", "at most 5");
    refuse("random-regular", 6, &(struct random_regular_params){1}, "degree", "connected");
    refuse("random-regular", 2, &(struct random_regular_params){0}, "degree", "connected");
    refuse("erdos-renyi", 6, &(struct erdos_renyi_params){NAN, NAN, true}, "probability", "one of");
    refuse("erdos-renyi", 6, &(struct erdos_renyi_params){.5, 2, true}, "probability", "one of");
    refuse("erdos-renyi", 6, &(struct erdos_renyi_params){NAN, 7, true}, "mean_degree",
           "at most 5");
    refuse("erdos-renyi", 1000, &(struct erdos_renyi_params){NAN, 2, true}, "connected", "ln n");
    refuse("erdos-renyi", 4, &(struct erdos_renyi_params){0, NAN, true}, "connected", "draws");
    refuse("erdos-renyi", 1000000, &(struct erdos_renyi_params){.5, NAN, true}, "probability",
           "edges");
}
END_TEST

static void demand(const struct topology *topology, unsigned requirements, const char *part)
{
    struct error error = {.text = ""};
    enum status status = topology_require(topology, requirements, "D-PSGD", &error);

    if (!part) {
        ck_assert_msg(status == STATUS_OK, "%s", error.text);
        return;
    }
    ck_assert_int_eq(status, STATUS_REQUEST);
    ck_assert_msg(strstr(error.text, part) != NULL, "'%s' lacks '%s'", error.text, part);
}

static void demand_of(const char *family, uint32_t nodes, const void *params, unsigned requirements,
                      const char *part)
{
    struct topology *topology = plain(family, nodes, params);

    demand(topology, requirements, part);
    topology_free(topology);
}

START_TEST(requirements_say_what_breaks_them)
{
    struct topology *topology;

    /* The hub of 9 keeps 1/9 and gets 1/2 from each leaf. */
    demand_of("star", 9, NULL, TOPOLOGY_DOUBLY_STOCHASTIC,
              "D-PSGD needs a doubly stochastic mixing matrix; 'star' with uniform weights has row "
              "sum 4.11111 at phase 0, node 0; use weights \"metropolis\"");
    demand_of("star", 9, NULL, TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED, NULL);
    demand_of("star", 9, NULL, TOPOLOGY_SYMMETRIC, "weight 0.111111 to node 1 but 0.5 from it");
    demand_of("star", 9, NULL, TOPOLOGY_PAIRWISE, "8 peers at phase 0, node 0");
    demand_of("ring", 9, &ring_ahead, TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_CONNECTED, NULL);
    demand_of("ring", 9, &ring_ahead, TOPOLOGY_SYMMETRIC, "an edge to node 1 but not from it");
    demand_of("ring", 9, &ring_both, TOPOLOGY_SYMMETRIC | TOPOLOGY_DOUBLY_STOCHASTIC, NULL);
    demand_of("ring", 9, &ring_ahead, TOPOLOGY_PAIRWISE, "different peers");
    demand_of("one-peer-exponential", 9, NULL, TOPOLOGY_SYMMETRIC, "phase 0, node 0");
    demand_of("one-peer-exponential", 9, NULL, TOPOLOGY_DOUBLY_STOCHASTIC, NULL);
    demand_of("random-matching", 9, NULL, 31, NULL);
    demand_of("sgp-bipartite-exponential", 8, &sgp_tag, 31, NULL);
    demand_of("sgp-bipartite-exponential", 8, &sgp_main, TOPOLOGY_PAIRWISE, "different peers");
    demand_of("random-regular", 30, &regular_four, TOPOLOGY_SYMMETRIC | 2 | 8, NULL);
    demand_of("erdos-renyi", 30, &random_half, TOPOLOGY_DOUBLY_STOCHASTIC, "\"metropolis\"");
    demand_of("ring", 8, &ring_both, TOPOLOGY_BIPARTITE, NULL);
    demand_of("ring", 9, &ring_both, TOPOLOGY_BIPARTITE,
              "D-PSGD needs a bipartite graph; 'ring' among 9 nodes has an odd cycle through the "
              "edge from node 4 to node 5; use \"ring\" with an even number of nodes");
    demand_of("star", 9, NULL, TOPOLOGY_BIPARTITE, NULL);
    demand_of("complete", 4, NULL, TOPOLOGY_BIPARTITE, "odd cycle");
    demand_of("sgp-bipartite-exponential", 8, &sgp_tag, TOPOLOGY_BIPARTITE, NULL);
    demand_of("random-matching", 8, NULL, TOPOLOGY_BIPARTITE, "random schedule");
    topology = make("star", 9, NULL, TOPOLOGY_WEIGHTS_METROPOLIS, 1);
    demand(topology, TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC, NULL);
    topology_free(topology);
    demand_of("erdos-renyi", 9, &(struct erdos_renyi_params){0, NAN, false}, TOPOLOGY_CONNECTED,
              "strongly connected");
    demand_of("ring", 9, &ring_both, TOPOLOGY_STATIC, NULL);
    demand_of("one-peer-exponential", 9, NULL, TOPOLOGY_STATIC, "changes from phase to phase");
    demand_of("random-matching", 9, NULL, TOPOLOGY_STATIC, "changes from phase to phase");
    /* 1/3 + (2/3) cos(2 pi k / n): -1/3 where n is even, -0.293 where it is 9. */
    demand_of("ring", 6, &ring_both, TOPOLOGY_ABOVE_MINUS_THIRD,
              "the least of 'ring' with uniform weights is -0.333333; use weights \"lazy\"");
    demand_of("ring", 9, &ring_both, TOPOLOGY_ABOVE_MINUS_THIRD, NULL);
    demand_of("hypercube", 8, NULL, TOPOLOGY_ABOVE_MINUS_THIRD, "is -0.5");
    demand_of("complete", 8, NULL, TOPOLOGY_ABOVE_MINUS_THIRD, NULL);
    topology = make("ring", 6, &ring_both, TOPOLOGY_WEIGHTS_LAZY, 1);
    demand(topology, TOPOLOGY_ABOVE_MINUS_THIRD, NULL);
    topology_free(topology);
}
END_TEST

START_TEST(metropolis_weights_need_a_symmetric_graph)
{
    struct error error = {.text = ""};
    struct topology *topology;

    ck_assert_int_eq(
        try_make(&topology, "ring", 5, &ring_ahead, TOPOLOGY_WEIGHTS_METROPOLIS, 1, &error),
        STATUS_REQUEST);
    ck_assert_str_eq(error.path, "weights");
    ck_assert_ptr_nonnull(strstr(error.text, "symmetric graph"));
}
END_TEST

/* ---- random families */

START_TEST(a_matching_depends_on_seed_and_phase_only)
{
    const uint32_t nodes = 10;
    struct topology *forth = make("random-matching", nodes, NULL, 0, 7);
    struct topology *back = make("random-matching", nodes, NULL, 0, 7);
    struct topology *other = make("random-matching", nodes, NULL, 0, 8);
    struct topology_edge a, b, c;
    uint32_t(*peers)[10] = calloc(1000, sizeof *peers), differing = 0;

    ck_assert_int_eq(topology_period(forth), 0);
    for (int64_t phase = 0; phase < 1000; phase++) {
        for (uint32_t node = 0; node < nodes; node++) {
            topology_out(forth, node, phase, &a);
            peers[phase][node] = a.peer;
        }
    }
    /* Backwards, and far phases in between, so that every slot is replaced. */
    for (int64_t phase = 999; phase >= 0; phase--) {
        for (uint32_t node = 0; node < nodes; node++) {
            topology_out(back, node, phase + 100000 * (node + 1), &b);
            topology_out(back, node, phase, &b);
            topology_out(other, node, phase, &c);
            ck_assert_uint_eq(peers[phase][node], b.peer);
            ck_assert_uint_eq(peers[phase][b.peer], node);
            differing += b.peer != c.peer;
        }
    }
    ck_assert_uint_gt(differing, 5000); /* one in nine agrees by chance */
    free(peers);
    topology_free(forth);
    topology_free(back);
    topology_free(other);
}
END_TEST

/* Four nodes have three matchings, five have fifteen; each is as likely as another. */
START_TEST(matchings_are_uniform)
{
    for (uint32_t nodes = 4; nodes <= 5; nodes++) {
        struct topology *topology = make("random-matching", nodes, NULL, 0, 5);
        unsigned count[3125] = {0}, kinds = 0, expected = nodes == 4 ? 3 : 15;
        double draws = 15000, mean = draws / expected, chi_square = 0;

        for (int64_t phase = 0; phase < draws; phase++) {
            unsigned code = 0;

            for (uint32_t node = 0; node < nodes; node++) {
                struct topology_edge edge = {.peer = node};

                topology_out(topology, node, phase, &edge);
                code = code * nodes + edge.peer;
            }
            count[code]++;
        }
        for (unsigned code = 0; code < 3125; code++) {
            kinds += count[code] > 0;
            if (count[code] > 0)
                chi_square += (count[code] - mean) * (count[code] - mean) / mean;
        }
        ck_assert_uint_eq(kinds, expected);
        /* Mean k - 1, variance 2 (k - 1); five standard deviations. */
        ck_assert_double_lt(chi_square, (expected - 1) + 5 * sqrt(2.0 * (expected - 1)));
        topology_free(topology);
    }
}
END_TEST

static bool same_graph(const struct topology *a, const struct topology *b)
{
    double *x = dense_phase(a, 0), *y = dense_phase(b, 0);
    size_t size = (size_t)topology_nodes(a) * topology_nodes(a) * sizeof *x;
    bool same = memcmp(x, y, size) == 0;

    free(x);
    free(y);
    return same;
}

START_TEST(random_graphs_depend_on_the_seed_only)
{
    static const char *const families[] = {"erdos-renyi", "random-regular"};
    const void *params[] = {&random_half, &regular_four};

    for (size_t f = 0; f < 2; f++) {
        struct topology *a = make(families[f], 20, params[f], 0, 1);
        struct topology *b = make(families[f], 20, params[f], 0, 1);
        struct topology *c = make(families[f], 20, params[f], 0, 2);

        ck_assert(same_graph(a, b));
        ck_assert(!same_graph(a, c));
        topology_free(a);
        topology_free(b);
        topology_free(c);
    }
}
END_TEST

/* Edges of G(n, p) are binomial: mean p N, variance N p (1 - p), N = n (n-1) / 2. */
START_TEST(erdos_renyi_has_the_asked_density)
{
    static const double densities[] = {0.02, 0.3, 1};
    const uint32_t nodes = 400;
    double pairs = nodes * (nodes - 1.0) / 2;

    for (size_t d = 0; d < 3; d++) {
        double p = densities[d];
        struct erdos_renyi_params params = {NAN, p * (nodes - 1), false};
        struct topology *topology = plain("erdos-renyi", nodes, &params);
        struct topology_edge *edges = calloc(nodes, sizeof *edges);
        double found = 0;

        for (uint32_t node = 0; node < nodes; node++)
            found += topology_out(topology, node, 0, edges) / 2.0;
        ck_assert_double_le(fabs(found - p * pairs), 5 * sqrt(pairs * p * (1 - p)));
        free(edges);
        topology_free(topology);
    }
}
END_TEST

START_TEST(random_regular_is_simple_regular_connected)
{
    static const struct {
        uint32_t nodes;
        int64_t degree;
    } cases[] = {{2, 1}, {4, 2}, {6, 5}, {8, 3}, {9, 6}, {20, 17}, {30, 14}, {64, 31}, {300, 2}};

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct random_regular_params params = {cases[c].degree};
        struct topology *topology = plain("random-regular", cases[c].nodes, &params);
        struct topology_edge edges[64];

        for (uint32_t node = 0; node < cases[c].nodes; node++) {
            uint32_t degree = topology_out(topology, node, 0, edges);

            ck_assert_int_eq(degree, cases[c].degree);
            check_edges(topology, edges, degree, node);
        }
        demand(topology, TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED, NULL);
        topology_free(topology);
    }
}
END_TEST

/* ---- edge lists */

static enum status from_text(struct topology **topology, uint32_t nodes, const char *text,
                             size_t length, char path[64], struct error *error)
{
    struct edge_list_params params = {path};
    enum status status;

    write_file(path, text, length);
    status = try_make(topology, "edge-list", nodes, &params, TOPOLOGY_WEIGHTS_DEFAULT, 1, error);
    unlink(path);
    return status;
}

static struct topology *listed(uint32_t nodes, const char *text)
{
    struct topology *topology;
    struct error error = {.text = ""};
    char path[64];
    enum status status = from_text(&topology, nodes, text, strlen(text), path, &error);

    ck_assert_msg(status == STATUS_OK, "%s", error.text);
    return topology;
}

START_TEST(edge_lists_read_weights_selves_and_phases)
{
    struct topology *topology = listed(4, "from,to,weight,phase\n"
                                          "# a comment\n"
                                          "0, 1, 0.25 # and another\n"
                                          "0,2,0.25\r\n"
                                          "\n"
                                          "1\t0\t.5\n"
                                          "2,2,0.75\n"
                                          "2 , 3 , 2.5e-1 , 0\n"
                                          "3,0,1,2\n");
    double *first = dense_phase(topology, 3), *last = dense_phase(topology, 2);
    static const double expected[16] = {0.5,  0.5, 0,    0, 0.25, 0.5, 0,    0,
                                        0.25, 0,   0.75, 0, 0,    0,   0.25, 1};

    ck_assert_int_eq(topology_period(topology), 3);
    for (int e = 0; e < 16; e++)
        ck_assert_double_eq(first[e], expected[e]);
    ck_assert_double_eq(last[3], 1);
    ck_assert_double_eq(last[15], 0);
    ck_assert_double_eq(topology_self_weight(topology, 1, 1), 1); /* an empty phase */
    free(first);
    free(last);
    demand(topology, TOPOLOGY_COLUMN_STOCHASTIC, NULL);
    demand(topology, TOPOLOGY_DOUBLY_STOCHASTIC, "with own weights has row sum 0.75");
    topology_free(topology);
}
END_TEST

START_TEST(edge_lists_without_weights_are_uniform)
{
    struct topology *topology = listed(3, "0,1\n0,2\n1,0,,0\n2 0");

    check_phase(topology, 0);
    ck_assert_double_eq(topology_self_weight(topology, 0, 0), 1.0 / 3);
    ck_assert_double_eq(topology_self_weight(topology, 1, 0), 0.5);
    demand(topology, TOPOLOGY_CONNECTED, NULL);
    topology_free(topology);
    topology = listed(3, "0,1\n1,2\n2,1\n");
    demand(topology, TOPOLOGY_CONNECTED, "between nodes 0 and");
    topology_free(topology);
    topology = listed(2, "0,1,0.5\n0,0,0.4\n");
    demand(topology, TOPOLOGY_COLUMN_STOCHASTIC, "column sum 0.9 at phase 0, node 0");
    topology_free(topology);
}
END_TEST

START_TEST(edge_list_errors_name_file_and_line)
{
    static const struct {
        const char *text;
        int line;
        const char *part;
    } cases[] = {
        {"0,1\n0,4\n", 2, "'4', expected a node from 0 to 3"},
        {"0,1\n-1,2\n", 2, "'-1'"},
        {"0,1\n\n0x1,2\n", 3, "'0x1'"},
        {"0,99999999999999999999\n", 1, "'99999999999999999999'"},
        {"7\n", 1, "from,to"},
        {"0,1,1,0,9\n", 1, "from,to"},
        {"0,1,-0.5\n", 1, "weight of 0 or more"},
        {"0,1,nan\n", 1, "'nan'"},
        {"0,1,1e999\n", 1, "'1e999'"},
        {"0,1,0\n", 1, "above 0"},
        {"0,1,0.5,1000000\n", 1, "phase"},
        {"0,1,0.5,x\n", 1, "phase"},
        {"0,1\n1,0\n0,1\n", 3, "stands on line 1 already"},
        {"0,1,0.5\n1,0\n", 2, "weights on all lines or on none"},
        {"0,1,0.75\n0,2,0.5\n", 1, "node 0 gives away 1.25 at phase 0"},
        {"1,2\nfrom,to\n", 2, "'from'"},
    };

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct error error = {.text = ""};
        struct topology *topology;
        char path[64], place[80];

        ck_assert_int_eq(
            from_text(&topology, 4, cases[c].text, strlen(cases[c].text), path, &error),
            STATUS_REQUEST);
        snprintf(place, sizeof place, "%s:%d: ", path, cases[c].line);
        ck_assert_str_eq(error.path, "path");
        ck_assert_msg(strncmp(error.text, place, strlen(place)) == 0, "%s", error.text);
        ck_assert_msg(strstr(error.text, cases[c].part) != NULL, "%s", error.text);
    }
}
END_TEST

START_TEST(edge_list_files_that_cannot_be_read_are_refused)
{
    struct error error = {.text = ""};
    struct topology *topology;
    char path[64];

    refuse("edge-list", 4, &(struct edge_list_params){"/nonexistent/edges"}, "path", "cannot read");
    refuse("edge-list", 4, &(struct edge_list_params){"/tmp"}, "path", "cannot read");
    ck_assert_int_eq(from_text(&topology, 4, "# nothing\n", 10, path, &error), STATUS_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.text, "has no edges"));
    ck_assert_int_eq(from_text(&topology, 4, "0,1\n1\0,2\n", 9, path, &error), STATUS_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.text, ":2: found 'a NUL byte'"));
}
END_TEST

START_TEST(every_family_is_registered_once)
{
    int count = 0;

    for (; topology_registry.entries[count]; count++) {
        const struct plugin *plugin = topology_registry.entries[count];

        ck_assert_ptr_eq(plugin_find(&topology_registry, plugin->name), plugin);
        ck_assert_ptr_nonnull(plugin->summary);
    }
    ck_assert_int_eq(count, 21);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topologies");
    TCase *tests = tcase_create("topologies");

    tcase_add_loop_test(tests, every_phase_is_column_stochastic, TOPOLOGY_WEIGHTS_DEFAULT,
                        TOPOLOGY_WEIGHTS_LAZY + 1);
    tcase_add_test(tests, metropolis_weights_are_their_definition);
    tcase_add_test(tests, lazy_weights_are_half_the_matrix_and_half_the_identity);
    tcase_add_test(tests, schedules_are_the_published_ones);
    tcase_add_test(tests, bipartite_tag_exchanges);
    tcase_add_test(tests, peers_are_those_of_the_reference_implementation);
    tcase_add_test(tests, a_million_nodes_need_no_matrix);
    tcase_add_test(tests, parameters_that_do_not_fit_are_refused);
    tcase_add_test(tests, requirements_say_what_breaks_them);
    tcase_add_test(tests, metropolis_weights_need_a_symmetric_graph);
    tcase_add_test(tests, a_matching_depends_on_seed_and_phase_only);
    tcase_add_test(tests, matchings_are_uniform);
    tcase_add_test(tests, random_graphs_depend_on_the_seed_only);
    tcase_add_test(tests, erdos_renyi_has_the_asked_density);
    tcase_add_test(tests, random_regular_is_simple_regular_connected);
    tcase_add_test(tests, edge_lists_read_weights_selves_and_phases);
    tcase_add_test(tests, edge_lists_without_weights_are_uniform);
    tcase_add_test(tests, edge_list_errors_name_file_and_line);
    tcase_add_test(tests, edge_list_files_that_cannot_be_read_are_refused);
    tcase_add_test(tests, every_family_is_registered_once);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
