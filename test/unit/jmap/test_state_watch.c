/*
 * Who is told of changes in which accounts: mailboxes given and taken, hidden ones, groups, slow readers, pieces,
 * clients that come back, a store that fails.
 */
#include "jmap/state_watch.h"

/* system */
#include <stdio.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "codec/json.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "store/store.h"

#define LR     (ACL_LOOKUP | ACL_READ)
#define SHARED "Email+Mailbox+Thread+EmailDelivery"
#define MOVED  "Email+Mailbox+Thread"

static struct loop loop;
static struct store *store;
static struct blob_store *blobs;
static struct mail *mail;
static struct state_house house;
static struct account *alice, *bob, *sales; /* a1, a2, a3 */
static uint32_t seen, hidden;               /* two mailboxes of Alice */

struct ear { /* a client: what it was told is gathered in `heard` as "a1:Email+Mailbox " */
	struct task task;
	struct state_listener listener;
	struct state_debt debt;
	unsigned types;
	unsigned pieces, wakes;
	bool is_deaf; /* a slow reader */
	bool is_full; /* the last piece said that it knows everything */
	struct buf heard;
};

static void
note_piece(struct ear *e, struct str text)
{
	const struct json *piece, *changed;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	if (CHECK_NUM(json_parse(text, &arena, &piece), FAIL_NONE)) {
		changed = json_find(piece, STR("changed"));
		for (uint32_t i = 0; i < changed->count; i++) {
			const struct json_member *m = &changed->members[i];

			buf_add(&e->heard, m->name);
			for (uint32_t k = 0; k < m->value.count; k++) {
				buf_add_char(&e->heard, k ? '+' : ':');
				buf_add(&e->heard, m->value.members[k].name);
			}
			buf_add_char(&e->heard, ' ');
		}
	}
	arena_release(&arena);
}

static void
hear(struct ear *e)
{
	struct state_user *u = e->listener.user;

	while (!e->is_deaf && state_debt_types(&e->debt, u, e->types)) {
		struct buf piece;
		struct json_writer w = { .out = &piece };

		buf_init(&piece, STATE_CHANGE_MAX);
		e->is_full = state_change_write(&w, u, &e->debt, e->types, true);
		CHECK(buf_ok(&piece));
		CHECK((str_find(buf_str(&piece), STR("\"pushState\":\"s")) != STR_NONE) ==
		    e->is_full);
		note_piece(e, buf_str(&piece));
		buf_release(&piece);
		e->pieces++;
	}
}

static enum step
ear_step(struct task *t)
{
	struct ear *e = container_of(t, struct ear, task);

	e->wakes++;
	if (e->listener.user && !e->listener.is_lost)
		hear(e);
	return STEP_WAIT;
}

static void
ear_open(struct ear *e, struct account *account, const char *groups, const char *since)
{
	*e = (struct ear){ .types = STATE_TYPES_ALL };
	loop_task(&loop, &e->task, ear_step, NULL);
	buf_init(&e->heard, 1 << 20);
	state_listen(&e->listener, &house, &loop, account, str_c(groups), &e->task);
	state_debt_since(&e->debt, e->listener.user, since ? str_c(since) : (struct str){ 0 });
	task_wake(&e->task);
}

static void
ear_close(struct ear *e)
{
	state_listen_stop(&e->listener);
	task_cancel(&e->task);
	buf_release(&e->heard);
}

static void
turns(void)
{
	for (unsigned i = 0; i < 10; i++)
		loop_turn(&loop, 0);
}

/* Since the last time. */
static void
heard(struct ear *e, const char *want)
{
	turns();
	CHECK_STR(buf_str(&e->heard), str_c(want));
	buf_clear(&e->heard);
}

static void
add(struct account *a, uint32_t mailbox)
{
	struct email_new new = { .bytes = STR("Subject: x\r\n\r\n"),
		.mailboxes = &mailbox,
		.mailbox_count = 1 };
	struct email_added added;

	CHECK_NUM(email_add_bytes(a, &new, &added), FAIL_NONE);
}

