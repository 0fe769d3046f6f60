/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evaluations are plan operations like any other: they are recorded, then flushed.
 *
 *   mean model   (1/n) (sum of held x_i + mass in flight)
 *   consensus    (1/n) sum_i ||z_i - mean||^2
 *
 * Subsets of samples are fixed and keyed (RNG_SAMPLE), so rows of one run compare.
 */
#include "run/evaluation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_randist.h>

#include "core/memory.h"
#include "core/rng.h"

struct subset {
    uint32_t *samples; /* NULL with count 0: all of them */
    uint32_t count;
};

struct evaluation {
    struct subset train, test; /* of the mean model */
    struct subset node;        /* of each node: from the test set where it is used */
    struct subset *shard;      /* a node: of its own objective; NULL: not asked for */
    bool nodes, tests;
    uint32_t node_count;
    uint32_t optimum; /* vector; 0: not known */
    double *values;   /* dimension doubles, scratch */
    /* results of the last flush */
    struct objective_value mean_train, mean_test;
    struct objective_value *node_value; /* a node; or a node's own objective at the mean */
    double *distance;                   /* a node */
    double gradient_norm2, optimum2;
};

/* `asked` samples of `total`, keyed by role; all when asked < 0 or enough. */
static struct subset subset_create(const struct sim *sim, uint32_t role, int64_t asked,
                                   uint32_t total)
{
    struct subset subset = {NULL, 0};
    struct rng rng;
    if (asked < 0 || asked >= total)
        return subset;
    uint32_t *all = memory_array(total, sizeof *all);
    for (uint32_t i = 0; i < total; i++)
        all[i] = i;
    subset.count = (uint32_t)asked;
    subset.samples = memory_array(subset.count, sizeof *subset.samples);
    gsl_ran_choose(rng_open(&rng, (uint64_t)sim->config->seed, RNG_SAMPLE, role, 0, 0),
                   subset.samples, subset.count, all, total, sizeof *all);
    free(all);
    return subset;
}

/* A node's share of the samples that the scenario asks for, from its own shard. */
static struct subset shard_create(const struct sim *sim, uint32_t rank)
{
    const uint32_t *held = sim->partition->indices + sim->partition->first[rank];
    uint32_t size = partition_size(sim->partition, rank);
    int64_t asked = sim->config->metrics.loss_samples;
    int64_t share = asked < 0 ? -1 : (asked + sim->nodes - 1) / sim->nodes;
    struct subset subset = subset_create(sim, 2 + rank, share, size);
    if (subset.samples == NULL) {
        subset.count = size;
        subset.samples = memory_array(size, sizeof *subset.samples);
        memcpy(subset.samples, held, size * sizeof *held);
        return subset;
    }
    for (uint32_t i = 0; i < subset.count; i++)
        subset.samples[i] = held[subset.samples[i]];
    return subset;
}

static void create_shards(struct evaluation *evaluation, const struct sim *sim)
{
    evaluation->shard = memory_array(sim->nodes, sizeof *evaluation->shard);
    for (uint32_t rank = 0; sim->partition && rank < sim->nodes; rank++)
        evaluation->shard[rank] = shard_create(sim, rank);
}

static void create_subsets(struct evaluation *evaluation, const struct sim *sim)
{
    const struct run_metrics *metrics = &sim->config->metrics;
    evaluation->tests = metrics->test && sim->data.test.samples > 0;
    if (sim->data_ops == NULL)
        return;
    evaluation->train = subset_create(sim, 0, metrics->loss_samples, sim->data.train.samples);
    evaluation->node =
        subset_create(sim, 1, metrics->node_samples,
                      evaluation->tests ? sim->data.test.samples : sim->data.train.samples);
}

struct evaluation *evaluation_create(const struct sim *sim)
{
    struct evaluation *evaluation = memory_alloc(sizeof *evaluation);
    if (!plan_executes(sim->plan))
        return evaluation;
    evaluation->nodes = sim->config->metrics.node_samples != 0;
    create_subsets(evaluation, sim);
    if (sim->config->metrics.objective == RUN_OBJECTIVE_NODES)
        create_shards(evaluation, sim);
    evaluation->node_count = sim->nodes;
    evaluation->values = memory_array(sim->dimension, sizeof *evaluation->values);
    evaluation->node_value = memory_array(sim->nodes, sizeof *evaluation->node_value);
    evaluation->distance = memory_array(sim->nodes, sizeof *evaluation->distance);
    if (sim->model_ops->optimum && sim->model_ops->optimum(sim->model, evaluation->values)) {
        evaluation->optimum = plan_vector(sim->plan, sim->dimension, true);
        if (plan_write(sim->plan, plan_whole(evaluation->optimum), evaluation->values, NULL) !=
            STATUS_OK)
            evaluation->optimum = 0;
    }
    return evaluation;
}

