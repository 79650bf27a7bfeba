/*
 * What changed for who sees a part of an account, at random: a client that knows Emails, Threads and Mailboxes by
 * /changes alone, some at a time, knows what /get and /query tell afresh.
 *
 * Alice does what she likes with her mail, mailboxes and lists of rights; Bob's client follows. It may be told to begin
 * anew (cannotCalculateChanges), but not when its rights to read are what they were, and no mailbox was moved. An
 * update of something that the client does not have is an error. SEED and STEPS may be given by the environment.
 */
#include "fixture.h"

/* system */
#include <stdlib.h>
#include <string.h>

/* rooms */
#include "lib/chance.h"
#include "mail/acl.h"
#include "mail/changes.h"

#define STEPS      400 /* some seconds with sanitizers */
#define THINGS_MAX 2000
#define EMAILS_MAX 120
#define LR         (ACL_LOOKUP | ACL_READ)

enum kind { EMAIL, THREAD, MAILBOX, KINDS };
static const char *const names[KINDS] = { "Email", "Thread", "Mailbox" };

struct known { /* what the client has: ids, and for Threads and Mailboxes what it knows of each */
	char state[48];
	struct {
		char id[24];
		char text[2000];
	} items[THINGS_MAX];
	size_t count;
};

static struct known known[KINDS], fresh;
static bool may_begin_anew[KINDS]; /* rights to read, or the tree, changed since the client asked */
static unsigned anew;

/* --- the client --------------------------------------------------------------------------------- */

static size_t
place(const struct known *k, struct str id)
{
	size_t i = 0;

	while (i < k->count && !str_eq(str_c(k->items[i].id), id))
		i++;
	return i;
}

static void
put(struct known *k, struct str id, struct str text)
{
	size_t at = place(k, id);

	if (!CHECK(at < THINGS_MAX))
		abort();
	if (at == k->count)
		k->count++;
	snprintf(k->items[at].id, sizeof(k->items[at].id), "%.*s", STR_ARG(id));
	snprintf(k->items[at].text, sizeof(k->items[at].text), "%.*s", STR_ARG(text));
}

static void
drop(struct known *k, struct str id)
{
	size_t at = place(k, id);

	if (at < k->count)
		k->items[at] = k->items[--k->count];
}

/* What is told of one thing, as a text. */
static void
describe(struct buf *out, enum kind kind, const struct json *one)
{
	static const struct str lists[] = { STR_INIT("mailboxIds"), STR_INIT("keywords"),
		STR_INIT("myRights") };
	const struct json *ids = json_find(one, STR("emailIds"));
	int64_t total = 0;

	if (kind == MAILBOX) {
		buf_add(out, json_find(one, STR("name"))->text);
		CHECK(json_get_int(json_find(one, STR("totalEmails")), &total));
		buf_add_i64(out, total);
	}
	for (uint32_t n = 0; ids && n < ids->count; n++)
		buf_add(out, ids->items[n].text);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct json *list = json_find(one, lists[i]);

		for (uint32_t n = 0; list && n < list->count; n++)
			if (list->members[n].value.is_true)
				buf_add(out, list->members[n].name);
	}
}

static void
keep_list(struct known *k, enum kind kind, const struct json *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		struct buf text;

		buf_init(&text, sizeof(k->items[0].text) - 1);
		describe(&text, kind, &list->items[i]);
		put(k, json_find(&list->items[i], STR("id"))->text, buf_str(&text));
		buf_release(&text);
	}
}

static const char *const properties[KINDS] = { ",'properties':['mailboxIds','keywords']", "",
	",'properties':['name','totalEmails','myRights']" };

/* /get of a list of ids, NULL: all. */
static void
get(struct fixture *f, struct known *k, enum kind kind, const struct json *ids)
{
	const struct json *answer;
	struct buf arguments;
	struct arena a;
	char method[32];

	arena_init(&a, 1 << 26);
	buf_init(&arguments, 1 << 18);
	buf_add_c(&arguments, ",'ids':");
	buf_add_c(&arguments, ids ? "[" : "null");
	for (uint32_t i = 0; ids && i < ids->count; i++) {
		buf_add_c(&arguments, i ? ",'" : "'");
		buf_add(&arguments, ids->items[i].text);
		buf_add_c(&arguments, "'");
	}
	buf_add_c(&arguments, ids ? "]" : "");
	buf_add_c(&arguments, properties[kind]);
	buf_add_char(&arguments, '\0');
	snprintf(method, sizeof(method), "%s/get", names[kind]);
	answer = fixture_ask(f, &a, method, buf_str(&arguments).p);
	if (CHECK(answer != NULL))
		keep_list(k, kind, json_find(answer, STR("list")));
	buf_release(&arguments);
	arena_release(&a);
}

static void
keep_state(struct known *k, const struct json *v)
{
	struct str state = { 0 };

	CHECK(json_get_text(v, &state));
	snprintf(k->state, sizeof(k->state), "%.*s", STR_ARG(state));
}