static void
give(struct account *a, uint32_t mailbox, const char *who, unsigned rights)
{
	CHECK_NUM(acl_set(a, mailbox, str_c(who), rights), FAIL_NONE);
}

static void
test_given_and_taken(void)
{
	struct ear b, a;

	ear_open(&b, bob, "", NULL);
	ear_open(&a, alice, "", NULL);
	TEST_ROW("nothing yet");
	heard(&b, "");
	TEST_ROW("not what one does not see");
	add(alice, seen);
	heard(&b, "");
	heard(&a, "a1:" SHARED " ");
	TEST_ROW("one's own");
	add(bob, 1);
	heard(&b, "a2:" SHARED " ");
	TEST_ROW("given");
	give(alice, seen, "bob@example.test", LR);
	heard(&b, "a1:" MOVED " ");
	heard(&a, "a1:" MOVED " ");
	TEST_ROW("what one sees");
	add(alice, seen);
	heard(&b, "a1:" SHARED " ");
	TEST_ROW("what one does not see beside it");
	buf_clear(&a.heard);
	add(alice, hidden);
	heard(&b, "");
	heard(&a, "a1:" SHARED " ");
	TEST_ROW("a mailbox that is listed only: no messages, but its name");
	give(alice, hidden, "bob@example.test", ACL_LOOKUP);
	heard(&b, "a1:Mailbox ");
	add(alice, hidden);
	heard(&b, "");
	CHECK_NUM(mailbox_update(alice, hidden, MAILBOX_SET_NAME,
		      &(struct mailbox_new){ .name = STR("Other") }),
	    FAIL_NONE);
	heard(&b, "a1:Mailbox ");
	TEST_ROW("rights of others are not one's own");
	give(alice, seen, "eve@example.test", LR);
	heard(&b, "a1:Mailbox ");
	give(alice, 3, "eve@example.test", LR);
	heard(&b, "");
	TEST_ROW("taken: cut off at once, what happens in the same turn is not told");
	give(alice, hidden, "bob@example.test", 0);
	give(alice, seen, "bob@example.test", 0);
	add(alice, seen);
	heard(&b, "a1:" MOVED " ");
	add(alice, seen);
	heard(&b, "");
	CHECK_NUM(b.listener.user->account_count, 2);
	give(alice, 3, "eve@example.test", 0);
	heard(&b, "");
	TEST_ROW("and forgotten");
	CHECK_NUM(b.listener.user->account_count, 1);
	give(alice, seen, "eve@example.test", 0);
	TEST_ROW("given and taken before anybody looks");
	give(alice, seen, "bob@example.test", LR);
	give(alice, seen, "bob@example.test", 0);
	heard(&b, "");
	ear_close(&a);
	ear_close(&b);
	CHECK_NUM(house.users.count, 0);
}

static void
test_groups(void)
{
	struct ear member, other;

	ear_open(&member, bob, "sales@example.test ", NULL);
	ear_open(&other, bob, "", NULL);
	CHECK_NUM(house.users.count, 2);
	TEST_ROW("a group's account is its members'");
	add(sales, 4);
	heard(&member, "a3:" SHARED " ");
	heard(&other, "");
	TEST_ROW("rights of a group");
	give(alice, seen, "$sales@example.test", LR);
	heard(&member, "a1:" MOVED " ");
	heard(&other, "");
	give(alice, seen, "$sales@example.test", 0);
	heard(&member, "a1:" MOVED " ");
	ear_close(&member);
	ear_close(&other);
}

static void
test_types(void)
{
	struct ear e;

	ear_open(&e, alice, "", NULL);
	e.types = state_type(STR("Mailbox")) | state_type(STR("Nothing"));
	TEST_ROW("only the types asked for");
	add(alice, seen);
	heard(&e, "a1:Mailbox ");
	e.types = 0;
	add(alice, seen);
	heard(&e, "");
	ear_close(&e);
}

