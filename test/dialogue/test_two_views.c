/*
 * test_two_views.c - one account by IMAP and by JMAP: both see the same, whoever changes it.
 *
 * Two IMAP sessions and JMAP requests do things at random. A JMAP client knows the account by /changes and /get
 * alone, a few changes at a time; now and then all that it knows is compared with what IMAP shows: Emails by
 * EMAILID with their keywords, mailboxes and Threads, mailboxes by MAILBOXID with their names and counts.
 *
 * SEED= and STEPS= of the environment repeat a run and make it longer; the seed is printed.
 */

/* system */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "jmap/run.h"
#include "lib/chance.h"
#include "lib/imap_stage.h"
#include "lib/unquote.h"
#include "lib/whole_request.h"
#include "mail/mailbox.h"
#include "net/private.h"

#define STEPS      10000 /* some seconds */
#define LOOK_EVERY 25    /* steps between two comparisons */
#define CROWD      60    /* Emails above which no more come */
#define THINGS_MAX 1000
#define TEXT_MAX   800
#define WORDS_MAX  40

/* --- what is known of things ------------------------------------------------------------------------- */

struct thing {
	char id[24], text[TEXT_MAX]; /* all that counts of it, in one form */
};

struct things {
	struct thing items[THINGS_MAX];
	size_t count;
};

struct words { /* a set of words, told in order */
	struct str items[WORDS_MAX];
	size_t count;
};

static struct things jmap_emails, jmap_mailboxes, imap_emails, imap_mailboxes;
static struct account *account;

static struct thing *
find(struct things *all, struct str id)
{
	for (size_t i = 0; i < all->count; i++)
		if (str_eq(str_c(all->items[i].id), id))
			return &all->items[i];
	return NULL;
}

static struct thing *
put(struct things *all, struct str id)
{
	struct thing *t = find(all, id);

	if (!t && CHECK(all->count < THINGS_MAX))
		t = &all->items[all->count++];
	if (!t)
		abort();
	snprintf(t->id, sizeof(t->id), "%.*s", STR_ARG(id));
	t->text[0] = '\0';
	return t;
}

static void
drop(struct things *all, struct str id)
{
	struct thing *t = find(all, id);

	if (t)
		*t = all->items[--all->count];
}

static void
add(struct thing *t, struct str text)
{
	size_t n = strlen(t->text);

	CHECK(n + text.n < sizeof(t->text));
	snprintf(t->text + n, sizeof(t->text) - n, "%.*s", STR_ARG(text));
}

static void
add_word(struct words *w, struct str word)
{
	size_t at = w->count;

	for (size_t i = 0; i < w->count; i++)
		if (str_eq(w->items[i], word))
			return;
	if (!CHECK(w->count < WORDS_MAX))
		return;
	for (; at > 0 && str_cmp(w->items[at - 1], word) > 0; at--)
		w->items[at] = w->items[at - 1];
	w->items[at] = word;
	w->count++;
}

static void
add_words(struct thing *t, const char *what, const struct words *w)
{
	add(t, str_c(what));
	for (size_t i = 0; i < w->count; i++) {
		add(t, STR(" "));
		add(t, w->items[i]);
	}
	add(t, STR(";"));
}

/* --- the JMAP client ------------------------------------------------------------------------------------ */

/* One call, with ' for "; its response's arguments, NULL for an error. */
static const struct json *
ask(struct arena *a, const char *method, const char *arguments)
{
	struct jmap_request request;
	struct jmap_run run;
	const struct json *answer, *responses;
	struct buf text;
	struct str name;

	buf_init(&text, 1 << 20);
	buf_add_c(&text,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
	    "\"methodCalls\":[[\"");
	buf_add_c(&text, method);
	buf_add_c(&text, "\",{\"accountId\":\"a1\"");
	unquote(&text, arguments);
	buf_add_c(&text, "},\"x\"]]}");
	if (!CHECK_NUM(whole_request(arena_str(a, buf_str(&text)), a, &request), JMAP_TAKEN))
		abort();
	buf_release(&text);
	jmap_run_init(&run, account, &request, STR("x"));
	while (jmap_run_step(&run) == JMAP_YIELD)
		continue;
	if (!CHECK_NUM(json_parse(arena_str(a, buf_str(&run.out)), a, &answer), FAIL_NONE))
		abort();
	jmap_run_release(&run);
	dialogue_settle();
	responses = json_find(answer, STR("methodResponses"));
	if (!json_get_text(&responses->items[0].items[0], &name) || str_eq(name, STR("error")))
		return NULL;
	return &responses->items[0].items[1];
}

static struct str
text_of(const struct json *object, struct str name)
{
	struct str text = { 0 };

	if (!json_get_text(json_find(object, name), &text))
		text = STR("");
	return text;
}

