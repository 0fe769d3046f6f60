/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays one run: events, flushes, metrics and stop rules. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/simtime.h"
#include "numerics/backend.h"
#include "run/evaluation.h"
#include "run/metrics.h"
#include "run/sim.h"

#define PROGRESS_POLLS     256  /* events and metrics between two looks at the wall clock */
#define INSTANT_ITERATIONS 1000 /* of every node, at one instant: no time passes */
#define INSTANT_GRADIENTS  1000 /* likewise, of every slot, while no iteration ends */

struct drive {
    struct sim *sim;
    struct run_result *result;
    double began_s, reported_s;
    int64_t stop_ps;            /* INT64_MAX: no limit in time */
    int64_t instant_iterations; /* iterations_total when time last moved */
    int64_t still_iterations;   /* iterations_total when last looked at */
    int64_t still_gradients;    /* gradients_started when that, or time, last moved */
    uint64_t polls;             /* events and metrics so far */
    bool stopped;
};

static double wall_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void stop_because(struct drive *drive, const char *reason)
{
    drive->stopped = true;
    snprintf(drive->result->reason, sizeof drive->result->reason, "%s", reason);
}

/* How far the nearest foreseeable stop is; NaN when only a target stops the run. */
static double fraction(const struct sim *sim)
{
    const struct run_stop *stop = &sim->config->stop;
    double best = NAN;
    if (!field_integer_absent(stop->iterations) && stop->iterations > 0)
        best = fmax(isnan(best) ? 0 : best,
                    (double)sim->iterations_total / ((double)stop->iterations * sim->nodes));
    if (!field_real_absent(stop->epochs))
        best = fmax(isnan(best) ? 0 : best, sim_epoch(sim) / stop->epochs);
    if (!field_real_absent(stop->time_s))
        best = fmax(isnan(best) ? 0 : best, simtime_to_s(engine_now(sim->engine)) / stop->time_s);
    return best;
}

static void report_progress(struct drive *drive)
{
    struct sim *sim = drive->sim;
    const struct run_options *options = sim->options;
    double now_s = wall_now_s();
    if (options->progress == NULL || now_s - drive->reported_s < options->progress_every_s)
        return;
    drive->reported_s = now_s;
    const struct trace_metric *last = metrics_last(sim);
    double wall_s = now_s - drive->began_s;
    struct run_progress progress = {
        .time_ps = engine_now(sim->engine),
        .fraction = fraction(sim),
        .epoch = sim_epoch(sim),
        .iterations = (double)sim->iterations_total / sim->nodes,
        .wall_s = wall_s,
        .iterations_per_s = wall_s > 0 ? (double)sim->iterations_total / wall_s : 0,
        .loss = last->loss,
        .accuracy = isnan(last->test_accuracy) ? last->accuracy : last->test_accuracy,
    };
    options->progress(options->progress_context, &progress);
}

static enum status poll_outside(struct drive *drive, struct error *error)
{
    struct sim *sim = drive->sim;
    struct trace_sink *sink = sim->observer.sink;
    if (sim->options->interrupt && *sim->options->interrupt) {
        stop_because(drive, "interrupted");
        return status_fail(error, STATUS_INTERRUPTED, "interrupted at %.9g s of simulated time",
                           simtime_to_s(engine_now(sim->engine)));
    }
    if (++drive->polls % PROGRESS_POLLS != 0)
        return STATUS_OK;
    report_progress(drive);
    return sink ? sink->ops->failed(sink, error) : STATUS_OK;
}

/* Is the event just played the last of its instant? */
static bool instant_ends(const struct sim *sim)
{
    int64_t next_ps;
    return !engine_next_time(sim->engine, &next_ps) || next_ps > engine_now(sim->engine);
}

/* The epochs are reached: the instant is played to its end, so that nodes in lockstep stop in step;
 * but not for ever, where gradients take no time. */
static bool epochs_reached(const struct sim *sim)
{
    double epochs = sim->config->stop.epochs;
    double round = (double)sim->batch_size * sim->nodes / sim->epoch_samples;
    if (field_real_absent(epochs) || sim_epoch(sim) < epochs)
        return false;
    return instant_ends(sim) || sim_epoch(sim) >= epochs + round;
}

