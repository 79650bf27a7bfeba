/*
 * test_imap_model.c - three clients do what clients do, at random, and every response is checked (lib/imap_model.h).
 *
 * SEED= and STEPS= of the environment repeat a run and make it longer; the seed is printed.
 */

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "imap/imap.h"
#include "lib/chance.h"
#include "lib/fake_blobs.h"
#include "lib/imap_play.h"
#include "lib/imap_return.h"
#include "mail/mailbox.h"
#include "net/private.h"

#define STEPS 6000 /* about ten seconds */
#define CROWD 40   /* messages in a mailbox, above which nothing is added */

static struct imap_service service;
static struct imap_listener settings;
static struct listener listener;
static char idle_tags[PLAY_CLIENTS + 1][20];

/* --- the stage ----------------------------------------------------------------------------------------- */

static void
open_imap(void)
{
	imap_service_init(&service);
	service.loop = &dialogue.loop;
	service.mail = dialogue.mail;
	service.settings = &imap_settings_default;
	settings = (struct imap_listener){ .has_plaintext_login = true };
	listener = (struct listener){ .service = &service.service, .settings = &settings };
	dialogue.listener = &listener;
	dialogue.sessions = &service.sessions;
}

static void
log_in(struct dialogue_peer *p)
{
	(void)model_ask(p, "login LOGIN alice secret\r\n");
	CHECK(str_find(buf_str(&p->seen), STR("login OK ")) != STR_NONE);
	buf_clear(&p->seen);
}

static void
stop(void)
{
	imap_service_stop(&service);
}

static const struct dialogue_room room = { .folder = "",
	.open = open_imap,
	.greet = log_in,
	.stop = stop };

/* A mod-sequence as a client may know it: of some message, or a little before now. */
static uint64_t
modseq_pick(const struct client *c)
{
	if (c->box->count > 0 && play_below(2))
		return c->box->messages[play_below((unsigned)c->box->count)].modseq;
	return c->box->highest - play_below(c->box->highest > 20 ? 20 : 1);
}

/* --- FETCH --------------------------------------------------------------------------------------------- */

/* RFC 7162 3.2.6: what went since then, of the set, and is not counted any more. */
static void
vanished_check(struct client *c, uint32_t first, uint32_t last, uint64_t since)
{
	for (uint32_t uid = first; uid <= last && uid < c->box->uid_next; uid++) {
		bool is_told_gone = false;

		if (c->box->gone[uid] < since || c->box->gone[uid] == 0)
			continue;
		for (size_t i = 0; i < c->vanished_count; i++)
			is_told_gone =
			    is_told_gone || (uid >= c->vanished[i][0] && uid <= c->vanished[i][1]);
		CHECK(is_told_gone);
	}
}

static void
do_fetch_changed(struct client *c)
{
	bool has_vanished = (c->have & CLIENT_QRESYNC) && play_below(2);
	uint64_t since = modseq_pick(c);
	uint32_t first = 1 + play_below(c->box->uid_next), last_known, ghosts[MODEL_MESSAGES];
	size_t ghost_count = 0;
	char text[200];

	last_known = c->count ? c->messages[c->count - 1].uid : 0;
	for (size_t i = 0; i < c->count; i++)
		if (!model_find(c->box, c->messages[i].uid))
			ghosts[ghost_count++] = c->messages[i].uid;
	snprintf(text, sizeof(text), "UID FETCH %u:* (FLAGS) (CHANGEDSINCE %llu%s)", first,
	    (unsigned long long)since, has_vanished ? " VANISHED" : "");
	play_say(c, text);
	c->have |= CLIENT_CONDSTORE;
	c->is_earlier = has_vanished;
	play_hear(c);
	CHECK(play_is_told(c->tagged, "OK Fetched"));
	for (size_t i = 0; i < c->box->count; i++) {
		const struct model_message *m = &c->box->messages[i];

		if (m->uid >= first && m->uid <= last_known && m->modseq > since)
			CHECK(client_fetched(c, m->uid));
	}
	for (size_t i = 0; i < ghost_count; i++) /* told without EARLIER, as hear() saw */
		if (c->vanished_count < ARRAY_LEN(c->vanished) && has_vanished) {
			c->vanished[c->vanished_count][0] = ghosts[i];
			c->vanished[c->vanished_count++][1] = ghosts[i];
		}
	if (has_vanished)
		vanished_check(c, first, UINT32_MAX, since);
}

