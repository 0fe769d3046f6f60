/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds a simulation from a resolved scenario.  Whatever cannot run is refused here. */
#include "run/sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/check.h"
#include "core/memory.h"
#include "models/data_cache.h"
#include "numerics/backend.h"
#include "run/metrics.h"

static uint64_t seed_or(int64_t split, int64_t seed)
{
    return (uint64_t)(field_integer_absent(split) ? seed : split);
}

/* Lower layers name paths below their own section; puts the section in front. */
static enum status within(const char *section, struct error *error, enum status status)
{
    char path[sizeof error->path];
    size_t length = strlen(section);
    if (status == STATUS_OK || error == NULL || status != STATUS_REQUEST)
        return status;
    if (strncmp(error->path, section, length) == 0)
        return status;
    snprintf(path, sizeof path, "%s%s%.200s", section, error->path[0] ? "." : "", error->path);
    memcpy(error->path, path, sizeof path);
    return status;
}

static enum status check_stop(const struct sim *sim, struct error *error)
{
    const struct run_stop *stop = &sim->config->stop;
    bool bounded = !field_integer_absent(stop->iterations) || !field_real_absent(stop->time_s) ||
                   !field_real_absent(stop->epochs);
    if (!bounded && field_real_absent(stop->target_loss) &&
        field_real_absent(stop->target_accuracy))
        return status_fail_at(error, "stop",
                              "found nothing that stops the run, expected one of iterations, "
                              "epochs, time, target_loss, target_accuracy");
    if (!sim->algorithm->uses_gradients && !field_real_absent(stop->epochs))
        return status_fail_at(error, "stop.epochs",
                              "found an epoch limit, but %s applies no gradients; expected "
                              "iterations or time",
                              sim->algorithm->plugin.name);
    if (!field_real_absent(stop->target_accuracy) && !sim->model_ops->classifies)
        return status_fail_at(error, "stop.target_accuracy",
                              "found a target accuracy, but model %s does not classify",
                              sim->model_ops->plugin.name);
    return STATUS_OK;
}

/* A metric alone needs a vector beside the nodes' own; what one operation of this run needs in all
 * is known only while it is recorded. */
static enum status check_budget(const struct sim *sim, struct error *error)
{
    int64_t budget = sim->config->plan_memory_bytes;
    size_t needed = sim->dimension * numeric_size((enum numeric_precision)sim->config->precision);
    if (budget > 0 && (uint64_t)budget >= needed)
        return STATUS_OK;
    return status_fail_at(error, "plan_memory",
                          "found %lld bytes, expected at least %zu, a vector of the model",
                          (long long)budget, needed);
}

size_t run_steering(const struct run_config *config, const char *parts[RUN_STEERING_MAX])
{
    size_t count = 0;
    if (encode_needs_values(config))
        parts[count++] = "compressor.name";
    if (!field_real_absent(config->stop.target_loss))
        parts[count++] = "stop.target_loss";
    if (!field_real_absent(config->stop.target_accuracy))
        parts[count++] = "stop.target_accuracy";
    return count;
}

enum status sim_check_device(const struct sim *sim, const struct backend_ops *backend,
                             struct error *error)
{
    const struct run_stop *stop = &sim->config->stop;
    if (backend->executes)
        return check_budget(sim, error);
    if (encode_needs_values(sim->config))
        return status_fail_at(error, "compressor.name",
                              "found %s, whose messages' sizes depend on values, which device none "
                              "does not compute; expected a declared size (threshold: "
                              "declared_ratio) or a fixed encoding",
                              sim->config->compressor.rule.plugin->name);
    if (!field_real_absent(stop->target_loss))
        return status_fail_at(error, "stop.target_loss",
                              "found a target, but device none computes no loss; give a limit "
                              "(iterations, epochs, time) instead");
    if (!field_real_absent(stop->target_accuracy))
        return status_fail_at(error, "stop.target_accuracy",
                              "found a target, but device none computes no accuracy; give a "
                              "limit (iterations, epochs, time) instead");
    return STATUS_OK;
}

static enum status check_range(const char *path, const struct run_expect_range *range,
                               struct error *error)
{
    if (range->min > range->max)
        return status_fail_at(error, path, "found min %g above max %g, which no value meets",
                              range->min, range->max);
    if (isnan(range->near) && !isnan(range->tolerance))
        return status_fail_at(error, path, "found a tolerance of no value, expected near with it");
    return STATUS_OK;
}

