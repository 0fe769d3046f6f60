/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario's faults in a run: planned at its creation, a row of the trace each.
 *
 * Links and partitions act below the programs, whose messages only arrive later.  What programs
 * would see (a crash, a lost message) is refused here.
 */
#include "run/sim.h"

#include <stdio.h>

static void note_fault(void *context, const struct fault_event *event)
{
    struct sim *sim = context;
    struct trace_fault row;
    if (!event->begins && faults_record(sim->faults, event->entry, &row))
        observer_fault(&sim->observer, &row);
}

static enum status refuse_visible(const struct run_config *config, struct error *error)
{
    const struct fault_config *entries = config->faults.items;
    char path[64];
    for (size_t i = 0; i < config->faults.count; i++) {
        if (entries[i].kind == FAULT_LINK || entries[i].kind == FAULT_PARTITION)
            continue;
        snprintf(path, sizeof path, "faults[%zu].kind", i);
        return status_fail_at(
            error, path,
            "found \"%s\", which no algorithm can stand yet; expected \"link\" or "
            "\"partition\"",
            fault_kind_names[entries[i].kind]);
    }
    if (config->network.loss > 0 && config->network.on_loss == NETWORK_DROP)
        return status_fail_at(error, "network.on_loss",
                              "found \"drop\", which no algorithm can stand yet; expected "
                              "\"retransmit\"");
    return STATUS_OK;
}

enum status sim_faults_create(struct sim *sim, uint64_t seed, struct error *error)
{
    enum status status = refuse_visible(sim->config, error);
    if (status != STATUS_OK)
        return status;
    return faults_create(&sim->faults, sim->engine, cluster_network(sim->cluster),
                         &sim->config->faults, sim->hosts, seed, note_fault, sim, error);
}

void sim_faults_report(struct sim *sim)
{
    struct trace_fault row;
    for (uint32_t entry = 0; entry < faults_count(sim->faults); entry++)
        if (faults_record(sim->faults, entry, &row) && row.end_ps < 0)
            observer_fault(&sim->observer, &row);
}
