/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/process.h"

#include <gsl/gsl_errno.h>
#include <locale.h>
#include <stddef.h>
#include <stdlib.h>

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
