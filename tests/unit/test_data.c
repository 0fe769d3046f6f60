/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data sets: what generators promise, what loaders read, and what they refuse.
 */
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/models_support.h"
#include "testing.h"

static struct plugin_choice source(const char *name)
{
    return support_choose(&data_registry, name);
}

static double feature(const struct dataset *data, uint32_t sample, uint32_t j)
{
    return ((const double *)data->train.reals)[sample * data->features + j];
}

/* ---- Synthetic data
 * ------------------------------------------------------------------------------ */

START_TEST(blobs_lie_around_their_centres)
{
    struct plugin_choice choice = source("gaussian-blobs");

    support_with(choice, "classes", "3");
    support_with(choice, "features", "4");
    support_with(choice, "samples", "6000");
    support_with(choice, "test_samples", "30");
    support_with(choice, "separation", "5");
    support_with(choice, "spread", "0.5");
    struct dataset data = support_load(choice, NUMERIC_FLOAT64, 3);
    ck_assert_uint_eq(data.features, 4);
    ck_assert_uint_eq(data.classes, 3);
    ck_assert_uint_eq(data.train.samples, 6000);
    ck_assert_uint_eq(data.test.samples, 30);
    for (uint32_t k = 0; k < 3; k++) {
        double mean[4] = {0}, norm = 0, spread = 0;

        for (uint32_t i = k; i < 6000; i += 3) {
            ck_assert_int_eq(data.train.labels[i], (int)k);
            for (uint32_t j = 0; j < 4; j++)
                mean[j] += feature(&data, i, j) / 2000;
        }
        for (uint32_t j = 0; j < 4; j++)
            norm += mean[j] * mean[j];
        for (uint32_t i = k; i < 6000; i += 3)
            for (uint32_t j = 0; j < 4; j++)
                spread += pow(feature(&data, i, j) - mean[j], 2) / 8000;
        ck_assert_double_eq_tol(sqrt(norm), 5, 5 * 0.5 / sqrt(2000));
        ck_assert_double_eq_tol(spread / 0.25, 1, 5 * sqrt(2.0 / 8000));
    }
    support_data_ops(choice)->unload(&data);
}
END_TEST

/* More samples leave the earlier ones as they are, and precision only rounds. */
START_TEST(synthetic_samples_have_their_own_streams)
{
    static const char *const names[] = {"gaussian-blobs", "teacher"};

    for (int n = 0; n < 2; n++) {
        struct plugin_choice few = support_with(source(names[n]), "samples", "50");
        struct plugin_choice many = support_with(source(names[n]), "samples", "80");
        struct dataset a = support_load(few, NUMERIC_FLOAT64, 3);
        struct dataset b = support_load(many, NUMERIC_FLOAT64, 3);
        struct dataset c = support_load(few, NUMERIC_FLOAT32, 3);
        struct dataset d = support_load(few, NUMERIC_FLOAT64, 4);

        ck_assert_mem_eq(a.train.reals, b.train.reals, 50 * a.features * sizeof(double));
        ck_assert_mem_eq(a.train.labels, b.train.labels, 50 * sizeof(int32_t));
        ck_assert_double_ne(feature(&a, 0, 0), feature(&d, 0, 0));
        for (uint32_t k = 0; k < 50 * a.features; k++)
            ck_assert_float_eq(((const float *)c.train.reals)[k],
                               (float)((const double *)a.train.reals)[k]);
        struct dataset *all[] = {&a, &b, &c, &d};
        for (int k = 0; k < 4; k++)
            support_data_ops(few)->unload(all[k]);
    }
}
END_TEST

