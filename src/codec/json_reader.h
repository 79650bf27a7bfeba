/*
 * json_reader.h - JSON token by token, without memory.
 *
 * A pull iterator over a complete text: it checks the grammar of RFC 8259, UTF-8, surrogate pairs and
 * depth; names that occur twice are the tree's business (json.h), which needs memory for it. Who has other things to do
 * sets `pause`: blanks and strings are read no further at once.
 */
#ifndef CODEC_JSON_READER_H
#define CODEC_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

enum json_token_type {
	JSON_TOKEN_END, /* the text is used up after one value */
	JSON_TOKEN_NULL,
	JSON_TOKEN_BOOL,
	JSON_TOKEN_INT,
	JSON_TOKEN_DOUBLE,
	JSON_TOKEN_STRING,
	JSON_TOKEN_NAME, /* of a member; its value follows */
	JSON_TOKEN_ARRAY_BEGIN,
	JSON_TOKEN_ARRAY_END,
	JSON_TOKEN_OBJECT_BEGIN,
	JSON_TOKEN_OBJECT_END,
	JSON_TOKEN_PAUSE /* the reader's pause was reached first */
};

struct json_token {
	enum json_token_type type;
	size_t start;     /* where it begins in the text */
	struct str raw;   /* string, name: between the quotes, escapes as they stand */
	bool has_escapes; /* raw must be unescaped to be read */
	bool is_true;
	int64_t integer;
	double number;
};

struct json_reader { /* fields: read only */
	struct str text;
	size_t at; /* bytes read; the place of the mistake after a failure */
	size_t
	    pause; /* may be set: JSON_TOKEN_PAUSE is given once so much was read; SIZE_MAX at first */
	uint64_t objects;         /* one bit per open level: object, not array */
	unsigned depth;           /* open levels */
	unsigned expect;          /* private: what may come now */
	struct json_token string; /* private: the string under way */
};

void json_reader_init(struct json_reader *r, struct str text);

/*
 * The next token. FAIL_SYNTAX: not JSON; FAIL_PERM: bad UTF-8, lone surrogate, number out of range or of more than
 * 128 digits, deeper than JSON_DEPTH_MAX (RFC 8259 9). Final after a failure.
 */
MUST_CHECK enum fail json_next(struct json_reader *r, struct json_token *out);

/*
 * Unescape the start of *raw, of a token, into `to`, which has room for as much: at least `n` bytes of it, where there
 * are so many. *raw moves behind them; returns the bytes written.
 */
size_t json_unescape(struct str *raw, size_t n, char *to);

#endif
