/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which parts compose?  Every algorithm is paired with every part of every other family (its
 * topologies, optimizers, ...): a small scenario is written for the pair and handed to the same
 * checks that a user's scenario goes through.  Nothing here knows what the answer should be, and
 * families are found in the field tables, so a new algorithm or part is in by being registered.
 */
#ifndef HEARSAY_SCENARIO_PAIRS_H
#define HEARSAY_SCENARIO_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "algorithms/algorithm.h"
#include "scenario/scenario.h"

#define PAIRS_NODES 8 /* of the small scenarios */

/* The values of one key of a scenario. */
struct pairs_family {
    char path[64];                          /* "topology", "algorithm.collective", "precision" */
    const char *plural;                     /* "topologies" */
    const struct plugin_registry *registry; /* NULL: the words */
    const char *const *words;               /* NULL-terminated, where registry is NULL */
    bool optional; /* absent by default, so an algorithm may refuse all of it */
};

enum pairs_verdict {
    PAIRS_ALLOWED,
    PAIRS_REFUSED,
    PAIRS_UNUSED, /* the algorithm has no such key, or does nothing with it */
    PAIRS_FILE,   /* the part reads a file: what is in it decides */
};

struct pair {
    enum pairs_verdict verdict;
    struct error error;        /* PAIRS_REFUSED: why */
    const char *condition;     /* PAIRS_ALLOWED: what had to be set besides, or NULL */
    struct scenario *scenario; /* PAIRS_ALLOWED: the small scenario; ready to be played */
};

struct pairs;
struct pairs *pairs_create(void);
void pairs_free(struct pairs *pairs);

size_t pairs_family_count(const struct pairs *pairs);
const struct pairs_family *pairs_family(const struct pairs *pairs, size_t index);
/* Name of a family's part, or NULL after the last. */
const char *pairs_part(const struct pairs_family *family, size_t index);

/* Tries entry `algorithm` of algorithm_registry with part `part` of family `family`. */
void pairs_try(struct pairs *pairs, size_t algorithm, size_t family, size_t part,
               struct pair *pair);
void pairs_release(struct pair *pair);

/* Where a text has the name as a word of its own ("sgp", but not in "sgp-exponential"), or NULL. */
const char *pairs_mention(const char *text, const char *name);

/* The small scenario of an algorithm alone with `count` more settings ("key.path=value"), resolved
 * but not checked: its parameters are there to be asked about. NULL: it cannot be written so. */
struct scenario *pairs_alone(const struct algorithm_ops *algorithm, const char *const *settings,
                             size_t count);

#endif
