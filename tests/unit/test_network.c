/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network models: closed forms, what each model promises, and a brute-force simulation of
 * max-min fair flows.  (Times of another simulator: test_network_oracle.c.)
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/network.h"
#include "core/engine.h"
#include "core/simtime.h"
#include "testing.h"

#define PS_PER_US  1000000LL
#define LATENCY_PS (50 * PS_PER_US)
#define MESSAGES   1000

/* ---- a network and a log of what ended ---- */

struct ended {
    uint64_t cookie;
    int64_t started_ps, ended_ps;
};

struct bench {
    struct engine *engine;
    struct network *network;
    uint32_t client;
    size_t count;
    struct ended log[MESSAGES];
};

static void note_end(void *context, uint64_t cookie, int64_t started_ps)
{
    struct bench *bench = context;
    ck_assert_uint_lt(bench->count, MESSAGES);
    bench->log[bench->count++] = (struct ended){cookie, started_ps, engine_now(bench->engine)};
}

static struct network_config plain_config(int model)
{
    return (struct network_config){.model = model,
                                   .bandwidth_bps = 10e9,
                                   .latency_s = 50e-6,
                                   .efficiency = 1,
                                   .protocol = NETWORK_EAGER};
}

static void bench_open(struct bench *bench, const struct network_config *config, uint32_t hosts)
{
    struct error error;
    memset(bench, 0, sizeof *bench);
    bench->engine = engine_create();
    ck_assert_int_eq(network_create(&bench->network, bench->engine, config, hosts, &error),
                     STATUS_OK);
    bench->client = network_client(bench->network, note_end, bench);
}

static void bench_close(struct bench *bench)
{
    network_free(bench->network);
    engine_free(bench->engine);
}

static void bench_send(struct bench *bench, uint32_t src, uint32_t dst, int64_t bytes)
{
    network_send(bench->network, bench->client, src, dst, bytes, 1000 * (uint64_t)src + dst);
}

static void bench_play(struct bench *bench)
{
    while (engine_step(bench->engine))
        continue;
    ck_assert_uint_eq(network_in_flight(bench->network), 0);
}

static int64_t end_of(const struct bench *bench, uint32_t src, uint32_t dst)
{
    for (size_t i = 0; i < bench->count; i++)
        if (bench->log[i].cookie == 1000 * src + dst)
            return bench->log[i].ended_ps;
    ck_abort_msg("no message from %u to %u ended", src, dst);
    return 0;
}

/* ---- what holds in every model ---- */

START_TEST(one_message)
{
    struct network_config config = plain_config(_i);
    config.overhead_s = 3e-6;
    struct bench bench;
    bench_open(&bench, &config, 4);
    bench_send(&bench, 1, 3, 102400000);
    ck_assert_uint_eq(network_in_flight(bench.network), 1);
    bench_play(&bench);
    /* 1.25e9 bytes/s are 800 ps a byte. */
    ck_assert_uint_eq(bench.count, 1);
    ck_assert_int_eq(bench.log[0].started_ps, 53 * PS_PER_US);
    ck_assert_int_eq(bench.log[0].ended_ps, 53 * PS_PER_US + 102400000LL * 800);
    ck_assert_int_eq(network_alpha_ps(bench.network, 1, 3), 53 * PS_PER_US);
    ck_assert_double_eq(network_beta_s(bench.network, 1, 3), 8e-10);
    bench_close(&bench);
}
END_TEST

/* Times that are no whole number of picoseconds are rounded up, once. */
START_TEST(rounded_up_once)
{
    struct network_config config = plain_config(_i);
    config.bandwidth_bps = 7e9;
    config.efficiency = 0.9;
    for (int64_t bytes = 1; bytes < 300000000; bytes = bytes * 5 + 3) {
        struct bench bench;
        bench_open(&bench, &config, 2);
        bench_send(&bench, 0, 1, bytes);
        bench_play(&bench);
        /* bytes * 8e12 / 6.3e9 ps = bytes * 80000 / 63 */
        ck_assert_int_eq(bench.log[0].ended_ps - LATENCY_PS, (bytes * 80000 + 62) / 63);
        bench_close(&bench);
    }
}
END_TEST

