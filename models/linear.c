/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linear regression (least squares).  Equations: glm.h.
 *
 * Its optimum is known: with the pooled objective f(v) = (1/2N) ||Z v - y||^2 + (l2/2) ||w||^2,
 * v = (w, b) and Z = (X, 1), it solves the normal equations
 *
 *     (Z'Z / N + l2 I_w) v = Z'y / N.
 *
 * They are solved by Cholesky's factorisation; forming Z'Z squares the condition number, so two
 * steps of iterative refinement follow, whose residual -grad f(v) comes from the data themselves
 * (Bjorck, Numerical Methods for Least Squares Problems, 2.9.3, "corrected seminormal equations").
 */
#include "models/glm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "models/dataset.h"

/* Beyond this many multiplications the optimum counts as unknown (about a second). */
#define WORK_LIMIT 1e9

struct least_squares {
    const struct glm *glm;
    size_t p;      /* unknowns */
    double *row;   /* p: features of a sample, then 1 for the intercept */
    double *lower; /* p x p: Z'Z/N + l2 I, then its Cholesky factor */
};

static void read_row(struct least_squares *ls, uint32_t sample)
{
    const struct glm *glm = ls->glm;
    const struct dataset *data = glm->data;
    size_t first = sample * glm->features;

    for (size_t j = 0; j < glm->features; j++)
        ls->row[j] = data->train.bytes != NULL
                         ? data->train.bytes[first + j] * data->byte_scale
                         : dataset_get(data->precision, data->train.reals, first + j);
    if (glm->bias)
        ls->row[glm->features] = 1;
}

static void form_matrix(struct least_squares *ls)
{
    uint32_t samples = ls->glm->data->train.samples;

    for (uint32_t i = 0; i < samples; i++) {
        read_row(ls, i);
        for (size_t a = 0; a < ls->p; a++)
            for (size_t b = 0; b <= a; b++)
                ls->lower[a * ls->p + b] += ls->row[a] * ls->row[b];
    }
    for (size_t a = 0; a < ls->p; a++)
        for (size_t b = 0; b <= a; b++)
            ls->lower[a * ls->p + b] /= samples;
    for (size_t a = 0; a < ls->glm->features; a++)
        ls->lower[a * ls->p + a] += ls->glm->l2;
}

static double inner(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

/* In place; false when a pivot vanishes: the optimum is not unique. */
static bool factorise(struct least_squares *ls)
{
    size_t p = ls->p;

    for (size_t a = 0; a < p; a++) {
        double *row = ls->lower + a * p, diagonal = row[a];

        for (size_t b = 0; b < a; b++) {
            const double *other = ls->lower + b * p;
            row[b] = (row[b] - inner(row, other, b)) / other[b];
        }
        double pivot = diagonal - inner(row, row, a);
        if (!(pivot > 1e-13 * diagonal))
            return false;
        row[a] = sqrt(pivot);
    }
    return true;
}

/* v <- (L L')^-1 v */
static void solve(const struct least_squares *ls, double *v)
{
    size_t p = ls->p;

    for (size_t a = 0; a < p; a++)
        v[a] = (v[a] - inner(ls->lower + a * p, v, a)) / ls->lower[a * p + a];
    for (size_t a = p; a-- > 0;) {
        v[a] /= ls->lower[a * p + a];
        for (size_t b = 0; b < a; b++)
            v[b] -= ls->lower[a * p + b] * v[a];
    }
}

/* r = -grad f(v) */
static void descent(struct least_squares *ls, const double *v, double *r)
{
    const struct dataset *data = ls->glm->data;
    uint32_t samples = data->train.samples;

    memset(r, 0, ls->p * sizeof *r);
    for (uint32_t i = 0; i < samples; i++) {
        read_row(ls, i);
        double miss =
            dataset_get(data->precision, data->train.targets, i) - inner(ls->row, v, ls->p);
        for (size_t j = 0; j < ls->p; j++)
            r[j] += miss * ls->row[j];
    }
    for (size_t j = 0; j < ls->p; j++)
        r[j] = r[j] / samples - (j < ls->glm->features ? ls->glm->l2 * v[j] : 0);
}

static bool optimum(const void *model, double *x)
{
    const struct glm *glm = model;
    size_t p = glm->dimension;
    struct least_squares ls = {.glm = glm, .p = p};

    if ((double)p * (double)p * (glm->data->train.samples + (double)p) > WORK_LIMIT)
        return false;
    ls.row = memory_array(p, sizeof *ls.row);
    ls.lower = memory_array(p * p, sizeof *ls.lower);
    double *step = memory_array(p, sizeof *step);
    form_matrix(&ls);
    bool unique = factorise(&ls);
    memset(x, 0, p * sizeof *x);
    for (int pass = 0; unique && pass < 3; pass++) {
        descent(&ls, x, step); /* from 0: the right-hand side */
        solve(&ls, step);
        for (size_t j = 0; j < p; j++)
            x[j] += step[j];
    }
    free(step);
    free(ls.lower);
    free(ls.row);
    return unique;
}

static enum status create(const struct model_setting *setting, void **model, struct error *error)
{
    if (setting->data->classes != 0)
        return status_fail_at(error, "model.name",
                              "linear regression needs data with real targets; these have %u"
                              " classes (use \"%s\")",
                              setting->data->classes,
                              setting->data->classes == 2 ? "logistic" : "softmax");
    *model = glm_create(setting, GLM_SQUARED);
    return STATUS_OK;
}

const struct model_ops linear_ops = {
    .plugin = {.name = "linear",
               .summary = "least squares; the optimum is known",
               .reference = "Bjorck, Numerical Methods for Least Squares Problems",
               .params = glm_fields,
               .params_size = sizeof(struct glm_params)},
    .needs_data = true,
    .classifies = false,
    .create = create,
    .destroy = free,
    .objective = glm_objective,
    .initial = glm_initial,
    .optimum = optimum,
    .flop = glm_flop,
};
