/* Ids by rows; records there and back, also when they are cut or longer. */
#include "mail/id.h"
#include "mail/record.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *in;
	enum id_kind kind;
	bool ok;
	uint64_t want;
} id_rows[] = {
	{ "e1", ID_EMAIL, true, 1 },
	{ "e18446744073709551615", ID_EMAIL, true, UINT64_MAX },
	{ "e18446744073709551616", ID_EMAIL, false, 0 },
	{ "e0", ID_EMAIL, false, 0 },
	{ "s0", ID_STATE, true, 0 },
	{ "e01", ID_EMAIL, false, 0 },
	{ "t1", ID_EMAIL, false, 0 },
	{ "E1", ID_EMAIL, false, 0 },
	{ "e", ID_EMAIL, false, 0 },
	{ "", ID_EMAIL, false, 0 },
	{ "e1 ", ID_EMAIL, false, 0 },
	{ "e-1", ID_EMAIL, false, 0 },
};

static void
test_ids(void)
{
	for (size_t i = 0; i < ARRAY_LEN(id_rows); i++) {
		struct id_text text;
		uint64_t id = 0;

		TEST_ROW(id_rows[i].in);
		CHECK(id_parse(str_c(id_rows[i].in), id_rows[i].kind, &id) == id_rows[i].ok);
		CHECK(id == id_rows[i].want);
		text = id_text(id_rows[i].kind, id);
		if (id_rows[i].ok)
			CHECK_STR(id_str(&text), str_c(id_rows[i].in));
	}
}

/* Every cut of a record is a failure, never a crash; a longer one is read as it is. */
static void
test_email_record(void)
{
	struct membership members[2] = { { 1, 2, true, 3, -4, 5 }, { 5, 6, false, 7, 8, 6 } };
	struct email_record in = { .thread_id = 9,
		.size = UINT32_MAX,
		.received_s = -1,
		.keywords = UINT64_MAX,
		.modseq = 10,
		.created_modseq = 11,
		.members = members,
		.member_count = 2 };
	struct membership room[2];
	struct email_record out;
	struct buf value;

	TEST_ROW("email record");
	buf_init(&value, 1000);
	email_record_write(&value, &in);
	CHECK_NUM(email_record_read(buf_str(&value), room, 2, &out), FAIL_NONE);
	CHECK(out.keywords == UINT64_MAX && out.received_s == -1 && out.size == UINT32_MAX);
	CHECK(room[0].is_deleted && room[0].saved_s == -4 && room[1].uid == 6);
	CHECK(room[0].seen_modseq == 5 && room[1].seen_modseq == 6);
	CHECK_NUM(email_record_read(buf_str(&value), room, 1, &out), FAIL_PERM);
	for (size_t n = 0; n < value.n; n++)
		CHECK_NUM(email_record_read(str_head(buf_str(&value), n), room, 2, &out),
		    n == value.n - 2 ? FAIL_NONE : FAIL_PERM);
	TEST_ROW("email record of before: since when it is seen is not known");
	CHECK_NUM(email_record_read(str_head(buf_str(&value), value.n - 2), room, 2, &out),
	    FAIL_NONE);
	CHECK(room[0].seen_modseq == 0 && room[1].seen_modseq == 0 && room[1].saved_s == 8);
	buf_add_c(&value, "later fields");
	CHECK_NUM(email_record_read(buf_str(&value), room, 2, &out), FAIL_NONE);
	buf_release(&value);
}

static void
test_mailbox_record(void)
{
	struct mailbox in = { .name = STR("Sent"), .role = MAILBOX_ROLE_SENT }, out;
	struct buf value;

	TEST_ROW("mailbox record");
	in.uid_next = 77;
	in.properties_modseq = 99;
	buf_init(&value, 1000);
	mailbox_record_write(&value, &in);
	CHECK_NUM(mailbox_record_read(buf_str(&value), &out), FAIL_NONE);
	CHECK_STR(out.name, in.name);
	CHECK_NUM(out.uid_next, 77);
	CHECK_NUM(out.properties_modseq, 99);
	buf_clear(&value);
	in.role = MAILBOX_ROLE_COUNT;
	mailbox_record_write(&value, &in);
	CHECK_NUM(mailbox_record_read(buf_str(&value), &out), FAIL_PERM);
	buf_release(&value);
}

/* Keys order as what they mean. */
static void
test_keys(void)
{
	struct key early = key_received(1, -5, 9), late = key_received(1, 7, 1);
	struct key box = key_view(1, 2, 0xffffffff), next = key_view(1, 3, 0);
	struct key end = key_after(key_account(SPACE_VIEW, 1));

	TEST_ROW("keys");
	CHECK(str_cmp(key_str(&early), key_str(&late)) < 0);
	CHECK(str_cmp(key_str(&box), key_str(&next)) < 0);
	CHECK(str_cmp(key_str(&next), key_str(&end)) < 0);
}

int
main(void)
{
	test_ids();
	test_email_record();
	test_mailbox_record();
	test_keys();
	return test_end();
}
