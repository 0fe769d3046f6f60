/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks of what the program itself must keep true.  They stay on in release builds; a tripped
 * check prints file, line and message to stderr and aborts.  Inside a simulation use ENGINE_CHECK
 * (core/engine.h), which adds simulated time, event kind and target.
 */
#ifndef HEARSAY_CORE_CHECK_H
#define HEARSAY_CORE_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *condition, const char *format,
                            ...) __attribute__((format(printf, 4, 5)));

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__);                             \
    } while (0)

#endif