static void
do_fetch(struct client *c)
{
	static const char *const items[] = { "FLAGS", "(UID FLAGS)", "(MODSEQ UID FLAGS)",
		"(FLAGS MODSEQ)", "BODY[]<100000.1>" };
	size_t item = play_below(ARRAY_LEN(items));
	struct play_pick p;
	char text[400];

	play_pick(c, &p);
	snprintf(text, sizeof(text), "%sFETCH %s %s", p.is_uid ? "UID " : "", p.text, items[item]);
	play_say(c, text);
	if (item == 2 || item == 3)
		c->have |= CLIENT_CONDSTORE;
	c->no_expunges = !p.is_uid;
	for (size_t i = 0; i < p.count && item == 4 && !c->is_read_only; i++)
		if (model_find(c->box, p.uids[i]))
			model_flags_set(c->box, p.uids[i],
			    model_find(c->box, p.uids[i])->flags | 1);
	play_hear(c);
	CHECK(play_is_told(c->tagged, p.has_ghost && !p.is_uid ? "OK [EXPUNGEISSUED]" : "OK "));
	for (size_t i = 0; i < p.count; i++)
		if (model_find(c->box, p.uids[i]))
			CHECK(client_fetched(c, p.uids[i]));
}

/* --- STORE --------------------------------------------------------------------------------------------- */

struct storing {
	char sign; /* '+', '-', ' ' */
	bool is_silent, has_since;
	uint64_t since;
	unsigned flags;
	uint32_t modified[MODEL_MESSAGES]; /* numbers or UIDs that failed */
	size_t modified_count;
	uint32_t numbers[MODEL_MESSAGES]; /* of all that were picked */
};

static unsigned
flags_after(const struct storing *s, unsigned flags)
{
	return s->sign == '+' ? flags | s->flags : s->sign == '-' ? flags & ~s->flags : s->flags;
}

static size_t
flags_write(char *out, size_t max, unsigned flags)
{
	size_t n = (size_t)snprintf(out, max, "(");

	for (size_t i = 0; i < MODEL_FLAGS; i++)
		if (flags & 1u << i)
			n += (size_t)snprintf(out + n, max - n, "%s%s", n > 1 ? " " : "",
			    model_flag_names[i]);
	return n + (size_t)snprintf(out + n, max - n, ")");
}

/* In the model, and in what the client knows without being told: .SILENT. */
static void
store_apply(struct client *c, const struct play_pick *p, struct storing *s)
{
	for (size_t i = 0; i < p->count; i++) {
		struct model_message *m = model_find(c->box, p->uids[i]);
		struct client_message *known = client_find(c, p->uids[i]);

		s->numbers[i] = play_number(c, p, p->uids[i]);
		if (!m)
			continue;
		if (s->has_since && m->modseq > s->since) {
			s->modified[s->modified_count++] = s->numbers[i];
			continue;
		}
		model_flags_set(c->box, m->uid, flags_after(s, m->flags));
		if (s->is_silent && (known->has_flags || s->sign == ' ')) {
			known->flags = flags_after(s, known->flags);
			known->has_flags = true;
		}
	}
}

static void
store_check(struct client *c, const struct play_pick *p, const struct storing *s)
{
	play_set_check(c->tagged, "[MODIFIED ", s->modified, s->modified_count);
	if (s->modified_count == 0)
		CHECK(play_is_told(c->tagged,
		    p->has_ghost && !p->is_uid ? "OK [EXPUNGEISSUED]" : "OK "));
	for (size_t i = 0; i < p->count; i++) {
		bool is_modified = false;

		if (!model_find(c->box, p->uids[i]))
			continue;
		for (size_t k = 0; k < s->modified_count; k++)
			is_modified = is_modified || s->modified[k] == s->numbers[i];
		if (!is_modified && (!s->is_silent || s->has_since))
			CHECK(client_fetched(c, p->uids[i]));
	}
}