void evaluation_free(struct evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    for (uint32_t rank = 0; evaluation->shard && rank < evaluation->node_count; rank++)
        free(evaluation->shard[rank].samples);
    free(evaluation->shard);
    free(evaluation->train.samples);
    free(evaluation->test.samples);
    free(evaluation->node.samples);
    free(evaluation->values);
    free(evaluation->node_value);
    free(evaluation->distance);
    free(evaluation);
}

static struct objective_query query_of(int set, const struct subset *subset, int64_t node)
{
    return (struct objective_query){
        .set = set, .count = subset->count, .samples = subset->samples, .node = node};
}

/* The mean of the nodes' own objectives at the mean model. */
static void record_node_objectives(struct evaluation *evaluation, struct sim *sim,
                                   struct plan_term mean)
{
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        struct objective_query query = query_of(OBJECTIVE_TRAIN, &evaluation->shard[rank], rank);
        plan_evaluate(sim->plan, &query, mean, &evaluation->node_value[rank]);
    }
}

static void record_mean(struct evaluation *evaluation, struct sim *sim, struct plan_term mean)
{
    struct plan *plan = sim->plan;
    struct objective_query train = query_of(OBJECTIVE_TRAIN, &evaluation->train, -1);
    struct objective_query test = query_of(OBJECTIVE_TEST, &evaluation->test, -1);
    plan_evaluate(plan, &train, mean, &evaluation->mean_train);
    if (evaluation->tests)
        plan_evaluate(plan, &test, mean, &evaluation->mean_test);
    if (evaluation->optimum)
        plan_distance(plan, mean, (struct plan_term){evaluation->optimum, 1},
                      &evaluation->optimum2);
}

/* The gradient at the mean model over the loss samples, batch by batch, without gradient noise. */
static void record_gradient_norm(struct evaluation *evaluation, struct sim *sim, uint32_t mean)
{
    struct plan *plan = sim->plan;
    const struct subset *subset = &evaluation->train;
    uint32_t total = sim->data_ops == NULL ? 1
                     : subset->count       ? subset->count
                                           : sim->data.train.samples;
    uint32_t batch = (uint32_t)sim->batch_size;
    uint32_t sum = plan_vector(plan, sim->dimension, false);
    uint32_t part = plan_vector(plan, sim->dimension, false);
    for (uint32_t first = 0; first < total; first += batch) {
        uint32_t count = total - first < batch ? total - first : batch;
        struct objective_batch request = {
            .node = OBJECTIVE_POOLED, .count = count, .step = OBJECTIVE_NOISELESS};
        for (uint32_t i = 0; sim->data_ops && i < count; i++)
            sim->samples[i] = subset->samples ? subset->samples[first + i] : first + i;
        request.samples = sim->data_ops ? sim->samples : NULL;
        plan_gradient(plan, &request, mean, part);
        struct plan_term terms[] = {{sum, 1}, {part, (double)count / total}};
        plan_weighted_sum(plan, plan_whole(sum), terms, 2);
    }
    plan_distance(plan, (struct plan_term){sum, 1}, (struct plan_term){0, 0},
                  &evaluation->gradient_norm2);
    plan_release(plan, part);
    plan_release(plan, sum);
}

static void record_nodes(struct evaluation *evaluation, struct sim *sim, struct plan_term mean)
{
    struct objective_query query =
        query_of(evaluation->tests ? OBJECTIVE_TEST : OBJECTIVE_TRAIN, &evaluation->node, -1);
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        struct plan_term z = holding_deployable(&sim->node[rank]);
        plan_distance(sim->plan, z, mean, &evaluation->distance[rank]);
        if (evaluation->nodes)
            plan_evaluate(sim->plan, &query, z, &evaluation->node_value[rank]);
    }
}

static double loss_of(const struct objective_value *value)
{
    return value->count > 0 ? value->loss_sum / (double)value->count : NAN;
}

static double accuracy_of(const struct objective_value *value)
{
    return value->count > 0 && value->correct >= 0 ? (double)value->correct / (double)value->count
                                                   : NAN;
}

