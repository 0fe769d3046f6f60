/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registered data sets, and what all of them take.
 */
#include "models/data.h"

/* X(stem): the plug-in's ops are <stem>_ops. */
#define DATA_LIST(X)                                                                               \
    X(no_data)                                                                                     \
    X(gaussian_blobs)                                                                              \
    X(teacher)                                                                                     \
    X(idx)                                                                                         \
    X(fashion_mnist)                                                                               \
    X(csv)

#define DATA_DECLARE(stem) extern const struct data_ops stem##_ops;
DATA_LIST(DATA_DECLARE)

#define DATA_ENTRY(stem) &stem##_ops.plugin,
static const struct plugin *const data_entries[] = {DATA_LIST(DATA_ENTRY) NULL};

const struct plugin_registry data_registry = {"data set", "data sets", data_entries};

/* In the order of enum sampling. */
static const char *const sampling_names[] = {"shard", "with-replacement", "global", "sequential",
                                             NULL};

const struct field data_common_fields[] = {
    FIELD_AT(struct data_config, batch_size, FIELD_INTEGER, "32", .min = 1, .max = 1e6,
             .help = "Samples of one mini-batch of one node."),
    FIELD_AT(struct data_config, partition, FIELD_CHOICE, "\"iid\"",
             .registry = &partition_registry, .help = "Which node holds which training samples."),
    FIELD_AT(struct data_config, sampling, FIELD_ENUM, "\"shard\"", .names = sampling_names,
             .help = "Mini-batches: reshuffled passes over the node's own shard, draws from it with"
                     " replacement, slices of one pass over all data, or the shard in its order."),
    FIELD_END,
};
