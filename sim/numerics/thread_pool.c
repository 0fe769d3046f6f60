/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Helpers sleep on a condition until a round opens; one that wakes after the round closed sleeps
 * on, so a short round never waits for a thread to be scheduled.
 */
#include "numerics/thread_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct thread_pool_helper {
    struct thread_pool *pool;
    pthread_t thread;
    unsigned index;
};

struct thread_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    struct thread_pool_helper *helpers;
    unsigned count;  /* helpers that were started */
    unsigned active; /* helpers inside of work */
    uint64_t round;  /* number of the newest round */
    bool open, stop;
    thread_pool_work *work;
    void *context;
};

static void thread_pool_join_round(struct thread_pool *pool, unsigned index)
{
    pool->active++;
    pthread_mutex_unlock(&pool->lock);
    pool->work(pool->context, index);
    pthread_mutex_lock(&pool->lock);
    if (--pool->active == 0)
        pthread_cond_signal(&pool->idle);
}

static void *thread_pool_main(void *argument)
{
    struct thread_pool_helper *helper = argument;
    struct thread_pool *pool = helper->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stop) {
        if (pool->open && pool->round != seen) {
            seen = pool->round;
            thread_pool_join_round(pool, helper->index);
        } else {
            pthread_cond_wait(&pool->wake, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are the main thread's business. */
static int thread_pool_start(struct thread_pool_helper *helper)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failure = pthread_create(&helper->thread, NULL, thread_pool_main, helper);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failure;
}

enum status thread_pool_create(struct thread_pool **pool, unsigned threads, struct error *error)
{
    struct thread_pool *made = memory_alloc(sizeof *made);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->wake, NULL);
    pthread_cond_init(&made->idle, NULL);
    made->helpers = memory_array(threads, sizeof *made->helpers);
    *pool = NULL;
    for (unsigned i = 1; i < threads; i++) {
        made->helpers[i - 1] = (struct thread_pool_helper){.pool = made, .index = i};
        int failure = thread_pool_start(&made->helpers[i - 1]);
        if (failure != 0) {
            thread_pool_free(made);
            return status_fail(error, STATUS_ENVIRONMENT, "thread %u of %u can't be started: %s",
                               i + 1, threads, strerror(failure));
        }
        made->count++;
    }
    *pool = made;
    return STATUS_OK;
}

void thread_pool_free(struct thread_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++)
        pthread_join(pool->helpers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->idle);
    pthread_mutex_destroy(&pool->lock);
    free(pool->helpers);
    free(pool);
}

void thread_pool_run(struct thread_pool *pool, thread_pool_work *work, void *context)
{
    if (pool->count == 0) {
        work(context, 0);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->round++;
    pool->open = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    work(context, 0);
    pthread_mutex_lock(&pool->lock);
    pool->open = false;
    while (pool->active > 0)
        pthread_cond_wait(&pool->idle, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
