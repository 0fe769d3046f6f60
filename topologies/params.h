/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parameter structs of the graph families, for callers that build a topology without a scenario.
 * Each is described by the family's field table.
 */
#ifndef HEARSAY_TOPOLOGIES_PARAMS_H
#define HEARSAY_TOPOLOGIES_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plugin.h"

enum ring_direction { RING_UNDIRECTED, RING_DIRECTED };
struct ring_params {
    int direction; /* enum ring_direction */
};

struct torus_params {
    int64_t rows, columns; /* INT64_MIN: absent */
};

/* The two forms of the SGP authors' graphs. */
enum sgp_version { SGP_VERSION_TAG, SGP_VERSION_MAIN };
struct sgp_exponential_params { /* sgp-exponential, sgp-bipartite-exponential */
    int64_t peers;
    int version; /* enum sgp_version */
};

struct n_peer_exponential_params {
    int64_t peers;
};

struct erdos_renyi_params {
    double probability, mean_degree; /* one of them; NaN: absent */
    bool connected;
};

struct random_regular_params {
    int64_t degree;
};

struct hyper_hypercube_params {
    int64_t max_degree;
};

enum base_k_plus_one_variant { BASE_K_PLUS_ONE_SIMPLE, BASE_K_PLUS_ONE_BASE };
struct base_k_plus_one_params {
    int64_t max_degree;
    int variant; /* enum base_k_plus_one_variant */
};

struct equistatic_params { /* d-equistatic, u-equistatic */
    int64_t shifts;        /* INT64_MIN: from epsilon, or ceil(log2 n) */
    double epsilon;        /* NaN: absent */
    double failure;
};

struct equidyn_params { /* od-equidyn, ou-equidyn */
    double eta;
};

struct matcha_params {
    struct plugin_choice base;
    double budget;
};

struct edge_list_params {
    const char *path;
};

#endif
