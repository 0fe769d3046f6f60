/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hogwild: updaters that share a model and take no lock.
 *
 * Recht, Re, Wright, Niu: Hogwild!: a lock-free approach to parallelizing stochastic gradient
 * descent, NIPS 2011 (arXiv 1106.5730), algorithm 1.  Each of P updaters of a node, for ever:
 *
 *   read x into a copy of its own
 *   g = gradient at the copy
 *   x <- x - a d(g)
 *
 * Reads and writes are block by block: block b of B (layers where there are enough of them, else
 * equal parts) is copied (b + 1) / B through read_time and written (b + 1) / B through write_time,
 * so that a copy may hold some blocks from before another's update and some from after it, and two
 * updates may interleave.  A block is read and written as a whole; the paper has it for components.
 * The gradient begins when the last block has been read.
 * Choices: the optimizer's rule with the updater's own momentum, which nobody else sees; weight
 * decay reads x as it is written.  A rate that changes is read at every block.  The paper's updates
 * touch few components; here a gradient is dense.  Several nodes are several Hogwilds that do not
 * talk: the same problem with other data. Errata: none known.
 *
 * Timing: an updater is a compute unit of its own; a cycle takes read_time + T_c + write_time and
 * waits for nobody.  An iteration of the node is an update by any of its updaters.
 * Staleness: updates complete between the end of the read and the end of the write.
 * Faults: nodes don't talk, so links are nothing to it, and a crash stops the updaters of its own
 * host; with the state lost the model is the initial one, copies that were read before it are what
 * they are. At the last iteration the other updaters stop: running gradients are cancelled,
 * complete ones dropped (blocks written so far stay).
 * Expected: one updater is SGD, bit for bit; equal updaters have a staleness of P - 1 from their
 * second update on (tests/unit/test_hogwild.c).
 */
#include "algorithms/updaters.h"

struct hogwild_params {
    int64_t updaters, blocks;
    double read_time_s, write_time_s;
};

struct hogwild_state {
    struct updaters updaters;
    uint32_t copy[UPDATERS_MAX];
};

static const struct field hogwild_fields[] = {
    UPDATERS_FIELD(struct hogwild_params),
    FIELD_AT(struct hogwild_params, blocks, FIELD_INTEGER, "1", .min = 1, .max = 1e6,
             .help = "parts of the model that are read and written one after the other"),
    {.name = "read_time",
     .type = FIELD_DURATION,
     .offset = offsetof(struct hogwild_params, read_time_s),
     .fallback = "\"0 s\"",
     .max = 1e6,
     .help = "of all blocks, before the gradient"},
    {.name = "write_time",
     .type = FIELD_DURATION,
     .offset = offsetof(struct hogwild_params, write_time_s),
     .fallback = "\"0 s\"",
     .max = 1e6,
     .help = "of all blocks, after the gradient"},
    FIELD_END,
};

static uint32_t hogwild_slots(const void *erased)
{
    const struct hogwild_params *params = erased;
    return (uint32_t)params->updaters;
}

/* A timer's tag: whose, and which block is through; the blocks to write follow those to read. */
#define TAG(slot, block) ((uint64_t)(slot) << 32 | (block))
#define TAG_SLOT(tag)    ((uint32_t)((tag) >> 32))
#define TAG_BLOCK(tag)   ((uint32_t)(tag))

static void read_block(struct node *node, uint32_t slot, uint32_t block)
{
    const struct hogwild_params *params = node_params(node);
    const struct hogwild_state *state = node_state(node);
    struct node_shard part = node_layers(node, block, (uint32_t)params->blocks);
    if (part.count > 0)
        node_combine_part(node, state->copy[slot], part.first, part.count,
                          &(struct node_term){node_x(node), 1}, 1);
}

static void write_block(struct node *node, uint32_t slot, uint32_t block)
{
    const struct hogwild_params *params = node_params(node);
    const struct hogwild_state *state = node_state(node);
    struct node_shard part = node_layers(node, block, (uint32_t)params->blocks);
    updaters_write(node, &state->updaters, slot, part, block + 1 == params->blocks);
}

static void begin(struct node *node, uint32_t slot);

static void start_gradient(struct node *node, uint32_t slot)
{
    struct hogwild_state *state = node_state(node);
    updaters_compute(node, &state->updaters,
                     &(struct node_compute){.slot = slot, .at = state->copy[slot]});
}

static void end(struct node *node, uint32_t slot)
{
    struct hogwild_state *state = node_state(node);
    if (updaters_end(node, &state->updaters))
        begin(node, slot);
}

/* The next block of the cycle: it is through when its part of the time has passed. */
static void wait_for_block(struct node *node, uint32_t slot, uint32_t step)
{
    const struct hogwild_params *params = node_params(node);
    uint32_t blocks = (uint32_t)params->blocks, block = step % blocks;
    int64_t all_ps = simtime_from_s(step < blocks ? params->read_time_s : params->write_time_s);
    int64_t from_ps = simtime_scale(all_ps, (double)block / blocks);
    int64_t to_ps = simtime_scale(all_ps, (double)(block + 1) / blocks);
    node_after(node, to_ps - from_ps, TAG(slot, step));
}

/* One block is through. */
static void hogwild_on_timer(struct node *node, uint64_t tag)
{
    const struct hogwild_params *params = node_params(node);
    const struct hogwild_state *state = node_state(node);
    uint32_t slot = TAG_SLOT(tag), step = TAG_BLOCK(tag), blocks = (uint32_t)params->blocks;
    if (state->updaters.done) {
        if (step >= blocks)
            node_drop_gradient(node);
        return;
    }
    if (step < blocks)
        read_block(node, slot, step);
    else
        write_block(node, slot, step - blocks);
    if (step + 1 == blocks)
        start_gradient(node, slot);
    else if (step + 1 == 2 * blocks)
        end(node, slot);
    else
        wait_for_block(node, slot, step + 1);
}

/* What takes no time is not divided. */
static void begin(struct node *node, uint32_t slot)
{
    const struct hogwild_params *params = node_params(node);
    if (params->read_time_s > 0) {
        wait_for_block(node, slot, 0);
        return;
    }
    for (uint32_t block = 0; block < (uint32_t)params->blocks; block++)
        read_block(node, slot, block);
    start_gradient(node, slot);
}

static void hogwild_on_gradient(struct node *node)
{
    const struct hogwild_params *params = node_params(node);
    uint32_t slot = node_slot(node);
    if (params->write_time_s > 0) {
        wait_for_block(node, slot, (uint32_t)params->blocks);
        return;
    }
    for (uint32_t block = 0; block < (uint32_t)params->blocks; block++)
        write_block(node, slot, block);
    end(node, slot);
}

static void hogwild_start(struct node *node)
{
    struct hogwild_state *state = node_state(node);
    state->updaters.count = hogwild_slots(node_params(node));
    for (uint32_t slot = 0; slot < state->updaters.count; slot++) {
        state->copy[slot] = node_new_vector(node);
        begin(node, slot);
    }
}

const struct algorithm_ops hogwild_ops = {
    .plugin = {.name = "hogwild",
               .summary = "updaters that share a node's model without locks",
               .reference = "Recht, Re, Wright, Niu (NIPS 2011)",
               .params = hogwild_fields,
               .params_size = sizeof(struct hogwild_params)},
    .uses_gradients = true,
    .optimizers = ALGORITHM_OPTIMIZER_ELEMENTWISE,
    .state_size = sizeof(struct hogwild_state),
    .slots = hogwild_slots,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = hogwild_start,
    .on_gradient = hogwild_on_gradient,
    .on_timer = hogwild_on_timer,
};
