/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Max-min fair sharing of directed links by flows, exact and incremental.
 *
 * A flow crosses 1 .. MAX_MIN_HOPS different links; its rate is the max-min fair one (Bertsekas and
 * Gallager, Data Networks, 6.5.2): no flow can gain without a slower or equal one losing.  Each
 * link has a *level*, the solution x of
 *
 *     sum over its flows f of min(x, o_f) = capacity,   o_f = the lowest level of f's other links,
 *
 * infinite when the sum of all o_f fits the capacity.  A flow's rate is the lowest level on its
 * path.  All links satisfy their equation if and only if the rates are max-min fair, so levels may
 * be repaired in any order: a change starts at the links of the flows that came and went and
 * ripples only to links that can feel it (max_min_ripple.c).
 *
 * Protocol: at one instant any number of max_min_collect, max_min_add, max_min_remove and
 * max_min_set_capacity, then one max_min_resolve.  Rates, max_min_next_ps and max_min_verify are
 * valid after max_min_resolve only. Instants never go back.  Between resolves nothing costs
 * anything, however many flows there are.
 *
 * Time is picoseconds.  A completion is rounded up once to the next picosecond (after forgiving a
 * few units in the last place of the arithmetic): a flow never ends before its last byte is through
 * by more than that forgiveness, a hundredth of a picosecond at common rates.  A flow that shares
 * no link ends simtime_from_s(bytes / capacity) after its start, to the picosecond.
 *
 * The same calls give the same bits.  Nothing is allocated once the arrays have grown to the
 * largest number of flows seen.  max_min_add and its kin never fail (core/memory.h).
 */
#ifndef HEARSAY_CLUSTER_NETWORK_MAX_MIN_H
#define HEARSAY_CLUSTER_NETWORK_MAX_MIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_MIN_HOPS 6

struct max_min;

struct max_min_ended {
    uint64_t order; /* flows added before it */
    uint32_t flow;  /* its former handle */
    uint32_t tag;
};

/* capacities in bytes a second, each finite and > 0. */
struct max_min *max_min_create(const double *capacities, uint32_t links);
void max_min_free(struct max_min *solver);

/* Starts a flow of bytes > 0 at the instant of the next resolve; returns its handle, which is
 * reused once the flow has gone.  `tag` is the caller's. */
uint32_t max_min_add(struct max_min *solver, const uint32_t *path, uint32_t hops, double bytes,
                     uint32_t tag);
/* Takes a flow out before its end. */
void max_min_remove(struct max_min *solver, uint32_t flow);
/* A link has another capacity, finite and > 0, from the next resolve on. */
void max_min_set_capacity(struct max_min *solver, uint32_t link, double capacity);
/* Computes the rates from now_ps on. */
void max_min_resolve(struct max_min *solver, int64_t now_ps);
/* When the next flow ends; INT64_MAX when none moves. */
int64_t max_min_next_ps(const struct max_min *solver);
/* Takes out every flow that has ended by now_ps, in the order they were added; returns their
 * number.  The array stays valid until the next call. */
size_t max_min_collect(struct max_min *solver, int64_t now_ps, const struct max_min_ended **ended);

size_t max_min_flows(const struct max_min *solver);
double max_min_rate(const struct max_min *solver, uint32_t flow);  /* bytes a second */
double max_min_level(const struct max_min *solver, uint32_t link); /* INFINITY: not saturated */
/* Bytes that a flow has still to move at the instant of the last resolve. */
double max_min_remaining(const struct max_min *solver, uint32_t flow);
/* The same at now_ps, at or after it and before anything changes; 0: it has ended by then. */
double max_min_remaining_at(const struct max_min *solver, uint32_t flow, int64_t now_ps);

/* Checks every invariant of the solver (max_min_verify.c); false and one sentence in `text` when
 * one is broken.  Costs as much as a solve from scratch: for tests and debugging. */
bool max_min_verify(const struct max_min *solver, char *text, size_t size);

#endif
