/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network: flows a second under five kinds of traffic, hosts with 10 Gbps and 50 us, beside a
 * network that computes all rates from scratch at every change (naive_network.h), in turns.
 *
 *   one peer       1024 hosts, one message of 100 MB a round, peers as in the one-peer exponential
 *   ten fixed      ten messages of 100 MB a round to fixed peers: every rate is constant
 *   random sizes   the same with 100 MB x U(0.5, 1.5)
 *   random peers   ten messages of 100 MB a round to random peers
 *   closed loop    1000 hosts keep ten messages of 1 MB each under way, to random peers
 *
 * A host begins a round when all its own sends of the last have ended.  The naive network gets half
 * a second a turn; both play the same messages.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cluster/network.h"
#include "core/check.h"
#include "core/memory.h"
#include "tests/bench/bench.h"
#include "tests/bench/naive_network.h"

#define TURNS         3
#define NAIVE_S       0.5
#define BANDWIDTH_BPS 10e9
#define LATENCY_S     50e-6
#define MESSAGE_BYTES 100000000
#define CLOSED_BYTES  1000000
#define SLOTS         10

enum pattern { ONE_PEER, TEN_FIXED, RANDOM_SIZES, RANDOM_PEERS, CLOSED_LOOP, PATTERNS };
static const char *const names[] = {"one peer", "ten fixed", "random sizes", "random peers",
                                    "closed loop"};

struct traffic {
    enum pattern pattern;
    uint32_t hosts, fan, rounds;
    uint32_t *pending, *round; /* of each host */
    uint64_t flows, limit;     /* ended; to be sent in a closed loop */
    uint64_t sent;
    struct engine *engine;
    struct network *network; /* NULL: the naive one plays */
    uint32_t client;
    struct naive_network *naive;
};

static struct traffic traffic_of(enum pattern pattern)
{
    static const uint32_t rounds[] = {200, 40, 6, 6, 0};
    return (struct traffic){.pattern = pattern,
                            .hosts = pattern == CLOSED_LOOP ? 1000 : 1024,
                            .fan = pattern == ONE_PEER ? 1 : SLOTS,
                            .rounds = rounds[pattern],
                            .limit = 50000};
}

static void send(struct traffic *traffic, uint32_t src, uint32_t dst, int64_t bytes)
{
    traffic->sent++;
    if (traffic->network)
        network_send(traffic->network, traffic->client, src, dst, bytes, src);
    else
        naive_network_send(traffic->naive, src, dst, (double)bytes, src);
}

static uint32_t other_host(const struct traffic *traffic, uint32_t host, uint64_t random)
{
    uint32_t other = (uint32_t)(random % (traffic->hosts - 1));
    return other + (other >= host);
}

static void send_one(struct traffic *traffic, uint32_t host, uint32_t slot)
{
    uint32_t round = traffic->round[host];
    uint64_t random = bench_hash(((uint64_t)host << 32 | round << 8 | slot) * 7919 + 1);
    uint32_t shift = 1u << (traffic->pattern == ONE_PEER ? round % 10 : slot);
    uint32_t dst = (host + shift) % traffic->hosts;
    int64_t bytes = MESSAGE_BYTES;
    if (traffic->pattern == RANDOM_PEERS)
        dst = other_host(traffic, host, random);
    if (traffic->pattern == RANDOM_SIZES)
        bytes = (int64_t)(MESSAGE_BYTES * (0.5 + (double)(random >> 11) * 0x1p-53));
    send(traffic, host, dst, bytes);
}

static void begin_round(struct traffic *traffic, uint32_t host)
{
    traffic->pending[host] = traffic->fan;
    for (uint32_t slot = 0; slot < traffic->fan; slot++)
        send_one(traffic, host, slot);
}

static void send_closed(struct traffic *traffic, uint32_t host)
{
    if (traffic->sent < traffic->limit)
        send(traffic, host, other_host(traffic, host, bench_hash(traffic->sent * 104729 + host)),
             CLOSED_BYTES);
}

