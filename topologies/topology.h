/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Communication topologies: a schedule of sparse mixing matrices.
 *
 * At phase k (k = 0, 1, 2, ...) node j sends to its out-neighbours.  The weight p_{ij} says which
 * share of what j holds reaches i; the self weight p_{jj} stays.  Columns belong to senders:
 * column-stochastic means that every node gives away exactly what it holds.
 *
 * A topology is periodic (phase k equals phase k + period) or random (period 0: every phase is a
 * keyed draw; any phase can be asked for at any time).  topology_out and topology_in answer for one
 * node in O(degree) where the family has a formula, so a million nodes cost no matrix.
 */
#ifndef HEARSAY_TOPOLOGIES_TOPOLOGY_H
#define HEARSAY_TOPOLOGIES_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"
#include "core/plugin.h"
#include "core/status.h"

/* How weights are put on a graph's edges. */
enum topology_weights {
    TOPOLOGY_WEIGHTS_DEFAULT,    /* the family's own (uniform out-degree; file: as given) */
    TOPOLOGY_WEIGHTS_UNIFORM,    /* 1 / (out-degree + 1) for self and every out-neighbour */
    TOPOLOGY_WEIGHTS_METROPOLIS, /* Metropolis-Hastings; symmetric graphs only */
    TOPOLOGY_WEIGHTS_LAZY,       /* (I + W) / 2 of the uniform (symmetric: Metropolis) matrix */
};
extern const char *const topology_weight_names[]; /* for FIELD_ENUM */

struct topology_config {
    struct plugin_choice graph; /* from topology_registry */
    int weights;                /* enum topology_weights */
    uint64_t seed;              /* of random families (purpose RNG_TOPOLOGY); set by the run */
};
extern const struct field topology_common_fields[]; /* "weights", beside every family's own */

struct topology_edge {
    uint32_t peer; /* out: receiver; in: sender */
    double weight; /* share of the sender's mass that travels along this edge */
};

/* How alike the nodes of a family are at every phase, by construction; the weights follow. */
enum topology_likeness {
    TOPOLOGY_GENERAL,    /* nothing is promised: all nodes are looked at */
    TOPOLOGY_TRANSITIVE, /* nodes 0 and 1 stand for all */
    TOPOLOGY_CIRCULANT,  /* the peers of node i are those of node 0, shifted by i (mod n) */
};

struct topology_ops {
    struct plugin plugin;
    bool directed;                   /* some instance is not symmetric */
    enum topology_likeness likeness; /* of every instance */
    enum topology_likeness (*instance_likeness)(const void *state); /* or NULL: the same */
    /* Checks n and the parameters ("bipartite-exponential needs an even number of nodes, found
     * 15"); builds *state (may be NULL).  Paths in errors are relative: "name", "degree", ... */
    enum status (*create)(const void *params, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error);
    void (*destroy)(void *state);
    int64_t (*period)(const void *state, uint32_t nodes); /* 0: random, never repeats */
    /* The distinct out-neighbours (in-neighbours) of `node` at `phase`, never the node itself, into
     * peers[0 .. max_degree-1]; returns their number. Any order; the caller sorts. */
    uint32_t (*out_peers)(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                          uint32_t *peers);
    uint32_t (*in_peers)(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers);
    uint32_t (*max_degree)(const void *state, uint32_t nodes); /* bound over nodes and phases */
    /* Out-degree of `node`, or NULL: counted by out_peers. */
    uint32_t (*degree)(const void *state, uint32_t nodes, uint32_t node, int64_t phase);
    /* Own weights (edge-list file), or NULL: uniform.  weight(from -> to), from == to: self. */
    double (*weight)(const void *state, uint32_t nodes, uint32_t from, uint32_t to, int64_t phase);
};

extern const struct plugin_registry topology_registry;

struct topology;

enum status topology_create(struct topology **topology, const struct topology_config *config,
                            uint32_t nodes, struct error *error);
