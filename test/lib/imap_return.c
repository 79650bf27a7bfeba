#include "lib/imap_return.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* What the client takes along from the last time; FETCH tells it what is not so any more. */
static void
cache_use(struct client *c, const struct client_cache *cache, uint32_t first, uint32_t last)
{
	for (size_t i = 0; i < cache->count; i++) {
		struct client_message *known = client_find(c, cache->messages[i].uid);

		if (known && known->uid >= first && known->uid <= last)
			*known = cache->messages[i];
	}
}

/* Nothing that happened meanwhile was missed. */
static void
cache_check(struct client *c, const struct client_cache *cache, uint32_t first, uint32_t last,
    uint32_t matched)
{
	for (size_t i = 0; i < cache->count; i++) {
		uint32_t uid = cache->messages[i].uid;
		bool is_gone = false;

		for (size_t k = 0; k < c->vanished_count; k++)
			is_gone = is_gone || (uid >= c->vanished[k][0] && uid <= c->vanished[k][1]);
		if (uid >= first && uid <= last && uid > matched)
			CHECK(is_gone == !model_find(c->box, uid));
	}
	for (size_t i = 0; i < c->count; i++) {
		uint32_t uid = c->messages[i].uid;
		bool is_new = true;

		for (size_t k = 0; k < cache->count; k++)
			is_new = is_new && cache->messages[k].uid != uid;
		if (is_new && uid >= first && uid <= last)
			CHECK(client_fetched(c, uid));
	}
}

static void
do_resync(struct client *c, struct model_box *b, const char *verb)
{
	struct client_cache cache = c->caches[b - model_boxes];
	uint32_t first = 1, last = UINT32_MAX - 1, matched = 0;
	char text[400], known[40] = "", match[60] = "";

	if (play_below(3) == 0) {
		first = 1 + play_below(b->uid_next);
		last = first + play_below(b->uid_next);
		snprintf(known, sizeof(known), " %u:%u", first, last);
	}
	if (cache.count > 0 && play_below(3) == 0) {
		size_t at = play_below((unsigned)cache.count);

		snprintf(match, sizeof(match), " (%zu %u)", at + 1, cache.messages[at].uid);
		if (at < b->count && b->messages[at].uid == cache.messages[at].uid)
			matched = cache.messages[at].uid;
	}
	if (c->have & CLIENT_UIDONLY)
		match[0] = '\0', matched = 0;
	snprintf(text, sizeof(text), "%s %s (QRESYNC (%u %llu%s%s))", verb, b->name, b->validity,
	    (unsigned long long)cache.modseq, known, match);
	play_say(c, text);
	client_open(c, b);
	c->is_earlier = true;
	cache_use(c, &cache, first, last);
	play_hear(c);
	cache_check(c, &cache, first, last, matched);
}

void
return_select(struct client *c)
{
	struct model_box *b = &model_boxes[play_below(MODEL_BOXES)];
	bool is_read_only = play_below(6) == 0;
	const char *verb = is_read_only ? "EXAMINE" : "SELECT";
	bool has_condstore = play_below(2);
	char text[100];

	client_leave(c);
	c->is_read_only = is_read_only;
	if (c->have & CLIENT_QRESYNC && c->caches[b - model_boxes].modseq > 0 && play_below(4)) {
		do_resync(c, b, verb);
	} else {
		snprintf(text, sizeof(text), "%s %s%s", verb, b->name,
		    has_condstore ? " (CONDSTORE)" : "");
		play_say(c, text);
		if (has_condstore)
			c->have |= CLIENT_CONDSTORE;
		client_open(c, b);
		play_hear(c);
	}
	CHECK(play_is_told(c->tagged, is_read_only ? "OK [READ-ONLY]" : "OK [READ-WRITE]"));
	CHECK(!(c->have & CLIENT_CONDSTORE) || c->highest == b->highest);
}

void
return_unselect(struct client *c)
{
	play_say(c, "UNSELECT");
	client_leave(c);
	play_hear(c);
}

/* Cut off without a word, and back with other extensions. */
void
return_reconnect(struct client *c)
{
	static const char *const names[] = { " CONDSTORE", " QRESYNC", " UIDONLY", " IMAP4rev2" };
	char text[100] = "ENABLE";
	size_t n = strlen(text);

	client_leave(c);
	conn_memory_end(c->peer->conn);
	dialogue_settle();
	buf_release(&c->peer->seen);
	*c->peer = (struct dialogue_peer){ 0 };
	c->peer = dialogue_peer(c->number);
	c->have = play_below(16);
	c->is_idle = false;
	if (play_below(2))
		c->have |= CLIENT_QRESYNC;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (c->have & 1u << i)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", names[i]);
	if (c->have & CLIENT_QRESYNC)
		c->have |= CLIENT_CONDSTORE;
	if (c->have) {
		play_say(c, text);
		play_hear(c);
	}
}

/* Cut off while expunges are held back, and back at once: the mod-sequence it has must not hide them. */
void
return_come_back(struct client *c)
{
	struct model_box *b = c->box;

	return_reconnect(c);
	if (!(c->have & CLIENT_QRESYNC) || c->caches[b - model_boxes].modseq == 0)
		return;
	c->is_read_only = false;
	do_resync(c, b, "SELECT");
}
