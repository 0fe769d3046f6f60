/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of pairs for a terminal of 80 columns: parts get letters, wide families several tables,
 * and reasons that are the same for several pairs one line.
 */
#include "cli/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "scenario/buffer.h"

#define MATRIX_WIDTH 79
#define MATRIX_CELL  5

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct note {
    char *text;
    struct buffer algorithms; /* whom it is about */
};

struct notes {
    struct note *items;
    size_t count, capacity;
};

struct cell {
    enum pairs_verdict verdict;
    size_t note; /* 1, 2, ...; 0: none */
};

struct matrix {
    const struct pairs_family *family;
    struct cell *cells; /* algorithms x parts */
    size_t algorithms, parts;
    int name_width;
    struct notes notes;
};

/* ---- Notes ---------------------------------------------------------------------------------- */

/* "sgp needs X" is the same reason as "dgd needs X": the name gives way to "it", and at the
 * beginning to nothing. */
static char *without_name(const char *text, const char *name)
{
    struct buffer out = {0};
    const char *begin = text, *at;
    buffer_add(&out, "");
    while ((at = pairs_mention(text, name)) != NULL) {
        buffer_add_bytes(&out, text, (size_t)(at - text));
        buffer_add(&out, at == begin ? "" : "it");
        text = at + strlen(name);
        text += at == begin && *text == ' ';
    }
    buffer_add(&out, text);
    return out.text;
}

/* "found top-k, but ..." is the same reason as "found qsgd, but ...".  Takes the text. */
static char *without_part(char *text, const char *part)
{
    static const char found[] = "found ";
    const char *at = strncmp(text, found, strlen(found)) == 0 ? text + strlen(found) : "";
    struct buffer out = {0};
    if (pairs_mention(at, part) != at)
        return text;
    buffer_format(&out, "%sthis%s", found, at + strlen(part));
    free(text);
    return out.text;
}

/* Takes the text; returns the note's number, from 1. */
static size_t add_note(struct notes *notes, char *text, const char *algorithm)
{
    size_t i = 0;
    while (i < notes->count && strcmp(notes->items[i].text, text) != 0)
        i++;
    if (i == notes->count) {
        if (i == notes->capacity)
            notes->items = memory_grow(notes->items, &notes->capacity, i + 1, sizeof *notes->items);
        notes->items[notes->count++] = (struct note){.text = text};
    } else {
        free(text);
    }
    struct buffer *who = &notes->items[i].algorithms;
    size_t length = strlen(algorithm);
    bool last = who->length >= length && strcmp(who->text + who->length - length, algorithm) == 0;
    if (!last)
        buffer_format(who, "%s%s", who->length > 0 ? ", " : "", algorithm);
    return i + 1;
}

/* Words from column `indent`, where the line stands, to the width of the terminal. */
static void print_wrapped(const char *text, int indent, FILE *out)
{
    for (int column = indent; *text != '\0';) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > MATRIX_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

static void print_notes(const struct notes *notes, FILE *out)
{
    for (size_t i = 0; i < notes->count; i++) {
        struct buffer line = {0};
        buffer_format(&line, "%s: %s", notes->items[i].algorithms.text, notes->items[i].text);
        print_wrapped(line.text, fprintf(out, "  %3zu  ", i + 1), out);
        free(line.text);
    }
}

static void free_notes(struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->items[i].text);
        free(notes->items[i].algorithms.text);
    }
    free(notes->items);
}

/* ---- Tables --------------------------------------------------------------------------------- */

static struct cell cell_of(struct matrix *matrix, struct pairs *pairs, size_t family,
                           size_t algorithm, size_t part)
{
    const char *name = algorithm_registry.entries[algorithm]->name;
    struct pair pair;
    pairs_try(pairs, algorithm, family, part, &pair);
    struct cell cell = {.verdict = pair.verdict};
    if (pair.verdict == PAIRS_REFUSED)
        cell.note = add_note(
            &matrix->notes,
            without_part(without_name(pair.error.text, name), pairs_part(matrix->family, part)),
            name);
    else if (pair.condition != NULL)
        cell.note = add_note(&matrix->notes, memory_copy_string(pair.condition), name);
    pairs_release(&pair);
    return cell;
}

