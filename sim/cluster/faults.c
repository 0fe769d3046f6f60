/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays the entries of `faults`.  Two entries that say different things of one host at one time
 * (two crashes, two link factors) contradict each other and are refused; partitions and drops add
 * up.
 */
#include "cluster/faults.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster/network_faults.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

#define FOR_EVER INT64_MAX

struct fault {
    struct fault_event event;
    double factor, probability;
    unsigned partition; /* its number among the partitions */
    bool begun, ended;
};

struct faults {
    struct engine *engine;
    struct network *network;
    struct fault *fault;
    uint32_t count;
    faults_notice *notice;
    void *context;
    uint32_t begin_kind, end_kind;
};

/* ---- what an entry means, and whether it means anything ---- */

static enum status refuse(struct error *error, size_t entry, const char *key, const char *format,
                          long long found, long long limit)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "faults[%zu].%s", entry, key);
    snprintf(text, sizeof text, format, found, limit);
    return status_fail_at(error, path, "%s", text);
}

static enum status resolve_hosts(struct fault *fault, const struct fault_config *config,
                                 size_t entry, uint32_t hosts, struct error *error)
{
    const long long highest = (long long)hosts - 1;
    const bool from_start = field_integer_absent(config->first);
    int64_t first = from_start ? 0 : config->first, last = config->last;
    if (field_integer_absent(last))
        last = from_start ? highest : first;
    if (first < 0 || first > highest)
        return refuse(error, entry, "first", "found host %lld, expected one of the hosts 0 to %lld",
                      first, highest);
    if (last > highest)
        return refuse(error, entry, "last", "found host %lld, expected one of the hosts 0 to %lld",
                      last, highest);
    if (last < first)
        return refuse(error, entry, "last", "found host %lld, which is before first (%lld)", last,
                      first);
    fault->event.first = (uint32_t)first;
    fault->event.last = (uint32_t)last;
    if (config->kind == FAULT_PARTITION && first == 0 && last == highest)
        return refuse(error, entry, "kind",
                      "found a partition of all hosts, %lld to %lld: expected some to be cut off "
                      "from",
                      first, last);
    return STATUS_OK;
}

/* Keys that belong to another kind. */
static enum status check_keys(const struct fault_config *config, size_t entry, struct error *error)
{
    char path[64];
    const char *stray = NULL, *owner = NULL;
    if (config->kind != FAULT_LINK && !field_real_absent(config->factor))
        stray = "factor", owner = "link";
    else if (config->kind != FAULT_DROP && !field_real_absent(config->probability))
        stray = "probability", owner = "drop";
    else if (config->kind != FAULT_CRASH && config->state != FAULT_STATE_KEPT)
        stray = "state", owner = "crash";
    if (stray != NULL) {
        snprintf(path, sizeof path, "faults[%zu].%s", entry, stray);
        return status_fail_at(error, path, "found %s with kind \"%s\"; only a %s has it", stray,
                              fault_kind_names[config->kind], owner);
    }
    if (config->kind == FAULT_DROP && field_real_absent(config->probability)) {
        snprintf(path, sizeof path, "faults[%zu].probability", entry);
        return status_fail_at(error, path, "found none, expected the probability of a drop");
    }
    return STATUS_OK;
}

static int64_t end_of(const struct fault *fault)
{
    return fault->event.end_ps < 0 ? FOR_EVER : fault->event.end_ps;
}

static enum status check_others(const struct faults *faults, uint32_t entry, struct error *error)
{
    const struct fault *b = &faults->fault[entry];
    char path[64];
    if (b->event.kind != FAULT_CRASH && b->event.kind != FAULT_LINK)
        return STATUS_OK;
    for (uint32_t i = 0; i < entry; i++) {
        const struct fault *a = &faults->fault[i];
        if (a->event.kind != b->event.kind || a->event.last < b->event.first ||
            b->event.last < a->event.first || end_of(a) <= b->event.begin_ps ||
            end_of(b) <= a->event.begin_ps)
            continue;
        uint32_t host = a->event.first > b->event.first ? a->event.first : b->event.first;
        snprintf(path, sizeof path, "faults[%u].at", entry);
        return status_fail_at(error, path,
                              "found a %s of host %u while faults[%u], a %s of it, lasts; expected "
                              "one at a time",
                              fault_kind_names[b->event.kind], host, i,
                              fault_kind_names[a->event.kind]);
    }
    return STATUS_OK;
}

static enum status resolve(struct faults *faults, const struct fault_config *config, uint32_t entry,
                           uint32_t hosts, struct error *error)
{
    struct fault *fault = &faults->fault[entry];
    enum status status = check_keys(config, entry, error);
    fault->event = (struct fault_event){.kind = (enum fault_kind)config->kind,
                                        .state = (enum fault_state)config->state,
                                        .entry = entry,
                                        .begin_ps = simtime_from_s(config->at_s),
                                        .end_ps = -1};
    if (!field_real_absent(config->for_s))
        fault->event.end_ps = simtime_add(fault->event.begin_ps, simtime_from_s(config->for_s));
    fault->factor = field_real_absent(config->factor) ? 0 : config->factor;
    fault->probability = config->probability;
    for (uint32_t i = 0; i < entry; i++)
        fault->partition += faults->fault[i].event.kind == FAULT_PARTITION;
    if (status == STATUS_OK)
        status = resolve_hosts(fault, config, entry, hosts, error);
    if (status == STATUS_OK && config->kind == FAULT_PARTITION &&
        fault->partition >= NETWORK_PARTITIONS)
        status = refuse(error, entry, "kind", "found partition number %lld, expected at most %lld",
                        (long long)fault->partition + 1, NETWORK_PARTITIONS);
    return status == STATUS_OK ? check_others(faults, entry, error) : status;
}