static void on_end(struct traffic *traffic, uint32_t host)
{
    traffic->flows++;
    if (traffic->pattern == CLOSED_LOOP)
        send_closed(traffic, host);
    else if (--traffic->pending[host] == 0 && ++traffic->round[host] < traffic->rounds)
        begin_round(traffic, host);
}

static void on_done(void *context, uint64_t cookie, int64_t started_ps)
{
    (void)started_ps;
    on_end(context, (uint32_t)cookie);
}

static void on_naive_done(void *context, uint32_t cookie)
{
    on_end(context, cookie);
}

static void begin(struct traffic *traffic)
{
    traffic->pending = memory_array(traffic->hosts, sizeof *traffic->pending);
    traffic->round = memory_array(traffic->hosts, sizeof *traffic->round);
    for (uint32_t host = 0; host < traffic->hosts; host++)
        if (traffic->pattern == CLOSED_LOOP)
            for (int slot = 0; slot < SLOTS; slot++)
                send_closed(traffic, host);
        else
            begin_round(traffic, host);
}

static double end(struct traffic *traffic, double then_s)
{
    double rate = (double)traffic->flows / (bench_now_s() - then_s);
    free(traffic->pending);
    free(traffic->round);
    return rate;
}

/* Flows a second; *end_s: the simulated time of the last end. */
static double play(enum pattern pattern, double *end_s)
{
    struct traffic traffic = traffic_of(pattern);
    struct network_config config = {.model = NETWORK_FAIR,
                                    .bandwidth_bps = BANDWIDTH_BPS,
                                    .latency_s = LATENCY_S,
                                    .efficiency = 1};
    struct error error = {.status = STATUS_OK};
    traffic.engine = engine_create();
    CHECK(network_create(&traffic.network, traffic.engine, &config, traffic.hosts, &error) ==
              STATUS_OK,
          "%s", error.text);
    traffic.client = network_client(traffic.network, on_done, &traffic);
    double then_s = bench_now_s();
    begin(&traffic);
    while (engine_step(traffic.engine))
        continue;
    double rate = end(&traffic, then_s);
    *end_s = (double)engine_now(traffic.engine) * 1e-12;
    network_free(traffic.network);
    engine_free(traffic.engine);
    return rate;
}

/* *end_s: when all traffic was played, else 0. */
static double play_naive(enum pattern pattern, double *end_s)
{
    struct traffic traffic = traffic_of(pattern);
    traffic.naive =
        naive_network_create(traffic.hosts, BANDWIDTH_BPS / 8, LATENCY_S, on_naive_done, &traffic);
    double then_s = bench_now_s();
    bool more = true;
    begin(&traffic);
    while (bench_now_s() - then_s < NAIVE_S && more)
        more = naive_network_step(traffic.naive);
    *end_s = more ? 0 : naive_network_now_s(traffic.naive);
    double rate = end(&traffic, then_s);
    naive_network_free(traffic.naive);
    return rate;
}

static void compare(enum pattern pattern)
{
    struct bench_series rates = {.count = 0}, naive = {.count = 0};
    double end_s, naive_end_s;
    for (int turn = 0; turn < TURNS; turn++) {
        bench_add(&naive, play_naive(pattern, &naive_end_s));
        bench_add(&rates, play(pattern, &end_s));
    }
    printf("%-14s %12.1f %12.2f %9.1f   %.6f s", names[pattern], 1e-3 * bench_median(&rates),
           1e-3 * bench_median(&naive), bench_paired(&rates, &naive), end_s);
    if (naive_end_s > 0)
        printf(", naive %.6f s", naive_end_s);
    printf("\n");
}

int main(int argc, char **argv)
{
    (void)argc;
    bench_begin(argv);
    printf("k flows/s, median of %d turns\n", TURNS);
    printf("%-14s %12s %12s %9s   %s\n", "traffic", "simulator", "naive", "ratio",
           "simulated time");
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        compare((enum pattern)pattern);
    return 0;
}
