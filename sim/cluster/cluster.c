/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts and compute units: what work takes on them, and their serial resources. */
#include "cluster/cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster/compute.h"
#include "cluster/network_faults.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

/* A gradient time is cut here: four such durations still fit the clock. */
#define CLUSTER_LONGEST_PS (SIMTIME_MAX_PS / 4)

/* A serial resource: its last occupation, which is the last to end. */
struct occupation {
    int64_t begin_ps, end_ps;
};

struct cluster {
    struct engine *engine;
    struct compute *compute;
    struct network *network;
    uint32_t hosts, units;
    uint32_t *host_of_unit; /* NULL: unit u on host u */
    double forward_share;
    double step_s;
    double reduction_byte_rate, copy_byte_rate; /* 0: free */
    struct occupation *last[CLUSTER_RESOURCES]; /* of each unit or host */
};

/* Puts "compute" in front of a path that starts below it. */
static void name_compute(struct error *error)
{
    char below[sizeof error->path];
    if (error == NULL)
        return;
    snprintf(below, sizeof below, "%s", error->path);
    snprintf(error->path, sizeof error->path, "compute.%.240s", below);
}

static uint32_t resource_count(const struct cluster *cluster, enum cluster_resource resource)
{
    return resource == CLUSTER_ACCELERATOR ? cluster->units : cluster->hosts;
}

static void create_layout(struct cluster *cluster, const struct cluster_layout *layout)
{
    CHECK(layout->hosts > 0, "no hosts");
    CHECK(layout->host_of_unit != NULL || layout->units <= layout->hosts, "%u units on %u hosts",
          layout->units, layout->hosts);
    cluster->hosts = layout->hosts;
    cluster->units = layout->units;
    if (layout->host_of_unit != NULL)
        cluster->host_of_unit = memory_array(layout->units, sizeof *cluster->host_of_unit);
    for (uint32_t unit = 0; cluster->host_of_unit != NULL && unit < layout->units; unit++) {
        CHECK(layout->host_of_unit[unit] < layout->hosts, "unit %u on host %u of %u", unit,
              layout->host_of_unit[unit], layout->hosts);
        cluster->host_of_unit[unit] = layout->host_of_unit[unit];
    }
    for (int r = 0; r < CLUSTER_RESOURCES; r++)
        cluster->last[r] = memory_array(resource_count(cluster, (enum cluster_resource)r),
                                        sizeof *cluster->last[r]);
}

enum status cluster_create(struct cluster **cluster, struct engine *engine,
                           const struct compute_config *compute,
                           const struct network_config *network,
                           const struct cluster_layout *layout, int64_t batch_size,
                           struct cluster_seeds seeds, struct error *error)
{
    CHECK(batch_size > 0, "a batch of %lld", (long long)batch_size);
    struct cluster *new = memory_alloc(sizeof *new);
    new->engine = engine;
    create_layout(new, layout);
    new->forward_share = compute->forward_share;
    new->step_s = compute->step_s;
    new->reduction_byte_rate = compute->reduction_byte_rate;
    new->copy_byte_rate = compute->copy_byte_rate;
    enum status status =
        compute_create(&new->compute, compute, new->hosts, batch_size, seeds.compute, error);
    if (status != STATUS_OK)
        name_compute(error);
    else
        status = network_create(&new->network, engine, network, new->hosts, error);
    if (status == STATUS_OK && network->loss > 0)
        network_faults_expect(new->network, seeds.network);
    if (status == STATUS_OK)
        *cluster = new;
    else
        cluster_free(new);
    return status;
}

void cluster_free(struct cluster *cluster)
{
    if (cluster == NULL)
        return;
    if (cluster->network != NULL)
        network_free(cluster->network);
    compute_free(cluster->compute);
    for (int resource = 0; resource < CLUSTER_RESOURCES; resource++)
        free(cluster->last[resource]);
    free(cluster->host_of_unit);
    free(cluster);
}

struct network *cluster_network(struct cluster *cluster)
{
    return cluster->network;
}

uint32_t cluster_hosts(const struct cluster *cluster)
{
    return cluster->hosts;
}

uint32_t cluster_units(const struct cluster *cluster)
{
    return cluster->units;
}

uint32_t cluster_host_of_unit(const struct cluster *cluster, uint32_t unit)
{
    CHECK(unit < cluster->units, "unit %u of %u", unit, cluster->units);
    return cluster->host_of_unit == NULL ? unit : cluster->host_of_unit[unit];
}

int64_t cluster_gradient_ps(const struct cluster *cluster, uint32_t unit, int64_t step)
{
    CHECK(step >= 0, "unit %u, step %lld", unit, (long long)step);
    const uint32_t host = cluster_host_of_unit(cluster, unit);
    const double seconds = compute_gradient_s(cluster->compute, unit, host, step);
    if (seconds >= simtime_to_s(CLUSTER_LONGEST_PS))
        return CLUSTER_LONGEST_PS;
    return simtime_from_s(seconds);
}

int64_t cluster_forward_ps(const struct cluster *cluster, int64_t gradient_ps)
{
    const int64_t forward_ps = simtime_from_s(cluster->forward_share * simtime_to_s(gradient_ps));
    return forward_ps < gradient_ps ? forward_ps : gradient_ps;
}

int64_t cluster_step_ps(const struct cluster *cluster, uint32_t unit)
{
    const uint32_t host = cluster_host_of_unit(cluster, unit);
    return simtime_from_s(cluster->step_s / compute_speed(cluster->compute, host));
}

static int64_t transfer_ps(int64_t bytes, double byte_rate)
{
    return byte_rate > 0 ? simtime_from_s((double)bytes / byte_rate) : 0;
}

int64_t cluster_reduction_ps(const struct cluster *cluster, uint32_t host, int64_t bytes)
{
    (void)host; /* one rate for all hosts today */
    return transfer_ps(bytes, cluster->reduction_byte_rate);
}

int64_t cluster_copy_ps(const struct cluster *cluster, uint32_t host, int64_t bytes)
{
    (void)host;
    return transfer_ps(bytes, cluster->copy_byte_rate);
}

static struct occupation *last_occupation(struct cluster *cluster, uint32_t index,
                                          enum cluster_resource resource)
{
    CHECK(resource < CLUSTER_RESOURCES && index < resource_count(cluster, resource),
          "resource %d of unit or host %u", (int)resource, index);
    return &cluster->last[resource][index];
}

int64_t cluster_occupy(struct cluster *cluster, uint32_t index, enum cluster_resource resource,
                       int64_t duration_ps, int64_t *end_ps)
{
    struct occupation *last = last_occupation(cluster, index, resource);
    const int64_t now_ps = engine_now(cluster->engine);
    last->begin_ps = last->end_ps > now_ps ? last->end_ps : now_ps;
    last->end_ps = simtime_add(last->begin_ps, duration_ps);
    *end_ps = last->end_ps;
    return last->begin_ps;
}

void cluster_release(struct cluster *cluster, uint32_t index, enum cluster_resource resource,
                     int64_t from_ps)
{
    struct occupation *last = last_occupation(cluster, index, resource);
    ENGINE_CHECK(cluster->engine, from_ps >= engine_now(cluster->engine),
                 "resource %d of unit or host %u is released in the past", (int)resource, index);
    const int64_t end_ps = from_ps > last->begin_ps ? from_ps : last->begin_ps;
    if (end_ps < last->end_ps)
        last->end_ps = end_ps;
}
