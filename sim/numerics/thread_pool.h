/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Helper threads that join the calling thread in one function.
 */
#ifndef HEARSAY_NUMERICS_THREAD_POOL_H
#define HEARSAY_NUMERICS_THREAD_POOL_H

#include "core/status.h"

struct thread_pool;

/* `index` is 0 for the caller, 1 ... for helpers. */
typedef void thread_pool_work(void *context, unsigned index);

/* threads counts the caller; 1 makes a pool without helpers. */
enum status thread_pool_create(struct thread_pool **pool, unsigned threads, struct error *error);
void thread_pool_free(struct thread_pool *pool);
/* Runs work in the caller and in every helper that wakes up before the caller's own call returns;
 * returns when all have returned.  The work must not need helpers to come to its end. */
void thread_pool_run(struct thread_pool *pool, thread_pool_work *work, void *context);

#endif
