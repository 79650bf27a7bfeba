/* What a group or everybody is given: each whom it means is told behind the change, nobody else is. */
/* rooms */
#include "lib/fake_directory.h"
#include "loop/loop.h"
#include "mail/share_tell.h"
#include "unit/mail/fixture.h"

#define LR     (ACL_LOOKUP | ACL_READ)
#define SALES  "$sales@example.test"
#define TURNS  20 /* enough for all accounts of one change */
#define OTHERS 4  /* eve is in no directory */

static const char *const names[OTHERS] = { "bob@example.test", "carol@example.test",
	"dave@example.test", "eve@example.test" };

/* Bob is in the group. A notice about a mailbox replaces the one before it. */
static const struct {
	const char *name;
	uint32_t mailbox;
	const char *identifier;
	unsigned rights;
	const char *by;
	const char *want[OTHERS]; /* "mailbox was>now" of all that each has then */
} rows[] = {
	{ "a group", 3, SALES, LR, "alice@example.test", { "3 0>3 ", "", "", "" } },
	{ "the same again", 3, SALES, LR, "alice@example.test", { "3 0>3 ", "", "", "" } },
	{ "everybody: who had it has nothing new", 3, "anyone", LR, "alice@example.test",
	    { "3 0>3 ", "3 0>3 ", "3 0>3 ", "" } },
	{ "the group loses what everybody has", 3, SALES, 0, "alice@example.test",
	    { "3 0>3 ", "3 0>3 ", "3 0>3 ", "" } },
	{ "taken from the group", 3, "-" SALES, ACL_READ, "alice@example.test",
	    { "3 0>1 ", "3 0>3 ", "3 0>3 ", "" } },
	{ "everybody loses it: all is as it was", 3, "anyone", 0, "alice@example.test",
	    { "", "", "", "" } },
	{ "by one of them", 4, "ANYONE", LR, "carol@example.test", { "4 0>3 ", "", "4 0>3 ", "" } },
	{ "another group", 5, "$sale@example.test", LR, "alice@example.test",
	    { "4 0>3 ", "", "4 0>3 ", "" } },
};

static void
turns(struct loop *l)
{
	for (unsigned i = 0; i < TURNS; i++)
		loop_turn(l, 0);
}

static void
write_all(struct mail *m, const char *name, struct buf *out)
{
	struct share_notice *list;
	struct account *a;
	struct arena arena;
	size_t count;

	buf_clear(out);
	arena_init(&arena, 1 << 20);
	CHECK_NUM(account_open(m, str_c(name), NULL, &a), FAIL_NONE);
	CHECK_NUM(share_notices(a, &arena, &list, &count), FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		buf_add_u64(out, list[i].mailbox);
		buf_add_char(out, ' ');
		buf_add_u64(out, list[i].was);
		buf_add_char(out, '>');
		buf_add_u64(out, list[i].now);
		buf_add_char(out, ' ');
		CHECK_NUM(list[i].account, 1);
		CHECK(list[i].by.n > 0 && list[i].name.n > 0);
	}
	account_close(&a);
	arena_release(&arena);
}

static void
check_all(struct mail *m, const char *const want[OTHERS])
{
	struct buf got;

	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < OTHERS; i++) {
		write_all(m, names[i], &got);
		CHECK_STR(buf_str(&got), str_c(want[i]));
	}
	buf_release(&got);
}

static void
test_rows(struct fixture *f, struct loop *l)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(acl_set_by(f->account, rows[i].mailbox, str_c(rows[i].identifier),
			      rows[i].rights, str_c(rows[i].by)),
		    FAIL_NONE);
		turns(l);
		check_all(f->mail, rows[i].want);
	}
	CHECK(!store_is_dirty(f->store));
}

/* While the directory does not answer, changes wait, and what is too much is dropped. */
static void
test_waiting(struct fixture *f, struct loop *l)
{
	static const char *const before[OTHERS] = { "4 0>3 ", "", "4 0>3 ", "" };
	static const char *const after[OTHERS] = { "4 0>3 5 3>0 ", "5 3>0 ", "4 0>3 5 3>0 ", "" };

	TEST_ROW("waiting");
	fake_directory_hold(true);
	for (unsigned i = 0; i < SHARE_TELLS_MAX + 4; i++) {
		CHECK_NUM(
		    acl_set_by(f->account, 5, STR("anyone"), i % 2 ? 0 : LR, f->account->name),
		    FAIL_NONE);
		loop_turn(l, 0);
	}
	CHECK_NUM(acl_set_by(f->account, 5, STR("anyone"), LR, f->account->name), FAIL_NONE);
	turns(l);
	check_all(f->mail, before);
	fake_directory_hold(false);
	for (unsigned i = 0; i < SHARE_TELLS_MAX; i++) {
		fake_directory_release();
		turns(l);
	}
	check_all(f->mail, before); /* given and taken fifty times; the last one was dropped */
	CHECK_NUM(acl_set_by(f->account, 5, STR("anyone"), 0, f->account->name), FAIL_NONE);
	turns(l);
	check_all(f->mail, after);
}

int
main(void)
{
	struct account *other;
	struct fixture f;
	struct loop l;

	fixture_init(&f, "share_tell");
	CHECK_NUM(loop_init(&l), FAIL_NONE);
	f.loop = &l;
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	for (size_t i = 0; i < OTHERS; i++) {
		CHECK_NUM(account_open(f.mail, str_c(names[i]), NULL, &other), FAIL_NONE);
		account_close(&other);
	}
	share_tell_start(f.mail, NULL);
	test_rows(&f, &l);
	test_waiting(&f, &l);
	TEST_ROW("stopped in between");
	fake_directory_hold(true);
	CHECK_NUM(acl_set_by(f.account, 5, STR(SALES), ACL_ALL, f.account->name), FAIL_NONE);
	CHECK_NUM(acl_set_by(f.account, 4, STR(SALES), ACL_ALL, f.account->name), FAIL_NONE);
	turns(&l);
	share_tell_stop(f.mail);
	CHECK_NUM(acl_set_by(f.account, 3, STR(SALES), ACL_ALL, f.account->name), FAIL_NONE);
	turns(&l);
	fixture_close(&f, false);
	loop_release(&l);
	return test_end();
}
