/* Tickets: good once, for a minute, for whom they were made; as many as there may be. */
#include "jmap/ticket.h"

/* base */
#include "base/buf.h"
#include "base/num.h"
#include "base/test.h"

#define ALICE STR("alice@example.test")
#define BOB   STR("bob@example.test")
#define PHONE STR("phone")

/* Whose it is, or "-". */
static struct str
take(struct jmap_tickets *t, int64_t now_ms, struct str value, struct arena *a)
{
	struct str name, credential;

	if (!jmap_ticket_take(t, now_ms, value, a, &name, &credential))
		return STR("-");
	CHECK_STR(credential, PHONE);
	return name;
}

static void
test_once(void)
{
	struct jmap_tickets t = { 0 };
	struct str value, copy;
	struct arena a, tiny;

	arena_init(&a, 4096);
	arena_init(&tiny, 0);
	TEST_ROW("good once");
	value = jmap_ticket_make(&t, 1000, ALICE, PHONE);
	CHECK_NUM(value.n, TICKET_CHARS);
	copy = arena_str(&a, value);
	CHECK_STR(take(&t, 1000, copy, &a), ALICE);
	CHECK_STR(take(&t, 1000, copy, &a), STR("-"));
	CHECK_STR(take(&t, 1000, STR(""), &a), STR("-"));

	TEST_ROW("used up although there is no room for its name");
	copy = arena_str(&a, jmap_ticket_make(&t, 1000, ALICE, PHONE));
	CHECK_STR(take(&t, 1000, copy, &tiny), STR("-"));
	CHECK_STR(take(&t, 1000, copy, &a), STR("-"));

	TEST_ROW("for a minute");
	copy = arena_str(&a, jmap_ticket_make(&t, 1000, ALICE, PHONE));
	CHECK_STR(take(&t, 1000 + TICKET_MS - 1, copy, &a), ALICE);
	copy = arena_str(&a, jmap_ticket_make(&t, 1000, ALICE, PHONE));
	CHECK_STR(take(&t, 1000 + TICKET_MS, copy, &a), STR("-"));
	CHECK_NUM(t.by_value.count, 0);

	TEST_ROW("taken back by whose it is");
	copy = arena_str(&a, jmap_ticket_make(&t, 1000, ALICE, PHONE));
	jmap_ticket_revoke(&t, copy, BOB);
	CHECK_NUM(t.by_value.count, 1);
	jmap_ticket_revoke(&t, copy, ALICE);
	CHECK_STR(take(&t, 1000, copy, &a), STR("-"));
	jmap_ticket_revoke(&t, copy, ALICE);
	jmap_tickets_release(&t);
	arena_release(&a);
	arena_release(&tiny);
}

static void
test_many(void)
{
	struct jmap_tickets t = { 0 };
	struct str first, other, value;
	char room[16];
	struct arena a;

	arena_init(&a, 1 << 20);
	TEST_ROW("one user's oldest makes room, and no other's does");
	other = arena_str(&a, jmap_ticket_make(&t, 1, BOB, PHONE));
	first = arena_str(&a, jmap_ticket_make(&t, 2, ALICE, PHONE));
	for (int i = 0; i < TICKETS_OF_ONE_MAX; i++)
		CHECK(jmap_ticket_make(&t, 3, ALICE, PHONE).p != NULL);
	CHECK_NUM(t.by_value.count, TICKETS_OF_ONE_MAX + 1);
	CHECK_STR(take(&t, 3, first, &a), STR("-"));
	CHECK_STR(take(&t, 3, other, &a), BOB);

	TEST_ROW("no more than there may be, until the old ones go");
	for (unsigned i = 0; t.by_value.count < TICKETS_MAX; i++) {
		room[0] = (char)('a' + i % 26);
		room[1] = (char)('a' + i / 26 % 26);
		room[2] = (char)('a' + i / 676);
		CHECK(jmap_ticket_make(&t, 4, str_of(room, 3), PHONE).p != NULL);
	}
	CHECK(jmap_ticket_make(&t, 4, BOB, PHONE).p == NULL);
	value = jmap_ticket_make(&t, 4, ALICE, PHONE); /* in the place of one of hers */
	CHECK(value.p != NULL);
	CHECK(jmap_ticket_make(&t, 4 + TICKET_MS, BOB, PHONE).p != NULL);
	CHECK_NUM(t.by_value.count, 1);
	jmap_tickets_release(&t);
	arena_release(&a);
}

int
main(void)
{
	test_once();
	test_many();
	return test_end();
}
