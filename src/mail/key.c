/* Where everything of an account stands in the store: the keys of its records. */
#include "mail/record.h"

/* A key is large; each function returns, and so copies, its own only. */
static void
begin(struct key *k, char space, uint64_t account)
{
	key_init(k, space);
	key_u64(k, account);
}

struct key
key_account(char space, uint64_t account)
{
	struct key k;

	begin(&k, space, account);
	return k;
}

struct key
key_id(char space, uint64_t account, uint64_t id)
{
	struct key k;

	begin(&k, space, account);
	key_u64(&k, id);
	return k;
}

struct key
key_mailbox(uint64_t account, uint32_t mailbox)
{
	struct key k;

	begin(&k, SPACE_MAILBOX, account);
	key_u32(&k, mailbox);
	return k;
}

struct key
key_view(uint64_t account, uint32_t mailbox, uint32_t uid)
{
	struct key k;

	begin(&k, SPACE_VIEW, account);
	key_u32(&k, mailbox);
	key_u32(&k, uid);
	return k;
}

struct key
key_expunged(uint64_t account, uint32_t mailbox, uint64_t modseq, uint32_t uid)
{
	struct key k;

	begin(&k, SPACE_EXPUNGED, account);
	key_u32(&k, mailbox);
	key_u64(&k, modseq);
	key_u32(&k, uid);
	return k;
}

struct key
key_change(char space, uint64_t account, enum change_type type, uint64_t modseq, uint64_t id)
{
	struct key k;

	begin(&k, space, account);
	key_char(&k, (char)type);
	key_u64(&k, modseq);
	key_u64(&k, id);
	return k;
}

struct key
key_received(uint64_t account, int64_t received_s, uint64_t email)
{
	struct key k;

	begin(&k, SPACE_RECEIVED, account);
	key_i64(&k, received_s);
	key_u64(&k, email);
	return k;
}

struct key
key_part(uint64_t account, uint64_t thread, int64_t received_s, uint64_t email)
{
	struct key k;

	begin(&k, SPACE_PART, account);
	key_u64(&k, thread);
	key_i64(&k, received_s);
	key_u64(&k, email);
	return k;
}

struct key
key_hash(uint64_t account, uint64_t hash, uint64_t email)
{
	struct key k;

	begin(&k, SPACE_HASH, account);
	key_u64(&k, hash);
	key_u64(&k, email);
	return k;
}

struct key
key_thing(uint64_t account, enum change_type type, uint64_t id)
{
	struct key k;

	begin(&k, SPACE_THING, account);
	key_char(&k, (char)type);
	key_u64(&k, id);
	return k;
}

struct key
key_blob(uint64_t account, struct str blob)
{
	struct key k;

	begin(&k, SPACE_BLOB, account);
	key_rest(&k, blob);
	return k;
}

struct key
key_name(struct str name)
{
	struct key k;

	key_init(&k, SPACE_NAME);
	key_rest(&k, name);
	return k;
}

struct key
key_after(struct key k)
{
	key_end(&k);
	return k;
}