/* A linear teacher without noise: its three weights, from three samples, predict the others. */
START_TEST(a_linear_teacher_is_linear)
{
    struct plugin_choice choice = source("teacher");

    support_with(choice, "inputs", "3");
    support_with(choice, "hidden", "0");
    support_with(choice, "classes", "0");
    support_with(choice, "samples", "100");
    struct dataset data = support_load(choice, NUMERIC_FLOAT64, 9);
    double a[3][4], w[3];
    ck_assert_uint_eq(data.classes, 0);
    ck_assert_ptr_null(data.train.labels);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t j = 0; j < 3; j++)
            a[i][j] = feature(&data, i, j);
        a[i][3] = ((const double *)data.train.targets)[i];
    }
    for (int k = 0; k < 3; k++) /* Gauss-Jordan */
        for (int i = 0; i < 3; i++) {
            double factor = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = 0; j < 4; j++)
                a[i][j] -= factor * a[k][j];
        }
    for (int k = 0; k < 3; k++)
        w[k] = a[k][3] / a[k][k];
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_double_eq_tol(w[0] * feature(&data, i, 0) + w[1] * feature(&data, i, 1) +
                                    w[2] * feature(&data, i, 2),
                                ((const double *)data.train.targets)[i], 1e-10);
    support_data_ops(choice)->unload(&data);
}
END_TEST

START_TEST(a_teacher_uses_its_classes)
{
    struct plugin_choice choice = support_with(source("teacher"), "classes", "4");
    struct dataset data = support_load(choice, NUMERIC_FLOAT32, 9);
    struct error error;
    uint32_t counts[4] = {0};

    for (uint32_t i = 0; i < data.train.samples; i++)
        counts[data.train.labels[i]]++; /* out of range would be seen by sanitizers and the sum */
    ck_assert_uint_eq(counts[0] + counts[1] + counts[2] + counts[3], 10000);
    for (int k = 0; k < 4; k++)
        ck_assert_uint_gt(counts[k], 300);
    support_data_ops(choice)->unload(&data);
    support_with(choice, "classes", "1");
    ck_assert(support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT32, 1, &data, &error) ==
              STATUS_REQUEST);
    ck_assert_str_eq(error.path, "data.classes");
}
END_TEST

START_TEST(no_data_is_empty)
{
    struct dataset data = support_load(source("none"), NUMERIC_FLOAT64, 1);

    ck_assert_uint_eq(data.train.samples + data.test.samples + data.features, 0);
    support_data_ops(source("none"))->unload(&data);
}
END_TEST

/* ---- IDX
 * ------------------------------------------------------------------------------------------- */

struct folder {
    char name[64];
};

static struct folder folder_open(void)
{
    struct folder folder = {"/tmp/hearsay-data-XXXXXX"};

    ck_assert_ptr_nonnull(mkdtemp(folder.name));
    return folder;
}

static void folder_close(const struct folder *folder, const char *const *files)
{
    char path[256];

    for (; *files != NULL; files++) {
        snprintf(path, sizeof path, "%s/%s", folder->name, *files);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s.gz", folder->name, *files);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder->name), 0);
}

static void put_file(const struct folder *folder, const char *name, const void *bytes, size_t size)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder->name, name);
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void put_gzipped(const struct folder *folder, const char *name, const void *bytes,
                        size_t size)
{
    char path[256];
    gzFile file;

    snprintf(path, sizeof path, "%s/%s.gz", folder->name, name);
    file = gzopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    gzclose(file);
}

static const char *const idx_names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", NULL};

/* Four training images of 2 x 3 and two test images, as bytes of the four files. */
static const uint8_t good_images[] = {0,  0,  8,  3,  0,  0,  0,   4,   0,   0,   0,   2,  0,  0,
                                      0,  3,  1,  2,  3,  4,  5,   6,   7,   8,   9,   10, 11, 12,
                                      13, 14, 15, 16, 17, 18, 255, 254, 253, 252, 251, 0};
static const uint8_t good_labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 9, 0, 3, 1};
static const uint8_t test_images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0,
                                      0, 3, 9, 9, 9, 9, 9, 9, 8, 8, 8, 8, 8, 8};
static const uint8_t test_labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 5, 6};

