/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faults of hosts and links: times worked out by hand, in all three network models.
 *
 * Links of 8 Gbps move 10^9 bytes a second, a byte in 1000 ps; no latency unless a test says so.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/faults.h"
#include "cluster/network.h"
#include "cluster/network_faults.h"
#include "collective_world.h"
#include "core/engine.h"
#include "core/rng.h"
#include "core/simtime.h"
#include "play.h"
#include "testing.h"

#define MS_PS 1000000000LL
#define S_PS  (1000 * MS_PS)
#define MB    1000000LL
#define LOG   20000

/* ---- a network, faults, and a log of what became of each message ---- */

struct outcome {
    uint64_t cookie;
    int64_t started_ps, ended_ps;
    int loss; /* enum network_loss; -1: delivered */
};

struct bench {
    struct engine *engine;
    struct network *network;
    struct faults *faults;
    uint32_t client, reliable, send_kind;
    size_t count, events;
    struct outcome log[LOG];
    struct fault_event event[32];
    struct planned { /* a message that is sent at a time */
        uint32_t client, src, dst;
        int64_t bytes;
    } planned[64];
    uint32_t planned_count;
    struct error error;
};

static void note(struct bench *bench, uint64_t cookie, int64_t started_ps, int loss)
{
    ck_assert_uint_lt(bench->count, LOG);
    bench->log[bench->count++] =
        (struct outcome){cookie, started_ps, engine_now(bench->engine), loss};
}

static void note_done(void *context, uint64_t cookie, int64_t started_ps)
{
    note(context, cookie, started_ps, -1);
}

static void note_lost(void *context, uint64_t cookie, int64_t started_ps, enum network_loss loss)
{
    note(context, cookie, started_ps, (int)loss);
}

static void note_fault(void *context, const struct fault_event *event)
{
    struct bench *bench = context;
    ck_assert_uint_lt(bench->events, 32);
    bench->event[bench->events++] = *event;
}

static void send_planned(void *context, const struct event *event)
{
    const struct bench *bench = context;
    const struct planned *p = &bench->planned[event->arg];
    network_send(bench->network, p->client, p->src, p->dst, p->bytes, event->arg);
}

static struct network_config plain(int model)
{
    return (struct network_config){.model = model, .bandwidth_bps = 8e9, .efficiency = 1};
}

static const struct fault_config blank = {.for_s = NAN,
                                          .first = INT64_MIN,
                                          .last = INT64_MIN,
                                          .factor = NAN,
                                          .probability = NAN,
                                          .state = FAULT_STATE_KEPT};

static enum status bench_open(struct bench *bench, const struct network_config *config,
                              uint32_t hosts, const struct fault_config *entries, size_t count)
{
    struct field_list list = {(void *)(uintptr_t)entries, count};
    memset(bench, 0, sizeof *bench);
    bench->engine = engine_create();
    ck_assert_int_eq(network_create(&bench->network, bench->engine, config, hosts, &bench->error),
                     STATUS_OK);
    bench->client = network_client(bench->network, note_done, bench);
    bench->reliable = network_client(bench->network, note_done, bench);
    network_on_loss(bench->network, bench->client, note_lost);
    bench->send_kind = engine_register(bench->engine, "send", send_planned, bench);
    if (config->loss > 0)
        network_faults_expect(bench->network, 7);
    return faults_create(&bench->faults, bench->engine, bench->network, &list, hosts, 7, note_fault,
                         bench, &bench->error);
}

static void bench_fine(struct bench *bench, const struct network_config *config, uint32_t hosts,
                       const struct fault_config *entries, size_t count)
{
    ck_assert_msg(bench_open(bench, config, hosts, entries, count) == STATUS_OK, "%s: %s",
                  bench->error.path, bench->error.text);
}

static void bench_close(struct bench *bench)
{
    faults_free(bench->faults);
    network_free(bench->network);
    engine_free(bench->engine);
}

/* Returns the message's number, its cookie. */
static uint64_t send_at(struct bench *bench, int64_t time_ps, uint32_t client, uint32_t src,
                        uint32_t dst, int64_t bytes)
{
    ck_assert_uint_lt(bench->planned_count, 64);
    bench->planned[bench->planned_count] = (struct planned){client, src, dst, bytes};
    engine_at(bench->engine, time_ps, EVENT_CLASS_TIMER, bench->send_kind, src,
              bench->planned_count);
    return bench->planned_count++;
}

static void play(struct bench *bench)
{
    while (engine_step(bench->engine))
        continue;
}

static const struct outcome *outcome(const struct bench *bench, uint64_t cookie)
{
    for (size_t i = 0; i < bench->count; i++)
        if (bench->log[i].cookie == cookie)
            return &bench->log[i];
    ck_abort_msg("nothing became of message %llu", (unsigned long long)cookie);
    return NULL;
}

static void assert_outcome(const struct bench *bench, uint64_t cookie, int64_t started_ps,
                           int64_t ended_ps, int loss)
{
    const struct outcome *o = outcome(bench, cookie);
    ck_assert_int_eq(o->loss, loss);
    ck_assert_int_eq(o->started_ps, started_ps);
    ck_assert_int_eq(o->ended_ps, ended_ps);
}

static struct fault_config entry(int kind, double at_s, double for_s, int64_t first, int64_t last)
{
    struct fault_config config = blank;
    config.kind = kind;
    config.at_s = at_s;
    config.for_s = for_s;
    config.first = first;
    config.last = last;
    return config;
}

/* ---- links ---- */

