/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compressed gradients through servers and all-reduces: against plain loops with the compressors
 * and the error feedback written here, and identities.  Times, bytes and refusals:
 * test_compressed_times.c.
 */
#include <check.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "dense.h"
#include "play.h"
#include "testing.h"

#define N    DENSE_NODES
#define D    DENSE_DIMENSION
#define RATE 0.05
#define SEED 5

/* Times in ms are exact in binary, and no sums of them that occur are equal.  Messages take no
 * time. */
static const double gradient_ms[N] = {100, 115.625, 136.71875, 171.09375, 223.046875, 308.984375};
#define END_MS 2999.9
#define STEPS  9 /* of the slowest until then */

static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"ar-sgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"},"
    "   \"stragglers\": [{\"first\": 1, \"slowdown\": 1.15625},"
    "     {\"first\": 2, \"slowdown\": 1.3671875}, {\"first\": 3, \"slowdown\": 1.7109375},"
    "     {\"first\": 4, \"slowdown\": 2.23046875}, {\"first\": 5, \"slowdown\": 3.08984375}]},"
    " \"network\": {\"model\": \"ideal\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"0 B\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"time\": \"2999.9 ms\"}, \"trace\": {\"parameters\": \"final\"}}";

/* ---- Compressors ---- */

static void copy_all(const double *v, double *c)
{
    memcpy(c, v, D * sizeof *c);
}

static void three_largest(const double *v, double *c)
{
    for (int d = 0; d < D; d++) {
        int larger = 0;
        for (int e = 0; e < D; e++)
            larger += fabs(v[e]) > fabs(v[d]);
        c[d] = larger < 3 ? v[d] : 0;
    }
}

static void at_least_a_half(const double *v, double *c)
{
    for (int d = 0; d < D; d++)
        c[d] = fabs(v[d]) >= 0.5 ? v[d] : 0;
}

static void signs(const double *v, double *c)
{
    for (int d = 0; d < D; d++)
        c[d] = v[d] < 0 ? -1 : 1;
}

static void scaled_signs(const double *v, double *c)
{
    double sum = 0;
    for (int d = 0; d < D; d++)
        sum += fabs(v[d]);
    for (int d = 0; d < D; d++)
        c[d] = v[d] < 0 ? -sum / D : sum / D;
}

static void side_means(const double *v, double *c)
{
    double sum[2] = {0, 0};
    int count[2] = {0, 0};
    for (int d = 0; d < D; d++) {
        sum[v[d] < 0] += v[d];
        count[v[d] < 0]++;
    }
    for (int d = 0; d < D; d++)
        c[d] = sum[v[d] < 0] / count[v[d] < 0];
}

static void to_bfloat16(const double *v, double *c)
{
    for (int d = 0; d < D; d++) {
        int exponent;
        double mantissa = frexp(v[d], &exponent);
        c[d] = ldexp(nearbyint(ldexp(mantissa, 8)), exponent - 8);
    }
}

#define TOP_K     "\"name\": \"top-k\", \"ratio\": 0.43" /* round(0.43 x 7) = 3 */
#define THRESHOLD "\"name\": \"threshold\", \"threshold\": 0.5, \"declared_ratio\": 0.5"

/* ---- Error feedback ---- */

struct rule {
    const char *text;
    void (*compress)(const double *v, double *c);
    enum { FORGETS, UPDATE, GRADIENT } memory;
    double beta, decay; /* of the momentum correction; weight decay */
    bool exact;         /* every bit: it sends some values and keeps the others */
};

/* Of one worker. */
struct feedback {
    double memory[D], velocity[D];
};

/* What node i sends of the gradient g at x.  What it sends and what it keeps are all there is. */
static void send(const struct rule *rule, struct feedback *own, const double *g, const double *x,
                 double *c)
{
    double v[D], all[D];
    for (int d = 0; d < D; d++) {
        own->velocity[d] = rule->beta * own->velocity[d] + g[d];
        v[d] = rule->beta > 0 ? own->velocity[d] : g[d];
        if (rule->memory == UPDATE && rule->decay > 0)
            v[d] = RATE * v[d] + RATE * rule->decay * x[d];
        else if (rule->memory == UPDATE)
            v[d] *= RATE;
        all[d] = (rule->memory == FORGETS ? 0 : own->memory[d]) + v[d];
    }
    rule->compress(all, c);
    for (int d = 0; d < D; d++) {
        own->memory[d] = all[d] - c[d];
        if (rule->exact && rule->memory != FORGETS)
            ck_assert(own->memory[d] + c[d] == all[d]);
        if (c[d] != 0)
            own->velocity[d] = 0;
    }
}

