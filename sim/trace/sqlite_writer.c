/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two blocks change hands under one mutex: `filling` belongs to the run, `writing` to the thread.
 * A row in a block is a head, the row's struct, its texts with their zeros, and its blob, padded to
 * eight bytes; pointers of the copied struct only say which texts are NULL.
 */
#include "trace/sqlite_writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/check.h"
#include "core/memory.h"

/* About 20 000 spans: where a transaction is worth its cost, and where the run must wait. */
#define WRITER_ENOUGH_BYTES ((size_t)2 << 20)
#define WRITER_FULL_BYTES   ((size_t)8 << 20)
#define WRITER_PERIOD_NS    200000000L
#define WRITER_SQL_SIZE     1024

struct row_head {
    uint32_t table;
    uint32_t reserved;
    uint64_t size;      /* of all that follows, a multiple of 8 */
    uint64_t blob_size; /* of the blob */
};

struct block {
    char *bytes;
    size_t size, capacity;
};

struct sqlite_writer {
    sqlite3 *db;
    const char *path;
    int64_t run;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t filled, drained;
    struct block filling, writing;
    size_t filled_before; /* filling.size before the row that is being put */
    bool stopping;
    atomic_bool failed;
    struct error error; /* stands before `failed` is set, then never changes */
    /* the thread's own */
    sqlite3_stmt *inserts[TRACE_TABLES], *begin, *commit;
    int64_t ids[TRACE_TABLES];
};

/* ---- Inserting --------------------------------------------------- */

static int prepare_insert(struct sqlite_writer *writer, enum trace_table_id id)
{
    const struct trace_table *table = &trace_tables[id];
    char sql[WRITER_SQL_SIZE];
    size_t parameters = 1 + table->column_count + table->numbered + table->blob;
    int at = snprintf(sql, sizeof sql, "INSERT INTO %s (run", table->name);

    for (size_t i = 0; i < table->column_count; i++)
        at += snprintf(sql + at, sizeof sql - (size_t)at, ", %s", table->columns[i].name);
    at += snprintf(sql + at, sizeof sql - (size_t)at, "%s%s) VALUES (?",
                   table->numbered ? ", id" : "", table->blob ? ", npy" : "");
    for (size_t i = 1; i < parameters; i++)
        at += snprintf(sql + at, sizeof sql - (size_t)at, ",?");
    CHECK((size_t)at + 2 < sizeof sql, "the statement for %s is too long", table->name);
    strcat(sql, ")");
    return sqlite3_prepare_v3(writer->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &writer->inserts[id],
                              NULL);
}