/* 100 MB take 100 ms.  At 50 ms the receiver's link drops to a quarter: the other 50 MB take 200
 * ms, and the message ends at 250 ms.  One between other hosts ends at 100 ms as ever, and one
 * sent at 250 ms over the slow link takes 400 ms until, at 450 ms, the link is whole again: 200 ms
 * for 50 MB, then 50 ms for the rest. */
START_TEST(link_drops_to_a_quarter)
{
    struct fault_config slow = entry(FAULT_LINK, 0.05, 0.4, 1, INT64_MIN);
    struct network_config config = plain(_i);
    struct bench bench;
    slow.factor = 0.25;
    bench_fine(&bench, &config, 4, &slow, 1);
    uint64_t hit = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    uint64_t other = send_at(&bench, 0, bench.client, 2, 3, 100 * MB);
    uint64_t late = send_at(&bench, 250 * MS_PS, bench.client, 1, 3, 100 * MB);
    play(&bench);
    assert_outcome(&bench, hit, 0, 250 * MS_PS, -1);
    assert_outcome(&bench, other, 0, 100 * MS_PS, -1);
    assert_outcome(&bench, late, 250 * MS_PS, 500 * MS_PS, -1);
    struct network_link_totals totals;
    network_link(bench.network, 1, 500 * MS_PS, &totals);
    ck_assert_int_eq(totals.rx_bytes, 100 * MB);
    ck_assert_int_eq(totals.rx_busy_ps, 250 * MS_PS);
    ck_assert_int_eq(totals.tx_busy_ps, 250 * MS_PS);
    bench_close(&bench);
}
END_TEST

/* Host 0's link is down from 40 ms on for 3 s: its 100 MB message stands still for 3 s, with
 * nothing lost, and ends at 3.1 s.  A message without bytes that is sent meanwhile arrives as the
 * link is back; one within the host feels nothing. */
START_TEST(link_is_down)
{
    const struct fault_config down = entry(FAULT_LINK, 0.04, 3, 0, 0);
    struct network_config config = plain(_i);
    struct bench bench;
    bench_fine(&bench, &config, 4, &down, 1);
    uint64_t held = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    uint64_t empty = send_at(&bench, 1 * S_PS, bench.client, 0, 3, 0);
    uint64_t local = send_at(&bench, 1 * S_PS, bench.client, 0, 0, 5);
    uint64_t waits = send_at(&bench, 1 * S_PS, bench.client, 2, 0, 10 * MB);
    uint64_t passes = send_at(&bench, 1 * S_PS, bench.client, 2, 1, 10 * MB);
    play(&bench);
    assert_outcome(&bench, held, 0, 3100 * MS_PS, -1);
    assert_outcome(&bench, empty, 3040 * MS_PS, 3040 * MS_PS, -1);
    assert_outcome(&bench, local, 1 * S_PS, 1 * S_PS, -1);
    /* The way into host 0 is closed too; host 2's next message is not behind it. */
    assert_outcome(&bench, waits, 3040 * MS_PS, 3050 * MS_PS, -1);
    assert_outcome(&bench, passes, 1 * S_PS, 1010 * MS_PS, -1);
    struct network_link_totals totals;
    network_link(bench.network, 0, 4 * S_PS, &totals);
    ck_assert_int_eq(totals.tx_bytes, 100 * MB);
    ck_assert_int_eq(totals.tx_busy_ps, 100 * MS_PS);
    bench_close(&bench);
}
END_TEST

/* A message in its latency (1 ms) when the link goes down at 0.5 ms begins as it is back, at 5.5
 * ms; one whose latency lasts longer than the fault never feels it. */
START_TEST(latency_outlasts_a_fault)
{
    const struct fault_config down[] = {entry(FAULT_LINK, 0.0005, 0.005, 0, 0),
                                        entry(FAULT_LINK, 0.0202, 0.0003, 0, 0)};
    struct network_config config = plain(_i);
    struct bench bench;
    config.latency_s = 1e-3;
    bench_fine(&bench, &config, 2, down, 2);
    uint64_t held = send_at(&bench, 0, bench.client, 0, 1, 1 * MB);
    uint64_t free = send_at(&bench, 20 * MS_PS, bench.client, 0, 1, 1 * MB);
    play(&bench);
    assert_outcome(&bench, held, 5500000000, 6500000000, -1);
    assert_outcome(&bench, free, 21 * MS_PS, 22 * MS_PS, -1);
    bench_close(&bench);
}
END_TEST

/* The last byte is through as the link fails: the message has arrived. */
START_TEST(ends_as_the_link_fails)
{
    const struct fault_config down = entry(FAULT_LINK, 0.1, 1, 1, 1);
    struct network_config config = plain(_i);
    struct bench bench;
    bench_fine(&bench, &config, 2, &down, 1);
    uint64_t message = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    play(&bench);
    assert_outcome(&bench, message, 0, 100 * MS_PS, -1);
    bench_close(&bench);
}
END_TEST

/* Two messages of 100 MB to host 2 share its link; at 50 ms it drops to a half, at 150 ms it is
 * whole.
 *   fair   25 MB each by 50 ms; 25 MB each in the next 100 ms; the last 50 MB each at 500 MB/s: 250
 *   fifo   the first 50, then 50 at half rate: 150; the second at full rate: 250
 *   ideal  each for itself 50 + 50 at half rate: 150 */
