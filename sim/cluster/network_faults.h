/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can go wrong in the network, at run time.  cluster/faults.h plays a scenario's entries by
 * these calls; each takes effect now, in class EVENT_CLASS_FAULT, before whatever else happens at
 * the instant (but bytes that are all through by then have arrived).
 *
 * LINKS AND PARTITIONS lose nothing, as TCP would: a message whose path is closed (a link at factor
 * 0, a partition between its hosts) stops moving and goes on from the byte where it stopped; one
 * whose latency ends meanwhile begins as the path opens.  In the model `fifo` a message that is
 * held gives up its links, and gets in line for them again, among those that have not begun, in the
 * order of sending.  Local messages cross no link.
 *
 * LOSS happens at a message's end, after it took its time on the links: by network.loss, by a drop
 * (cluster/faults.h), or because its receiver is down.  The fate of the k-th message from src to
 * dst is a pure function of (seed, entry, src, dst, k, attempt).
 *
 * A client with no network_lost callback has a RELIABLE TRANSPORT beneath it (collectives): what is
 * lost is sent again at once, in full; messages from and to a host that is down wait for it, and
 * those that a crash interrupted begin again when it is back.  To a client with a callback a
 * message counts as lost, for good, except that network.loss alone retransmits by default.
 */
#ifndef HEARSAY_CLUSTER_NETWORK_FAULTS_H
#define HEARSAY_CLUSTER_NETWORK_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

struct network;

enum network_loss {
    NETWORK_LOST,          /* by network.loss */
    NETWORK_DROPPED,       /* by a drop */
    NETWORK_ABORTED,       /* its sender or receiver crashed while it was under way */
    NETWORK_RECEIVER_DOWN, /* when it arrived */
    NETWORK_SENDER_DOWN,   /* when it was sent: it took no time and no link */
    NETWORK_LOSSES,
};
extern const char *const network_loss_names[]; /* for trace_message.drop_reason */

/* In the place of network_done; for a crash in class EVENT_CLASS_FAULT, else in ARRIVAL.  Never
 * from within network_send.  started_ps -1: no byte has moved. */
typedef void network_lost(void *context, uint64_t cookie, int64_t started_ps,
                          enum network_loss loss);
void network_on_loss(struct network *network, uint32_t client, network_lost *lost);

/* Keeps what faults and loss need from now on: before the first message.  May be called again. */
void network_faults_expect(struct network *network, uint64_t seed);

/* The links of hosts first..last have `factor` of their bandwidth, 0 to 1; 0: they are down. */
void network_faults_link(struct network *network, uint32_t first, uint32_t last, double factor);
/* Partition number `number` (below NETWORK_PARTITIONS) divides first..last from all others. */
#define NETWORK_PARTITIONS 64
void network_faults_divide(struct network *network, uint32_t first, uint32_t last, unsigned number);
void network_faults_heal(struct network *network, uint32_t first, uint32_t last, unsigned number);
/* `entry` is whose fault the losses are, for network_faults_lost. */
void network_faults_crash(struct network *network, uint32_t first, uint32_t last, uint32_t entry);
void network_faults_restart(struct network *network, uint32_t first, uint32_t last);
/* Each message between two of first..last is dropped with `probability`. */
void network_faults_drop(struct network *network, uint32_t first, uint32_t last, double probability,
                         uint32_t entry);
void network_faults_undrop(struct network *network, uint32_t entry);

bool network_faults_up(const struct network *network, uint32_t host);
/* Both are up, no partition is between them, both links move (a local path needs the host only). */
bool network_faults_open(const struct network *network, uint32_t src, uint32_t dst);
/* Messages that were lost by the entry, those that were sent again included. */
uint64_t network_faults_lost(const struct network *network, uint32_t entry);

#endif
