/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient times:
 *
 *   t(u, k) = draw(u, k) x batch / reference_batch / speed(h) x slowdowns that hit (h, k)
 *
 * for unit u on host h.  The draw comes from the stream (seed, RNG_COMPUTE, 0, u, k); whether
 * straggler entry e hits, from (seed, RNG_STRAGGLER, e, h, k): what slows a host down is shared by
 * its units.  So units, entries and steps can be added without changing any other draw, and
 * variants of a scenario with one seed share their times.
 */
#include "cluster/compute.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"

struct compute {
    const struct distribution_ops *distribution;
    const void *params;
    void *state;
    uint64_t seed;
    double batch_scale;
    double *speeds;                      /* of each host; NULL: all 1 */
    struct straggler_config *stragglers; /* absent bounds filled in */
    size_t straggler_count;
};

static enum status create_distribution(struct compute *compute, const struct plugin_choice *choice,
                                       struct error *error)
{
    CHECK(choice->plugin != NULL, "no distribution of gradient times was chosen");
    compute->distribution = (const struct distribution_ops *)choice->plugin;
    compute->params = choice->params;
    if (compute->distribution->create == NULL)
        return STATUS_OK;
    const enum status status =
        compute->distribution->create(choice->params, &compute->state, error);
    if (status != STATUS_OK && error != NULL) {
        /* The plug-in names its own keys only. */
        char key[sizeof error->path];
        snprintf(key, sizeof key, "%s", error->path);
        snprintf(error->path, sizeof error->path, "gradient_time%s%.200s", key[0] ? "." : "", key);
    }
    return status;
}

/* Fills absent bounds in (a first host alone means that one, no bounds all of them) and refuses
 * hosts that the cluster does not have. */
static enum status resolve_hosts(const char *list, size_t index, uint32_t hosts, int64_t *first,
                                 int64_t *last, struct error *error)
{
    char path[64];
    if (field_integer_absent(*last))
        *last = field_integer_absent(*first) ? (int64_t)hosts - 1 : *first;
    if (field_integer_absent(*first))
        *first = 0;
    const bool beyond = *first >= hosts || *first < 0;
    if (beyond || *last >= hosts) {
        snprintf(path, sizeof path, "%s[%zu].%s", list, index, beyond ? "first" : "last");
        return status_fail_at(error, path, "found host %lld, expected one of the hosts 0 to %u",
                              (long long)(beyond ? *first : *last), hosts - 1);
    }
    if (*last < *first) {
        snprintf(path, sizeof path, "%s[%zu].last", list, index);
        return status_fail_at(error, path, "found host %lld, which is before first (%lld)",
                              (long long)*last, (long long)*first);
    }
    return STATUS_OK;
}

static enum status resolve_steps(size_t index, struct straggler_config *entry, struct error *error)
{
    char path[64];
    if (field_integer_absent(entry->from_step))
        entry->from_step = 0;
    if (field_integer_absent(entry->to_step))
        entry->to_step = INT64_MAX;
    if (entry->to_step >= entry->from_step)
        return STATUS_OK;
    snprintf(path, sizeof path, "stragglers[%zu].to_step", index);
    return status_fail_at(error, path, "found step %lld, which is before from_step (%lld)",
                          (long long)entry->to_step, (long long)entry->from_step);
}

static enum status create_speeds(struct compute *compute, const struct field_list *list,
                                 uint32_t hosts, struct error *error)
{
    const struct speed_override *entries = list->items;
    if (list->count == 0)
        return STATUS_OK;
    compute->speeds = memory_array(hosts, sizeof *compute->speeds);
    for (uint32_t host = 0; host < hosts; host++)
        compute->speeds[host] = 1;
    for (size_t i = 0; i < list->count; i++) {
        struct speed_override entry = entries[i];
        const enum status status =
            resolve_hosts("speeds", i, hosts, &entry.first, &entry.last, error);
        if (status != STATUS_OK)
            return status;
        for (int64_t host = entry.first; host <= entry.last; host++)
            compute->speeds[host] = entry.speed;
    }
    return STATUS_OK;
}

static enum status create_stragglers(struct compute *compute, const struct field_list *list,
                                     uint32_t hosts, struct error *error)
{
    const struct straggler_config *entries = list->items;
    enum status status = STATUS_OK;
    if (list->count == 0)
        return STATUS_OK;
    compute->straggler_count = list->count;
    compute->stragglers = memory_array(list->count, sizeof *compute->stragglers);
    for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
        struct straggler_config *entry = &compute->stragglers[i];
        *entry = entries[i];
        status = resolve_hosts("stragglers", i, hosts, &entry->first, &entry->last, error);
        if (status == STATUS_OK)
            status = resolve_steps(i, entry, error);
    }
    return status;
}

enum status compute_create(struct compute **compute, const struct compute_config *config,
                           uint32_t hosts, int64_t batch_size, uint64_t seed, struct error *error)
{
    struct compute *new = memory_alloc(sizeof *new);
    new->seed = seed;
    new->batch_scale = field_integer_absent(config->reference_batch)
                           ? 1
                           : (double)batch_size / (double)config->reference_batch;
    enum status status = create_distribution(new, &config->gradient_time, error);
    if (status == STATUS_OK)
        status = create_speeds(new, &config->speeds, hosts, error);
    if (status == STATUS_OK)
        status = create_stragglers(new, &config->stragglers, hosts, error);
    if (status == STATUS_OK)
        *compute = new;
    else
        compute_free(new);
    return status;
}

void compute_free(struct compute *compute)
{
    if (compute == NULL)
        return;
    if (compute->distribution != NULL && compute->distribution->destroy != NULL)
        compute->distribution->destroy(compute->state);
    free(compute->speeds);
    free(compute->stragglers);
    free(compute);
}

static bool straggler_hits(const struct compute *compute, size_t number, uint32_t host,
                           int64_t step)
{
    const struct straggler_config *entry = &compute->stragglers[number];
    struct rng rng;
    if (host < entry->first || host > entry->last || step < entry->from_step ||
        step > entry->to_step)
        return false;
    if (entry->probability >= 1)
        return true;
    rng_open(&rng, compute->seed, RNG_STRAGGLER, (uint32_t)number, host, (uint64_t)step);
    return rng_uniform(&rng) < entry->probability;
}

double compute_gradient_s(const struct compute *compute, uint32_t unit, uint32_t host, int64_t step)
{
    struct rng rng;
    rng_open(&rng, compute->seed, RNG_COMPUTE, 0, unit, (uint64_t)step);
    double seconds = compute->distribution->draw(compute->params, compute->state, &rng, unit, step);
    seconds = seconds * compute->batch_scale / compute_speed(compute, host);
    for (size_t i = 0; i < compute->straggler_count; i++)
        if (straggler_hits(compute, i, host, step))
            seconds *= compute->stragglers[i].slowdown;
    return seconds;
}

double compute_speed(const struct compute *compute, uint32_t host)
{
    return compute->speeds == NULL ? 1 : compute->speeds[host];
}