START_TEST(shared_link_drops)
{
    struct fault_config slow = entry(FAULT_LINK, 0.05, 0.1, 2, 2);
    struct network_config config = plain(_i);
    const int64_t first_ms[] = {250, 150, 150}, second_ms[] = {250, 250, 150};
    struct bench bench;
    slow.factor = 0.5;
    bench_fine(&bench, &config, 3, &slow, 1);
    uint64_t first = send_at(&bench, 0, bench.client, 0, 2, 100 * MB);
    uint64_t second = send_at(&bench, 0, bench.client, 1, 2, 100 * MB);
    play(&bench);
    ck_assert_int_eq(outcome(&bench, first)->ended_ps, first_ms[_i] * MS_PS);
    ck_assert_int_eq(outcome(&bench, second)->ended_ps, second_ms[_i] * MS_PS);
    bench_close(&bench);
}
END_TEST

/* fifo: three messages from host 0.  At 50 ms host 1's link fails for 200 ms, and the first (to
 * host 1, 50 MB left) gives its line up: the second (to host 2) begins at once instead of at 100
 * ms and ends at 150 ms, the third (to host 3) at 250 ms.  At 250 ms the first goes on. */
START_TEST(fifo_line_moves_up)
{
    const struct fault_config down = entry(FAULT_LINK, 0.05, 0.2, 1, 1);
    struct network_config config = plain(NETWORK_FIFO);
    struct bench bench;
    bench_fine(&bench, &config, 4, &down, 1);
    uint64_t first = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    uint64_t second = send_at(&bench, 0, bench.client, 0, 2, 100 * MB);
    uint64_t third = send_at(&bench, 0, bench.client, 0, 3, 100 * MB);
    play(&bench);
    assert_outcome(&bench, first, 0, 300 * MS_PS, -1);
    assert_outcome(&bench, second, 50 * MS_PS, 150 * MS_PS, -1);
    assert_outcome(&bench, third, 150 * MS_PS, 250 * MS_PS, -1);
    bench_close(&bench);
}
END_TEST

/* ---- partitions ---- */

/* Hosts 0 and 1 against 2 and 3 from 50 ms to 250 ms.  Within a side nothing changes; across, 50
 * MB of the message under way are left and the new one waits.
 *   fair   host 0's transmit side carries one message of each: 0 -> 1 has it for itself from 50 ms
 *          on: 25 MB through, 75 MB left, ends at 125 ms; 0 -> 2 has 75 MB left at 250 ms, and
 *          meets the new one at host 2: 500 MB/s each, the new one (50 MB) ends at 350 ms, when 25
 *          MB are left, 375 ms
 *   fifo   0 -> 1 first, in line: 100 ms; 0 -> 2 was behind it, begins at 250 ms, ends at 350 ms;
 *          the new one then: 400 ms
 *   ideal  0 -> 1 at 100 ms; 0 -> 2 has 50 MB left at 250 ms: 300 ms; the new one: 300 ms */
START_TEST(partition_heals)
{
    const struct fault_config cut = entry(FAULT_PARTITION, 0.05, 0.2, 0, 1);
    struct network_config config = plain(_i);
    const int64_t inside_ms[] = {125, 100, 100}, across_ms[] = {375, 350, 300},
                  new_ms[] = {350, 400, 300}, across_start_ms[] = {0, 250, 0},
                  new_start_ms[] = {250, 350, 250};
    struct bench bench;
    bench_fine(&bench, &config, 4, &cut, 1);
    uint64_t inside = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    uint64_t across = send_at(&bench, 0, bench.client, 0, 2, 100 * MB);
    uint64_t other = send_at(&bench, 100 * MS_PS, bench.client, 3, 2, 10 * MB);
    uint64_t new = send_at(&bench, 100 * MS_PS, bench.client, 1, 2, 50 * MB);
    play(&bench);
    assert_outcome(&bench, inside, 0, inside_ms[_i] * MS_PS, -1);
    assert_outcome(&bench, across, across_start_ms[_i] * MS_PS, across_ms[_i] * MS_PS, -1);
    assert_outcome(&bench, other, 100 * MS_PS, 110 * MS_PS, -1);
    assert_outcome(&bench, new, new_start_ms[_i] * MS_PS, new_ms[_i] * MS_PS, -1);
    bench_close(&bench);
}
END_TEST

/* Two partitions at once: {0} from the rest, {0, 1} from the rest.  0 and 1 are apart by the
 * first, 1 and 2 by the second; at 1 s the first heals, at 2 s the second. */
START_TEST(partitions_overlap)
{
    const struct fault_config cuts[] = {entry(FAULT_PARTITION, 0, 1, 0, 0),
                                        entry(FAULT_PARTITION, 0, 2, 0, 1)};
    struct network_config config = plain(_i);
    struct bench bench;
    bench_fine(&bench, &config, 4, cuts, 2);
    uint64_t first = send_at(&bench, 0, bench.client, 0, 1, 10 * MB);
    uint64_t second = send_at(&bench, 0, bench.client, 1, 2, 10 * MB);
    uint64_t both = send_at(&bench, 0, bench.client, 3, 0, 10 * MB);
    uint64_t none = send_at(&bench, 0, bench.client, 2, 3, 10 * MB);
    play(&bench);
    ck_assert_int_eq(outcome(&bench, first)->ended_ps, 1010 * MS_PS);
    ck_assert_int_eq(outcome(&bench, second)->ended_ps, 2010 * MS_PS);
    ck_assert_int_eq(outcome(&bench, both)->ended_ps, 2010 * MS_PS);
    ck_assert_int_eq(outcome(&bench, none)->ended_ps, 10 * MS_PS);
    bench_close(&bench);
}
END_TEST

/* ---- loss ---- */