void topology_free(struct topology *topology);

const char *topology_name(const struct topology *topology);
uint32_t topology_nodes(const struct topology *topology);
int64_t topology_period(const struct topology *topology);
uint32_t topology_max_degree(const struct topology *topology);
/* Edges of `node` at `phase`, sorted by peer, into edges[0 .. max_degree-1]; returns the number.
 * topology_in gives each sender's weight towards `node`. */
uint32_t topology_out(const struct topology *topology, uint32_t node, int64_t phase,
                      struct topology_edge *edges);
uint32_t topology_in(const struct topology *topology, uint32_t node, int64_t phase,
                     struct topology_edge *edges);
double topology_self_weight(const struct topology *topology, uint32_t node, int64_t phase);

/* What an algorithm may demand of every phase (semantics, "Topology and weights"). */
enum topology_requirement {
    TOPOLOGY_COLUMN_STOCHASTIC = 1 << 0,
    TOPOLOGY_DOUBLY_STOCHASTIC = 1 << 1,
    TOPOLOGY_SYMMETRIC = 1 << 2, /* W = W' at every phase */
    TOPOLOGY_CONNECTED = 1 << 3, /* the union over some B phases is strongly connected */
    TOPOLOGY_PAIRWISE = 1 << 4,  /* every phase is a matching (at most one peer, mutual) */
    TOPOLOGY_STATIC = 1 << 5,    /* one matrix for all phases */
    /* Every eigenvalue of the (one, symmetric) matrix is above -1/3; looked at up to 512 nodes. */
    TOPOLOGY_ABOVE_MINUS_THIRD = 1 << 6,
    TOPOLOGY_BIPARTITE = 1 << 7, /* the union over the period has no odd cycle */
};
/* STATUS_OK, or STATUS_REQUEST with the reason, the phase and node that break it, and what to use
 * instead (path "name").  Random schedules are checked on their first 64 phases (one phase above
 * 4096 nodes), periodic ones on all; where nodes are alike, their representatives stand for all. */
enum status topology_require(const struct topology *topology, unsigned requirements,
                             const char *algorithm, struct error *error);

/* The two sides of a connected bipartite graph: 0 for node 0 and whoever is an even number of edges
 * from it over the phases that are checked, 1 for the others. */
void topology_sides(const struct topology *topology, uint8_t *side);

/* Analysis (topologies/spectrum.c, analysis.c). */
struct topology_report {
    uint32_t nodes;
    int64_t period;
    uint32_t min_out_degree, max_out_degree, min_in_degree, max_in_degree; /* over phases */
    int64_t diameter;       /* of the union over one period (random: over the phases looked at);
                               -1: not strongly connected, -2: not computed */
    bool diameter_is_bound; /* too large for a search from every node: a lower bound */
    int64_t connectivity_b; /* smallest B whose every window is strongly connected; -1: none,
                               -2: not computed */
    bool column_stochastic, doubly_stochastic, symmetric;
    double sigma2_round;  /* ||P - J/n|| on zero-sum vectors, largest over phases: the second
                             singular value of a doubly stochastic round, the second largest
                             |eigenvalue| of a symmetric one; NaN: not computed */
    double gap_round;     /* 1 - sigma2_round; 1 - max |lambda_k| where P is normal */
    double sigma2_period; /* of the product over one period; NaN: random or not computed */
    double tolerance;     /* of iterative figures; 0 where closed form or dense */
    const char *method;   /* "circulant", "dense", "Lanczos", "Lanczos on P'P", "not computed" */
    int64_t exact_after;  /* rounds after which the product is J/n to 1e-12; -1: never within
                             two periods, -2: not computed */
};
/* `spectra`: also compute the spectral figures.  Without it, graphs of more than 10^5 nodes get
 * degrees and reachability only. */
enum status topology_analyse(const struct topology *topology, bool spectra,
                             struct topology_report *report, struct error *error);

#endif
