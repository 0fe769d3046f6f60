/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Schedules of collectives as pure functions, judged by adding sets symbolically; and their
 * executor: operations that wait, follow one another and share hosts.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collective_world.h"
#include "core/memory.h"
#include "core/simtime.h"
#include "testing.h"

/* ---- Schedules as pure functions ------------------------------------------------------------ */

#define SMALL_RANKS 70
#define ELEMENTS    83 /* not a multiple of anything near */

/* held[r][e][c]: how often rank r's element e contains contribution c. */
struct sets {
    uint8_t held[SMALL_RANKS][ELEMENTS][SMALL_RANKS];
};

static void check_match(const struct collective_ops *ops, const void *params, uint32_t n,
                        uint32_t rank, uint32_t s, const struct collective_step *step,
                        int64_t bytes, int64_t element_bytes)
{
    struct collective_step peer;
    if (step->receive_from >= 0) {
        ck_assert_uint_lt(s, ops->steps(params, n, (uint32_t)step->receive_from));
        ops->step(params, n, (uint32_t)step->receive_from, s, bytes, element_bytes, &peer);
        ck_assert_int_eq(peer.send_to, rank);
    }
    if (step->send_to < 0)
        return;
    ck_assert_int_ne(step->send_to, rank);
    ck_assert_uint_lt(s, ops->steps(params, n, (uint32_t)step->send_to));
    ops->step(params, n, (uint32_t)step->send_to, s, bytes, element_bytes, &peer);
    ck_assert_int_eq(peer.receive_from, rank);
    ck_assert_int_eq(peer.receive_bytes, step->send_bytes);
    ck_assert_int_eq(peer.receive_offset, step->send_offset);
    if (step->send_bytes > 0)
        ck_assert_int_eq(step->send_offset % element_bytes, 0);
    ck_assert_int_le(step->send_offset + step->send_bytes, bytes);
}

static void apply_step(const struct collective_step *step, uint32_t n, const struct sets *before,
                       uint32_t rank, struct sets *after)
{
    if (step->receive_from < 0)
        return;
    const int64_t first = step->receive_offset / 4, end = first + (step->receive_bytes + 3) / 4;
    for (int64_t e = first; e < end; e++)
        for (uint32_t c = 0; c < n; c++) {
            const uint8_t came = before->held[step->receive_from][e][c];
            after->held[rank][e][c] =
                step->reduce ? (uint8_t)(after->held[rank][e][c] + came) : came;
        }
}

static void check_sets(const struct collective_ops *ops, const void *params, uint32_t n,
                       int64_t bytes, struct sets *now, struct sets *before)
{
    memset(now, 0, sizeof *now);
    for (uint32_t r = 0; r < n; r++)
        for (int e = 0; e < ELEMENTS; e++)
            now->held[r][e][r] = 1;
    for (uint32_t s = 0; s < ops->steps(params, n, 0); s++) {
        memcpy(before, now, sizeof *now);
        for (uint32_t r = 0; r < n; r++) {
            struct collective_step step;
            ops->step(params, n, r, s, bytes, 4, &step);
            check_match(ops, params, n, r, s, &step, bytes, 4);
            apply_step(&step, n, before, r, now);
        }
    }
    for (uint32_t r = 0; r < n; r++)
        for (int e = 0; e < ELEMENTS; e++)
            for (uint32_t c = 0; c < n; c++)
                if (now->held[r][e][c] != 1) /* ck_assert is too slow for millions */
                    ck_abort_msg("n = %u: rank %u has contribution %u of element %d %u times", n, r,
                                 c, e, now->held[r][e][c]);
}

