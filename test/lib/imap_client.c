/* What one client knows, and whether that may be (imap_model.h). */
#include "lib/imap_model.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

struct client_message *
client_find(struct client *c, uint32_t uid)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->messages[i].uid == uid)
			return &c->messages[i];
	return NULL;
}

bool
client_fetched(const struct client *c, uint32_t uid)
{
	for (size_t i = 0; i < c->fetched_count; i++)
		if (c->fetched[i] == uid)
			return true;
	return false;
}

/* Messages of the model that came behind the last one it knows. */
static void
arrivals_take(struct client *c)
{
	uint32_t last = c->count ? c->messages[c->count - 1].uid : 0;

	for (size_t i = 0; i < c->box->count; i++)
		if (c->box->messages[i].uid > last && c->count < MODEL_MESSAGES)
			c->messages[c->count++] =
			    (struct client_message){ .uid = c->box->messages[i].uid };
}

void
client_open(struct client *c, struct model_box *b)
{
	static unsigned openings;

	c->box = b;
	c->opening = ++openings;
	c->count = 0;
	c->highest = 0;
	arrivals_take(c);
}

void
client_leave(struct client *c)
{
	struct client_cache *cache;

	if (c->box && c->highest > 0) {
		cache = &c->caches[c->box - model_boxes];
		memcpy(cache->messages, c->messages, sizeof(c->messages));
		cache->count = c->count;
		cache->modseq = c->highest;
	}
	c->box = NULL;
	c->count = 0;
}

/* --- responses ----------------------------------------------------------------------------------------- */

static void
message_gone(struct client *c, uint32_t uid)
{
	struct client_message *m = client_find(c, uid);
	size_t at = m ? (size_t)(m - c->messages) : 0;

	CHECK(!c->no_expunges);
	CHECK(m != NULL); /* it was announced, and not yet told as gone */
	CHECK(model_find(c->box, uid) == NULL);
	if (!m)
		return;
	memmove(m, m + 1, (c->count - at - 1) * sizeof(*m));
	c->count--;
}

static void
vanished(struct client *c, struct str set)
{
	bool is_earlier = str_skip(&set, STR("(EARLIER) "));
	uint32_t first, last;

	CHECK(c->have & (CLIENT_QRESYNC | CLIENT_UIDONLY));
	CHECK(!is_earlier || c->is_earlier);
	while (model_range_next(&set, &first, &last)) {
		CHECK(first <= last && last < c->box->uid_next);
		if (is_earlier && c->vanished_count < ARRAY_LEN(c->vanished)) {
			c->vanished[c->vanished_count][0] = first;
			c->vanished[c->vanished_count++][1] = last;
		}
		for (uint32_t uid = first; uid <= last && uid >= first; uid++) {
			if (is_earlier)
				CHECK(model_find(c->box, uid) == NULL);
			else
				message_gone(c, uid);
		}
	}
	CHECK(str_empty(set));
}

struct fetch { /* a FETCH response */
	bool has_uid, has_flags, has_modseq, is_recent;
	uint32_t uid;
	unsigned flags;
	uint64_t modseq;
};

/* UID, FLAGS, MODSEQ in any order; BODY[] as one empty string. */
static bool
fetch_parse(struct str at, struct fetch *f)
{
	struct str flags = { 0 };

	do {
		if (str_skip(&at, STR("UID "))) {
			f->has_uid = str_u32(&at, UINT32_MAX, &f->uid);
		} else if (str_skip(&at, STR("FLAGS ("))) {
			f->has_flags = str_take_until(&at, ')', &flags);
			f->flags = model_flags_parse(flags, &f->is_recent);
		} else if (str_skip(&at, STR("MODSEQ ("))) {
			f->has_modseq =
			    str_u64(&at, INT64_MAX, &f->modseq) && str_skip_char(&at, ')');
		} else if (!str_skip(&at, STR("BODY[]<100000> \"\""))) {
			return false;
		}
	} while (str_skip_char(&at, ' '));
	return str_eq(at, STR(")"));
}

static void
recent_check(struct client *c, struct model_message *m)
{
	CHECK(!(c->have & CLIENT_REV2));
	if (c->is_read_only)
		return;
	if (m->recent == 0)
		m->recent = c->opening;
	CHECK_NUM(m->recent, c->opening); /* RFC 3501 2.3.2: one session only */
}

static void
fetched(struct client *c, struct client_message *known, struct fetch *f)
{
	struct model_message *m = model_find(c->box, known->uid);

	CHECK(m != NULL); /* nothing is told of what is gone */
	if (!m)
		return;
	if (f->has_uid)
		CHECK_NUM(f->uid, known->uid);
	if (f->has_flags)
		CHECK_NUM(f->flags, m->flags);
	if (f->has_modseq)
		CHECK_NUM(f->modseq, m->modseq);
	if (f->is_recent)
		recent_check(c, m);
	if (f->has_flags) {
		known->flags = f->flags;
		known->has_flags = true;
	}
	if (f->modseq > c->seen)
		c->seen = f->modseq;
	if (c->fetched_count < MODEL_MESSAGES)
		c->fetched[c->fetched_count++] = known->uid;
}