START_TEST(no_bytes_and_local)
{
    struct network_config config = plain_config(_i);
    struct bench bench;
    struct network_link_totals totals;
    bench_open(&bench, &config, 3);
    bench_send(&bench, 0, 1, 1000000);
    bench_send(&bench, 0, 1, 0); /* does not queue behind the million */
    bench_send(&bench, 2, 2, 1000000);
    ck_assert_uint_eq(network_in_flight(bench.network), 3);
    bench_play(&bench);
    ck_assert_uint_eq(bench.count, 3);
    ck_assert_uint_eq(bench.log[0].cookie, 2002);
    ck_assert_int_eq(bench.log[0].ended_ps, 0);
    ck_assert_int_eq(bench.log[1].ended_ps, LATENCY_PS);
    ck_assert_int_eq(bench.log[1].started_ps, LATENCY_PS);
    ck_assert_int_eq(bench.log[2].ended_ps, LATENCY_PS + 800 * 1000000);
    network_link(bench.network, 2, engine_now(bench.engine), &totals);
    ck_assert_int_eq(totals.tx_bytes + totals.rx_bytes + totals.tx_busy_ps + totals.rx_busy_ps, 0);
    ck_assert_int_eq(network_alpha_ps(bench.network, 2, 2), 0);
    ck_assert_double_eq(network_beta_s(bench.network, 2, 2), 0);
    bench_close(&bench);
}
END_TEST

/* 80 Gbps within a host, 100 ps a byte, and 2 us: 1 MB and 3 MB on host 2 share its local link and
 * nothing else: not the NIC's message, not host 1's. */
START_TEST(local_link)
{
    static const int64_t expected_us[][2] = {
        [NETWORK_FAIR] = {200, 400}, /* half of the rate each until the first is through */
        [NETWORK_FIFO] = {100, 400},
        [NETWORK_IDEAL] = {100, 300},
    };
    struct network_config config = plain_config(_i);
    config.overhead_s = 3e-6;
    config.local_bandwidth_bps = 80e9;
    config.local_latency_s = 2e-6;
    struct network_link_totals totals;
    struct bench bench;
    bench_open(&bench, &config, 3);
    network_send(bench.network, bench.client, 2, 2, 1000000, 9001);
    network_send(bench.network, bench.client, 2, 2, 3000000, 9002);
    network_send(bench.network, bench.client, 2, 2, 0, 9003);
    bench_send(&bench, 2, 0, 1000000);
    bench_send(&bench, 1, 1, 1000000);
    bench_play(&bench);
    ck_assert_int_eq(end_of(&bench, 9, 1), (2 + expected_us[_i][0]) * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 9, 2), (2 + expected_us[_i][1]) * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 9, 3), 2 * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 2, 0), (53 + 800) * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 1, 1), (2 + 100) * PS_PER_US);
    network_link(bench.network, 2, engine_now(bench.engine), &totals);
    ck_assert_int_eq(totals.tx_bytes, 1000000);
    ck_assert_int_eq(totals.tx_busy_ps, 800 * PS_PER_US);
    ck_assert_int_eq(totals.rx_bytes + totals.rx_busy_ps, 0);
    ck_assert_int_eq(network_alpha_ps(bench.network, 2, 2), 2 * PS_PER_US);
    ck_assert_int_eq(network_alpha_ps(bench.network, 2, 0), 53 * PS_PER_US);
    ck_assert_double_eq(network_beta_s(bench.network, 2, 2), 1e-10);
    bench_close(&bench);
}
END_TEST

/* Without local_bandwidth a local message takes its latency, however large. */
START_TEST(local_latency_alone)
{
    struct network_config config = plain_config(_i);
    config.local_bandwidth_bps = NAN;
    config.local_latency_s = 2e-6;
    struct bench bench;
    bench_open(&bench, &config, 2);
    for (uint32_t count = 0; count < 3; count++)
        bench_send(&bench, 1, 1, INT64_C(1) << 50);
    bench_play(&bench);
    for (uint32_t count = 0; count < 3; count++)
        ck_assert_int_eq(bench.log[count].ended_ps, 2 * PS_PER_US);
    bench_close(&bench);
}
END_TEST

