/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Partitions of the training set: creation, and what the rules share.
 */
#include "models/partition.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"

/* X(stem): the plug-in's ops are <stem>_ops. */
#define PARTITION_LIST(X)                                                                          \
    X(iid)                                                                                         \
    X(contiguous)                                                                                  \
    X(label_shards)                                                                                \
    X(dirichlet)

#define PARTITION_DECLARE(stem) extern const struct partition_ops stem##_ops;
PARTITION_LIST(PARTITION_DECLARE)

#define PARTITION_ENTRY(stem) &stem##_ops.plugin,
static const struct plugin *const partition_entries[] = {PARTITION_LIST(PARTITION_ENTRY) NULL};

const struct plugin_registry partition_registry = {"partition", "partitions", partition_entries};

static enum status check_shards(const struct partition *partition, uint32_t samples,
                                struct error *error)
{
    for (uint32_t i = 0; i < partition->nodes; i++)
        if (partition_size(partition, i) == 0)
            return status_fail_at(error, "data.partition",
                                  "node %u of %u would hold none of the %u training samples", i,
                                  partition->nodes, samples);
    return STATUS_OK;
}

enum status partition_create(struct partition **result, const struct data_config *config,
                             const struct dataset *data, uint32_t nodes, uint64_t seed,
                             struct error *error)
{
    const struct partition_ops *ops = (const struct partition_ops *)config->partition.plugin;
    struct partition *partition = memory_alloc(sizeof *partition);

    partition->nodes = nodes;
    partition->first = memory_array((size_t)nodes + 1, sizeof *partition->first);
    partition->indices = memory_array(data->train.samples, sizeof *partition->indices);
    enum status status = ops->split(config->partition.params, data, seed, partition, error);
    if (status == STATUS_OK)
        status = check_shards(partition, data->train.samples, error);
    if (status != STATUS_OK) {
        partition_free(partition);
        partition = NULL;
    }
    *result = partition;
    return status;
}

void partition_free(struct partition *partition)
{
    if (partition == NULL)
        return;
    free(partition->first);
    free(partition->indices);
    free(partition);
}

uint32_t partition_size(const struct partition *partition, uint32_t node)
{
    return (uint32_t)(partition->first[node + 1] - partition->first[node]);
}

void partition_bounds(struct partition *partition, uint32_t samples)
{
    for (uint32_t i = 0; i <= partition->nodes; i++)
        partition->first[i] = partition_bound(samples, partition->nodes, i);
}

void partition_shuffle(uint32_t *items, size_t count, uint64_t seed, enum partition_role role,
                       uint64_t index)
{
    struct rng rng;

    gsl_ran_shuffle(rng_open(&rng, seed, RNG_PARTITION, role, index, 0), items, count,
                    sizeof *items);
}

/* Counting sort by label, then a shuffle of each class. */
enum status partition_classes_create(struct partition_classes *classes, const struct dataset *data,
                                     uint64_t seed, struct error *error)
{
    uint32_t samples = data->train.samples;

    *classes = (struct partition_classes){.classes = data->classes};
    if (data->train.labels == NULL)
        return status_fail_at(error, "data.partition",
                              "this partition goes by class, but the data have real targets; use"
                              " \"iid\" or \"contiguous\"");
    classes->items = memory_array(samples, sizeof *classes->items);
    classes->first = memory_array((size_t)data->classes + 2, sizeof *classes->first);
    for (uint32_t i = 0; i < samples; i++)
        classes->first[data->train.labels[i] + 2]++;
    for (uint32_t k = 2; k < data->classes + 2; k++)
        classes->first[k] += classes->first[k - 1];
    /* first[k + 1] is the next free place of class k, and its end once all are placed. */
    for (uint32_t i = 0; i < samples; i++)
        classes->items[classes->first[data->train.labels[i] + 1]++] = i;
    for (uint32_t k = 0; k < data->classes; k++)
        partition_shuffle(classes->items + classes->first[k],
                          classes->first[k + 1] - classes->first[k], seed, PARTITION_CLASS, k);
    return STATUS_OK;
}

void partition_classes_free(struct partition_classes *classes)
{
    free(classes->items);
    free(classes->first);
}