/* "* 3 .." */
static bool
numbered(struct client *c, struct str line)
{
	struct client_message *known = NULL;
	struct fetch f = { .uid = 0 };
	uint32_t n;

	if (!str_u32(&line, UINT32_MAX, &n))
		return false;
	if (str_eq(line, STR(" EXISTS"))) {
		arrivals_take(c);
		CHECK_NUM(n, c->count);
	} else if (str_eq(line, STR(" RECENT"))) {
		CHECK(!(c->have & CLIENT_REV2) && n <= c->count);
	} else if (str_eq(line, STR(" EXPUNGE"))) {
		CHECK(!(c->have & (CLIENT_QRESYNC | CLIENT_UIDONLY)));
		CHECK(n >= 1 && n <= c->count);
		if (n >= 1 && n <= c->count)
			message_gone(c, c->messages[n - 1].uid);
	} else {
		bool is_by_uid = str_skip(&line, STR(" UIDFETCH ("));

		CHECK(is_by_uid == ((c->have & CLIENT_UIDONLY) != 0));
		CHECK(is_by_uid || str_skip(&line, STR(" FETCH (")));
		if (is_by_uid)
			known = client_find(c, n);
		else if (n >= 1 && n <= c->count)
			known = &c->messages[n - 1];
		CHECK(known && fetch_parse(line, &f));
		if (known)
			fetched(c, known, &f);
	}
	return true;
}

static void
code_take(struct client *c, struct str line)
{
	size_t at = str_find(line, STR("[HIGHESTMODSEQ "));

	if (at == STR_NONE)
		return;
	line = str_from(line, at + 15);
	CHECK(str_u64(&line, INT64_MAX, &c->code));
	CHECK(c->code <= c->box->highest);
}

static void
keep(char *out, size_t max, struct str line)
{
	snprintf(out, max, "%.*s", (int)line.n, line.p);
}

static void
untagged(struct client *c, struct str line)
{
	static const struct str others[] = { STR_INIT("FLAGS "), STR_INIT("OK "), STR_INIT("LIST "),
		STR_INIT("STATUS "), STR_INIT("SEARCH"), STR_INIT("ESEARCH "),
		STR_INIT("ENABLED") };
	bool is_known = false;

	if (numbered(c, line))
		return;
	if (str_skip(&line, STR("VANISHED "))) {
		vanished(c, line);
		return;
	}
	code_take(c, line);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		is_known = is_known || str_starts(line, others[i]);
	CHECK(is_known);
	if (!str_starts(line, STR("FLAGS ")) && !str_starts(line, STR("OK [PERMANENT")) &&
	    !str_starts(line, STR("OK [HIGHESTMODSEQ ")))
		keep(c->untagged, sizeof(c->untagged), line);
}

/* --- at the end of a command --------------------------------------------------------------------------- */

/* It knows all that may be known by now. */
static void
sync_check(struct client *c)
{
	size_t alive = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct client_message *known = &c->messages[i];
		const struct model_message *m = model_find(c->box, known->uid);

		if (m && known->has_flags)
			CHECK_NUM(known->flags, m->flags);
		CHECK(m || c->no_expunges);
		alive += m != NULL;
	}
	CHECK_NUM(alive, c->box->count);
}

void
client_hear(struct client *c, const char *tag)
{
	struct str line;
	bool is_done = false;

	while (!is_done && dialogue_next_line(c->peer, &line)) {
		struct str rest = line;

		if (str_skip(&rest, STR("* ")) && c->box) {
			untagged(c, rest);
		} else if (str_starts(line, STR("* "))) {
			keep(c->untagged, sizeof(c->untagged), rest);
		} else if (!str_starts(line, STR("+ "))) {
			CHECK(tag && str_skip(&rest, str_c(tag)) && str_skip_char(&rest, ' '));
			keep(c->tagged, sizeof(c->tagged), rest);
			if (c->box)
				code_take(c, rest);
			is_done = true;
		}
		buf_consume(&c->peer->seen, line.n + 2);
	}
	CHECK(is_done == (tag != NULL));
	CHECK_STR(buf_str(&c->peer->seen), STR(""));
	if (!c->box)
		return;
	if (tag && c->have & CLIENT_CONDSTORE) /* RFC 7162 section 6 */
		c->highest = c->code ? c->code : c->seen > c->highest ? c->seen : c->highest;
	sync_check(c);
}
