/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts: what work takes on them, and their serial resources. */
#include "cluster/cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster/compute.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

/* A gradient time is cut here: four such durations still fit the clock. */
#define CLUSTER_LONGEST_PS (SIMTIME_MAX_PS / 4)

struct cluster {
    struct engine *engine;
    struct compute *compute;
    struct network *network;
    uint32_t hosts;
    double forward_share;
    double step_s;
    double reduction_byte_rate, copy_byte_rate; /* 0: free */
    int64_t *free_ps; /* when each host's resources are free, CLUSTER_RESOURCES a host */
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

enum status cluster_create(struct cluster **cluster, struct engine *engine,
                           const struct compute_config *compute,
                           const struct network_config *network, uint32_t hosts, int64_t batch_size,
                           struct cluster_seeds seeds, struct error *error)
{
    CHECK(hosts > 0 && batch_size > 0, "%u hosts, batch of %lld", hosts, (long long)batch_size);
    struct cluster *new = memory_alloc(sizeof *new);
    new->engine = engine;
    new->hosts = hosts;
    new->forward_share = compute->forward_share;
    new->step_s = compute->step_s;
    new->reduction_byte_rate = compute->reduction_byte_rate;
    new->copy_byte_rate = compute->copy_byte_rate;
    new->free_ps = memory_array((size_t)hosts * CLUSTER_RESOURCES, sizeof *new->free_ps);
    enum status status =
        compute_create(&new->compute, compute, hosts, batch_size, seeds.compute, error);
    if (status != STATUS_OK)
        name_compute(error);
    else
        status = network_create(&new->network, engine, network, hosts, error);
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
    free(cluster->free_ps);
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

int64_t cluster_gradient_ps(const struct cluster *cluster, uint32_t host, int64_t step)
{
    CHECK(host < cluster->hosts && step >= 0, "host %u, step %lld", host, (long long)step);
    const double seconds = compute_gradient_s(cluster->compute, host, step);
    if (seconds >= simtime_to_s(CLUSTER_LONGEST_PS))
        return CLUSTER_LONGEST_PS;
    return simtime_from_s(seconds);
}

int64_t cluster_forward_ps(const struct cluster *cluster, int64_t gradient_ps)
{
    const int64_t forward_ps = simtime_from_s(cluster->forward_share * simtime_to_s(gradient_ps));
    return forward_ps < gradient_ps ? forward_ps : gradient_ps;
}

int64_t cluster_step_ps(const struct cluster *cluster, uint32_t host)
{
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

int64_t cluster_occupy(struct cluster *cluster, uint32_t host, enum cluster_resource resource,
                       int64_t duration_ps, int64_t *end_ps)
{
    CHECK(host < cluster->hosts && resource < CLUSTER_RESOURCES, "host %u, resource %d", host,
          (int)resource);
    int64_t *free_ps = &cluster->free_ps[(size_t)host * CLUSTER_RESOURCES + resource];
    const int64_t now_ps = engine_now(cluster->engine);
    const int64_t begin_ps = *free_ps > now_ps ? *free_ps : now_ps;
    *free_ps = simtime_add(begin_ps, duration_ps);
    *end_ps = *free_ps;
    return begin_ps;
}