static void
add_set(struct thing *t, const char *what, const struct json *object)
{
	struct words w = { .count = 0 };

	for (uint32_t i = 0; object && i < object->count; i++)
		add_word(&w, object->members[i].name);
	add_words(t, what, &w);
}

static void
know_email(const struct json *v)
{
	struct thing *t = put(&jmap_emails, text_of(v, STR("id")));

	add(t, text_of(v, STR("threadId")));
	add_set(t, " keywords", json_find(v, STR("keywords")));
	add_set(t, " in", json_find(v, STR("mailboxIds")));
}

static void
know_mailbox(const struct json *v)
{
	struct thing *t = put(&jmap_mailboxes, text_of(v, STR("id")));
	char counts[80];
	int64_t total = -1, unread = -1;

	CHECK(json_get_int(json_find(v, STR("totalEmails")), &total));
	CHECK(json_get_int(json_find(v, STR("unreadEmails")), &unread));
	add(t, text_of(v, STR("name")));
	snprintf(counts, sizeof(counts), " %lld %lld", (long long)total, (long long)unread);
	add(t, str_c(counts));
}

static void
know_all(const struct json *list, void (*know)(const struct json *v))
{
	for (uint32_t i = 0; i < list->count; i++)
		know(&list->items[i]);
}

/* Follow one type from its state to the present, a few changes at a time. */
static void
follow(const char *type, char state[32], struct things *all, void (*know)(const struct json *v))
{
	bool has_more = true;

	while (has_more) {
		char method[40], arguments[200];
		const struct json *changes, *destroyed, *list;
		struct str id, now;
		struct arena a;

		arena_init(&a, 1 << 24);
		snprintf(method, sizeof(method), "%s/changes", type);
		snprintf(arguments, sizeof(arguments), ",'sinceState':'%s','maxChanges':%zu", state,
		    1 + chance_below(9));
		changes = ask(&a, method, arguments);
		if (!CHECK(changes != NULL))
			abort();
		destroyed = json_find(changes, STR("destroyed"));
		for (uint32_t i = 0; i < destroyed->count; i++)
			if (CHECK(json_get_text(&destroyed->items[i], &id)))
				drop(all, id);
		for (unsigned i = 0; i < 2; i++) {
			const struct json *ids =
			    json_find(changes, i ? STR("updated") : STR("created"));
			struct buf wanted;

			buf_init(&wanted, 1000);
			buf_add_c(&wanted, ",'ids':[");
			for (uint32_t k = 0; k < ids->count; k++) {
				buf_add_c(&wanted, k ? ",'" : "'");
				CHECK(json_get_text(&ids->items[k], &id));
				CHECK(
				    i == 0 || find(all, id)); /* no update of what was never told */
				buf_add(&wanted, id);
				buf_add_c(&wanted, "'");
			}
			buf_add_c(&wanted, "]");
			snprintf(method, sizeof(method), "%s/get", type);
			list = ask(&a, method, buf_c(&wanted));
			buf_release(&wanted);
			if (CHECK(list != NULL))
				know_all(json_find(list, STR("list")), know);
		}
		now = text_of(changes, STR("newState"));
		snprintf(state, 32, "%.*s", STR_ARG(now));
		CHECK(json_get_bool(json_find(changes, STR("hasMoreChanges")), &has_more));
		arena_release(&a);
	}
}

/* --- what IMAP shows ------------------------------------------------------------------------------------- */

/* What stands between the parentheses behind `name`. */
static struct str
list_after(struct str line, struct str name)
{
	size_t at = str_find(line, name), end;

	if (!CHECK(at != STR_NONE))
		return STR("");
	line = str_from(line, at + name.n);
	end = str_find_char(line, ')');
	return str_head(line, end == STR_NONE ? line.n : end);
}