/* Ranges that no value can lie in, and those that say nothing. */
static enum status check_expect(const struct sim *sim, struct error *error)
{
    enum status status = STATUS_OK;
#define EXPECT_COLUMN(column)                                                                      \
    if (status == STATUS_OK)                                                                       \
        status = check_range("expect." #column, &sim->config->expect.column, error);
    RUN_SUMMARY_LIST(EXPECT_COLUMN)
#undef EXPECT_COLUMN
    return status;
}

static enum status load_data(struct sim *sim, struct error *error)
{
    const struct run_config *config = sim->config;
    const struct data_ops *ops = (const void *)config->data.source.plugin;
    bool none = strcmp(ops->plugin.name, "none") == 0;
    uint64_t seed = seed_or(config->seeds.data, config->seed);
    enum status status;
    if (sim->model_ops->needs_data && none)
        return status_fail_at(error, "data",
                              "found no data, but model %s needs some; expected for example "
                              "\"gaussian-blobs\" or \"fashion-mnist\"",
                              sim->model_ops->plugin.name);
    if (!sim->model_ops->needs_data && !none)
        return status_fail_at(error, "data", "found %s, but model %s takes no data",
                              ops->plugin.name, sim->model_ops->plugin.name);
    if (none)
        return STATUS_OK;
    enum numeric_precision precision = (enum numeric_precision)config->precision;
    struct data_cache *cache = sim->options->data_cache;
    if (cache)
        status = data_cache_load(cache, &config->data.source, precision, seed, &sim->data, error);
    else
        status = ops->load(config->data.source.params, precision, seed, &sim->data, error);
    if (status != STATUS_OK)
        return within("data", error, status);
    sim->data_ops = ops;
    status = within(
        "data", error,
        partition_create(&sim->partition, &config->data, &sim->data, sim->nodes, seed, error));
    if (status != STATUS_OK)
        return status;
    sim->sampler = sampler_create(&config->data, &sim->data, sim->partition,
                                  seed_or(config->seeds.batches, config->seed));
    return STATUS_OK;
}

static enum status create_model(struct sim *sim, struct error *error)
{
    const struct run_config *config = sim->config;
    struct model_setting setting = {
        .params = config->model.params,
        .data = sim->data_ops ? &sim->data : NULL,
        .partition = sim->partition,
        .precision = (enum numeric_precision)config->precision,
        .timeline_only = sim->options->backend == &backend_none_ops,
        .nodes = sim->nodes,
        .seed_data = seed_or(config->seeds.data, config->seed),
        .seed_init = seed_or(config->seeds.init, config->seed),
        .seed_noise = seed_or(config->seeds.batches, config->seed),
    };
    enum status status =
        within("model", error, sim->model_ops->create(&setting, &sim->model, error));
    if (status != STATUS_OK)
        return status;
    sim->dimension = sim->model_ops->objective(sim->model).dimension;
    sim->batch_size = config->data.batch_size;
    sim->epoch_samples =
        sim->data_ops ? (double)sim->data.train.samples : (double)sim->batch_size * sim->nodes;
    sim->message_bytes =
        field_integer_absent(config->wire.message_bytes)
            ? (int64_t)(sim->dimension * numeric_size((enum numeric_precision)config->precision))
            : config->wire.message_bytes;
    return STATUS_OK;
}

static enum status create_topology(struct sim *sim, struct error *error)
{
    const void *params = sim->config->algorithm.params;
    struct topology_config topology = sim->config->topology;
    unsigned required;
    enum status status = STATUS_OK;
    if (sim->algorithm->check)
        status = sim->algorithm->check(params, sim->nodes, error);
    if (status != STATUS_OK || sim->algorithm->topology == NULL)
        return status;
    required = sim->algorithm->topology(params);
    topology.seed = seed_or(sim->config->seeds.topology, sim->config->seed);
    status = topology_create(&sim->topology, &topology, sim->nodes, error);
    if (status == STATUS_OK)
        status = topology_require(sim->topology, required, sim->algorithm->plugin.name, error);
    if (status == STATUS_OK)
        sim->edges = memory_array(topology_max_degree(sim->topology) + 1, sizeof *sim->edges);
    if (status == STATUS_OK && required & TOPOLOGY_BIPARTITE) {
        sim->side = memory_array(sim->nodes, sizeof *sim->side);
        topology_sides(sim->topology, sim->side);
    }
    return within("topology", error, status);
}

/* Workers fill the hosts in order; servers come after them, or beside worker 0, 1, ... */
static uint32_t host_of(const struct sim *sim, uint32_t rank)
{
    uint32_t per_host = (uint32_t)sim->config->workers_per_host;
    if (rank < sim->nodes)
        return rank / per_host;
    uint32_t server = rank - sim->nodes;
    return sim->servers.co_located ? server % sim->nodes / per_host
                                   : sim->nodes / per_host + server;
}

/* The program's slots are units of their own: updaters of one node compute side by side. */
static uint32_t *place_units(const struct sim *sim)
{
    uint32_t *host = memory_array((size_t)sim->nodes * sim->slots, sizeof *host);
    for (uint32_t rank = 0; rank < sim->nodes; rank++)
        for (uint32_t slot = 0; slot < sim->slots; slot++)
            host[(size_t)rank * sim->slots + slot] = host_of(sim, rank);
    return host;
}

static enum status create_cluster(struct sim *sim, struct error *error)
{
    const struct run_config *config = sim->config;
    struct cluster_seeds seeds = {
        .compute = seed_or(config->seeds.compute, config->seed),
        .network = seed_or(config->seeds.network, config->seed),
    };
    uint32_t *host_of_unit = place_units(sim);
    const struct cluster_layout layout = {
        .hosts = sim->hosts, .units = sim->nodes * sim->slots, .host_of_unit = host_of_unit};
    enum status status = cluster_create(&sim->cluster, sim->engine, &config->compute,
                                        &config->network, &layout, sim->batch_size, seeds, error);
    free(host_of_unit);
    if (status != STATUS_OK)
        return status;
    sim->network_client = network_client(cluster_network(sim->cluster), mailbox_arrived, sim);
    sim->lossy_client = network_client(cluster_network(sim->cluster), mailbox_arrived, sim);
    network_on_loss(cluster_network(sim->cluster), sim->lossy_client, mailbox_lost);
    sim->collectives = collectives_create(sim->cluster, sim->engine, reduce_done, sim);
    if (config->trace.level == TRACE_FULL)
        collectives_watch(sim->collectives, reduce_watch, sim);
    sim->gradient_event = engine_register(sim->engine, "gradient", gradient_event, sim);
    sim->bucket_event = engine_register(sim->engine, "bucket", gradient_bucket_event, sim);
    sim->timer_event = engine_register(sim->engine, "timer", timer_event, sim);
    sim->ready_event = engine_register(sim->engine, "ready", wait_ready_event, sim);
    sim->reduced_event = engine_register(sim->engine, "reduced", reduce_event, sim);
    sim->crashed_event = engine_register(sim->engine, "crashed", sim_faults_crashed_event, sim);
    return sim_faults_create(sim, seeds.network, error);
}

static unsigned thread_count(unsigned asked)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return asked ? asked : online > 0 ? (unsigned)online : 1;
}

