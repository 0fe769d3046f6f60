/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which samples an evaluation visits.
 */
#include "models/batch.h"

#include <string.h>

struct batch_range batch_range(const struct dataset *data, const struct partition *partition,
                               const struct objective_query *query)
{
    bool test = query->set == OBJECTIVE_TEST;
    struct batch_range range = {.part = test ? &data->test : &data->train};

    range.samples = query->samples;
    range.count = query->count;
    if (query->samples != NULL || query->count != 0)
        return range;
    range.count = range.part->samples;
    if (query->node >= 0 && !test && partition != NULL) {
        range.samples = partition->indices + partition->first[query->node];
        range.count = partition_size(partition, (uint32_t)query->node);
    }
    return range;
}

uint32_t batch_chunk(const struct batch_range *range, uint32_t position, uint32_t *samples)
{
    uint32_t count = range->count - position;

    if (count > OBJECTIVE_EVALUATION_CHUNK)
        count = OBJECTIVE_EVALUATION_CHUNK;
    if (range->samples != NULL) {
        memcpy(samples, range->samples + position, count * sizeof *samples);
        return count;
    }
    for (uint32_t i = 0; i < count; i++)
        samples[i] = position + i;
    return count;
}