/* The fate of attempt `attempt` of message `number` from src to dst, as documented. */
static bool fate(uint32_t role, uint32_t src, uint32_t dst, uint64_t number, unsigned attempt,
                 double probability)
{
    struct rng rng;
    double u = 0;
    rng_open(&rng, 7, RNG_NETWORK, role, (uint64_t)src << 32 | dst, number);
    for (unsigned i = 0; i <= attempt; i++)
        u = rng_uniform(&rng);
    return u < probability;
}

static unsigned attempts(uint32_t src, uint32_t dst, uint64_t number, double probability)
{
    unsigned attempt = 0;
    while (fate(0, src, dst, number, attempt, probability))
        attempt++;
    return attempt + 1;
}

/* A message of 10 MB with 1 ms of latency takes 11 ms; each loss costs as much again.  40 messages
 * on paths of their own, half of them lost at each attempt. */
START_TEST(a_loss_doubles_the_time)
{
    struct network_config config = plain(_i);
    struct bench bench;
    unsigned seen[3] = {0};
    config.latency_s = 1e-3;
    config.loss = 0.5;
    bench_fine(&bench, &config, 80, NULL, 0);
    for (uint32_t i = 0; i < 40; i++)
        send_at(&bench, 0, i % 2 == 0 ? bench.client : bench.reliable, i, 40 + i, 10 * MB);
    play(&bench);
    ck_assert_uint_eq(network_in_flight(bench.network), 0);
    for (uint32_t i = 0; i < 40; i++) {
        unsigned times = attempts(i, 40 + i, 0, 0.5);
        struct network_link_totals totals;
        seen[times < 3 ? times - 1 : 2]++;
        assert_outcome(&bench, i, 1 * MS_PS, 11 * MS_PS * times, -1);
        network_link(bench.network, i, S_PS, &totals);
        ck_assert_int_eq(totals.tx_bytes, 10 * MB * times);
    }
    ck_assert(seen[0] > 5 && seen[1] > 5 && seen[2] > 5);
    bench_close(&bench);
}
END_TEST

/* With "drop" the client hears of it at the message's end; a reliable one's is sent again. */
START_TEST(loss_is_visible)
{
    struct network_config config = plain(_i);
    struct bench bench;
    config.loss = 0.5;
    config.on_loss = NETWORK_DROP;
    bench_fine(&bench, &config, 80, NULL, 0);
    for (uint32_t i = 0; i < 40; i++)
        send_at(&bench, 0, i % 2 == 0 ? bench.client : bench.reliable, i, 40 + i, 10 * MB);
    play(&bench);
    for (uint32_t i = 0; i < 40; i++) {
        unsigned times = attempts(i, 40 + i, 0, 0.5);
        if (i % 2 == 0)
            assert_outcome(&bench, i, 0, 10 * MS_PS, times > 1 ? NETWORK_LOST : -1);
        else
            assert_outcome(&bench, i, 0, 10 * MS_PS * times, -1);
    }
    bench_close(&bench);
}
END_TEST

/* Between hosts 0 to 9 a third of the messages is dropped from the start until 1 s; 10000 of 50 kB
 * around the ring.  The count is binomial (10000, 0.3): mean 3000, standard deviation 46; four of
 * them are allowed.  Nothing is lost outside the hosts or after 1 s. */
START_TEST(drops_are_binomial)
{
    struct fault_config drop = entry(FAULT_DROP, 0, 1, 0, 9);
    struct network_config config = plain(_i);
    struct bench bench;
    uint64_t lost = 0;
    drop.probability = 0.3;
    bench_fine(&bench, &config, 12, &drop, 1);
    engine_step(bench.engine); /* it begins */
    for (uint64_t k = 0; k < 1000; k++)
        for (uint32_t h = 0; h < 10; h++)
            network_send(bench.network, bench.client, h, (h + 1) % 10, 50000, 100 * k + h);
    for (uint64_t k = 0; k < 100; k++)
        network_send(bench.network, bench.client, 10, 11, 50000, 100 * k + 10);
    play(&bench);
    ck_assert_uint_eq(bench.count, 10100);
    for (size_t i = 0; i < bench.count; i++) {
        uint32_t h = bench.log[i].cookie % 100;
        bool expected = h < 10 && fate(1, h, (h + 1) % 10, bench.log[i].cookie / 100, 0, 0.3);
        ck_assert_int_eq(bench.log[i].loss, expected ? NETWORK_DROPPED : -1);
        lost += expected;
    }
    ck_assert_uint_gt(lost, 3000 - 4 * 46);
    ck_assert_uint_lt(lost, 3000 + 4 * 46);
    struct trace_fault row;
    ck_assert(faults_record(bench.faults, 0, &row));
    ck_assert_int_eq(row.lost, (int64_t)lost);
    ck_assert_int_eq(row.end_ps, S_PS);
    network_send(bench.network, bench.client, 0, 1, 50000, 0); /* now it is over */
    size_t before = bench.count;
    play(&bench);
    ck_assert_int_eq(bench.log[before].loss, -1);
    bench_close(&bench);
}
END_TEST