/* Each all-reduce; what has no parameters ignores them. */
static const struct every {
    const char *name;
    struct tree_params params;
    int64_t group; /* of a hierarchical one */
    const char *inter;
} every[] = {
    {"ring", {0}, 0, NULL},
    {"recursive-doubling", {0}, 0, NULL},
    {"halving-doubling", {0}, 0, NULL},
    {"binomial-tree", {0}, 0, NULL},
    {"pipelined-tree", {1}, 0, NULL},
    {"pipelined-tree", {5}, 0, NULL},
    {"double-binary-tree", {1}, 0, NULL},
    {"double-binary-tree", {2}, 0, NULL},
    {"double-binary-tree", {7}, 0, NULL},
    {"double-binary-tree", {50}, 0, NULL}, /* more chunks than elements: some are empty */
    {"hierarchical", {0}, 1, "ring"},
    {"hierarchical", {0}, 4, "ring"},
    {"hierarchical", {0}, 3, "recursive-doubling"},
    {"hierarchical", {0}, 7, "halving-doubling"},
    {"hierarchical", {4}, 5, "pipelined-tree"},
    {"hierarchical", {0}, 1000, "binomial-tree"}, /* one group */
};
#define EVERY ((int)(sizeof every / sizeof *every))

START_TEST(every_contribution_once)
{
    const struct collective_ops *ops = world_schedule(every[_i].name);
    struct hierarchical_like groups = {.group = every[_i].group};
    const void *params = &every[_i].params;
    if (groups.group > 0) {
        groups.inter = world_choice(every[_i].inter, params);
        params = &groups;
    }
    struct sets *now = memory_alloc(sizeof *now), *before = memory_alloc(sizeof *before);
    ck_assert_int_eq(ops->result, COLLECTIVE_REDUCES);
    for (uint32_t n = 1; n <= SMALL_RANKS; n += n < 64 ? 1 : 3)
        check_sets(ops, params, n, 4 * ELEMENTS, now, before);
    check_sets(ops, params, 16, 4 * ELEMENTS - 3, now, before); /* ends within an element */
    free(now);
    free(before);
}
END_TEST

/* Groups of 3 groups of 4: the leaders' all-reduce is hierarchical, too. */
START_TEST(hierarchy_of_hierarchies)
{
    const struct hierarchical_like racks = {3, world_choice("halving-doubling", NULL)};
    const struct hierarchical_like hosts = {4, world_choice("hierarchical", &racks)};
    struct sets *now = memory_alloc(sizeof *now), *before = memory_alloc(sizeof *before);
    for (uint32_t n = 1; n <= SMALL_RANKS; n++)
        check_sets(world_schedule("hierarchical"), &hosts, n, 4 * ELEMENTS, now, before);
    free(now);
    free(before);
}
END_TEST

/* Each part comes to each rank once, from one that has it. */
START_TEST(every_part_gathered_once)
{
    const char *const gathers[] = {"ring-all-gather", "recursive-doubling-all-gather"};
    const struct collective_ops *ops = world_schedule(gathers[_i]);
    const int64_t bytes = 40;
    ck_assert_int_eq(ops->result, COLLECTIVE_GATHERS);
    for (uint32_t n = 1; n <= SMALL_RANKS; n++) {
        bool has[SMALL_RANKS][SMALL_RANKS] = {{false}}, had[SMALL_RANKS][SMALL_RANKS];
        uint32_t came = 0;
        for (uint32_t r = 0; r < n; r++)
            has[r][r] = true;
        for (uint32_t s = 0; s < ops->steps(NULL, n, 0); s++) {
            memcpy(had, has, sizeof had);
            for (uint32_t r = 0; r < n; r++) {
                struct collective_step step, peer;
                ops->step(NULL, n, r, s, bytes, 4, &step);
                ops->step(NULL, n, (uint32_t)step.send_to, s, bytes, 4, &peer);
                ck_assert(peer.receive_from == r && peer.receive_bytes == step.send_bytes &&
                          peer.receive_offset == step.send_offset && !step.reduce);
                ck_assert_int_eq(step.send_offset % bytes, 0);
                for (int64_t b = 0; b < step.send_bytes / bytes; b++, came++) {
                    const uint32_t part = (uint32_t)((step.send_offset / bytes + b) % n);
                    ck_assert(had[r][part] && !has[step.send_to][part]);
                    has[step.send_to][part] = true;
                }
            }
        }
        ck_assert_uint_eq(came, n * (n - 1));
    }
}
END_TEST

