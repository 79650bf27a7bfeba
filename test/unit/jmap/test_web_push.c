/* Messages of Web Push: the example of RFC 8291, and tokens that a push service can verify. */
#include "jmap/web_push.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/p256.h"

static struct buf
bytes_of(const char *text)
{
	struct buf out;

	buf_init(&out, 1000);
	CHECK(base64url_parse(&out, str_c(text)) == FAIL_NONE);
	return out;
}

/* RFC 8291 5 and appendix A */
static void
test_example(void)
{
	struct buf secret = bytes_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
	struct buf salt = bytes_of("DGv6ra1nlYgDCS1FRnbzlw");
	struct buf auth = bytes_of("BTBZMqHH6r4Tts7J_aSIgg");
	struct buf client =
	    bytes_of("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6S"
		     "RpkNtoIAiw4");
	struct web_push_keys keys = { buf_str(&client), buf_str(&auth) };
	const unsigned char *s = (const unsigned char *)secret.p,
			    *t = (const unsigned char *)salt.p;
	struct buf out, text, big;

	TEST_ROW("the example of RFC 8291");
	buf_init(&out, 5000);
	buf_init(&text, 5000);
	CHECK(web_push_encrypt_with(&keys, t, s, STR("When I grow up, I want to be a watermelon"),
		  &out) == FAIL_NONE);
	base64url_write(&text, buf_str(&out));
	CHECK_STR(buf_str(&text),
	    STR("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
		"AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"));

	TEST_ROW("as much as fits");
	buf_init(&big, WEB_PUSH_PLAIN_MAX + 1);
	while (buf_str(&big).n <= WEB_PUSH_PLAIN_MAX)
		buf_add_char(&big, 'x');
	buf_clear(&out);
	CHECK(web_push_encrypt(&keys, buf_str(&big), &out) == FAIL_LIMIT);
	CHECK(web_push_encrypt(&keys, str_head(buf_str(&big), WEB_PUSH_PLAIN_MAX), &out) ==
	    FAIL_NONE);
	CHECK_NUM(buf_str(&out).n, WEB_PUSH_RECORD_BYTES);

	TEST_ROW("each message has its own key and salt");
	buf_clear(&text);
	CHECK(web_push_encrypt(&keys, STR("x"), &text) == FAIL_NONE);
	CHECK(!str_eq(str_head(buf_str(&out), 16), str_head(buf_str(&text), 16)));
	CHECK(!str_eq(str_slice(buf_str(&out), 21, 65), str_slice(buf_str(&text), 21, 65)));

	TEST_ROW("keys that are none");
	keys.auth.n--;
	CHECK(web_push_encrypt(&keys, STR("x"), &out) == FAIL_SYNTAX);
	keys.auth.n++;
	client.p[10] ^= 1;
	CHECK(web_push_encrypt(&keys, STR("x"), &out) == FAIL_SYNTAX);
	buf_release(&secret);
	buf_release(&salt);
	buf_release(&auth);
	buf_release(&client);
	buf_release(&out);
	buf_release(&text);
	buf_release(&big);
}

static void
test_token(void)
{
	unsigned char secret[P256_SECRET_BYTES];
	struct buf out, key, part;
	struct str rest, signed_part, header = { 0 }, claims = { 0 }, signature = { 0 }, point;
	const struct json *v;
	struct arena a;
	int64_t until;

	TEST_ROW("token");
	p256_secret(secret);
	buf_init(&out, 2000);
	buf_init(&key, 200);
	buf_init(&part, 2000);
	arena_init(&a, 100000);
	vapid_write(secret, STR("https://push.example.net"), STR("mailto:x@example.test"),
	    1700000000, &out);
	rest = buf_str(&out);
	CHECK(str_skip(&rest, STR("vapid t=")));
	signed_part = rest;
	CHECK(str_take_until(&rest, '.', &header) && str_take_until(&rest, '.', &claims) &&
	    str_take_until(&rest, ',', &signature) && str_skip(&rest, STR(" k=")));
	signed_part.n = header.n + 1 + claims.n;
	vapid_key_write(secret, &key);
	CHECK_STR(rest, buf_str(&key));

	CHECK(base64url_parse(&part, header) == FAIL_NONE);
	CHECK_STR(buf_str(&part), STR("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"));
	buf_clear(&part);
	CHECK(base64url_parse(&part, claims) == FAIL_NONE);
	CHECK(json_parse(buf_str(&part), &a, &v) == FAIL_NONE);
	CHECK(json_get_int(json_find(v, STR("exp")), &until) && until == 1700000000 + VAPID_LIFE_S);
	CHECK(json_get_text(json_find(v, STR("aud")), &rest) &&
	    str_eq(rest, STR("https://push.example.net")));
	CHECK(json_get_text(json_find(v, STR("sub")), &rest) &&
	    str_eq(rest, STR("mailto:x@example.test")));

	buf_clear(&part);
	CHECK(base64url_parse(&part, buf_str(&key)) == FAIL_NONE);
	CHECK(base64url_parse(&part, signature) == FAIL_NONE);
	point = str_head(buf_str(&part), P256_PUBLIC_BYTES);
	CHECK(p256_verify(point, signed_part, str_from(buf_str(&part), P256_PUBLIC_BYTES)));
	arena_release(&a);
	buf_release(&out);
	buf_release(&key);
	buf_release(&part);
}

int
main(void)
{
	test_example();
	test_token();
	return test_end();
}
