/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Applications of gradients to models: how stale they were, for the trace and the summary.  The
 * caller knows what its family of algorithms calls staleness (docs/trace.md).
 */
#include <math.h>

#include "run/sim.h"

void sim_updated(struct sim *sim, const struct trace_update *row)
{
    struct sim_counts *counts = &sim->counts;
    ENGINE_CHECK(sim->engine, row->staleness >= -1,
                 "node %u applies a gradient of node %u before "
                 "it was computed (staleness %ld)",
                 row->node, row->origin, (long)row->staleness);
    observer_update(&sim->observer, row);
    if (row->staleness < 0)
        return;
    counts->updates++;
    counts->staleness_sum += (double)row->staleness; /* exact below 2^53 */
    if (row->staleness > counts->staleness_max)
        counts->staleness_max = row->staleness;
}

double sim_staleness_mean(const struct sim *sim)
{
    const struct sim_counts *counts = &sim->counts;
    return counts->updates > 0 ? counts->staleness_sum / (double)counts->updates : NAN;
}

double sim_staleness_max(const struct sim *sim)
{
    return sim->counts.updates > 0 ? (double)sim->counts.staleness_max : NAN;
}
