/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Edge colouring with at most one colour more than the largest degree D (Vizing's bound): Misra,
 * Gries, "A constructive proof of Vizing's theorem", Inf. Proc. Letters 41, 1992.
 *
 * An edge (x, f) is coloured so.  A fan of x is a list f = y_0, y_1, ... of neighbours in which
 * the colour of (x, y_i) is free at y_{i-1}.  With c free at x and d free at the fan's last node,
 * the path from x whose edges are coloured d, c, d, ... is inverted; then d is free at x, and at
 * the last node of some beginning of the fan.  Shifting that beginning's colours down by one
 * leaves its last edge for d.  O(D (n + D)) an edge.
 *
 * Expected (test): even cycles get 2 colours or 3, odd cycles 3, a star of n nodes n - 1.
 */
#include "topologies/edge_colouring.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"

struct colouring {
    uint32_t nodes, colours;
    uint32_t *partner; /* [colour][node] */
    uint32_t *fan, *path;
    bool *in_fan;
};

static uint32_t *partner_of(const struct colouring *colouring, uint32_t colour, uint32_t node)
{
    return &colouring->partner[(size_t)colour * colouring->nodes + node];
}

static bool is_free(const struct colouring *colouring, uint32_t colour, uint32_t node)
{
    return *partner_of(colouring, colour, node) == node;
}

static void set(const struct colouring *colouring, uint32_t colour, uint32_t a, uint32_t b)
{
    *partner_of(colouring, colour, a) = b;
    *partner_of(colouring, colour, b) = a;
}

static void clear(const struct colouring *colouring, uint32_t colour, uint32_t a, uint32_t b)
{
    *partner_of(colouring, colour, a) = a;
    *partner_of(colouring, colour, b) = b;
}

/* A node has fewer edges than there are colours. */
static uint32_t free_colour(const struct colouring *colouring, uint32_t node)
{
    uint32_t colour = 0;

    while (!is_free(colouring, colour, node))
        colour++;
    return colour;
}

static uint32_t colour_of(const struct colouring *colouring, uint32_t a, uint32_t b)
{
    uint32_t colour = 0;

    while (*partner_of(colouring, colour, a) != b)
        colour++;
    return colour;
}

/* A maximal fan of x that begins with `first`; returns its length. */
static uint32_t grow_fan(const struct colouring *colouring, uint32_t x, uint32_t first)
{
    uint32_t length = 0, next = first;

    while (next != x) {
        uint32_t last = next;

        colouring->fan[length++] = last;
        colouring->in_fan[last] = true;
        next = x;
        for (uint32_t c = 0; c < colouring->colours && next == x; c++) {
            uint32_t y = *partner_of(colouring, c, x);

            if (y != x && !colouring->in_fan[y] && is_free(colouring, c, last))
                next = y;
        }
    }
    for (uint32_t i = 0; i < length; i++)
        colouring->in_fan[colouring->fan[i]] = false;
    return length;
}

/* Exchanges c and d on the path that leaves x with colour d; c is free at x. */
static void invert_path(const struct colouring *colouring, uint32_t x, uint32_t c, uint32_t d)
{
    uint32_t *path = colouring->path, edges = 0;

    path[0] = x;
    while (!is_free(colouring, edges % 2 == 0 ? d : c, path[edges])) {
        path[edges + 1] = *partner_of(colouring, edges % 2 == 0 ? d : c, path[edges]);
        edges++;
    }
    for (uint32_t i = 0; i < edges; i++)
        clear(colouring, i % 2 == 0 ? d : c, path[i], path[i + 1]);
    for (uint32_t i = 0; i < edges; i++)
        set(colouring, i % 2 == 0 ? c : d, path[i], path[i + 1]);
}

/* The first node of the fan at which d is free, the list up to it still being a fan. */
static uint32_t find_end(const struct colouring *colouring, uint32_t x, uint32_t length, uint32_t d)
{
    const uint32_t *fan = colouring->fan;

    for (uint32_t i = 0; i < length; i++) {
        if (i > 0 && !is_free(colouring, colour_of(colouring, x, fan[i]), fan[i - 1]))
            break;
        if (is_free(colouring, d, fan[i]))
            return i;
    }
    CHECK(false, "no end of a fan with a free colour");
    return 0;
}

static void colour_edge(const struct colouring *colouring, uint32_t x, uint32_t first)
{
    const uint32_t *fan = colouring->fan;
    uint32_t length = grow_fan(colouring, x, first);
    uint32_t c = free_colour(colouring, x), d = free_colour(colouring, fan[length - 1]), end;

    invert_path(colouring, x, c, d);
    end = find_end(colouring, x, length, d);
    for (uint32_t i = 0; i < end; i++) {
        uint32_t colour = colour_of(colouring, x, fan[i + 1]);

        clear(colouring, colour, x, fan[i + 1]);
        set(colouring, colour, x, fan[i]);
    }
    set(colouring, d, x, fan[end]);
}

static uint32_t largest_degree(uint32_t nodes, const uint32_t *ends, size_t edges)
{
    uint32_t *degree = memory_array(nodes, sizeof *degree), most = 0;

    for (size_t i = 0; i < 2 * edges; i++)
        if (++degree[ends[i]] > most)
            most = degree[ends[i]];
    free(degree);
    return most;
}

/* Removes colours that no edge has. */
static uint32_t compact(const struct colouring *colouring)
{
    uint32_t used = 0;

    for (uint32_t c = 0; c < colouring->colours; c++) {
        uint32_t node = 0;

        while (node < colouring->nodes && is_free(colouring, c, node))
            node++;
        if (node == colouring->nodes)
            continue;
        memmove(partner_of(colouring, used, 0), partner_of(colouring, c, 0),
                colouring->nodes * sizeof *colouring->partner);
        used++;
    }
    return used;
}

uint32_t *edge_colouring_create(uint32_t nodes, const uint32_t *ends, size_t edges,
                                uint32_t *colours)
{
    struct colouring colouring = {.nodes = nodes,
                                  .colours = largest_degree(nodes, ends, edges) + 1};

    colouring.partner = memory_array((size_t)colouring.colours * nodes, sizeof *colouring.partner);
    colouring.fan = memory_array((size_t)nodes + 1, sizeof *colouring.fan);
    colouring.path = memory_array((size_t)nodes + 1, sizeof *colouring.path);
    colouring.in_fan = memory_array(nodes, sizeof *colouring.in_fan);
    for (uint32_t c = 0; c < colouring.colours; c++)
        for (uint32_t i = 0; i < nodes; i++)
            *partner_of(&colouring, c, i) = i;
    for (size_t e = 0; e < edges; e++)
        colour_edge(&colouring, ends[2 * e], ends[2 * e + 1]);
    *colours = compact(&colouring);
    free(colouring.fan);
    free(colouring.path);
    free(colouring.in_fan);
    return colouring.partner;
}
