#include "http/websocket_handshake.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"

#define KEY_BYTES      16 /* of Sec-WebSocket-Key, decoded */
#define KEY_TEXT_BYTES 24 /* .. and in base64 */

bool
websocket_list_has(const struct http_request *r, struct str name, struct str token)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct str list = r->headers[i].value, part;

		if (!str_eq_nocase(r->headers[i].name, name))
			continue;
		while (str_next_part(&list, ',', &part))
			if (str_eq_nocase(str_trim(part), token))
				return true;
	}
	return false;
}

/* "a randomly selected 16-byte value that has been base64-encoded" (RFC 6455 4.1) */
static bool
is_key(struct str text)
{
	struct buf key;
	bool is_good;

	buf_init(&key, KEY_TEXT_BYTES);
	is_good = text.n == KEY_TEXT_BYTES && base64_parse(&key, text) == FAIL_NONE &&
	    buf_str(&key).n == KEY_BYTES;
	buf_release(&key);
	return is_good;
}

unsigned
websocket_request_status(const struct http_request *r)
{
	if (r->method != HTTP_GET || !websocket_list_has(r, STR("upgrade"), STR("websocket")) ||
	    !websocket_list_has(r, STR("connection"), STR("upgrade")))
		return 426;
	if (!str_eq(http_request_header(r, STR("sec-websocket-version")), STR(WEBSOCKET_VERSION)))
		return 426;
	if (r->minor < 1 || r->is_chunked || r->length > 0 ||
	    !is_key(http_request_header(r, STR("sec-websocket-key"))))
		return 400;
	return 0;
}

/* 4.2.2 step 5.4 */
void
websocket_accept_write(const struct http_request *r, struct buf *out)
{
	unsigned char digest[HASH_SIZE_MAX];
	struct hash_state state;

	hash_init(&state, HASH_SHA1);
	hash_add(&state, http_request_header(r, STR("sec-websocket-key")));
	hash_add(&state, STR("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
	hash_get(&state, digest);
	base64_write(out, str_of(digest, hash_size(HASH_SHA1)));
}

/* --- permessage-deflate ------------------------------------------------------------------------ */

enum {
	SERVER_NO_TAKEOVER = 1,
	CLIENT_NO_TAKEOVER = 2,
	SERVER_BITS = 4,
	CLIENT_BITS = 8,
};

static const struct {
	struct str name;
	unsigned bit;
	bool may_have_value, needs_value;
} params[] = {
	/* RFC 7692 7.1.1, 7.1.2 */
	{ STR_INIT("server_no_context_takeover"), SERVER_NO_TAKEOVER, false, false },
	{ STR_INIT("client_no_context_takeover"), CLIENT_NO_TAKEOVER, false, false },
	{ STR_INIT("server_max_window_bits"), SERVER_BITS, true, true },
	{ STR_INIT("client_max_window_bits"), CLIENT_BITS, true, false },
};

/* A decimal integer from 8 to 15 without leading zeros; it may stand in quotes. */
static bool
take_bits(struct str text, uint32_t *out)
{
	if (text.n > 2 && str_ends(text, STR("\"")) && str_skip_char(&text, '"'))
		text.n--;
	return !str_starts(text, STR("0")) && str_u32(&text, 15, out) && str_empty(text) &&
	    *out >= 8;
}

/* One parameter of an offer; its bit, or 0 when it makes the offer unacceptable. */
static unsigned
take_param(struct str text, uint32_t *bits_out)
{
	size_t at = str_find_char(text, '=');
	struct str name = str_trim(str_head(text, at));
	bool has_value = at != STR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		if (!str_eq_nocase(params[i].name, name))
			continue;
		if (has_value ? !params[i].may_have_value : params[i].needs_value)
			return 0;
		if (has_value && !take_bits(str_trim(str_from(text, at + 1)), bits_out))
			return 0;
		return params[i].bit;
	}
	return 0;
}

/* RFC 7692 7.1: an offer with an unknown, a repeated or a wrong parameter is declined. */
static bool
take_offer(struct str offer, unsigned *have_out)
{
	struct str part;
	uint32_t bits = 0;
	unsigned count = 0;

	*have_out = 0;
	if (!str_next_part(&offer, ';', &part) ||
	    !str_eq_nocase(str_trim(part), STR("permessage-deflate")))
		return false;
	while (str_next_part(&offer, ';', &part)) {
		unsigned bit = take_param(part, &bits);

		if (bit == 0 || (*have_out & bit) || ++count > WEBSOCKET_PARAMS_MAX)
			return false;
		if (bit == SERVER_BITS && bits < WEBSOCKET_WINDOW_BITS)
			return false;
		*have_out |= bit;
	}
	return true;
}

bool
websocket_deflate_write(const struct http_request *r, struct buf *out)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct str list = r->headers[i].value, offer;
		unsigned have;

		if (!str_eq_nocase(r->headers[i].name, STR("sec-websocket-extensions")))
			continue;
		while (str_next_part(&list, ',', &offer)) {
			if (!take_offer(offer, &have))
				continue;
			buf_add_c(out,
			    "permessage-deflate; server_no_context_takeover; "
			    "client_no_context_takeover");
			if (have & SERVER_BITS) {
				buf_add_c(out, "; server_max_window_bits=");
				buf_add_u64(out, WEBSOCKET_WINDOW_BITS);
			}
			return true;
		}
	}
	return false;
}
