/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated time.
 */
#include "core/simtime.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/check.h"

#define FORGIVEN_ULP 4

/* Up to a whole picosecond.  Nearer to one than rounding errors can tell: it was meant. */
static int64_t round_up(double ps)
{
    double nearest = nearbyint(ps), ulp = nextafter(ps, INFINITY) - ps;
    if (ps >= (double)SIMTIME_BEYOND_PS)
        return SIMTIME_BEYOND_PS;
    return (int64_t)(fabs(ps - nearest) <= FORGIVEN_ULP * ulp ? nearest : ceil(ps));
}

int64_t simtime_from_s(double seconds)
{
    CHECK(seconds >= 0, "%g s is no duration", seconds); /* NaN fails too */
    return round_up(seconds * (double)SIMTIME_PS_PER_S);
}

int64_t simtime_scale(int64_t ps, double factor)
{
    CHECK(ps >= 0 && factor >= 0, "%g times %lld ps is no duration", factor, (long long)ps);
    return round_up((double)ps * factor);
}

double simtime_to_s(int64_t ps)
{
    return (double)ps / (double)SIMTIME_PS_PER_S;
}

int64_t simtime_add(int64_t a_ps, int64_t b_ps)
{
    int64_t sum;

    if (__builtin_add_overflow(a_ps, b_ps, &sum) || sum > SIMTIME_BEYOND_PS)
        return SIMTIME_BEYOND_PS;
    return sum;
}

/* a / b to the nearest, halves up. */
static uint64_t divide_nearest(uint64_t a, uint64_t b)
{
    return a / b + (a % b >= b - b / 2);
}

/* From a minute on: two whole parts. */
static void format_long(uint64_t ps, const char *sign, char *text, size_t size)
{
    uint64_t s = divide_nearest(ps, SIMTIME_PS_PER_S);
    uint64_t min = divide_nearest(s, 60);
    uint64_t h = divide_nearest(min, 60);

    if (s < 3600)
        snprintf(text, size, "%s%" PRIu64 " min %02" PRIu64 " s", sign, s / 60, s % 60);
    else if (min < 48 * 60)
        snprintf(text, size, "%s%" PRIu64 " h %02" PRIu64 " min", sign, min / 60, min % 60);
    else
        snprintf(text, size, "%s%" PRIu64 " d %02" PRIu64 " h", sign, h / 24, h % 24);
}

char *simtime_format(int64_t ps, char *text, size_t size)
{
    static const char *const units[] = {"ns", "us", "ms"};
    const char *sign = ps < 0 ? "-" : "";
    uint64_t left = ps < 0 ? -(uint64_t)ps : (uint64_t)ps;
    uint64_t unit_ps = 1000;

    if (left < 1000) {
        snprintf(text, size, "%s%" PRIu64 " ps", sign, left);
        return text;
    }
    /* The unit is chosen after rounding, so that 999.96 ms reads 1.000 s and not 1000.0 ms. */
    for (size_t u = 0; u < 3; u++, unit_ps *= 1000) {
        uint64_t tenths = divide_nearest(left, unit_ps / 10);

        if (tenths < 10000) {
            snprintf(text, size, "%s%" PRIu64 ".%" PRIu64 " %s", sign, tenths / 10, tenths % 10,
                     units[u]);
            return text;
        }
    }
    left = left < SIMTIME_PS_PER_S ? SIMTIME_PS_PER_S : left;
    if (divide_nearest(left, unit_ps / 1000) < 60000) {
        uint64_t ms = divide_nearest(left, unit_ps / 1000);

        snprintf(text, size, "%s%" PRIu64 ".%03" PRIu64 " s", sign, ms / 1000, ms % 1000);
        return text;
    }
    format_long(left, sign, text, size);
    return text;
}
