#include "imap/search_eval.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "imap/search_narrow.h"
#include "mail/email.h"
#include "imap/object_id.h"
#include "mail/index.h"
#include "message/date.h"
#include "message/header.h"
#include "message/summary.h"
#include "message/text.h"

#define MATCHER_ARENA_MAX (32 * 1024 * 1024) /* bytes: the tree and decoded fields of one message */
#define DAY_S             86400
#define FUZZY_SCORE_MAX   100 /* RFC 6203 section 4 */

void
imap_matcher_init(struct imap_matcher *m, struct imap_session *s, struct view_session *view)
{
	*m = (struct imap_matcher){ .session = s,
		.view = view,
		.account = view->view->account,
		.now_s = clock_wall_s() };
	arena_init(&m->arena, MATCHER_ARENA_MAX);
}

/* Forget what was read of the last message. */
static void
forget(struct imap_matcher *m)
{
	if (m->session) /* it was begun */
		imap_wait_end(m->session, &m->wait);
	text_finder_free(&m->finder);
	blob_unmap(&m->map);
	m->parser = NULL;
	m->summary = NULL;
	m->is_parsed = m->is_unreadable = m->is_away = m->has_record = false;
	arena_reset(&m->arena);
}

void
imap_matcher_release(struct imap_matcher *m)
{
	forget(m);
	search_query_release(&m->query);
	arena_release(&m->arena);
}

/* KEYWORD: the bit of its name; EMAILID, THREADID: the number. 0 matches nothing. */
static enum fail
look_up(struct imap_matcher *m, struct imap_key *key)
{
	enum fail fail = FAIL_NONE;
	uint64_t id;

	if (key->kind == KEY_KEYWORD) {
		fail = keyword_bits(m->account, &key->text, 1, false, &key->flag, NULL);
		if (fail == FAIL_LIMIT) { /* too long: nobody has it */
			key->flag = 0;
			fail = FAIL_NONE;
		}
	} else if (key->kind == KEY_EMAILID || key->kind == KEY_THREADID) {
		key->number = imap_id_parse(m->session, key->text, m->account,
				  key->kind == KEY_EMAILID ? ID_EMAIL : ID_THREAD, &id)
		    ? (int64_t)id
		    : 0;
	}
	for (struct imap_key *child = key->child; child && fail == FAIL_NONE; child = child->next)
		fail = look_up(m, child);
	return fail;
}

enum fail
imap_matcher_prepare(struct imap_matcher *m, struct imap_key *root)
{
	return look_up(m, root);
}

void
imap_matcher_narrow(struct imap_matcher *m, struct imap_key *root)
{
	struct imap_session *s = m->session;

	search_query_start(&m->query, mail_search(s->service->mail), m->account->id,
	    imap_search_narrow(&s->run.arena, root));
}

bool
imap_matcher_is_ready(struct imap_matcher *m, const struct imap_slice *slice)
{
	return search_query_step(&m->query, slice->end_us);
}

bool
imap_matcher_was_slow(const struct imap_matcher *m)
{
	return m->summary || m->has_record || m->parser || m->is_parsed || m->is_unreadable ||
	    blob_wait_is_started(&m->wait);
}

bool
imap_matcher_is_cut(const struct imap_matcher *m)
{
	return m->is_cut;
}

unsigned
imap_matcher_score(const struct imap_matcher *m)
{
	return m->scores > 0 ? m->score / m->scores : FUZZY_SCORE_MAX;
}

/* --- reading ----------------------------------------------------------------------------------- */

/* Map its file and begin to parse it: m->parser, m->is_unreadable, or m->is_cut when the session waits. */
static void
open_file(struct imap_matcher *m)
{
	bool is_far = blob_wait_is_started(&m->wait);
	enum fail fail = email_map_wait(m->account, m->seen.entry->email_id, &m->wait,
	    &m->session->task, &m->map);

	if (imap_wait(m->session, &m->wait)) {
		m->is_cut = true;
		return;
	}
	if (fail == FAIL_NONE)
		m->parser = message_parse_begin(&m->parsed, m->map.bytes, &m->arena);
	m->is_away = fail == FAIL_TEMP;
	m->is_unreached |= is_far && m->is_away;
	m->is_unreadable = m->parser == NULL;
	if (m->is_unreadable && m->unread != FAIL_PERM)
		m->unread = m->is_away ? FAIL_TEMP : FAIL_PERM;
}

/* The whole message, or NULL when its file cannot be read, or m->is_cut. */
static const struct message *
whole(struct imap_matcher *m)
{
	if (!m->parser && !m->is_parsed && !m->is_unreadable)
		open_file(m);
	while (m->parser && !m->is_cut) {
		if (message_parse_step(m->parser, MESSAGE_PARSE_PIECE)) {
			m->parser = NULL;
			m->is_parsed = true;
		} else {
			m->is_cut = imap_slice_over_now(m->session, m->slice);
		}
	}
	return m->is_parsed ? &m->parsed : NULL;
}

