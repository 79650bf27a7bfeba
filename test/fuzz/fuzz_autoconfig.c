/* What strangers ask of an account's settings: whatever they name, the answers are XML with our services only. */
#include "web/autoconfig.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/xml.h"

#define ANSWER_MAX \
	(64 * 1024) /* bytes: four times an address of 320 bytes, each of six as an entity */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
count_port(void *arg, struct str path, struct str text)
{
	size_t *ports = arg;

	*ports += str_ends(path, STR("/Port")) || str_ends(path, STR("/port"));
	return !str_empty(path) && text.n <= XML_TEXT_MAX;
}

static void
check(struct buf *answer, size_t want)
{
	size_t ports = 0;

	invariant(buf_ok(answer));
	invariant(xml_walk(buf_str(answer), count_port, &ports) == FAIL_NONE);
	invariant(ports == want);
	buf_clear(answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct autoconfig a = { .hostname = STR("mail.example.test"),
		.ports = { 993, 143, 465, 587 } };
	struct buf address, answer;

	buf_init(&address, SMTP_PATH_MAX);
	buf_init(&answer, ANSWER_MAX);
	if (size <= AUTODISCOVER_REQUEST_MAX &&
	    autodiscover_parse(str_of(data, size), &address) == FAIL_NONE) {
		autodiscover_write(&a, buf_str(&address), &answer);
		check(&answer, 2);
		autoconfig_write(&a, buf_str(&address), &answer);
		check(&answer, 4);
	}
	autoconfig_write(&a, str_head(str_of(data, size), SMTP_PATH_MAX), &answer);
	check(&answer, 4);
	buf_release(&address);
	buf_release(&answer);
	return 0;
}