static void put_good(const struct folder *folder)
{
    put_file(folder, idx_names[0], good_images, sizeof good_images);
    put_file(folder, idx_names[1], good_labels, sizeof good_labels);
    put_file(folder, idx_names[2], test_images, sizeof test_images);
    put_file(folder, idx_names[3], test_labels, sizeof test_labels);
}

static void check_good(const struct dataset *data)
{
    ck_assert_uint_eq(data->train.samples, 4);
    ck_assert_uint_eq(data->test.samples, 2);
    ck_assert_uint_eq(data->features, 6);
    ck_assert_uint_eq(data->classes, 10);
    ck_assert_double_eq(data->byte_scale, 1.0 / 255);
    ck_assert_mem_eq(data->train.bytes, good_images + 16, 24);
    ck_assert_mem_eq(data->test.bytes, test_images + 16, 12);
    ck_assert_int_eq(data->train.labels[0], 9);
    ck_assert_int_eq(data->train.labels[3], 1);
    ck_assert_int_eq(data->test.labels[1], 6);
}

static enum status load_idx(const struct folder *folder, struct dataset *data, struct error *error)
{
    struct plugin_choice choice = support_with_text(source("idx"), "path", folder->name);

    return support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT32, 1, data, error);
}

START_TEST(idx_files_are_read_plain_and_gzipped)
{
    struct folder folder = folder_open();
    struct dataset data;
    struct error error;

    put_good(&folder);
    ck_assert(load_idx(&folder, &data, &error) == STATUS_OK);
    check_good(&data);
    support_data_ops(source("idx"))->unload(&data);
    folder_close(&folder, idx_names);
    folder = folder_open();
    put_gzipped(&folder, idx_names[0], good_images, sizeof good_images);
    put_gzipped(&folder, idx_names[1], good_labels, sizeof good_labels);
    put_file(&folder, idx_names[2], test_images, sizeof test_images);
    put_gzipped(&folder, idx_names[3], test_labels, sizeof test_labels);
    ck_assert(load_idx(&folder, &data, &error) == STATUS_OK);
    check_good(&data);
    support_data_ops(source("idx"))->unload(&data);
    folder_close(&folder, idx_names);
}
END_TEST

static void expect_idx_refusal(const struct folder *folder, const char *complaint)
{
    struct dataset data;
    struct error error = {.text = ""};

    ck_assert_msg(load_idx(folder, &data, &error) == STATUS_REQUEST, "%s", complaint);
    ck_assert_str_eq(error.path, "data.path");
    ck_assert_msg(strstr(error.text, complaint) != NULL, "%s: not %s", error.text, complaint);
    ck_assert_ptr_null(data.owner);
}

/* The file at `which` with one byte changed, cut to `size`, or with bytes appended. */
static void expect_lie(int which, size_t at, uint8_t byte, size_t size, const char *complaint)
{
    static const struct {
        const uint8_t *bytes;
        size_t size;
    } good[] = {{good_images, sizeof good_images},
                {good_labels, sizeof good_labels},
                {test_images, sizeof test_images},
                {test_labels, sizeof test_labels}};
    uint8_t bytes[128] = {0};
    struct folder folder = folder_open();

    memcpy(bytes, good[which].bytes, good[which].size);
    bytes[at] = byte;
    put_good(&folder);
    put_file(&folder, idx_names[which], bytes, size);
    expect_idx_refusal(&folder, complaint);
    /* The same lie, compressed. */
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder.name, idx_names[which]);
    unlink(path);
    put_gzipped(&folder, idx_names[which], bytes, size);
    expect_idx_refusal(&folder, complaint);
    folder_close(&folder, idx_names);
}

