/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Directories in MNIST's format.
 */
#ifndef HEARSAY_MODELS_IDX_H
#define HEARSAY_MODELS_IDX_H

#include "models/data.h"

/* True when `directory` has the training images, compressed or not. */
bool idx_is_present(const char *directory);
/* Loads the four files; labels must be below `classes`. */
enum status idx_load_directory(const char *directory, uint32_t classes,
                               enum numeric_precision precision, struct dataset *data,
                               struct error *error);

#endif
