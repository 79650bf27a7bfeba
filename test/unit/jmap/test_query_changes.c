/*
 * /queryChanges at random: lists that a client keeps by the rules of RFC 8620 5.6 are the same as fresh ones.
 *
 * Some queries are asked, then things happen to the account, then the changes are applied to what was kept: by its
 * owner, and by another user who sees a part of it, and has to ask anew when mailboxes were moved or one was deleted.
 * The order of things is random and seeded; SEED and STEPS may be given by the environment.
 */
#include "fixture.h"

/* system */
#include <stdlib.h>

/* rooms */
#include "lib/chance.h"
#include "mail/acl.h"
#include "mail/keyword.h"

#define STEPS      100 /* about 5 s with sanitizers */
#define LIST_MAX   4000
#define EMAILS_MAX 1000

static const struct {
	const char *method, *arguments;
} queries[] = {
	{ "Email", "" },
	{ "Email", ",'collapseThreads':true" },
	{ "Email", ",'filter':{'inMailbox':'m1'}" },
	{ "Email", ",'filter':{'inMailbox':'m1'},'collapseThreads':true" },
	{ "Email", ",'filter':{'hasKeyword':'$seen'},'sort':[{'property':'subject'}]" },
	{ "Email", ",'filter':{'subject':'three'},'sort':[{'property':'size'}]" },
	{ "Email", ",'filter':{'someInThreadHaveKeyword':'$flagged'}" },
	{ "Email",
	    ",'filter':{'operator':'NOT','conditions':[{'inMailbox':'m2'}]},"
	    "'sort':[{'property':'allInThreadHaveKeyword','keyword':'$seen'}]" },
	{ "Email",
	    ",'sort':[{'property':'hasKeyword','keyword':'$flagged','isAscending':false},"
	    "{'property':'receivedAt'}]" },
	{ "Mailbox", "" },
	{ "Mailbox", ",'sort':[{'property':'name'}]" },
	{ "Mailbox", ",'sort':[{'property':'name','isAscending':false}],'sortAsTree':true" },
	{ "Mailbox",
	    ",'filter':{'hasAnyRole':false},'filterAsTree':true,'sort':[{'property':'sortOrder'}]" },
};
#define QUERIES (sizeof(queries) / sizeof(queries[0]))

struct kept { /* what a client knows of one query */
	char state[32];
	char *ids[LIST_MAX]; /* own */
	size_t count;
};

static struct account *owner;
static unsigned anew; /* lists that the other user asked for anew */

static char *
copy(struct str s)
{
	char *p = mem_new(s.n + 1, 1);

	memcpy(p, s.p, s.n);
	return p;
}

static void
kept_remove(struct kept *k, struct str id)
{
	for (size_t i = 0; i < k->count; i++) {
		if (!str_eq(str_c(k->ids[i]), id))
			continue;
		mem_free(k->ids[i]);
		memmove(&k->ids[i], &k->ids[i + 1], (k->count - i - 1) * sizeof(k->ids[0]));
		k->count--;
		return;
	}
}

static void
kept_insert(struct kept *k, size_t at, struct str id)
{
	if (!CHECK(at <= k->count && k->count < LIST_MAX))
		return;
	memmove(&k->ids[at + 1], &k->ids[at], (k->count - at) * sizeof(k->ids[0]));
	k->ids[at] = copy(id);
	k->count++;
}

static void
kept_clear(struct kept *k)
{
	while (k->count > 0)
		mem_free(k->ids[--k->count]);
}

static const struct json *
ask(struct fixture *f, struct arena *a, size_t which, const char *verb, const char *arguments)
{
	char method[40];

	snprintf(method, sizeof(method), "%s/%s", queries[which].method, verb);
	return fixture_ask(f, a, method, arguments);
}

static void
keep_state(struct kept *k, const struct json *v)
{
	struct str state = { 0 };

	CHECK(json_get_text(v, &state));
	snprintf(k->state, sizeof(k->state), "%.*s", STR_ARG(state));
}

static void
query(struct fixture *f, size_t which, struct kept *out)
{
	struct arena a;
	const struct json *answer, *ids;

	arena_init(&a, 1 << 26);
	answer = ask(f, &a, which, "query", queries[which].arguments);
	kept_clear(out);
	if (CHECK(answer != NULL)) {
		ids = json_find(answer, STR("ids"));
		for (uint32_t i = 0; i < ids->count; i++)
			kept_insert(out, i, ids->items[i].text);
		keep_state(out, json_find(answer, STR("queryState")));
	}
	arena_release(&a);
}