const struct message *
imap_matcher_outline(struct imap_matcher *m)
{
	if (!m->summary && !m->parser && !m->is_parsed && !blob_wait_is_started(&m->wait) &&
	    email_summary(m->account, m->seen.entry->email_id, &m->arena, &m->summary) != FAIL_NONE)
		m->summary = NULL;
	return m->summary ? m->summary : whole(m);
}

/* --- keys --------------------------------------------------------------------------------------- */

/* The day of the Date field as it is written, without regard to its zone (RFC 9051 6.4.4). */
static bool
sent_day(struct imap_matcher *m, int64_t *day_out)
{
	const struct message *message = imap_matcher_outline(m);
	struct str raw = message ? message_field(&message->root, FIELD_DATE) : (struct str){ 0 };
	struct date date;
	int64_t local;

	if (!raw.p || date_parse(raw, &date) != FAIL_NONE)
		return false;
	local = date.unix_s + (int64_t)date.zone_min * 60;
	*day_out = local - ((local % DAY_S) + DAY_S) % DAY_S;
	return true;
}

static bool
sent_matches(struct imap_matcher *m, const struct imap_key *key)
{
	int64_t day;

	if (!sent_day(m, &day))
		return false;
	if (key->kind == KEY_SENTBEFORE)
		return day < key->number;
	if (key->kind == KEY_SENTON)
		return day == key->number;
	return day >= key->number;
}

/* A field as the summary has it; a hundred keys may decode it, each for itself. */
static bool
raw_contains(struct str raw, struct str text)
{
	struct arena arena;
	bool is_found;

	arena_init(&arena, MATCHER_ARENA_MAX);
	is_found = raw.p && text_contains(header_text(raw, &arena), text);
	arena_release(&arena);
	return is_found;
}

/* The same key goes on where it stopped. False also when m->is_cut. */
static bool
file_has(struct imap_matcher *m, const struct imap_key *key, enum text_where where, struct str name)
{
	const struct message *message = whole(m);
	bool is_found = false;

	if (!message)
		return false;
	if (m->finding != key)
		text_finder_free(&m->finder);
	if (!m->finder)
		m->finder = text_finder_new(message, key->text, where, name);
	m->finding = key;
	while (!text_finder_step(m->finder, &is_found)) {
		m->is_cut = imap_slice_over_now(m->session, m->slice);
		if (m->is_cut)
			return false;
	}
	text_finder_free(&m->finder);
	return is_found;
}

static bool
field_matches(struct imap_matcher *m, const struct imap_key *key)
{
	const struct message *message;

	if (key->cost == COST_SUMMARY) {
		message = imap_matcher_outline(m);
		for (int i = 0; message && i < FIELD_COUNT; i++)
			if (str_eq_nocase(key->name, str_c(field_names[i])))
				return raw_contains(message_field(&message->root, (enum field)i),
				    key->text);
	}
	return file_has(m, key, TEXT_HEADER, key->name);
}

static bool
content_matches(struct imap_matcher *m, const struct imap_key *key)
{
	return file_has(m, key, key->kind == KEY_BODY ? TEXT_BODY : TEXT_ALL, STR(""));
}

static bool
is_proven(const struct imap_matcher *m, const struct imap_key *key)
{
	return key->kind != KEY_FIELD &&
	    search_query_proves(&m->query, key->proof,
		key->kind == KEY_BODY ? SEARCH_IN_BODY : SEARCH_IN_ALL, m->seen.entry->email_id);
}

/* Remembered for as long as the message is asked about; at least one key is answered in each step. */
static bool
text_matches(struct imap_matcher *m, struct imap_key *key)
{
	if (is_proven(m, key))
		return true;
	if (key->asked == m->number)
		return key->is_found;
	if (m->has_looked && imap_slice_over_now(m->session, m->slice)) {
		m->is_cut = true;
		return false;
	}
	key->is_found = key->kind == KEY_FIELD ? field_matches(m, key) : content_matches(m, key);
	if (m->is_cut)
		return false;
	key->asked = m->number;
	m->has_looked = true;
	return key->is_found;
}

/* "$" is about the selected mailbox. */
static bool
saved_has(const struct imap_matcher *m, uint32_t uid)
{
	const struct imap_ranges *saved = &m->session->saved;
	struct imap_set set = { .ranges = saved->ranges, .count = saved->count };

	return m->view == &m->session->view && imap_set_has(&set, uid);
}

