/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network model `fair` against the times of SimGrid 3.32 (model CM02 with pure max-min sharing:
 * network/optim:Full, crosstraffic 0, latency and bandwidth factors 1) on a star of 1.25e9 bytes/s
 * links with 100 us a path.  Files: tests/oracle, rounded to nanoseconds by that program's output.
 */
#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/network.h"
#include "core/engine.h"
#include "core/simtime.h"
#include "testing.h"

#define AGREEMENT_S 2e-9

static uint64_t splitmix64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

static uint64_t keyed(uint64_t key)
{
    return splitmix64(1000003 ^ key); /* seed 1 */
}

static FILE *open_oracle(const char *name)
{
    char path[PATH_MAX], heading[256];
    const char *top = getenv("HS_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/oracle/%s", top != NULL ? top : ".", name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_ptr_nonnull(fgets(heading, sizeof heading, file));
    return file;
}

static struct network *star(struct engine *engine, uint32_t hosts)
{
    const struct network_config config = {
        .model = NETWORK_FAIR, .bandwidth_bps = 10e9, .latency_s = 100e-6, .efficiency = 1};
    struct network *network;
    ck_assert_int_eq(network_create(&network, engine, &config, hosts, NULL), STATUS_OK);
    return network;
}

/* ---- closed loops of random flows ---- */

struct loops {
    struct engine *engine;
    struct network *network;
    uint32_t client, hosts, slots, turns;
    double *start_s, *finish_s; /* of [host][slot][turn] */
};

static size_t index_of(const struct loops *loops, uint32_t host, uint32_t slot, uint32_t turn)
{
    ck_assert(host < loops->hosts && slot < loops->slots && turn < loops->turns);
    return ((size_t)host * loops->slots + slot) * loops->turns + turn;
}

static uint32_t random_peer(uint32_t hosts, uint64_t packed)
{
    uint32_t peer = (uint32_t)(keyed(packed) % (hosts - 1));
    return peer + (peer >= packed >> 32);
}

static void start_turn(struct loops *loops, uint32_t host, uint32_t slot, uint32_t turn)
{
    uint64_t packed = (uint64_t)host << 32 | slot << 16 | turn;
    loops->start_s[index_of(loops, host, slot, turn)] = simtime_to_s(engine_now(loops->engine));
    network_send(loops->network, loops->client, host, random_peer(loops->hosts, packed), 1000000,
                 packed);
}

static void end_turn(void *context, uint64_t packed, int64_t started_ps)
{
    struct loops *loops = context;
    uint32_t host = (uint32_t)(packed >> 32), slot = packed >> 16 & 0xffff, turn = packed & 0xffff;
    (void)started_ps;
    loops->finish_s[index_of(loops, host, slot, turn)] = simtime_to_s(engine_now(loops->engine));
    if (turn + 1 < loops->turns)
        start_turn(loops, host, slot, turn + 1);
}

static void play_loops(struct loops *loops)
{
    size_t count = (size_t)loops->hosts * loops->slots * loops->turns;
    loops->engine = engine_create();
    loops->network = star(loops->engine, loops->hosts);
    loops->client = network_client(loops->network, end_turn, loops);
    loops->start_s = calloc(count, sizeof(double));
    loops->finish_s = calloc(count, sizeof(double));
    for (uint32_t host = 0; host < loops->hosts; host++)
        for (uint32_t slot = 0; slot < loops->slots; slot++)
            start_turn(loops, host, slot, 0);
    while (engine_step(loops->engine))
        continue;
}

static void compare_loops(const struct loops *loops, const char *name)
{
    FILE *file = open_oracle(name);
    uint32_t host, slot, turn, dst, rows = 0;
    double start_s, finish_s;
    for (; fscanf(file, "%u,%u,%u,%u,%lf,%lf", &host, &slot, &turn, &dst, &start_s, &finish_s) == 6;
         rows++) {
        size_t at = index_of(loops, host, slot, turn);
        uint64_t packed = (uint64_t)host << 32 | slot << 16 | turn;
        ck_assert_uint_eq(dst, random_peer(loops->hosts, packed));
        ck_assert_double_eq_tol(loops->start_s[at], start_s, AGREEMENT_S);
        ck_assert_double_eq_tol(loops->finish_s[at], finish_s, AGREEMENT_S);
    }
    ck_assert_uint_eq(rows, loops->hosts * loops->slots * loops->turns);
    fclose(file);
}

START_TEST(random_flows)
{
    static const struct {
        uint32_t hosts, slots, turns;
        const char *name;
    } cases[] = {{50, 4, 1, "random_cm02full_n50_s4_i1_seed1.csv"},
                 {50, 4, 3, "random_cm02full_n50_s4_i3_seed1.csv"},
                 {100, 10, 10, "random_cm02full_n100_s10_i10_seed1.csv"}};
    struct loops loops = {
        .hosts = cases[_i].hosts, .slots = cases[_i].slots, .turns = cases[_i].turns};
    play_loops(&loops);
    compare_loops(&loops, cases[_i].name);
    network_free(loops.network);
    engine_free(loops.engine);
    free(loops.start_s);
    free(loops.finish_s);
}
END_TEST

/* ---- rounds of a one-peer exponential exchange ---- */

enum { MAX_HOSTS = 64, MAX_ROUNDS = 100 };

struct rounds {
    struct engine *engine;
    struct network *network;
    uint32_t client, compute_kind, hosts, rounds;
    bool jitter, rendezvous;
    uint32_t round[MAX_HOSTS]; /* under way */
    bool ready[MAX_ROUNDS][MAX_HOSTS], sent[MAX_ROUNDS][MAX_HOSTS], received[MAX_ROUNDS][MAX_HOSTS];
    double send_s[MAX_ROUNDS][MAX_HOSTS], end_s[MAX_ROUNDS][MAX_HOSTS];
};

static uint32_t hop(const struct rounds *rounds, uint32_t round)
{
    uint32_t bits = (uint32_t)__builtin_ctz(rounds->hosts);
    return 1U << (round % bits);
}

static uint32_t peer_of(const struct rounds *rounds, uint32_t host, uint32_t round)
{
    return (host + hop(rounds, round)) % rounds->hosts;
}

static double now_s(const struct rounds *rounds)
{
    return simtime_to_s(engine_now(rounds->engine));
}

static void begin_flow(struct rounds *rounds, uint32_t host, uint32_t round)
{
    network_send(rounds->network, rounds->client, host, peer_of(rounds, host, round), 102000000,
                 (uint64_t)host << 32 | round);
}

/* The host's gradient is done: it sends, then waits. */
static void post(struct rounds *rounds, uint32_t host)
{
    uint32_t round = rounds->round[host];
    uint32_t to = peer_of(rounds, host, round);
    uint32_t from = (host + rounds->hosts - hop(rounds, round)) % rounds->hosts;
    rounds->send_s[round][host] = now_s(rounds);
    rounds->ready[round][host] = true;
    if (!rounds->rendezvous || rounds->ready[round][to])
        begin_flow(rounds, host, round);
    if (rounds->rendezvous && rounds->ready[round][from])
        begin_flow(rounds, from, round);
}

static void begin_round(struct rounds *rounds, uint32_t host)
{
    if (!rounds->jitter) {
        post(rounds, host);
        return;
    }
    double u = (double)(keyed((uint64_t)host << 32 | rounds->round[host]) >> 11) * 0x1p-53;
    engine_at(rounds->engine, engine_now(rounds->engine) + simtime_from_s(0.05 * (1 + u)),
              EVENT_CLASS_COMPUTE, rounds->compute_kind, host, 0);
}

static void handle_computed(void *context, const struct event *event)
{
    post(context, event->target);
}

static void advance(struct rounds *rounds, uint32_t host)
{
    uint32_t round = rounds->round[host];
    if (!rounds->sent[round][host] || !rounds->received[round][host])
        return;
    rounds->end_s[round][host] = now_s(rounds);
    if (++rounds->round[host] < rounds->rounds)
        begin_round(rounds, host);
}

static void end_flow(void *context, uint64_t cookie, int64_t started_ps)
{
    struct rounds *rounds = context;
    uint32_t host = (uint32_t)(cookie >> 32), round = (uint32_t)cookie;
    uint32_t to = peer_of(rounds, host, round);
    (void)started_ps;
    rounds->sent[round][host] = true;
    rounds->received[round][to] = true;
    if (rounds->round[host] == round)
        advance(rounds, host);
    if (rounds->round[to] == round)
        advance(rounds, to);
}

static struct rounds *play_rounds(uint32_t hosts, uint32_t count, bool jitter, bool rendezvous)
{
    struct rounds *rounds = calloc(1, sizeof *rounds);
    rounds->hosts = hosts;
    rounds->rounds = count;
    rounds->jitter = jitter;
    rounds->rendezvous = rendezvous;
    rounds->engine = engine_create();
    rounds->network = star(rounds->engine, hosts);
    rounds->client = network_client(rounds->network, end_flow, rounds);
    rounds->compute_kind = engine_register(rounds->engine, "compute", handle_computed, rounds);
    for (uint32_t host = 0; host < hosts; host++)
        begin_round(rounds, host);
    while (engine_step(rounds->engine))
        continue;
    return rounds;
}

static void rounds_free(struct rounds *rounds)
{
    network_free(rounds->network);
    engine_free(rounds->engine);
    free(rounds);
}

START_TEST(gossip_in_lockstep)
{
    uint32_t hosts = _i == 0 ? 16 : 64, round, rows = 0;
    FILE *file = open_oracle(_i == 0 ? "gossip_cm02_n16.csv" : "gossip_cm02_n64.csv");
    struct rounds *rounds = play_rounds(hosts, 100, false, false);
    double last_s;
    for (; fscanf(file, "%u,%lf", &round, &last_s) == 2; rows++)
        for (uint32_t host = 0; host < hosts; host++)
            ck_assert_double_eq_tol(rounds->end_s[round][host], last_s, AGREEMENT_S);
    ck_assert_uint_eq(rows, 100);
    fclose(file);
    rounds_free(rounds);
}
END_TEST

START_TEST(gossip_with_jitter)
{
    uint32_t host, round, dst, rows = 0;
    FILE *file = open_oracle(_i == 0 ? "jitter_cm02full_e_n16.csv" : "jitter_cm02full_r_n16.csv");
    struct rounds *rounds = play_rounds(16, 40, true, _i == 1);
    double send_s, end_s;
    for (; fscanf(file, "%u,%u,%u,%lf,%lf", &host, &round, &dst, &send_s, &end_s) == 5; rows++) {
        ck_assert_uint_eq(dst, peer_of(rounds, host, round));
        ck_assert_double_eq_tol(rounds->send_s[round][host], send_s, AGREEMENT_S);
        ck_assert_double_eq_tol(rounds->end_s[round][host], end_s, AGREEMENT_S);
    }
    ck_assert_uint_eq(rows, 16 * 40);
    fclose(file);
    rounds_free(rounds);
}
END_TEST

/* ---- a ring all-reduce: a step begins when the step before was received ---- */

enum { MAX_RING = 256 };

struct ring {
    struct engine *engine;
    struct network *network;
    uint32_t client, hosts, steps;
    int64_t bytes;
    uint32_t done[MAX_RING]; /* steps received */
};

static void pass_on(struct ring *ring, uint32_t host)
{
    uint32_t next = (host + 1) % ring->hosts;
    network_send(ring->network, ring->client, host, next, ring->bytes, next);
}

static void end_step(void *context, uint64_t host, int64_t started_ps)
{
    struct ring *ring = context;
    (void)started_ps;
    if (++ring->done[host] < ring->steps)
        pass_on(ring, (uint32_t)host);
}

START_TEST(ring_all_reduce)
{
    /* 62 x (100 us + 2.55 ms); 510 x (100 us + 318.7504 us): whole picoseconds, hence exact. */
    static const struct {
        uint32_t hosts, steps;
        int64_t bytes, end_ps;
    } cases[] = {{32, 62, 3187500, 164300000000}, {256, 510, 398438, 213562704000}};
    struct ring ring = {
        .hosts = cases[_i].hosts, .steps = cases[_i].steps, .bytes = cases[_i].bytes};
    ring.engine = engine_create();
    ring.network = star(ring.engine, ring.hosts);
    ring.client = network_client(ring.network, end_step, &ring);
    for (uint32_t host = 0; host < ring.hosts; host++)
        pass_on(&ring, host);
    while (engine_step(ring.engine))
        continue;
    ck_assert_int_eq(engine_now(ring.engine), cases[_i].end_ps);
    for (uint32_t host = 0; host < ring.hosts; host++)
        ck_assert_uint_eq(ring.done[host], ring.steps);
    network_free(ring.network);
    engine_free(ring.engine);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("network oracle");
    TCase *files = tcase_create("files");
    tcase_add_loop_test(files, random_flows, 0, 3);
    tcase_add_loop_test(files, gossip_in_lockstep, 0, 2);
    tcase_add_loop_test(files, gossip_with_jitter, 0, 2);
    tcase_add_loop_test(files, ring_all_reduce, 0, 2);
    suite_add_tcase(suite, files);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
