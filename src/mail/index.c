#include "mail/index.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

struct index_reading {
	struct mail *mail;
	uint64_t account, after;
	struct search_account *account_out;
	uint64_t email;
};

/* --- what the index asks ------------------------------------------------------------------------------------ */

static enum fail
next_account_read(struct txn *t, void *arg)
{
	struct index_reading *in = arg;
	struct key from = key_account(SPACE_ACCOUNT, in->after + 1);
	struct key to = key_account(SPACE_ACCOUNT, UINT64_MAX);
	struct search_account *out = in->account_out;
	struct account_counters counters = { .name = STR("") };
	struct map_node *node;
	struct key_reader r;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_MISSING, end;

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	if (cursor_next(&c, &key, &value)) {
		key_read(&r, key);
		(void)key_read_char(&r);
		out->id = key_read_u64(&r);
		fail = counters_record_read(value, &counters);
	}
	if (fail == FAIL_NONE) {
		out->last = counters.next_email - 1;
		out->emails = counters.used_messages;
		/* What is in memory may have been changed in this turn. */
		node = map_find(&in->mail->accounts, counters.name);
		if (node)
			out->last =
			    container_of(node, struct account_private, by_name)->durable_email;
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

static enum fail
source_account(void *arg, uint64_t after, struct search_account *out)
{
	struct mail *m = arg;
	struct index_reading in = { .mail = m, .after = after, .account_out = out };

	return after == UINT64_MAX ? FAIL_MISSING : store_read(m->store, next_account_read, &in);
}

static enum fail
next_read(struct txn *t, void *arg)
{
	struct index_reading *in = arg;
	struct key from = key_id(SPACE_EMAIL, in->account, in->after + 1);
	struct key to = key_after(key_account(SPACE_EMAIL, in->account));
	struct key_reader r;
	struct cursor c;
	struct str key, value;
	bool is_there;
	enum fail end;

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	is_there = cursor_next(&c, &key, &value);
	if (is_there) {
		key_read(&r, key);
		(void)key_read_char(&r);
		(void)key_read_u64(&r);
		in->email = key_read_u64(&r);
	}
	end = cursor_end(&c);
	return end || is_there ? end : FAIL_MISSING;
}

static enum fail
source_next(void *arg, uint64_t account, uint64_t after, uint64_t *email_out)
{
	struct mail *m = arg;
	struct index_reading in = { .mail = m, .account = account, .after = after };
	enum fail fail = store_read(m->store, next_read, &in);

	*email_out = in.email;
	return fail;
}

static enum fail
source_map(void *arg, uint64_t account, uint64_t email, struct blob_wait *w, struct task *owner,
    struct blob_map *out)
{
	struct account *a;
	enum fail fail = account_find_id(arg, account, &a);

	if (fail == FAIL_NONE)
		fail = email_map_wait(a, email, w, owner, out);
	account_close(&a);
	return fail;
}

const struct search_source mail_source = { source_account, source_next, source_map };

/* --- what the index is told --------------------------------------------------------------------------------- */

void
index_committed(struct account_private *p)
{
	struct mail *m = p->account.mail;
	struct search_account now = { .id = p->account.id,
		.last = p->counters.next_email - 1,
		.emails = p->counters.used_messages };

	if (p->durable_email == now.last)
		return;
	p->durable_email = now.last;
	if (m->search)
		search_news(m->search, &now);
}

void
index_forget(struct mail *m, uint64_t account)
{
	if (m->search)
		search_forget(m->search, account);
}

void
mail_use_search(struct mail *m, struct search *s)
{
	m->search = s;
}

struct search *
mail_search(const struct mail *m)
{
	return m->search;
}
