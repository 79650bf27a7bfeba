/* A TLSA record and a chain of strangers: three bytes, the length of its data in two, the data, then the chain. */

/* system */
#include <stdint.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "tls/chain.h"
#include "tlspolicy/dane.h"

#define NOW 1900000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size), head;
	struct dns_record records[2] = { 0 };
	struct dane_question q = { .records = records,
		.record_count = 2,
		.names = { STR("mail.example.test"), STR("example.test") },
		.name_count = 2,
		.now_s = NOW };
	struct dane_answer answer;

	if (!str_take(&rest, 5, &head))
		return 0;
	records[0].usage = (uint8_t)head.p[0];
	records[0].selector = (uint8_t)head.p[1];
	records[0].matching = (uint8_t)head.p[2];
	records[0].bytes = str_head(rest, (size_t)(uint8_t)head.p[3] << 8 | (uint8_t)head.p[4]);
	/* A key alone, which every chain is tried with. */
	records[1] = records[0];
	records[1].usage = DANE_TA;
	records[1].selector = DANE_SPKI;
	records[1].matching = DANE_FULL;
	q.chain = str_from(rest, records[0].bytes.n);
	answer = dane_match(&q);
	invariant(answer.record == NULL || answer.result == TLS_RESULT_SUCCESS);
	invariant(dane_has_usable(records, 2) == (answer.result != TLS_RESULT_TLSA_INVALID));
	return 0;
}