/* Bytes that rank r sends in all: ring 2(n-1)/n M; doubling F M; halving-doubling 2(p-1)/p M. */
START_TEST(bytes_per_rank)
{
    for (uint32_t n = 2; n <= 64; n++)
        for (int which = 0; which < 3; which++) {
            const struct collective_ops *ops = world_schedule(reference_names[which]);
            const uint32_t rounds = reference_floor_log2(n), p = 1u << rounds;
            const int64_t m = 4 * 64 * (int64_t)n;
            for (uint32_t r = 0; r < n; r++) {
                int64_t sent = 0, expected = 2 * (n - 1) * (m / n);
                if (which == 1)
                    expected = r < p ? rounds * m : m;
                if (which == 2)
                    expected = r < p ? 2 * (m - m / p) : m;
                if (which > 0 && r < n - p)
                    expected += m;
                for (uint32_t s = 0; s < ops->steps(NULL, n, r); s++) {
                    struct collective_step step;
                    ops->step(NULL, n, r, s, m, 4, &step);
                    sent += step.send_bytes;
                }
                ck_assert_int_eq(sent, expected);
            }
        }
}
END_TEST

static int64_t sent_bytes(const struct plugin_choice *choice, uint32_t n, uint32_t rank, int64_t m)
{
    const struct collective_ops *ops = (const void *)choice->plugin;
    int64_t sent = 0;
    for (uint32_t s = 0; s < ops->steps(choice->params, n, rank); s++) {
        struct collective_step step;
        ops->step(choice->params, n, rank, s, m, 4, &step);
        sent += step.send_bytes;
    }
    return sent;
}

/* A tree sends the vector up and down each of its n - 1 edges.  Binomial: up once unless it is rank
 * 0, and down to r + 2^i for each 2^i below the lowest bit of r.  In a binary tree a rank has two
 * children at most; in the double one, two halves of them. */
START_TEST(bytes_of_trees)
{
    const struct tree_params params = {5};
    for (uint32_t n = 2; n <= 64; n++)
        for (int which = 0; which < 3; which++) {
            const char *const tree[] = {"binomial-tree", "pipelined-tree", "double-binary-tree"};
            const struct plugin_choice choice = world_choice(tree[which], &params);
            const int64_t m = 4 * 640;
            int64_t sum = 0;
            for (uint32_t r = 0; r < n; r++) {
                const int64_t sent = sent_bytes(&choice, n, r, m);
                int64_t expected = r > 0 ? m : 0;
                for (uint32_t bit = 1; bit < n - r && !(r & bit); bit *= 2)
                    expected += m;
                if (which == 0)
                    ck_assert_int_eq(sent, expected);
                else
                    ck_assert_int_le(sent, which == 1 ? 3 * m : 2 * m);
                sum += sent;
            }
            ck_assert_int_eq(sum, 2 * (n - 1) * m);
        }
}
END_TEST

/* ---- The executor --------------------------------------------------------------------------- */

START_TEST(single_rank)
{
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(NETWORK_IDEAL, 1e-6, 0);
    const int64_t entry_ps[] = {12345};
    struct world world;
    world_init(&world, 1, &compute, &network);
    world_play_plain(&world, world_schedule(reference_names[_i]), 1, 1000, 4, entry_ps);
    ck_assert_int_eq(world.done_ps[0], 12345);
    world_fini(&world);
}
END_TEST

