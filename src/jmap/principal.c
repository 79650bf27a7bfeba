#include "jmap/principal.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/private.h"
#include "jmap/share.h"

#define FNV_START 0xcbf29ce484222325u

static uint64_t
hash_of(uint64_t hash, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (unsigned char)bytes.p[i]) * 0x100000001b3u;
	return hash * 31; /* "ab","c" is not "a","bc" */
}

/* One of the directory's; false: it has no place for an id, or there is no room. */
static bool
take_one(struct jmap_call *c, const struct directory_principal *from, struct principal *out)
{
	struct buf text;
	bool is_good;

	buf_init(&text, 4 * ACL_NAME_MAX);
	if (from->is_group)
		buf_add_char(&text, '$');
	buf_add(&text, from->name);
	out->id = arena_str(&c->arena, buf_str(&text));
	buf_clear(&text);
	is_good = out->id.p && principal_id_write(&text, out->id);
	out->id = arena_str(&c->arena, buf_str(&text));
	buf_release(&text);
	out->account = from->name;
	out->name = from->display_name.n > 0 ? from->display_name : from->name;
	out->email = str_find_char(from->name, '@') != STR_NONE ? from->name : (struct str){ 0 };
	out->is_group = from->is_group;
	return is_good && out->id.p;
}

static enum jmap_step
take_all(struct jmap_call *c, struct principals *p)
{
	uint64_t sharing = acl_sharing(c->run->account->mail);
	uint64_t hash = hash_of(FNV_START, str_of(&sharing, sizeof(sharing)));
	struct buf text;

	p->items = arena_alloc(&c->arena, p->query.principal_count + 1, sizeof(*p->items));
	if (!p->items)
		return jmap_fail_with(c, FAIL_LIMIT);
	for (size_t i = 0; i < p->query.principal_count; i++) {
		struct principal *one = &p->items[p->count];

		if (!take_one(c, &p->query.principals[i], one))
			continue;
		hash = hash_of(hash_of(hash, one->id), one->name);
		p->count++;
	}
	buf_init(&text, JMAP_ID_MAX);
	buf_add_u64(&text, hash);
	p->state = arena_str(&c->arena, buf_str(&text));
	buf_release(&text);
	return p->state.p ? JMAP_DONE : jmap_fail_with(c, FAIL_LIMIT);
}

enum jmap_step
principals_load(struct jmap_call *c, struct principals *p)
{
	const struct jmap_host *host = &c->run->host;
	struct str name = c->run->account->name;

	if (p->items)
		return JMAP_DONE;
	if (!host->jmap || !host->jmap->directory)
		return jmap_fail(c, "serverUnavailable", "There is no directory.");
	if (!p->is_asked)
		directory_principals_start(host->jmap->directory, &p->query, host->task,
		    str_from(name, str_rfind_char(name, '@') + 1));
	p->is_asked = true;
	if (op_pending(&p->query.op))
		return JMAP_WAIT;
	if (p->query.op.fail)
		return jmap_fail(c, "serverUnavailable", "The directory does not answer now.");
	return take_all(c, p);
}

void
principals_release(struct principals *p)
{
	directory_query_release(&p->query);
}

enum fail
principal_access(struct jmap_call *c, const struct principal *one, struct jmap_access *out)
{
	struct account *account;
	struct id_text id;
	enum fail fail = account_find(c->run->account->mail, one->account, &account);

	*out = (struct jmap_access){ .account = NULL };
	if (fail)
		return fail == FAIL_SYNTAX ? FAIL_MISSING : fail;
	id = id_text(ID_ACCOUNT, account->id);
	account_close(&account);
	return jmap_access_open(out, c->run->account, c->run->own.groups, id_str(&id));
}
