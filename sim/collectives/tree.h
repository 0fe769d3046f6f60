/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pipelined all-reduces over one or two binary trees: the vector in chunks, all of them added up
 * towards the root, then broadcast by the same steps in reverse.  Internal to the collectives.
 */
#ifndef HEARSAY_COLLECTIVES_TREE_H
#define HEARSAY_COLLECTIVES_TREE_H

#include "collectives/collective.h"
#include "core/field.h"

#define TREE_MAX_CHUNKS 65536

struct tree_params {
    int64_t chunks; /* of each tree */
};
extern const struct field tree_fields[];

/* Which rank stands where, and when.  The place of a rank in a tree is its role: role 0 is the
 * root, and the others hang below it as in tree_parent.  In a step a rank sends one message at most
 * and gets one at most, so the edges out of a rank must differ in color, and those into it, too. */
struct tree_shape {
    uint32_t n, trees; /* each carries its part of the vector */
    uint32_t chunks;   /* of each tree */
    /* From rank to role and back: its own inverse. */
    uint32_t (*role)(uint32_t n, uint32_t tree, uint32_t rank);
    /* 0 or 1: whether the edge from `role` to its parent is used in even or in odd steps. */
    uint32_t (*color)(uint32_t n, uint32_t tree, uint32_t role);
};

/* The in-order binary tree of NCCL: odd roles are leaves, a role whose lowest bit is 2^h has its
 * children 2^(h-1) below and above; what would lie beyond n - 1 is skipped.  0 has one child. */
uint32_t tree_parent(uint32_t n, uint32_t role); /* role > 0 */
/* Fills in up to two children, the lower first; how many. */
uint32_t tree_children(uint32_t n, uint32_t role, uint32_t children[2]);

uint32_t tree_steps(const struct tree_shape *shape);
void tree_step(const struct tree_shape *shape, uint32_t rank, uint32_t index, int64_t bytes,
               int64_t element_bytes, struct collective_step *out);

#endif