/* ---- begin and end ---- */

static void begin_in_network(const struct faults *faults, const struct fault *fault)
{
    const struct fault_event *e = &fault->event;
    switch (e->kind) {
    case FAULT_CRASH:
        network_faults_crash(faults->network, e->first, e->last, e->entry);
        break;
    case FAULT_LINK:
        network_faults_link(faults->network, e->first, e->last, fault->factor);
        break;
    case FAULT_PARTITION:
        network_faults_divide(faults->network, e->first, e->last, fault->partition);
        break;
    case FAULT_DROP:
        network_faults_drop(faults->network, e->first, e->last, fault->probability, e->entry);
        break;
    }
}

static void end_in_network(const struct faults *faults, const struct fault *fault)
{
    const struct fault_event *e = &fault->event;
    switch (e->kind) {
    case FAULT_CRASH:
        network_faults_restart(faults->network, e->first, e->last);
        break;
    case FAULT_LINK:
        network_faults_link(faults->network, e->first, e->last, 1);
        break;
    case FAULT_PARTITION:
        network_faults_heal(faults->network, e->first, e->last, fault->partition);
        break;
    case FAULT_DROP:
        network_faults_undrop(faults->network, e->entry);
        break;
    }
}

static void tell(const struct faults *faults, const struct fault *fault, bool begins)
{
    struct fault_event event = fault->event;
    event.begins = begins;
    if (faults->notice != NULL)
        faults->notice(faults->context, &event);
}

static void handle_begin(void *context, const struct event *event)
{
    struct faults *faults = context;
    struct fault *fault = &faults->fault[event->arg];
    fault->begun = true;
    tell(faults, fault, true);
    begin_in_network(faults, fault);
}

static void handle_end(void *context, const struct event *event)
{
    struct faults *faults = context;
    struct fault *fault = &faults->fault[event->arg];
    end_in_network(faults, fault);
    fault->ended = true;
    tell(faults, fault, false);
}

/* Ends first: their events come first where an entry begins as another ends. */
static void plan(struct faults *faults)
{
    faults->begin_kind = engine_register(faults->engine, "fault begins", handle_begin, faults);
    faults->end_kind = engine_register(faults->engine, "fault ends", handle_end, faults);
    for (uint32_t i = 0; i < faults->count; i++)
        if (faults->fault[i].event.end_ps >= 0)
            engine_at(faults->engine, faults->fault[i].event.end_ps, EVENT_CLASS_FAULT,
                      faults->end_kind, faults->fault[i].event.first, i);
    for (uint32_t i = 0; i < faults->count; i++)
        engine_at(faults->engine, faults->fault[i].event.begin_ps, EVENT_CLASS_FAULT,
                  faults->begin_kind, faults->fault[i].event.first, i);
}

/* ---- the interface ---- */

enum status faults_create(struct faults **faults, struct engine *engine, struct network *network,
                          const struct field_list *entries, uint32_t hosts, uint64_t seed,
                          faults_notice *notice, void *context, struct error *error)
{
    const struct fault_config *configs = entries->items;
    enum status status = STATUS_OK;
    struct faults *new = memory_alloc(sizeof *new);
    *faults = NULL;
    *new = (struct faults){.engine = engine,
                           .network = network,
                           .count = (uint32_t)entries->count,
                           .notice = notice,
                           .context = context};
    new->fault = memory_array(entries->count + 1, sizeof *new->fault);
    for (uint32_t i = 0; i < new->count &&status == STATUS_OK; i++)
        status = resolve(new, &configs[i], i, hosts, error);
    if (status != STATUS_OK) {
        faults_free(new);
        return status;
    }
    if (new->count > 0) {
        network_faults_expect(network, seed);
        plan(new);
    }
    *faults = new;
    return STATUS_OK;
}

void faults_free(struct faults *faults)
{
    if (faults == NULL)
        return;
    free(faults->fault);
    free(faults);
}

bool faults_host_up(const struct faults *faults, uint32_t host)
{
    return network_faults_up(faults->network, host);
}

bool faults_path_open(const struct faults *faults, uint32_t src, uint32_t dst)
{
    return network_faults_open(faults->network, src, dst);
}

uint32_t faults_count(const struct faults *faults)
{
    return faults->count;
}

bool faults_record(const struct faults *faults, uint32_t entry, struct trace_fault *row)
{
    CHECK(entry < faults->count, "entry %u of %u", entry, faults->count);
    const struct fault *fault = &faults->fault[entry];
    *row = (struct trace_fault){
        .kind = fault_kind_names[fault->event.kind],
        .entry = entry,
        .first = fault->event.first,
        .last = fault->event.last,
        .begin_ps = fault->event.begin_ps,
        .end_ps = fault->ended ? fault->event.end_ps : -1,
        .lost = (int64_t)network_faults_lost(faults->network, entry),
    };
    return fault->begun;
}