static struct str
keyword_of(struct str flag)
{
	static const struct {
		struct str flag, keyword;
	} pairs[] = {
		{ STR_INIT("\\Seen"), STR_INIT("$seen") },
		{ STR_INIT("\\Flagged"), STR_INIT("$flagged") },
		{ STR_INIT("\\Answered"), STR_INIT("$answered") },
		{ STR_INIT("\\Draft"), STR_INIT("$draft") },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (str_eq(pairs[i].flag, flag))
			return pairs[i].keyword;
	return flag;
}

struct seen_email { /* one membership that FETCH showed */
	struct str id, thread, mailbox;
	struct words keywords;
};

static struct seen_email seen[THINGS_MAX];
static size_t seen_count;

static void
see_message(struct str line, struct str mailbox, struct arena *a)
{
	struct str flags = list_after(line, STR("FLAGS (")), flag;
	struct seen_email *e = &seen[seen_count];

	*e = (struct seen_email){ .mailbox = mailbox };
	e->id = arena_str(a, list_after(line, STR("EMAILID (")));
	e->thread = arena_str(a, list_after(line, STR("THREADID (")));
	while (str_next_part(&flags, ' ', &flag)) {
		if (str_eq(flag, STR("\\Deleted")))
			return;
		if (!str_eq(flag, STR("\\Recent")) && !str_empty(flag))
			add_word(&e->keywords, arena_str(a, keyword_of(flag)));
	}
	if (CHECK(seen_count + 1 < THINGS_MAX))
		seen_count++;
}

/* All of one mailbox; its counts as JMAP counts them: each Email once, \Deleted ones not. */
static void
see_mailbox(struct dialogue_peer *p, struct str name, struct str id, struct arena *a)
{
	struct things *emails = mem_new(1, sizeof(*emails));
	size_t unread = 0, from = seen_count;
	char command[200], text[300];
	struct str lines, line;

	snprintf(command, sizeof(command), "s EXAMINE \"%.*s\"\r\n", STR_ARG(name));
	CHECK(str_find(imap_ask(p, command), STR("s OK ")) != STR_NONE);
	lines = arena_str(a, imap_ask(p, "f UID FETCH 1:* (FLAGS EMAILID THREADID)\r\n"));
	while (str_next_part(&lines, '\n', &line))
		if (str_find(line, STR(" FETCH (")) != STR_NONE)
			see_message(line, id, a);
	for (size_t i = from; i < seen_count; i++) {
		bool is_seen = false;

		if (find(emails, seen[i].id))
			continue;
		(void)put(emails, seen[i].id);
		for (size_t k = 0; k < seen[i].keywords.count; k++)
			is_seen = is_seen || str_eq(seen[i].keywords.items[k], STR("$seen"));
		unread += !is_seen;
	}
	if (str_eq(name, STR("INBOX"))) /* RFC 8621 has it as users want to read it */
		name = STR("Inbox");
	snprintf(text, sizeof(text), "%.*s %zu %zu", STR_ARG(name), emails->count, unread);
	add(put(&imap_mailboxes, id), str_c(text));
	mem_free(emails);
}

/* Emails out of their memberships. */
static void
gather_emails(void)
{
	for (size_t i = 0; i < seen_count; i++) {
		struct words in = { .count = 0 };
		struct thing *t;

		if (find(&imap_emails, seen[i].id))
			continue;
		for (size_t k = i; k < seen_count; k++)
			if (str_eq(seen[k].id, seen[i].id))
				add_word(&in, seen[k].mailbox);
		t = put(&imap_emails, seen[i].id);
		add(t, seen[i].thread);
		add_words(t, " keywords", &seen[i].keywords);
		add_words(t, " in", &in);
	}
}

/* By LIST and STATUS the names and ids, then each mailbox. Names here need no quoting but the quotes. */
static void
see_all(struct dialogue_peer *p)
{
	struct str lines, line;
	struct arena a;

	arena_init(&a, 1 << 26);
	imap_emails.count = imap_mailboxes.count = seen_count = 0;
	lines = arena_str(&a, imap_ask(p, "l LIST \"\" * RETURN (STATUS (MAILBOXID))\r\n"));
	while (str_next_part(&lines, '\n', &line)) {
		struct str id, name;

		if (!str_starts(line, STR("* STATUS ")))
			continue;
		id = arena_str(&a, list_after(line, STR("MAILBOXID (")));
		name = str_from(line, STR("* STATUS ").n);
		name = str_head(name, str_find(name, STR(" (MAILBOXID")));
		if (name.n > 1 && name.p[0] == '"')
			name = str_slice(name, 1, name.n - 2);
		see_mailbox(p, name, id, &a);
	}
	(void)imap_ask(p, "u UNSELECT\r\n");
	gather_emails();
	arena_release(&a);
}

static void
compare(const char *what, struct things *jmap, struct things *imap)
{
	TEST_ROW(what);
	CHECK_NUM(jmap->count, imap->count);
	for (size_t i = 0; i < jmap->count; i++) {
		struct thing *other = find(imap, str_c(jmap->items[i].id));

		if (CHECK(other != NULL))
			CHECK_STR(str_c(jmap->items[i].text), str_c(other->text));
	}
}

/* --- what happens ------------------------------------------------------------------------------------------ */

static const char *const names[] = { "INBOX", "Box one", "Box two", "Sent" };

static void
imap_does(struct dialogue_peer *p)
{
	static const char *const flags[] = { "\\Seen", "\\Flagged", "\\Deleted", "\\Deleted",
		"$Work", "\\Seen \\Answered" };
	const char *box = names[chance_below(sizeof(names) / sizeof(names[0]))];
	size_t uid = 1 + chance_below(30);
	char c[400];

	switch (chance_below(12)) {
	case 0:
	case 1: snprintf(c, sizeof(c), "a SELECT \"%s\"\r\n", box); break;
	case 2:
		snprintf(c, sizeof(c),
		    "a APPEND \"%s\" (%s) {47+}\r\nSubject: number %zu\r\nMessage-ID: <%03zu@x>\r\n\r\nHi.\r\n\r\n",
		    box, flags[chance_below(2)], chance_below(10), chance_below(1000));
		if (jmap_emails.count >= CROWD)
			return;
		break;
	case 3: snprintf(c, sizeof(c), "a UID COPY %zu \"%s\"\r\n", uid, box); break;
	case 4:
		snprintf(c, sizeof(c), "a UID MOVE %zu:%zu \"%s\"\r\n", uid, uid + chance_below(3),
		    box);
		break;
	case 5: snprintf(c, sizeof(c), "a EXPUNGE\r\n"); break;
	case 6:
		snprintf(c, sizeof(c), "a CREATE \"Box %s\"\r\n", chance_below(2) ? "one" : "two");
		break;
	case 7:
		snprintf(c, sizeof(c), "a DELETE \"Box %s\"\r\n", chance_below(2) ? "one" : "two");
		if (chance_below(4) > 0)
			return;
		for (size_t i = 1; i <= 2; i++) /* who has it open would be sent away */
			(void)imap_ask(dialogue_peer(i), "b SELECT INBOX\r\n");
		break;
	case 8: snprintf(c, sizeof(c), "a RENAME \"Box one\" \"Box two\"\r\n"); break;
	default:
		snprintf(c, sizeof(c), "a UID STORE %zu:%zu %cFLAGS.SILENT (%s)\r\n", uid,
		    uid + chance_below(4), chance_below(3) ? '+' : '-', flags[chance_below(6)]);
		break;
	}
	CHECK(str_find(imap_ask(p, c), STR("a ")) != STR_NONE);
}

static void
jmap_does(void)
{
	struct thing *e, *m;
	struct arena a;
	char arguments[400];

	if (jmap_emails.count == 0)
		return;
	e = &jmap_emails.items[chance_below(jmap_emails.count)];
	m = &jmap_mailboxes.items[chance_below(jmap_mailboxes.count)];
	switch (chance_below(6)) {
	case 0:
		snprintf(arguments, sizeof(arguments), ",'update':{'%s':{'keywords/$seen':%s}}",
		    e->id, chance_below(2) ? "true" : "null");
		break;
	case 1:
		snprintf(arguments, sizeof(arguments), ",'update':{'%s':{'mailboxIds/%s':%s}}",
		    e->id, m->id, chance_below(2) ? "true" : "null");
		break;
	case 2:
		snprintf(arguments, sizeof(arguments),
		    ",'update':{'%s':{'mailboxIds':{'%s':true}}}", e->id, m->id);
		break;
	case 3:
		snprintf(arguments, sizeof(arguments),
		    ",'update':{'%s':{'keywords':{'$flagged':true,'$work':true}}}", e->id);
		break;
	default:
		snprintf(arguments, sizeof(arguments), ",'destroy':['%s']", e->id);
		if (chance_below(4) > 0)
			return;
		break;
	}
	arena_init(&a, 1 << 24);
	CHECK(ask(&a, "Email/set", arguments) != NULL);
	arena_release(&a);
}

int
main(void)
{
	uint64_t seed = chance_environment("SEED", 8621),
		 steps = chance_environment("STEPS", STEPS);
	char email_state[32] = "s0", mailbox_state[32] = "s0";
	struct dialogue_peer *peers[3];

	chance_seed(seed);
	printf("seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)steps);
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	for (size_t i = 0; i < 3; i++) {
		peers[i] = dialogue_peer(i + 1);
		(void)imap_ask(peers[i], "b SELECT INBOX\r\n");
	}
	if (!CHECK_NUM(account_open(dialogue.mail, STR(DIALOGUE_ACCOUNT), NULL, &account),
		FAIL_NONE))
		return test_end();
	for (uint64_t step = 0; step < steps; step++) {
		if (chance_below(3) > 0)
			imap_does(peers[chance_below(2)]);
		else
			jmap_does();
		if (chance_below(LOOK_EVERY / 4) > 0 && step + 1 < steps)
			continue;
		follow("Email", email_state, &jmap_emails, know_email);
		follow("Mailbox", mailbox_state, &jmap_mailboxes, know_mailbox);
		if (chance_below(4) > 0 && step + 1 < steps)
			continue;
		see_all(peers[2]);
		compare("Emails", &jmap_emails, &imap_emails);
		compare("mailboxes", &jmap_mailboxes, &imap_mailboxes);
	}
	CHECK(jmap_emails.count > 0);
	account_close(&account);
	for (size_t i = 0; i < 3; i++)
		buf_clear(&peers[i]->seen);
	dialogue_close();
	return test_end();
}
