/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The script goes to a temporary file and not through a pipe: a gnuplot that dies early then cannot
 * kill this program by SIGPIPE.  gnuplot is spawned, not called by a shell, so no name is ever read
 * as a command.
 */
#include "cli/plot_script.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

extern char **environ;

enum status plot_script_open(struct plot_script *script, struct error *error)
{
    script->file = tmpfile();
    if (script->file == NULL)
        return status_fail(error, STATUS_ENVIRONMENT, "no temporary file: %s", strerror(errno));
    return STATUS_OK;
}

/* In single quotes, where gnuplot reads nothing but a doubled quote. */
static void put_quoted(FILE *file, const char *text)
{
    fputc('\'', file);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputc('\'', file);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, file);
    }
    fputs("'\n", file);
}

void plot_script_text(struct plot_script *script, const char *name, const char *value)
{
    fprintf(script->file, "%s = ", name);
    put_quoted(script->file, value);
}

void plot_script_number(struct plot_script *script, const char *name, double value)
{
    fprintf(script->file, "%s = %.17g\n", name, value);
}

void plot_script_text_at(struct plot_script *script, const char *name, size_t at, const char *value)
{
    fprintf(script->file, "%s_%zu = ", name, at);
    put_quoted(script->file, value);
}

void plot_script_number_at(struct plot_script *script, const char *name, size_t at, double value)
{
    fprintf(script->file, "%s_%zu = %.17g\n", name, at, value);
}

void plot_script_begin_block(struct plot_script *script, const char *name)
{
    fprintf(script->file, "%s << END_OF_DATA\n", name);
}

static void put_row(FILE *file, const double *values, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        if (isfinite(values[i]))
            fprintf(file, " %.17g", values[i]);
        else
            fputs(" NaN", file);
    fputc('\n', file);
}

static size_t put_part(struct plot_script *script, const struct plot_matrix *matrix,
                       const double *key)
{
    size_t rows = 0;

    for (size_t i = 0; i < matrix->rows; i++) {
        const double *row = matrix->values + i * matrix->columns;

        if (key != NULL && row[0] != *key)
            continue;
        put_row(script->file, row, matrix->columns);
        rows++;
    }
    for (size_t i = 0; i < matrix->columns && rows == 0; i++)
        fprintf(script->file, " %g", PLOT_OUTSIDE);
    fputs(rows == 0 ? "\n\n\n" : "\n\n", script->file);
    return rows;
}

void plot_script_part(struct plot_script *script, const struct plot_matrix *matrix)
{
    put_part(script, matrix, NULL);
}

size_t plot_script_part_of(struct plot_script *script, const struct plot_matrix *matrix, double key)
{
    return put_part(script, matrix, &key);
}

void plot_script_end_block(struct plot_script *script)
{
    fputs("END_OF_DATA\n", script->file);
}

enum status plot_script_load(struct plot_script *script, const char *name, struct error *error)
{
    char *path = cli_data_file(name);

    if (path == NULL)
        return status_fail(error, STATUS_ENVIRONMENT, "the data file %s is missing", name);
    fputs("load ", script->file);
    put_quoted(script->file, path);
    free(path);
    return STATUS_OK;
}

static enum status wait_for(pid_t child, struct error *error)
{
    int state;

    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return status_fail(error, STATUS_ENVIRONMENT, "gnuplot: %s", strerror(errno));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return STATUS_OK;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return status_fail(error, STATUS_ENVIRONMENT, "gnuplot could not be started");
    return status_fail(error, STATUS_ENVIRONMENT, "gnuplot failed");
}

enum status plot_script_run(struct plot_script *script, struct error *error)
{
    static char *const arguments[] = {"gnuplot", "-d", NULL}; /* -d: not the user's settings */
    posix_spawn_file_actions_t actions;
    pid_t child;
    int result;

    if (fflush(script->file) != 0 || lseek(fileno(script->file), 0, SEEK_SET) != 0)
        return status_fail(error, STATUS_ENVIRONMENT, "cannot write a temporary file: %s",
                           strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(script->file), STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    result = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (result == ENOENT)
        return status_fail(error, STATUS_ENVIRONMENT,
                           "gnuplot was not found; install it (Debian: gnuplot-nox)");
    if (result != 0)
        return status_fail(error, STATUS_ENVIRONMENT, "gnuplot: %s", strerror(result));
    return wait_for(child, error);
}

void plot_script_close(struct plot_script *script)
{
    if (script->file != NULL)
        fclose(script->file);
    script->file = NULL;
}