static void fill_nodes(const struct evaluation *evaluation, const struct sim *sim,
                       struct trace_metric *row)
{
    double loss = 0, accuracy = 0, distance = 0;
    row->node_loss_min = row->node_accuracy_min = INFINITY;
    row->node_loss_max = row->node_accuracy_max = -INFINITY;
    row->consensus_max = 0;
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        double l = loss_of(&evaluation->node_value[rank]);
        double a = accuracy_of(&evaluation->node_value[rank]);
        loss += l;
        accuracy += a;
        distance += evaluation->distance[rank];
        row->node_loss_min = fmin(row->node_loss_min, l);
        row->node_loss_max = fmax(row->node_loss_max, l);
        row->node_accuracy_min = fmin(row->node_accuracy_min, a);
        row->node_accuracy_max = fmax(row->node_accuracy_max, a);
        row->consensus_max = fmax(row->consensus_max, evaluation->distance[rank]);
    }
    row->node_loss_mean = loss / sim->nodes;
    row->node_accuracy_mean = accuracy / sim->nodes;
    row->consensus = distance / sim->nodes;
    if (isnan(row->node_loss_mean) || !evaluation->nodes)
        row->node_loss_mean = row->node_loss_min = row->node_loss_max = NAN;
    if (isnan(row->node_accuracy_mean) || !evaluation->nodes)
        row->node_accuracy_mean = row->node_accuracy_min = row->node_accuracy_max = NAN;
}

static void fill_values(const struct evaluation *evaluation, const struct sim *sim,
                        struct trace_metric *row)
{
    row->loss = loss_of(&evaluation->mean_train);
    row->accuracy = accuracy_of(&evaluation->mean_train);
    if (evaluation->tests) {
        row->test_loss = loss_of(&evaluation->mean_test);
        row->test_accuracy = accuracy_of(&evaluation->mean_test);
    }
    if (sim->algorithm->uses_gradients)
        row->gradient_norm = sqrt(evaluation->gradient_norm2);
    if (evaluation->optimum)
        row->optimum_distance = sqrt(evaluation->optimum2);
    fill_nodes(evaluation, sim, row);
}

static double node_blocked_ps(const struct node *node, int64_t time_ps)
{
    double blocked = (double)node->blocked_ps;
    if (node->wait.conditions)
        blocked += (double)(time_ps - node->wait.since_ps);
    return blocked + (double)reduce_blocked_ps(node, time_ps);
}

/* What the timeline knows without any numerics. */
static void fill_timeline(const struct sim *sim, int64_t sequence, int64_t time_ps,
                          struct trace_metric *row)
{
    double blocked = 0;
    *row = (struct trace_metric){.sequence = sequence,
                                 .time_ps = time_ps,
                                 .epoch = sim_epoch(sim),
                                 .iteration_min = INT64_MAX,
                                 .iteration_mean = (double)sim->iterations_total / sim->nodes,
                                 .samples = sim->samples_applied,
                                 .bytes = sim->bytes_sent,
                                 .messages = sim->messages_sent};
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        const struct node *node = &sim->node[rank];
        if (node->iteration < row->iteration_min)
            row->iteration_min = node->iteration;
        if (node->iteration > row->iteration_max)
            row->iteration_max = node->iteration;
        blocked += node_blocked_ps(node, time_ps);
    }
    row->blocked_share = time_ps ? blocked / ((double)time_ps * sim->nodes) : 0;
    row->rate = sim->algorithm->uses_gradients ? optimizer_rate(&sim->config->optimizer, sim->nodes,
                                                                row->epoch, row->iteration_mean)
                                               : NAN;
    row->loss = row->accuracy = row->test_loss = row->test_accuracy = NAN;
    row->node_loss_mean = row->node_loss_min = row->node_loss_max = NAN;
    row->node_accuracy_mean = row->node_accuracy_min = row->node_accuracy_max = NAN;
    row->consensus = row->consensus_max = row->gradient_norm = row->optimum_distance = NAN;
}

static double mean_of_objectives(const struct evaluation *evaluation, const struct sim *sim)
{
    double sum = 0;
    for (uint32_t rank = 0; rank < sim->nodes; rank++)
        sum += loss_of(&evaluation->node_value[rank]);
    return sum / sim->nodes;
}

