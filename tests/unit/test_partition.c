/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Partitions and sampling: invariants counted by hand, and the skew that a Dirichlet promises.
 */
#include <math.h>

#include "core/rng.h"
#include "tests/unit/models_support.h"
#include "testing.h"

static struct plugin_choice rule(const char *name)
{
    return support_choose(&partition_registry, name);
}

/* ---- Partitions
 * ---------------------------------------------------------------------------------------- */

/* Labels only: sample i has class `labels[i]`. */
static struct dataset labelled(int32_t *labels, uint32_t samples, uint32_t classes)
{
    for (uint32_t i = 0; i < samples; i++)
        labels[i] = (int32_t)((i * 7919u) % classes);
    return (struct dataset){
        .classes = classes, .features = 1, .train = {.samples = samples, .labels = labels}};
}

static void check_each_once(const struct partition *p, uint32_t samples)
{
    bool *seen = memory_array(samples, sizeof *seen);

    ck_assert_uint_eq(p->first[0], 0);
    ck_assert_uint_eq(p->first[p->nodes], samples);
    for (uint32_t k = 0; k < samples; k++) {
        ck_assert_uint_lt(p->indices[k], samples);
        ck_assert(!seen[p->indices[k]]);
        seen[p->indices[k]] = true;
    }
    free(seen);
}

static void check_sizes(const struct partition *p, uint32_t samples)
{
    for (uint32_t i = 0; i < p->nodes; i++) {
        ck_assert_uint_ge(partition_size(p, i), samples / p->nodes);
        ck_assert_uint_le(partition_size(p, i), (samples + p->nodes - 1) / p->nodes);
    }
}

START_TEST(partitions_use_each_sample_once)
{
    enum { N = 1003, NODES = 16 };
    static const char *const names[] = {"iid", "contiguous", "label-shards", "dirichlet"};
    int32_t labels[N];
    struct dataset data = labelled(labels, N, 10);

    for (int k = 0; k < 4; k++) {
        struct partition *p = support_split(rule(names[k]), &data, NODES, 5);

        check_each_once(p, N);
        if (k != 2) /* two pieces a node: their sizes may add up */
            check_sizes(p, N);
        partition_free(p);
    }
    struct partition *p =
        support_split(support_with(rule("dirichlet"), "balanced", "false"), &data, NODES, 5);
    check_each_once(p, N);
    partition_free(p);
    p = support_split(rule("contiguous"), &data, NODES, 5);
    for (uint32_t k = 0; k < N; k++)
        ck_assert_uint_eq(p->indices[k], k);
    partition_free(p);
    for (uint32_t nodes = 1; nodes < 40; nodes++) {
        p = support_split(rule("dirichlet"), &data, nodes, nodes);
        check_each_once(p, N);
        check_sizes(p, N);
        partition_free(p);
    }
}
END_TEST

START_TEST(partitions_follow_their_seed)
{
    enum { N = 400 };
    static const char *const names[] = {"iid", "label-shards", "dirichlet"};
    int32_t labels[N];
    struct dataset data = labelled(labels, N, 10);

    for (int k = 0; k < 3; k++) {
        struct partition *a = support_split(rule(names[k]), &data, 8, 5);
        struct partition *b = support_split(rule(names[k]), &data, 8, 5);
        struct partition *c = support_split(rule(names[k]), &data, 8, 6);

        ck_assert_mem_eq(a->indices, b->indices, N * sizeof *a->indices);
        ck_assert_mem_ne(a->indices, c->indices, N * sizeof *a->indices);
        partition_free(a);
        partition_free(b);
        partition_free(c);
    }
}
END_TEST

START_TEST(label_shards_hold_few_labels)
{
    enum { N = 1000, NODES = 10 };
    int32_t labels[N];
    struct dataset data = labelled(labels, N, 10); /* 100 of each: a piece of 50 has one label */
    struct partition *p = support_split(rule("label-shards"), &data, NODES, 5);

    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t counts[10] = {0}, kinds = 0;

        for (uint64_t k = p->first[i]; k < p->first[i + 1]; k++)
            counts[labels[p->indices[k]]]++;
        for (int c = 0; c < 10; c++)
            kinds += counts[c] > 0;
        ck_assert_uint_le(kinds, 2);
        ck_assert_uint_eq(partition_size(p, i), 100);
    }
    partition_free(p);
}
END_TEST