static void
do_store(struct client *c)
{
	struct storing s = { .sign = "+- "[play_below(3)],
		.is_silent = play_below(2),
		.has_since = play_below(3) == 0 };
	struct play_pick p;
	char text[600];
	size_t n;

	s.since = modseq_pick(c);
	s.flags =
	    1u << play_below(MODEL_FLAGS) | (play_below(3) ? 0 : 1u << play_below(MODEL_FLAGS));
	play_pick(c, &p);
	n = (size_t)snprintf(text, sizeof(text), "%sSTORE %s ", p.is_uid ? "UID " : "", p.text);
	if (s.has_since)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "(UNCHANGEDSINCE %llu) ",
		    (unsigned long long)s.since);
	if (s.sign != ' ')
		text[n++] = s.sign;
	n += (size_t)snprintf(text + n, sizeof(text) - n, s.is_silent ? "FLAGS.SILENT " : "FLAGS ");
	(void)flags_write(text + n, sizeof(text) - n, s.flags);
	play_say(c, text);
	if (!c->is_read_only) {
		if (s.has_since)
			c->have |= CLIENT_CONDSTORE;
		c->no_expunges = !p.is_uid;
		store_apply(c, &p, &s);
	} else {
		c->no_expunges = !p.is_uid;
	}
	play_hear(c);
	if (c->is_read_only)
		CHECK(play_is_told(c->tagged, "NO [READ-ONLY]"));
	else
		store_check(c, &p, &s);
}

/* --- COPY, MOVE, EXPUNGE, APPEND ----------------------------------------------------------------------- */

static void
do_copy(struct client *c)
{
	struct model_box *to = &model_boxes[play_below(MODEL_BOXES)];
	bool is_move = play_below(2);
	uint32_t from[MODEL_MESSAGES], into[MODEL_MESSAGES];
	size_t count = 0;
	struct play_pick p;
	char text[400], before[60];

	play_pick(c, &p);
	if (to->count + p.count > CROWD)
		return;
	snprintf(text, sizeof(text), "%s%s %s %s", p.is_uid ? "UID " : "",
	    is_move ? "MOVE" : "COPY", p.text, to->name);
	play_say(c, text);
	for (size_t i = 0; i < p.count && !(is_move && c->is_read_only); i++) {
		const struct model_message *m = model_find(c->box, p.uids[i]);
		unsigned email, flags;

		if (!m)
			continue;
		email = m->email;
		flags = m->flags & ~MODEL_DELETED;
		from[count] = m->uid;
		if (is_move)
			model_remove(c->box, m->uid);
		into[count++] = model_add(to, email, flags);
	}
	play_hear(c);
	if (is_move && c->is_read_only) {
		CHECK(play_is_told(c->tagged, "NO [READ-ONLY]"));
		return;
	}
	CHECK(play_is_told(c->tagged, "OK "));
	if (is_move)
		return; /* hear() saw where they went */
	snprintf(before, sizeof(before), "[COPYUID %u ", to->validity);
	play_set_check(c->tagged, before, from, count);
	if (count > 0) {
		struct str told = str_c(c->tagged);

		told = str_from(told, str_find(told, str_c(before)) + strlen(before));
		told = str_from(told, str_find_char(told, ' ') + 1);
		play_set_check(told.p, "", into, count);
	}
}

static void
expunge_apply(struct client *c, const struct play_pick *p)
{
	struct model_box *b = c->box;

	for (size_t i = c->count; i-- > 0;) {
		const struct model_message *m = model_find(b, c->messages[i].uid);
		bool is_in = p == NULL;

		for (size_t k = 0; p && k < p->count; k++)
			is_in = is_in || p->uids[k] == c->messages[i].uid;
		if (m && is_in && m->flags & MODEL_DELETED)
			model_remove(b, m->uid);
	}
}