/* Everybody sends to the next host: full duplex, no contention, all models alike. */
START_TEST(shift_has_no_contention)
{
    struct network_config config = plain_config(_i);
    struct bench bench;
    bench_open(&bench, &config, 16);
    for (uint32_t host = 0; host < 16; host++)
        bench_send(&bench, host, (host + 5) % 16, 398437 + host);
    bench_play(&bench);
    ck_assert_uint_eq(bench.count, 16);
    for (uint32_t host = 0; host < 16; host++) {
        struct network_link_totals totals;
        ck_assert_uint_eq(bench.log[host].cookie, 1000 * host + (host + 5) % 16);
        ck_assert_int_eq(bench.log[host].ended_ps, LATENCY_PS + (398437 + host) * 800);
        network_link(bench.network, host, engine_now(bench.engine), &totals);
        ck_assert_int_eq(totals.tx_bytes, 398437 + host);
        ck_assert_int_eq(totals.tx_busy_ps, (398437 + host) * 800);
        ck_assert_int_eq(totals.rx_busy_ps, (398437 + (host + 11) % 16) * 800);
    }
    bench_close(&bench);
}
END_TEST

/* Host 1 at 1 Gbps and 200 us; hosts 2 to 3 at half efficiency; a later entry wins. */
START_TEST(overrides)
{
    struct network_override entries[] = {
        {.first = 1, .last = 3, .bandwidth_bps = 2e9, .latency_s = NAN, .efficiency = NAN},
        {.first = 1, .last = INT64_MIN, .bandwidth_bps = 1e9, .latency_s = 2e-4, .efficiency = NAN},
        {.first = 2, .last = 3, .bandwidth_bps = 10e9, .latency_s = NAN, .efficiency = 0.5},
    };
    struct network_config config = plain_config(_i);
    struct bench bench;
    config.hosts = (struct field_list){entries, 3};
    bench_open(&bench, &config, 5);
    ck_assert_int_eq(network_alpha_ps(bench.network, 0, 4), LATENCY_PS);
    ck_assert_int_eq(network_alpha_ps(bench.network, 0, 1), 125 * PS_PER_US);
    ck_assert_int_eq(network_alpha_ps(bench.network, 1, 2), 125 * PS_PER_US);
    ck_assert_double_eq(network_beta_s(bench.network, 0, 4), 8e-10);
    ck_assert_double_eq(network_beta_s(bench.network, 0, 1), 8e-9);
    ck_assert_double_eq(network_beta_s(bench.network, 2, 4), 1.6e-9);
    bench_send(&bench, 0, 1, 1000000);
    bench_send(&bench, 2, 4, 1000000);
    bench_play(&bench);
    ck_assert_int_eq(end_of(&bench, 2, 4), LATENCY_PS + 1600 * 1000000LL);
    ck_assert_int_eq(end_of(&bench, 0, 1), 125 * PS_PER_US + 8000 * 1000000LL);
    bench_close(&bench);
}
END_TEST

START_TEST(refused_overrides)
{
    struct network_override entry = {
        .first = 2, .last = 4, .bandwidth_bps = NAN, .latency_s = NAN, .efficiency = NAN};
    struct network_config config = plain_config(NETWORK_FAIR);
    struct engine *engine = engine_create();
    struct network *network;
    struct error error;
    config.hosts = (struct field_list){&entry, 1};
    ck_assert_int_eq(network_create(&network, engine, &config, 4, &error), STATUS_REQUEST);
    ck_assert_str_eq(error.path, "network.hosts[0].last");
    ck_assert_ptr_null(network);
    entry.last = 1;
    ck_assert_int_eq(network_create(&network, engine, &config, 4, &error), STATUS_REQUEST);
    ck_assert_str_eq(error.path, "network.hosts[0].last");
    entry.first = 4;
    ck_assert_int_eq(network_create(&network, engine, &config, 4, &error), STATUS_REQUEST);
    ck_assert_str_eq(error.path, "network.hosts[0].first");
    network_free(NULL);
    engine_free(engine);
}
END_TEST

