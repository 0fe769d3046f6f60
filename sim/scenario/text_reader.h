/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strict reader behind text_read.
 */
#ifndef HEARSAY_SCENARIO_TEXT_READER_H
#define HEARSAY_SCENARIO_TEXT_READER_H

#include "scenario/text.h"

/* Checks the `size` bytes of a source's text, blanks its comments and appends an origin for each
 * value in document order.  On false *error says where and what. */
bool text_reader_run(struct text_map *map, uint32_t source, size_t size, struct error *error);

#endif
