/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bound struct as text again, driven by its tables.
 *
 * CANONICAL: what decides a run's results and nothing else, so that equal texts are equal runs:
 * sorted keys, base units, 17 significant digits, all defaults, null where absent; the content's
 * digest in place of a path; nothing that is outside the identity.
 * RESOLVED: a scenario for people, which reads back as the same run: the tables' order, units,
 * absolute paths, all defaults; what is absent is left out.
 */
#ifndef HEARSAY_SCENARIO_CANONICAL_H
#define HEARSAY_SCENARIO_CANONICAL_H

#include "core/field.h"
#include "core/status.h"
#include "scenario/content.h"

/* Raised whenever the same scenario gives other results than before. */
#define RESULT_VERSION 2

enum canonical_style { CANONICAL_IDENTITY, CANONICAL_RESOLVED };

/* *text is malloc'd. */
enum status canonical_write(const struct field *root, const void *config,
                            enum canonical_style style, struct content_cache *contents, char **text,
                            struct error *error);

#endif
