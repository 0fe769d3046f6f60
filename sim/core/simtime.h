/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated time: a signed 64-bit count of picoseconds (106 days).  Sums are exact and ties are
 * real ties.  A duration that was computed in floating point is rounded once, up, where it becomes
 * time.  What lies beyond the clock becomes SIMTIME_BEYOND_PS, never wraps, and stays there under
 * addition; a run whose next event lies there ends with STATUS_CLOCK.
 */
#ifndef HEARSAY_CORE_SIMTIME_H
#define HEARSAY_CORE_SIMTIME_H

#include <stddef.h>
#include <stdint.h>

#define SIMTIME_PS_PER_S  1000000000000LL
#define SIMTIME_MAX_PS    INT64_MAX
#define SIMTIME_BEYOND_PS (INT64_MAX - 1)

/* Seconds to picoseconds, rounded up (after forgiving 4 ulp, so that 81.92e-3 s is not pushed to
 * the next picosecond by its own representation).  CHECKs 0 <= s. */
int64_t simtime_from_s(double seconds);
double simtime_to_s(int64_t ps);
/* ps x factor >= 0, rounded up (after forgiving 4 ulp); beyond the clock: SIMTIME_BEYOND_PS. */
int64_t simtime_scale(int64_t ps, double factor);
int64_t simtime_add(int64_t a_ps, int64_t b_ps); /* both >= 0 */

/* "1.234 s", "82.0 ms", "2 h 03 min": for people.  Returns `text`. */
char *simtime_format(int64_t ps, char *text, size_t size);

#endif