/* What came is an update or a gradient, times `scale`. */
static void take(const struct rule *rule, double *x, const double *c, double scale)
{
    for (int d = 0; d < D; d++) {
        double decay = rule->decay > 0 ? rule->decay * x[d] : 0;
        x[d] -= rule->memory == UPDATE ? scale * c[d] : RATE * scale * (c[d] + decay);
    }
}

static const struct rule rules[] = {
    {TOP_K, three_largest, FORGETS, 0, 0, true},
    {TOP_K, three_largest, UPDATE, 0, 0, true},
    {TOP_K, three_largest, UPDATE, 0, 0.5, true},
    {TOP_K, three_largest, GRADIENT, 0, 0, true},
    {TOP_K, three_largest, GRADIENT, 0, 0.5, true},
    {TOP_K, three_largest, UPDATE, 0.75, 0, true},
    {TOP_K, three_largest, GRADIENT, 0.75, 0, true},
    {THRESHOLD, at_least_a_half, GRADIENT, 0, 0, true},
    {"\"name\": \"sign\", \"scale\": \"none\"", signs, FORGETS, 0, 0, true},
    {"\"name\": \"sign\"", scaled_signs, UPDATE, 0, 0, false},
    {"\"name\": \"sign\"", scaled_signs, GRADIENT, 0, 0.5, false},
    {"\"name\": \"one-bit\", \"scope\": \"vector\"", side_means, GRADIENT, 0, 0, false},
    {"\"name\": \"bf16\"", to_bfloat16, FORGETS, 0, 0, true},
    {"\"name\": \"bf16\"", to_bfloat16, UPDATE, 0, 0, false},
    {"\"name\": \"none\"", copy_all, FORGETS, 0, 0.5, true},
};
#define RULES ((int)(sizeof rules / sizeof *rules))

/* Settings of a rule; buffers of 160 bytes. */
static void settings(const struct rule *rule, char *compressor, char *decay)
{
    static const char *const memories[] = {"none", "update", "gradient"};
    snprintf(compressor, 160, "compressor={%s, \"memory\": \"%s\", \"momentum_correction\": %g}",
             rule->text, memories[rule->memory], rule->beta);
    snprintf(decay, 160, "optimizer.weight_decay=%g", rule->decay);
}

static struct play play_rule(const struct rule *rule, const char *algorithm)
{
    char compressor[160], decay[160];
    const char *set[] = {algorithm, compressor, decay, NULL};
    settings(rule, compressor, decay);
    return play_fine(quadratic_text, set);
}

/* The run's model against the loop's x; those that send some values and keep others to the bit. */
static void assert_model(const struct rule *rule, const double *found, const double *x)
{
    if (rule->exact && rule->decay == 0)
        ck_assert_msg(memcmp(found, x, D * sizeof *x) == 0, "%s: %g", rule->text,
                      play_difference(found, x, D));
    else
        ck_assert_double_le(play_difference(found, x, D), 1e-12);
}

/* ---- Loops ---- */

/* All-reduces and synchronous servers: the mean of what all have sent, rounded once. */
static void synchronous_loop(const struct rule *rule, const struct dense_reference *reference,
                             double *x)
{
    struct feedback own[N] = {{.memory = {0}}};
    for (int k = 0; k < STEPS; k++) {
        double mean[D] = {0};
        for (uint32_t i = 0; i < N; i++) {
            double g[D], c[D];
            dense_gradient(reference, i, x, g);
            send(rule, &own[i], g, x, c);
            for (int d = 0; d < D; d++)
                mean[d] += c[d];
        }
        for (int d = 0; d < D; d++)
            mean[d] *= 1.0 / N;
        take(rule, x, mean, 1);
    }
}