START_TEST(scenario_fields)
{
    const struct field *bandwidth = field_find(network_fields, "bandwidth");
    const struct field *hosts = field_find(network_fields, "hosts");
    ck_assert_ptr_nonnull(bandwidth);
    ck_assert_str_eq(bandwidth->fallback, "\"10 Gbps\"");
    ck_assert_uint_eq(bandwidth->offset, offsetof(struct network_config, bandwidth_bps));
    ck_assert_str_eq(field_find(network_fields, "local_bandwidth")->fallback, "null");
    ck_assert_str_eq(field_find(network_fields, "local_latency")->fallback, "\"0 s\"");
    ck_assert_ptr_nonnull(hosts);
    ck_assert_ptr_nonnull(field_find(hosts->fields, "efficiency"));
    ck_assert_ptr_null(field_find(hosts->fields, "first")->fallback);
    ck_assert_str_eq(field_find(network_fields, "model")->names[NETWORK_FIFO], "fifo");
    ck_assert_str_eq(field_find(network_fields, "model")->names[NETWORK_IDEAL], "ideal");
    ck_assert_str_eq(field_find(network_fields, "protocol")->names[NETWORK_RENDEZVOUS],
                     "rendezvous");
    for (const struct field *f = network_fields; f->name != NULL; f++)
        ck_assert_ptr_nonnull(f->help);
}
END_TEST

/* ---- what tells them apart ---- */

/* 0 -> 1 and 0 -> 2, 3 MB each: a link of 1.25 GB/s moves both in 4.8 ms. */
START_TEST(two_from_one_host)
{
    static const int64_t expected_ps[][2] = {
        [NETWORK_FAIR] = {4800 * PS_PER_US, 4800 * PS_PER_US},
        [NETWORK_FIFO] = {2400 * PS_PER_US, 4800 * PS_PER_US},
        [NETWORK_IDEAL] = {2400 * PS_PER_US, 2400 * PS_PER_US},
    };
    struct network_config config = plain_config(_i);
    struct network_link_totals totals;
    struct bench bench;
    bench_open(&bench, &config, 3);
    bench_send(&bench, 0, 1, 3000000);
    bench_send(&bench, 0, 2, 3000000);
    bench_play(&bench);
    ck_assert_int_eq(end_of(&bench, 0, 1), LATENCY_PS + expected_ps[_i][0]);
    ck_assert_int_eq(end_of(&bench, 0, 2), LATENCY_PS + expected_ps[_i][1]);
    network_link(bench.network, 0, engine_now(bench.engine), &totals);
    ck_assert_int_eq(totals.tx_bytes, 6000000);
    ck_assert_int_eq(totals.rx_bytes, 0);
    ck_assert_int_eq(totals.tx_busy_ps, expected_ps[_i][1]);
    network_link(bench.network, 2, engine_now(bench.engine), &totals);
    ck_assert_int_eq(totals.rx_busy_ps,
                     expected_ps[_i][1] - (_i == NETWORK_FIFO ? 2400 * PS_PER_US : 0));
    bench_close(&bench);
}
END_TEST

/* Reservations: 0->2, then 1->2 waits for the receiver, then 1->3 waits for its sender, although
 * both of its links are idle until then. */
START_TEST(fifo_reserves_in_order)
{
    struct network_config config = plain_config(NETWORK_FIFO);
    struct bench bench;
    bench_open(&bench, &config, 4);
    bench_send(&bench, 0, 2, 1000000);
    bench_send(&bench, 1, 2, 1000000);
    bench_send(&bench, 1, 3, 500000);
    bench_play(&bench);
    ck_assert_int_eq(end_of(&bench, 0, 2), LATENCY_PS + 800 * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 1, 2), LATENCY_PS + 1600 * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 1, 3), LATENCY_PS + 2000 * PS_PER_US);
    ck_assert_int_eq(bench.log[2].started_ps, LATENCY_PS + 1600 * PS_PER_US);
    bench_close(&bench);
}
END_TEST

