/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network: messages between hosts as flows, on the fabric `switch` (one full-duplex NIC link a
 * host and direction, a non-blocking switch between).
 *
 * network_send(src, dst, bytes): after the path latency plus the per-message overhead (using no
 * bandwidth) the flow moves its bytes; it ends, at sender and receiver alike, when the last byte is
 * through.  bytes = 0 ends after latency and overhead.  src == dst crosses the host's local link
 * instead: latency local_latency, no overhead, bandwidth local_bandwidth in all; where that is
 * infinite the message ends after its latency.  Models:
 *   fair   max-min fair sharing of every link a flow crosses, exact and incremental
 *          (cluster/network/max_min.h), all starts and ends of one instant in one solve
 *   fifo   a link moves one message at a time: messages reserve the sender's transmit side and
 *          the receiver's receive side, or the local link, in the order they were sent
 *   ideal  latency + overhead + bytes / min(bandwidths): no contention
 * Effective bandwidth is bandwidth x efficiency.  Links that fail, crashed hosts and lost messages:
 * cluster/network_faults.h.
 */
#ifndef HEARSAY_CLUSTER_NETWORK_H
#define HEARSAY_CLUSTER_NETWORK_H

#include <stdint.h>

#include "core/engine.h"
#include "core/field.h"
#include "core/status.h"

enum network_model { NETWORK_FAIR, NETWORK_FIFO, NETWORK_IDEAL };
enum network_protocol { NETWORK_EAGER, NETWORK_RENDEZVOUS };
enum network_on_loss { NETWORK_RETRANSMIT, NETWORK_DROP };

/* One entry of network.hosts: what differs for some hosts (a slow link). */
struct network_override {
    int64_t first, last;  /* hosts first .. last, inclusive */
    double bandwidth_bps; /* NaN: as the others */
    double latency_s;     /* NaN: as the others */
    double efficiency;    /* NaN: as the others */
};

struct network_config {
    int model;                  /* enum network_model */
    int fabric;                 /* "switch" */
    double bandwidth_bps;       /* of each NIC in each direction */
    double latency_s;           /* of a whole path; an override replaces its host's half of it */
    double efficiency;          /* goodput share, (0, 1] */
    double overhead_s;          /* per message between hosts, added to latency */
    double local_bandwidth_bps; /* of a host's local link; NaN (or 0): infinite */
    double local_latency_s;
    int protocol;            /* enum network_protocol; rendezvous is played above (run/mailbox) */
    double loss;             /* probability that a message between hosts is lost at its end; acts
                                once the network expects faults (cluster/network_faults.h) */
    int on_loss;             /* enum network_on_loss */
    struct field_list hosts; /* of struct network_override */
};
extern const struct field network_fields[];

struct network;

/* Called (in class EVENT_CLASS_ARRIVAL) when a message ends, in deterministic order.
 * `started_ps` is when its bytes began to flow. */
typedef void network_done(void *context, uint64_t cookie, int64_t started_ps);

enum status network_create(struct network **network, struct engine *engine,
                           const struct network_config *config, uint32_t hosts,
                           struct error *error);
void network_free(struct network *network);
/* Registers a receiver of completions; returns the client number for network_send. */
uint32_t network_client(struct network *network, network_done *done, void *context);
void network_send(struct network *network, uint32_t client, uint32_t src, uint32_t dst,
                  int64_t bytes, uint64_t cookie);
/* Messages under way (started or in their latency). */
uint64_t network_in_flight(const struct network *network);

/* Latency plus overhead of src -> dst (alpha), and seconds a byte on an idle path (beta). */
int64_t network_alpha_ps(const struct network *network, uint32_t src, uint32_t dst);
double network_beta_s(const struct network *network, uint32_t src, uint32_t dst);

/* Totals of one host's NIC for the trace table `links`; local messages appear nowhere. */
struct network_link_totals {
    int64_t tx_bytes, rx_bytes;
    int64_t tx_busy_ps, rx_busy_ps; /* time with at least one flow moving */
};
/* Up to `now_ps`, at or after the last event; flows that still move count. */
void network_link(const struct network *network, uint32_t host, int64_t now_ps,
                  struct network_link_totals *out);
/* Calls `visit` for every message of the client that is under way; started_ps -1: its bytes do not
 * flow yet. */
void network_visit(const struct network *network, uint32_t client, network_done *visit,
                   void *context);

#endif