/* Every push is a step, in the order of the workers' times. */
static void asynchronous_loop(const struct rule *rule, const struct dense_reference *reference,
                              double *x, bool staleness_aware)
{
    struct feedback own[N] = {{.memory = {0}}};
    double read[N][D], end_ms[N];
    int64_t version = 0, read_version[N] = {0};
    for (int i = 0; i < N; i++) {
        memcpy(read[i], x, sizeof read[i]);
        end_ms[i] = gradient_ms[i];
    }
    for (int i = 0;; i = 0) {
        double g[D], c[D];
        for (int j = 1; j < N; j++)
            i = end_ms[j] < end_ms[i] ? j : i;
        if (end_ms[i] > END_MS)
            return;
        double stale = (double)(version++ - read_version[i]);
        dense_gradient(reference, (uint32_t)i, read[i], g);
        send(rule, &own[i], g, read[i], c);
        take(rule, x, c, staleness_aware && stale > 1 ? 1 / stale : 1);
        memcpy(read[i], x, sizeof read[i]);
        read_version[i] = version;
        end_ms[i] += gradient_ms[i];
    }
}

/* Where the loop ends is where the run ends: the error-feedback invariant end to end. */
static void check_loop(const struct rule *rule, const char *algorithm, bool asynchronous)
{
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct play play = play_rule(rule, algorithm);
    if (asynchronous)
        asynchronous_loop(rule, &reference, start.x[0], strstr(algorithm, "aware") != NULL);
    else
        synchronous_loop(rule, &reference, start.x[0]);
    assert_model(rule, strstr(algorithm, "server") ? play.rows.mean : play.rows.x, start.x[0]);
    play_free(&play);
    dense_close(&reference, scenario);
}

START_TEST(ar_sgd_is_its_loop)
{
    check_loop(&rules[_i], "algorithm=ar-sgd", false);
}
END_TEST

START_TEST(synchronous_server_is_its_loop)
{
    check_loop(&rules[_i], "algorithm={\"name\": \"parameter-server\", \"shards\": 3}", false);
}
END_TEST

START_TEST(asynchronous_server_is_its_loop)
{
    check_loop(&rules[_i], "algorithm=async-server", true);
}
END_TEST

START_TEST(staleness_aware_server_is_its_loop)
{
    check_loop(&rules[_i], "algorithm={\"name\": \"async-server\", \"staleness_aware\": true}",
               true);
}
END_TEST