/* The k-th message of a pair has its fate whatever else is sent, when, and in which order. */
START_TEST(fates_do_not_hang_on_order)
{
    struct fault_config drop = entry(FAULT_DROP, 0, NAN, INT64_MIN, INT64_MIN);
    struct network_config config = plain(_i);
    bool fates[2][40];
    drop.probability = 0.5;
    for (int order = 0; order < 2; order++) {
        struct bench bench;
        bench_fine(&bench, &config, 4, &drop, 1);
        engine_step(bench.engine);
        for (uint32_t k = 0; k < 20; k++)
            for (uint32_t s = 0; s < 2; s++) {
                uint32_t src = order == 0 ? s : 1 - s;
                network_send(bench.network, bench.client, src, 2, 1000 * (order + 1), 20 * src + k);
                if (order == 1)
                    network_send(bench.network, bench.client, src, 3, 77, 1000);
            }
        play(&bench);
        for (uint32_t i = 0; i < 40; i++)
            fates[order][i] = outcome(&bench, i)->loss >= 0;
        bench_close(&bench);
    }
    ck_assert_mem_eq(fates[0], fates[1], sizeof fates[0]);
}
END_TEST

/* ---- crashes ---- */

/* Host 1 crashes at 50 ms and is back at 1 s.
 *   0 -> 1 and 1 -> 2 (100 MB) are under way: lost at 50 ms
 *   3 -> 4 is not concerned: 100 ms
 *   at 200 ms: 0 -> 1 arrives 10 ms later at nobody; 1 -> 0 is not sent
 *   at 995 ms: 0 -> 1 arrives at 1005 ms, when the host is back
 * With a reliable transport: 1 -> 5 (40 MB) is through at 40 ms in `fifo` (sent before 1 -> 2) and
 * `ideal`; in `fair`, where both have half of host 1's link, 15 MB are left at the crash, and all
 * of it is sent again at 1 s: 1.04 s. */
START_TEST(crash_aborts_flows)
{
    const struct fault_config crash = entry(FAULT_CRASH, 0.05, 0.95, 1, INT64_MIN);
    struct network_config config = plain(_i);
    struct bench bench;
    bench_fine(&bench, &config, 7, &crash, 1);
    uint64_t in = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    uint64_t other = send_at(&bench, 0, bench.client, 3, 4, 100 * MB);
    uint64_t again = send_at(&bench, 0, bench.reliable, 1, 5, 40 * MB);
    uint64_t out = send_at(&bench, 0, bench.client, 1, 2, 100 * MB);
    uint64_t to = send_at(&bench, 200 * MS_PS, bench.client, 0, 1, 10 * MB);
    uint64_t from = send_at(&bench, 200 * MS_PS, bench.client, 1, 0, 10 * MB);
    uint64_t late = send_at(&bench, 995 * MS_PS, bench.client, 0, 1, 10 * MB);
    play(&bench);
    const int64_t out_start[] = {0, 40 * MS_PS, 0};
    assert_outcome(&bench, in, 0, 50 * MS_PS, NETWORK_ABORTED);
    assert_outcome(&bench, out, out_start[_i], 50 * MS_PS, NETWORK_ABORTED);
    assert_outcome(&bench, other, 0, 100 * MS_PS, -1);
    assert_outcome(&bench, to, 200 * MS_PS, 210 * MS_PS, NETWORK_RECEIVER_DOWN);
    assert_outcome(&bench, from, -1, 200 * MS_PS, NETWORK_SENDER_DOWN);
    assert_outcome(&bench, late, 995 * MS_PS, 1005 * MS_PS, -1);
    const int64_t again_ms[] = {1040, 40, 40};
    assert_outcome(&bench, again, 0, again_ms[_i] * MS_PS, -1);

    /* The run hears of both, of the crash before the lost messages. */
    struct trace_fault row;
    ck_assert_uint_eq(bench.events, 2);
    ck_assert(bench.event[0].begins && !bench.event[1].begins);
    ck_assert_uint_eq(bench.event[0].first, 1);
    ck_assert_uint_eq(bench.event[0].last, 1);
    ck_assert(faults_record(bench.faults, 0, &row));
    ck_assert_str_eq(row.kind, "crash");
    ck_assert_int_eq(row.begin_ps, 50 * MS_PS);
    ck_assert_int_eq(row.end_ps, S_PS);
    ck_assert_int_eq(row.lost, _i == 0 ? 5 : 4);
    bench_close(&bench);
}
END_TEST

/* A reliable message that is sent to a host while it is down waits: from 1 s on, 10 ms. */
START_TEST(reliable_waits_for_the_host)
{
    const struct fault_config crash = entry(FAULT_CRASH, 0.05, 0.95, 1, 1);
    struct network_config config = plain(_i);
    struct bench bench;
    bench_fine(&bench, &config, 3, &crash, 1);
    uint64_t to = send_at(&bench, 100 * MS_PS, bench.reliable, 0, 1, 10 * MB);
    uint64_t under_way = send_at(&bench, 0, bench.reliable, 2, 0, 10 * MB);
    uint64_t empty = send_at(&bench, 100 * MS_PS, bench.reliable, 2, 1, 0);
    uint64_t interrupted = send_at(&bench, 45 * MS_PS, bench.reliable, 1, 2, 10 * MB);
    play(&bench);
    assert_outcome(&bench, to, 1 * S_PS, 1010 * MS_PS, -1);
    assert_outcome(&bench, under_way, 0, 10 * MS_PS, -1);
    assert_outcome(&bench, empty, 1 * S_PS, 1 * S_PS, -1);
    assert_outcome(&bench, interrupted, 45 * MS_PS, 1010 * MS_PS, -1);
    bench_close(&bench);
}
END_TEST

/* Whoever hears of a lost message may send at once; for a host that stays down that is lost too,
 * and what is open at the end has no end. */
struct retry {
    struct bench *bench;
    unsigned left;
    uint32_t client;
};

static void retry_done(void *context, uint64_t cookie, int64_t started_ps)
{
    struct retry *retry = context;
    note(retry->bench, cookie, started_ps, -1);
}

