/*
 * value.h - one value, by its row: of the configuration file, or an amount on the command line.
 */
#ifndef SERVER_VALUE_H
#define SERVER_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"

/*
 * Parse `text` into the field of `row` in the struct `values`.
 *   FAIL_SYNTAX   not of the row's type; `why` gets a sentence without the key
 *   FAIL_LIMIT    out of range; the same
 *   FAIL_MISSING  a file:PATH secret cannot be read; the same
 */
MUST_CHECK enum fail value_parse(const struct setting *row, void *values, struct str text,
    struct arena *arena, struct buf *why);

/* Write the field back in the file's syntax. */
void value_write(const struct setting *row, const void *values, struct buf *out);

/* One amount as a row of numbers, bytes or durations has it: "50MB". */
void value_write_amount(const struct setting *row, int64_t amount, struct buf *out);

#endif
