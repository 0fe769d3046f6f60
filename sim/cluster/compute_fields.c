/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The field tables of a scenario's "compute". */
#include "cluster/cluster.h"
#include "cluster/compute.h"

#define COMPUTE_LAST_HOST (UINT32_MAX - 1.0)
#define COMPUTE_LONGEST_S 1e6

static const struct field speed_fields[] = {
    FIELD_AT(struct speed_override, first, FIELD_INTEGER, "null", .max = COMPUTE_LAST_HOST,
             .help = "First host, from 0; absent: 0."),
    FIELD_AT(struct speed_override, last, FIELD_INTEGER, "null", .max = COMPUTE_LAST_HOST,
             .help = "Last host, inclusive; absent: first alone, or all hosts without either."),
    FIELD_AT(struct speed_override, speed, FIELD_REAL, NULL, .min = 1e-6, .max = 1e6,
             .help = "Speed of these hosts' accelerators; 2 is twice as fast."),
    FIELD_END,
};

static const struct field straggler_fields[] = {
    FIELD_AT(struct straggler_config, first, FIELD_INTEGER, "null", .max = COMPUTE_LAST_HOST,
             .help = "First host, from 0; absent: 0."),
    FIELD_AT(struct straggler_config, last, FIELD_INTEGER, "null", .max = COMPUTE_LAST_HOST,
             .help = "Last host, inclusive; absent: first alone, or all hosts without either."),
    FIELD_AT(struct straggler_config, probability, FIELD_REAL, "1", .min = 0, .max = 1,
             .help =
                 "Probability that a step of such a host is slow; 1 is a persistent straggler."),
    FIELD_AT(struct straggler_config, slowdown, FIELD_REAL, NULL, .min = 1e-6, .max = 1e6,
             .help = "Factor on the gradient time of a slow step."),
    FIELD_AT(struct straggler_config, from_step, FIELD_INTEGER, "null", .max = 0x1p62,
             .help = "First slow iteration of a transient straggler; absent: from the start."),
    FIELD_AT(struct straggler_config, to_step, FIELD_INTEGER, "null", .max = 0x1p62,
             .help = "Last slow iteration, inclusive; absent: to the end."),
    FIELD_END,
};

const struct field compute_fields[] = {
    FIELD_AT(struct compute_config, gradient_time, FIELD_CHOICE,
             "{\"name\": \"constant\", \"mean\": \"100 ms\"}", .registry = &distribution_registry,
             .help = "Distribution of the time of one mini-batch gradient (forward and backward)."),
    FIELD_AT(struct compute_config, reference_batch, FIELD_INTEGER, "null", .min = 1, .max = 0x1p40,
             .help = "Batch size that gradient_time is stated for; absent: the one that is used."),
    FIELD_AT(struct compute_config, forward_share, FIELD_REAL, "0.3333333333333333", .min = 0,
             .max = 1,
             .help = "Share of a gradient's time that the forward pass takes; the trace shows"
                     " both parts at level full."),
    FIELD_AT(struct compute_config, speeds, FIELD_LIST, "[]", .fields = speed_fields,
             .item_size = sizeof(struct speed_override),
             .help = "Hosts that are faster or slower; of two entries for a host the later wins."),
    FIELD_AT(struct compute_config, stragglers, FIELD_LIST, "[]", .fields = straggler_fields,
             .item_size = sizeof(struct straggler_config),
             .help = "Stragglers; the factors of all entries that hit a step are multiplied."),
    {.name = "optimizer_step",
     .type = FIELD_DURATION,
     .offset = offsetof(struct compute_config, step_s),
     .fallback = "\"0 s\"",
     .max = COMPUTE_LONGEST_S,
     .help = "Time of one optimizer step on the accelerator, at speed 1."},
    {.name = "reduction",
     .type = FIELD_BYTE_RATE,
     .offset = offsetof(struct compute_config, reduction_byte_rate),
     .fallback = "\"0 B/s\"",
     .max = 1e18,
     .help = "Bytes a second that a host adds up in collectives; 0: at once."},
    FIELD_END,
};
