/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IDX files, the format of MNIST (LeCun, Cortes and Burges): big-endian 32-bit magic (0, 0, type
 * 8 = unsigned byte, number of axes), one 32-bit length an axis, then the bytes.  A directory has
 * train-images-idx3-ubyte, train-labels-idx1-ubyte and the same with t10k; each may be gzipped
 * (.gz).  What the headers claim is never believed: memory grows with what is really read, and a
 * file that is shorter or longer than its header says is refused.
 */
#include "models/idx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/memory.h"
#include "models/dataset.h"

#define MAGIC_LABELS     0x00000801u
#define MAGIC_IMAGES     0x00000803u
#define GROWTH_BYTES     (1 << 20)
#define PATH_BYTES       4096
#define LARGEST_FEATURES (1u << 24)

struct idx_params {
    const char *path;
    int64_t classes;
};

static const struct field idx_fields[] = {
    FIELD_AT(struct idx_params, path, FIELD_PATH, NULL,
             .help = "Directory with train-images-idx3-ubyte, train-labels-idx1-ubyte and their"
                     " t10k counterparts, each plain or .gz."),
    FIELD_AT(struct idx_params, classes, FIELD_INTEGER, "10", .min = 2, .max = 256,
             .help = "Number of classes; labels lie below it."),
    FIELD_END,
};

struct idx_file {
    gzFile stream;
    char name[PATH_BYTES];
};

/* One of the two kinds of files: its bytes and the axes of its header. */
struct idx_content {
    uint8_t *bytes; /* malloc'd */
    uint32_t items, rows, columns;
};

static bool find_file(const char *directory, const char *stem, char *name, size_t size)
{
    static const char *const endings[] = {"", ".gz"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int length = snprintf(name, size, "%s/%s%s", directory, stem, endings[i]);

        if (length >= 0 && (size_t)length < size && access(name, F_OK) == 0)
            return true;
    }
    return false;
}

static enum status open_file(struct idx_file *file, const char *directory, const char *stem,
                             struct error *error)
{
    if (!find_file(directory, stem, file->name, sizeof file->name))
        return status_fail_at(error, "data.path", "%s has neither %s nor %s.gz", directory, stem,
                              stem);
    errno = 0;
    file->stream = gzopen(file->name, "rb");
    if (file->stream == NULL)
        return status_fail_at(error, "data.path", "%s: %s", file->name,
                              errno != 0 ? strerror(errno) : "out of memory");
    return STATUS_OK;
}

/* Damaged compression shows as an error of the stream, at the latest where its end should be. */
static enum status fail_read(struct idx_file *file, const char *what, struct error *error)
{
    int code;
    const char *text = gzerror(file->stream, &code);

    if (code == Z_ERRNO)
        text = strerror(errno);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return status_fail_at(error, "data.path", "%s: %s", file->name, text);
    return status_fail_at(error, "data.path", "%s: the file is truncated in its %s", file->name,
                          what);
}

static enum status read_word(struct idx_file *file, uint32_t *word, struct error *error)
{
    uint8_t b[4];

    if (gzread(file->stream, b, sizeof b) != (int)sizeof b)
        return fail_read(file, "header", error);
    *word = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return STATUS_OK;
}

static enum status read_header(struct idx_file *file, uint32_t magic, struct idx_content *content,
                               struct error *error)
{
    uint32_t found, *axes[] = {&content->items, &content->rows, &content->columns};
    uint32_t count = magic & 0xff;
    enum status status = read_word(file, &found, error);

    if (status != STATUS_OK)
        return status;
    if (found != magic)
        return status_fail_at(error, "data.path",
                              "%s: the magic number is 0x%08x, expected 0x%08x (%s)", file->name,
                              found, magic, count == 1 ? "labels" : "images");
    content->rows = content->columns = 1;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = read_word(file, axes[i], error);
    if (status != STATUS_OK)
        return status;
    if (content->items == 0 || content->rows == 0 || content->columns == 0 ||
        (uint64_t)content->rows * content->columns > LARGEST_FEATURES)
        return status_fail_at(error, "data.path",
                              "%s: the header claims %u items of %u x %u, expected at least one and"
                              " at most %u bytes each",
                              file->name, content->items, content->rows, content->columns,
                              LARGEST_FEATURES);
    return STATUS_OK;
}

static enum status read_bytes(struct idx_file *file, struct idx_content *content,
                              struct error *error)
{
    uint64_t expected = (uint64_t)content->items * content->rows * content->columns, have = 0;
    size_t capacity = 0;

