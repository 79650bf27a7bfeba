/* Reading, making and removing the records of a whole account. */
#include "mail/mail.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"

static const struct {
	const char *name;
	enum mailbox_role role;
} first_mailboxes[] = {
	/* what a new account has */
	{ "Inbox", MAILBOX_ROLE_INBOX },
	{ "Drafts", MAILBOX_ROLE_DRAFTS },
	{ "Sent", MAILBOX_ROLE_SENT },
	{ "Junk", MAILBOX_ROLE_JUNK },
	{ "Trash", MAILBOX_ROLE_TRASH },
	{ "Archive", MAILBOX_ROLE_ARCHIVE },
};

/* Spaces whose keys begin with the account. */
static const char account_spaces[] = { SPACE_VIEW, SPACE_EXPUNGED, SPACE_RECEIVED, SPACE_PART,
	SPACE_THREAD, SPACE_HASH, SPACE_LOG, SPACE_TOMB, SPACE_STATIC, SPACE_EMAIL, SPACE_UPLOAD,
	SPACE_BLOB, SPACE_MAILBOX, SPACE_KEYWORD, SPACE_ANNOTATION, SPACE_SUBSCRIPTION, SPACE_THING,
	SPACE_ACL, SPACE_ACL_LOG, SPACE_PUSH, SPACE_ANSWERED };

/* --- reading ------------------------------------------------------------------------------------- */

