#include "s3/sign.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "message/date.h"

#define SHA256_BYTES  32
#define CANONICAL_MAX (64 * 1024) /* bytes: a URL and a handful of headers are far less */

void
sign_escape(struct buf *out, struct str s, bool keeps_slash)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '.' || c == '_' ||
		    c == '~' || (c == '/' && keeps_slash))
			buf_add_char(out, c);
		else
			buf_add_escape(out, '%', c);
	}
}

void
sign_date(struct buf *out, int64_t unix_s)
{
	struct civil c = civil_of(unix_s, 0);

	buf_add_u64_padded(out, (uint64_t)c.year, 4);
	buf_add_u64_padded(out, (uint64_t)c.month, 2);
	buf_add_u64_padded(out, (uint64_t)c.day, 2);
	buf_add_char(out, 'T');
	buf_add_u64_padded(out, (uint64_t)c.hour, 2);
	buf_add_u64_padded(out, (uint64_t)c.minute, 2);
	buf_add_u64_padded(out, (uint64_t)c.second, 2);
	buf_add_char(out, 'Z');
}

static void
add_line(struct buf *out, struct str s)
{
	buf_add(out, s);
	buf_add_char(out, '\n');
}

/* "host;x-amz-date" */
static void
add_names(struct buf *out, const struct sign_request *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		if (i > 0)
			buf_add_char(out, ';');
		buf_add(out, r->headers[i].name);
	}
}

/* "20130524/us-east-1/s3/aws4_request" */
static void
add_scope(struct buf *out, const struct sign_request *r, const struct sign_key *key)
{
	buf_add(out, str_head(r->date, 8));
	buf_add_char(out, '/');
	buf_add(out, key->region);
	buf_add_char(out, '/');
	buf_add(out, key->service);
	buf_add(out, STR("/aws4_request"));
}

/* method LF path LF query LF *( name ":" value LF ) LF names LF payload-hash */
static void
canonical_hash(const struct sign_request *r, unsigned char *hash_out)
{
	struct buf text;

	buf_init(&text, CANONICAL_MAX);
	add_line(&text, r->method);
	add_line(&text, r->path);
	add_line(&text, r->query);
	for (size_t i = 0; i < r->header_count; i++) {
		buf_add(&text, r->headers[i].name);
		buf_add_char(&text, ':');
		add_line(&text, r->headers[i].value);
	}
	buf_add_char(&text, '\n');
	add_names(&text, r);
	buf_add_char(&text, '\n');
	buf_add(&text, r->payload);
	hash_once(HASH_SHA256, buf_str(&text), hash_out);
	buf_release(&text);
}

/* A key for this day, region and service, made from the secret one. */
static void
day_key(const struct sign_request *r, const struct sign_key *key, unsigned char *out)
{
	const struct str parts[] = { str_head(r->date, 8), key->region, key->service,
		STR("aws4_request") };
	struct buf secret;

	buf_init_secret(&secret, CANONICAL_MAX);
	buf_add(&secret, STR("AWS4"));
	buf_add(&secret, key->secret_key);
	hmac_once(HASH_SHA256, buf_str(&secret), parts[0], out);
	for (size_t i = 1; i < ARRAY_LEN(parts); i++)
		hmac_once(HASH_SHA256, str_of(out, SHA256_BYTES), parts[i], out);
	buf_release(&secret);
}

void
sign_request(struct buf *out, const struct sign_request *r, const struct sign_key *key)
{
	unsigned char hash[SHA256_BYTES], day[SHA256_BYTES], signature[SHA256_BYTES];
	struct buf text;

	canonical_hash(r, hash);
	day_key(r, key, day);
	buf_init(&text, CANONICAL_MAX);
	add_line(&text, STR("AWS4-HMAC-SHA256"));
	add_line(&text, r->date);
	add_scope(&text, r, key);
	buf_add_char(&text, '\n');
	buf_add_hex(&text, str_of(hash, sizeof hash));
	hmac_once(HASH_SHA256, str_of(day, sizeof day), buf_str(&text), signature);
	mem_wipe(day, sizeof day);
	buf_release(&text);
	buf_add(out, STR("AWS4-HMAC-SHA256 Credential="));
	buf_add(out, key->access_key);
	buf_add_char(out, '/');
	add_scope(out, r, key);
	buf_add(out, STR(",SignedHeaders="));
	add_names(out, r);
	buf_add(out, STR(",Signature="));
	buf_add_hex(out, str_of(signature, sizeof signature));
}
