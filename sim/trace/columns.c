/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns of the rows of trace/sink.h.
 */
#include "trace/columns.h"

#include "trace/sink.h"

#define COLUMN(row, type, member)                                                                  \
    {                                                                                              \
#member, TRACE_COLUMN_##type, offsetof(struct row, member)                                 \
    }

static const struct trace_column span_columns[] = {
    COLUMN(trace_span, U32, node),   COLUMN(trace_span, U16, lane),
    COLUMN(trace_span, U16, kind),   COLUMN(trace_span, I64, begin_ps),
    COLUMN(trace_span, I64, end_ps), COLUMN(trace_span, I64, iteration),
    COLUMN(trace_span, U16, slot),
};

static const struct trace_column message_columns[] = {
    COLUMN(trace_message, U32, src),         COLUMN(trace_message, U32, dst),
    COLUMN(trace_message, I64, round),       COLUMN(trace_message, I64, bytes),
    COLUMN(trace_message, DOUBLE, weight),   COLUMN(trace_message, I64, posted_ps),
    COLUMN(trace_message, I64, started_ps),  COLUMN(trace_message, I64, arrived_ps),
    COLUMN(trace_message, I64, consumed_ps), COLUMN(trace_message, TEXT, drop_reason),
};

static const struct trace_column update_columns[] = {
    COLUMN(trace_update, U32, node),      COLUMN(trace_update, U32, origin),
    COLUMN(trace_update, I64, time_ps),   COLUMN(trace_update, I64, version),
    COLUMN(trace_update, I64, staleness), COLUMN(trace_update, DOUBLE, scale),
};

static const struct trace_column collective_columns[] = {
    COLUMN(trace_collective, I64, operation), COLUMN(trace_collective, U32, rank),
    COLUMN(trace_collective, TEXT, schedule), COLUMN(trace_collective, I64, bytes),
    COLUMN(trace_collective, I64, iteration), COLUMN(trace_collective, I64, entered_ps),
    COLUMN(trace_collective, I64, done_ps),
};

static const struct trace_column chunk_columns[] = {
    COLUMN(trace_chunk, I64, operation),  COLUMN(trace_chunk, U32, step),
    COLUMN(trace_chunk, U32, src),        COLUMN(trace_chunk, U32, dst),
    COLUMN(trace_chunk, I64, bytes),      COLUMN(trace_chunk, I64, started_ps),
    COLUMN(trace_chunk, I64, arrived_ps),
};

static const struct trace_column metric_columns[] = {
    COLUMN(trace_metric, I64, sequence),
    COLUMN(trace_metric, I64, time_ps),
    COLUMN(trace_metric, DOUBLE, epoch),
    COLUMN(trace_metric, I64, iteration_min),
    COLUMN(trace_metric, I64, iteration_max),
    COLUMN(trace_metric, DOUBLE, iteration_mean),
    COLUMN(trace_metric, I64, samples),
    COLUMN(trace_metric, I64, bytes),
    COLUMN(trace_metric, I64, messages),
    COLUMN(trace_metric, DOUBLE, loss),
    COLUMN(trace_metric, DOUBLE, accuracy),
    COLUMN(trace_metric, DOUBLE, test_loss),
    COLUMN(trace_metric, DOUBLE, test_accuracy),
    COLUMN(trace_metric, DOUBLE, node_loss_mean),
    COLUMN(trace_metric, DOUBLE, node_loss_min),
    COLUMN(trace_metric, DOUBLE, node_loss_max),
    COLUMN(trace_metric, DOUBLE, node_accuracy_mean),
    COLUMN(trace_metric, DOUBLE, node_accuracy_min),
    COLUMN(trace_metric, DOUBLE, node_accuracy_max),
    COLUMN(trace_metric, DOUBLE, consensus),
    COLUMN(trace_metric, DOUBLE, consensus_max),
    COLUMN(trace_metric, DOUBLE, gradient_norm),
    COLUMN(trace_metric, DOUBLE, optimum_distance),
    COLUMN(trace_metric, DOUBLE, rate),
    COLUMN(trace_metric, DOUBLE, blocked_share),
};

static const struct trace_column node_metric_columns[] = {
    COLUMN(trace_node_metric, I64, sequence),    COLUMN(trace_node_metric, U32, node),
    COLUMN(trace_node_metric, I64, iteration),   COLUMN(trace_node_metric, DOUBLE, loss),
    COLUMN(trace_node_metric, DOUBLE, accuracy), COLUMN(trace_node_metric, DOUBLE, distance),
    COLUMN(trace_node_metric, DOUBLE, weight),   COLUMN(trace_node_metric, I64, blocked_ps),
};

static const struct trace_column link_columns[] = {
    COLUMN(trace_link, U32, host),       COLUMN(trace_link, I64, tx_bytes),
    COLUMN(trace_link, I64, rx_bytes),   COLUMN(trace_link, I64, tx_busy_ps),
    COLUMN(trace_link, I64, rx_busy_ps),
};

static const struct trace_column fault_columns[] = {
    COLUMN(trace_fault, TEXT, kind),    COLUMN(trace_fault, U32, entry),
    COLUMN(trace_fault, U32, first),    COLUMN(trace_fault, U32, last),
    COLUMN(trace_fault, I64, begin_ps), COLUMN(trace_fault, I64, end_ps),
    COLUMN(trace_fault, I64, lost),
};

/* The values follow as the blob. */
static const struct trace_column parameters_columns[] = {
    COLUMN(trace_parameters, I64, sequence),
    COLUMN(trace_parameters, I64, node),
    COLUMN(trace_parameters, TEXT, kind),
    COLUMN(trace_parameters, DOUBLE, weight),
};

#define TABLE(title, letter, row, list, ...)                                                       \
    {                                                                                              \
        .name = title, .tag = letter, .row_size = sizeof(struct row), .columns = list,             \
        .column_count = sizeof list / sizeof list[0], __VA_ARGS__                                  \
    }

const struct trace_table trace_tables[TRACE_TABLES] = {
    [TRACE_TABLE_SPANS] = TABLE("spans", 's', trace_span, span_columns, .numbered = true),
    [TRACE_TABLE_MESSAGES] =
        TABLE("messages", 'm', trace_message, message_columns, .numbered = true),
    [TRACE_TABLE_UPDATES] = TABLE("updates", 'u', trace_update, update_columns, .numbered = true),
    [TRACE_TABLE_COLLECTIVES] =
        TABLE("collectives", 'c', trace_collective, collective_columns, .numbered = true),
    [TRACE_TABLE_CHUNKS] = TABLE("chunks", 'k', trace_chunk, chunk_columns, .numbered = true),
    [TRACE_TABLE_METRICS] = TABLE("metrics", 'M', trace_metric, metric_columns, .blob = false),
    [TRACE_TABLE_NODE_METRICS] =
        TABLE("node_metrics", 'N', trace_node_metric, node_metric_columns, .blob = false),
    [TRACE_TABLE_LINKS] = TABLE("links", 'l', trace_link, link_columns, .blob = false),
    [TRACE_TABLE_FAULTS] = TABLE("faults", 'f', trace_fault, fault_columns, .numbered = true),
    [TRACE_TABLE_PARAMETERS] =
        TABLE("parameters", 'p', trace_parameters, parameters_columns, .blob = true),
};