static int prepare_all(struct sqlite_writer *writer)
{
    int result = sqlite3_prepare_v2(writer->db, "BEGIN IMMEDIATE", -1, &writer->begin, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(writer->db, "COMMIT", -1, &writer->commit, NULL);
    for (int id = 0; id < TRACE_TABLES && result == SQLITE_OK; id++)
        result = prepare_insert(writer, (enum trace_table_id)id);
    return result;
}

/* Binds one column; *texts walks along the texts that follow the row. */
static void bind_column(sqlite3_stmt *statement, int index, const struct trace_column *column,
                        const char *row, const char **texts)
{
    const void *member = row + column->offset;

    switch (column->type) {
    case TRACE_COLUMN_U16:
        sqlite3_bind_int64(statement, index, *(const uint16_t *)member);
        break;
    case TRACE_COLUMN_U32:
        sqlite3_bind_int64(statement, index, *(const uint32_t *)member);
        break;
    case TRACE_COLUMN_I64:
        sqlite3_bind_int64(statement, index, *(const int64_t *)member);
        break;
    case TRACE_COLUMN_DOUBLE: /* NaN becomes NULL */
        sqlite3_bind_double(statement, index, *(const double *)member);
        break;
    case TRACE_COLUMN_TEXT:
        if (*(const char *const *)member == NULL) {
            sqlite3_bind_null(statement, index);
            break;
        }
        sqlite3_bind_text(statement, index, *texts, -1, SQLITE_STATIC);
        *texts += strlen(*texts) + 1;
        break;
    }
}

static int insert_row(struct sqlite_writer *writer, const struct row_head *head)
{
    const struct trace_table *table = &trace_tables[head->table];
    sqlite3_stmt *statement = writer->inserts[head->table];
    const char *row = (const char *)(head + 1), *texts = row + table->row_size;
    int index = 1;

    sqlite3_bind_int64(statement, index++, writer->run);
    for (size_t i = 0; i < table->column_count; i++)
        bind_column(statement, index++, &table->columns[i], row, &texts);
    if (table->numbered)
        sqlite3_bind_int64(statement, index++, writer->ids[head->table]++);
    if (table->blob)
        sqlite3_bind_blob64(statement, index++, texts, head->blob_size, SQLITE_STATIC);
    sqlite3_step(statement);
    return sqlite3_reset(statement);
}

static int insert_rows(struct sqlite_writer *writer, const struct block *block)
{
    int result = SQLITE_OK;

    for (size_t at = 0; at < block->size && result == SQLITE_OK;) {
        const struct row_head *head = (const struct row_head *)(block->bytes + at);

        result = insert_row(writer, head);
        at += sizeof *head + head->size;
    }
    return result;
}

static int step_once(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return sqlite3_reset(statement);
}

/* One block, one transaction. */
static void write_block(struct sqlite_writer *writer)
{
    int result;

    if (atomic_load_explicit(&writer->failed, memory_order_relaxed))
        return;
    result = step_once(writer->begin);
    if (result == SQLITE_OK)
        result = insert_rows(writer, &writer->writing);
    if (result == SQLITE_OK)
        result = step_once(writer->commit);
    if (result == SQLITE_OK)
        return;
    status_fail(&writer->error, STATUS_ENVIRONMENT, "cannot write %s: %s", writer->path,
                sqlite3_errmsg(writer->db));
    if (!sqlite3_get_autocommit(writer->db))
        sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
    atomic_store_explicit(&writer->failed, true, memory_order_release);
}

/* ---- The thread -------------------------------------------------- */

static struct timespec period_from_now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += WRITER_PERIOD_NS;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* Waits for a block worth a transaction and takes it.  False: nothing is left and nothing comes. */
static bool take_block(struct sqlite_writer *writer)
{
    struct block taken;
    struct timespec until;
    int waited = 0;

    pthread_mutex_lock(&writer->mutex);
    while (writer->filling.size == 0 && !writer->stopping)
        pthread_cond_wait(&writer->filled, &writer->mutex);
    until = period_from_now();
    while (writer->filling.size < WRITER_ENOUGH_BYTES && !writer->stopping && waited == 0)
        waited = pthread_cond_timedwait(&writer->filled, &writer->mutex, &until);
    taken = writer->filling;
    writer->filling = writer->writing;
    writer->filling.size = 0;
    writer->writing = taken;
    pthread_cond_signal(&writer->drained);
    pthread_mutex_unlock(&writer->mutex);
    return taken.size > 0;
}

static void *write_blocks(void *argument)
{
    struct sqlite_writer *writer = argument;

    while (take_block(writer))
        write_block(writer);
    return NULL;
}

/* ---- The run's side ---------------------------------------------- */

static void free_writer(struct sqlite_writer *writer)
{
    for (int id = 0; id < TRACE_TABLES; id++)
        sqlite3_finalize(writer->inserts[id]);
    sqlite3_finalize(writer->begin);
    sqlite3_finalize(writer->commit);
    pthread_cond_destroy(&writer->filled);
    pthread_cond_destroy(&writer->drained);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->filling.bytes);
    free(writer->writing.bytes);
    free(writer);
}

static void init_waiting(struct sqlite_writer *writer)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->filled, &attributes);
    pthread_cond_init(&writer->drained, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&writer->mutex, NULL);
}

