/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dirichlet partitions: label skew with one knob.  alpha -> infinity: every node sees the classes
 * in the data's proportions; alpha -> 0: about one class a node.  Every sample is used once.
 *
 * balanced (Hsu, Qi and Brown, arXiv:1909.06335, section 3): node i draws class proportions q_i ~
 * Dirichlet(alpha, ..., alpha) and gets as many samples as any other (sizes differ by at most
 * one).  Nodes take turns; in its turn a node draws a class from q_i, restricted to the classes
 * that have samples left (when q_i has no weight on those, from what is left), and takes that
 * class's next sample.  Taking turns spreads the last turns' lack of choice over all nodes.
 *
 * natural (Yurochkin et al., ICML 2019, section 4): class k is cut in proportions p_k ~
 * Dirichlet(alpha, ..., alpha) over the nodes, so shard sizes vary; drawn anew until every node
 * holds at least min_size samples.
 */
#include "models/partition.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"

#define NATURAL_ATTEMPTS 1000

struct dirichlet_params {
    double alpha;
    bool balanced;
    int64_t min_size;
};

static const struct field dirichlet_fields[] = {
    FIELD_AT(struct dirichlet_params, alpha, FIELD_REAL, "0.5", .min = 1e-6, .max = 1e9,
             .help = "Concentration: small is skewed, large is alike."),
    FIELD_AT(struct dirichlet_params, balanced, FIELD_BOOL, "true",
             .help = "Equal shard sizes; false: sizes vary as the classes' shares do."),
    FIELD_AT(struct dirichlet_params, min_size, FIELD_INTEGER, "1", .min = 1, .max = 1e9,
             .help = "Unbalanced only: redraw until every node holds this many samples."),
    FIELD_END,
};

static void draw_shares(gsl_rng *r, double alpha, size_t count, double *concentration,
                        double *shares)
{
    for (size_t k = 0; k < count; k++)
        concentration[k] = alpha;
    gsl_ran_dirichlet(r, count, concentration, shares);
}

/* ---- Balanced ---------------------------------------------------------------------------------
 */

struct dealer {
    const struct partition_classes *classes;
    uint32_t *next;      /* per class: its next sample */
    double *proportions; /* nodes x classes: q_i */
    double *weights;     /* classes: q_i over what is left */
};

static uint32_t left_of(const struct dealer *dealer, uint32_t k)
{
    return dealer->classes->first[k + 1] - dealer->next[k];
}

/* A class with samples left, drawn from q_i restricted to those. */
static uint32_t draw_class(struct dealer *dealer, uint32_t node, double uniform)
{
    uint32_t classes = dealer->classes->classes, last = 0;
    const double *q = dealer->proportions + (size_t)node * classes;
    double total = 0;

    for (uint32_t k = 0; k < classes; k++)
        total += dealer->weights[k] = left_of(dealer, k) > 0 ? q[k] : 0;
    if (!(total > 0))
        for (uint32_t k = 0; k < classes; k++)
            total += dealer->weights[k] = left_of(dealer, k);
    for (uint32_t k = 0; k < classes; k++) {
        if (dealer->weights[k] > 0) {
            uniform -= dealer->weights[k] / total;
            last = k;
            if (uniform < 0)
                break;
        }
    }
    return last; /* rounding may leave a crumb of `uniform` for nobody */
}

static void draw_proportions(struct dealer *dealer, double alpha, uint32_t nodes, uint64_t seed)
{
    uint32_t classes = dealer->classes->classes;
    struct rng rng;

    for (uint32_t i = 0; i < nodes; i++)
        draw_shares(rng_open(&rng, seed, RNG_PARTITION, PARTITION_NODE, i, 0), alpha, classes,
                    dealer->weights, dealer->proportions + (size_t)i * classes);
}

static void take_turns(struct dealer *dealer, struct partition *partition, uint64_t seed)
{
    uint32_t largest = partition_size(partition, 0);
    struct rng rng;

    for (uint32_t turn = 0; turn < largest; turn++) {
        for (uint32_t i = 0; i < partition->nodes; i++) {
            if (turn >= partition_size(partition, i))
                break; /* the larger shards come first */
            rng_open(&rng, seed, RNG_PARTITION, PARTITION_NODE, i, turn + (uint64_t)1);
            uint32_t k = draw_class(dealer, i, rng_uniform(&rng));
            partition->indices[partition->first[i] + turn] =
                dealer->classes->items[dealer->next[k]++];
        }
    }
}

static void split_balanced(double alpha, const struct partition_classes *classes, uint32_t samples,
                           uint64_t seed, struct partition *partition)
{
    struct dealer dealer = {
        .classes = classes,
        .next = memory_array(classes->classes, sizeof *dealer.next),
        .proportions = memory_array((size_t)partition->nodes * classes->classes, sizeof(double)),
        .weights = memory_array(classes->classes, sizeof(double)),
    };

    partition_bounds(partition, samples);
    memcpy(dealer.next, classes->first, classes->classes * sizeof *dealer.next);
    draw_proportions(&dealer, alpha, partition->nodes, seed);
    take_turns(&dealer, partition, seed);
    free(dealer.next);
    free(dealer.proportions);
    free(dealer.weights);
}

