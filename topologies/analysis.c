/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The figures of a topology that need no arithmetic on weights: degrees, diameter, B-connectivity,
 * stochasticity.
 */
#include <math.h>

#include "topologies/internal.h"

#define THOROUGH_NODES    100000 /* above it, unless asked, only degrees and reachability */
#define ALL_SOURCES_LIMIT 5e8    /* edge visits of a search from every node: a few seconds */

static void note_degree(uint32_t degree, uint32_t *least, uint32_t *most)
{
    if (degree < *least)
        *least = degree;
    if (degree > *most)
        *most = degree;
}

/* Returns the mean out-degree of the union, repeats counted. */
static double find_degrees(const struct topology *topology, struct topology_search *search,
                           struct topology_report *report)
{
    uint32_t nodes = topology_checked_nodes(topology);
    int64_t phases = topology_checked_phases(topology);
    double edges = 0;

    report->min_out_degree = report->min_in_degree = UINT32_MAX;
    for (int64_t phase = 0; phase < phases; phase++) {
        for (uint32_t node = 0; node < nodes; node++) {
            uint32_t out = topology_degree(topology, node, phase);
            uint32_t in = topology_peers(topology, node, phase, true, search->peers);

            note_degree(out, &report->min_out_degree, &report->max_out_degree);
            note_degree(in, &report->min_in_degree, &report->max_in_degree);
            edges += out;
        }
    }
    return edges / nodes;
}

/* The largest distance from the last search's source, all nodes being reached. */
static int64_t eccentricity(const struct topology *topology, struct topology_search *search,
                            uint32_t source, int64_t phases, uint32_t *farthest)
{
    topology_search_from(topology, search, source, 0, phases, false, farthest);
    return search->distance[*farthest];
}

/* Where nodes are alike (in the union as at each phase) one search is enough; a graph too large for
 * a search from every node gets a lower bound by a few sweeps to the farthest node. */
static void find_diameter(const struct topology *topology, struct topology_search *search,
                          double degree, struct topology_report *report)
{
    int64_t phases = topology_checked_phases(topology), distance;
    uint32_t sources = topology->nodes, source = 0, farthest = 0;

    if (topology->likeness != TOPOLOGY_GENERAL)
        sources = 1;
    else if ((double)sources * sources * (degree + 1) > ALL_SOURCES_LIMIT) {
        sources = 4;
        report->diameter_is_bound = true;
    }
    report->diameter = 0;
    for (uint32_t i = 0; i < sources; i++) {
        distance = eccentricity(topology, search, source, phases, &farthest);
        if (distance > report->diameter)
            report->diameter = distance;
        source = report->diameter_is_bound ? farthest : i + 1;
    }
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* Shifts connect a circulant when they and n have no common divisor. */
static bool window_is_connected(const struct topology *topology, struct topology_search *search,
                                int64_t first, int64_t count)
{
    uint32_t divisor = topology->nodes;

    if (topology->likeness != TOPOLOGY_CIRCULANT)
        return topology_strongly_connected(topology, search, first, count, NULL);
    for (int64_t phase = first; phase < first + count; phase++) {
        uint32_t peers = topology_peers(topology, 0, phase, false, search->peers);

        for (uint32_t i = 0; i < peers; i++)
            divisor = common_divisor(divisor, search->peers[i]);
    }
    return divisor == 1;
}

/* The smallest B is the longest of the shortest connected windows that start at each phase.  A
 * periodic window wraps; windows of a random schedule start in the first half of the phases looked
 * at, so that each has room. */
static int64_t find_connectivity(const struct topology *topology, struct topology_search *search)
{
    int64_t phases = topology_checked_phases(topology), length = 1;
    int64_t starts = topology->period > 0 ? phases : phases / 2;

    for (int64_t first = 0; first < starts; first++) {
        int64_t longest = topology->period > 0 ? phases : phases - first;

        while (!window_is_connected(topology, search, first, length))
            if (++length > longest)
                return -1;
    }
    return length;
}

/* A single phase of a large random schedule says nothing about reachability. */
static void find_reachability(const struct topology *topology, struct topology_search *search,
                              double degree, bool thorough, struct topology_report *report)
{
    int64_t phases = topology_checked_phases(topology);

    if (topology->period == 0 && phases == 1)
        return;
    if (!topology_strongly_connected(topology, search, 0, phases, NULL)) {
        report->diameter = report->connectivity_b = -1;
        return;
    }
    if (thorough || topology->likeness != TOPOLOGY_GENERAL)
        find_diameter(topology, search, degree, report);
    if (thorough || topology->likeness == TOPOLOGY_CIRCULANT)
        report->connectivity_b = find_connectivity(topology, search);
}

static void find_stochasticity(const struct topology *topology, struct topology_report *report)
{
    report->column_stochastic =
        topology_require(topology, TOPOLOGY_COLUMN_STOCHASTIC, "", NULL) == STATUS_OK;
    report->doubly_stochastic =
        topology_require(topology, TOPOLOGY_DOUBLY_STOCHASTIC, "", NULL) == STATUS_OK;
    report->symmetric = topology_require(topology, TOPOLOGY_SYMMETRIC, "", NULL) == STATUS_OK;
}

enum status topology_analyse(const struct topology *topology, bool spectra,
                             struct topology_report *report, struct error *error)
{
    struct topology_search *search = topology_search_create(topology);
    bool thorough = spectra || topology->nodes <= THOROUGH_NODES;
    double degree;

    *report = (struct topology_report){.nodes = topology->nodes,
                                       .period = topology->period,
                                       .diameter = -2,
                                       .connectivity_b = -2,
                                       .sigma2_round = NAN,
                                       .gap_round = NAN,
                                       .sigma2_period = NAN,
                                       .method = "not computed",
                                       .exact_after = -2};
    degree = find_degrees(topology, search, report);
    find_stochasticity(topology, report);
    find_reachability(topology, search, degree, thorough, report);
    topology_search_free(search);
    return spectra ? topology_spectra(topology, report, error) : STATUS_OK;
}