/* Five of six send on what a node has above the threshold: 64 + 3 bits each, and maybe nothing. */
START_TEST(gathered_parts_have_their_sizes)
{
    const struct rule rule = {
        "\"name\": \"threshold\", \"threshold\": 0.5", at_least_a_half, UPDATE, 0, 0, true};
    char compressor[160], decay[160];
    const char *set[] = {"wire.message_size=56 B", "stop={\"iterations\": 9}", compressor, decay,
                         NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct feedback own[N] = {{.memory = {0}}};
    int64_t bytes = 0;
    int empty = 0;
    for (int k = 0; k < STEPS; k++) {
        double mean[D] = {0};
        for (uint32_t i = 0; i < N; i++) {
            double g[D], c[D];
            int kept = 0;
            dense_gradient(&reference, i, start.x[0], g);
            send(&rule, &own[i], g, start.x[0], c);
            for (int d = 0; d < D; d++) {
                mean[d] += c[d] / N;
                kept += c[d] != 0;
            }
            bytes += 5 * ((kept * 67 + 7) / 8);
            empty += kept == 0;
        }
        take(&rule, start.x[0], mean, 1);
    }
    settings(&rule, compressor, decay);
    struct play play = play_fine(quadratic_text, set);
    ck_assert_int_gt(empty, 0);
    ck_assert_int_eq(play.result.last.bytes, bytes);
    ck_assert_double_le(play_difference(play.rows.x, start.x[0], D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* A vote of six: the sign of the sum of signs, 0 where three are against three. */
START_TEST(majority_vote_is_its_loop)
{
    const char *set[] = {
        "algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\"}",
        "compressor={\"name\": \"sign\", \"scale\": \"none\"}", "optimizer.weight_decay=0.5", NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    double *x = start.x[0];
    int ties = 0;
    for (int k = 0; k < STEPS; k++) {
        int votes[D] = {0};
        for (uint32_t i = 0; i < N; i++) {
            double g[D];
            dense_gradient(&reference, i, x, g);
            for (int d = 0; d < D; d++)
                votes[d] += g[d] < 0 ? -1 : 1;
        }
        for (int d = 0; d < D; d++) {
            ties += votes[d] == 0;
            x[d] -= RATE * ((votes[d] > 0) - (votes[d] < 0) + 0.5 * x[d]);
        }
    }
    struct play play = play_fine(quadratic_text, set);
    ck_assert_int_gt(ties, 0);
    ck_assert_double_le(play_difference(play.rows.mean, x, D), 1e-12);
    ck_assert_double_le(play_difference(play.rows.x, x, D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- PowerSGD ---- */

#define SIDE 3 /* of the matrix that seven elements are laid out in; two places stay 0 */

/* p = M q, or with `back` M' q. */
static void multiply(const double *m, const double *q, double *p, bool back)
{
    memset(p, 0, SIDE * sizeof *p);
    for (int at = 0; at < D; at++)
        p[back ? at % SIDE : at / SIDE] += m[at] * q[back ? at / SIDE : at % SIDE];
}

static void power_loop(const struct rule *rule, const struct dense_reference *reference, double *x)
{
    struct feedback own[N] = {{.memory = {0}}};
    struct rng rng;
    double q[SIDE];
    rng_open(&rng, SEED, RNG_COMPRESSION, 0, 0, 0);
    for (int j = 0; j < SIDE; j++)
        q[j] = gsl_ran_gaussian(&rng.gsl, 1);
    for (int k = 0; k < STEPS; k++) {
        double m[N][D], p[SIDE] = {0}, mean_q[SIDE] = {0}, norm = 0, decoded[D];
        for (uint32_t i = 0; i < N; i++) {
            double product[SIDE];
            dense_gradient(reference, i, x, m[i]);
            for (int d = 0; d < D; d++)
                m[i][d] = own[i].memory[d] + m[i][d] * (rule->memory == UPDATE ? RATE : 1);
            multiply(m[i], q, product, false);
            for (int j = 0; j < SIDE; j++)
                p[j] += product[j] / N;
        }
        for (int j = 0; j < SIDE; j++)
            norm += p[j] * p[j];
        for (int j = 0; j < SIDE; j++)
            p[j] /= sqrt(norm);
        for (int i = 0; i < N; i++) {
            double product[SIDE];
            multiply(m[i], p, product, true);
            for (int j = 0; j < SIDE; j++)
                mean_q[j] += product[j] / N;
        }
        memcpy(q, mean_q, sizeof q);
        for (int d = 0; d < D; d++)
            decoded[d] = p[d / SIDE] * q[d % SIDE];
        for (int i = 0; i < N && rule->memory != FORGETS; i++)
            for (int d = 0; d < D; d++)
                own[i].memory[d] = m[i][d] - decoded[d];
        take(rule, x, decoded, 1);
    }
}

START_TEST(power_sgd_is_its_loop)
{
    const struct rule power[] = {
        {"\"name\": \"power-sgd\", \"rank\": 1", NULL, FORGETS, 0, 0, false},
        {"\"name\": \"power-sgd\", \"rank\": 1", NULL, UPDATE, 0, 0, false},
        {"\"name\": \"power-sgd\", \"rank\": 1", NULL, GRADIENT, 0, 0, false}};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct play play = play_rule(&power[_i], "algorithm=ar-sgd");
    power_loop(&power[_i], &reference, start.x[0]);
    assert_model(&power[_i], play.rows.x, start.x[0]);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Identities ---- */

static const char softmax_text[] =
    "{\"nodes\": 4, \"precision\": \"float64\", \"seed\": 3, \"algorithm\": \"ar-sgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\", \"cv\": "
    "0.5}},"
    " \"network\": {\"model\": \"ideal\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"0 B\"},"
    " \"model\": \"softmax\","
    " \"data\": {\"name\": \"gaussian-blobs\", \"features\": 6, \"classes\": 3, \"samples\": 600,"
    "   \"batch_size\": 8},"
    " \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.1, \"momentum\": 0.9,"
    "   \"weight_decay\": 0.001, \"schedule\": {\"milestones\": [2, 4], \"factor\": 0.5}},"
    " \"stop\": {\"iterations\": 50}, \"trace\": {\"parameters\": \"final\"}}";

static const char *const senders[] = {
    "algorithm=ar-sgd",
    "algorithm=parameter-server",
    "algorithm={\"name\": \"k-sync\", \"K\": 3}",
    "algorithm={\"name\": \"k-async\", \"K\": 2}",
    "algorithm={\"name\": \"async-server\", \"shards\": 2}",
    "algorithm={\"name\": \"async-server\", \"delay_compensation\": 0.5}",
    "algorithm={\"name\": \"async-server\", \"staleness_aware\": true}",
    "algorithm={\"name\": \"ssp\", \"bound\": 2}",
};
#define SENDERS ((int)(sizeof senders / sizeof *senders))

static void assert_same_bits(const struct play *one, const struct play *two)
{
    size_t count = one->rows.dimension * one->rows.nodes * sizeof(double);
    ck_assert_uint_eq(one->rows.dimension, two->rows.dimension);
    ck_assert(memcmp(one->rows.mean, two->rows.mean, count / one->rows.nodes) == 0);
    ck_assert(memcmp(one->rows.x, two->rows.x, count) == 0);
}

/* Where k = d everything is sent. */
START_TEST(all_of_it_is_uncompressed)
{
    static const char *const whole[] = {
        "compressor={\"name\": \"top-k\", \"ratio\": 1}",
        "compressor={\"name\": \"top-k\", \"ratio\": 1, \"memory\": \"gradient\"}",
        "compressor={\"name\": \"random-k\", \"ratio\": 1}",
        "compressor={\"name\": \"random-k\", \"ratio\": 1, \"common_seed\": false,"
        " \"memory\": \"gradient\"}",
        "compressor={\"name\": \"threshold\", \"threshold\": 1e-300, \"declared_ratio\": 1}",
    };
    const char *plain[] = {senders[_i], NULL};
    struct play expected = play_fine(softmax_text, plain);
    for (size_t w = 0; w < sizeof whole / sizeof *whole; w++) {
        const char *set[] = {senders[_i], whole[w], NULL};
        struct play play = play_fine(softmax_text, set);
        assert_same_bits(&play, &expected);
        play_free(&play);
    }
    play_free(&expected);
}
END_TEST

/* The mean of two gradients of one sample each is a matrix of rank 2 at most: rank 3 loses nothing
 * of it, although 3 x (10 + 30) numbers stand for 300. */
START_TEST(power_sgd_of_enough_rank_is_uncompressed)
{
    const char *wide = "data={\"name\": \"gaussian-blobs\", \"features\": 30, \"classes\": 10,"
                       " \"samples\": 600, \"batch_size\": 1}";
    const char *power[] = {"nodes=2", wide, "compressor={\"name\": \"power-sgd\", \"rank\": 3}",
                           NULL};
    const char *low[] = {"nodes=2", wide, "compressor={\"name\": \"power-sgd\", \"rank\": 1}",
                         NULL};
    const char *plain[] = {"nodes=2", wide, NULL};
    struct play one = play_fine(softmax_text, power), two = play_fine(softmax_text, plain);
    struct play three = play_fine(softmax_text, low);
    size_t count = one.rows.dimension * one.rows.nodes;
    ck_assert_double_le(play_difference(one.rows.x, two.rows.x, count), 1e-10);
    ck_assert_double_gt(play_difference(three.rows.x, two.rows.x, count), 1e-3);
    play_free(&one);
    play_free(&two);
    play_free(&three);
}
END_TEST

/* Synchronous servers sum as all-reduces do, and draws are named by node and step. */
START_TEST(synchronous_server_is_ar_sgd)
{
    static const char *const compressors[] = {
        "compressor={\"name\": \"qsgd\"}",
        "compressor={\"name\": \"terngrad\", \"memory\": \"gradient\"}",
        "compressor={\"name\": \"random-k\", \"ratio\": 0.2, \"memory\": \"gradient\"}",
        "compressor={\"name\": \"random-k\", \"ratio\": 0.2, \"common_seed\": false}",
        "compressor={\"name\": \"fp16\", \"rounding\": \"stochastic\"}",
        "compressor={\"name\": \"one-bit\", \"memory\": \"gradient\"}",
    };
    const char *one[] = {"algorithm=ar-sgd", compressors[_i], NULL};
    const char *two[] = {"algorithm={\"name\": \"parameter-server\", \"shards\": 2}",
                         compressors[_i], NULL};
    const char *none[] = {"algorithm=ar-sgd", NULL};
    struct play left = play_fine(softmax_text, one), right = play_fine(softmax_text, two);
    struct play plain = play_fine(softmax_text, none);
    assert_same_bits(&left, &right);
    ck_assert_double_gt(play_difference(left.rows.mean, plain.rows.mean, left.rows.dimension), 0);
    play_free(&left);
    play_free(&right);
    play_free(&plain);
}
END_TEST

/* Two threads, and flushes after every few operations: the same bits. */
static void small_memory(struct run_config *config)
{
    config->plan_memory_bytes = 2048;
}

START_TEST(bits_depend_on_no_thread_and_no_flush)
{
    static const char *const compressors[] = {
        "compressor={\"name\": \"top-k\", \"ratio\": 0.2, \"memory\": \"gradient\"}",
        "compressor={\"name\": \"qsgd\", \"memory\": \"gradient\"}",
        "compressor={\"name\": \"power-sgd\", \"rank\": 1, \"memory\": \"gradient\"}",
    };
    for (int c = 0; c < 3; c++) {
        const char *set[] = {senders[_i], compressors[c], NULL};
        struct play one = play_fine(softmax_text, set);
        struct play two = play_text(softmax_text, set,
                                    (struct play_options){.threads = 3, .alter = small_memory});
        ck_assert_msg(two.status == STATUS_OK, "%s: %s", two.error.path, two.error.text);
        assert_same_bits(&one, &two);
        ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
        ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
        play_free(&one);
        play_free(&two);
    }
}
END_TEST

/* ---- What is random ---- */

/* The only node's model after some steps. */
static void after(const char *iterations, const char *compressor, double x[D])
{
    const char *set[] = {"nodes=1", "compute.stragglers=[]", iterations, compressor, NULL};
    struct play play = play_fine(quadratic_text, set);
    memcpy(x, play.rows.x, D * sizeof *x);
    play_free(&play);
}

/* One step of one node: x moves by what was sent, which lies on the rule's lattice next to g. */
static void one_step(const char *compressor, double g[D], double sent[D])
{
    double start[D], plain[D], compressed[D];
    after("stop={\"iterations\": 0}", "compressor=none", start);
    after("stop={\"iterations\": 1}", "compressor=none", plain);
    after("stop={\"iterations\": 1}", compressor, compressed);
    for (int d = 0; d < D; d++) {
        g[d] = (start[d] - plain[d]) / RATE;
        sent[d] = (start[d] - compressed[d]) / RATE;
    }
}

START_TEST(qsgd_steps_to_a_level)
{
    double g[D], sent[D], norm = 0;
    one_step("compressor={\"name\": \"qsgd\", \"levels\": 7}", g, sent);
    for (int d = 0; d < D; d++)
        norm += g[d] * g[d];
    for (int d = 0; d < D; d++) {
        double level = sent[d] * 7 / sqrt(norm), exact = g[d] * 7 / sqrt(norm);
        ck_assert_double_le(fabs(level - round(level)), 1e-9);
        ck_assert_double_lt(fabs(level - exact), 1);
    }
}
END_TEST

START_TEST(terngrad_steps_by_the_largest_or_not)
{
    double g[D], sent[D], largest = 0;
    int moved = 0;
    one_step("compressor={\"name\": \"terngrad\"}", g, sent);
    for (int d = 0; d < D; d++)
        largest = fmax(largest, fabs(g[d]));
    for (int d = 0; d < D; d++) {
        bool still = fabs(sent[d]) < 1e-9;
        ck_assert(still || fabs(sent[d] - copysign(largest, g[d])) < 1e-9);
        moved += !still;
    }
    ck_assert_int_gt(moved, 0); /* the largest always */
}
END_TEST

static Suite *gradients_suite(void)
{
    Suite *suite = suite_create("compressed gradients");
    TCase *loops = tcase_create("loops"), *identities = tcase_create("identities");
    tcase_add_loop_test(loops, ar_sgd_is_its_loop, 0, RULES);
    tcase_add_loop_test(loops, synchronous_server_is_its_loop, 0, RULES);
    tcase_add_loop_test(loops, asynchronous_server_is_its_loop, 0, RULES);
    tcase_add_loop_test(loops, staleness_aware_server_is_its_loop, 0, RULES);
    tcase_add_test(loops, gathered_parts_have_their_sizes);
    tcase_add_test(loops, majority_vote_is_its_loop);
    tcase_add_loop_test(loops, power_sgd_is_its_loop, 0, 3);
    tcase_add_test(loops, qsgd_steps_to_a_level);
    tcase_add_test(loops, terngrad_steps_by_the_largest_or_not);
    tcase_add_loop_test(identities, all_of_it_is_uncompressed, 0, SENDERS);
    tcase_add_test(identities, power_sgd_of_enough_rank_is_uncompressed);
    tcase_add_loop_test(identities, synchronous_server_is_ar_sgd, 0, 6);
    tcase_add_loop_test(identities, bits_depend_on_no_thread_and_no_flush, 0, SENDERS);
    suite_add_tcase(suite, loops);
    suite_add_tcase(suite, identities);
    return suite;
}

int main(void)
{
    return testing_run(gradients_suite());
}