static void retry_lost(void *context, uint64_t cookie, int64_t started_ps, enum network_loss loss)
{
    struct retry *retry = context;
    note(retry->bench, cookie, started_ps, (int)loss);
    if (retry->left-- > 0)
        network_send(retry->bench->network, retry->client, 0, retry->left == 0 ? 2 : 1, 10 * MB,
                     cookie + 1);
}

START_TEST(losses_may_be_answered)
{
    const struct fault_config crash = entry(FAULT_CRASH, 0.05, NAN, 1, 1);
    struct network_config config = plain(_i);
    struct bench bench;
    struct trace_fault row;
    bench_fine(&bench, &config, 3, &crash, 1);
    struct retry retry = {.bench = &bench, .left = 2};
    retry.client = network_client(bench.network, retry_done, &retry);
    network_on_loss(bench.network, retry.client, retry_lost);
    ck_assert(!faults_record(bench.faults, 0, &row));
    network_send(bench.network, retry.client, 0, 1, 100 * MB, 0);
    play(&bench);
    ck_assert_uint_eq(bench.count, 3);
    assert_outcome(&bench, 0, 0, 50 * MS_PS, NETWORK_ABORTED);
    assert_outcome(&bench, 1, 50 * MS_PS, 60 * MS_PS, NETWORK_RECEIVER_DOWN);
    assert_outcome(&bench, 2, 60 * MS_PS, 70 * MS_PS, -1);
    ck_assert(faults_record(bench.faults, 0, &row));
    ck_assert_int_eq(row.end_ps, -1);
    ck_assert_int_eq(row.lost, 2);
    ck_assert(!faults_host_up(bench.faults, 1) && faults_host_up(bench.faults, 0));
    ck_assert(!faults_path_open(bench.faults, 0, 1) && faults_path_open(bench.faults, 0, 2));
    bench_close(&bench);
}
END_TEST

/* ---- many faults at random, against the bytes that must have moved ---- */

#define INTEGRAL_FAULTS 12
static const double integral_factors[] = {0.5, 0, 0.25, 0, 0.125, 0.75};

/* Entry f: host f % 4, from 7 f + 3 ms on for 7 ms. */
static double factor_at(const struct planned *p, int64_t ms)
{
    double factor = 1;
    for (uint32_t f = 0; f < INTEGRAL_FAULTS; f++)
        if ((p->src == f % 4 || p->dst == f % 4) && ms >= 7 * f + 3 && ms < 7 * f + 10)
            factor = fmin(factor, integral_factors[f % 6]);
    return factor;
}

/* When the integral of the rates, constant within each millisecond, reaches the message's bytes. */
static double integral_end_ps(const struct planned *p, int64_t ms)
{
    double left = (double)p->bytes;
    for (; left > 1e6 * factor_at(p, ms); ms++)
        left -= 1e6 * factor_at(p, ms);
    return (double)(ms * MS_PS) + left * 1000 / factor_at(p, ms);
}

/* Links fail, degrade and heal while messages move: nothing is lost, all bytes arrive, once; and in
 * `ideal` each message ends when the integral of its path's rate has reached its bytes. */
START_TEST(bytes_are_the_integral_of_rates)
{
    struct fault_config entries[INTEGRAL_FAULTS];
    struct network_config config = plain(_i);
    struct bench bench;
    int64_t sent = 0, expected = 0;
    for (int i = 0; i < INTEGRAL_FAULTS; i++) {
        entries[i] = entry(FAULT_LINK, 0.007 * i + 0.003, 0.007, i % 4, i % 4);
        entries[i].factor = integral_factors[i % 6];
    }
    bench_fine(&bench, &config, 5, entries, INTEGRAL_FAULTS);
    for (uint32_t i = 0; i < 24; i++)
        send_at(&bench, 2 * i * MS_PS, bench.client, i % 5, (i + 1 + i / 5 % 4) % 5,
                (3 + i % 7) * MB);
    play(&bench);
    ck_assert_uint_eq(bench.count, 24);
    for (uint32_t i = 0; i < 24; i++) {
        const struct outcome *o = outcome(&bench, i);
        double end_ps = integral_end_ps(&bench.planned[i], 2 * i);
        expected += bench.planned[i].bytes;
        ck_assert_int_eq(o->loss, -1);
        if (_i == NETWORK_IDEAL)
            ck_assert_double_eq_tol((double)o->ended_ps, end_ps, 5);
        else
            ck_assert_double_ge((double)o->ended_ps, end_ps - 5);
    }
    for (uint32_t host = 0; host < 5; host++) {
        struct network_link_totals totals;
        network_link(bench.network, host, S_PS, &totals);
        sent += totals.tx_bytes;
    }
    ck_assert_int_eq(sent, expected);
    bench_close(&bench);
}
END_TEST

/* A degraded link leaves the ends of all others as they are, to the picosecond, in numbers that no
 * sum of parts would give. */
START_TEST(others_are_untouched)
{
    struct fault_config slow = entry(FAULT_LINK, 0.0123456789, 0.03, 3, 3);
    struct network_config config = plain(_i);
    int64_t ends[2];
    slow.factor = 0.3;
    config.bandwidth_bps = 7e9;
    for (size_t faulty = 0; faulty < 2; faulty++) {
        struct bench bench;
        bench_fine(&bench, &config, 4, &slow, faulty);
        uint64_t message = send_at(&bench, 1234567, bench.client, 0, 1, 33333333);
        send_at(&bench, 0, bench.client, 2, 3, 33333333);
        play(&bench);
        ends[faulty] = outcome(&bench, message)->ended_ps;
        bench_close(&bench);
    }
    ck_assert_int_eq(ends[0], ends[1]);
}
END_TEST

