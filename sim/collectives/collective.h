/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Collective operations as schedules of real messages on the network.
 *
 * Every rank enters when it is ready; each then plays its own list of steps: send to a peer and
 * receive from a peer (both must end), reduce what came (on the host's resource `host`, at
 * compute.reduction_byte_rate), next step.  A rank takes the messages of one operation one at a
 * time, in the order of its steps, entered or not: on an idle switch they never share a link, and
 * the closed forms are exact for any n.  The schedule decides only WHEN each rank has the result;
 * the numerics are one plan operation recorded by the caller.
 *
 * Collectives run over a reliable transport: a message that is lost is sent again in full, and what
 * a crash interrupts begins again when the host is back (cluster/network_faults.h).  While a host
 * stays down nothing of its operations gets further.
 */
#ifndef HEARSAY_COLLECTIVES_COLLECTIVE_H
#define HEARSAY_COLLECTIVES_COLLECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/cluster.h"
#include "core/plugin.h"

/* What one rank does at one step. Peers are ranks; -1: none.  Steps of peers match by their index:
 * when step s of rank a sends to b, step s of b receives from a.  A step that neither sends nor
 * receives passes at once.  The parts of the vector that travel are [offset, offset + bytes), in an
 * all-gather modulo the size of all parts together. */
struct collective_step {
    int64_t send_to, receive_from;
    int64_t send_offset, receive_offset;
    int64_t send_bytes, receive_bytes;
    bool reduce; /* add what came to what is held, before the next step */
};

/* What every rank has in the end. */
enum collective_result {
    COLLECTIVE_REDUCES, /* the sum of all vectors of `bytes` */
    COLLECTIVE_GATHERS, /* all parts: `bytes` of each rank */
};

struct collective_ops {
    struct plugin plugin;
    enum collective_result result;
    /* Number of steps of `rank` among n; and the step itself (0-based). Pure functions of the
     * schedule's own parameters, too.  `element_bytes` is the granularity chunks are cut at. */
    uint32_t (*steps)(const void *params, uint32_t n, uint32_t rank);
    void (*step)(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out);
    /* The closed form of semantics on an idle switch, all entering at once, in seconds.  The file
     * of a schedule says where it is exact; elsewhere it is an upper bound. */
    double (*closed_form_s)(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes);
};
/* All-reduces: ring, recursive-doubling, halving-doubling, binomial-tree, pipelined-tree,
 * double-binary-tree, hierarchical. */
extern const struct plugin_registry collective_registry;
/* All-gathers: ring-all-gather, recursive-doubling-all-gather. */
extern const struct plugin_registry collective_gather_registry;

struct collectives;

/* Rank `rank` of operation `operation` has its result. */
typedef void collective_done(void *context, uint64_t operation, uint32_t rank);

/* One message of an operation has ended. For traces; may record, must not enter. */
struct collective_chunk {
    uint64_t operation;
    uint32_t src, dst, step; /* ranks; the sender's step */
    int64_t bytes, started_ps;
};
typedef void collective_watch(void *context, const struct collective_chunk *chunk);

struct collectives *collectives_create(struct cluster *cluster, struct engine *engine,
                                       collective_done *done, void *context);
/* Calls `watch` for every message that ends from now on. */
void collectives_watch(struct collectives *collectives, collective_watch *watch, void *context);
void collectives_free(struct collectives *collectives);
/* Opens an operation among ranks 0..n-1, rank r on host hosts[r] (copied; NULL: compute unit r's
 * host); returns its number (1, 2, ...).  Any number may be open at once, of the same hosts or of
 * others: they share links and hosts, nothing else.  It is closed by itself when every rank is
 * done. The choice is one of the two registries; its parameters must outlive the operation. */
uint64_t collectives_open(struct collectives *collectives, const struct plugin_choice *choice,
                          uint32_t n, const uint32_t *hosts, int64_t bytes, int64_t element_bytes);
/* An all-gather whose parts differ: opened with parts of one byte, it moves `bytes` in the place of
 * `rank`'s.  To be said before the rank enters, of every rank. */
void collectives_part(struct collectives *collectives, uint64_t operation, uint32_t rank,
                      int64_t bytes);
/* `rank` enters now. `done` is called, never from within, when it has the result. n = 1 too. */
void collectives_enter(struct collectives *collectives, uint64_t operation, uint32_t rank);
/* For the deadlock report: ranks of `operation` that have not entered yet. */
uint32_t collectives_missing(const struct collectives *collectives, uint64_t operation,
                             uint32_t *first_missing);

#endif
