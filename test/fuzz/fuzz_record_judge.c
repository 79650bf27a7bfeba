/* What strangers may have in DNS in place of our records: the first byte is the rule, lines behind it are texts. */

/* base */
#include "base/mem.h"

/* rooms */
#include "cli/record_judge.h"

#define TEXTS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum record_rule rules[] = { RECORD_SPF, RECORD_DKIM, RECORD_DMARC,
		RECORD_MTA_STS, RECORD_TLS_RPT, RECORD_CAA, RECORD_TLSA };
	struct dns_record found[TEXTS_MAX] = { { .priority = 0 } };
	const struct dns_record host4 = { .address = { { 192, 0, 2, 1 },
					      .family = NET_ADDRESS_IPV4 } },
				host6 = { .address = { { 0x20, 1, 0xd, 0xb8 },
					      .family = NET_ADDRESS_IPV6 } };
	struct record_answer answer = { .first = { found, 0 },
		.host4 = { &host4, 1 },
		.host6 = { &host6, 1 },
		.host = STR("mail.example.org") };
	struct record r = { .name = STR("example.org"), .data = STR("v=DKIM1; k=rsa; p=AAAA") };
	struct str rest = str_of(data, size);
	const char *but;
	struct buf got;

	if (size == 0)
		return 0;
	r.rule = rules[data[0] % ARRAY_LEN(rules)];
	rest = str_from(rest, 1);
	while (answer.first.count < TEXTS_MAX &&
	    str_next_part(&rest, '\n', &found[answer.first.count].bytes))
		answer.first.count++;
	if (answer.first.count == 0)
		return 0;
	buf_init(&got, 4 * size + 100);
	(void)record_judge(&r, &answer, &got, &but);
	for (size_t i = 0; i < got.n; i++)
		invariant(buf_str(&got).p[i] >= ' ' && buf_str(&got).p[i] <= '~');
	buf_release(&got);
	return 0;
}
