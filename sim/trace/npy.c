/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NumPy's .npy 1.0: magic, version, header length (little-endian 16 bits), a Python dictionary
 * padded with spaces so that the data begin at a multiple of 64, then the data.
 */
#include "trace/npy.h"

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

#define NPY_MAGIC        "\x93NUMPY\x01" /* and a zero: version 1.0 */
#define NPY_PREFIX_BYTES 10

#define NPY_DATA_OFFSET 128 /* any 64-bit shape fits */

#define NPY_FORMAT "{'descr': '<f%d', 'fortran_order': False, 'shape': (%zu,), }"

size_t npy_size(size_t count, bool float32)
{
    return NPY_DATA_OFFSET + count * (float32 ? 4 : 8);
}

static void put_value(unsigned char *at, double value, bool float32)
{
    if (float32) {
        float narrow = (float)value;
        uint32_t bits;

        memcpy(&bits, &narrow, sizeof bits);
        bits = htole32(bits);
        memcpy(at, &bits, sizeof bits);
    } else {
        uint64_t bits;

        memcpy(&bits, &value, sizeof bits);
        bits = htole64(bits);
        memcpy(at, &bits, sizeof bits);
    }
}

static double get_value(const unsigned char *at, bool float32)
{
    if (float32) {
        uint32_t bits;
        float narrow;

        memcpy(&bits, at, sizeof bits);
        bits = le32toh(bits);
        memcpy(&narrow, &bits, sizeof narrow);
        return narrow;
    } else {
        uint64_t bits;
        double value;

        memcpy(&bits, at, sizeof bits);
        bits = le64toh(bits);
        memcpy(&value, &bits, sizeof value);
        return value;
    }
}

void npy_write(void *bytes, const double *values, size_t count, bool float32)
{
    unsigned char *at = bytes;
    size_t value_bytes = float32 ? 4 : 8;
    char *header = (char *)at + NPY_PREFIX_BYTES;
    int length;

    memcpy(at, NPY_MAGIC, 8);
    at[8] = NPY_DATA_OFFSET - NPY_PREFIX_BYTES;
    at[9] = 0;
    memset(header, ' ', NPY_DATA_OFFSET - NPY_PREFIX_BYTES);
    length =
        snprintf(header, NPY_DATA_OFFSET - NPY_PREFIX_BYTES, NPY_FORMAT, (int)value_bytes, count);
    header[length] = ' ';
    at[NPY_DATA_OFFSET - 1] = '\n';
    for (size_t i = 0; i < count; i++)
        put_value(at + NPY_DATA_OFFSET + i * value_bytes, values[i], float32);
}

bool npy_read(const void *bytes, size_t size, double **values, size_t *count, bool *float32)
{
    const unsigned char *at = bytes;
    char header[256] = "";
    size_t offset;
    int value_bytes;

    if (size < NPY_PREFIX_BYTES || memcmp(at, NPY_MAGIC, 8) != 0)
        return false;
    offset = NPY_PREFIX_BYTES + at[8] + 256U * at[9];
    if (offset > size || offset - NPY_PREFIX_BYTES >= sizeof header)
        return false;
    memcpy(header, at + NPY_PREFIX_BYTES, offset - NPY_PREFIX_BYTES);
    if (sscanf(header, NPY_FORMAT, &value_bytes, count) != 2 ||
        (value_bytes != 4 && value_bytes != 8) || *count != (size - offset) / (size_t)value_bytes ||
        (size - offset) % (size_t)value_bytes != 0)
        return false;
    *float32 = value_bytes == 4;
    *values = memory_array(*count, sizeof **values);
    for (size_t i = 0; i < *count; i++)
        (*values)[i] = get_value(at + offset + i * (size_t)value_bytes, *float32);
    return true;
}