/* A slow receiver leaves the sender's other flow the rest: 1 Gbps to host 1, 9 Gbps to host 2. */
START_TEST(fair_uses_what_others_cannot)
{
    struct network_override entry = {
        .first = 1, .last = 1, .bandwidth_bps = 1e9, .latency_s = NAN, .efficiency = NAN};
    struct network_config config = plain_config(NETWORK_FAIR);
    struct bench bench;
    config.hosts = (struct field_list){&entry, 1};
    bench_open(&bench, &config, 3);
    bench_send(&bench, 0, 1, 1000000);
    bench_send(&bench, 0, 2, 9000000);
    bench_play(&bench);
    ck_assert_int_eq(end_of(&bench, 0, 1), LATENCY_PS + 8000 * PS_PER_US);
    ck_assert_int_eq(end_of(&bench, 0, 2), LATENCY_PS + 8000 * PS_PER_US);
    bench_close(&bench);
}
END_TEST

/* Messages that end at one instant are reported in the order in which they began. */
START_TEST(ends_in_order_of_starts)
{
    struct network_config config = plain_config(_i);
    struct bench bench;
    bench_open(&bench, &config, 32);
    for (uint32_t k = 0; k < 32; k++)
        bench_send(&bench, k * 13 % 32, (k * 13 + 1) % 32, 1000000);
    bench_play(&bench);
    for (uint32_t k = 0; k < 32; k++)
        ck_assert_uint_eq(bench.log[k].cookie, 1000 * (k * 13 % 32) + (k * 13 + 1) % 32);
    bench_close(&bench);
}
END_TEST

/* ---- random traffic against a brute-force simulation ---- */

struct message {
    uint32_t src, dst;
    int64_t sent_ps, bytes;
    long double start_s, left, rate, end_s;
    int state; /* 0: to come, 1: moving, 2: ended */
};

struct traffic {
    uint32_t hosts, count;
    bool uniform;                       /* no overrides */
    struct network_override *overrides; /* one a host */
    struct message message[MESSAGES];
    struct bench bench;
    uint64_t random;
    uint32_t send_kind;
};

