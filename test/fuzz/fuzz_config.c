/* The configuration reader on arbitrary bytes: no crash, and an error exactly when it says one. */
#include "server/config.h"

/* base */
#include "base/mem.h"

struct sample {
	int64_t number;
	struct str text;
};

static const struct setting rows[] = {
	{ "number", SETTING_DURATION, offsetof(struct sample, number), "1s", 0, 99999, NULL, "" },
	{ "text", SETTING_TEXT, offsetof(struct sample, text), "", 0, 0, NULL, "" },
};
static const struct setting_section one = { "one", rows, 2, sizeof(struct sample), false, "" };
static const struct setting_section many = { "many", rows, 2, sizeof(struct sample), true, "" };
static const struct setting_section *const sections[] = { &one, &many, NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;
	struct buf errors;

	buf_init(&errors, CONFIG_ERRORS_MAX);
	config_init(&c, sections, NULL);
	invariant((config_parse(&c, STR("f"), str_of(data, size), &errors) == FAIL_NONE) ==
	    (errors.n == 0 && buf_ok(&errors)));
	config_release(&c);
	buf_release(&errors);
	return 0;
}
