/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hearsay as a library: read a scenario, play its runs, receive rows, cancel, read errors.
 *
 *   struct hearsay_scenario *scenario;
 *   struct hearsay_error error;
 *   if (hearsay_scenario_load("sgp.json", NULL, 0, &scenario, &error) != 0)
 *       return complain(error.text);
 *   for (size_t i = 0; i < hearsay_scenario_count(scenario); i++)
 *       hearsay_run(scenario, i, &options, &result, &error);
 *   hearsay_scenario_free(scenario);
 *
 * Functions return 0, or the exit status of the program for that failure (1: the run failed, 2: the
 * request is wrong), and fill *error.  The library never prints and never exits.  Runs are
 * independent: several may play at once in different threads.  The caller keeps a threaded BLAS to
 * one thread (openblas_set_num_threads(1)); results are bit-identical only then.
 */
#ifndef HEARSAY_H
#define HEARSAY_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HEARSAY_API __attribute__((visibility("default")))
#else
#define HEARSAY_API
#endif

struct hearsay_error {
    int status;      /* 0, 1 or 2 as above; 130: interrupted */
    char text[1400]; /* "file:line:column: path: what was found, what is expected" */
};

struct hearsay_scenario; /* owned by the caller, freed by hearsay_scenario_free */

/* A metric row; NaN where a value is not defined. */
struct hearsay_metric {
    double time_s, epoch, iterations;
    double loss, accuracy; /* at the mean model; accuracy on the test set where there is one */
    double node_accuracy_mean, node_accuracy_min;
    double consensus; /* (1/n) sum ||z_i - mean||^2 */
    int64_t bytes;
};

struct hearsay_options {
    const char *device;                  /* "auto" (NULL), "cpu" or "none" */
    unsigned threads;                    /* 0: all cores; never changes results */
    const char *trace;                   /* SQLite file to create, or NULL */
    int append;                          /* 1: add runs to an existing trace */
    const volatile sig_atomic_t *cancel; /* non-zero stops at the next event; or NULL */
    /* Called for every metric from the thread that plays; may be NULL. */
    void (*metric)(void *context, const struct hearsay_metric *metric);
    void *context;
};

struct hearsay_result {
    struct hearsay_metric last;
    char reason[1024]; /* why it ended */
    char timeline_digest[33], metrics_digest[33];
    double wall_s;
};

HEARSAY_API const char *hearsay_version(void);
/* overrides: `count` texts "key.path=value", or NULL. */
HEARSAY_API int hearsay_scenario_load(const char *path, const char *const *overrides, size_t count,
                                      struct hearsay_scenario **scenario,
                                      struct hearsay_error *error);
HEARSAY_API int hearsay_scenario_parse(const char *name, const char *text, size_t size,
                                       struct hearsay_scenario **scenario,
                                       struct hearsay_error *error);
HEARSAY_API size_t hearsay_scenario_count(const struct hearsay_scenario *scenario);
HEARSAY_API void hearsay_scenario_free(struct hearsay_scenario *scenario);
/* Plays run `index` (from 0; one that is not there is refused: 2). On failure *result holds what
 * was reached. */
HEARSAY_API int hearsay_run(const struct hearsay_scenario *scenario, size_t index,
                            const struct hearsay_options *options, struct hearsay_result *result,
                            struct hearsay_error *error);

#ifdef __cplusplus
}
#endif
#endif
