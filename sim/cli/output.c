/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

#define OUTPUT_NAME_TRIES 100

static enum status cannot_write(const char *path, struct error *error)
{
    return status_fail(error, STATUS_REQUEST, "cannot write %s: %s", path, strerror(errno));
}

static enum status refuse_existing(const char *path, struct error *error)
{
    return status_fail(error, STATUS_REQUEST, "%s exists; use --force to replace it", path);
}

/* Links and other spellings of a name are the same file. */
static bool is_input(const struct stat *about, const char *input)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    size_t size = strlen(input) + 16;
    char *name = memory_alloc(size);
    bool same = false;

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0] && !same; i++) {
        struct stat other;

        snprintf(name, size, "%s%s", input, suffixes[i]);
        same = stat(name, &other) == 0 && other.st_dev == about->st_dev &&
               other.st_ino == about->st_ino;
    }
    free(name);
    return same;
}

/* *direct: nothing is overwritten there. */
static enum status check_place(const char *path, bool force, char *const *inputs,
                               size_t input_count, bool *direct, struct error *error)
{
    struct stat about;

    *direct = false;
    if (path[0] == '\0')
        return status_fail(error, STATUS_REQUEST, "the name of the output is empty");
    if (stat(path, &about) != 0) /* a link that leads nowhere is there nevertheless */
        return force || lstat(path, &about) != 0 ? STATUS_OK : refuse_existing(path, error);
    *direct = S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode);
    if (*direct)
        return STATUS_OK;
    for (size_t i = 0; i < input_count; i++)
        if (is_input(&about, inputs[i]))
            return status_fail(error, STATUS_REQUEST,
                               "%s is read by this command; it is never overwritten", path);
    if (!S_ISREG(about.st_mode))
        return status_fail(error, STATUS_REQUEST, "cannot write %s: it is no regular file", path);
    return force ? STATUS_OK : refuse_existing(path, error);
}

static int create_beside(const char *path, char **name)
{
    size_t size = strlen(path) + 48;
    int descriptor = -1;

    *name = memory_alloc(size);
    for (int i = 0; i < OUTPUT_NAME_TRIES && descriptor < 0; i++) {
        snprintf(*name, size, "%s.new-%ld-%d", path, (long)getpid(), i);
        descriptor = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0 && errno != EEXIST)
            break;
    }
    return descriptor;
}

static enum status stage(struct output *output, struct error *error)
{
    int descriptor = create_beside(output->path, &output->staged);

    if (descriptor >= 0)
        output->file = fdopen(descriptor, "wb");
    if (output->file != NULL)
        return STATUS_OK;
    enum status status = cannot_write(output->path, error);
    if (descriptor >= 0) {
        close(descriptor);
        unlink(output->staged);
    }
    free(output->staged);
    output->staged = NULL;
    return status;
}

enum status output_open(struct output *output, const char *path, bool force, char *const *inputs,
                        size_t input_count, struct error *error)
{
    bool direct = false;

    *output = (struct output){.path = path, .force = force};
    if (path == NULL || strcmp(path, "-") == 0) {
        output->file = stdout;
        return STATUS_OK;
    }
    enum status status = check_place(path, force, inputs, input_count, &direct, error);
    if (status != STATUS_OK)
        return status;
    if (!direct)
        return stage(output, error);
    output->file = fopen(path, "wb");
    return output->file != NULL ? STATUS_OK : cannot_write(path, error);
}

const char *output_name(const struct output *output)
{
    return output->staged != NULL ? output->staged : output->path;
}

/* Only link() refuses to overwrite a file that appeared meanwhile; some file systems have none. */
static enum status put_in_place(const struct output *output, struct error *error)
{
    if (!output->force && link(output->staged, output->path) == 0) {
        unlink(output->staged);
        return STATUS_OK;
    }
    if (!output->force && errno == EEXIST)
        return refuse_existing(output->path, error);
    if (rename(output->staged, output->path) == 0)
        return STATUS_OK;
    return status_fail(error, STATUS_ENVIRONMENT, "cannot write %s: %s", output->path,
                       strerror(errno));
}

enum status output_close(struct output *output, enum status status, struct error *error)
{
    if (output->file != NULL && output->file != stdout) {
        bool failed = ferror(output->file) != 0;

        if ((fclose(output->file) != 0 || failed) && status == STATUS_OK)
            status = status_fail(error, STATUS_ENVIRONMENT, "cannot write %s: %s", output->path,
                                 strerror(errno));
    }
    if (status == STATUS_OK && output->staged != NULL)
        status = put_in_place(output, error);
    if (status != STATUS_OK && output->staged != NULL)
        unlink(output->staged);
    free(output->staged);
    *output = (struct output){.file = NULL};
    return status;
}