static enum status create_plan(struct sim *sim, struct error *error)
{
    struct plan_config plan = {
        .backend = sim->options->backend,
        .objective = sim->model_ops->objective(sim->model),
        .optimizer = sim->optimizer,
        .optimizer_params = sim->config->optimizer.rule.params,
        .threads = thread_count(sim->options->threads),
        .memory_budget_bytes = sim->config->plan_memory_bytes,
        .batch_size = (uint32_t)sim->batch_size,
    };
    return plan_create(&sim->plan, &plan, error);
}

static void node_init(struct sim *sim, uint32_t rank)
{
    struct node *node = &sim->node[rank];
    *node = (struct node){.sim = sim,
                          .rank = rank,
                          .host = host_of(sim, rank),
                          .inbox = SIM_NO_MESSAGE,
                          .postponed = SIM_NO_MESSAGE,
                          .taken = SIM_NO_MESSAGE,
                          .held = 1,
                          .w = 1,
                          .pair = {.questions = SIM_NO_MESSAGE},
                          .expected_round = -1,
                          .collective_entered_ps = -1};
    if (!plan_executes(sim->plan))
        return;
    node->x = plan_vector(sim->plan, sim->dimension, true);
    for (unsigned v = 0; v < sim->vectors; v++)
        sim->vector[(size_t)rank * sim->vectors + v] = plan_vector(sim->plan, sim->dimension, true);
}