    while (have < expected) {
        uint64_t want = expected - have < GROWTH_BYTES ? expected - have : GROWTH_BYTES;

        if (have + want > capacity)
            content->bytes = memory_grow(content->bytes, &capacity, have + want, 1);
        int got = gzread(file->stream, content->bytes + have, (unsigned)want);
        if (got <= 0 || (uint64_t)got != want)
            return fail_read(file, "data", error);
        have += (uint64_t)got;
    }
    content->bytes = memory_resize(content->bytes, expected, 1);
    uint8_t more;
    int got = gzread(file->stream, &more, 1); /* reads the checksum, too */
    if (got < 0)
        return fail_read(file, "data", error);
    if (got > 0)
        return status_fail_at(error, "data.path",
                              "%s: bytes follow the %llu that the header announces", file->name,
                              (unsigned long long)expected);
    return STATUS_OK;
}

static enum status read_file(const char *directory, const char *stem, uint32_t magic,
                             struct idx_content *content, struct error *error)
{
    struct idx_file file = {.stream = NULL};
    enum status status = open_file(&file, directory, stem, error);

    *content = (struct idx_content){.bytes = NULL};
    if (status == STATUS_OK)
        status = read_header(&file, magic, content, error);
    if (status == STATUS_OK)
        status = read_bytes(&file, content, error);
    if (file.stream != NULL && gzclose(file.stream) != Z_OK && status == STATUS_OK)
        status =
            status_fail_at(error, "data.path", "%s: the compressed stream is damaged", file.name);
    return status;
}

static enum status take_labels(struct dataset *data, const char *directory, const char *stem,
                               const struct idx_content *labels, const int32_t **result,
                               struct error *error)
{
    int32_t *values = dataset_block(data, labels->items, sizeof *values, error);

    if (values == NULL)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < labels->items; i++) {
        if (labels->bytes[i] >= data->classes)
            return status_fail_at(error, "data.path",
                                  "%s/%s: label %u of sample %u is not below the %u classes",
                                  directory, stem, labels->bytes[i], i, data->classes);
        values[i] = labels->bytes[i];
    }
    *result = values;
    return STATUS_OK;
}

/* Images and labels of one part; `kind` is "train" or "t10k". */
static enum status read_part(struct dataset *data, struct dataset_part *part, const char *directory,
                             const char *kind, struct error *error)
{
    struct idx_content images = {.bytes = NULL}, labels = {.bytes = NULL};
    char stem[64];

    snprintf(stem, sizeof stem, "%s-images-idx3-ubyte", kind);
    enum status status = read_file(directory, stem, MAGIC_IMAGES, &images, error);
    if (images.bytes != NULL)
        dataset_adopt(data, images.bytes);
    if (status != STATUS_OK)
        return status;
    uint32_t features = images.rows * images.columns;
    if (data->features != 0 && data->features != features)
        return status_fail_at(error, "data.path",
                              "%s/%s has images of %u x %u, but the training images have %u pixels",
                              directory, stem, images.rows, images.columns, data->features);
    data->features = features;
    snprintf(stem, sizeof stem, "%s-labels-idx1-ubyte", kind);
    status = read_file(directory, stem, MAGIC_LABELS, &labels, error);
    if (status == STATUS_OK && labels.items != images.items)
        status = status_fail_at(error, "data.path", "%s/%s has %u labels for %u images", directory,
                                stem, labels.items, images.items);
    if (status == STATUS_OK)
        status = take_labels(data, directory, stem, &labels, &part->labels, error);
    free(labels.bytes);
    part->samples = images.items;
    part->bytes = images.bytes;
    return status;
}

bool idx_is_present(const char *directory)
{
    char name[PATH_BYTES];

    return find_file(directory, "train-images-idx3-ubyte", name, sizeof name);
}

enum status idx_load_directory(const char *directory, uint32_t classes,
                               enum numeric_precision precision, struct dataset *data,
                               struct error *error)
{
    dataset_start(data, precision);
    data->classes = classes;
    data->byte_scale = 1.0 / 255;
    enum status status = read_part(data, &data->train, directory, "train", error);
    if (status == STATUS_OK)
        status = read_part(data, &data->test, directory, "t10k", error);
    if (status != STATUS_OK)
        dataset_release(data);
    return status;
}

static enum status load(const void *config, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error)
{
    const struct idx_params *params = config;

    (void)seed;
    return idx_load_directory(params->path, (uint32_t)params->classes, precision, data, error);
}

const struct data_ops idx_ops = {
    .plugin = {.name = "idx",
               .summary = "images in MNIST's format from a directory",
               .reference = "LeCun, Cortes and Burges, The MNIST database",
               .params = idx_fields,
               .params_size = sizeof(struct idx_params)},
    .load = load,
    .unload = dataset_release,
};
