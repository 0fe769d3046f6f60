/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a network simulator does without cleverness: at every instant at which a flow starts or ends
 * it moves all flows on, and computes all rates from scratch by progressive filling (Bertsekas and
 * Gallager, Data Networks, 6.5.2).  Hosts with full-duplex links behind a switch, as in the
 * simulator; time in seconds.
 */
#ifndef HEARSAY_TESTS_NAIVE_NETWORK_H
#define HEARSAY_TESTS_NAIVE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct naive_network;

typedef void naive_done(void *context, uint32_t cookie);

struct naive_network *naive_network_create(uint32_t hosts, double bytes_per_s, double latency_s,
                                           naive_done *done, void *context);
void naive_network_free(struct naive_network *network);
void naive_network_send(struct naive_network *network, uint32_t src, uint32_t dst, double bytes,
                        uint32_t cookie);
/* Plays the next instant; false when nothing moves. */
bool naive_network_step(struct naive_network *network);
double naive_network_now_s(const struct naive_network *network);

#endif