static enum status fill_nodes(struct sim *sim, const struct initial_ops *initial, const void *state,
                              struct error *error)
{
    double *values = memory_try_aligned(sim->dimension * sizeof *values);
    enum status status = STATUS_OK;
    if (values == NULL)
        return status_fail(error, STATUS_NO_MEMORY, "a vector of %zu doubles does not fit",
                           sim->dimension);
    /* A model that servers hold is worker 0's, and everybody has read it. */
    uint32_t own = sim->algorithm->mean == ALGORITHM_MEAN_SERVER ? 1 : sim->nodes;
    for (uint32_t rank = 0; rank < sim->instances && status == STATUS_OK; rank++) {
        uint32_t as = rank < own ? rank : 0;
        initial->fill(sim->config->initial.params, state, sim->model_ops, sim->model, as,
                      sim->dimension, values);
        status = plan_write(sim->plan, plan_whole(sim->node[rank].x), values, error);
    }
    free(values);
    return status;
}

/* What the choice reads is checked with every device. */
static enum status initial_values(struct sim *sim, struct error *error)
{
    const struct initial_ops *initial = (const void *)sim->config->initial.plugin;
    void *state = NULL;
    enum status status = STATUS_OK;
    if (initial->open)
        status = within(
            "initial", error,
            initial->open(sim->config->initial.params, sim->nodes, sim->dimension, &state, error));
    if (status == STATUS_OK && plan_executes(sim->plan))
        status = fill_nodes(sim, initial, state, error);
    free(state);
    return status;
}

/* Every state is aligned for anything. */
static size_t aligned(size_t size)
{
    return (size + 15) / 16 * 16;
}

static void create_states(struct sim *sim)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    size_t server = algorithm->state_size;
    if (algorithm->server_state)
        server = algorithm->server_state(sim->config->algorithm.params, sim->nodes);
    sim->state_size = aligned(algorithm->state_size);
    sim->server_state_size = aligned(server);
    sim->state = memory_array(1, sim->nodes * sim->state_size +
                                     sim->servers.count * sim->server_state_size + 1);
}

static enum status create_nodes(struct sim *sim, struct error *error)
{
    sim->node = memory_array(sim->instances, sizeof *sim->node);
    sim->slot = memory_array((size_t)sim->instances * sim->slots, sizeof *sim->slot);
    if (sim->vectors)
        sim->vector = memory_array((size_t)sim->instances * sim->vectors, sizeof *sim->vector);
    create_states(sim);
    sim->samples = memory_array((size_t)sim->batch_size, sizeof *sim->samples);
    sim->message_free = SIM_NO_MESSAGE;
    for (uint32_t rank = 0; rank < sim->instances; rank++)
        node_init(sim, rank);
    ledger_add(sim, sim->nodes);
    holding_scratch(sim, 64);
    enum status status = initial_values(sim, error);
    for (uint32_t rank = 0; rank < sim->instances && status == STATUS_OK; rank++) {
        holding_deploy(&sim->node[rank]);
        outer_start(&sim->node[rank]);
    }
    if (status == STATUS_OK)
        sim_faults_start(sim);
    return status;
}

/* Who runs, and where. */
static enum status place_instances(struct sim *sim, struct error *error)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    const void *params = sim->config->algorithm.params;
    int64_t per_host = sim->config->workers_per_host;
    if (sim->nodes % per_host != 0)
        return status_fail_at(error, "workers_per_host",
                              "found %lld with %u nodes, expected a divisor of their number",
                              (long long)per_host, sim->nodes);
    if (algorithm->servers)
        sim->servers = algorithm->servers(params, sim->nodes);
    sim->slots = algorithm->slots ? algorithm->slots(params) : 1;
    sim->vectors = algorithm->vectors;
    sim->instances = sim->nodes + sim->servers.count;
    sim->hosts =
        sim->nodes / (uint32_t)per_host + (sim->servers.co_located ? 0 : sim->servers.count);
    sim->seed_program = seed_or(sim->config->seeds.topology, sim->config->seed);
    return STATUS_OK;
}

