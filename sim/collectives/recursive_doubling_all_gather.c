/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All-gather in doubling steps: after step i a rank has 2^(i+1) parts.  For n = 2^t ranks, rank r
 * swaps what it has with rank r xor 2^i; for other n, after Bruck et al., rank r has the parts from
 * r on, gets those from r + 2^i on from that rank and gives its own to r - 2^i; the last step moves
 * only what lacks.  MPICH chooses alike: Thakur, Rabenseifner and Gropp, Int. J. High Perform.
 * Comput. Appl. 19 (2005), section 4.1.
 *
 *   T = ceil(log2 n) alpha + (n-1) M beta,  M the bytes of one rank's part
 *
 * for every n: all ranks send as much at once.
 */
#include "collectives/schedule.h"

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    (void)params;
    (void)rank;
    return schedule_log2(n) + (schedule_folds(n) ? 1 : 0);
}

/* 2^i parts each way: the aligned ones around a rank are its own. */
static void swap(uint32_t rank, uint32_t distance, int64_t bytes, struct collective_step *out)
{
    const uint32_t partner = rank ^ distance;
    *out = schedule_swap(partner, distance * bytes);
    out->send_offset = (rank & ~(distance - 1)) * bytes;
    out->receive_offset = (partner & ~(distance - 1)) * bytes;
    out->reduce = false;
}

static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    const uint32_t distance = 1u << index;
    const int64_t parts = n - distance < distance ? n - distance : distance;
    (void)params;
    (void)element_bytes;
    if (!schedule_folds(n)) {
        swap(rank, distance, bytes, out);
        return;
    }
    const uint32_t after = (uint32_t)(((uint64_t)rank + distance) % n);
    *out = (struct collective_step){.send_to = (rank + n - distance) % n,
                                    .receive_from = after,
                                    .send_offset = rank * bytes,
                                    .receive_offset = after * bytes,
                                    .send_bytes = parts * bytes,
                                    .receive_bytes = parts * bytes};
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    (void)reduce_s;
    return steps(params, n, 0) * alpha_s + (n - 1.0) * (double)bytes * beta_s;
}

const struct collective_ops recursive_doubling_all_gather_collective = {
    .plugin = {.name = "recursive-doubling-all-gather",
               .summary = "log2 n steps of twice as many parts each",
               .reference = "Thakur et al., Int. J. High Perform. Comput. Appl. 19 (2005)"},
    .result = COLLECTIVE_GATHERS,
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
