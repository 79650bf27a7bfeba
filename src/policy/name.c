/* What peers, senders and accounts are called in our tables. */
#include "policy/private.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

#define NETWORK_IPV4_BYTES 3 /* a /24: what a small operator has, and neighbours share */
#define NETWORK_IPV6_BYTES 6 /* a /48: the same */

/* --- peers ------------------------------------------------------------------------------------------ */

static void
peer_key(const struct net_address *peer, struct str bytes, struct peer_key *out)
{
	invariant(bytes.n < PEER_KEY_MAX);
	out->bytes[0] = (char)peer->family;
	memcpy(out->bytes + 1, bytes.p, bytes.n);
	out->n = bytes.n + 1;
}

void
peer_site(const struct net_address *peer, struct peer_key *out)
{
	peer_key(peer, net_address_site(peer), out);
}

void
peer_network(const struct net_address *peer, struct peer_key *out)
{
	bool is_v6 = peer->family == NET_ADDRESS_IPV6;

	peer_key(peer, str_of(peer->bytes, is_v6 ? NETWORK_IPV6_BYTES : NETWORK_IPV4_BYTES), out);
}

/* --- senders ---------------------------------------------------------------------------------------- */

static bool
is_word_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || (unsigned char)c >= 0x80;
}

static void
add_folded(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_add_char(out, char_lower(s.p[i]));
}

/* A run of letters and digits. Digits at its end alone number people: the letters stay; else it is a tag. */
static void
add_word(struct buf *out, struct str word)
{
	size_t letters = 0, digits = 0;

	while (letters < word.n && !char_is_digit(word.p[letters]))
		letters++;
	while (letters + digits < word.n && char_is_digit(word.p[letters + digits]))
		digits++;
	if (letters + digits == word.n)
		add_folded(out, str_head(word, letters));
	if (letters < word.n)
		buf_add_char(out, '#');
}

static struct str
take_word(struct str *cur)
{
	struct str word;
	size_t n = 0;

	while (n < cur->n && is_word_char(cur->p[n]))
		n++;
	word = str_head(*cur, n);
	*cur = str_from(*cur, n);
	return word;
}

/* Without the tag of BATV, and without what follows "+" or "=". */
static struct str
plain_local(struct str local)
{
	struct str rest = local, tag;

	if (str_skip_nocase(&rest, STR("prvs=")) && str_take_until(&rest, '=', &tag))
		local = rest;
	for (size_t i = 1; i < local.n; i++) {
		if (local.p[i] == '+' || local.p[i] == '=')
			return str_head(local, i);
	}
	return local;
}

void
sender_write(struct buf *out, struct str sender)
{
	size_t at = str_rfind_char(sender, '@');
	struct str local = plain_local(str_head(sender, at));

	while (local.n > 0) {
		add_word(out, take_word(&local));
		add_folded(out, str_head(local, 1));
		local = str_from(local, 1);
	}
	add_folded(out, str_from(sender, at));
}

/* --- hashes ----------------------------------------------------------------------------------------- */

/* Each part with its length before it, so that no two lists of parts are the same bytes. */
static void
add_length(struct hash_state *h, size_t n)
{
	uint32_t length = u32_clamp(n);
	const char bytes[4] = { (char)(length >> 24), (char)(length >> 16), (char)(length >> 8),
		(char)length };

	hash_add(h, str_of(bytes, sizeof bytes));
}

void
keep_name_begin(struct hash_state *h)
{
	hash_init(h, HASH_SHA256);
}

void
keep_name_add(struct hash_state *h, struct str bytes)
{
	add_length(h, bytes.n);
	hash_add(h, bytes);
}

void
keep_name_add_text(struct hash_state *h, struct str text)
{
	char piece[64];

	add_length(h, text.n);
	while (text.n > 0) {
		size_t n = size_min(text.n, sizeof piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = char_lower(text.p[i]);
		hash_add(h, str_of(piece, n));
		text = str_from(text, n);
	}
}

void
keep_name_end(struct hash_state *h, struct keep_name *name)
{
	unsigned char digest[HASH_SIZE_MAX];

	invariant(name->n + KEEP_HASH_BYTES <= KEEP_NAME_MAX);
	hash_get(h, digest);
	memcpy(name->bytes + name->n, digest, KEEP_HASH_BYTES);
	name->n += KEEP_HASH_BYTES;
}

void
keep_name_peer(struct keep_name *name, const struct peer_key *peer)
{
	struct hash_state h;

	keep_name_begin(&h);
	keep_name_add(&h, peer_key_str(peer));
	keep_name_end(&h, name);
}

void
keep_name_sender(struct keep_name *name, const struct net_address *peer, struct str sender)
{
	struct peer_key network;
	struct hash_state h;
	struct buf text;

	buf_init(&text, POLICY_NAME_MAX);
	sender_write(&text, str_head(sender, POLICY_NAME_MAX));
	peer_network(peer, &network);
	keep_name_begin(&h);
	keep_name_add(&h, peer_key_str(&network));
	keep_name_add(&h, buf_str(&text));
	keep_name_end(&h, name);
	buf_release(&text);
}

void
keep_name_text(struct keep_name *name, struct str text)
{
	struct hash_state h;

	keep_name_begin(&h);
	keep_name_add_text(&h, text);
	keep_name_end(&h, name);
}