/* All of a kind, as it is now: Threads are those of the Emails. */
static void
get_all(struct fixture *f, struct known *k, enum kind kind)
{
	const struct json *answer, *list;
	char method[32];
	struct arena a;

	k->count = 0;
	arena_init(&a, 1 << 26);
	snprintf(method, sizeof(method), "%s/get", names[kind]);
	answer = fixture_ask(f, &a, method, ",'ids':[]");
	if (!CHECK(answer != NULL))
		abort();
	keep_state(k, json_find(answer, STR("state")));
	if (kind == MAILBOX) {
		get(f, k, kind, NULL);
	} else {
		answer = fixture_ask(f, &a, "Email/query", "");
		list = answer ? json_find(answer, STR("ids")) : NULL;
		if (CHECK(list != NULL) && kind == EMAIL)
			get(f, k, kind, list);
		for (uint32_t i = 0; list && kind == THREAD && i < list->count; i++) {
			struct json one = { .type = JSON_STRING },
				    ids = { .type = JSON_ARRAY, .count = 1, .items = &one };
			const struct json *email;
			char arguments[100];

			snprintf(arguments, sizeof(arguments),
			    ",'ids':['%.*s'],'properties':['threadId']",
			    STR_ARG(list->items[i].text));
			email = fixture_ask(f, &a, "Email/get", arguments);
			if (!CHECK(email != NULL))
				continue;
			one.text =
			    json_find(&json_find(email, STR("list"))->items[0], STR("threadId"))
				->text;
			if (place(k, one.text) == k->count)
				get(f, k, THREAD, &ids);
		}
	}
	arena_release(&a);
}

/* One answer of /changes; true when there is more. */
static bool
follow(struct fixture *f, enum kind kind)
{
	const struct json *answer, *gone, *updated;
	struct known *k = &known[kind];
	char arguments[120], method[32];
	bool has_more = false;
	struct arena a;

	arena_init(&a, 1 << 26);
	snprintf(arguments, sizeof(arguments), ",'sinceState':'%s','maxChanges':%zu", k->state,
	    1 + chance_below(6));
	snprintf(method, sizeof(method), "%s/changes", names[kind]);
	answer = fixture_ask(f, &a, method, arguments);
	if (!answer) {
		CHECK(may_begin_anew[kind]);
		anew++;
		get_all(f, k, kind);
	} else {
		updated = json_find(answer, STR("updated"));
		for (uint32_t i = 0; i < updated->count; i++)
			CHECK(place(k, updated->items[i].text) < k->count);
		get(f, k, kind, json_find(answer, STR("created")));
		get(f, k, kind, updated);
		gone = json_find(answer, STR("destroyed"));
		for (uint32_t i = 0; i < gone->count; i++)
			drop(k, gone->items[i].text);
		keep_state(k, json_find(answer, STR("newState")));
		CHECK(json_get_bool(json_find(answer, STR("hasMoreChanges")), &has_more));
	}
	arena_release(&a);
	return has_more;
}

static void
compare(struct fixture *f, enum kind kind)
{
	const struct known *k = &known[kind];

	get_all(f, &fresh, kind);
	CHECK_STR(str_c(k->state), str_c(fresh.state));
	CHECK_NUM(k->count, fresh.count);
	for (size_t i = 0; i < fresh.count; i++) {
		size_t at = place(k, str_c(fresh.items[i].id));

		if (!CHECK(at < k->count))
			printf("%s is missing\n", fresh.items[i].id);
		else if (!CHECK_STR(str_c(k->items[at].text), str_c(fresh.items[i].text)))
			printf("%s is another\n", fresh.items[i].id);
	}
	for (size_t i = 0; i < k->count; i++)
		if (!CHECK(place(&fresh, str_c(k->items[i].id)) < fresh.count))
			printf("%s is gone\n", k->items[i].id);
}

/* --- what Alice does ---------------------------------------------------------------------------- */

static struct account *alice;

static struct mailbox *
any_mailbox(void)
{
	return alice->mailboxes[chance_below(alice->mailbox_count)];
}

static void
add_email(void)
{
	static unsigned number;
	uint32_t mailboxes[2] = { any_mailbox()->id, any_mailbox()->id };
	struct email_new new = { .mailboxes = mailboxes,
		.mailbox_count = mailboxes[0] == mailboxes[1] ? 1 : 1 + chance_below(2) };
	struct email_added added;
	char text[200];

	snprintf(text, sizeof(text),
	    "Subject: x\r\nMessage-ID: <n%u@x>\r\nReferences: <n%zu@x>\r\n\r\ny\r\n", number,
	    chance_below(number + 1));
	number++;
	new.bytes = str_c(text);
	new.received_s = (int64_t)(1700000000 + chance_below(50));
	CHECK_NUM(email_add_bytes(alice, &new, &added), FAIL_NONE);
}

