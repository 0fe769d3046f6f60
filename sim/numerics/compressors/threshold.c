/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threshold: elements whose magnitude reaches a fixed one are sent, with their indices (Strom,
 * Interspeech 2015; "hard threshold" in Sahu et al., NeurIPS 2021).  How many these are depends on
 * the values: |C(v) - v|^2 <= (1 - k/d) |v|^2 with the k that were sent.  declared_ratio charges
 * the size of that share instead, whatever is sent, so that no time depends on values.
 */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(threshold_run);

struct threshold_params {
    double threshold, declared_ratio;
};

void REAL_NAME(threshold_run)(const struct plan_kernel_call *call)
{
    const struct threshold_params *params = compressor_call(call)->rule;
    const real *v = call->inputs[0];
    real *to = call->outputs[0];
    uint64_t kept = 0;
    for (size_t i = 0; i < call->input_counts[0]; i++) {
        double value = (double)v[i];
        bool sent = !(value < params->threshold && -value < params->threshold); /* NaN is */
        to[i] = sent ? v[i] : 0;
        kept += sent;
    }
    compressor_measure(call, kept);
}

#if REAL_BITS == 64
static unsigned threshold_traits(const void *params, bool contraction)
{
    const struct threshold_params *threshold = params;
    (void)contraction;
    return COMPRESSOR_SPARSE |
           (field_real_absent(threshold->declared_ratio) ? COMPRESSOR_NEEDS_VALUES : 0);
}

static int64_t threshold_bits(const void *params, const struct compressor_wire *wire)
{
    const struct threshold_params *threshold = params;
    if (field_real_absent(threshold->declared_ratio))
        return -1;
    return compressor_sparse_bits(wire,
                                  compressor_kept(threshold->declared_ratio, wire->dimension));
}

/* The same share of the declared dimension. */
static int64_t threshold_measured_bits(const void *params, const struct compressor_wire *wire,
                                       size_t count, uint64_t measure)
{
    const struct threshold_params *threshold = params;
    if (!field_real_absent(threshold->declared_ratio))
        return threshold_bits(params, wire);
    double kept = round((double)measure / (double)count * (double)wire->dimension);
    return compressor_sparse_bits(wire, (uint64_t)kept);
}

static const struct field threshold_fields[] = {
    FIELD_AT(struct threshold_params, threshold, FIELD_REAL, NULL, .min = FIELD_POSITIVE,
             .max = DBL_MAX, .help = "least magnitude of an element that is sent"),
    FIELD_AT(struct threshold_params, declared_ratio, FIELD_REAL, "null", .min = FIELD_POSITIVE,
             .max = 1,
             .help = "share of the elements that is charged; absent: those that are sent"),
    FIELD_END,
};

extern const struct compressor_ops threshold_ops;
const struct compressor_ops threshold_ops = {
    .plugin = {.name = "threshold",
               .summary = "the elements above a fixed magnitude",
               .reference = "N. Strom, Scalable Distributed DNN Training Using Commodity GPU Cloud "
                            "Computing, Interspeech 2015",
               .params = threshold_fields,
               .params_size = sizeof(struct threshold_params)},
    .traits = threshold_traits,
    .bits = threshold_bits,
    .measured_bits = threshold_measured_bits,
    .kernel = {.name = "threshold", .run32 = threshold_run32, .run64 = threshold_run64},
};
#endif