static enum status evaluate(struct evaluation *evaluation, struct sim *sim,
                            struct trace_metric *row, struct error *error)
{
    struct plan_term mean = {holding_mean(sim), 1};
    double objectives = NAN;
    enum status status = STATUS_OK;
    if (sim->config->metrics.objective == RUN_OBJECTIVE_NODES) {
        record_node_objectives(evaluation, sim, mean);
        status = plan_flush(sim->plan, error);
        objectives = mean_of_objectives(evaluation, sim);
    }
    record_mean(evaluation, sim, mean);
    if (sim->algorithm->uses_gradients)
        record_gradient_norm(evaluation, sim, mean.vector);
    record_nodes(evaluation, sim, mean);
    plan_release(sim->plan, mean.vector);
    if (status == STATUS_OK)
        status = plan_flush(sim->plan, error);
    if (status != STATUS_OK)
        return status;
    fill_values(evaluation, sim, row);
    if (sim->config->metrics.objective == RUN_OBJECTIVE_NODES)
        row->loss = objectives;
    return STATUS_OK;
}

static void report_nodes(const struct evaluation *evaluation, struct sim *sim,
                         const struct trace_metric *metric)
{
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        const struct node *node = &sim->node[rank];
        struct trace_node_metric row = {.sequence = metric->sequence,
                                        .node = rank,
                                        .iteration = node->iteration,
                                        .loss = NAN,
                                        .accuracy = NAN,
                                        .distance = NAN,
                                        .weight = node->w,
                                        .blocked_ps =
                                            (int64_t)node_blocked_ps(node, metric->time_ps)};
        if (evaluation->distance)
            row.distance = evaluation->distance[rank];
        if (evaluation->nodes) {
            row.loss = loss_of(&evaluation->node_value[rank]);
            row.accuracy = accuracy_of(&evaluation->node_value[rank]);
        }
        observer_node_metric(&sim->observer, &row);
    }
}

enum status evaluation_take(struct evaluation *evaluation, struct sim *sim, int64_t sequence,
                            int64_t time_ps, struct trace_metric *row, struct error *error)
{
    enum status status = STATUS_OK;
    fill_timeline(sim, sequence, time_ps, row);
    if (plan_executes(sim->plan))
        status = evaluate(evaluation, sim, row, error);
    if (status != STATUS_OK)
        return status;
    observer_metric(&sim->observer, row);
    report_nodes(evaluation, sim, row);
    if (sim->config->trace.parameters == RUN_PARAMETERS_METRICS)
        status = evaluation_store(evaluation, sim, sequence, error);
    return status;
}

static enum status store_vector(struct evaluation *evaluation, struct sim *sim, int64_t sequence,
                                int64_t node, const char *kind, struct plan_term term,
                                struct error *error)
{
    struct trace_sink *sink = sim->observer.sink;
    uint32_t copy = plan_vector(sim->plan, sim->dimension, false);
    plan_weighted_sum(sim->plan, plan_whole(copy), &term, 1);
    enum status status = plan_read(sim->plan, plan_whole(copy), evaluation->values, error);
    plan_release(sim->plan, copy);
    if (status != STATUS_OK)
        return status;
    struct trace_parameters row = {.sequence = sequence,
                                   .node = node,
                                   .kind = kind,
                                   .weight = node < 0 ? 1 : sim->node[node].w,
                                   .values = evaluation->values,
                                   .count = sim->dimension,
                                   .float32 = sim->config->precision == NUMERIC_FLOAT32};
    sink->ops->parameters(sink, &row);
    return STATUS_OK;
}

enum status evaluation_store(struct evaluation *evaluation, struct sim *sim, int64_t sequence,
                             struct error *error)
{
    enum status status = STATUS_OK;
    if (!plan_executes(sim->plan) || sim->observer.sink == NULL)
        return STATUS_OK;
    for (uint32_t rank = 0; rank < sim->nodes && status == STATUS_OK; rank++) {
        struct node *node = &sim->node[rank];
        struct plan_term x = {node->x, node->held};
        status = store_vector(evaluation, sim, sequence, rank, "x", x, error);
        if (status == STATUS_OK)
            status =
                store_vector(evaluation, sim, sequence, rank, "z", holding_deployable(node), error);
    }
    if (status == STATUS_OK) {
        struct plan_term mean = {holding_mean(sim), 1};
        status = store_vector(evaluation, sim, sequence, -1, "mean", mean, error);
        plan_release(sim->plan, mean.vector);
    }
    return status;
}