/* ---- Natural ----------------------------------------------------------------------------------
 */

/* cuts[k x (nodes + 1) + i]: where node i's part of class k starts. */
struct cuts {
    uint64_t *sizes; /* of the shards */
    uint32_t *at;
    double *shares, *concentration; /* nodes */
};

static void draw_cuts(struct cuts *cuts, double alpha, const struct partition_classes *classes,
                      uint32_t nodes, uint64_t seed, uint64_t attempt)
{
    struct rng rng;

    memset(cuts->sizes, 0, nodes * sizeof *cuts->sizes);
    for (uint32_t k = 0; k < classes->classes; k++) {
        uint32_t *at = cuts->at + (size_t)k * (nodes + 1);
        uint32_t begin = classes->first[k], count = classes->first[k + 1] - begin;
        double sum = 0;

        draw_shares(rng_open(&rng, seed, RNG_PARTITION, PARTITION_SHARE, k, attempt), alpha, nodes,
                    cuts->concentration, cuts->shares);
        at[0] = begin;
        for (uint32_t i = 0; i < nodes; i++) {
            sum += cuts->shares[i];
            double end = i + 1 < nodes && sum < 1 ? floor(sum * count + 0.5) : count;
            at[i + 1] = begin + (uint32_t)end;
            cuts->sizes[i] += at[i + 1] - at[i];
        }
    }
}

static uint64_t smallest(const uint64_t *sizes, uint32_t nodes)
{
    uint64_t least = sizes[0];

    for (uint32_t i = 1; i < nodes; i++)
        least = sizes[i] < least ? sizes[i] : least;
    return least;
}

static void apply_cuts(const struct cuts *cuts, const struct partition_classes *classes,
                       struct partition *partition)
{
    uint64_t filled = 0;

    for (uint32_t i = 0; i < partition->nodes; i++) {
        for (uint32_t k = 0; k < classes->classes; k++) {
            const uint32_t *at = cuts->at + (size_t)k * (partition->nodes + 1) + i;

            memcpy(partition->indices + filled, classes->items + at[0],
                   (at[1] - at[0]) * sizeof *partition->indices);
            filled += at[1] - at[0];
        }
        partition->first[i + 1] = filled;
    }
}

static enum status split_natural(const struct dirichlet_params *params,
                                 const struct partition_classes *classes, uint32_t samples,
                                 uint64_t seed, struct partition *partition, struct error *error)
{
    uint32_t nodes = partition->nodes;
    struct cuts cuts = {
        .sizes = memory_array(nodes, sizeof *cuts.sizes),
        .at = memory_array(((size_t)nodes + 1) * classes->classes, sizeof *cuts.at),
        .shares = memory_array(nodes, sizeof(double)),
        .concentration = memory_array(nodes, sizeof(double)),
    };
    bool enough = false;

    for (int attempt = 0; !enough && attempt < NATURAL_ATTEMPTS; attempt++) {
        draw_cuts(&cuts, params->alpha, classes, nodes, seed, (uint64_t)attempt);
        enough = smallest(cuts.sizes, nodes) >= (uint64_t)params->min_size;
    }
    if (enough)
        apply_cuts(&cuts, classes, partition);
    free(cuts.sizes);
    free(cuts.at);
    free(cuts.shares);
    free(cuts.concentration);
    if (enough)
        return STATUS_OK;
    return status_fail_at(error, "data.partition.min_size",
                          "%d draws gave no partition of %u samples in which each of %u nodes holds"
                          " at least %lld; raise alpha = %g, or use \"balanced\"",
                          NATURAL_ATTEMPTS, samples, nodes, (long long)params->min_size,
                          params->alpha);
}

static enum status split(const void *config, const struct dataset *data, uint64_t seed,
                         struct partition *partition, struct error *error)
{
    const struct dirichlet_params *params = config;
    struct partition_classes classes;
    uint32_t samples = data->train.samples;
    enum status status = partition_classes_create(&classes, data, seed, error);

    if (status != STATUS_OK)
        return status;
    if (params->balanced)
        split_balanced(params->alpha, &classes, samples, seed, partition);
    else if ((uint64_t)params->min_size * partition->nodes > samples)
        status = status_fail_at(error, "data.partition.min_size",
                                "%u nodes x %lld are more than the %u training samples",
                                partition->nodes, (long long)params->min_size, samples);
    else
        status = split_natural(params, &classes, samples, seed, partition, error);
    partition_classes_free(&classes);
    return status;
}

const struct partition_ops dirichlet_ops = {
    .plugin = {.name = "dirichlet",
               .summary = "class proportions drawn from a Dirichlet distribution",
               .reference = "Hsu, Qi and Brown, arXiv:1909.06335; Yurochkin et al., ICML 2019",
               .params = dirichlet_fields,
               .params_size = sizeof(struct dirichlet_params)},
    .split = split,
};
