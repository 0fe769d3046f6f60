/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file of a trace.
 *
 * A new file is built beside its place and moved there when the first run begins.  The lock is
 * flock() on the file itself: SQLite's own locks (of another kind) come and go with each
 * transaction, and readers need none.
 */
#include "trace/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/memory.h"
#include "trace/schema.h"

#define FILE_BUSY_MS    60000 /* how long a commit waits for a reader of a rollback journal */
#define FILE_NAME_TRIES 100

/* https://www.sqlite.org/fileformat.html, section 1.3 */
#define FILE_HEADER_BYTES   100
#define FILE_APPLICATION_AT 68

/* Opens and locks; *lock is left -1 when there is no such file. */
static enum status lock_file(const char *path, int *lock, struct error *error)
{
    *lock = open(path, O_RDWR | O_CLOEXEC);
    if (*lock < 0 && errno == ENOENT)
        return STATUS_OK;
    if (*lock < 0)
        return status_fail(error, STATUS_REQUEST, "cannot write %s: %s", path, strerror(errno));
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return STATUS_OK; /* a file system without locks has no second writer either */
    /* Not closed: should the writer be this very process, that would drop SQLite's own locks. */
    *lock = -1;
    return status_fail(error, STATUS_REQUEST, "%s is being written already", path);
}

/* The header of a database holds the application's number in big-endian order. */
static bool is_trace(const unsigned char *head)
{
    const unsigned char *id = head + FILE_APPLICATION_AT;
    uint32_t application =
        (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | (uint32_t)id[3];

    return application == SCHEMA_APPLICATION_ID;
}

/* --force replaces traces, not whatever a slip of the keyboard names. */
static enum status check_replaceable(const char *path, int descriptor, struct error *error)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char head[FILE_HEADER_BYTES];
    struct stat about;
    ssize_t got = pread(descriptor, head, sizeof head, 0);

    if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode))
        return status_fail(error, STATUS_REQUEST, "%s is no regular file", path);
    bool database = got == sizeof head && memcmp(head, magic, sizeof magic) == 0;
    if (about.st_size == 0 || (database && is_trace(head)))
        return STATUS_OK;
    return status_fail(error, STATUS_REQUEST, "%s is %s; it is not replaced (remove it first)",
                       path, database ? "a database, but no trace of Hearsay" : "no database");
}

static enum status open_database(struct sqlite_file *file, const char *path, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX; /* one thread at a time */

    if (sqlite3_open_v2(path, &file->db, flags, NULL) != SQLITE_OK)
        return status_fail(error, STATUS_ENVIRONMENT, "%s: %s", path, sqlite3_errmsg(file->db));
    sqlite3_busy_timeout(file->db, FILE_BUSY_MS);
    return schema_apply(file->db, file->path, error);
}

static int read_mode(void *context, int columns, char **values, char **names)
{
    struct sqlite_file *file = context;

    (void)names;
    if (columns == 1 && values[0] != NULL)
        snprintf(file->journal_mode, sizeof file->journal_mode, "%s", values[0]);
    return 0;
}