static void
update_email(uint64_t id)
{
	uint32_t mailbox = any_mailbox()->id;
	struct email_update update = { .keywords_add = chance_below(2) ? FLAG_SEEN : FLAG_FLAGGED };

	if (chance_below(4) > 0)
		update = (struct email_update){ .replace_mailboxes = chance_below(2) != 0,
			.mailboxes_add = &mailbox,
			.mailboxes_add_count = 1 };
	(void)!email_update(alice, id, &update);
}

static void
touch_uids(void)
{
	const struct mailbox *m = any_mailbox();
	uint32_t uid = m->uid_next > 1 ? (uint32_t)chance_below(m->uid_next - 1) + 1 : 1;
	struct flags_change change = { .how = chance_below(2) ? FLAGS_ADD : FLAGS_REMOVE,
		.flags = FLAG_DELETED };
	enum flags_outcome outcome;
	size_t count;

	if (chance_below(3) == 0)
		(void)!email_expunge(alice, m->id, &uid, 1, true, &count);
	else
		(void)!email_flags(alice, m->id, &uid, 1, &change, &outcome);
}

static void
touch_mailbox(void)
{
	struct mailbox *m = any_mailbox();
	char name[16];
	struct mailbox_new new = { .parent = chance_below(3) ? m->id : 0 };
	uint32_t id, parent = m->parent;

	snprintf(name, sizeof(name), "%c%zu", 'a' + (int)chance_below(26), chance_below(1000));
	new.name = str_c(name);
	switch (chance_below(6)) {
	case 0:
	case 1:
		if (mailbox_create(alice, &new, &id) != FAIL_NONE || !new.parent)
			break;
		CHECK_NUM(acl_inherit(alice, new.parent, id), FAIL_NONE);
		for (enum kind kind = EMAIL; kind <= THREAD; kind++) /* within a row of answers */
			may_begin_anew[kind] |= strchr(known[kind].state, '-') != NULL;
		break;
	case 2:
		new.parent = chance_below(2) ? any_mailbox()->id : 0;
		if (mailbox_update(alice, m->id, MAILBOX_SET_PARENT, &new) == FAIL_NONE)
			may_begin_anew[MAILBOX] |= m->parent != parent;
		break;
	case 3: (void)!mailbox_update(alice, m->id, MAILBOX_SET_NAME, &new); break;
	default:
		if (m->id > 2)
			(void)!mailbox_delete(alice, m->id, true);
		break;
	}
}

static void
touch_list(void)
{
	static const unsigned rights[] = { 0, 0, LR, LR, LR | ACL_SEEN, ACL_LOOKUP };
	const struct mailbox *m = any_mailbox();
	unsigned to = rights[chance_below(ARRAY_LEN(rights))];

	if (chance_below(3) == 0) {
		CHECK_NUM(acl_set(alice, m->id, STR("eve@example.test"), to), FAIL_NONE);
		return;
	}
	CHECK_NUM(acl_set(alice, m->id, STR("bob@example.test"), to), FAIL_NONE);
	may_begin_anew[EMAIL] = may_begin_anew[THREAD] = true;
}

static void
happen(bool may_touch_lists)
{
	uint64_t id = 1 + chance_below(EMAILS_MAX);

	for (size_t i = chance_below(6); i > 0; i--) {
		switch (chance_below(12)) {
		case 0:
		case 1:
			if (alice->used_messages < EMAILS_MAX)
				add_email();
			break;
		case 2: touch_mailbox(); break;
		case 3:
			if (may_touch_lists)
				touch_list();
			break;
		case 4: (void)!email_destroy(alice, id); break;
		case 5:
		case 6:
		case 7: touch_uids(); break;
		default: update_email(1 + chance_below(2 * EMAILS_MAX)); break;
		}
	}
}

/* Some of the changes, or all of them and a look. */
static void
client(struct fixture *f)
{
	for (enum kind kind = 0; kind < KINDS; kind++) {
		TEST_ROW(names[kind]);
		if (chance_below(3) == 0)
			continue;
		if (chance_below(3) == 0) {
			(void)follow(f, kind);
			continue;
		}
		while (follow(f, kind))
			continue;
		compare(f, kind);
		may_begin_anew[kind] = false;
	}
}

int
main(void)
{
	uint64_t seed = chance_environment("SEED", 9670),
		 steps = chance_environment("STEPS", STEPS);
	struct account *bob;
	struct fixture f;

	chance_seed(seed);
	printf("seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)steps);
	fixture_open(&f);
	alice = f.account;
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	CHECK_NUM(acl_set(alice, 1, STR("anyone"), LR), FAIL_NONE);
	CHECK_NUM(acl_set(alice, 6, bob->name, LR), FAIL_NONE);
	for (size_t i = 0; i < 20; i++)
		add_email();
	f.account = bob;
	for (enum kind kind = 0; kind < KINDS; kind++)
		get_all(&f, &known[kind], kind);
	for (uint64_t step = 0; step < steps; step++) {
		happen(step % 100 >= 50);
		client(&f);
	}
	printf("%u times begun anew\n", anew);
	CHECK(anew > 0);
	f.account = alice;
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
