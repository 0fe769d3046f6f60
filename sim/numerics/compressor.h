/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compressors: what a node sends instead of a vector, and what the receiver makes of it.
 *
 * A compressor is numerically one operation, vector -> decoded vector of the same length; nothing
 * is ever packed.  What the encoding would take on the wire is computed: for the dimension that the
 * scenario declares, from the rule's parameters alone.  Where the size depends on the values
 * (COMPRESSOR_NEEDS_VALUES) the operation measures what the small model's encoding has, and
 * compressor_measured_bytes carries that share over to the declared dimension.
 *
 * ERROR FEEDBACK.  With a memory, what is compressed is memory + vector, and the memory keeps what
 * was not sent: decoded + memory = accumulated, to the bit for those that send some values and
 * keep the others, to rounding for those that quantize.
 *
 * CONTRACTION.  Under error feedback, or against a tracked copy (CHOCO), the error must shrink:
 * E|C(v) - v|^2 <= (1 - delta) |v|^2.  So random-k is unscaled then, and unbiased quantizers of
 * variance w |v|^2 are divided by 1 + w.  Elsewhere these are unbiased.
 *
 * DRAWS are named by the message's key: seed, role, index (node), step (iteration).
 */
#ifndef HEARSAY_NUMERICS_COMPRESSOR_H
#define HEARSAY_NUMERICS_COMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"
#include "core/plugin.h"
#include "numerics/plan.h"

/* What the memory of error feedback holds: nothing, updates (rate x gradient) or gradients. */
enum compressor_memory { COMPRESSOR_FORGETS, COMPRESSOR_UPDATE, COMPRESSOR_GRADIENT };

/* "compressor" of a scenario: the rule with its own parameters, and what all rules share. */
struct compressor_config {
    struct plugin_choice rule;  /* compressor_registry; none chosen: vectors are sent as they are */
    int memory;                 /* enum compressor_memory */
    double momentum_correction; /* of deep gradient compression; 0: none */
};
extern const struct field compressor_common_fields[];
extern const struct plugin_registry compressor_registry;

enum {
    COMPRESSOR_LINEAR = 1,       /* encodings add up, so an all-reduce serves */
    COMPRESSOR_SPARSE = 2,       /* values with their indices: an all-gather serves */
    COMPRESSOR_UNBIASED = 4,     /* E C(v) = v */
    COMPRESSOR_NEEDS_VALUES = 8, /* the size depends on the values */
    COMPRESSOR_FACTORED = 16,    /* linear in two rounds: the functions compressor_factor_* */
};

/* What is sent in place of the model. */
struct compressor_wire {
    uint64_t dimension; /* declared: of the vector on the wire */
    unsigned real_bits; /* of a value that is sent as it is */
    /* Layers of that vector; NULL: unknown, rules for matrices then see one square matrix of
     * ceil(sqrt(dimension)) rows. */
    const struct objective_layer *layers;
    size_t layer_count;
};

struct compressor_ops {
    struct plugin plugin;
    /* COMPRESSOR_* with these parameters. */
    unsigned (*traits)(const void *params, bool contraction);
    /* Bits of one encoding; -1: they depend on the values. */
    int64_t (*bits)(const void *params, const struct compressor_wire *wire);
    /* The same where they do: `measure` of a vector of `count` reals. */
    int64_t (*measured_bits)(const void *params, const struct compressor_wire *wire, size_t count,
                             uint64_t measure);
    /* v -> decoded, and a measure where the size depends on the values; struct
     * compressor_params.  run64 NULL: the identity. */
    struct plan_kernel kernel;
};

/* Names the draws of one compression. */
struct compressor_key {
    uint64_t seed;
    uint64_t index, step; /* node, iteration */
    uint32_t role;
};

/* What a kernel gets. */
struct compressor_params {
    const void *rule;
    struct compressor_key key;
    size_t dimension; /* of the model: factors */
    bool contraction;
};

#define COMPRESSOR_MEASURES                                                                        \
    2 /* reals: the measure is m[0] 2^20 + m[1], exact in both precisions                          \
       */

/* One compression. */
struct compressor_message {
    uint32_t vector;
    uint32_t memory;  /* 0: none; else a vector of the same length, updated in place */
    uint32_t measure; /* 0, or a vector of COMPRESSOR_MEASURES reals: what the size depends on */
    bool contraction; /* the receiver tracks a copy; a memory implies it */
    struct compressor_key key;
};

unsigned compressor_traits(const struct compressor_config *config, bool contraction);
/* Bytes of one encoding; -1: they depend on the values. */
int64_t compressor_bytes(const struct compressor_config *config,
                         const struct compressor_wire *wire);
/* The same from what a message's measure reads, of a vector of `count` reals; -1 where it is NaN
 * (nothing was executed). */
int64_t compressor_measured_bytes(const struct compressor_config *config,
                                  const struct compressor_wire *wire, size_t count,
                                  const double measure[COMPRESSOR_MEASURES]);
/* Records a compression; returns the decoded vector, a new one. */
uint32_t compressor_record(struct plan *plan, const struct compressor_config *config,
                           const struct compressor_message *message);
/* Zeroes elements of `vector` whose element of `decoded` was sent (is not 0): momentum factor
 * masking of deep gradient compression (Lin et al., arXiv:1712.01887, section 3.2). */
void compressor_mask(struct plan *plan, uint32_t vector, uint32_t decoded);

/*
 * --- A factored compressor in two all-reduces (compressors/power_sgd.c). ---
 * M is the vector as matrices; each rank: p = M q; mean of all p by all-reduce; orthonormalize;
 * q = M' p; mean of all q by all-reduce; decoded = p q'.  q goes on to the next step (warm start).
 * Vectors have the dimension of the plan's objective.  Error feedback goes around it: vector +
 * memory is projected and, in the end, memory <- vector + memory - decoded (of the mean, as in the
 * authors' code; algorithm 2 of the paper takes the node's own q).
 */
size_t compressor_factor_count(const struct compressor_config *config,
                               const struct objective *objective, unsigned round);
/* Bytes of round 0 (p) and of round 1 (q); their sum is compressor_bytes. */
int64_t compressor_factor_bytes(const struct compressor_config *config,
                                const struct compressor_wire *wire, unsigned round);
/* A new q, drawn from the standard normal distribution: the same at all ranks for one key. */
uint32_t compressor_factor_start(struct plan *plan, const struct compressor_config *config,
                                 const struct compressor_key *key, bool resident);
uint32_t compressor_factor_project(struct plan *plan, const struct compressor_config *config,
                                   uint32_t vector, uint32_t q); /* -> a new p */
void compressor_factor_orthonormalize(struct plan *plan, const struct compressor_config *config,
                                      uint32_t p);
void compressor_factor_back_project(struct plan *plan, const struct compressor_config *config,
                                    uint32_t vector, uint32_t p, uint32_t q); /* q is overwritten */
uint32_t compressor_factor_decode(struct plan *plan, const struct compressor_config *config,
                                  uint32_t p, uint32_t q); /* -> a new vector */

/* --- For rules. --- */
unsigned compressor_index_bits(uint64_t count);         /* ceil(log2 count) */
uint64_t compressor_kept(double ratio, uint64_t count); /* max(1, round(ratio x count)) */
uint64_t compressor_side(uint64_t count);               /* ceil(sqrt(count)) */
int64_t compressor_sparse_bits(const struct compressor_wire *wire, uint64_t kept);

#endif