START_TEST(missing_ranks)
{
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(NETWORK_IDEAL, 1e-6, 0);
    struct world world;
    uint32_t first = 99;
    world_init(&world, 6, &compute, &network);
    world.operation = collectives_open(
        world.collectives, &(struct plugin_choice){&world_schedule("ring")->plugin, NULL}, 6, NULL,
        600, 4);
    ck_assert_uint_eq(world.operation, 1);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 6);
    ck_assert_uint_eq(first, 0);
    const uint32_t order[] = {0, 1, 4, 5, 2, 3};
    for (int i = 0; i < 4; i++)
        collectives_enter(world.collectives, 1, order[i]);
    world_run(&world);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 2);
    ck_assert_uint_eq(first, 2);
    ck_assert_uint_eq(world.done_count, 0);
    collectives_enter(world.collectives, 1, 2);
    collectives_enter(world.collectives, 1, 3);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 0);
    world_run(&world);
    ck_assert_uint_eq(world.done_count, 6);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 0);
    world_fini(&world);
}
END_TEST

/* Many operations open at once, over different hosts, each as if it were alone. */
struct crowd {
    struct engine *engine;
    struct collectives *collectives;
    const struct collective_ops *ops;
    int64_t last_ps[2000];
    uint32_t done[2000];
    uint64_t chain; /* operations still to open from within `done` */
    uint32_t n;
};

static void on_crowd_done(void *context, uint64_t operation, uint32_t rank)
{
    struct crowd *crowd = context;
    (void)rank;
    ck_assert_uint_lt(operation, 2000);
    crowd->last_ps[operation] = engine_now(crowd->engine);
    if (++crowd->done[operation] < crowd->n || crowd->chain == 0)
        return;
    crowd->chain--;
    const uint64_t next =
        collectives_open(crowd->collectives, &(struct plugin_choice){&crowd->ops->plugin, NULL},
                         crowd->n, NULL, 4096, 4);
    for (uint32_t r = 0; r < crowd->n; r++)
        collectives_enter(crowd->collectives, next, r);
}

static void crowd_init(struct crowd *crowd, struct world *world, uint32_t hosts,
                       const struct compute_config *compute, const struct network_config *network)
{
    world_init(world, hosts, compute, network);
    collectives_free(world->collectives);
    *crowd = (struct crowd){.engine = world->engine};
    crowd->collectives = collectives_create(world->cluster, world->engine, on_crowd_done, crowd);
    world->collectives = crowd->collectives;
}

START_TEST(many_at_once)
{
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(NETWORK_IDEAL, 10e-6, 0);
    const double expected_s = reference_closed_form(1, 5, 10e-6, 8e-10, 0, 4096);
    struct crowd crowd;
    struct world world;
    crowd_init(&crowd, &world, 9, &compute, &network);
    crowd.n = 5;
    crowd.ops = world_schedule("recursive-doubling");
    for (uint64_t op = 1; op <= 300; op++) {
        const uint32_t o = (uint32_t)op % 5;
        const uint32_t hosts[] = {o, o + 1, o + 2, o + 3, o + 4};
        ck_assert_uint_eq(collectives_open(crowd.collectives,
                                           &(struct plugin_choice){&crowd.ops->plugin, NULL}, 5,
                                           hosts, 4096, 4),
                          op);
    }
    for (uint32_t r = 5; r-- > 0;)
        for (uint64_t op = 300; op >= 1; op--)
            collectives_enter(crowd.collectives, op, r);
    world_run(&world);
    for (uint64_t op = 1; op <= 300; op++) {
        ck_assert_uint_eq(crowd.done[op], 5);
        world_check_near(crowd.last_ps[op], expected_s, 4, 0);
    }
    world_fini(&world);
}
END_TEST

START_TEST(opened_from_within_done)
{
    const struct compute_config compute = world_compute(1e9);
    const struct network_config network = world_network(_i, 10e-6, 0);
    const double one_s = reference_closed_form(2, 4, 10e-6, 8e-10, 1e-9, 4096);
    struct crowd crowd;
    struct world world;
    crowd_init(&crowd, &world, 4, &compute, &network);
    crowd.n = 4;
    crowd.ops = world_schedule("halving-doubling");
    crowd.chain = 999;
    const uint64_t first = collectives_open(
        crowd.collectives, &(struct plugin_choice){&crowd.ops->plugin, NULL}, 4, NULL, 4096, 4);
    for (uint32_t r = 0; r < 4; r++)
        collectives_enter(crowd.collectives, first, r);
    world_run(&world);
    for (uint64_t op = 1; op <= 1000; op++)
        ck_assert_uint_eq(crowd.done[op], 4);
    world_check_near(crowd.last_ps[1000], 1000 * one_s, 8000, 0);
    world_fini(&world);
}
END_TEST

