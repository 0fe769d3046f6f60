/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phone books of the SGP authors' repository (facebookresearch/stochastic_gradient_push).
 *
 * Every rank lists its peers; a round takes p neighbouring entries, and the next round starts p
 * entries later, modulo the length of the list.  Tag sgp_pytorch0.5, the paper's version, drops
 * peers that are in the list already.  The main branch means to, but compares a rank with an Edge
 * object, so that its duplicates stay: for n = 8 the distances 1, 2, 4 give +1 -1 +2 -2 +4 in the
 * tag and +1 -1 +2 -2 +4 -4 in main, where +4 and -4 are one peer.  (Two entries of one round that
 * name one peer are one message here.)
 */
#include "topologies/sgp_phone_book.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/field.h"

#define MAX_ENTRIES 64 /* two for each of at most 32 distances */

static const char *const version_names[] = {"tag", "main", NULL};

const struct field sgp_phone_book_fields[] = {
    FIELD_AT(struct sgp_exponential_params, peers, FIELD_INTEGER, "1", .min = 1, .max = MAX_ENTRIES,
             .help = "peers that every node sends to in a round"),
    FIELD_AT(struct sgp_exponential_params, version, FIELD_ENUM, "\"tag\"", .names = version_names,
             .help = "the repository's code: \"tag\" sgp_pytorch0.5 (the paper's) or \"main\""),
    FIELD_END,
};

struct phone_book {
    int64_t shifts[MAX_ENTRIES]; /* in 1 .. n-1 */
    uint32_t count;
};

static void add(struct phone_book *book, int64_t shift, bool distinct)
{
    for (uint32_t i = 0; distinct && i < book->count; i++)
        if (book->shifts[i] == shift)
            return;
    book->shifts[book->count++] = shift;
}

static void list_peers(struct phone_book *book, uint32_t nodes, bool distinct,
                       sgp_phone_book_distance *distance)
{
    unsigned i = 0;

    book->count = 0;
    for (uint64_t power = 1; power < nodes; power *= 2, i++) {
        int64_t ahead = distance(i) % nodes;

        add(book, ahead, distinct);
        add(book, nodes - ahead, distinct);
    }
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

enum status sgp_phone_book_schedule(const struct sgp_exponential_params *params, uint32_t nodes,
                                    sgp_phone_book_distance *distance, struct circulant **schedule,
                                    struct error *error)
{
    struct phone_book book;
    uint32_t peers = (uint32_t)params->peers, rounds;

    list_peers(&book, nodes, params->version == SGP_VERSION_TAG, distance);
    if (nodes > 1 && peers > book.count)
        return status_fail_at(error, "peers",
                              "%u peers a round, expected at most %u, the peers that a node has "
                              "with %u nodes",
                              peers, book.count, nodes);
    *schedule = circulant_create(nodes);
    rounds = nodes > 1 ? book.count / common_divisor(book.count, peers) : 1;
    for (uint32_t round = 0; round < rounds; round++) {
        circulant_add_phase(*schedule);
        for (uint32_t j = 0; nodes > 1 && j < peers; j++)
            circulant_add(*schedule, book.shifts[(round * peers + j) % book.count]);
    }
    return STATUS_OK;
}