START_TEST(idx_lies_are_refused)
{
    expect_lie(0, 3, 1, 40, "magic number is 0x00000801, expected 0x00000803");
    expect_lie(1, 2, 9, 12, "magic number is 0x00000901");
    expect_lie(0, 0, 0, 39, "truncated in its data");
    expect_lie(0, 0, 0, 41, "bytes follow");
    expect_lie(0, 0, 0, 10, "truncated in its header");
    expect_lie(0, 0, 0, 0, "truncated in its header");
    expect_lie(0, 4, 255, 40, "truncated in its data"); /* 4 * 10^9 images: not believed */
    expect_lie(0, 8, 255, 40, "the header claims");
    expect_lie(0, 7, 0, 16, "the header claims 0 items");
    expect_lie(1, 7, 3, 11, "has 3 labels for 4 images");
    expect_lie(1, 9, 10, 12, "label 10 of sample 1 is not below the 10 classes");
    expect_lie(1, 0, 0, 11, "truncated");
    expect_lie(1, 0, 0, 13, "bytes follow");
    expect_lie(2, 15, 2, 24, "images of 2 x 2, but the training images have 6 pixels");
    expect_lie(3, 9, 200, 10, "label 200");
}
END_TEST

START_TEST(damaged_compression_is_refused)
{
    struct folder folder = folder_open();
    char path[256];
    uint8_t bytes[256];
    size_t size;

    put_good(&folder);
    snprintf(path, sizeof path, "%s/%s", folder.name, idx_names[1]);
    unlink(path);
    put_gzipped(&folder, idx_names[1], good_labels, sizeof good_labels);
    snprintf(path, sizeof path, "%s/%s.gz", folder.name, idx_names[1]);
    FILE *file = fopen(path, "rb");
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    char name[64];
    snprintf(name, sizeof name, "%s.gz", idx_names[1]);
    put_file(&folder, name, bytes, size - 9); /* the checksum and some data are missing */
    expect_idx_refusal(&folder, "");
    bytes[size - 6] ^= 1; /* the checksum is wrong */
    put_file(&folder, name, bytes, size);
    expect_idx_refusal(&folder, "");
    bytes[size - 6] ^= 1;
    put_file(&folder, name, bytes, size - 2); /* the length is cut */
    expect_idx_refusal(&folder, "");
    unlink(path);
    expect_idx_refusal(&folder, "neither train-labels-idx1-ubyte nor");
    folder_close(&folder, idx_names);
}
END_TEST

#define FASHION "/usr/share/datasets/fashion-mnist"

START_TEST(fashion_mnist_is_what_it_should_be)
{
    struct plugin_choice choice = source("fashion-mnist");
    struct dataset data;
    struct error error;
    uint32_t counts[2][10] = {{0}};

    if (access(FASHION "/train-images-idx3-ubyte.gz", F_OK) != 0) {
        ck_assert(support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT32, 1, &data,
                                                 &error) == STATUS_REQUEST);
        ck_assert_ptr_nonnull(strstr(error.text, "dataset-fashion-mnist"));
        printf("skipped: Fashion-MNIST is not installed\n");
        return;
    }
    data = support_load(choice, NUMERIC_FLOAT32, 1);
    ck_assert_uint_eq(data.train.samples, 60000);
    ck_assert_uint_eq(data.test.samples, 10000);
    ck_assert_uint_eq(data.features, 784);
    ck_assert_uint_eq(data.classes, 10);
    for (uint32_t i = 0; i < 60000; i++)
        counts[0][data.train.labels[i]]++;
    for (uint32_t i = 0; i < 10000; i++)
        counts[1][data.test.labels[i]]++;
    for (int k = 0; k < 10; k++) {
        ck_assert_uint_eq(counts[0][k], 6000);
        ck_assert_uint_eq(counts[1][k], 1000);
    }
    support_data_ops(choice)->unload(&data);
    ck_assert(
        support_data_ops(choice)->load(support_with_text(choice, "path", "/nonexistent").params,
                                       NUMERIC_FLOAT32, 1, &data, &error) == STATUS_REQUEST);
    ck_assert_str_eq(error.path, "data.path");
}
END_TEST

/* ---- CSV
 * --------------------------------------------------------------------------------------------- */

static const char *const csv_names[] = {"t.csv", NULL};

