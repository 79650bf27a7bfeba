/* The decoders of the mail room's records and ids: any bytes give a record or a failure. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* base */
#include "base/arena.h"

/* rooms */
#include "mail/identity_record.h"
#include "mail/id.h"
#include "mail/record.h"
#include "mail/submission_record.h"
#include "mail/vacation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read well is written and read again to the same bytes. */
static void
round_trip(struct str value, struct arena *arena)
{
	struct membership room[EMAIL_MEMBERSHIPS_MAX];
	struct email_record email;
	struct thread_record thread;
	struct static_record fixed;
	struct expunged_record gone;
	struct buf out;

	buf_init(&out, STORE_VALUE_MAX * 2);
	if (email_record_read(value, room, EMAIL_MEMBERSHIPS_MAX, &email) == FAIL_NONE) {
		email_record_write(&out, &email);
		if (email_record_read(buf_str(&out), room, EMAIL_MEMBERSHIPS_MAX, &email))
			abort();
	}
	buf_clear(&out);
	if (thread_record_read(value, arena, &thread) == FAIL_NONE) {
		thread_record_write(&out, &thread);
		if (thread_record_read(buf_str(&out), arena, &thread))
			abort();
	}
	buf_clear(&out);
	if (static_record_read(value, &fixed) == FAIL_NONE) {
		static_record_write(&out, &fixed);
		if (static_record_read(buf_str(&out), &fixed))
			abort();
	}
	buf_clear(&out);
	if (expunged_record_read(value, &gone) == FAIL_NONE) {
		expunged_record_write(&out, &gone);
		if (expunged_record_read(buf_str(&out), &gone))
			abort();
	}
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = str_of(data, size), names[KEYWORD_CUSTOM_MAX];
	struct arena arena;
	struct account_counters counters;
	struct mailbox mailbox;
	struct view_entry entry;
	struct hash_record hash;
	struct upload upload;
	enum blob_owner owner;
	struct thing_record thing;
	struct identity identity;
	struct submission submission;
	struct vacation vacation;
	struct str note;
	struct acl_entry entries[ACL_ENTRIES_MAX];
	size_t count;
	uint64_t id;

	arena_init(&arena, 1 << 20);
	round_trip(value, &arena);
	(void)!counters_record_read(value, &counters);
	(void)!mailbox_record_read(value, &mailbox);
	(void)!view_record_read(value, &entry);
	(void)!hash_record_read(value, &hash);
	(void)!upload_record_read(value, &upload);
	(void)!names_record_read(value, names, KEYWORD_CUSTOM_MAX);
	(void)!blob_record_read(value, &owner, &id);
	(void)!number_record_read(value, &id);
	(void)!thing_record_read(value, &thing);
	(void)!identity_record_read(value, &arena, &identity);
	(void)!submission_record_read(value, NULL, &submission);
	(void)!submission_record_read(value, &arena, &submission);
	(void)!vacation_record_read(value, &vacation);
	(void)!annotation_record_read(value, &note);
	if (acl_record_read(value, entries, ACL_ENTRIES_MAX, &count) != FAIL_NONE && count > 0)
		abort();
	if (id_parse(value, ID_EMAIL, &id)) {
		struct id_text text = id_text(ID_EMAIL, id);

		if (!str_eq(id_str(&text), value))
			abort();
	}
	arena_release(&arena);
	return 0;
}