/* When it came into this mailbox (RFC 8514): the store knows. */
static bool
saved_matches(struct imap_matcher *m, const struct imap_key *key)
{
	int64_t saved_s = m->seen.entry->received_s;
	struct email *e;

	m->has_record = true;
	if (email_get(m->account, m->seen.entry->email_id, &m->arena, &e) != FAIL_NONE)
		return false;
	for (size_t i = 0; i < e->member_count; i++)
		if (e->members[i].mailbox == m->view->view->mailbox &&
		    e->members[i].uid == m->seen.uid)
			saved_s = e->members[i].saved_s;
	if (key->kind == KEY_SAVEDBEFORE)
		return saved_s < key->number;
	if (key->kind == KEY_SAVEDON)
		return saved_s >= key->number && saved_s < key->number + DAY_S;
	return saved_s >= key->number;
}

static bool key_holds(struct imap_matcher *m, struct imap_key *key);

static bool
children_match(struct imap_matcher *m, struct imap_key *key)
{
	bool is_or = key->kind == KEY_OR;

	for (struct imap_key *child = key->child; child && !m->is_cut; child = child->next)
		if (key_holds(m, child) == is_or)
			return is_or;
	return !is_or;
}

/*
 * FUZZY: the text as it is counts 100; else at least half of its words must be there, in any place, and
 * count their share.
 */
static bool
fuzzy_matches(struct imap_matcher *m, struct imap_key *key)
{
	unsigned words = 0, found = 0;

	if (key_holds(m, key->child)) {
		m->scores++;
		m->score += FUZZY_SCORE_MAX;
		return !m->is_cut;
	}
	for (struct imap_key *word = key->child->next; word && !m->is_cut; word = word->next) {
		words++;
		found += key_holds(m, word);
	}
	if (m->is_cut || found == 0 || 2 * found < words)
		return false;
	m->scores++;
	m->score += FUZZY_SCORE_MAX * found / (words + 1);
	return true;
}

/* Without regard to is_not. */
static bool
key_matches(struct imap_matcher *m, struct imap_key *key)
{
	const struct view_entry *e = m->seen.entry;

	switch (key->kind) {
	case KEY_ALL: return true;
	case KEY_AND:
	case KEY_OR: return children_match(m, key);
	case KEY_FUZZY: return fuzzy_matches(m, key);
	case KEY_SEQUENCE:
	case KEY_UID:
		if (key->set.is_saved)
			return saved_has(m, m->seen.uid);
		return imap_set_has(&key->set, key->kind == KEY_UID ? m->seen.uid : m->seen.seq);
	case KEY_FLAG:
	case KEY_KEYWORD: return (e->flags & key->flag) != 0;
	case KEY_RECENT: return view_session_is_recent(m->view, m->seen.uid);
	case KEY_NEW:
		return !(e->flags & FLAG_SEEN) && view_session_is_recent(m->view, m->seen.uid);
	case KEY_EMAILID: return e->email_id == (uint64_t)key->number;
	case KEY_THREADID: return e->thread_id == (uint64_t)key->number;
	case KEY_MODSEQ: return e->modseq >= (uint64_t)key->number;
	case KEY_OLDER: return e->received_s <= m->now_s - key->number;
	case KEY_YOUNGER: return e->received_s >= m->now_s - key->number;
	case KEY_BEFORE: return e->received_s < key->number;
	case KEY_ON: return e->received_s >= key->number && e->received_s < key->number + DAY_S;
	case KEY_SINCE: return e->received_s >= key->number;
	case KEY_SAVEDBEFORE:
	case KEY_SAVEDON:
	case KEY_SAVEDSINCE: return saved_matches(m, key);
	case KEY_LARGER: return (int64_t)e->size > key->number;
	case KEY_SMALLER: return (int64_t)e->size < key->number;
	case KEY_SENTBEFORE:
	case KEY_SENTON:
	case KEY_SENTSINCE: return sent_matches(m, key);
	case KEY_FIELD:
	case KEY_BODY:
	case KEY_TEXT: return text_matches(m, key);
	case KEY_COUNT: break;
	}
	return false;
}

static bool
key_holds(struct imap_matcher *m, struct imap_key *key)
{
	return key_matches(m, key) != key->is_not;
}

enum imap_match
imap_matches(struct imap_matcher *m, struct imap_key *key, const struct view_seen *seen,
    struct imap_slice *slice)
{
	bool is_same = m->is_cut && m->seen.uid == seen->uid, holds;

	if (!is_same) {
		if (imap_matcher_was_slow(m))
			forget(m);
		m->number++;
	}
	m->seen = *seen;
	m->slice = slice;
	m->has_looked = m->is_cut = false;
	m->scores = m->score = 0;
	if (!search_query_has(&m->query, seen->entry->email_id))
		return MATCH_NO;
	holds = key_holds(m, key);
	if (m->is_cut)
		return MATCH_LATER;
	return holds ? MATCH_YES : MATCH_NO;
}