static struct plugin_choice put_csv(const struct folder *folder, const char *text, size_t size)
{
    static char path[128];

    put_file(folder, csv_names[0], text, size);
    snprintf(path, sizeof path, "%s/%s", folder->name, csv_names[0]);
    return support_with(support_with_text(source("csv"), "path", path), "test_share", "0");
}

START_TEST(csv_classes_are_sorted_words)
{
    static const char text[] = "\xEF\xBB\xBFwidth,\"sort, \"\"of\"\"\",height\r\n"
                               "1.5,pear,2\r\n\r\n -3e2 ,\"apple, \"\"red\"\"\",0\r\n4,pear,7";
    struct folder folder = folder_open();
    struct plugin_choice choice =
        support_with_text(put_csv(&folder, text, sizeof text - 1), "label", "sort, \"of\"");
    struct dataset data = support_load(choice, NUMERIC_FLOAT64, 1);

    ck_assert_uint_eq(data.train.samples, 3);
    ck_assert_uint_eq(data.test.samples, 0);
    ck_assert_uint_eq(data.features, 2);
    ck_assert_uint_eq(data.classes, 2);
    ck_assert_double_eq(feature(&data, 0, 0), 1.5);
    ck_assert_double_eq(feature(&data, 1, 0), -300);
    ck_assert_double_eq(feature(&data, 2, 1), 7);
    ck_assert_int_eq(data.train.labels[0], 1);
    ck_assert_int_eq(data.train.labels[1], 0);
    ck_assert_int_eq(data.train.labels[2], 1);
    support_data_ops(choice)->unload(&data);
    folder_close(&folder, csv_names);
}
END_TEST

START_TEST(csv_numbers_keep_their_classes)
{
    static const char text[] = "0.1,10\n0.2,2\n0.3,0\n0.4,10\n"; /* as words, 10 comes before 2 */
    struct folder folder = folder_open();
    struct plugin_choice choice = put_csv(&folder, text, sizeof text - 1);
    struct dataset data = support_load(choice, NUMERIC_FLOAT64, 1);
    static const int expected[] = {2, 1, 0, 2};

    ck_assert_uint_eq(data.classes, 3);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(data.train.labels[i], expected[i]);
    support_data_ops(choice)->unload(&data);
    support_with(choice, "task", "\"regression\"");
    data = support_load(support_with_text(choice, "label", "1"), NUMERIC_FLOAT64, 1);
    ck_assert_uint_eq(data.classes, 0);
    ck_assert_double_eq(((const double *)data.train.targets)[2], 0.3);
    ck_assert_double_eq(feature(&data, 3, 0), 10);
    support_data_ops(choice)->unload(&data);
    folder_close(&folder, csv_names);
}
END_TEST

START_TEST(csv_rows_are_split_once)
{
    char text[4096], *at = text;
    struct folder folder = folder_open();
    int seen[100] = {0};

    for (int i = 0; i < 100; i++)
        at += sprintf(at, "%d,%d\n", i, i % 3);
    struct plugin_choice choice = put_csv(&folder, text, (size_t)(at - text));
    support_with(choice, "test_share", "0.25");
    struct dataset data = support_load(choice, NUMERIC_FLOAT64, 1);
    ck_assert_uint_eq(data.train.samples, 75);
    ck_assert_uint_eq(data.test.samples, 25);
    const struct dataset_part *parts[] = {&data.train, &data.test};
    for (int p = 0; p < 2; p++)
        for (uint32_t i = 0; i < parts[p]->samples; i++) {
            int row = (int)((const double *)parts[p]->reals)[i];
            seen[row]++;
            ck_assert_int_eq(parts[p]->labels[i], row % 3);
        }
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(seen[i], 1);
    support_data_ops(choice)->unload(&data);
    folder_close(&folder, csv_names);
}
END_TEST