static struct str
str_heap(struct str s)
{
	char *copy = mem_new(s.n ? s.n : 1, 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	return str_of(copy, s.n);
}

static void
mailbox_remember(struct account_private *p, const struct mailbox *read)
{
	struct mailbox *m = mem_new(1, sizeof(*m));
	struct mailbox ***list = read->is_dead ? &p->dead : &p->account.mailboxes;
	size_t *count = read->is_dead ? &p->dead_count : &p->account.mailbox_count;

	*m = *read;
	m->account = &p->account;
	m->name = str_heap(read->name);
	*list = mem_resize(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = m;
}

static enum fail
mailboxes_load(struct txn *t, struct account_private *p)
{
	struct key from = key_account(SPACE_MAILBOX, p->account.id);
	struct key to = key_after(from);
	struct mailbox m;
	struct key_reader r;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_NONE, end;

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		fail = mailbox_record_read(value, &m);
		key_read(&r, str_from(key, from.n));
		m.id = key_read_u32(&r);
		if (fail == FAIL_NONE)
			mailbox_remember(p, &m);
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

static enum fail
keywords_load(struct txn *t, struct account_private *p)
{
	struct key k = key_account(SPACE_KEYWORD, p->account.id);
	struct str names[KEYWORD_CUSTOM_MAX], value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_MISSING)
		return FAIL_NONE;
	if (fail == FAIL_NONE)
		fail = names_record_read(value, names, KEYWORD_CUSTOM_MAX);
	for (size_t i = 0; fail == FAIL_NONE && i < KEYWORD_CUSTOM_MAX; i++)
		if (names[i].n)
			p->keywords[i] = str_heap(names[i]);
	return fail;
}

static enum fail
account_load_read(struct txn *t, void *arg)
{
	struct account_private *p = arg;
	struct key k = key_account(SPACE_ACCOUNT, p->account.id);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = counters_record_read(value, &p->counters);
	p->counters.name = p->account.name;
	if (fail == FAIL_NONE)
		fail = mailboxes_load(t, p);
	return fail ? fail : keywords_load(t, p);
}

enum fail
account_load(struct account_private *p)
{
	struct account *a = &p->account;
	enum fail fail = store_read(a->mail->store, account_load_read, p);

	a->used_bytes = p->counters.used_bytes;
	a->used_messages = p->counters.used_messages;
	a->modseq = p->counters.modseq;
	p->durable_email = p->counters.next_email - 1;
	a->limits = (struct account_limits){ p->counters.quota_bytes, p->counters.quota_messages };
	return fail;
}

/* --- making -------------------------------------------------------------------------------------- */

struct account_making {
	struct mail *mail;
	struct str name;
	uint64_t id;
};

static enum fail
first_mailbox_put(struct txn *t, uint64_t account, size_t i, struct account_counters *c)
{
	struct mailbox m = { .id = c->next_mailbox++ };
	struct key k = key_mailbox(account, m.id);
	struct buf value;
	enum fail fail;

	m.name = str_c(first_mailboxes[i].name);
	m.role = first_mailboxes[i].role;
	m.sort_order = (uint32_t)i + 1;
	m.is_subscribed = true;
	m.uid_validity = ++c->uid_validity;
	m.uid_next = 1;
	m.highest_modseq = m.created_modseq = m.modseq = m.properties_modseq = ++c->modseq;
	buf_init(&value, STORE_VALUE_MAX);
	mailbox_record_write(&value, &m);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

static enum fail
account_create_run(struct txn *t, void *arg)
{
	struct account_making *making = arg;
	struct account_counters c = { .name = making->name,
		.next_email = 1,
		.next_upload = 1,
		.next_thing = 1,
		.next_mailbox = 1,
		.uid_validity = u32_clamp((uint64_t)clock_wall_s()) };
	struct key k;
	struct buf value;
	int64_t id = 0;
	enum fail fail;

	epoch_counters(making->mail, &c);
	key_init(&k, SPACE_NEXT);
	fail = txn_add(t, key_str(&k), 1, &id);
	making->id = (uint64_t)id;
	for (size_t i = 0; fail == FAIL_NONE && i < ARRAY_LEN(first_mailboxes); i++)
		fail = first_mailbox_put(t, making->id, i, &c);
	c.state[CHANGE_MAILBOX] = c.modseq;
	buf_init(&value, STORE_VALUE_MAX);
	counters_record_write(&value, &c);
	k = key_account(SPACE_ACCOUNT, making->id);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_clear(&value);
	number_record_write(&value, making->id);
	k = key_name(making->name);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail ? fail : sharing_changed(making->mail, t); /* it may be a group's */
}

enum fail
account_create(struct mail *m, struct str name, uint64_t *id_out)
{
	struct account_making making = { .mail = m, .name = name };
	enum fail fail = store_run(m->store, account_create_run, &making);

	*id_out = making.id;
	if (fail == FAIL_NONE)
		log_info(&m->log, "mail.account.created", LOG_TEXT("account", name),
		    LOG_NUM("id", making.id));
	return fail;
}

/* --- removing ------------------------------------------------------------------------------------ */

struct account_removal {
	struct mail *mail;
	struct str name;
	uint64_t id;
	bool done;
};

/* Nobody finds the account by what its lists say any more. */
static enum fail
grants_delete(struct txn *t, uint64_t id)
{
	struct key from = key_account(SPACE_ACL, id), to = key_after(from);
	struct acl_entry entries[ACL_ENTRIES_MAX];
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;
	size_t count;

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		if (acl_record_read(value, entries, ACL_ENTRIES_MAX, &count) != FAIL_NONE)
			continue;
		for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
			struct key k = key_grant(entries[i].identifier, id);

			fail = txn_delete(t, key_str(&k));
		}
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

/* The first space that still has records loses them; when none has, the account itself goes. */
static enum fail
account_delete_run(struct txn *t, void *arg)
{
	struct account_removal *removal = arg;
	struct key name = key_name(removal->name), from, to;
	struct str value, key;
	struct cursor c;
	uint64_t id = 0;
	enum fail fail = txn_get(t, key_str(&name), &value);

	removal->done = false;
	if (fail == FAIL_NONE)
		fail = number_record_read(value, &id);
	removal->id = id;
	for (size_t i = 0; fail == FAIL_NONE && i < ARRAY_LEN(account_spaces); i++) {
		bool has_records;

		if (account_spaces[i] == SPACE_ACL)
			fail = grants_delete(t, id);
		if (fail)
			break;
		from = key_account(account_spaces[i], id);
		to = key_after(from);
		txn_scan(t, &c, key_str(&from), key_str(&to), false);
		has_records = cursor_next(&c, &key, &value);
		fail = cursor_end(&c);
		if (fail == FAIL_NONE && has_records)
			return txn_delete_range(t, key_str(&from), key_str(&to));
	}
	from = key_account(SPACE_ACCOUNT, id);
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&from));
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&name));
	if (fail == FAIL_NONE)
		fail = sharing_changed(removal->mail, t);
	if (fail == FAIL_NONE)
		fail = blob_delete_account_later(removal->mail->blobs, t, removal->name);
	removal->done = fail == FAIL_NONE;
	return fail;
}

enum fail
account_delete(struct mail *m, struct str name, bool *done)
{
	struct account_removal removal = { .mail = m, .name = name };
	struct map_node *node = map_find(&m->accounts, name);
	enum fail fail;

	*done = false;
	if (node) {
		struct account_private *p = container_of(node, struct account_private, by_name);

		views_trim(m, 0);
		if (p->refs > 0)
			return FAIL_DENIED;
		list_remove(&p->idle);
		m->idle_account_count--;
		map_remove(&m->accounts, node);
		account_private_free(p);
	}
	fail = store_run(m->store, account_delete_run, &removal);
	*done = removal.done;
	if (fail == FAIL_NONE && removal.done)
		index_forget(m, removal.id);
	return fail;
}