static void
do_expunge(struct client *c)
{
	bool is_uid = play_below(2), is_close = play_below(6) == 0;
	struct play_pick p;
	char text[400];

	do
		play_pick(c, &p);
	while (!p.is_uid);
	snprintf(text, sizeof(text),
	    is_close     ? "CLOSE"
		: is_uid ? "UID EXPUNGE %s"
			 : "EXPUNGE",
	    p.text);
	play_say(c, text);
	if (!c->is_read_only)
		expunge_apply(c, is_uid && !is_close ? &p : NULL);
	if (is_close)
		client_leave(c);
	play_hear(c);
	CHECK(play_is_told(c->tagged, c->is_read_only && !is_close ? "NO [READ-ONLY]" : "OK "));
	if (is_close)
		CHECK(play_is_told(c->tagged, "OK Mailbox closed"));
}

static void
do_append(struct client *c)
{
	struct model_box *b = &model_boxes[play_below(MODEL_BOXES)];
	unsigned flags = play_below(3) ? 0 : 1u << play_below(MODEL_FLAGS);
	char text[400], list[200], code[100];
	uint32_t uid;

	if (b->count >= CROWD)
		return;
	(void)flags_write(list, sizeof(list), flags);
	snprintf(text, sizeof(text), "APPEND %s %s {8+}\r\nA: b\r\n\r\n", b->name, list);
	play_say(c, text);
	uid = model_add(b, ++model_emails, flags);
	play_hear(c);
	snprintf(code, sizeof(code), "OK [APPENDUID %u %u]", b->validity, uid);
	CHECK(play_is_told(c->tagged, code));
}

/* --- SEARCH, STATUS, NOOP, IDLE ------------------------------------------------------------------------ */

static void
do_search(struct client *c)
{
	unsigned flag = play_below(3);
	bool is_not = play_below(2);
	uint32_t want[MODEL_MESSAGES];
	size_t count = 0;
	struct play_pick p;
	char text[400];
	static const char *const keys[] = { "SEEN", "ANSWERED", "FLAGGED" };

	play_pick(c, &p);
	snprintf(text, sizeof(text), "%sSEARCH RETURN (ALL) %s%s %s%s", p.is_uid ? "UID " : "",
	    p.is_uid ? "UID " : "", p.text, is_not ? "UN" : "", keys[flag]);
	play_say(c, text);
	c->no_expunges = !p.is_uid;
	for (size_t i = 0; i < p.count; i++) {
		const struct model_message *m = model_find(c->box, p.uids[i]);

		if (m && ((m->flags & 1u << flag) == 0) == is_not)
			want[count++] = play_number(c, &p, m->uid);
	}
	play_hear(c);
	CHECK(play_is_told(c->tagged, "OK "));
	play_set_check(c->untagged, " ALL ", want, count);
}

static void
do_status(struct client *c)
{
	const struct model_box *b = &model_boxes[play_below(MODEL_BOXES)];
	unsigned unseen = 0, deleted = 0;
	char text[200];

	snprintf(text, sizeof(text), "STATUS %s (MESSAGES UIDNEXT UNSEEN DELETED HIGHESTMODSEQ)",
	    b->name);
	play_say(c, text);
	c->have |= CLIENT_CONDSTORE;
	for (size_t i = 0; i < b->count; i++) {
		unseen += !(b->messages[i].flags & 1);
		deleted += (b->messages[i].flags & MODEL_DELETED) != 0;
	}
	model_learn(dialogue_peer(PLAY_OBSERVER));
	snprintf(text, sizeof(text),
	    " (MESSAGES %zu UIDNEXT %u UNSEEN %u DELETED %u HIGHESTMODSEQ %llu)\r\n", b->count,
	    b->uid_next, unseen, deleted, (unsigned long long)b->highest);
	CHECK(str_find(buf_str(&c->peer->seen), str_c(text)) != STR_NONE);
	play_hear(c);
	CHECK(play_is_told(c->tagged, "OK "));
}

