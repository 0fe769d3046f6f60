/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables and views of a trace (docs/trace.md), and how an older file becomes one of this
 * version.
 */
#ifndef HEARSAY_TRACE_SCHEMA_H
#define HEARSAY_TRACE_SCHEMA_H

#include <sqlite3.h>

#include "core/status.h"

#define SCHEMA_APPLICATION_ID 0x48656172 /* "Hear" */

/* Creates or migrates, in one transaction.  A database of another kind or of a newer version is
 * refused (STATUS_REQUEST); `path` is for messages. */
enum status schema_apply(sqlite3 *db, const char *path, struct error *error);
/* Refuses what is no trace of this version or an older one; writes nothing. */
enum status schema_check(sqlite3 *db, const char *path, struct error *error);

#endif