/* WAL lets readers follow a run; where it is refused SQLite stays with a rollback journal. */
static void choose_journal(struct sqlite_file *file)
{
    sqlite3_exec(file->db, "PRAGMA journal_mode = WAL", read_mode, file, NULL);
    sqlite3_exec(file->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
}

static void close_database(struct sqlite_file *file)
{
    if (file->db == NULL)
        return;
    if (file->journal_mode[0] != '\0') { /* ours to change; a reader may keep it in WAL mode */
        sqlite3_busy_timeout(file->db, 0);
        sqlite3_exec(file->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    }
    CHECK(sqlite3_close(file->db) == SQLITE_OK, "a statement of %s is still open", file->path);
    file->db = NULL;
}

/* Creates a file of an unused name beside `path`; returns its descriptor. */
static int create_beside(const char *path, char **name)
{
    size_t size = strlen(path) + 48;
    int descriptor = -1;

    *name = memory_alloc(size);
    for (int i = 0; i < FILE_NAME_TRIES && descriptor < 0; i++) {
        snprintf(*name, size, "%s.new-%ld-%d", path, (long)getpid(), i);
        descriptor = open(*name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0 && errno != EEXIST)
            break;
    }
    return descriptor;
}

/* Builds an empty trace beside its place. */
static enum status stage(struct sqlite_file *file, struct error *error)
{
    enum status status;

    file->lock = create_beside(file->path, &file->staged);
    if (file->lock < 0) {
        status =
            status_fail(error, STATUS_REQUEST, "cannot create %s: %s", file->path, strerror(errno));
        free(file->staged);
        file->staged = NULL;
        return status;
    }
    flock(file->lock, LOCK_EX | LOCK_NB);
    status = open_database(file, file->staged, error);
    close_database(file);
    return status;
}

/* A journal of the file that was here before would be applied to the new one. */
static void remove_journals(const char *path)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm"};
    size_t size = strlen(path) + 16;
    char *name = memory_alloc(size);

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(name, size, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    free(name);
}

static enum status refuse_existing(const char *path, struct error *error)
{
    return status_fail(error, STATUS_REQUEST,
                       "%s exists; use --force to replace it or --append to add runs", path);
}

/* Gives the new file its name.  Only link() refuses to overwrite a file that appeared meanwhile;
 * some file systems have none. */
static int put_in_place(const struct sqlite_file *file)
{
    if (file->mode == TRACE_REPLACE)
        return rename(file->staged, file->path);
    if (link(file->staged, file->path) == 0)
        return unlink(file->staged);
    return errno == EEXIST ? -1 : rename(file->staged, file->path);
}

static enum status publish(struct sqlite_file *file, struct error *error)
{
    if (file->mode != TRACE_REPLACE && access(file->path, F_OK) == 0)
        return refuse_existing(file->path, error);
    remove_journals(file->path);
    if (put_in_place(file) != 0)
        return errno == EEXIST ? refuse_existing(file->path, error)
                               : status_fail(error, STATUS_ENVIRONMENT, "cannot create %s: %s",
                                             file->path, strerror(errno));
    free(file->staged);
    file->staged = NULL;
    return open_database(file, file->path, error);
}

static enum status open_replacing(struct sqlite_file *file, struct error *error)
{
    enum status status = lock_file(file->path, &file->replaced_lock, error);

    if (status == STATUS_OK && file->replaced_lock >= 0)
        status = check_replaceable(file->path, file->replaced_lock, error);
    return status == STATUS_OK ? stage(file, error) : status;
}

static enum status open_appending(struct sqlite_file *file, struct error *error)
{
    enum status status = lock_file(file->path, &file->lock, error);

    if (status != STATUS_OK)
        return status;
    return file->lock < 0 ? stage(file, error) : open_database(file, file->path, error);
}

enum status sqlite_file_open(struct sqlite_file *file, const char *path, enum trace_open_mode mode,
                             struct error *error)
{
    enum status status;

    *file = (struct sqlite_file){
        .path = memory_copy_string(path), .mode = mode, .lock = -1, .replaced_lock = -1};
    if (mode == TRACE_CREATE && access(path, F_OK) == 0)
        status = refuse_existing(path, error);
    else if (mode == TRACE_CREATE)
        status = stage(file, error);
    else if (mode == TRACE_REPLACE)
        status = open_replacing(file, error);
    else
        status = open_appending(file, error);
    if (status != STATUS_OK)
        sqlite_file_close(file);
    return status;
}

enum status sqlite_file_ready(struct sqlite_file *file, struct error *error)
{
    enum status status = STATUS_OK;

    if (file->staged != NULL)
        status = publish(file, error);
    if (status == STATUS_OK && file->journal_mode[0] == '\0')
        choose_journal(file);
    return status;
}

void sqlite_file_close(struct sqlite_file *file)
{
    close_database(file);
    if (file->staged != NULL)
        unlink(file->staged);
    if (file->lock >= 0)
        close(file->lock);
    if (file->replaced_lock >= 0)
        close(file->replaced_lock);
    free(file->staged);
    free(file->path);
    *file = (struct sqlite_file){.lock = -1, .replaced_lock = -1};
}
