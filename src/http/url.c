#include "http/url.h"

/* scheme "://", either case */
static bool
take_scheme(struct str *cur, struct http_url *out)
{
	out->is_tls = str_skip_nocase(cur, STR("https://"));
	out->port = out->is_tls ? 443 : 80;
	return out->is_tls || str_skip_nocase(cur, STR("http://"));
}

/* The last label decides whether a host is a number, as RFC 3986 3.2.2 reads IPv4address first. */
static bool
looks_like_number(struct str host)
{
	size_t dot = str_rfind_char(host, '.');
	struct str label = dot == STR_NONE ? host : str_from(host, dot + 1);

	if (str_skip_nocase(&label, STR("0x")))
		return true;
	for (size_t i = 0; i < label.n; i++)
		if (!char_is_digit(label.p[i]))
			return false;
	return true;
}

/* reg-name, of the characters that names in the DNS have */
static bool
take_name(struct str text, struct http_url *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	if (net_address_parse(text, &out->address) == FAIL_NONE) {
		out->is_address = true;
		out->host = text;
		return true;
	}
	if (str_ends(text, STR(".")))
		text = str_head(text, text.n - 1);
	out->host = text;
	return !str_empty(text) && text.n <= HTTP_HOST_MAX && !looks_like_number(text);
}

/* host = IP-literal / IPv4address / reg-name; then [":" port] stays in *cur */
static bool
take_host(struct str *cur, struct http_url *out)
{
	struct str text;

	if (str_skip_char(cur, '[')) {
		out->is_address = true;
		return str_take_until(cur, ']', &out->host) &&
		    str_find_char(out->host, ':') != STR_NONE &&
		    net_address_parse(out->host, &out->address) == FAIL_NONE;
	}
	text = str_head(*cur, str_find_char(*cur, ':'));
	*cur = str_from(*cur, text.n);
	return take_name(text, out);
}

/* *( pchar / "/" / "?" ), and what else is printable: servers decide about it */
static bool
is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

enum fail
http_url_parse(struct str text, struct http_url *out)
{
	struct str cur = str_head(text, str_find_char(text, '#')), authority;
	struct http_url url = { 0 };
	uint32_t port;
	size_t end = 0;

	if (text.n > HTTP_URL_MAX || !is_printable(text) || !take_scheme(&cur, &url))
		return FAIL_SYNTAX;
	while (end < cur.n && cur.p[end] != '/' && cur.p[end] != '?')
		end++;
	authority = str_head(cur, end);
	url.target = str_from(cur, end);
	if (!take_host(&authority, &url))
		return FAIL_SYNTAX;
	if (str_skip_char(&authority, ':') && !str_empty(authority)) {
		if (!str_u32(&authority, 65535, &port) || port == 0)
			return FAIL_SYNTAX;
		url.port = (uint16_t)port;
	}
	if (!str_empty(authority) || str_find_char(url.target, '\\') != STR_NONE)
		return FAIL_SYNTAX;
	url.address.port = url.is_address ? url.port : 0;
	*out = url;
	return FAIL_NONE;
}
