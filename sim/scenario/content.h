/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digests of what a scenario's paths name: of a file its bytes; of a directory the names and bytes
 * of its regular files in order of name, not of what lies deeper.  Each path is read once.
 */
#ifndef HEARSAY_SCENARIO_CONTENT_H
#define HEARSAY_SCENARIO_CONTENT_H

#include <stddef.h>

#include "core/digest.h"
#include "core/status.h"

struct content {
    char *path;
    char digest[DIGEST_TEXT_SIZE];
};

/* Zero-initialise to create. */
struct content_cache {
    struct content *items;
    size_t count, capacity;
};

enum status content_digest(struct content_cache *cache, const char *path, const char **digest,
                           struct error *error);
void content_cache_free(struct content_cache *cache);

#endif
