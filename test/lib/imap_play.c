#include "lib/imap_play.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/chance.h"

struct client play_clients[PLAY_CLIENTS + 1];

static unsigned tags;

unsigned
play_below(unsigned n)
{
	invariant(n > 0);
	return (unsigned)chance_below(n);
}

/* --- one command --------------------------------------------------------------------------------------- */

static char command[2000]; /* with its play_tag, as it is sent */
char play_tag[20];

void
play_say(struct client *c, const char *text)
{
	static char row[2100];

	snprintf(play_tag, sizeof(play_tag), "t%u", ++tags);
	snprintf(command, sizeof(command), "%s %s\r\n", play_tag, text);
	snprintf(row, sizeof(row), "session %zu: %s %s", c->number, play_tag, text);
	TEST_ROW(row);
	for (size_t i = 1; i <= PLAY_CLIENTS; i++)
		play_clients[i].fetched_count = 0;
	c->no_expunges = c->is_earlier = false;
	c->code = c->seen = 0;
	c->vanished_count = 0;
	c->untagged[0] = c->tagged[0] = '\0';
	buf_clear(&c->peer->seen);
	conn_memory_feed(c->peer->conn, str_c(command));
	dialogue_settle();
}

/* The model is as it must be now: look at everything, and at what everybody was told. */
void
play_hear(struct client *c)
{
	model_learn(dialogue_peer(PLAY_OBSERVER));
	client_hear(c, c->is_idle ? NULL : play_tag);
	for (size_t i = 1; i <= PLAY_CLIENTS; i++)
		if (&play_clients[i] != c && play_clients[i].is_idle)
			client_hear(&play_clients[i], NULL);
		else if (&play_clients[i] != c)
			CHECK_STR(buf_str(&play_clients[i].peer->seen), STR(""));
}

bool
play_is_told(const char *text, const char *start)
{
	return str_starts(str_c(text), str_c(start));
}

/* --- sets of messages ---------------------------------------------------------------------------------- */

static uint32_t
pick_number(const struct client *c, bool is_uid)
{
	return is_uid ? 1 + play_below(c->box->uid_next + 3) : 1 + play_below((unsigned)c->count);
}

/* One to three ranges, by UID or by number, sometimes with "*". */
void
play_pick(const struct client *c, struct play_pick *p)
{
	uint32_t largest = c->count ? c->messages[c->count - 1].uid : 0;
	uint32_t ranges[3][2];
	size_t count = 1 + play_below(3), n = 0;

	p->is_uid = c->count == 0 || c->have & CLIENT_UIDONLY || play_below(2);
	p->count = 0;
	p->has_ghost = false;
	if (!p->is_uid)
		largest = (uint32_t)c->count;
	for (size_t i = 0; i < count; i++) {
		uint32_t a = pick_number(c, p->is_uid),
			 b = play_below(2) ? pick_number(c, p->is_uid) : a;
		bool has_star = largest > 0 && play_below(4) == 0;

		b = has_star ? largest : b;
		ranges[i][0] = a < b ? a : b;
		ranges[i][1] = a < b ? b : a;
		n += (size_t)snprintf(p->text + n, sizeof(p->text) - n,
		    has_star ? "%s%u:*" : "%s%u:%u", i ? "," : "", a, b);
	}
	for (size_t i = 0; i < c->count; i++) {
		uint32_t number = p->is_uid ? c->messages[i].uid : (uint32_t)i + 1;
		bool is_in = false;

		for (size_t k = 0; k < count; k++)
			is_in = is_in || (number >= ranges[k][0] && number <= ranges[k][1]);
		if (!is_in)
			continue;
		p->uids[p->count++] = c->messages[i].uid;
		p->has_ghost = p->has_ghost || !model_find(c->box, c->messages[i].uid);
	}
}

/* Its number or UID in this client's eyes. */
uint32_t
play_number(struct client *c, const struct play_pick *p, uint32_t uid)
{
	return p->is_uid ? uid : (uint32_t)(client_find(c, uid) - c->messages) + 1;
}

/* A set in a response is exactly these. */
void
play_set_check(const char *text, const char *before, const uint32_t *want, size_t count)
{
	struct str set = str_c(text);
	size_t at = str_find(set, str_c(before)), i = 0;
	uint32_t first, last;

	CHECK((at != STR_NONE) == (count > 0));
	if (at == STR_NONE)
		return;
	set = str_from(set, at + strlen(before));
	while (model_range_next(&set, &first, &last))
		for (uint32_t n = first; n <= last && i <= count; n++, i++)
			CHECK(i < count && n == want[i]);
	CHECK_NUM(i, count);
}