/* ---- what is refused ---- */

static void assert_refused(const struct fault_config *entries, size_t count, const char *path,
                           const char *text)
{
    struct network_config config = plain(NETWORK_FAIR);
    struct bench bench;
    ck_assert_int_eq(bench_open(&bench, &config, 4, entries, count), STATUS_REQUEST);
    ck_assert_str_eq(bench.error.path, path);
    ck_assert_msg(strstr(bench.error.text, text) != NULL, "%s", bench.error.text);
    bench_close(&bench);
}

START_TEST(contradictions)
{
    struct fault_config e[2] = {entry(FAULT_CRASH, 1, 2, 0, 2), entry(FAULT_CRASH, 2, NAN, 2, 3)};
    assert_refused(e, 2, "faults[1].at", "a crash of host 2 while faults[0]");
    e[0].kind = e[1].kind = FAULT_LINK;
    assert_refused(e, 2, "faults[1].at", "a link of host 2 while faults[0]");
    e[0] = entry(FAULT_PARTITION, 0, 1, 0, 3);
    assert_refused(e, 1, "faults[0].kind", "a partition of all hosts");
    e[0] = entry(FAULT_CRASH, 0, 1, 4, INT64_MIN);
    assert_refused(e, 1, "faults[0].first", "found host 4, expected one of the hosts 0 to 3");
    e[0] = entry(FAULT_CRASH, 0, 1, 2, 7);
    assert_refused(e, 1, "faults[0].last", "found host 7, expected one of the hosts 0 to 3");
    e[0] = entry(FAULT_CRASH, 0, 1, 2, 1);
    assert_refused(e, 1, "faults[0].last", "found host 1, which is before first (2)");
    e[0] = entry(FAULT_CRASH, 0, 1, 2, 2);
    e[0].factor = 0.5;
    assert_refused(e, 1, "faults[0].factor", "only a link has it");
    e[0] = entry(FAULT_LINK, 0, 1, 2, 2);
    e[0].probability = 0.5;
    assert_refused(e, 1, "faults[0].probability", "only a drop has it");
    e[0].probability = NAN;
    e[0].state = FAULT_STATE_LOST;
    assert_refused(e, 1, "faults[0].state", "only a crash has it");
    e[0] = entry(FAULT_DROP, 0, 1, 2, 3);
    assert_refused(e, 1, "faults[0].probability", "expected the probability");
}
END_TEST

/* One fault may begin as another ends; in whichever order they are listed. */
START_TEST(one_after_the_other)
{
    struct fault_config e[2] = {entry(FAULT_LINK, 0.05, 0.1, 0, 0),
                                entry(FAULT_LINK, 0, 0.05, 0, 0)};
    struct network_config config = plain(_i);
    struct bench bench;
    e[0].factor = 0.5;
    e[1].factor = 0.25;
    bench_fine(&bench, &config, 2, e, 2);
    /* 100 MB: 12.5 in 50 ms, 50 in 100 ms, 37.5 in 37.5 ms */
    uint64_t message = send_at(&bench, 0, bench.client, 0, 1, 100 * MB);
    play(&bench);
    assert_outcome(&bench, message, 0, 187500000000, -1);
    bench_close(&bench);
}
END_TEST

/* ---- in a run ---- */

/* AR-SGD of two nodes: a gradient of 100 ms, then a ring of two steps with 50 MB each way, 50 ms a
 * step.  Host 0's link fails 20 ms into the first step, for 1 s: the step ends at 1150 ms, the
 * second at 1200 ms.  The other fault lasts when the run stops. */
static const char run_text[] =
    "{\"nodes\": 2, \"seed\": 5, \"algorithm\": {\"name\": \"ar-sgd\", \"collective\": \"ring\"},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": 0}, \"wire\": {\"message_size\": "
    "\"100 MB\"}, \"model\": {\"name\": \"quadratic\", \"dimension\": 4}, \"stop\": "
    "{\"iterations\": "
    "1}}";

START_TEST(a_run_with_faults)
{
    const char *model[] = {"network.model=fair", "network.model=fifo", "network.model=ideal"};
    const char *fine[] = {model[_i], NULL};
    const char *faulty[] = {
        model[_i],
        "faults=[{\"kind\": \"link\", \"at\": \"120 ms\", \"for\": \"1 s\", \"first\": 0},"
        " {\"kind\": \"link\", \"at\": \"5 ms\", \"first\": 1, \"factor\": 1},"
        " {\"kind\": \"partition\", \"at\": \"5 s\", \"first\": 1}]",
        NULL};
    struct play plain = play_fine(run_text, fine), play = play_fine(run_text, faulty);
    ck_assert_double_eq(plain.result.summary.simulated_time_s, 0.2);
    ck_assert_uint_eq(plain.rows.fault_count, 0);
    ck_assert_double_eq(play.result.summary.simulated_time_s, 1.2);
    ck_assert_uint_eq(play.rows.fault_count, 2);
    ck_assert_int_eq(play.rows.faults[0].entry, 0);
    ck_assert_int_eq(play.rows.faults[0].begin_ps, 120 * MS_PS);
    ck_assert_int_eq(play.rows.faults[0].end_ps, 1120 * MS_PS);
    ck_assert_int_eq(play.rows.faults[1].entry, 1);
    ck_assert_int_eq(play.rows.faults[1].end_ps, -1);
    play_free(&plain);
    play_free(&play);
}
END_TEST

