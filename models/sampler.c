/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mini-batches.  A node's samples form an endless sequence, pass after pass over its shard, and
 * batch k is places k b .. k b + b - 1 of it, so a short last batch wraps into the next pass:
 *
 *     shard:             pass p is a shuffle of the shard;
 *     sequential:        each pass is the shard in its own order;
 *     with-replacement:  place by place an independent draw from the shard;
 *     global:            the sequence is one for all nodes, over all training samples, and node i's
 *                        batch k is places (k n + i) b ..: n nodes read what one would with n b.
 *
 * With the partition iid "reshuffled" the shard itself is dealt anew for each pass p > 0.
 *
 * Every pass is a pure function of the seed and its number.  Orders are cached, two passes a node,
 * so that a batch that wraps, or a step taken late, does not throw out the current one.
 */
#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "models/data.h"

/* Streams of RNG_BATCH: the numbers are part of every result. */
enum sampler_role {
    SAMPLER_SHARD = 0,       /* index: node, step: pass */
    SAMPLER_REPLACEMENT = 1, /* index: node, step: step */
    SAMPLER_GLOBAL = 2,      /* step: pass */
    SAMPLER_DEAL = 3,        /* step: pass */
};

#define COMMON_PASSES 4 /* of the orders of all samples, shared by the nodes */

/* The order of one pass; `number` counts from 1, 0 is empty. */
struct pass {
    uint64_t number;
    uint32_t *order;
};

struct sampler {
    enum sampling sampling;
    const struct partition *partition;
    uint32_t total; /* training samples */
    uint64_t batch, seed;
    struct pass common[COMMON_PASSES];
    struct pass (*own)[2]; /* per node; passes of the shard by parity */
};

struct sampler *sampler_create(const struct data_config *config, const struct dataset *data,
                               const struct partition *partition, uint64_t seed)
{
    struct sampler *sampler = memory_alloc(sizeof *sampler);

    *sampler = (struct sampler){
        .sampling = (enum sampling)config->sampling,
        .partition = partition,
        .total = data->train.samples,
        .batch = (uint64_t)config->batch_size,
        .seed = seed,
        .own = memory_array(partition->nodes, sizeof *sampler->own),
    };
    return sampler;
}

void sampler_free(struct sampler *sampler)
{
    if (sampler == NULL)
        return;
    for (int i = 0; i < COMMON_PASSES; i++)
        free(sampler->common[i].order);
    for (uint32_t i = 0; i < sampler->partition->nodes; i++) {
        free(sampler->own[i][0].order);
        free(sampler->own[i][1].order);
    }
    free(sampler->own);
    free(sampler);
}

static void shuffle(struct sampler *sampler, enum sampler_role role, uint64_t index, uint64_t pass,
                    uint32_t *order, size_t count)
{
    struct rng rng;

    gsl_ran_shuffle(rng_open(&rng, sampler->seed, RNG_BATCH, role, index, pass), order, count,
                    sizeof *order);
}

/* An order of all samples for the pass: the sequence of `global`, or the deal of `reshuffled`. */
static const uint32_t *common_order(struct sampler *sampler, enum sampler_role role, uint64_t pass)
{
    struct pass *slot = &sampler->common[pass % COMMON_PASSES];

    if (slot->number == pass + 1)
        return slot->order;
    if (slot->order == NULL)
        slot->order = memory_array(sampler->total, sizeof *slot->order);
    if (role == SAMPLER_GLOBAL)
        for (uint32_t i = 0; i < sampler->total; i++)
            slot->order[i] = i;
    else
        memcpy(slot->order, sampler->partition->indices, sampler->total * sizeof *slot->order);
    if (role == SAMPLER_GLOBAL || pass > 0)
        shuffle(sampler, role, 0, pass, slot->order, sampler->total);
    slot->number = pass + 1;
    return slot->order;
}

/* The node's shard as it stands in this pass. */
static const uint32_t *shard_of(struct sampler *sampler, uint32_t node, uint64_t pass)
{
    const struct partition *partition = sampler->partition;
    const uint32_t *all =
        partition->reshuffled ? common_order(sampler, SAMPLER_DEAL, pass) : partition->indices;

    return all + partition->first[node];
}

static const uint32_t *shard_order(struct sampler *sampler, uint32_t node, uint64_t pass)
{
    struct pass *slot = &sampler->own[node][pass & 1];
    uint32_t size = partition_size(sampler->partition, node);

    /* A shard in its own order is where it is; a deal has to be kept. */
    if (sampler->sampling == SAMPLING_SEQUENTIAL && !sampler->partition->reshuffled)
        return shard_of(sampler, node, pass);
    if (slot->number == pass + 1)
        return slot->order;
    if (slot->order == NULL)
        slot->order = memory_array(size, sizeof *slot->order);
    memcpy(slot->order, shard_of(sampler, node, pass), size * sizeof *slot->order);
    if (sampler->sampling == SAMPLING_SHARD)
        shuffle(sampler, SAMPLER_SHARD, node, pass, slot->order, size);
    slot->number = pass + 1;
    return slot->order;
}

static void batch_of_passes(struct sampler *sampler, uint32_t node, uint64_t step,
                            uint32_t *samples)
{
    bool global = sampler->sampling == SAMPLING_GLOBAL;
    uint64_t size = global ? sampler->total : partition_size(sampler->partition, node);
    uint64_t place = (global ? step * sampler->partition->nodes + node : step) * sampler->batch;

    for (uint64_t taken = 0; taken < sampler->batch;) {
        uint64_t pass = (place + taken) / size, at = (place + taken) % size;
        const uint32_t *order =
            global ? common_order(sampler, SAMPLER_GLOBAL, pass) : shard_order(sampler, node, pass);
        uint64_t count = sampler->batch - taken < size - at ? sampler->batch - taken : size - at;

        memcpy(samples + taken, order + at, count * sizeof *samples);
        taken += count;
    }
}

static void batch_of_draws(struct sampler *sampler, uint32_t node, uint64_t step, uint32_t *samples)
{
    uint32_t size = partition_size(sampler->partition, node);
    const uint32_t *shard = shard_of(sampler, node, step * sampler->batch / size);
    struct rng rng;
    gsl_rng *r = rng_open(&rng, sampler->seed, RNG_BATCH, SAMPLER_REPLACEMENT, node, step);

    for (uint64_t i = 0; i < sampler->batch; i++)
        samples[i] = shard[gsl_rng_uniform_int(r, size)];
}

void sampler_batch(struct sampler *sampler, uint32_t node, int64_t step, uint32_t *samples)
{
    CHECK(step >= 0 && node < sampler->partition->nodes, "batch of node %u, step %lld", node,
          (long long)step);
    if (sampler->sampling == SAMPLING_WITH_REPLACEMENT)
        batch_of_draws(sampler, node, (uint64_t)step, samples);
    else
        batch_of_passes(sampler, node, (uint64_t)step, samples);
}