/* Mean over the nodes of the squared distance between a node's class shares and the data's. */
static double skew_of(const struct partition *p, const int32_t *labels, uint32_t classes)
{
    double skew = 0;

    for (uint32_t i = 0; i < p->nodes; i++) {
        double share[10] = {0};

        for (uint64_t k = p->first[i]; k < p->first[i + 1]; k++)
            share[labels[p->indices[k]]] += 1.0 / partition_size(p, i);
        for (uint32_t c = 0; c < classes; c++)
            skew += pow(share[c] - 1.0 / classes, 2) / p->nodes;
    }
    return skew;
}

/* For q ~ Dirichlet(alpha 1_K) the expected squared distance from uniform is
 * (1 - 1/K) / (K alpha + 1). */
START_TEST(dirichlet_is_as_skewed_as_alpha_says)
{
    enum { N = 100000, NODES = 200, K = 10 };
    static const char *const texts[] = {"0.05", "0.5", "5", "1e6"};
    static const double alphas[] = {0.05, 0.5, 5, 1e6};
    int32_t *labels = memory_array(N, sizeof *labels);
    struct dataset data = labelled(labels, N, K);
    double before = 2;

    for (int a = 0; a < 4; a++) {
        struct plugin_choice choice = support_with(rule("dirichlet"), "alpha", texts[a]);
        struct partition *p = support_split(choice, &data, NODES, 11);
        double skew = skew_of(p, labels, K), expected = 0.9 / (K * alphas[a] + 1);

        /* Equal sizes dilute the draws: whoever is late takes what is left.  Counting noise of a
         * shard of 500 adds at most 0.9 / 500. */
        ck_assert_double_lt(skew, 1.15 * expected + 0.9 / 500);
        ck_assert_double_gt(skew, 0.5 * expected);
        ck_assert_double_lt(skew, before);
        before = skew;
        partition_free(p);
    }
    free(labels);
}
END_TEST

/* natural: a class's shares are Dirichlet over the nodes, so with huge alpha all are equal. */
START_TEST(natural_shares_keep_their_minimum)
{
    enum { N = 5000 };
    int32_t labels[N];
    struct dataset data = labelled(labels, N, 10);
    struct plugin_choice choice = support_with(rule("dirichlet"), "balanced", "false");
    struct data_config config = support_config(choice, SAMPLING_SHARD, 1);
    struct partition *p;
    struct error error;
    uint32_t least = N, most = 0;

    support_with(choice, "min_size", "150");
    p = support_split(choice, &data, 10, 3);
    for (uint32_t i = 0; i < 10; i++) {
        least = partition_size(p, i) < least ? partition_size(p, i) : least;
        most = partition_size(p, i) > most ? partition_size(p, i) : most;
    }
    ck_assert_uint_ge(least, 150);
    ck_assert_uint_gt(most, least + 50); /* not balanced */
    partition_free(p);
    support_with(choice, "alpha", "1e9");
    p = support_split(choice, &data, 10, 3);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_uint_le(abs((int)partition_size(p, i) - 500), 10);
    partition_free(p);
    support_with(choice, "alpha", "0.01");
    support_with(choice, "min_size", "499");
    ck_assert(partition_create(&p, &config, &data, 10, 3, &error) == STATUS_REQUEST);
    ck_assert_str_eq(error.path, "data.partition.min_size");
    support_with(choice, "min_size", "501");
    ck_assert(partition_create(&p, &config, &data, 10, 3, &error) == STATUS_REQUEST);
    ck_assert_ptr_null(p);
}
END_TEST

START_TEST(empty_shards_are_refused)
{
    static const char *const names[] = {"iid", "contiguous", "label-shards", "dirichlet"};
    int32_t labels[7];
    struct dataset data = labelled(labels, 7, 3), real = data;
    struct partition *p;
    struct error error;

    for (int k = 0; k < 4; k++) {
        struct data_config config = support_config(rule(names[k]), SAMPLING_SHARD, 1);

        ck_assert(partition_create(&p, &config, &data, 8, 1, &error) == STATUS_REQUEST);
        ck_assert_int_eq(strncmp(error.path, "data.partition", 14), 0);
        ck_assert_ptr_null(p);
    }
    real.train.labels = NULL;
    real.classes = 0;
    for (int k = 2; k < 4; k++) {
        struct data_config config = support_config(rule(names[k]), SAMPLING_SHARD, 1);

        ck_assert(partition_create(&p, &config, &real, 1, 1, &error) == STATUS_REQUEST);
        ck_assert_ptr_nonnull(strstr(error.text, "real targets"));
    }
}
END_TEST

