/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ring all-gather: in step s rank r sends the part of rank r - s to its right neighbour.  Thakur,
 * Rabenseifner and Gropp, Int. J. High Perform. Comput. Appl. 19 (2005), section 4.1.
 *
 *   T = (n-1) (alpha + M beta),  M the bytes of one rank's part
 */
#include "collectives/schedule.h"

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    (void)params;
    (void)rank;
    return n - 1;
}

static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    const uint32_t left = (rank + n - 1) % n;
    (void)params;
    (void)element_bytes;
    *out = (struct collective_step){.send_to = (rank + 1) % n,
                                    .receive_from = left,
                                    .send_offset = (rank + n - index) % n * bytes,
                                    .receive_offset = (left + n - index) % n * bytes,
                                    .send_bytes = bytes,
                                    .receive_bytes = bytes};
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    (void)params;
    (void)reduce_s;
    return (n - 1.0) * (alpha_s + (double)bytes * beta_s);
}

const struct collective_ops ring_all_gather_collective = {
    .plugin = {.name = "ring-all-gather",
               .summary = "n-1 steps of one part to the right neighbour",
               .reference = "Thakur et al., Int. J. High Perform. Comput. Appl. 19 (2005)"},
    .result = COLLECTIVE_GATHERS,
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
