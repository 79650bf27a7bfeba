#include "policy/zones.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "net/networks.h"

/* The next list of a text; false at the end. */
static bool
next_word(struct str *cur, struct str *out)
{
	while (str_next_part(cur, ' ', out)) {
		*out = str_trim(*out);
		if (!str_empty(*out))
			return true;
	}
	return false;
}

/* "127.0.0.2" or "127.0.0.4/30": nothing outside 127.0.0.0/8 could ever be answered. */
static bool
is_answer(struct str word)
{
	struct str wrong;

	return str_starts(word, STR("127.")) && net_networks_check(word, &wrong) == FAIL_NONE;
}

static bool
is_list(struct str word)
{
	struct str zone = str_head(word, str_find_char(word, '='));
	struct str answers = str_from(word, zone.n), answer;
	struct buf ascii;
	bool is_good;

	buf_init(&ascii, IDNA_DOMAIN_MAX);
	is_good = idna_write_ascii(&ascii, zone) == FAIL_NONE && buf_ok(&ascii);
	buf_release(&ascii);
	if (!str_skip_char(&answers, '='))
		return is_good;
	if (str_empty(answers))
		return false;
	while (is_good && str_next_part(&answers, ',', &answer))
		is_good = is_answer(answer);
	return is_good;
}

enum fail
zones_check(struct str text, struct str *wrong_out)
{
	struct str word;

	for (size_t n = 0; next_word(&text, &word); n++) {
		*wrong_out = word;
		if (!is_list(word))
			return FAIL_SYNTAX;
		if (n == ZONES_MAX)
			return FAIL_LIMIT;
	}
	return FAIL_NONE;
}

void
zones_init(struct zones *z, struct str text)
{
	struct str cur, word;

	*z = (struct zones){ .text = mem_new(1, text.n) };
	for (size_t i = 0; i < text.n; i++)
		z->text[i] = text.p[i] == ',' ? ' ' : text.p[i]; /* as net_networks_have() reads */
	cur = text;
	while (next_word(&cur, &word)) {
		struct str own = str_of(z->text + (word.p - text.p), word.n);
		struct zone *zone = &z->zones[z->count++];

		zone->name = str_head(own, str_find_char(own, '='));
		zone->answers = str_from(own, zone->name.n + 1);
		invariant(z->count <= ZONES_MAX);
	}
}

void
zones_release(struct zones *z)
{
	mem_free(z->text);
	*z = (struct zones){ 0 };
}

/*
 * Not of the RFC, but what they do: 127.255.255.0/24 Spamhaus, Abusix and others, 127.0.0.1 URIBL and
 * SURBL, 127.0.0.255 DNSWL.
 */
bool
zone_refuses(const struct net_address *answer)
{
	return net_networks_have(STR("127.255.255.0/24 127.0.0.1 127.0.0.255"), answer);
}

bool
zone_counts(const struct zone *z, const struct net_address *answer)
{
	if (!net_networks_have(STR("127.0.0.0/8"), answer) || zone_refuses(answer))
		return false;
	return str_empty(z->answers) || net_networks_have(z->answers, answer);
}