/* ---- Sampling
 * -------------------------------------------------------------------------------------------- */

struct draw {
    struct data_config config;
    struct dataset data;
    struct partition *split;
    struct sampler *sampler;
};

static struct draw draw_open(struct plugin_choice partition, int sampling, uint32_t samples,
                             uint32_t nodes, int64_t batch)
{
    struct draw d = {.config = support_config(partition, sampling, batch),
                     .data = {.features = 1, .train = {.samples = samples}}};

    d.split = support_split(partition, &d.data, nodes, 5);
    d.sampler = sampler_create(&d.config, &d.data, d.split, 17);
    return d;
}

static void draw_close(struct draw *d)
{
    sampler_free(d->sampler);
    partition_free(d->split);
}

/* Places `from` .. of a node's sequence, put together from batches. */
static void sequence(struct draw *d, uint32_t node, int64_t steps, uint32_t *places)
{
    for (int64_t k = 0; k < steps; k++)
        sampler_batch(d->sampler, node, k, places + k * d->config.batch_size);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void check_same_set(const uint32_t *a, const uint32_t *b, size_t count)
{
    uint32_t *sorted = memory_array(2 * count, sizeof *sorted);

    memcpy(sorted, a, count * sizeof *a);
    memcpy(sorted + count, b, count * sizeof *b);
    qsort(sorted, count, sizeof *sorted, compare);
    qsort(sorted + count, count, sizeof *sorted, compare);
    ck_assert_mem_eq(sorted, sorted + count, count * sizeof *sorted);
    free(sorted);
}

/* 53 samples on 3 nodes: shards of 18, 18, 17; batches of 5 never divide them. */
START_TEST(shard_passes_cover_the_shard_and_wrap)
{
    struct draw d = draw_open(rule("iid"), SAMPLING_SHARD, 53, 3, 5);
    uint32_t places[200];

    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t *shard = d.split->indices + d.split->first[i];
        uint32_t size = partition_size(d.split, i);

        sequence(&d, i, 40, places);
        for (uint32_t pass = 0; (pass + 1) * size <= 200; pass++)
            check_same_set(places + pass * size, shard, size);
        ck_assert_mem_ne(places, places + size, size * sizeof *places); /* reshuffled */
    }
    draw_close(&d);
}
END_TEST

START_TEST(a_batch_may_be_larger_than_the_shard)
{
    struct draw d = draw_open(rule("iid"), SAMPLING_SHARD, 12, 4, 10); /* shards of 3 */
    uint32_t places[30];

    sequence(&d, 2, 3, places);
    for (uint32_t pass = 0; pass < 10; pass++)
        check_same_set(places + pass * 3, d.split->indices + d.split->first[2], 3);
    draw_close(&d);
}
END_TEST

START_TEST(sequential_passes_keep_the_order)
{
    struct draw d = draw_open(rule("contiguous"), SAMPLING_SEQUENTIAL, 21, 3, 5);
    uint32_t places[35];

    sequence(&d, 1, 7, places);
    for (uint32_t k = 0; k < 35; k++)
        ck_assert_uint_eq(places[k], 7 + k % 7);
    draw_close(&d);
}
END_TEST

START_TEST(draws_with_replacement_are_uniform)
{
    enum { STEPS = 4000, SIZE = 10 };
    struct draw d = draw_open(rule("iid"), SAMPLING_WITH_REPLACEMENT, 30, 3, 5);
    double counts[30] = {0}, chi_square = 0, expected = STEPS * 5.0 / SIZE;
    uint32_t batch[5];

    for (int k = 0; k < STEPS; k++) {
        sampler_batch(d.sampler, 1, k, batch);
        for (int j = 0; j < 5; j++)
            counts[batch[j]]++;
    }
    for (uint32_t k = 0; k < SIZE; k++)
        chi_square += pow(counts[d.split->indices[d.split->first[1] + k]] - expected, 2) / expected;
    ck_assert_double_lt(chi_square, 33.7); /* 9 degrees of freedom, one in 10^4 */
    draw_close(&d);
}
END_TEST

