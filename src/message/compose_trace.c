#include "message/compose.h"

/* system */
#include <string.h>

/* rooms */
#include "codec/utf8.h"
#include "message/date.h"
#include "message/quoted_string.h"

#define FIELD_MAX    1000 /* bytes of a short field's value */
#define RECEIVED_MAX 4096 /* bytes of a Received field */
#define ATOM_MAX     320  /* bytes of one word in it: the longest path, RFC 5321 4.5.3.1 */
#define PIECE_MAX    48   /* bytes of a parameter in one RFC 2231 piece, before %XX */

enum fail
header_write_date(struct buf *out, struct str name, int64_t unix_s, int32_t zone_min)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, FIELD_MAX);
	date_write_5322(&value, unix_s, zone_min);
	fail = header_write_raw(out, name, buf_str(&value));
	buf_release(&value);
	return fail;
}

/* --- parameters (RFC 2045 5.1, RFC 2231) --------------------------------------------------- */

/* attribute-char of RFC 2231 section 7, a little narrower */
static bool
is_attribute_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '.' || c == '_';
}

static void
percent_write(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_attribute_char(s.p[i]))
			buf_add_char(out, s.p[i]);
		else
			buf_add_escape(out, '%', s.p[i]);
	}
}

/* name*0*=UTF-8''..; name*1*=.. , or name*= when one piece is enough */
static void
extended_write(struct buf *out, struct str name, struct str value)
{
	bool is_single = value.n <= PIECE_MAX;

	for (uint64_t i = 0; i == 0 || value.n > 0; i++) {
		struct str piece = utf8_cut(value, PIECE_MAX);

		if (piece.n == 0)
			piece = str_head(value, 1);
		buf_add_c(out, "; ");
		buf_add(out, name);
		buf_add_char(out, '*');
		if (!is_single) {
			buf_add_u64(out, i);
			buf_add_char(out, '*');
		}
		buf_add_c(out, i == 0 ? "=UTF-8''" : "=");
		percent_write(out, piece);
		value = str_from(value, piece.n);
	}
}

enum fail
param_write(struct buf *out, struct str name, struct str value)
{
	bool is_ascii = value.n <= PIECE_MAX;

	for (size_t i = 0; i < name.n; i++)
		if (!is_attribute_char(name.p[i]))
			return FAIL_SYNTAX;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			return FAIL_SYNTAX;
		is_ascii &= (unsigned char)value.p[i] >= 32 && (unsigned char)value.p[i] < 127;
	}
	if (!is_ascii) {
		extended_write(out, name, value);
		return FAIL_NONE;
	}
	buf_add_c(out, "; ");
	buf_add(out, name);
	buf_add_char(out, '=');
	quoted_string_write(out, value);
	return FAIL_NONE;
}

/* --- trace --------------------------------------------------------------------------------- */

enum fail
message_id_write(struct buf *out, int64_t unix_s, struct str random, struct str host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '.' && c != '-' && c != '_' &&
		    strchr("[]:", c) == NULL)
			return FAIL_SYNTAX;
	}
	if (host.n == 0 || random.n == 0)
		return FAIL_SYNTAX;
	buf_add_char(out, '<');
	buf_add_i64(out, unix_s);
	buf_add_char(out, '.');
	buf_add_hex(out, random);
	buf_add_char(out, '@');
	buf_add(out, host);
	buf_add_char(out, '>');
	return FAIL_NONE;
}

enum fail
header_write_message_id(struct buf *out, int64_t unix_s, struct str random, struct str host)
{
	struct buf id;
	enum fail fail;

	buf_init(&id, FIELD_MAX);
	fail = message_id_write(&id, unix_s, random, host);
	if (fail)
		fail = message_id_write(&id, unix_s, random, STR("localhost"));
	if (!fail)
		fail = header_write_raw(out, STR("Message-ID"), buf_str(&id));
	buf_release(&id);
	return fail;
}

/* One word of peer text: nothing in it can end its place in the field. */
static void
add_atom(struct buf *out, struct str s, const char *before, const char *after, bool is_utf8)
{
	if (s.n == 0)
		return;
	s = str_head(s, ATOM_MAX);
	is_utf8 = is_utf8 && utf8_is_valid(s);
	buf_add_c(out, before);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_fine = c > 32 && c != 127 && (c < 127 || is_utf8) &&
		    strchr("()<>\\;,\"", (char)c) == NULL;

		buf_add_char(out, is_fine ? (char)c : '?');
	}
	buf_add_c(out, after);
}

/* The same for a comment, in which blanks may be. */
static void
add_comment(struct buf *out, struct str s)
{
	struct str word;
	bool is_first = true;

	if (s.n == 0)
		return;
	buf_add_c(out, " (");
	while (str_next_part(&s, ' ', &word)) {
		add_atom(out, word, is_first ? "" : " ", "", false);
		is_first = false;
	}
	buf_add_char(out, ')');
}

/*
 * Received = "from" Extended-Domain "by" Extended-Domain Opt-info ";" date-time (RFC 5321 4.4),
 * TCP-info being (name [address]).
 */
void
received_write(struct buf *out, const struct received *r)
{
	bool is_utf8 = str_starts_nocase(r->with, STR("UTF8"));
	struct buf value;

	buf_init(&value, RECEIVED_MAX);
	add_atom(&value, r->from, "from ", "", is_utf8);
	if (r->from_ip.n > 0) {
		bool is_v6 = str_find_char(r->from_ip, ':') != STR_NONE;

		buf_add_c(&value, r->from.n > 0 ? " (" : "(");
		add_atom(&value, r->from_name, "", " ", false);
		add_atom(&value, r->from_ip, is_v6 ? "[IPv6:" : "[", "])", false);
	}
	add_atom(&value, r->by, value.n > 0 ? " by " : "by ", "", is_utf8);
	add_comment(&value, r->tls);
	add_atom(&value, r->with, " with ", "", false);
	add_atom(&value, r->id, " id ", "", false);
	add_atom(&value, r->for_, " for <", ">", is_utf8);
	buf_add_c(&value, "; ");
	date_write_5322(&value, r->unix_s, r->zone_min);
	if (!buf_ok(&value) || header_write_raw(out, STR("Received"), buf_str(&value)))
		buf_add_c(out, "Received: (unknown)\r\n");
	buf_release(&value);
}