START_TEST(csv_mistakes_are_placed)
{
    static const struct {
        const char *text, *path, *complaint;
    } bad[] = {
        {"", "data.path", "no rows"},
        {"\n \n", "data.path", "no rows"},
        {"a,b\n", "data.path", "a header but no rows"},
        {"1\n2\n", "data.path", "one column"},
        {"1,0\n2,1\n3\n", "data.path", "t.csv:3: 1 cells, expected 2"},
        {"1,0\n\nx,1\n", "data.path", "t.csv:3: \"x\" in column 1"},
        {"1,0\nnan,1\n", "data.path", "t.csv:2: \"nan\""},
        {"1,0\n1e999,1\n", "data.path", "t.csv:2: \"1e999\""},
        {"1,0\n\"2,1\n", "data.path", "t.csv:2: a quoted cell"},
        {"1,0\n\"2\"3,1\n", "data.path", "t.csv:2: text follows"},
        {"1,0\n,1\n", "data.path", "t.csv:2: \"\""},
        {"1,5\n2,5\n", "data.task", "1 different values"},
    };
    struct folder folder = folder_open();
    struct dataset data;
    struct error error;

    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct plugin_choice choice = put_csv(&folder, bad[k].text, strlen(bad[k].text));

        ck_assert_msg(support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT64, 1, &data,
                                                     &error) == STATUS_REQUEST,
                      "%s", bad[k].complaint);
        ck_assert_str_eq(error.path, bad[k].path);
        ck_assert_msg(strstr(error.text, bad[k].complaint) != NULL, "%s", error.text);
    }
    struct plugin_choice choice = put_csv(&folder, "1,0\n2\0,1\n", 9);
    ck_assert(support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT64, 1, &data, &error) ==
              STATUS_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.text, "NUL"));
    choice = support_with_text(put_csv(&folder, "a,b\n1,0\n2,1\n", 12), "label", "c");
    ck_assert(support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT64, 1, &data, &error) ==
              STATUS_REQUEST);
    ck_assert_str_eq(error.path, "data.label");
    folder_close(&folder, csv_names);
    ck_assert(support_data_ops(choice)->load(choice.params, NUMERIC_FLOAT64, 1, &data, &error) ==
              STATUS_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
}
END_TEST

/* Defaults that scenarios rely on. */
START_TEST(common_fields_have_their_defaults)
{
    ck_assert_str_eq(field_find(data_common_fields, "batch_size")->fallback, "32");
    ck_assert_str_eq(field_find(data_common_fields, "partition")->fallback, "\"iid\"");
    const struct field *sampling = field_find(data_common_fields, "sampling");
    ck_assert_str_eq(sampling->fallback, "\"shard\"");
    ck_assert_int_eq(support_enum(sampling, "shard"), SAMPLING_SHARD);
    ck_assert_int_eq(support_enum(sampling, "with-replacement"), SAMPLING_WITH_REPLACEMENT);
    ck_assert_int_eq(support_enum(sampling, "global"), SAMPLING_GLOBAL);
    ck_assert_int_eq(support_enum(sampling, "sequential"), SAMPLING_SEQUENTIAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data");
    TCase *cases = tcase_create("data");

    tcase_add_test(cases, blobs_lie_around_their_centres);
    tcase_add_test(cases, synthetic_samples_have_their_own_streams);
    tcase_add_test(cases, a_linear_teacher_is_linear);
    tcase_add_test(cases, a_teacher_uses_its_classes);
    tcase_add_test(cases, no_data_is_empty);
    tcase_add_test(cases, idx_files_are_read_plain_and_gzipped);
    tcase_add_test(cases, idx_lies_are_refused);
    tcase_add_test(cases, damaged_compression_is_refused);
    tcase_add_test(cases, fashion_mnist_is_what_it_should_be);
    tcase_add_test(cases, csv_classes_are_sorted_words);
    tcase_add_test(cases, csv_numbers_keep_their_classes);
    tcase_add_test(cases, csv_rows_are_split_once);
    tcase_add_test(cases, csv_mistakes_are_placed);
    tcase_add_test(cases, common_fields_have_their_defaults);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