/* n nodes with b read together, round by round, what one node with n b reads. */
START_TEST(global_rounds_equal_one_large_batch)
{
    struct draw many = draw_open(rule("iid"), SAMPLING_GLOBAL, 50, 4, 3);
    struct draw one = draw_open(rule("contiguous"), SAMPLING_GLOBAL, 50, 1, 12);
    uint32_t parts[12], whole[12], places[600];

    for (int64_t k = 0; k < 50; k++) {
        for (uint32_t i = 0; i < 4; i++)
            sampler_batch(many.sampler, i, k, parts + i * 3);
        sampler_batch(one.sampler, 0, k, whole);
        ck_assert_mem_eq(parts, whole, sizeof whole);
        memcpy(places + k * 12, whole, sizeof whole);
    }
    for (uint32_t pass = 0; pass < 12; pass++) /* each pass is all data */
        check_same_set(places + pass * 50, one.split->indices, 50);
    draw_close(&many);
    draw_close(&one);
}
END_TEST

/* The deal of each pass: all nodes together hold everything once, and not what they held before. */
START_TEST(reshuffled_shards_are_dealt_anew)
{
    struct plugin_choice iid = support_with(rule("iid"), "reshuffle", "\"reshuffled\"");
    static const int samplings[] = {SAMPLING_SHARD, SAMPLING_SEQUENTIAL};

    for (int s = 0; s < 2; s++) {
        struct draw d = draw_open(iid, samplings[s], 40, 4, 5); /* shards of 10: 2 batches */
        uint32_t places[4][60], pass[40], sorted[4][10];

        for (uint32_t i = 0; i < 4; i++)
            sequence(&d, i, 12, places[i]);
        for (uint32_t p = 0; p < 6; p++) {
            int same = 0;

            for (uint32_t i = 0; i < 4; i++) {
                memcpy(pass + i * 10, places[i] + p * 10, 10 * sizeof *pass);
                uint32_t now[10];
                memcpy(now, pass + i * 10, sizeof now);
                qsort(now, 10, sizeof *now, compare);
                same += p > 0 && memcmp(now, sorted[i], sizeof now) == 0;
                memcpy(sorted[i], now, sizeof now);
            }
            check_same_set(pass, d.split->indices, 40);
            ck_assert_int_lt(same, 4);
        }
        check_same_set(places[0], d.split->indices, 10); /* the first deal is the partition's */
        draw_close(&d);
    }
}
END_TEST

/* The caches never show: any order of questions gives the same answers. */
START_TEST(batches_depend_on_node_and_step_alone)
{
    struct plugin_choice reshuffled = support_with(rule("iid"), "reshuffle", "\"reshuffled\"");
    struct rng rng;

    rng_open(&rng, 1, RNG_TEST, 0, 0, 0);
    for (int sampling = SAMPLING_SHARD; sampling <= SAMPLING_SEQUENTIAL; sampling++) {
        for (int k = 0; k < 2; k++) {
            struct draw d = draw_open(k ? reshuffled : rule("iid"), sampling, 31, 3, 4);
            uint32_t expected[3][60][4], batch[4];

            for (uint32_t i = 0; i < 3; i++)
                for (int64_t step = 0; step < 60; step++)
                    sampler_batch(d.sampler, i, step, expected[i][step]);
            for (int q = 0; q < 2000; q++) {
                uint32_t i = (uint32_t)(rng_next(&rng) % 3);
                int64_t step = (int64_t)(rng_next(&rng) % 60);

                sampler_batch(d.sampler, i, step, batch);
                ck_assert_mem_eq(batch, expected[i][step], sizeof batch);
            }
            draw_close(&d);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition");
    TCase *cases = tcase_create("partition");

    tcase_add_test(cases, partitions_use_each_sample_once);
    tcase_add_test(cases, partitions_follow_their_seed);
    tcase_add_test(cases, label_shards_hold_few_labels);
    tcase_add_test(cases, dirichlet_is_as_skewed_as_alpha_says);
    tcase_add_test(cases, natural_shares_keep_their_minimum);
    tcase_add_test(cases, empty_shards_are_refused);
    tcase_add_test(cases, shard_passes_cover_the_shard_and_wrap);
    tcase_add_test(cases, a_batch_may_be_larger_than_the_shard);
    tcase_add_test(cases, sequential_passes_keep_the_order);
    tcase_add_test(cases, draws_with_replacement_are_uniform);
    tcase_add_test(cases, global_rounds_equal_one_large_batch);
    tcase_add_test(cases, reshuffled_shards_are_dealt_anew);
    tcase_add_test(cases, batches_depend_on_node_and_step_alone);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
