/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data sets that several runs of one process share: variants and checks of a scenario read the same
 * files.  The few last loaded are kept.
 */
#ifndef HEARSAY_MODELS_DATA_CACHE_H
#define HEARSAY_MODELS_DATA_CACHE_H

#include "models/data.h"

struct data_cache;

struct data_cache *data_cache_create(void);
void data_cache_free(struct data_cache *cache);
/* *data borrows the arrays: it is valid until the cache is freed, or DATA_CACHE_KEPT other sets
 * have been loaded, and is not unloaded by the caller.  The choice's parameters are borrowed until
 * the cache is freed. */
#define DATA_CACHE_KEPT 4
enum status data_cache_load(struct data_cache *cache, const struct plugin_choice *source,
                            enum numeric_precision precision, uint64_t seed, struct dataset *data,
                            struct error *error);

#endif