struct sqlite_writer *sqlite_writer_start(sqlite3 *db, const char *path, int64_t run,
                                          struct error *error)
{
    struct sqlite_writer *writer = memory_alloc(sizeof *writer);
    int result;

    *writer = (struct sqlite_writer){.db = db, .path = path, .run = run};
    init_waiting(writer);
    if (prepare_all(writer) != SQLITE_OK) {
        status_fail(error, STATUS_ENVIRONMENT, "%s: %s", path, sqlite3_errmsg(db));
    } else if ((result = pthread_create(&writer->thread, NULL, write_blocks, writer)) != 0) {
        status_fail(error, STATUS_ENVIRONMENT, "no thread for writing %s: %s", path,
                    strerror(result));
    } else {
        return writer;
    }
    free_writer(writer);
    return NULL;
}

static size_t texts_size(const struct trace_table *table, const char *row)
{
    size_t size = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        const char *text = NULL;

        if (table->columns[i].type == TRACE_COLUMN_TEXT)
            text = *(const char *const *)(row + table->columns[i].offset);
        if (text != NULL)
            size += strlen(text) + 1;
    }
    return size;
}

/* Copies the row and its texts; returns where the blob goes. */
static char *copy_row(const struct trace_table *table, const char *row, char *to)
{
    char *texts = to + table->row_size;

    memcpy(to, row, table->row_size);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *text = NULL;

        if (table->columns[i].type == TRACE_COLUMN_TEXT)
            text = *(const char *const *)(row + table->columns[i].offset);
        if (text != NULL)
            texts = stpcpy(texts, text) + 1;
    }
    return texts;
}

/* Room for `size` bytes more, the mutex held: a row that no block could hold gets a block alone. */
static char *reserve(struct sqlite_writer *writer, size_t size)
{
    struct block *block = &writer->filling;
    char *at;

    while (block->size > 0 && block->size + size > WRITER_FULL_BYTES)
        pthread_cond_wait(&writer->drained, &writer->mutex);
    if (block->size + size > block->capacity)
        block->bytes = memory_grow(block->bytes, &block->capacity, block->size + size, 1);
    at = block->bytes + block->size;
    writer->filled_before = block->size;
    block->size += size;
    return at;
}

void *sqlite_writer_put_blob(struct sqlite_writer *writer, enum trace_table_id id, const void *row,
                             size_t blob_size)
{
    const struct trace_table *table = &trace_tables[id];
    size_t size = table->row_size + texts_size(table, row) + blob_size;
    struct row_head *head;

    if (atomic_load_explicit(&writer->failed, memory_order_acquire))
        return NULL;
    size = (size + 7) / 8 * 8;
    pthread_mutex_lock(&writer->mutex);
    head = (struct row_head *)reserve(writer, sizeof *head + size);
    *head = (struct row_head){.table = (uint32_t)id, .size = size, .blob_size = blob_size};
    return copy_row(table, row, (char *)(head + 1));
}

void sqlite_writer_put_done(struct sqlite_writer *writer)
{
    /* The thread sleeps until the first row, then until there are enough. */
    if (writer->filled_before == 0 || (writer->filled_before < WRITER_ENOUGH_BYTES &&
                                       writer->filling.size >= WRITER_ENOUGH_BYTES))
        pthread_cond_signal(&writer->filled);
    pthread_mutex_unlock(&writer->mutex);
}

void sqlite_writer_put(struct sqlite_writer *writer, enum trace_table_id id, const void *row)
{
    if (sqlite_writer_put_blob(writer, id, row, 0) != NULL)
        sqlite_writer_put_done(writer);
}

enum status sqlite_writer_failed(struct sqlite_writer *writer, struct error *error)
{
    if (!atomic_load_explicit(&writer->failed, memory_order_acquire))
        return STATUS_OK;
    if (error != NULL)
        *error = writer->error;
    return writer->error.status;
}

enum status sqlite_writer_finish(struct sqlite_writer *writer, struct error *error)
{
    enum status status;

    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->filled);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    status = sqlite_writer_failed(writer, error);
    free_writer(writer);
    return status;
}