/* Two operations of the same two hosts at once: their sums queue on the serial resource `host`. */
START_TEST(reductions_are_serial)
{
    const struct compute_config compute = world_compute(1e6);
    const struct network_config network = world_network(NETWORK_IDEAL, 0, 0);
    struct crowd crowd;
    struct world world;
    crowd_init(&crowd, &world, 2, &compute, &network);
    crowd.n = 2;
    crowd.ops = world_schedule("recursive-doubling");
    for (int i = 0; i < 2; i++) {
        const uint64_t op = collectives_open(
            crowd.collectives, &(struct plugin_choice){&crowd.ops->plugin, NULL}, 2, NULL, 1000, 4);
        collectives_enter(crowd.collectives, op, 0);
        collectives_enter(crowd.collectives, op, 1);
    }
    world_run(&world);
    world_check_near(crowd.last_ps[1], 0.8e-6 + 1e-3, 2, 0);
    world_check_near(crowd.last_ps[2], 0.8e-6 + 2e-3, 2, 0);
    world_fini(&world);
}
END_TEST

/* ---- Several operations at once ------------------------------------------------------------- */

struct several {
    struct engine *engine;
    int64_t done_ps[4][8]; /* of an operation's ranks */
};

static void on_several_done(void *context, uint64_t operation, uint32_t rank)
{
    struct several *several = context;
    several->done_ps[operation][rank] = engine_now(several->engine);
}

static void several_init(struct several *several, struct world *world, enum network_model model)
{
    const struct compute_config compute = world_compute(2.5e9);
    const struct network_config network = world_network(model, 1e-3, 0);
    world_init(world, 8, &compute, &network);
    collectives_free(world->collectives);
    *several = (struct several){.engine = world->engine};
    world->collectives =
        collectives_create(world->cluster, world->engine, on_several_done, several);
}

/* Opens one; all of its members enter at enter_ms. */
static void start(struct world *world, const char *name, uint32_t n, const uint32_t *hosts,
                  int64_t bytes, double enter_ms)
{
    const struct plugin_choice choice = world_choice(name, NULL);
    const uint64_t op = collectives_open(world->collectives, &choice, n, hosts, bytes, 4);
    for (uint32_t r = 0; r < n; r++)
        engine_at(world->engine, llround(enter_ms * 1e9), EVENT_CLASS_TIMER, world->kind_enter, r,
                  op);
}

/* Different members, schedules and sizes: each takes as long as alone. */
START_TEST(groups_apart)
{
    const uint32_t three[] = {0, 5, 2}, four[] = {1, 7, 4, 6}, one[] = {3};
    struct several several;
    struct world world;
    several_init(&several, &world, _i);
    start(&world, "ring", 3, three, 3 * 4000, 0);
    start(&world, "halving-doubling", 4, four, 1000000, 0);
    start(&world, "ring", 1, one, 1000000, 0);
    world_run(&world);
    for (uint32_t r = 0; r < 3; r++)
        world_check_near(several.done_ps[1][r],
                         reference_closed_form(0, 3, 1e-3, 8e-10, 0.4e-9, 12000), 8, r);
    for (uint32_t r = 0; r < 4; r++)
        world_check_near(several.done_ps[2][r],
                         reference_closed_form(2, 4, 1e-3, 8e-10, 0.4e-9, 1e6), 8, r);
    ck_assert_int_eq(several.done_ps[3][0], 0);
    world_fini(&world);
}
END_TEST

