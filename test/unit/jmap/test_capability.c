/* What the session says that this server can do. */
#include "fixture.h"

/* rooms */
#include "jmap/private.h"

int
main(void)
{
	struct jmap_settings settings = { .upload_bytes = 1000 };
	struct json_writer w;
	struct fixture f;
	struct jmap *jmap;
	struct buf text;

	fixture_open(&f);
	jmap_open(&jmap, f.mail, NULL, NULL, &settings);
	buf_init(&text, 65536);
	w = (struct json_writer){ .out = &text };

	TEST_ROW("without a key nothing is said of VAPID"); /* RFC 9749 3 */
	json_object_begin(&w);
	jmap_capabilities_write(jmap, &w);
	json_object_end(&w);
	CHECK_HAS(buf_str(&text), STR("\"urn:ietf:params:jmap:blob\":{}"));
	CHECK(str_find(buf_str(&text), STR("webpush-vapid")) == STR_NONE);

	TEST_ROW("the better digest comes first"); /* RFC 9404 3.1 */
	buf_clear(&text);
	json_object_begin(&w);
	jmap_account_capabilities_write(jmap, &w, true, true);
	json_object_end(&w);
	CHECK_HAS(buf_str(&text), STR("\"supportedDigestAlgorithms\":[\"sha-256\",\"sha\"]"));

	buf_release(&text);
	jmap_close(&jmap);
	fixture_close(&f);
	return test_end();
}
