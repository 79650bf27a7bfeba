/*
 * json_writer.h - append JSON to a buffer; commas and quoting look after themselves.
 *
 *     struct json_writer w = { .out = &buf };
 *     json_object_begin(&w);
 *     json_name(&w, STR("ids"));
 *     json_array_begin(&w);  json_string(&w, id);  json_array_end(&w);
 *     json_object_end(&w);
 *
 * Output has no blanks and no line ends, so one value is one line. Malformed UTF-8 in strings becomes
 * U+FFFD. The caller keeps names and values in step; errors are the buffer's (buf_ok()).
 */
#ifndef CODEC_JSON_WRITER_H
#define CODEC_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct json_writer {
	struct buf *out;  /* borrow: the caller's */
	bool needs_comma; /* a value stands before in the same array or object */
};

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

/* A member's name; one value must follow. */
void json_name(struct json_writer *w, struct str name);

/* Values. A double that is no number (NaN, infinity) is written as null. */
void json_string(struct json_writer *w, struct str text);
void json_int(struct json_writer *w, int64_t n);
void json_u64(struct json_writer *w, uint64_t n);
void json_double(struct json_writer *w, double n);
void json_bool(struct json_writer *w, bool b);
void json_null(struct json_writer *w);

/* One value that is JSON already. */
void json_raw(struct json_writer *w, struct str json);

/* A string in pieces: begin, pieces (each cut between code points), end. */
void json_string_begin(struct json_writer *w);
void json_string_piece(struct json_writer *w, struct str text);
void json_string_end(struct json_writer *w);

/* Name and value in one. */
void json_name_string(struct json_writer *w, struct str name, struct str text);
void json_name_int(struct json_writer *w, struct str name, int64_t n);
void json_name_bool(struct json_writer *w, struct str name, bool b);
void json_name_null(struct json_writer *w, struct str name);

#endif