/* Rows: what happened while it was away, and what it is told when it comes back. */
static void
test_coming_back(void)
{
	char token[STATE_TOKEN_MAX + 1], own[STATE_TOKEN_MAX + 1];
	struct buf text;
	struct ear e;

	buf_init(&text, STATE_TOKEN_MAX);
	ear_open(&e, bob, "", NULL);
	state_token_write(&text, e.listener.user);
	snprintf(own, sizeof(own), "%.*s", STR_ARG(buf_str(&text)));
	CHECK(str_find_char(buf_str(&text), '-') == STR_NONE);
	ear_close(&e);
	give(alice, seen, "bob@example.test", LR);
	turns();
	TEST_ROW("others came");
	ear_open(&e, bob, "", own);
	heard(&e, "a1:" SHARED " ");
	buf_clear(&text);
	state_token_write(&text, e.listener.user);
	snprintf(token, sizeof(token), "%.*s", STR_ARG(buf_str(&text)));
	ear_close(&e);
	TEST_ROW("nothing happened");
	ear_open(&e, bob, "", token);
	heard(&e, "");
	ear_close(&e);
	TEST_ROW("nothing that one sees");
	add(alice, hidden);
	turns();
	ear_open(&e, bob, "", token);
	heard(&e, "");
	ear_close(&e);
	TEST_ROW("something");
	add(alice, seen);
	turns();
	ear_open(&e, bob, "", token);
	heard(&e, "a1:" SHARED " ");
	ear_close(&e);
	TEST_ROW("no state of ours");
	ear_open(&e, bob, "", "x-y");
	heard(&e, "a2:" SHARED " a1:" SHARED " ");
	ear_close(&e);
	TEST_ROW("one's own only");
	add(bob, 1);
	add(alice, seen);
	turns();
	ear_open(&e, bob, "", token);
	heard(&e, "a2:" SHARED " a1:" SHARED " ");
	ear_close(&e);
	give(alice, seen, "bob@example.test", 0);
	buf_release(&text);
}

static void
test_slow_reader(void)
{
	struct ear slow, quick;

	give(alice, seen, "bob@example.test", LR);
	turns();
	ear_open(&slow, bob, "", NULL);
	ear_open(&quick, bob, "", NULL);
	CHECK_NUM(house.users.count, 1);
	slow.is_deaf = true;
	TEST_ROW("fewer pieces, with all of it");
	add(alice, seen);
	heard(&quick, "a1:" SHARED " ");
	add(bob, 1);
	heard(&quick, "a2:" SHARED " ");
	heard(&slow, "");
	slow.is_deaf = false;
	task_wake(&slow.task);
	heard(&slow, "a2:" SHARED " a1:" SHARED " ");
	CHECK_NUM(slow.pieces, 1);
	TEST_ROW("what was withdrawn meanwhile is not told as it is");
	slow.is_deaf = true;
	add(alice, seen);
	turns();
	give(alice, seen, "bob@example.test", 0);
	turns();
	give(alice, hidden, "eve@example.test", LR); /* sharing is asked again */
	turns();
	slow.is_deaf = false;
	task_wake(&slow.task);
	heard(&slow, "");
	give(alice, hidden, "eve@example.test", 0);
	ear_close(&slow);
	ear_close(&quick);
}

/* Many accounts: pieces that each fit into a push message, and every account in one of them. */
static void
test_pieces(void)
{
	enum { MANY = 120 };
	struct ear e;
	struct account *a;
	char name[40];
	size_t count = 0;

	TEST_ROW("pieces");
	ear_open(&e, bob, "", NULL);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "u%u@example.test", i);
		CHECK_NUM(account_open(mail, str_c(name), NULL, &a), FAIL_NONE);
		give(a, 1, "bob@example.test", LR);
		account_close(&a);
	}
	turns();
	for (struct str rest = buf_str(&e.heard), one; str_next_part(&rest, ' ', &one);)
		count += one.n > 0;
	CHECK_NUM(count, MANY);
	CHECK(e.pieces > 1);
	CHECK(e.is_full);
	TEST_ROW("one wake for all of them");
	CHECK_NUM(e.wakes, 2);
	ear_close(&e);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "u%u@example.test", i);
		CHECK_NUM(account_open(mail, str_c(name), NULL, &a), FAIL_NONE);
		give(a, 1, "bob@example.test", 0);
		account_close(&a);
	}
	turns();
}

