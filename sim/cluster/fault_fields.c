/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The field table of a scenario's "faults". */
#include "cluster/faults.h"

#define LAST_HOST (UINT32_MAX - 1.0)
#define LONGEST_S 9e6

const char *const fault_kind_names[] = {
    [FAULT_CRASH] = "crash", [FAULT_LINK] = "link",   [FAULT_PARTITION] = "partition",
    [FAULT_DROP] = "drop",   [FAULT_DROP + 1] = NULL,
};

static const char *const state_names[] = {
    [FAULT_STATE_KEPT] = "kept",
    [FAULT_STATE_LOST] = "lost",
    [FAULT_STATE_LOST + 1] = NULL,
};

const struct field fault_fields[] = {
    FIELD_AT(struct fault_config, kind, FIELD_ENUM, NULL, .names = fault_kind_names,
             .help = "Hosts crash, their links fail, they are cut off, or messages between them "
                     "are lost."),
    {.name = "at",
     .type = FIELD_DURATION,
     .offset = offsetof(struct fault_config, at_s),
     .fallback = NULL,
     .min = 0,
     .max = LONGEST_S,
     .help = "Simulated time at which it begins."},
    {.name = "for",
     .type = FIELD_DURATION,
     .offset = offsetof(struct fault_config, for_s),
     .fallback = "null",
     .min = FIELD_POSITIVE,
     .max = LONGEST_S,
     .help = "How long it lasts; absent: for ever."},
    FIELD_AT(struct fault_config, first, FIELD_INTEGER, "null", .max = LAST_HOST,
             .help = "First host, from 0; absent: 0."),
    FIELD_AT(struct fault_config, last, FIELD_INTEGER, "null", .max = LAST_HOST,
             .help = "Last host, inclusive; absent: first alone, or all hosts without either."),
    FIELD_AT(struct fault_config, factor, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "Of a link: the share of its bandwidth that is left; absent or 0: it is "
                     "down."),
    FIELD_AT(struct fault_config, probability, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "Of a drop: that a message between two of the hosts is lost."),
    FIELD_AT(struct fault_config, state, FIELD_ENUM, "\"kept\"", .names = state_names,
             .help = "Of a crash: whether programs restart with the state they had, or anew."),
    FIELD_END,
};
