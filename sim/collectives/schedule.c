/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of a vector and the fold of ranks beyond a power of two. */
#include "collectives/schedule.h"

#include "core/check.h"

int64_t schedule_offset(int64_t bytes, int64_t element_bytes, uint32_t parts, uint32_t part)
{
    const int64_t elements = bytes / element_bytes + (bytes % element_bytes != 0);
    const int64_t least = elements / parts, longer = elements % parts;
    const int64_t first = least * part + (part < longer ? part : longer);
    /* The last element may be cut short by a size that is no multiple. */
    return first < elements ? first * element_bytes : bytes;
}

uint32_t schedule_log2(uint32_t n)
{
    CHECK(n > 0, "no ranks");
    return 31 - (uint32_t)__builtin_clz(n);
}

struct collective_step schedule_idle(void)
{
    return (struct collective_step){.send_to = -1, .receive_from = -1};
}

struct collective_step schedule_swap(uint32_t peer, int64_t bytes)
{
    return (struct collective_step){.send_to = peer,
                                    .receive_from = peer,
                                    .send_bytes = bytes,
                                    .receive_bytes = bytes,
                                    .reduce = true};
}

bool schedule_folds(uint32_t n)
{
    return (n & (n - 1)) != 0;
}

/* One of the p core ranks and its partner beyond, whole vector one way. */
static struct collective_step fold(uint32_t n, uint32_t rank, int64_t bytes, bool in)
{
    const uint32_t core = 1u << schedule_log2(n);
    struct collective_step step = schedule_idle();
    if (rank < core && rank >= n - core)
        return step;
    const int64_t partner = rank < core ? (int64_t)rank + core : (int64_t)rank - core;
    if ((rank < core) == in) {
        step.receive_from = partner;
        step.receive_bytes = bytes;
        step.reduce = in;
    } else {
        step.send_to = partner;
        step.send_bytes = bytes;
    }
    return step;
}

struct collective_step schedule_fold_in(uint32_t n, uint32_t rank, int64_t bytes)
{
    return fold(n, rank, bytes, true);
}

struct collective_step schedule_fold_out(uint32_t n, uint32_t rank, int64_t bytes)
{
    return fold(n, rank, bytes, false);
}

double schedule_fold_s(uint32_t n, double alpha_s, double beta_s, double reduce_s, int64_t bytes)
{
    return schedule_folds(n) ? 2 * alpha_s + (double)bytes * (2 * beta_s + reduce_s) : 0;
}
