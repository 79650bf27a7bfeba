/* DNS answers; the first byte of the input is the type that was asked for, 0 for CAA. And resolv.conf. */

/* system */
#include <stdint.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/packet.h"
#include "dns/resolv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_server servers[DNS_SERVERS_MAX];
	struct dns_answer answer;
	struct arena a;
	struct str s = str_of(data, size);

	if (size == 0)
		return 0;
	arena_init(&a, 512 * 1024);
	if (dns_answer_parse(str_from(s, 1), STR("a.test"),
		data[0] > 0 ? (enum dns_type)data[0] : DNS_CAA, &a, &answer) == FAIL_NONE) {
		for (size_t i = 0; i < answer.record_count; i++) {
			invariant(str_find_char(answer.records[i].name, ' ') == STR_NONE);
			invariant(str_find_char(answer.records[i].name, '\n') == STR_NONE);
		}
	}
	arena_release(&a);
	resolv_parse(s, servers, DNS_SERVERS_MAX);
	return 0;
}
