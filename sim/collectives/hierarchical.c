/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hierarchical all-reduce for hosts of several ranks: each group of `group` consecutive ranks adds
 * up to its first rank, the leader; the leaders all-reduce among themselves by the schedule
 * `inter`; each leader broadcasts to its group.  Within a group it is the binomial tree in both
 * directions.  A last group may be smaller.  Goyal et al., "Accurate, large minibatch SGD: training
 * ImageNet in 1 hour" (2017), section 4.1.
 *
 *   T = T_intra(reduce) + T_inter(leaders) + T_intra(broadcast)
 *
 * exact where `group` divides n and T_inter is exact; else a bound, since the leader of a smaller
 * group is ready early.  On a host of its own every rank has the same links, the closed form below.
 * With a group on one host, L = ceil(log2 group) and local constants a', b' the tree takes
 * L a' + (group - 1) M b' in each direction for a power of two: its messages share the local link.
 * `inter` may be hierarchical again (hosts in racks).
 */
#include "collectives/schedule.h"

#include "core/field.h"

struct hierarchical_params {
    int64_t group;
    struct plugin_choice inter;
};

static const struct field hierarchical_fields[] = {
    FIELD_AT(struct hierarchical_params, group, FIELD_INTEGER, NULL, .min = 1, .max = INT32_MAX,
             .help = "consecutive ranks that share a leader, such as the ranks of a host"),
    FIELD_AT(struct hierarchical_params, inter, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the all-reduce among the leaders"),
    FIELD_END,
};

/* Where one rank stands. */
struct place {
    uint32_t leader, size; /* its group's */
    uint32_t levels;       /* steps of the largest group in each direction */
    uint32_t leaders, middle;
    const struct collective_ops *inter;
    const void *inter_params;
};

static uint32_t group_of(const struct hierarchical_params *params, uint32_t n)
{
    return params->group < n ? (uint32_t)params->group : n;
}

static uint32_t tree_levels(uint32_t size)
{
    return binomial_tree_collective.steps(NULL, size, 0) / 2;
}

static struct place place_of(const struct hierarchical_params *params, uint32_t n, uint32_t rank)
{
    const uint32_t group = group_of(params, n), leader = rank - rank % group;
    struct place place = {.leader = leader,
                          .size = n - leader < group ? n - leader : group,
                          .levels = tree_levels(group),
                          .leaders = (n - 1) / group + 1,
                          .inter = (const void *)params->inter.plugin,
                          .inter_params = params->inter.params};
    place.middle = place.inter->steps(place.inter_params, place.leaders, 0);
    return place;
}

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    const struct place place = place_of(params, n, rank);
    return 2 * place.levels + place.middle;
}

/* Peers of an inner schedule as ranks of the whole. */
static void lift(struct collective_step *step, uint32_t base, uint32_t stride)
{
    if (step->send_to >= 0)
        step->send_to = base + step->send_to * stride;
    if (step->receive_from >= 0)
        step->receive_from = base + step->receive_from * stride;
}

static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    const struct place place = place_of(params, n, rank);
    const uint32_t own_levels = tree_levels(place.size), member = rank - place.leader;
    const uint32_t group = group_of(params, n), down = place.levels + place.middle;
    const uint32_t level = index < down ? index : index - down;
    *out = schedule_idle();
    if (index >= place.levels && index < down) {
        if (member > 0)
            return;
        place.inter->step(place.inter_params, place.leaders, rank / group, index - place.levels,
                          bytes, element_bytes, out);
        lift(out, 0, group);
    } else if (level < own_levels) {
        binomial_tree_collective.step(NULL, place.size, member,
                                      index < down ? level : own_levels + level, bytes,
                                      element_bytes, out);
        lift(out, place.leader, 1);
    }
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    const struct place place = place_of(params, n, 0);
    return binomial_tree_collective.closed_form_s(NULL, place.size, alpha_s, beta_s, reduce_s,
                                                  bytes) +
           place.inter->closed_form_s(place.inter_params, place.leaders, alpha_s, beta_s, reduce_s,
                                      bytes);
}

const struct collective_ops hierarchical_collective = {
    .plugin = {.name = "hierarchical",
               .summary = "reduce within groups, all-reduce among their leaders, broadcast",
               .reference = "Goyal et al., arXiv:1706.02677 (2017), section 4.1",
               .params = hierarchical_fields,
               .params_size = sizeof(struct hierarchical_params)},
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