/* What the program's own rule leaves to the optimizer. */
static enum status check_optimizer(struct sim *sim, struct error *error)
{
    const struct optimizer_config *optimizer = &sim->config->optimizer;
    const char *program = sim->algorithm->plugin.name;
    if (sim->servers.count > sim->dimension)
        return status_fail_at(error, "algorithm",
                              "found %u server shards, but the model has %zu parameters",
                              sim->servers.count, sim->dimension);
    if (sim->servers.count > 1 && sim->optimizer->layerwise)
        return status_fail_at(error, "optimizer.name",
                              "found %s, whose layers %u shards would cut; expected one server, "
                              "or another rule",
                              optimizer->rule.plugin->name, sim->servers.count);
    if (!sim->algorithm->uses_gradients || sim->algorithm->optimizers == ALGORITHM_OPTIMIZER_ANY)
        return STATUS_OK;
    bool rate = sim->algorithm->optimizers == ALGORITHM_OPTIMIZER_RATE;
    if (rate && (sim->optimizer->states > 0 || sim->optimizer->layerwise))
        return status_fail_at(error, "optimizer.name",
                              "found %s, but %s has an update rule of its own; expected sgd",
                              optimizer->rule.plugin->name, program);
    if (sim->optimizer->layerwise)
        return status_fail_at(error, "optimizer.name",
                              "found %s, which needs whole layers, but %s steps on parts of the "
                              "model; expected another rule",
                              optimizer->rule.plugin->name, program);
    if (!field_real_absent(optimizer->clip_norm))
        return status_fail_at(error, "optimizer.clip_norm",
                              "found %g, but %s does not clip gradients", optimizer->clip_norm,
                              program);
    return STATUS_OK;
}

static enum status build(struct sim *sim, struct error *error)
{
    enum status (*const parts[])(struct sim *, struct error *) = {
        place_instances, load_data,       create_model,   check_optimizer, encode_check,
        outer_check,     create_topology, create_cluster, create_plan,     create_nodes,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        enum status status = parts[i](sim, error);
        if (status != STATUS_OK)
            return status;
    }
    enum status status = check_stop(sim, error);
    if (status == STATUS_OK)
        status = check_expect(sim, error);
    if (status == STATUS_OK)
        sim->metrics = metrics_create(sim);
    return status;
}

static bool carries_weight(const struct algorithm_ops *algorithm, const void *params)
{
    return algorithm->carries_weight &&
           !(algorithm->ignores_weight && algorithm->ignores_weight(params));
}

/* Does the program go on without some of its messages? */
static bool mourns(const struct sim *sim)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    return (algorithm->survives & ALGORITHM_SURVIVES_LOSS) &&
           !(algorithm->needs_all && algorithm->needs_all(sim->config->algorithm.params)) &&
           (sim->weighted || !algorithm->carries_weight);
}

enum status sim_create(struct sim **out, const struct run_config *config,
                       const struct run_options *options, struct error *error)
{
    struct sim *sim = memory_alloc(sizeof *sim);
    sim->config = config;
    sim->options = options;
    sim->nodes = (uint32_t)config->nodes;
    sim->algorithm = (const void *)config->algorithm.plugin;
    sim->weighted = carries_weight(sim->algorithm, config->algorithm.params);
    sim->mourns = mourns(sim);
    sim->model_ops = (const void *)config->model.plugin;
    sim->optimizer = (const void *)config->optimizer.rule.plugin;
    sim->engine = engine_create();
    observer_open(&sim->observer, options->sink, (enum trace_level)config->trace.level);
    enum status status = build(sim, error);
    if (status != STATUS_OK) {
        sim_free(sim);
        return status;
    }
    *out = sim;
    return STATUS_OK;
}

void sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    metrics_free(sim->metrics);
    reduce_close(sim);
    if (sim->plan)
        plan_free(sim->plan);
    collectives_free(sim->collectives);
    faults_free(sim->faults);
    cluster_free(sim->cluster);
    topology_free(sim->topology);
    sampler_free(sim->sampler);
    if (sim->model)
        sim->model_ops->destroy(sim->model);
    partition_free(sim->partition);
    if (sim->data_ops && sim->options->data_cache == NULL)
        sim->data_ops->unload(&sim->data);
    observer_close(&sim->observer);
    engine_free(sim->engine);
    free(sim->node);
    free(sim->slot);
    free(sim->vector);
    free(sim->edge_tail);
    free(sim->state);
    free(sim->edges);
    free(sim->side);
    free(sim->ranks);
    free(sim->samples);
    free(sim->message);
    free(sim->terms);
    free(sim->sorted);
    free(sim);
}

double sim_epoch(const struct sim *sim)
{
    return (double)sim->samples_applied / sim->epoch_samples;
}

void sim_start(struct sim *sim)
{
    for (uint32_t rank = 0; rank < sim->instances; rank++) {
        struct node *node = &sim->node[rank];
        if (sim->config->stop.iterations == 0) {
            node->finished = true;
            sim->finished += rank < sim->nodes;
            continue;
        }
        sim->algorithm->start(node);
        wait_settle(node);
    }
}