/* Latency 1 ms, 1.25 MB in 1 ms, added in 0.5 ms; two ranks swap.  Times in ms.
 *
 * The same members (as buckets are), A at 0, B at 0.5:
 *   fair   A alone 1..1.5, shared to 2.5, B alone to 3; host adds A 2.5..3, B 3..3.5
 *   fifo   A 1..2, added 2.5; B behind it 2..3, added 3.5
 *   ideal  A 1..2, added 2.5; B 1.5..2.5, added 3
 * A of hosts 1 and 2, B of hosts 2 and 3, both at 0; host 2 has two of each direction to move, and
 * both to add:
 *   fair   all 1..3; A added 3.5 on hosts 1 and 2, B 3.5 on host 3 and 4 on host 2
 *   fifo   A 1..2, added 2.5; B 2..3, added 3.5
 *   ideal  all 1..2; A added 2.5, B 2.5 on host 3 and 3 on host 2 */
static const struct {
    uint32_t a[2], b[2];
    double b_enters_ms, a_ms[3][2], b_ms[3][2];
} sharing[] = {
    {{0, 1}, {0, 1}, 0.5, {{3, 3}, {2.5, 2.5}, {2.5, 2.5}}, {{3.5, 3.5}, {3.5, 3.5}, {3, 3}}},
    {{1, 2}, {2, 3}, 0, {{3.5, 3.5}, {2.5, 2.5}, {2.5, 2.5}}, {{4, 3.5}, {3.5, 3.5}, {3, 2.5}}},
};

START_TEST(groups_that_share_hosts)
{
    for (int i = 0; i < 2; i++) {
        struct several several;
        struct world world;
        several_init(&several, &world, _i);
        start(&world, "recursive-doubling", 2, sharing[i].a, 1250000, 0);
        start(&world, "recursive-doubling", 2, sharing[i].b, 1250000, sharing[i].b_enters_ms);
        world_run(&world);
        for (uint32_t r = 0; r < 2; r++) {
            world_check_near(several.done_ps[1][r], sharing[i].a_ms[_i][r] * 1e-3, 2, r);
            world_check_near(several.done_ps[2][r], sharing[i].b_ms[_i][r] * 1e-3, 2, r);
        }
        world_fini(&world);
    }
}
END_TEST

/* Without a list rank r is compute unit r: 4 units on 2 hosts swap within their hosts at once, then
 * both pairs across: two messages share each NIC, 1 + 2 x 1 ms. */
START_TEST(ranks_are_units)
{
    const uint32_t host_of_unit[] = {0, 0, 1, 1};
    const struct cluster_layout layout = {2, 4, host_of_unit};
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(NETWORK_FAIR, 1e-3, 0);
    struct world world;
    world_init_layout(&world, &layout, &compute, &network);
    world_play_plain(&world, world_schedule("recursive-doubling"), 4, 1250000, 4, NULL);
    for (uint32_t r = 0; r < 4; r++)
        world_check_near(world.done_ps[r], 3e-3, 2, r);
    world_fini(&world);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("collectives");
    TCase *schedules = tcase_create("schedules");
    tcase_add_loop_test(schedules, every_contribution_once, 0, EVERY);
    tcase_add_test(schedules, hierarchy_of_hierarchies);
    tcase_add_loop_test(schedules, every_part_gathered_once, 0, 2);
    tcase_add_test(schedules, bytes_of_trees);
    tcase_add_test(schedules, bytes_per_rank);
    suite_add_tcase(suite, schedules);
    TCase *executor = tcase_create("executor");
    tcase_add_loop_test(executor, single_rank, 0, 3);
    tcase_add_test(executor, missing_ranks);
    tcase_add_test(executor, many_at_once);
    tcase_add_loop_test(executor, opened_from_within_done, 0, 3);
    tcase_add_test(executor, reductions_are_serial);
    tcase_add_loop_test(executor, groups_apart, 0, 3);
    tcase_add_loop_test(executor, groups_that_share_hosts, 0, 3);
    tcase_add_test(executor, ranks_are_units);
    suite_add_tcase(suite, executor);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
