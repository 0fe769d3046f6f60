/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The observer stands between the engine and the sink: every fact of the timeline passes through
 * it once, goes into the timeline digest as a canonical little-endian record, and on to the sink
 * when the trace level asks for it.  So the digest does not depend on the level, on the metrics'
 * cadence or on the backend.
 */
#ifndef HEARSAY_TRACE_OBSERVER_H
#define HEARSAY_TRACE_OBSERVER_H

#include "core/digest.h"
#include "trace/sink.h"

struct observer {
    struct digest *timeline, *metrics;
    struct trace_sink *sink;
    enum trace_level level;
};

void observer_open(struct observer *observer, struct trace_sink *sink, enum trace_level level);
void observer_close(struct observer *observer); /* frees the digests, not the sink */

/* Level `messages` and above (spans, messages, updates, collectives), digested always. */
void observer_span(struct observer *observer, const struct trace_span *row);
void observer_message(struct observer *observer, const struct trace_message *row);
void observer_update(struct observer *observer, const struct trace_update *row);
void observer_collective(struct observer *observer, const struct trace_collective *row);
/* Level `metrics` and above, digested always. */
void observer_fault(struct observer *observer, const struct trace_fault *row);
/* Level `full`, not digested. */
void observer_detail(struct observer *observer, const struct trace_span *row);
void observer_chunk(struct observer *observer, const struct trace_chunk *row);
/* Level `metrics` and above; digested into `metrics`, never into `timeline`. */
void observer_metric(struct observer *observer, const struct trace_metric *row);
void observer_node_metric(struct observer *observer, const struct trace_node_metric *row);

#endif