/* As RFC 8620 5.6 tells clients to: take all out, then put in by index, lowest first. */
static void
apply_changes(struct fixture *f, size_t which, struct kept *k)
{
	struct arena a;
	const struct json *answer, *removed, *added;
	char arguments[900];

	snprintf(arguments, sizeof(arguments), "%s,'sinceQueryState':'%s','calculateTotal':true",
	    queries[which].arguments, k->state);
	arena_init(&a, 1 << 26);
	answer = ask(f, &a, which, "queryChanges", arguments);
	if (!answer && f->account != owner) {
		anew++;
		query(f, which, k);
	} else if (CHECK(answer != NULL)) {
		int64_t total = 0;

		removed = json_find(answer, STR("removed"));
		added = json_find(answer, STR("added"));
		for (uint32_t i = 0; i < removed->count; i++)
			kept_remove(k, removed->items[i].text);
		for (uint32_t i = 0; i < added->count; i++) {
			int64_t index = -1;

			CHECK(json_get_int(json_find(&added->items[i], STR("index")), &index));
			kept_insert(k, (size_t)index, json_find(&added->items[i], STR("id"))->text);
		}
		CHECK(json_get_int(json_find(answer, STR("total")), &total));
		CHECK_NUM(total, k->count);
		keep_state(k, json_find(answer, STR("newQueryState")));
	}
	arena_release(&a);
}

static void
compare(const struct kept *got, const struct kept *want)
{
	CHECK_STR(str_c(got->state), str_c(want->state));
	if (!CHECK_NUM(got->count, want->count))
		return;
	for (size_t i = 0; i < got->count; i++)
		if (!CHECK_STR(str_c(got->ids[i]), str_c(want->ids[i])))
			return;
}

/* The first of the list by themselves, which may be found in another way, and how many there are. */
static void
check_first(struct fixture *f, size_t which, const struct kept *want)
{
	struct arena a;
	const struct json *answer, *ids;
	char arguments[900];
	size_t limit = chance_below(8);
	int64_t total = -1;

	snprintf(arguments, sizeof(arguments), "%s,'limit':%zu,'calculateTotal':true",
	    queries[which].arguments, limit);
	arena_init(&a, 1 << 26);
	answer = ask(f, &a, which, "query", arguments);
	if (CHECK(answer != NULL)) {
		ids = json_find(answer, STR("ids"));
		CHECK_NUM(ids->count, limit < want->count ? limit : want->count);
		for (uint32_t i = 0; i < ids->count; i++)
			CHECK_STR(ids->items[i].text, str_c(want->ids[i]));
		CHECK(json_get_int(json_find(answer, STR("total")), &total));
		CHECK_NUM(total, want->count);
	}
	arena_release(&a);
}

/* --- what happens ------------------------------------------------------------------------------- */

