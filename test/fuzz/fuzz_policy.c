/* What peers say of themselves, and what owners write of rates and lists, on arbitrary bytes. */
#include "policy/private.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Never longer, and what was left out is not left out again. */
static void
try_sender(struct str text)
{
	struct buf once, twice;

	text = str_head(text, POLICY_NAME_MAX);
	buf_init(&once, POLICY_NAME_MAX);
	buf_init(&twice, POLICY_NAME_MAX);
	sender_write(&once, text);
	invariant(buf_ok(&once) && once.n <= text.n);
	sender_write(&twice, buf_str(&once));
	invariant(str_eq(buf_str(&once), buf_str(&twice)));
	buf_release(&once);
	buf_release(&twice);
}

static void
try_hello(struct str text)
{
	struct policy p = { .settings = &policy_settings_default };
	struct net_address peer = { .family = NET_ADDRESS_IPV4, .bytes = { 8, 8, 8, 8 } };
	struct net_address own = { .family = NET_ADDRESS_IPV4, .bytes = { 9, 9, 9, 9 } };
	enum policy_hello hello = policy_hello_look(&p, text, STR("mail.own.test"), &peer, &own);

	invariant(hello != HELLO_GOOD || str_find_char(text, '.') != STR_NONE);
	invariant(hello != HELLO_GOOD || !str_eq_nocase(text, STR("mail.own.test")));
}

static void
try_settings(struct str text)
{
	struct zones zones;
	struct rate rate;
	struct str wrong;

	if (rate_parse(text, &rate) == FAIL_NONE)
		invariant(rate.count <= RATE_COUNT_MAX && rate.window_ms <= RATE_WINDOW_MS_MAX);
	if (zones_check(text, &wrong) != FAIL_NONE)
		return;
	zones_init(&zones, text);
	for (size_t i = 0; i < zones.count; i++)
		invariant(!str_empty(zones.zones[i].name));
	zones_release(&zones);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size);

	try_sender(text);
	try_hello(text);
	try_settings(text);
	return 0;
}
