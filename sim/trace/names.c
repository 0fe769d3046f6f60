/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of levels, lanes and span kinds, in the order of their enumerations.
 */
#include "trace/sink.h"

const char *const trace_level_names[] = {
    [TRACE_NONE] = "none", [TRACE_METRICS] = "metrics", [TRACE_MESSAGES] = "messages",
    [TRACE_FULL] = "full", [TRACE_FULL + 1] = NULL,
};

const char *const trace_lane_names[] = {
    [TRACE_LANE_COMPUTE] = "compute",
    [TRACE_LANE_WAIT] = "wait",
    [TRACE_LANE_COLLECTIVE] = "collective",
    [TRACE_LANE_PASS] = "pass",
    [TRACE_LANES] = NULL,
};

const char *const trace_span_names[] = {
    [TRACE_SPAN_GRADIENT] = "gradient",
    [TRACE_SPAN_STEP] = "step",
    [TRACE_SPAN_REDUCE] = "reduce",
    [TRACE_SPAN_BLOCKED] = "blocked",
    [TRACE_SPAN_ALL_REDUCE] = "all-reduce",
    [TRACE_SPAN_FORWARD] = "forward",
    [TRACE_SPAN_BACKWARD] = "backward",
    [TRACE_SPAN_CANCELLED] = "cancelled",
    [TRACE_SPAN_DOWN] = "down",
    [TRACE_SPAN_KINDS] = NULL,
};