/* Thousands who see one account: one change costs one turn, a change of rights no long one. */
static void
test_many_users(void)
{
	enum { MANY = 300 };
	struct ear *ears = mem_new(MANY, sizeof(*ears));
	struct account *a;
	char name[40];
	unsigned later = 0;

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "w%u@example.test", i);
		CHECK_NUM(account_open(mail, str_c(name), NULL, &a), FAIL_NONE);
		ear_open(&ears[i], a, "", NULL);
		account_close(&a);
	}
	for (unsigned i = 0; i < MANY; i++)
		turns();
	TEST_ROW("given to all");
	give(alice, seen, "anyone", LR);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	for (unsigned i = 0; i < MANY; i++)
		later += ears[i].pieces == 0;
	CHECK_NUM(later, MANY - STATE_LOOKS);
	for (unsigned i = 0; i < MANY / STATE_LOOKS; i++)
		turns();
	for (unsigned i = 0; i < MANY; i++)
		heard(&ears[i], "a1:" MOVED " ");
	TEST_ROW("one turn");
	add(alice, seen);
	loop_turn(&loop, 0); /* the commit */
	loop_turn(&loop, 0);
	for (unsigned i = 0; i < MANY; i++) {
		CHECK_STR(buf_str(&ears[i].heard), STR("a1:" SHARED " "));
		ear_close(&ears[i]);
	}
	give(alice, seen, "anyone", 0);
	turns();
	mem_free(ears);
}

static void
test_lost(void)
{
	struct account *again;
	struct ear a, b;

	give(alice, seen, "bob@example.test", LR);
	turns();
	ear_open(&a, alice, "", NULL);
	ear_open(&b, bob, "", NULL);
	turns();
	TEST_ROW("another's account is opened again and told anew");
	add(alice, seen);
	mail_committed(mail, FAIL_TEMP);
	CHECK(blob_commit(blobs) == FAIL_NONE);
	turns();
	CHECK(a.listener.is_lost);
	CHECK(!b.listener.is_lost);
	heard(&b, "a1:" MOVED " ");
	ear_close(&a);
	account_close(&alice);
	CHECK_NUM(account_open(mail, STR("alice@example.test"), NULL, &again), FAIL_NONE);
	alice = again;
	add(alice, seen);
	heard(&b, "a1:" SHARED " ");
	ear_close(&b);
}

static void
start(void)
{
	char store_path[300], blob_path[300];

	snprintf(store_path, sizeof(store_path), "%s/store.db", test_folder());
	snprintf(blob_path, sizeof(blob_path), "%s/mail", test_folder());
	invariant(loop_init(&loop) == FAIL_NONE);
	invariant(store_open(&store, &loop, str_c(store_path), NULL) == FAIL_NONE);
	invariant(blob_open(&blobs, &loop, store, str_c(blob_path)) == FAIL_NONE);
	invariant(mail_open(&mail, &loop, store, blobs) == FAIL_NONE);
	invariant(account_open(mail, STR("alice@example.test"), NULL, &alice) == FAIL_NONE);
	invariant(account_open(mail, STR("bob@example.test"), NULL, &bob) == FAIL_NONE);
	invariant(account_open(mail, STR("sales@example.test"), NULL, &sales) == FAIL_NONE);
	CHECK_NUM(mailbox_create_path(alice, STR("Team"), MAILBOX_ROLE_NONE, true, &seen),
	    FAIL_NONE);
	CHECK_NUM(mailbox_create_path(alice, STR("Hers"), MAILBOX_ROLE_NONE, true, &hidden),
	    FAIL_NONE);
	turns();
}

static void
stop(void)
{
	account_close(&alice);
	account_close(&bob);
	account_close(&sales);
	turns();
	mail_close(&mail);
	blob_close(&blobs);
	store_close(&store);
	loop_release(&loop);
}

int
main(void)
{
	start();
	test_given_and_taken();
	test_groups();
	test_types();
	test_coming_back();
	test_slow_reader();
	test_pieces();
	test_many_users();
	test_lost();
	stop();
	return test_end();
}
