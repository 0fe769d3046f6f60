/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Facts become canonical records.  A record is its tag (one byte), then every field in the order of
 * the row's columns, each as eight little-endian bytes: integers sign- or zero-extended, doubles as
 * their bits with one zero and one NaN.  A text is its length (all ones: NULL) and its bytes.
 */
#include "trace/observer.h"

#include <string.h>

#include "trace/columns.h"

void observer_open(struct observer *observer, struct trace_sink *sink, enum trace_level level)
{
    *observer = (struct observer){
        .timeline = digest_create(),
        .metrics = digest_create(),
        .sink = sink,
        .level = level,
    };
}

void observer_close(struct observer *observer)
{
    digest_free(observer->timeline);
    digest_free(observer->metrics);
    *observer = (struct observer){.timeline = NULL};
}

static void digest_string(struct digest *digest, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;

    digest_u64(digest, text != NULL ? length : UINT64_MAX);
    if (length > 0)
        digest_bytes(digest, text, length);
}

static void digest_column(struct digest *digest, const struct trace_column *column,
                          const void *member)
{
    switch (column->type) {
    case TRACE_COLUMN_U16:
        digest_u64(digest, *(const uint16_t *)member);
        break;
    case TRACE_COLUMN_U32:
        digest_u64(digest, *(const uint32_t *)member);
        break;
    case TRACE_COLUMN_I64:
        digest_u64(digest, *(const uint64_t *)member);
        break;
    case TRACE_COLUMN_DOUBLE:
        digest_double(digest, *(const double *)member);
        break;
    case TRACE_COLUMN_TEXT:
        digest_string(digest, *(const char *const *)member);
        break;
    }
}

static void digest_row(struct digest *digest, enum trace_table_id id, const void *row)
{
    const struct trace_table *table = &trace_tables[id];

    digest_bytes(digest, &table->tag, 1);
    for (size_t i = 0; i < table->column_count; i++)
        digest_column(digest, &table->columns[i], (const char *)row + table->columns[i].offset);
}

static bool wants(const struct observer *observer, enum trace_level level)
{
    return observer->sink != NULL && observer->level >= level;
}

void observer_span(struct observer *observer, const struct trace_span *row)
{
    digest_row(observer->timeline, TRACE_TABLE_SPANS, row);
    if (wants(observer, TRACE_MESSAGES))
        observer->sink->ops->span(observer->sink, row);
}

void observer_message(struct observer *observer, const struct trace_message *row)
{
    digest_row(observer->timeline, TRACE_TABLE_MESSAGES, row);
    if (wants(observer, TRACE_MESSAGES))
        observer->sink->ops->message(observer->sink, row);
}

void observer_update(struct observer *observer, const struct trace_update *row)
{
    digest_row(observer->timeline, TRACE_TABLE_UPDATES, row);
    if (wants(observer, TRACE_MESSAGES))
        observer->sink->ops->update(observer->sink, row);
}

void observer_collective(struct observer *observer, const struct trace_collective *row)
{
    digest_row(observer->timeline, TRACE_TABLE_COLLECTIVES, row);
    if (wants(observer, TRACE_MESSAGES))
        observer->sink->ops->collective(observer->sink, row);
}

void observer_fault(struct observer *observer, const struct trace_fault *row)
{
    digest_row(observer->timeline, TRACE_TABLE_FAULTS, row);
    if (wants(observer, TRACE_METRICS))
        observer->sink->ops->fault(observer->sink, row);
}

void observer_detail(struct observer *observer, const struct trace_span *row)
{
    if (wants(observer, TRACE_FULL))
        observer->sink->ops->span(observer->sink, row);
}

void observer_chunk(struct observer *observer, const struct trace_chunk *row)
{
    if (wants(observer, TRACE_FULL))
        observer->sink->ops->chunk(observer->sink, row);
}

void observer_metric(struct observer *observer, const struct trace_metric *row)
{
    digest_row(observer->metrics, TRACE_TABLE_METRICS, row);
    if (wants(observer, TRACE_METRICS))
        observer->sink->ops->metric(observer->sink, row);
}

void observer_node_metric(struct observer *observer, const struct trace_node_metric *row)
{
    digest_row(observer->metrics, TRACE_TABLE_NODE_METRICS, row);
    if (wants(observer, TRACE_METRICS))
        observer->sink->ops->node_metric(observer->sink, row);
}
