#include "codec/domain_list.h"

static size_t
nearness(struct str word, struct str domain)
{
	if (str_empty(word))
		return 0;
	if (str_eq(word, STR("*")))
		return 1;
	if (str_eq_nocase(word, domain))
		return SIZE_MAX;
	if (str_starts(word, STR(".")) && str_ends_nocase(domain, word))
		return word.n + 1;
	return 0;
}

size_t
domain_list_nearness(struct str list, struct str domain)
{
	struct str word;
	size_t best = 0;

	while (str_next_part(&list, ' ', &word)) {
		size_t n = nearness(word, domain);

		best = n > best ? n : best;
	}
	return best;
}
