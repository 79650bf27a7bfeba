#include "http/websocket_handshake.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"

#define KEY_BYTES      16 /* of Sec-WebSocket-Key, decoded */
#define KEY_TEXT_BYTES 24 /* .. and in base64 */

static bool
list_has(const struct http_request *r, struct str name, struct str token,
    bool (*is_same)(struct str, struct str))
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct str list = r->headers[i].value, part;

		if (!str_eq_nocase(r->headers[i].name, name))
			continue;
		while (str_next_part(&list, ',', &part))
			if (is_same(str_trim(part), token))
				return true;
	}
	return false;
}

bool
websocket_protocol_is_offered(const struct http_request *r, struct str protocol)
{
	return list_has(r, STR("sec-websocket-protocol"), protocol, str_eq);
}

/* The header that must not appear more than once (11.3.1, 11.3.5); p is NULL without it, or when it does. */
static struct str
only_header(const struct http_request *r, struct str name)
{
	struct str value = { 0 };

	for (size_t i = 0; i < r->header_count; i++) {
		if (!str_eq_nocase(r->headers[i].name, name))
			continue;
		if (value.p)
			return (struct str){ 0 };
		value = r->headers[i].value;
	}
	return value;
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

/* Strict: no quoted-pair, which the token inside never needs. */
static struct str
unquoted(struct str value)
{
	if (value.n > 2 && str_ends(value, STR("\"")) && str_skip_char(&value, '"'))
		value.n--;
	return value;
}

/* token [ "=" (token | quoted-string) ]; what stands in quotes is a token, too. */
static bool
is_param(struct str text)
{
	struct str name;

	if (!str_take_until(&text, '=', &name))
		return http_is_token(text);
	return http_is_token(str_trim(name)) && http_is_token(unquoted(str_trim(text)));
}

/*
 * extension = token *( ";" extension-param ); "the recipient of such malformed data MUST immediately _Fail the WebSocket
 * Connection_" (9.1). As quotes hold tokens only, no comma or semicolon stands in them.
 */
static bool
are_extensions(const struct http_request *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct str list = r->headers[i].value, extension, part;

		if (!str_eq_nocase(r->headers[i].name, STR("sec-websocket-extensions")))
			continue;
		while (str_next_part(&list, ',', &extension)) {
			extension = str_trim(extension);
			if (str_empty(extension)) /* RFC 9110 5.6.1.2 */
				continue;
			if (!str_next_part(&extension, ';', &part) ||
			    !http_is_token(str_trim(part)))
				return false;
			while (str_next_part(&extension, ';', &part))
				if (!is_param(str_trim(part)))
					return false;
		}
	}
	return true;
}

unsigned
websocket_request_status(const struct http_request *r)
{
	if (r->method != HTTP_GET ||
	    !list_has(r, STR("upgrade"), STR("websocket"), str_eq_nocase) ||
	    !list_has(r, STR("connection"), STR("upgrade"), str_eq_nocase))
		return 426;
	if (!str_eq(http_request_header(r, STR("sec-websocket-version")), STR(WEBSOCKET_VERSION)))
		return 426;
	if (r->minor < 1 || r->is_chunked || r->length > 0 ||
	    !is_key(only_header(r, STR("sec-websocket-key"))) ||
	    !only_header(r, STR("sec-websocket-version")).p || !are_extensions(r))
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
	text = unquoted(text);
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
