/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/process.h"

#include <gsl/gsl_errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_OPENBLAS
#include <cblas.h>
#endif

/* A signal handler can reach nothing but a static object: the one exception to "no mutable state
 * at file level". */
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

#if defined(HAVE_OPENBLAS) && defined(__x86_64__)
/* The kernels this CPU can run, in OpenBLAS's names. */
static const char *best_core(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "Haswell" : NULL;
}

void process_prefer_fast_blas(char **argv)
{
    bool fell_back = strcmp(openblas_get_corename(), "Prescott") == 0;
    const char *core = best_core();
    if (!fell_back || core == NULL || getenv("OPENBLAS_CORETYPE") != NULL)
        return;
    setenv("OPENBLAS_CORETYPE", core, 1);
    execv("/proc/self/exe", argv); /* on failure the slow kernels are right too */
}
#else
void process_prefer_fast_blas(char **argv)
{
    (void)argv;
}
#endif

const volatile sig_atomic_t *process_begin(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_ALL, "C");
    gsl_set_error_handler_off();
#ifdef HAVE_OPENBLAS
    openblas_set_num_threads(1);
#endif
    return &caught;
}

int process_signal_exit(void)
{
    return caught ? 128 + caught : 0;
}
