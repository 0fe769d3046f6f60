/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faults from a schedule: the scenario's list `faults` is played against the network, and the run
 * is told of each begin and end.
 *
 *   crash      the hosts are down.  What is under way from and to them is lost, what arrives there
 *              is lost, what they send is lost (cluster/network_faults.h); what their programs do
 *              is the run's business: state `kept` or `lost`
 *   link       their links have `factor` of the bandwidth in both directions; 0: down
 *   partition  the hosts are cut off from all others; messages across wait
 *   drop       each message between two of the hosts is lost with `probability`
 *
 * All begins and ends are events of class EVENT_CLASS_FAULT, before anything else of their instant;
 * among themselves the ends come first, then the order of entries.  As a fault begins the run hears
 * of it before the network does (a crashed program must not be told of its lost messages); as it
 * ends, after.
 */
#ifndef HEARSAY_CLUSTER_FAULTS_H
#define HEARSAY_CLUSTER_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/network.h"
#include "core/engine.h"
#include "core/field.h"
#include "core/status.h"
#include "trace/sink.h"

enum fault_kind { FAULT_CRASH, FAULT_LINK, FAULT_PARTITION, FAULT_DROP };
enum fault_state { FAULT_STATE_KEPT, FAULT_STATE_LOST };
extern const char *const fault_kind_names[];

/* One entry of the scenario's `faults`. */
struct fault_config {
    int kind; /* enum fault_kind */
    double at_s;
    double for_s;        /* NaN: for ever */
    int64_t first, last; /* hosts, inclusive; last absent: first alone; both absent: all */
    double factor;       /* link: share of the bandwidth; NaN: 0 */
    double probability;  /* drop */
    int state;           /* crash: enum fault_state of the hosts' programs */
};
extern const struct field fault_fields[];

struct fault_event {
    enum fault_kind kind;
    bool begins; /* false: it ends */
    enum fault_state state;
    uint32_t entry; /* index in the list */
    uint32_t first, last;
    int64_t begin_ps, end_ps; /* end -1: never */
};
typedef void faults_notice(void *context, const struct fault_event *event);

struct faults;

/* Plans the entries (struct fault_config); an empty list costs the network nothing.  Paths in
 * errors are the scenario's: "faults[2].factor".  Before the first message is sent.  `notice` may
 * be NULL. */
enum status faults_create(struct faults **faults, struct engine *engine, struct network *network,
                          const struct field_list *entries, uint32_t hosts, uint64_t seed,
                          faults_notice *notice, void *context, struct error *error);
void faults_free(struct faults *faults);

bool faults_host_up(const struct faults *faults, uint32_t host);
bool faults_path_open(const struct faults *faults, uint32_t src, uint32_t dst);

/* The trace's row of an entry; false where it has not begun.  end_ps -1: it has not ended. */
bool faults_record(const struct faults *faults, uint32_t entry, struct trace_fault *row);
uint32_t faults_count(const struct faults *faults); /* entries */

#endif