static double draw(struct traffic *traffic)
{
    uint64_t x = traffic->random += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

static void handle_send(void *context, const struct event *event)
{
    struct traffic *traffic = context;
    const struct message *m = &traffic->message[event->arg];
    network_send(traffic->bench.network, traffic->bench.client, m->src, m->dst, m->bytes,
                 event->arg);
}

/* Bursts now and then, few hosts, unequal links. */
static void traffic_open(struct traffic *traffic, uint64_t seed, uint32_t hosts, int model)
{
    struct network_config config = plain_config(model);
    memset(traffic, 0, sizeof *traffic);
    traffic->random = seed;
    traffic->hosts = hosts;
    traffic->count = 400;
    traffic->overrides = calloc(hosts, sizeof *traffic->overrides);
    for (uint32_t h = 0; h < hosts; h++)
        traffic->overrides[h] = (struct network_override){
            h, h, 1e9 * (1 + floor(9 * draw(traffic))), 1e-4 * draw(traffic), NAN};
    traffic->uniform = (seed & 1) == 0;
    if (!traffic->uniform)
        config.hosts = (struct field_list){traffic->overrides, hosts};
    bench_open(&traffic->bench, &config, hosts);
    traffic->send_kind = engine_register(traffic->bench.engine, "send", handle_send, traffic);
    int64_t now_ps = 0;
    for (uint32_t i = 0; i < traffic->count; i++) {
        if (i % 40 >= 10)
            now_ps += (int64_t)(draw(traffic) * 2e8);
        uint32_t src = (uint32_t)(draw(traffic) * hosts);
        uint32_t dst = (src + 1 + (uint32_t)(draw(traffic) * (hosts - 1))) % hosts;
        traffic->message[i] = (struct message){
            .src = src, .dst = dst, .sent_ps = now_ps, .bytes = 1 + (int64_t)(2e6 * draw(traffic))};
        engine_at(traffic->bench.engine, now_ps, EVENT_CLASS_TIMER, traffic->send_kind, src, i);
    }
}

static void traffic_close(struct traffic *traffic)
{
    bench_close(&traffic->bench);
    free(traffic->overrides);
}

static bool uses(const struct message *m, uint32_t link)
{
    return m->state == 1 && (link & 1 ? m->dst : m->src) == link / 2;
}

static void reference_rates(struct traffic *traffic)
{
    long double left[64];
    uint32_t active[64] = {0}, unfixed = 0;
    for (uint32_t l = 0; l < 2 * traffic->hosts; l++) {
        left[l] = traffic->uniform ? 1.25e9L : traffic->overrides[l / 2].bandwidth_bps / 8;
        for (uint32_t i = 0; i < traffic->count; i++)
            active[l] += uses(&traffic->message[i], l);
        unfixed += l & 1 ? 0 : active[l];
    }
    for (uint32_t i = 0; i < traffic->count; i++)
        traffic->message[i].rate = 0;
    while (unfixed > 0) {
        uint32_t tightest = 64;
        for (uint32_t l = 0; l < 2 * traffic->hosts; l++)
            if (active[l] > 0 &&
                (tightest == 64 || left[l] / active[l] < left[tightest] / active[tightest]))
                tightest = l;
        long double share = left[tightest] / active[tightest];
        for (uint32_t i = 0; i < traffic->count; i++) {
            struct message *m = &traffic->message[i];
            if (!uses(m, tightest) || m->rate > 0)
                continue;
            m->rate = share;
            unfixed--;
            left[2 * m->src] -= share, active[2 * m->src]--;
            left[2 * m->dst + 1] -= share, active[2 * m->dst + 1]--;
        }
    }
}

static void reference_play(struct traffic *traffic)
{
    long double now = 0;
    for (uint32_t i = 0; i < traffic->count; i++) {
        struct message *m = &traffic->message[i];
        m->left = m->bytes;
        m->start_s =
            1e-12L * (m->sent_ps + network_alpha_ps(traffic->bench.network, m->src, m->dst));
    }
    for (uint32_t ended = 0; ended < traffic->count;) {
        long double next = INFINITY;
        reference_rates(traffic);
        for (uint32_t i = 0; i < traffic->count; i++) {
            const struct message *m = &traffic->message[i];
            if (m->state < 2)
                next = fminl(next, m->state == 0 ? m->start_s : now + m->left / m->rate);
        }
        for (uint32_t i = 0; i < traffic->count; i++) {
            struct message *m = &traffic->message[i];
            if (m->state == 1 && (m->left -= m->rate * (next - now)) < 1e-7L) {
                m->state = 2;
                m->end_s = next;
                ended++;
            } else if (m->state == 0 && m->start_s <= next) {
                m->state = 1;
            }
        }
        now = next;
    }
}

START_TEST(fair_as_brute_force)
{
    struct traffic *traffic = malloc(sizeof *traffic);
    traffic_open(traffic, (uint64_t)_i, 6 + 5 * (uint32_t)_i, NETWORK_FAIR);
    bench_play(&traffic->bench);
    reference_play(traffic);
    ck_assert_uint_eq(traffic->bench.count, traffic->count);
    for (size_t i = 0; i < traffic->count; i++) {
        const struct ended *ended = &traffic->bench.log[i];
        const struct message *m = &traffic->message[ended->cookie];
        ck_assert_double_eq_tol((double)ended->started_ps * 1e-12, (double)m->start_s, 1e-12);
        ck_assert_double_eq_tol((double)ended->ended_ps * 1e-12, (double)m->end_s, 1e-9);
    }
    traffic_close(traffic);
    free(traffic);
}
END_TEST

/* What was sent arrives, once; no side is busy for less than its bytes take, nor longer than the
 * whole; a second run is the same to the bit. */
START_TEST(conserved_and_repeatable)
{
    struct traffic *traffic = malloc(2 * sizeof *traffic);
    for (int run = 0; run < 2; run++) {
        traffic_open(&traffic[run], 42, 8, _i);
        bench_play(&traffic[run].bench);
    }
    const struct bench *a = &traffic[0].bench, *b = &traffic[1].bench;
    ck_assert_uint_eq(a->count, traffic->count);
    ck_assert(a->count == b->count && memcmp(a->log, b->log, a->count * sizeof *a->log) == 0);
    ck_assert_uint_eq(engine_event_count(a->engine), engine_event_count(b->engine));
    int64_t bytes[8] = {0};
    for (uint32_t i = 0; i < traffic->count; i++)
        bytes[traffic->message[i].dst] += traffic->message[i].bytes;
    for (uint32_t host = 0; host < 8; host++) {
        struct network_link_totals totals;
        network_link(a->network, host, engine_now(a->engine), &totals);
        ck_assert_int_eq(totals.rx_bytes, bytes[host]);
        ck_assert_int_le(totals.rx_busy_ps, engine_now(a->engine));
        if (_i != NETWORK_IDEAL)
            ck_assert_int_ge(totals.rx_busy_ps, totals.rx_bytes * 800 - (int64_t)a->count);
    }
    traffic_close(&traffic[0]);
    traffic_close(&traffic[1]);
    free(traffic);
}
END_TEST

/* All start in one instant, often enough links at once that rates are found from scratch. */
START_TEST(a_large_burst)
{
    enum { HOSTS = 100, DEGREE = 9 };
    struct network_config config = plain_config(NETWORK_FAIR);
    struct bench bench;
    bench_open(&bench, &config, HOSTS);
    for (uint32_t host = 0; host < HOSTS; host++)
        for (uint32_t k = 1; k <= DEGREE; k++)
            bench_send(&bench, host, (host + k * k) % HOSTS, 1000000 * (int64_t)k);
    bench_play(&bench);
    ck_assert_uint_eq(bench.count, HOSTS * DEGREE);
    /* By symmetry every host is alike: the k-th flow ends when the smaller ones and its equals have
     * moved k MB each, and the larger ones as much: sum over j of min(j, k) MB. */
    for (uint32_t host = 0; host < HOSTS; host++)
        for (uint32_t k = 1; k <= DEGREE; k++) {
            int64_t megabytes = k * (k + 1) / 2 + (DEGREE - k) * k;
            ck_assert_int_eq(end_of(&bench, host, (host + k * k) % HOSTS),
                             LATENCY_PS + megabytes * 800 * PS_PER_US);
        }
    bench_close(&bench);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("network");
    TCase *every = tcase_create("every model");
    tcase_add_loop_test(every, one_message, 0, 3);
    tcase_add_loop_test(every, rounded_up_once, 0, 3);
    tcase_add_loop_test(every, no_bytes_and_local, 0, 3);
    tcase_add_loop_test(every, local_link, 0, 3);
    tcase_add_loop_test(every, local_latency_alone, 0, 3);
    tcase_add_loop_test(every, shift_has_no_contention, 0, 3);
    tcase_add_loop_test(every, overrides, 0, 3);
    tcase_add_loop_test(every, two_from_one_host, 0, 3);
    tcase_add_loop_test(every, ends_in_order_of_starts, 0, 3);
    tcase_add_loop_test(every, conserved_and_repeatable, 0, 3);
    tcase_add_test(every, refused_overrides);
    tcase_add_test(every, scenario_fields);
    suite_add_tcase(suite, every);
    TCase *own = tcase_create("each model");
    tcase_add_test(own, fifo_reserves_in_order);
    tcase_add_test(own, fair_uses_what_others_cannot);
    tcase_add_loop_test(own, fair_as_brute_force, 0, 4);
    tcase_add_test(own, a_large_burst);
    suite_add_tcase(suite, own);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