/* Every message may be lost; collectives send it again.  The messages of step s of iteration k are
 * number 2 k + s of either direction, and the step ends with the later of the two: as many times 50
 * ms as the less lucky one has attempts. */
START_TEST(collectives_are_reliable)
{
    const char *model[] = {"network.model=fair", "network.model=fifo", "network.model=ideal"};
    const char *set[] = {model[_i], "network.loss=0.4", "seeds.network=7", "stop.iterations=10",
                         NULL};
    struct play play = play_fine(run_text, set);
    double expected_s = 10 * 0.1;
    unsigned again = 0;
    for (uint64_t number = 0; number < 20; number++) {
        unsigned there = attempts(0, 1, number, 0.4), back = attempts(1, 0, number, 0.4);
        expected_s += 0.05 * (there > back ? there : back);
        again += there + back - 2;
    }
    ck_assert_uint_gt(again, 10);
    ck_assert_double_eq_tol(play.result.summary.simulated_time_s, expected_s, 1e-11);
    play_free(&play);
}
END_TEST

/* Two ranks at 10 Gbps, 50 MB a step, 40 ms.  Host 1 crashes in the middle of the second step, at
 * 60 ms, for 1 s: the step begins again, in full, at 1060 ms. */
START_TEST(a_collective_survives_a_crash)
{
    struct fault_config crash = entry(FAULT_CRASH, 0.06, 1, 1, 1);
    const struct field_list list = {&crash, 1};
    struct compute_config compute = world_compute(0);
    struct network_config network = world_network((enum network_model)_i, 0, 0);
    const struct plugin_choice ring = world_choice("ring", NULL);
    struct world world;
    struct faults *faults;
    struct error error;
    world_init(&world, 2, &compute, &network);
    ck_assert_int_eq(faults_create(&faults, world.engine, cluster_network(world.cluster), &list, 2,
                                   1, NULL, NULL, &error),
                     STATUS_OK);
    world_play(&world, &ring, 2, 100 * MB, 4, NULL);
    ck_assert_uint_eq(world.done_count, 2);
    ck_assert_int_eq(world.done_ps[0], 1100 * MS_PS);
    ck_assert_int_eq(world.done_ps[1], 1100 * MS_PS);
    faults_free(faults);
    world_fini(&world);
}
END_TEST

static void assert_run_refused(const char *set, const char *path, const char *text)
{
    const char *overrides[] = {set, NULL};
    struct play play = play_text(run_text, overrides, (struct play_options){.threads = 1});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_msg(strcmp(play.error.path, path) == 0 && strstr(play.error.text, text) != NULL,
                  "%s: %s", play.error.path, play.error.text);
    play_free(&play);
}

START_TEST(scenarios_are_refused)
{
    assert_run_refused("faults=[{\"kind\": \"link\", \"at\": 1, \"first\": 7}]", "faults[0].at",
                       "1");
    assert_run_refused("faults=[{\"kind\": \"link\", \"at\": \"1 s\", \"first\": 7}]",
                       "faults[0].first", "found host 7");
    assert_run_refused("faults=[{\"kind\": \"storm\", \"at\": \"1 s\"}]", "faults[0].kind",
                       "storm");
    assert_run_refused("faults=[{\"kind\": \"link\"}]", "faults[0].at", "");
    assert_run_refused("faults=[{\"kind\": \"link\", \"at\": \"1 s\", \"for\": \"0 s\"}]",
                       "faults[0].for", "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *links = tcase_create("links"), *loss = tcase_create("loss");
    TCase *crashes = tcase_create("crashes"), *requests = tcase_create("requests");
    tcase_add_loop_test(links, link_drops_to_a_quarter, 0, 3);
    tcase_add_loop_test(links, link_is_down, 0, 3);
    tcase_add_loop_test(links, latency_outlasts_a_fault, 0, 3);
    tcase_add_loop_test(links, ends_as_the_link_fails, 0, 3);
    tcase_add_loop_test(links, shared_link_drops, 0, 3);
    tcase_add_test(links, fifo_line_moves_up);
    tcase_add_loop_test(links, partition_heals, 0, 3);
    tcase_add_loop_test(links, partitions_overlap, 0, 3);
    tcase_add_loop_test(links, bytes_are_the_integral_of_rates, 0, 3);
    tcase_add_loop_test(links, others_are_untouched, 0, 3);
    tcase_add_loop_test(links, one_after_the_other, 0, 3);
    tcase_add_loop_test(loss, a_loss_doubles_the_time, 0, 3);
    tcase_add_loop_test(loss, loss_is_visible, 0, 3);
    tcase_add_loop_test(loss, drops_are_binomial, 0, 3);
    tcase_add_loop_test(loss, fates_do_not_hang_on_order, 0, 3);
    tcase_add_loop_test(crashes, crash_aborts_flows, 0, 3);
    tcase_add_loop_test(crashes, reliable_waits_for_the_host, 0, 3);
    tcase_add_loop_test(crashes, losses_may_be_answered, 0, 3);
    tcase_add_test(requests, contradictions);
    tcase_add_test(requests, scenarios_are_refused);
    tcase_add_loop_test(loss, collectives_are_reliable, 0, 3);
    tcase_add_loop_test(crashes, a_collective_survives_a_crash, 0, 3);
    tcase_add_loop_test(links, a_run_with_faults, 0, 3);
    suite_add_tcase(suite, links);
    suite_add_tcase(suite, loss);
    suite_add_tcase(suite, crashes);
    suite_add_tcase(suite, requests);
    return testing_run(suite);
}
