/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QSGD (Alistarh, Grubic, Li, Tomioka and Vojnovic, NeurIPS 2017, arXiv:1610.02132, section 3.1):
 * with s levels, of each bucket of n elements,
 *
 *   Q(v_i) = |v| sign(v_i) l_i / s,   l_i = floor(s |v_i| / |v|) or the next, so that E Q(v) = v
 *
 * and E|Q(v) - v|^2 <= w |v|^2 with w = min(n / s^2, sqrt(n) / s) (lemma 3.1).  Where the error
 * must contract, Q(v) / (1 + w): delta = 1 / (1 + w).  The norm is rounded to `real`, as it is
 * sent; a level beyond s that this may cause is cut to s.
 *
 * Encodings, each after a norm a bucket:
 *   fixed        a sign and ceil(log2(s + 1)) bits an element
 *   elias        of each level that is not 0: the distance to the one before (the first: from the
 *                bucket's beginning, counted from 1), the sign, the level; numbers in Elias' omega
 *                code (appendix A.2, Code_s)
 *   elias-dense  of each element: its level + 1 in the omega code and, unless 0, a sign (Code'_s)
 * The last two have sizes that depend on the values; for a vector of another dimension the share of
 * bits an element is carried over.
 */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(qsgd_run);

enum qsgd_encoding { QSGD_FIXED, QSGD_ELIAS, QSGD_ELIAS_DENSE };

struct qsgd_params {
    int64_t levels, bucket_size;
    int encoding;
};

/* Elements of one bucket of a vector; the last may have fewer. */
static uint64_t qsgd_bucket(const struct qsgd_params *params, uint64_t count)
{
    bool whole = field_integer_absent(params->bucket_size);
    return whole || (uint64_t)params->bucket_size > count ? count : (uint64_t)params->bucket_size;
}

/* Bits of the omega code of a number from 1. */
static uint64_t qsgd_omega(uint64_t number)
{
    uint64_t bits = 1;
    while (number > 1) {
        unsigned length = 64 - (unsigned)__builtin_clzll(number);
        bits += length;
        number = length - 1;
    }
    return bits;
}

/* *last: elements up to the one that was encoded last. */
static uint64_t qsgd_element_bits(int encoding, double level, size_t position, size_t *last)
{
    uint64_t number = (uint64_t)level;
    if (encoding == QSGD_ELIAS_DENSE)
        return qsgd_omega(number + 1) + (number > 0);
    if (number == 0)
        return 0;
    uint64_t bits = qsgd_omega(position + 1 - *last) + 1 + qsgd_omega(number);
    *last = position + 1;
    return bits;
}

static real qsgd_norm(const real *v, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)v[i] * (double)v[i];
    return (real)sqrt(sum);
}

static double qsgd_level(double magnitude, double norm, double levels, double draw)
{
    double at = magnitude / norm * levels, below = floor(at);
    double level = draw < at - below ? below + 1 : below;
    return level > levels ? levels : level;
}

/* One bucket; returns the bits of its levels.  A norm that is no number goes to all elements. */
static uint64_t qsgd_bucket_run(const struct compressor_params *message, struct rng *rng,
                                const real *v, real *to, size_t count)
{
    const struct qsgd_params *params = message->rule;
    double levels = (double)params->levels, norm = (double)qsgd_norm(v, count), n = (double)count;
    double variance = fmin(n / (levels * levels), sqrt(n) / levels);
    double unit = norm / levels / (message->contraction ? 1 + variance : 1);
    bool finite = isfinite(norm);
    uint64_t bits = 0;
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        double draw = rng_uniform(rng), level = 0;
        if (finite && norm > 0)
            level = qsgd_level(fabs((double)v[i]), norm, levels, draw);
        to[i] = finite ? (real)copysign(unit * level, (double)v[i]) : (real)norm;
        bits += qsgd_element_bits(params->encoding, level, i, &last);
    }
    return bits;
}

void REAL_NAME(qsgd_run)(const struct plan_kernel_call *call)
{
    const struct compressor_params *message = compressor_call(call);
    const real *v = call->inputs[0];
    real *to = call->outputs[0];
    size_t count = call->input_counts[0], size = (size_t)qsgd_bucket(message->rule, count);
    uint64_t bits = 0;
    struct rng rng;
    compressor_draws(&rng, &message->key);
    for (size_t first = 0; first < count; first += size) {
        size_t part = count - first < size ? count - first : size;
        bits += qsgd_bucket_run(message, &rng, v + first, to + first, part);
    }
    compressor_measure(call, bits);
}

#if REAL_BITS == 64
static unsigned qsgd_traits(const void *params, bool contraction)
{
    const struct qsgd_params *qsgd = params;
    return (contraction ? 0 : COMPRESSOR_UNBIASED) |
           (qsgd->encoding == QSGD_FIXED ? 0 : COMPRESSOR_NEEDS_VALUES);
}

static int64_t qsgd_norm_bits(const struct qsgd_params *params, const struct compressor_wire *wire)
{
    uint64_t size = qsgd_bucket(params, wire->dimension);
    return (int64_t)((wire->dimension + size - 1) / size) * wire->real_bits;
}

static int64_t qsgd_bits(const void *params, const struct compressor_wire *wire)
{
    const struct qsgd_params *qsgd = params;
    unsigned each = 1 + compressor_index_bits((uint64_t)qsgd->levels + 1);
    if (qsgd->encoding != QSGD_FIXED)
        return -1;
    return qsgd_norm_bits(qsgd, wire) + (int64_t)wire->dimension * each;
}

static int64_t qsgd_measured_bits(const void *params, const struct compressor_wire *wire,
                                  size_t count, uint64_t measure)
{
    const struct qsgd_params *qsgd = params;
    if (qsgd->encoding == QSGD_FIXED)
        return qsgd_bits(params, wire);
    double levels = round((double)measure / (double)count * (double)wire->dimension);
    return qsgd_norm_bits(qsgd, wire) + (int64_t)levels;
}

static const char *const qsgd_encodings[] = {"fixed", "elias", "elias-dense", NULL};

static const struct field qsgd_fields[] = {
    FIELD_AT(struct qsgd_params, levels, FIELD_INTEGER, "7", .min = 1, .max = 1 << 24,
             .help = "the paper's s: positive levels; 7 take 4 bits with the sign"),
    FIELD_AT(struct qsgd_params, bucket_size, FIELD_INTEGER, "null", .min = 1, .max = 9e15,
             .help = "elements that share a norm; absent: all"),
    FIELD_AT(struct qsgd_params, encoding, FIELD_ENUM, "\"fixed\"", .names = qsgd_encodings,
             .help = "bits of a level: a fixed number, or Elias codes, whose size depends on the "
                     "values, of distances and levels or (dense) of all levels"),
    FIELD_END,
};

extern const struct compressor_ops qsgd_ops;
const struct compressor_ops qsgd_ops = {
    .plugin = {.name = "qsgd",
               .summary = "random rounding to levels of the vector's norm",
               .reference = "D. Alistarh, D. Grubic, J. Li, R. Tomioka and M. Vojnovic, QSGD: "
                            "Communication-Efficient SGD via Gradient Quantization and Encoding, "
                            "NeurIPS 2017, arXiv:1610.02132",
               .params = qsgd_fields,
               .params_size = sizeof(struct qsgd_params)},
    .traits = qsgd_traits,
    .bits = qsgd_bits,
    .measured_bits = qsgd_measured_bits,
    .kernel = {.name = "qsgd", .run32 = qsgd_run32, .run64 = qsgd_run64},
};
#endif
