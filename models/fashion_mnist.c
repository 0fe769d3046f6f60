/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fashion-MNIST: 60000 + 10000 grey images of 28 x 28, ten balanced classes of clothing; from
 * Debian's package dataset-fashion-mnist, or any directory with the four files.
 */
#include "models/dataset.h"
#include "models/idx.h"

#define FASHION_MNIST_DIRECTORY "/usr/share/datasets/fashion-mnist"
#define FASHION_MNIST_CLASSES   10

struct fashion_params {
    const char *path;
};

static const struct field fashion_fields[] = {
    FIELD_AT(struct fashion_params, path, FIELD_PATH, "null",
             .help = "Directory with the four files; by default where Debian's package"
                     " dataset-fashion-mnist puts them."),
    FIELD_END,
};

static enum status load(const void *config, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error)
{
    const struct fashion_params *params = config;
    const char *directory = params->path != NULL ? params->path : FASHION_MNIST_DIRECTORY;

    (void)seed;
    if (params->path == NULL && !idx_is_present(directory))
        return status_fail_at(error, "data.name",
                              "Fashion-MNIST is not in %s: install the Debian package"
                              " dataset-fashion-mnist, or give \"path\", a directory with its four"
                              " files",
                              directory);
    return idx_load_directory(directory, FASHION_MNIST_CLASSES, precision, data, error);
}

const struct data_ops fashion_mnist_ops = {
    .plugin = {.name = "fashion-mnist",
               .summary = "grey images of clothing, ten classes",
               .reference = "Xiao, Rasul and Vollgraf, Fashion-MNIST, arXiv:1708.07747",
               .params = fashion_fields,
               .params_size = sizeof(struct fashion_params)},
    .load = load,
    .unload = dataset_release,
};
