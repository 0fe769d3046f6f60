/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What LAP-SGD and LPP-SGD share: lap_sgd.c says what it does. */
#ifndef HEARSAY_ALGORITHMS_LAP_H
#define HEARSAY_ALGORITHMS_LAP_H

#include "algorithms/updaters.h"

struct lap_params {
    int64_t updaters, period;
    struct field_cadence pre_post;
    double poll_s;
    struct plugin_choice collective;
    /* LPP-SGD only */
    bool partial;
    struct field_cadence prepass;
};

#define LAP_FIELDS                                                                                 \
    UPDATERS_FIELD(struct lap_params),                                                             \
        FIELD_AT(struct lap_params, period, FIELD_INTEGER, "16", .min = 1, .max = 1e15,            \
                 .help =                                                                           \
                     "H: updates of the node that is ahead, since the last average of the one "    \
                     "that was behind, after which models are averaged"),                          \
        FIELD_AT(struct lap_params, pre_post, FIELD_CADENCE, "null",                               \
                 .help = "\"150 epochs\", \"500 iterations\": H is 1 until then"),                 \
        {.name = "poll",                                                                           \
         .type = FIELD_DURATION,                                                                   \
         .offset = offsetof(struct lap_params, poll_s),                                            \
         .fallback = "\"10 ms\"",                                                                  \
         .min = 1e-6,                                                                              \
         .max = 1e6,                                                                               \
         .help = "an averager whose node has made no update asks again after this time"},          \
        FIELD_AT(struct lap_params, collective, FIELD_CHOICE, "\"ring\"",                          \
                 .registry = &collective_registry, .help = "the schedule of the all-reduces")

enum lap_phase { LAP_IDLE, LAP_ASKING, LAP_AVERAGING, LAP_STOPPED };

struct lap_state {
    struct updaters updaters;
    bool turn[UPDATERS_MAX];    /* the updater's next step is a partial one */
    bool partial[UPDATERS_MAX]; /* the running one is */
    uint8_t phase;              /* of the averager */
    uint32_t sent;              /* the snapshot that is being averaged */
    int64_t round;              /* of the question that is asked, or will be next */
    int64_t asked_at;           /* own updates when that round began */
    int64_t averaged_at;        /* own updates when the last average's round began */
};

bool lap_deploys_live(const void *params); /* averages come between updates */
uint32_t lap_slots(const void *params);
enum status lap_check(const void *params, uint32_t nodes, struct error *error);
void lap_start(struct node *node);
void lap_on_gradient(struct node *node);
void lap_on_timer(struct node *node, uint64_t tag);
void lap_on_collective(struct node *node, const struct node_reduced *reduced);

#endif
