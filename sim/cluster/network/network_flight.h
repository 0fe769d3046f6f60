/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages under way in a network that expects faults: what a model must know to stop one, to let
 * it go on and to time it anew.  Only the network and its models include this; everything here is
 * absent (network->faults NULL) where no fault is expected, and costs nothing there.
 *
 * A message is in its latency (or in line for its links), moving, or held: its path is closed.
 */
#ifndef HEARSAY_CLUSTER_NETWORK_FLIGHT_H
#define HEARSAY_CLUSTER_NETWORK_FLIGHT_H

#include "cluster/network/network_state.h"

struct network_flight {
    double left;      /* bytes that were not through at since_ps */
    double rate;      /* bytes a second since then; not in the model fair */
    int64_t since_ps; /* while it moves */
    int64_t ready_ps; /* its latency ends */
    int64_t end_ps;   /* while it moves; not in the model fair */
    uint64_t order;   /* launches so far */
    uint64_t number;  /* among those from its source to its destination */
    event_handle start, end;
    uint32_t attempts; /* that were lost */
    uint32_t flow;     /* the solver's */
    uint32_t sender_down;
    bool moving, held;
};

struct network_drop {
    uint32_t first, last, entry;
    double probability;
};

struct network_pair { /* of a hash table; messages 0: free */
    uint64_t key;
    uint64_t messages;
};

struct network_faults {
    uint64_t seed;
    struct network_flight *flight; /* of each message */
    size_t flight_capacity;
    uint64_t launches;

    double *nominal; /* effective rate of each host's link at factor 1 */
    bool *down;      /* of each host's link: factor 0 */
    uint64_t *side;  /* of each host: the partitions inside which it is */
    uint32_t *crash; /* of each host: the entry by which it is down, or NETWORK_NONE */
    struct network_drop *drop;
    size_t drop_count, drop_capacity;

    struct network_pair *pair; /* a power of two, at most half full */
    size_t pair_count, pair_capacity;

    uint64_t *lost; /* of each entry */
    size_t lost_capacity;
    uint32_t *sorted; /* scratch */
    size_t sorted_capacity;
};

static inline struct network_flight *network_flight(const struct network *network, uint32_t message)
{
    return &network->faults->flight[message];
}

void network_flight_close(struct network *network);
/* A new message; false when its sender is down, and its end is arranged for. */
bool network_flight_sent(struct network *network, uint32_t message);
/* At a message's end: true when it is delivered; otherwise it is held, sent again or lost. */
bool network_flight_arrived(struct network *network, uint32_t message);
/* May its bytes move now? */
bool network_flight_open(const struct network *network, uint32_t message);
/* Bytes a second of its path now; 0: closed. */
double network_flight_rate(const struct network *network, uint32_t message);

/* Models whose messages have their path's rate.  Bytes begin to flow, or to flow again; their end
 * is arranged for. */
void network_flight_move(struct network *network, uint32_t message);
/* A moving message's path has changed: it ends at another time, or is held. */
void network_flight_retime(struct network *network, uint32_t message);
/* It stops where it is, and its events are cancelled. */
void network_flight_stop(struct network *network, uint32_t message);

/* All messages on their way in the order of their launch; valid until the next call. */
const uint32_t *network_flight_all(struct network *network, size_t *count);

/* network_loss.c */
/* Numbers the message within its pair. */
uint64_t network_loss_number(struct network *network, uint32_t src, uint32_t dst);
/* Is the message, at its end, lost?  Fills *loss and *entry (NETWORK_NONE: by nobody's). */
bool network_loss_hits(const struct network *network, uint32_t message, enum network_loss *loss,
                       uint32_t *entry);
/* Counts a lost message. */
void network_loss_count(struct network *network, uint32_t entry);

#endif
