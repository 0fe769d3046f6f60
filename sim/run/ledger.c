/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger of all push-sum weights: held + in flight + destroyed by faults = n, checked at every
 * event from a compensated running sum, and recounted in full at every metric.
 */
#include "run/sim.h"

#include <math.h>

#define LEDGER_TOLERANCE 1e-12

/* Neumaier's compensated sum. */
void ledger_add(struct sim *sim, double delta)
{
    struct sim_ledger *ledger = &sim->ledger;
    double sum = ledger->sum + delta;
    if (fabs(ledger->sum) >= fabs(delta))
        ledger->compensation += (ledger->sum - sum) + delta;
    else
        ledger->compensation += (delta - sum) + ledger->sum;
    ledger->sum = sum;
}

void ledger_destroy(struct sim *sim, double weight)
{
    ledger_add(sim, -weight);
    sim->ledger.destroyed += weight;
}

/* Where little is left, n less what was destroyed would be rounding alone. */
double ledger_mass(const struct sim *sim)
{
    const struct sim_ledger *ledger = &sim->ledger;
    return ledger->destroyed == 0 ? sim->nodes : ledger->sum + ledger->compensation;
}

void ledger_check(const struct sim *sim)
{
    double mass = sim->ledger.sum + sim->ledger.compensation + sim->ledger.destroyed;
    ENGINE_CHECK(sim->engine, fabs(mass - sim->nodes) <= LEDGER_TOLERANCE * sim->nodes,
                 "push-sum mass is %.17g, expected %u", mass, sim->nodes);
}

void ledger_recount(struct sim *sim)
{
    sim->ledger = (struct sim_ledger){.destroyed = sim->ledger.destroyed};
    for (uint32_t rank = 0; rank < sim->nodes; rank++)
        ledger_add(sim, sim->node[rank].w);
    for (size_t i = 0; i < sim->message_capacity; i++)
        if (sim->message[i].used)
            ledger_add(sim, sim->message[i].weight);
    ledger_check(sim);
}