static void
do_noop(struct client *c)
{
	play_say(c, play_below(2) ? "NOOP" : "CHECK");
	play_hear(c);
	CHECK(play_is_told(c->tagged, "OK "));
}

static void
do_idle(struct client *c)
{
	play_say(c, "IDLE");
	snprintf(idle_tags[c->number], sizeof(idle_tags[0]), "%s", play_tag);
	c->is_idle = true;
	dialogue_later(200); /* what changed before comes a little behind "+ idling" */
	play_hear(c);
}

static void
end_idle(struct client *c)
{
	TEST_ROW("the end of IDLE");
	conn_memory_feed(c->peer->conn, STR("DONE\r\n"));
	dialogue_settle();
	c->is_idle = false;
	client_hear(c, idle_tags[c->number]);
	CHECK(play_is_told(c->tagged, "OK "));
}

/* --- all of it ------------------------------------------------------------------------------------------ */

/* The log of expunges forgets: nothing may be missed for that. */
static void
forget_expunges(void)
{
	struct model_box *b = &model_boxes[play_below(MODEL_BOXES)];
	struct account *account;

	CHECK(account_open(dialogue.mail, STR(DIALOGUE_ACCOUNT), NULL, &account) == FAIL_NONE);
	mailbox_by_path(account, str_c(b->name))->expunged_floor = b->highest;
	account_close(&account);
}

static const struct {
	void (*run)(struct client *c);
	unsigned weight;
	bool needs_selected;
} acts[] = {
	{ do_fetch, 12, true },
	{ do_fetch_changed, 6, true },
	{ do_store, 20, true },
	{ do_copy, 8, true },
	{ do_expunge, 6, true },
	{ do_search, 8, true },
	{ do_noop, 8, true },
	{ do_idle, 5, true },
	{ return_unselect, 2, true },
	{ do_append, 14, false },
	{ do_status, 3, false },
	{ return_select, 6, false },
	{ return_reconnect, 3, false },
};

static void
step(void)
{
	struct client *c = &play_clients[1 + play_below(PLAY_CLIENTS)];
	unsigned total = 0, at;
	size_t i = 0;

	if (play_below(100) == 0)
		forget_expunges();
	if (c->is_idle) {
		if (play_below(3) == 0)
			return_reconnect(c);
		else
			end_idle(c);
		return;
	}
	for (size_t k = 0; k < ARRAY_LEN(acts); k++)
		total += acts[k].weight;
	for (at = play_below(total); at >= acts[i].weight; i++)
		at -= acts[i].weight;
	if (acts[i].needs_selected && !c->box)
		return_select(c);
	else
		acts[i].run(c);
	if (c->box && c->no_expunges && play_below(2))
		return_come_back(c);
}

int
main(void)
{
	uint64_t seed = chance_environment("SEED", 4711),
		 steps = chance_environment("STEPS", STEPS);

	log_set_level(LOG_LEVEL_WARN);
	printf("SEED=%llu STEPS=%llu\n", (unsigned long long)seed, (unsigned long long)steps);
	chance_seed(seed);
	for (size_t i = 0; i < MODEL_BOXES; i++)
		model_boxes[i] =
		    (struct model_box){ .name = i ? "Archive" : "INBOX", .uid_next = 1 };
	dialogue_open(&room, DIALOGUE_WHOLE);
	model_learn(dialogue_peer(PLAY_OBSERVER));
	for (size_t i = 1; i <= PLAY_CLIENTS; i++) {
		play_clients[i].number = i;
		play_clients[i].peer = dialogue_peer(i);
	}
	for (uint64_t i = 0; i < steps; i++) {
		clock_fake_step(
		    i < steps / 2 ? 0 : LOOP_SLICE_US); /* the other half in the smallest slices */
		if (i == steps * 3 / 4) /* .. and half of that with files far away */
			fake_blobs_begin(dialogue.blobs, &dialogue.loop, 1);
		step();
	}
	dialogue_close();
	return test_end();
}
