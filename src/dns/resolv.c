#include "dns/resolv.h"

#define DNS_PORT 53

static bool
server_parse(struct str word, struct dns_server *out)
{
	if (net_address_parse(word, &out->address) == FAIL_NONE) {
		out->address.port = DNS_PORT;
		return true;
	}
	return net_address_parse_port(word, &out->address) == FAIL_NONE;
}

/* The next word between blanks. */
static bool
next_word(struct str *line, struct str *word_out)
{
	*line = str_trim(*line);
	if (str_empty(*line))
		return false;
	for (size_t i = 0; i < line->n; i++) {
		if (char_is_space(line->p[i])) {
			*word_out = str_head(*line, i);
			*line = str_from(*line, i);
			return true;
		}
	}
	*word_out = *line;
	*line = str_from(*line, line->n);
	return true;
}

size_t
resolv_parse(struct str text, struct dns_server *servers, size_t max)
{
	struct str line, word;
	size_t count = 0;

	while (count < max && str_next_part(&text, '\n', &line)) {
		if (!next_word(&line, &word) || !str_eq(word, STR("nameserver")) ||
		    !next_word(&line, &word))
			continue;
		/* a link-local one has "%eth0" behind it: no way to say that to connect() here */
		if (server_parse(word, &servers[count]))
			count++;
	}
	return count;
}

enum fail
servers_parse(struct str list, struct dns_server *servers, size_t max, size_t *count_out,
    struct str *bad_out)
{
	struct str word;

	*count_out = 0;
	while (next_word(&list, &word)) {
		if (*count_out == max || !server_parse(word, &servers[*count_out])) {
			*bad_out = word;
			return FAIL_SYNTAX;
		}
		++*count_out;
	}
	return FAIL_NONE;
}