static void
add_email(void)
{
	static const char *const subjects[] = { "one", "two", "Re: two", "three", "Fwd: one" };
	static unsigned number;
	uint32_t mailbox = 1 + (uint32_t)chance_below(2);
	struct email_new new = { .mailboxes = &mailbox,
		.mailbox_count = 1,
		.received_s = (int64_t)(1700000000 + chance_below(50)),
		.flags = chance_below(2) ? FLAG_SEEN : 0 };
	struct email_added added;
	char text[600];

	snprintf(text, sizeof(text),
	    "From: a@b\r\nSubject: %s\r\nMessage-ID: <n%u@x>\r\nReferences: <n%zu@x>\r\n\r\n%.*s\r\n",
	    subjects[chance_below(5)], number, chance_below(number + 1), (int)chance_below(200),
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	number++;
	new.bytes = str_c(text);
	CHECK_NUM(email_add_bytes(owner, &new, &added), FAIL_NONE);
}

/* The JMAP ways; `id` may be gone, which is no failure here. */
static void
update_email(uint64_t id)
{
	uint32_t mailbox = owner->mailboxes[chance_below(owner->mailbox_count)]->id;
	struct email_update update = { .keywords_add = chance_below(2) ? FLAG_SEEN : FLAG_FLAGGED };

	switch (chance_below(4)) {
	case 0: break;
	case 1:
		update = (struct email_update){ .keywords_remove = FLAG_SEEN | FLAG_FLAGGED };
		break;
	case 2:
		update =
		    (struct email_update){ .mailboxes_add = &mailbox, .mailboxes_add_count = 1 };
		break;
	default:
		update = (struct email_update){ .replace_mailboxes = true,
			.mailboxes_add = &mailbox,
			.mailboxes_add_count = 1 };
		break;
	}
	(void)!email_update(owner, id, &update);
}

/* The IMAP ways: \Deleted hides, and its removal brings back; COPY; EXPUNGE. */
static void
touch_uids(void)
{
	const struct mailbox *m = owner->mailboxes[chance_below(owner->mailbox_count)];
	uint32_t uid = m->uid_next > 1 ? (uint32_t)chance_below(m->uid_next - 1) + 1 : 1;
	struct flags_change change = { .how = chance_below(2) ? FLAGS_ADD : FLAGS_REMOVE,
		.flags = FLAG_DELETED };
	enum flags_outcome outcome;
	struct email_copied copied;
	size_t count;

	switch (chance_below(4)) {
	case 0: (void)!email_expunge(owner, m->id, &uid, 1, true, &count); break;
	case 1: (void)!email_copy(owner, m->id, &uid, 1, m->id, &copied, &count); break;
	default: (void)!email_flags(owner, m->id, &uid, 1, &change, &outcome); break;
	}
}

static void
touch_mailbox(void)
{
	struct mailbox *m = owner->mailboxes[chance_below(owner->mailbox_count)];
	char name[16];
	struct mailbox_new new = { .parent = chance_below(2) ? m->id : 0,
		.sort_order = (uint32_t)chance_below(3) };
	uint32_t id;

	snprintf(name, sizeof(name), "%c%zu", 'a' + (int)chance_below(26), chance_below(100));
	new.name = str_c(name);
	switch (chance_below(4)) {
	case 0: (void)!mailbox_create(owner, &new, &id); break;
	case 1:
		(void)!mailbox_update(owner, m->id, MAILBOX_SET_PARENT | MAILBOX_SET_SORT_ORDER,
		    &new);
		break;
	case 2: (void)!mailbox_update(owner, m->id, MAILBOX_SET_NAME, &new); break;
	default:
		if (m->id > 2)
			(void)!mailbox_delete(owner, m->id, true);
		break;
	}
}

static void
happen(void)
{
	for (size_t i = chance_below(6); i > 0; i--) {
		switch (chance_below(6)) {
		case 0:
		case 1: add_email(); break;
		case 2: update_email(1 + chance_below(EMAILS_MAX / 4)); break;
		case 3: touch_uids(); break;
		case 4: touch_mailbox(); break;
		default:
			if (chance_below(4) == 0)
				(void)!email_destroy(owner, 1 + chance_below(EMAILS_MAX / 4));
			break;
		}
	}
}

/* All of it as this user; `owner` is whose account it is. */
static void
run(struct fixture *f, struct account *user, unsigned long steps)
{
	struct kept *kept = mem_new(QUERIES, sizeof(*kept)), *fresh = mem_new(1, sizeof(*fresh));

	f->account = user;
	for (size_t i = 0; i < 20; i++)
		add_email();
	for (size_t q = 0; q < QUERIES; q++)
		query(f, q, &kept[q]);
	for (uint64_t step = 0; step < steps; step++) {
		happen();
		for (size_t q = 0; q < QUERIES; q++) {
			TEST_ROW(queries[q].arguments);
			if (chance_below(3) == 0)
				continue; /* some clients ask less often */
			apply_changes(f, q, &kept[q]);
			query(f, q, fresh);
			compare(&kept[q], fresh);
			check_first(f, q, fresh);
		}
	}
	for (size_t q = 0; q < QUERIES; q++)
		kept_clear(&kept[q]);
	kept_clear(fresh);
	mem_free(kept);
	mem_free(fresh);
	f->account = owner;
}

int
main(void)
{
	uint64_t seed = chance_environment("SEED", 8620),
		 steps = chance_environment("STEPS", STEPS);
	struct account *other;
	struct fixture f;

	chance_seed(seed);
	printf("seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)steps);
	fixture_open(&f);
	owner = f.account;
	run(&f, owner, steps);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &other), FAIL_NONE);
	CHECK_NUM(acl_set(owner, 1, STR("anyone"), ACL_LOOKUP | ACL_READ), FAIL_NONE);
	CHECK_NUM(acl_set(owner, owner->mailboxes[owner->mailbox_count - 1]->id, other->name,
		      ACL_LOOKUP | ACL_READ),
	    FAIL_NONE);
	run(&f, other, steps);
	printf("%u times asked anew\n", anew);
	CHECK(anew < steps * QUERIES / 4);
	account_close(&other);
	fixture_close(&f);
	return test_end();
}
