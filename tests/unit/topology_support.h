/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the suites of topologies share: every family with parameters that suit a number of nodes,
 * dense matrices made entry by entry, files.
 */
#ifndef HEARSAY_TESTS_TOPOLOGY_SUPPORT_H
#define HEARSAY_TESTS_TOPOLOGY_SUPPORT_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/params.h"
#include "topologies/topology.h"

static const struct ring_params ring_both = {RING_UNDIRECTED};
static const struct ring_params ring_ahead = {RING_DIRECTED};
static const struct torus_params torus_square = {INT64_MIN, INT64_MIN};
static const struct torus_params torus_two_rows = {2, INT64_MIN};
static const struct sgp_exponential_params sgp_tag = {1, SGP_VERSION_TAG};
static const struct sgp_exponential_params sgp_tag_two = {2, SGP_VERSION_TAG};
static const struct sgp_exponential_params sgp_main = {1, SGP_VERSION_MAIN};
static const struct sgp_exponential_params sgp_main_two = {2, SGP_VERSION_MAIN};
static const struct n_peer_exponential_params n_peer_one = {1}, n_peer_three = {3};
static const struct erdos_renyi_params random_half = {0.5, NAN, true};
static const struct hyper_hypercube_params hyper_two = {2};
static const struct base_k_plus_one_params base_one = {1, BASE_K_PLUS_ONE_BASE};
static const struct base_k_plus_one_params simple_two = {2, BASE_K_PLUS_ONE_SIMPLE};
static const struct equistatic_params equistatic_few = {INT64_MIN, NAN, 0.1};
static const struct equistatic_params equistatic_near = {INT64_MIN, 0.5, 0.1};
static const struct equidyn_params equidyn_half = {0.5};
static const struct random_regular_params regular_four = {4}, regular_two = {2};

struct family_case {
    const char *family;
    const void *params;
    uint32_t nodes[5]; /* ended by 0 */
};

static const struct family_case family_cases[] = {
    {"ring", &ring_both, {1, 2, 3, 8, 13}},
    {"ring", &ring_ahead, {1, 2, 3, 8, 13}},
    {"complete", NULL, {1, 2, 7, 40}},
    {"star", NULL, {1, 2, 3, 9}},
    {"torus", &torus_square, {1, 2, 4, 12, 25}},
    {"torus", &torus_two_rows, {2, 6, 8, 10}},
    {"hypercube", NULL, {1, 2, 8, 32}},
    {"static-exponential", NULL, {1, 2, 5, 8, 33}},
    {"one-peer-exponential", NULL, {1, 2, 6, 8, 17}},
    {"n-peer-exponential", &n_peer_one, {1, 2, 6, 8, 17}},
    {"n-peer-exponential", &n_peer_three, {1, 4, 8, 17, 64}},
    {"sgp-exponential", &sgp_tag, {1, 2, 5, 8, 12}},
    {"sgp-exponential", &sgp_tag_two, {1, 4, 5, 8, 12}},
    {"sgp-exponential", &sgp_main, {1, 2, 5, 8, 12}},
    {"sgp-exponential", &sgp_main_two, {1, 4, 5, 8, 12}},
    {"sgp-bipartite-exponential", &sgp_tag, {1, 2, 8, 12, 20}},
    {"sgp-bipartite-exponential", &sgp_tag_two, {1, 4, 8, 12, 20}},
    {"sgp-bipartite-exponential", &sgp_main, {1, 2, 8, 12, 20}},
    {"random-matching", NULL, {1, 2, 7, 8}},
    {"erdos-renyi", &random_half, {1, 2, 12, 30}},
    {"random-regular", &regular_four, {1, 5, 8, 11, 30}},
    {"random-regular", &regular_two, {3, 8, 11}},
    {"hyper-hypercube", &hyper_two, {1, 2, 6, 12, 27}},
    {"base-k-plus-one", &base_one, {1, 2, 5, 6, 23}},
    {"base-k-plus-one", &simple_two, {1, 2, 5, 14, 23}},
    {"d-equistatic", &equistatic_few, {1, 2, 7, 12, 33}},
    {"d-equistatic", &equistatic_near, {1, 2, 7, 12, 33}},
    {"u-equistatic", &equistatic_few, {1, 2, 7, 12, 33}},
    {"od-equidyn", &equidyn_half, {1, 2, 7, 12, 33}},
    {"ou-equidyn", &equidyn_half, {1, 2, 7, 12, 33}},
};
#define FAMILY_CASES (sizeof family_cases / sizeof family_cases[0])

static inline enum status try_make(struct topology **topology, const char *family, uint32_t nodes,
                                   const void *params, enum topology_weights weights, uint64_t seed,
                                   struct error *error)
{
    const struct plugin *plugin = plugin_find(&topology_registry, family);
    struct topology_config config = {
        .graph = {plugin, params}, .weights = (int)weights, .seed = seed};

    ck_assert_msg(plugin != NULL, "no family %s", family);
    return topology_create(topology, &config, nodes, error);
}

static inline struct topology *make(const char *family, uint32_t nodes, const void *params,
                                    enum topology_weights weights, uint64_t seed)
{
    struct topology *topology;
    struct error error = {.text = ""};
    enum status status = try_make(&topology, family, nodes, params, weights, seed, &error);

    ck_assert_msg(status == STATUS_OK, "%s, %u nodes: %s", family, nodes, error.text);
    return topology;
}

static inline struct topology *plain(const char *family, uint32_t nodes, const void *params)
{
    return make(family, nodes, params, TOPOLOGY_WEIGHTS_DEFAULT, 1);
}

/* A stochastic matrix, entry (receiver, sender), from what senders say. */
static inline double *dense_phase(const struct topology *topology, int64_t phase)
{
    uint32_t nodes = topology_nodes(topology);
    double *matrix = calloc((size_t)nodes * nodes, sizeof *matrix);
    struct topology_edge *edges = calloc(topology_max_degree(topology) + 1, sizeof *edges);

    for (uint32_t j = 0; j < nodes; j++) {
        uint32_t degree = topology_out(topology, j, phase, edges);

        for (uint32_t e = 0; e < degree; e++)
            matrix[edges[e].peer * nodes + j] += edges[e].weight;
        matrix[j * nodes + j] += topology_self_weight(topology, j, phase);
    }
    free(edges);
    return matrix;
}

/* Out-peers of a node, or in-peers, as "1 3 5". */
static inline const char *peers_text(const struct topology *topology, uint32_t node, int64_t phase,
                                     bool in, char text[256])
{
    struct topology_edge edges[64];
    uint32_t degree = (in ? topology_in : topology_out)(topology, node, phase, edges);
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t e = 0; e < degree; e++)
        used += (size_t)snprintf(text + used, 256 - used, e ? " %u" : "%u", edges[e].peer);
    return text;
}

static inline void write_file(char path[64], const char *text, size_t length)
{
    int descriptor;
    FILE *file;

    strcpy(path, "/tmp/hearsay-topology-XXXXXX");
    ck_assert_int_ge(descriptor = mkstemp(path), 0);
    ck_assert_ptr_nonnull(file = fdopen(descriptor, "w"));
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

#endif