/* A request that proves too small only while playing (one operation above the plan's memory) is a
 * run that failed: something was started and written. */
static enum status while_playing(enum status status, struct error *error)
{
    if (status != STATUS_REQUEST)
        return status;
    snprintf(error->path, sizeof error->path, "plan_memory");
    return error->status = STATUS_NO_MEMORY;
}

/* After an event: flush, metric, stop rules. */
static enum status after_event(struct drive *drive, struct error *error)
{
    struct sim *sim = drive->sim;
    enum status status = STATUS_OK;
    if (plan_must_flush(sim->plan))
        status = while_playing(plan_flush(sim->plan, error), error);
    if (status == STATUS_OK && metrics_due(sim, instant_ends(sim)))
        status = while_playing(metrics_take(sim, engine_now(sim->engine), error), error);
    if (status != STATUS_OK)
        return status;
    const char *target = metrics_target_met(sim);
    if (target)
        stop_because(drive, target);
    else if (epochs_reached(sim))
        stop_because(drive, "epochs");
    else if (sim->finished > 0 && sim->finished + sim->gone == sim->nodes)
        stop_because(drive, "iterations");
    return poll_outside(drive, error);
}

/* Metrics due at simulated times before the next event; they see the state between events. */
static enum status between_events(struct drive *drive, int64_t next_ps, struct error *error)
{
    struct sim *sim = drive->sim;
    int64_t due_ps;
    while (!drive->stopped && metrics_due_before(sim, next_ps, &due_ps) &&
           due_ps <= drive->stop_ps) {
        enum status status = while_playing(metrics_take(sim, due_ps, error), error);
        if (status != STATUS_OK)
            return status;
        if (metrics_target_met(sim))
            stop_because(drive, metrics_target_met(sim));
        else
            status = poll_outside(drive, error); /* the next event may be far away */
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Nothing can happen any more, or only beyond the clock. */
static enum status check_next(struct drive *drive, bool pending, int64_t next_ps,
                              struct error *error)
{
    struct sim *sim = drive->sim;
    char text[900];
    if (!pending) {
        deadlock_report(sim, text, sizeof text);
        stop_because(drive, text);
        return status_fail(error, STATUS_DEADLOCK, "%s", text);
    }
    if (next_ps < SIMTIME_BEYOND_PS || drive->stop_ps < SIMTIME_BEYOND_PS)
        return STATUS_OK;
    return status_fail(error, STATUS_CLOCK,
                       "the next event after %.9g s lies beyond the clock's %.0f s",
                       simtime_to_s(engine_now(sim->engine)), simtime_to_s(SIMTIME_BEYOND_PS));
}

/* Iterations that take no time never reach a stop but their own number. */
static bool only_iterates(const struct drive *drive)
{
    const struct sim *sim = drive->sim;
    return field_integer_absent(sim->config->stop.iterations) &&
           sim->iterations_total - drive->instant_iterations >=
               INSTANT_ITERATIONS * (int64_t)sim->nodes;
}

/* Gradients that take no time and end no iteration reach nothing. */
static bool only_computes(const struct drive *drive)
{
    const struct sim *sim = drive->sim;
    return sim->gradients_started - drive->still_gradients >=
           INSTANT_GRADIENTS * (int64_t)sim->instances * sim->slots;
}

static enum status check_time_passes(struct drive *drive, int64_t next_ps, struct error *error)
{
    struct sim *sim = drive->sim;
    bool passes = next_ps > engine_now(sim->engine);
    if (passes)
        drive->instant_iterations = sim->iterations_total;
    if (passes || sim->iterations_total != drive->still_iterations)
        drive->still_gradients = sim->gradients_started;
    drive->still_iterations = sim->iterations_total;
    if (only_iterates(drive))
        return status_fail(error, STATUS_CLOCK,
                           "no time passes: every node has done %d iterations at %.9g s, and the "
                           "run stops by time or epochs only",
                           INSTANT_ITERATIONS, simtime_to_s(engine_now(sim->engine)));
    if (only_computes(drive))
        return status_fail(error, STATUS_CLOCK,
                           "no time passes: every node has computed %d gradients at %.9g s, and "
                           "none of them has ended an iteration",
                           INSTANT_GRADIENTS, simtime_to_s(engine_now(sim->engine)));
    return STATUS_OK;
}

static enum status begin(struct drive *drive, struct error *error)
{
    struct sim *sim = drive->sim;
    struct trace_sink *sink = sim->observer.sink;
    enum status status = sink ? sink->ops->failed(sink, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = while_playing(metrics_take(sim, 0, error), error);
    if (status != STATUS_OK)
        return status;
    if (metrics_target_met(sim)) {
        stop_because(drive, metrics_target_met(sim));
        return STATUS_OK;
    }
    sim_start(sim);
    if (sim->finished == sim->nodes)
        stop_because(drive, "iterations");
    return STATUS_OK;
}

static enum status play(struct drive *drive, struct error *error)
{
    struct sim *sim = drive->sim;
    enum status status = begin(drive, error);
    while (status == STATUS_OK && !drive->stopped) {
        int64_t next_ps = 0;
        bool pending = engine_next_time(sim->engine, &next_ps);
        status = check_next(drive, pending, next_ps, error);
        if (status == STATUS_OK)
            status = check_time_passes(drive, next_ps, error);
        if (status == STATUS_OK)
            status = between_events(drive, next_ps, error);
        if (status == STATUS_OK && !drive->stopped && next_ps > drive->stop_ps) {
            stop_because(drive, "time");
            break;
        }
        if (status != STATUS_OK || drive->stopped)
            break;
        engine_step(sim->engine);
        status = after_event(drive, error);
    }
    return status;
}

/* The instant the run ended at. */
static int64_t end_ps(const struct drive *drive)
{
    if (strcmp(drive->result->reason, "time") == 0)
        return drive->stop_ps;
    int64_t last_ps = metrics_last(drive->sim)->time_ps;
    int64_t now_ps = engine_now(drive->sim->engine);
    return last_ps > now_ps ? last_ps : now_ps;
}

/* The state at the stop, unless a metric saw exactly this state already. */
static enum status final_metric(struct drive *drive, struct error *error)
{
    struct sim *sim = drive->sim;
    const struct trace_metric *last = metrics_last(sim);
    if (last->time_ps == end_ps(drive) && last->samples == sim->samples_applied &&
        last->iteration_mean == (double)sim->iterations_total / sim->nodes)
        return STATUS_OK;
    return metrics_take(sim, end_ps(drive), error);
}

static void report_links(struct sim *sim, int64_t now_ps)
{
    struct trace_sink *sink = sim->observer.sink;
    if (sink == NULL || sim->observer.level < TRACE_METRICS)
        return;
    for (uint32_t host = 0; host < sim->hosts; host++) {
        struct network_link_totals totals;
        network_link(cluster_network(sim->cluster), host, now_ps, &totals);
        struct trace_link row = {host, totals.tx_bytes, totals.rx_bytes, totals.tx_busy_ps,
                                 totals.rx_busy_ps};
        sink->ops->link(sink, &row);
    }
}

static struct run_summary run_summary_unknown(void)
{
#define SUMMARY_UNKNOWN(column) .column = NAN,
    return (struct run_summary){RUN_SUMMARY_LIST(SUMMARY_UNKNOWN)};
#undef SUMMARY_UNKNOWN
}

static void summarise(struct drive *drive)
{
    struct sim *sim = drive->sim;
    struct run_result *result = drive->result;
    const struct trace_metric *row = metrics_last(sim);
    result->last = *row;
    result->wall_s = wall_now_s() - drive->began_s;
    result->events = engine_event_count(sim->engine);
    result->summary = (struct run_summary){
        .simulated_time_s = simtime_to_s(row->time_ps),
        .iterations = row->iteration_mean,
        .epochs = row->epoch,
        .mean_model_loss = row->loss,
        .mean_model_accuracy = isnan(row->test_accuracy) ? row->accuracy : row->test_accuracy,
        .node_loss_mean = row->node_loss_mean,
        .node_accuracy_mean = row->node_accuracy_mean,
        .node_accuracy_min = row->node_accuracy_min,
        .consensus = row->consensus,
        .consensus_max = row->consensus_max,
        .gradient_norm = row->gradient_norm,
        .optimum_distance = row->optimum_distance,
        .bytes = (double)row->bytes,
        .messages = (double)row->messages,
        .blocked_share = row->blocked_share,
        .staleness_mean = sim_staleness_mean(sim),
        .staleness_max = sim_staleness_max(sim),
        .gradients_dropped = (double)sim->counts.gradients_dropped,
        .gradients_cancelled = (double)sim->counts.gradients_cancelled,
        .messages_lost = (double)sim->counts.messages_lost,
        .mass_destroyed = sim->counts.mass_destroyed + sim->ledger.destroyed,
    };
    result->summary.time_to_target_s = metrics_time_to_target_s(sim, &result->grid_s);
    result->measured = metrics_any(sim);
    if (!result->measured)
        result->summary = run_summary_unknown();
    digest_text(sim->observer.timeline, result->timeline_digest);
    digest_text(sim->observer.metrics, result->metrics_digest);
}

static bool in_range(double value, const struct run_expect_range *range)
{
    if (!isnan(range->min) && !(value >= range->min))
        return false;
    if (!isnan(range->max) && !(value <= range->max))
        return false;
    double tolerance = field_real_absent(range->tolerance) ? 1e-12 : range->tolerance;
    return isnan(range->near) ||
           fabs(value - range->near) <= tolerance * fmax(1, fabs(range->near));
}

static void add_bound(char *text, size_t size, const char *word, double bound)
{
    size_t used = strlen(text);
    if (!isnan(bound))
        snprintf(text + used, size - used, "%s %s %.9g", used ? "," : "", word, bound);
}

static enum status unmet(const char *path, double found, const struct run_expect_range *range,
                         struct error *error)
{
    char bounds[160] = "", value[40] = "nothing: this run has no such value";
    if (!isnan(found))
        snprintf(value, sizeof value, "%.9g", found);
    add_bound(bounds, sizeof bounds, "at least", range->min);
    add_bound(bounds, sizeof bounds, "at most", range->max);
    add_bound(bounds, sizeof bounds, "near", range->near);
    status_fail_at(error, path, "found %s, expected%s", value, bounds);
    return error->status = STATUS_EXPECT;
}

/* Without numerics a column that only they give is not there to be judged. */
static enum status check_expectations(const struct sim *sim, const struct run_result *result,
                                      struct error *error)
{
    const struct run_config *config = sim->config;
    bool executes = plan_executes(sim->plan);
#define EXPECT_COLUMN(column)                                                                      \
    if ((executes || !isnan(result->summary.column)) &&                                            \
        !in_range(result->summary.column, &config->expect.column))                                 \
        return unmet("expect." #column, result->summary.column, &config->expect.column, error);
    RUN_SUMMARY_LIST(EXPECT_COLUMN)
#undef EXPECT_COLUMN
    return STATUS_OK;
}

static const char *end_status(enum status status)
{
    if (status == STATUS_OK || status == STATUS_EXPECT)
        return "done";
    if (status == STATUS_DEADLOCK || status == STATUS_DIVERGED || status == STATUS_INTERRUPTED)
        return status_name(status);
    return "failed";
}

static enum status end_trace(struct drive *drive, enum status status, struct error *error)
{
    struct run_result *result = drive->result;
    struct trace_sink *sink = drive->sim->observer.sink;
    double values[RUN_SUMMARY_COUNT];
    run_summary_values(&result->summary, values);
    struct trace_end end = {.status = end_status(status),
                            .reason = result->reason,
                            .time_ps = result->last.time_ps,
                            .events = result->events,
                            .wall_s = result->wall_s,
                            .summary_names = run_summary_names,
                            .summary_values = values,
                            .summary_count = RUN_SUMMARY_COUNT};
    memcpy(end.timeline_digest, result->timeline_digest, sizeof end.timeline_digest);
    memcpy(end.metrics_digest, result->metrics_digest, sizeof end.metrics_digest);
    return sink ? sink->ops->end_run(sink, &end, error) : STATUS_OK;
}

/* Everything after the last event.  The first failure wins; the trace is closed in any case. */
static enum status finish(struct drive *drive, enum status status, struct error *error)
{
    struct sim *sim = drive->sim;
    struct error later = {.status = STATUS_OK};
    enum status now = STATUS_OK;
    if (status == STATUS_OK || status == STATUS_INTERRUPTED || status == STATUS_DEADLOCK)
        now = final_metric(drive, &later);
    if (now == STATUS_OK && sim->config->trace.parameters == RUN_PARAMETERS_FINAL)
        now = evaluation_store(metrics_evaluation(sim), sim, metrics_last(sim)->sequence, &later);
    wait_close(sim, end_ps(drive));
    reduce_cut(sim, end_ps(drive));
    mailbox_report_in_flight(sim);
    sim_faults_report(sim, end_ps(drive));
    report_links(sim, end_ps(drive));
    summarise(drive);
    if (status == STATUS_OK && now == STATUS_OK)
        now = check_expectations(sim, drive->result, &later);
    if (status == STATUS_OK && now != STATUS_OK) {
        status = now;
        *error = later;
    }
    if (status != STATUS_OK && drive->result->reason[0] == '\0')
        snprintf(drive->result->reason, sizeof drive->result->reason, "%s", error->text);
    now = end_trace(drive, status, &later);
    if (status == STATUS_OK && now != STATUS_OK) {
        status = now;
        *error = later;
    }
    return drive->result->status = status;
}

static void begin_trace(struct sim *sim)
{
    struct trace_sink *sink = sim->observer.sink;
    if (sink == NULL || sim->options->row == NULL)
        return;
    struct trace_run row = *sim->options->row;
    row.dimension = (int64_t)sim->dimension;
    row.message_bytes = sim->message_bytes;
    sink->ops->begin_run(sink, &row);
}

enum status run_play(const struct run_config *config, const struct run_options *options,
                     struct run_result *result, struct error *error)
{
    struct error own;
    double now_s = wall_now_s();
    struct drive drive = {
        .result = result, .began_s = now_s, .reported_s = now_s, .stop_ps = INT64_MAX};
    error = error ? error : &own;
    memset(result, 0, sizeof *result);
    enum status status = sim_create(&drive.sim, config, options, error);
    if (status != STATUS_OK)
        return result->status = status;
    if (!field_real_absent(config->stop.time_s))
        drive.stop_ps = simtime_from_s(config->stop.time_s);
    status = sim_check_device(drive.sim, options->backend, error);
    if (status != STATUS_OK) {
        sim_free(drive.sim);
        return result->status = status;
    }
    begin_trace(drive.sim);
    status = play(&drive, error);
    status = finish(&drive, status, error);
    sim_free(drive.sim);
    return status;
}

enum status run_check(const struct run_config *config, const struct backend_ops *backend,
                      struct data_cache *cache, struct error *error)
{
    struct run_options options = {.backend = &backend_none_ops, .threads = 1, .data_cache = cache};
    struct sim *sim = NULL;
    enum status status = sim_create(&sim, config, &options, error);
    if (status == STATUS_OK && backend)
        status = sim_check_device(sim, backend, error);
    sim_free(sim);
    return status;
}

const char *const run_summary_names[RUN_SUMMARY_COUNT] = {
#define SUMMARY_NAME(column) #column,
    RUN_SUMMARY_LIST(SUMMARY_NAME)
#undef SUMMARY_NAME
};

void run_summary_values(const struct run_summary *summary, double values[RUN_SUMMARY_COUNT])
{
    size_t i = 0;
#define SUMMARY_VALUE(column) values[i++] = summary->column;
    RUN_SUMMARY_LIST(SUMMARY_VALUE)
#undef SUMMARY_VALUE
}
