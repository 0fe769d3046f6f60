/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/naive_network.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

#define FORGIVEN_BYTES 1e-3 /* of a flow at its end */

struct naive_flow {
    uint32_t link[2]; /* sender's transmit side, receiver's receive side */
    uint32_t cookie;
    bool fixed;
    double remaining, rate;
    double start_s; /* of a flow in its latency */
};

struct naive_network {
    uint32_t links;
    double capacity, latency_s, now_s;
    naive_done *done;
    void *context;
    struct naive_flow *flow, *coming; /* moving; in their latency, in the order of their starts */
    size_t flows, flow_capacity, coming_first, coming_end, coming_capacity;
    double *left;      /* of each link */
    uint32_t *unfixed; /* flows of each link whose rate is still open */
    uint32_t *ended;   /* cookies */
    size_t ended_capacity;
};

struct naive_network *naive_network_create(uint32_t hosts, double bytes_per_s, double latency_s,
                                           naive_done *done, void *context)
{
    struct naive_network *network = memory_alloc(sizeof *network);
    *network = (struct naive_network){.links = 2 * hosts,
                                      .capacity = bytes_per_s,
                                      .latency_s = latency_s,
                                      .done = done,
                                      .context = context};
    network->left = memory_array(network->links, sizeof *network->left);
    network->unfixed = memory_array(network->links, sizeof *network->unfixed);
    return network;
}

void naive_network_free(struct naive_network *network)
{
    free(network->flow);
    free(network->coming);
    free(network->left);
    free(network->unfixed);
    free(network->ended);
    free(network);
}

static void append(struct naive_flow **flows, size_t *count, size_t *capacity,
                   const struct naive_flow *flow)
{
    if (*count == *capacity)
        *flows = memory_grow(*flows, capacity, *count + 1, sizeof **flows);
    (*flows)[(*count)++] = *flow;
}

void naive_network_send(struct naive_network *network, uint32_t src, uint32_t dst, double bytes,
                        uint32_t cookie)
{
    struct naive_flow flow = {.link = {2 * src, 2 * dst + 1},
                              .cookie = cookie,
                              .remaining = bytes,
                              .start_s = network->now_s + network->latency_s};
    if (network->coming_first == network->coming_end)
        network->coming_first = network->coming_end = 0;
    append(&network->coming, &network->coming_end, &network->coming_capacity, &flow);
}

/* ---- Progressive filling: the link with the smallest share for each of its open flows is full
 * first; these flows get the share, and leave less for the others. */

static void open_all(struct naive_network *network)
{
    for (uint32_t link = 0; link < network->links; link++) {
        network->left[link] = network->capacity;
        network->unfixed[link] = 0;
    }
    for (size_t i = 0; i < network->flows; i++) {
        network->flow[i].fixed = false;
        for (int end = 0; end < 2; end++)
            network->unfixed[network->flow[i].link[end]]++;
    }
}

static double smallest_share(const struct naive_network *network)
{
    double least = INFINITY;
    for (uint32_t link = 0; link < network->links; link++)
        if (network->unfixed[link] > 0)
            least = fmin(least, network->left[link] / network->unfixed[link]);
    return least;
}

static bool is_full(const struct naive_network *network, uint32_t link, double share)
{
    return network->left[link] / network->unfixed[link] <= share * (1 + 1e-12);
}

/* Fixes the flows of all links that are full at this share; returns their number. */
static size_t fix(struct naive_network *network, double share)
{
    size_t fixed = 0;
    for (size_t i = 0; i < network->flows; i++) {
        struct naive_flow *flow = &network->flow[i];
        if (flow->fixed ||
            !(is_full(network, flow->link[0], share) || is_full(network, flow->link[1], share)))
            continue;
        flow->fixed = true;
        flow->rate = share;
        fixed++;
        for (int end = 0; end < 2; end++) {
            network->left[flow->link[end]] -= share;
            network->unfixed[flow->link[end]]--;
        }
    }
    return fixed;
}

static void refill(struct naive_network *network)
{
    open_all(network);
    for (size_t open = network->flows; open > 0;)
        open -= fix(network, smallest_share(network));
}

/* ---- Time --------------------------------------------------------------------------------------
 */

static double next_s(const struct naive_network *network)
{
    double least = INFINITY;
    for (size_t i = 0; i < network->flows; i++)
        least = fmin(least, network->flow[i].remaining / network->flow[i].rate);
    least += network->now_s;
    if (network->coming_first < network->coming_end)
        least = fmin(least, network->coming[network->coming_first].start_s);
    return least;
}

/* Returns the number of flows that ended; their cookies lie in `ended`. */
static size_t advance(struct naive_network *network, double to_s)
{
    size_t kept = 0, ended = 0;
    double seconds = to_s - network->now_s;
    if (network->flows > network->ended_capacity)
        network->ended = memory_grow(network->ended, &network->ended_capacity, network->flows,
                                     sizeof *network->ended);
    for (size_t i = 0; i < network->flows; i++) {
        struct naive_flow flow = network->flow[i];
        flow.remaining -= flow.rate * seconds;
        if (flow.remaining > FORGIVEN_BYTES)
            network->flow[kept++] = flow;
        else
            network->ended[ended++] = flow.cookie;
    }
    network->flows = kept;
    network->now_s = to_s;
    return ended;
}

bool naive_network_step(struct naive_network *network)
{
    double to_s = next_s(network);
    if (isinf(to_s))
        return false;
    size_t ended = advance(network, to_s);
    for (size_t i = 0; i < ended; i++)
        network->done(network->context, network->ended[i]);
    while (network->coming_first < network->coming_end &&
           network->coming[network->coming_first].start_s <= to_s)
        append(&network->flow, &network->flows, &network->flow_capacity,
               &network->coming[network->coming_first++]);
    refill(network);
    return true;
}

double naive_network_now_s(const struct naive_network *network)
{
    return network->now_s;
}