static void fill(struct matrix *matrix, struct pairs *pairs, size_t family)
{
    while (algorithm_registry.entries[matrix->algorithms] != NULL)
        matrix->algorithms++;
    while (pairs_part(matrix->family, matrix->parts) != NULL)
        matrix->parts++;
    matrix->cells = memory_array(matrix->algorithms * matrix->parts, sizeof *matrix->cells);
    for (size_t a = 0; a < matrix->algorithms; a++) {
        int width = (int)strlen(algorithm_registry.entries[a]->name);
        matrix->name_width = width > matrix->name_width ? width : matrix->name_width;
        for (size_t p = 0; p < matrix->parts; p++)
            matrix->cells[a * matrix->parts + p] = cell_of(matrix, pairs, family, a, p);
    }
}

static void print_parts(const struct matrix *matrix, FILE *out)
{
    struct buffer line = {0};
    for (size_t p = 0; p < matrix->parts; p++)
        buffer_format(&line, "%s%c=%s", p > 0 ? " " : "", letters[p % (sizeof letters - 1)],
                      pairs_part(matrix->family, p));
    fputs("  ", out);
    print_wrapped(line.text, 2, out);
    free(line.text);
}

static void print_cell(const struct cell *cell, FILE *out)
{
    char text[24] = "-";
    if (cell->verdict == PAIRS_ALLOWED && cell->note > 0)
        snprintf(text, sizeof text, "(%zu)", cell->note);
    else if (cell->verdict == PAIRS_ALLOWED)
        snprintf(text, sizeof text, "yes");
    else if (cell->verdict == PAIRS_REFUSED)
        snprintf(text, sizeof text, "%zu", cell->note);
    else if (cell->verdict == PAIRS_FILE)
        snprintf(text, sizeof text, "file");
    fprintf(out, "%*s", MATRIX_CELL, text);
}

/* Columns `from` to before `to`. */
static void print_block(const struct matrix *matrix, size_t from, size_t to, FILE *out)
{
    fprintf(out, "  %*s", matrix->name_width, "");
    for (size_t p = from; p < to; p++)
        fprintf(out, "%*c", MATRIX_CELL, letters[p % (sizeof letters - 1)]);
    for (size_t a = 0; a < matrix->algorithms; a++) {
        fprintf(out, "\n  %-*s", matrix->name_width, algorithm_registry.entries[a]->name);
        for (size_t p = from; p < to; p++)
            print_cell(&matrix->cells[a * matrix->parts + p], out);
    }
    fputc('\n', out);
}

void matrix_print_legend(FILE *out)
{
    fprintf(out,
            "Pairs of an algorithm and a part; pairs of other parts (a topology and faults,\n"
            "an outer optimizer and a compressor) are tried by `hearsay check`.\n"
            "Each pair is a small scenario of %d nodes, the rest at its defaults, checked\n"
            "as that does.\n"
            "  yes   it plays\n"
            "  (1)   it plays on the condition below\n"
            "  1     it is refused for the reason below\n"
            "  -     the algorithm has no such part, or does nothing with it\n"
            "  file  the part reads a file, which decides\n",
            PAIRS_NODES);
}

void matrix_print(struct pairs *pairs, size_t family, FILE *out)
{
    struct matrix matrix = {.family = pairs_family(pairs, family)};
    fill(&matrix, pairs, family);
    size_t columns = (size_t)((MATRIX_WIDTH - 2 - matrix.name_width) / MATRIX_CELL);
    fprintf(out, "\n%s (%s)\n", matrix.family->plural, matrix.family->path);
    print_parts(&matrix, out);
    for (size_t from = 0; from < matrix.parts; from += columns)
        print_block(&matrix, from, from + columns < matrix.parts ? from + columns : matrix.parts,
                    out);
    print_notes(&matrix.notes, out);
    free(matrix.cells);
    free_notes(&matrix.notes);
}
