/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A topology for people and programs.
 */
#ifndef HEARSAY_TOPOLOGIES_PRINT_H
#define HEARSAY_TOPOLOGIES_PRINT_H

#include <stdio.h>

#include "topologies/topology.h"

/* A figure a line. */
void topology_print_text(FILE *file, const struct topology *topology,
                         const struct topology_report *report);
/* One JSON object; what was not computed or does not exist is null. */
void topology_print_json(FILE *file, const struct topology *topology,
                         const struct topology_report *report);
/* A Graphviz digraph of one period (random: phase 0), edges labelled "phase: weight"; self weights
 * stand in the nodes when there is one phase. */
void topology_print_dot(FILE *file, const struct topology *topology);

#endif
