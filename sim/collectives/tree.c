/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Steps of pipelined binary trees.
 *
 * The edge above a role whose lowest bit is 2^h carries chunk k upwards in step 2 (h + k) + color.
 * The children of a role have smaller h, so chunk k has come from them in earlier steps.  Sanders,
 * Speck and Traeff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan",
 * Parallel Computing 35 (2009), section 2, whose machine, one send and one receive a step, is the
 * executor's.
 */
#include "collectives/tree.h"

#include "collectives/schedule.h"

const struct field tree_fields[] = {
    FIELD_AT(struct tree_params, chunks, FIELD_INTEGER, "16", .min = 1, .max = TREE_MAX_CHUNKS,
             .help = "pieces that each tree's part of the vector is sent in"),
    FIELD_END,
};

static uint32_t height(uint32_t role)
{
    return (uint32_t)__builtin_ctz(role);
}

uint32_t tree_parent(uint32_t n, uint32_t role)
{
    const uint32_t bit = role & -role, below = role ^ bit, parent = below | bit << 1;
    return parent < n ? parent : below;
}

uint32_t tree_children(uint32_t n, uint32_t role, uint32_t children[2])
{
    uint32_t count = 0;
    if (role == 0) {
        children[0] = n > 1 ? 1u << schedule_log2(n - 1) : 0;
        return n > 1;
    }
    uint32_t distance = (role & -role) >> 1;
    if (distance > 0)
        children[count++] = role - distance;
    while (distance > 0 && role + distance >= n)
        distance >>= 1;
    if (distance > 0)
        children[count++] = role + distance;
    return count;
}

/* Of one of the two halves. The child of the root is the highest, and its color may be 1. */
static uint32_t half_steps(const struct tree_shape *shape)
{
    return shape->n > 1 ? 2 * (schedule_log2(shape->n - 1) + shape->chunks) : 0;
}

uint32_t tree_steps(const struct tree_shape *shape)
{
    return 2 * half_steps(shape);
}

/* The chunk that the edge above `role` carries upwards in step `index`; -1: none. */
static int64_t chunk_at(const struct tree_shape *shape, uint32_t tree, uint32_t role,
                        uint32_t index)
{
    const uint32_t first = 2 * height(role) + shape->color(shape->n, tree, role);
    if (index < first || (index - first) % 2 != 0 || (index - first) / 2 >= shape->chunks)
        return -1;
    return (index - first) / 2;
}

static void chunk_range(const struct tree_shape *shape, uint32_t tree, int64_t chunk, int64_t bytes,
                        int64_t element_bytes, int64_t *offset, int64_t *size)
{
    const uint32_t parts = shape->trees * shape->chunks;
    const uint32_t part = tree * shape->chunks + (uint32_t)chunk;
    *offset = schedule_offset(bytes, element_bytes, parts, part);
    *size = schedule_offset(bytes, element_bytes, parts, part + 1) - *offset;
}

/* What a rank does in step `index` of the way up, in one tree. */
static void climb(const struct tree_shape *shape, uint32_t tree, uint32_t rank, uint32_t index,
                  int64_t bytes, int64_t element_bytes, struct collective_step *out)
{
    const uint32_t n = shape->n, role = shape->role(n, tree, rank);
    const int64_t sent = role > 0 ? chunk_at(shape, tree, role, index) : -1;
    uint32_t children[2];
    if (sent >= 0) {
        out->send_to = shape->role(n, tree, tree_parent(n, role));
        chunk_range(shape, tree, sent, bytes, element_bytes, &out->send_offset, &out->send_bytes);
    }
    for (uint32_t count = tree_children(n, role, children); count-- > 0;) {
        const int64_t came = chunk_at(shape, tree, children[count], index);
        if (came < 0)
            continue;
        out->receive_from = shape->role(n, tree, children[count]);
        out->reduce = true;
        chunk_range(shape, tree, came, bytes, element_bytes, &out->receive_offset,
                    &out->receive_bytes);
    }
}

static struct collective_step reversed(const struct collective_step *step)
{
    return (struct collective_step){.send_to = step->receive_from,
                                    .receive_from = step->send_to,
                                    .send_offset = step->receive_offset,
                                    .receive_offset = step->send_offset,
                                    .send_bytes = step->receive_bytes,
                                    .receive_bytes = step->send_bytes};
}

void tree_step(const struct tree_shape *shape, uint32_t rank, uint32_t index, int64_t bytes,
               int64_t element_bytes, struct collective_step *out)
{
    const uint32_t half = half_steps(shape);
    const bool up = index < half;
    *out = schedule_idle();
    for (uint32_t tree = 0; tree < shape->trees; tree++)
        climb(shape, tree, rank, up ? index : 2 * half - 1 - index, bytes, element_bytes, out);
    if (!up)
        *out = reversed(out);
}
