/*
 * charset_private.h - what the charset files share. Private.
 *
 * The driver in charset.c collects bytes in d->held and asks the charset's `take` after each one
 * what they make.
 */
#ifndef MESSAGE_CHARSET_PRIVATE_H
#define MESSAGE_CHARSET_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "message/charset.h"

#define CHARSET_BAD 0xfffd

enum taken {
	TAKEN_MORE,       /* the character goes on */
	TAKEN_CHAR,       /* one character */
	TAKEN_NOTHING,    /* a shift sequence */
	TAKEN_BAD,        /* these bytes are nothing */
	TAKEN_BAD_BEFORE, /* all but the last are nothing; the last begins anew */
};

struct charset {
	const char *name;
	enum taken (*take)(struct charset_decoder *d, uint32_t *out);
	const uint16_t *upper; /* single-byte sets: 128 .. 255 */
	char shift;            /* ASCII that is not itself: ESC, '+' */
	bool is_wide;          /* bytes below 128 are not ASCII */
	bool is_guess;         /* bad bytes are windows-1252 */
	bool is_ascii;         /* and counted */
};

enum taken charset_take_single(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_utf8(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_utf7(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_utf16(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_utf16le(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_utf16be(struct charset_decoder *d, uint32_t *out);

enum taken charset_take_euc_jp(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_shift_jis(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_iso2022_jp(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_euc_kr(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_gb18030(struct charset_decoder *d, uint32_t *out);
enum taken charset_take_big5(struct charset_decoder *d, uint32_t *out);

#endif
