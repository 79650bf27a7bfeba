/* Looking at all objects: for `staunch check`, which has no turns in which it could wait. */
#include "blob/remote.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

#define NAMES_ARENA_MAX ((size_t)1 << 30) /* bytes: five million messages of one account */

enum fail
blob_each_object(struct blob_remote *r, struct str folder, blob_object_fn *fn, void *arg)
{
	struct s3_call call = { .status = 0 };
	struct buf after, prefix;
	enum fail fail;

	buf_init(&after, S3_KEY_MAX);
	buf_init(&prefix, S3_KEY_MAX);
	buf_add(&prefix, folder);
	buf_add_c(&prefix, folder.n > 0 ? "/" : "");
	do {
		s3_list_start(r->s3, &call, &r->task, buf_str(&prefix), buf_str(&after));
		fail = blob_far_fail(s3_wait(r->s3, &call));
		for (size_t i = 0; i < call.page.count && fail == FAIL_NONE; i++) {
			struct str key = call.page.objects[i].key, name = key, of;

			buf_clear(&after);
			buf_add(&after, key);
			if (str_take_until(&name, '/', &of))
				fail = fn(arg, of, name, call.page.objects[i].size);
		}
	} while (fail == FAIL_NONE && call.page.has_more);
	s3_call_release(&call);
	buf_release(&after);
	buf_release(&prefix);
	return fail == FAIL_MISSING ? FAIL_TEMP : fail;
}

/* --- objects that nobody names --------------------------------------------------------------- */

struct check {
	struct blob_remote *r;
	bool is_repair;
	blob_found_fn *found;
	void *arg;
	struct buf account;
};

/* Its deletion is noted, and comes with the next start of the server. */
static bool
is_due(struct check *c, struct str folder, struct str name)
{
	struct blob_store *b = c->r->b;

	return blob_deletion_is_due(b, buf_str(&c->account), name) == FAIL_NONE ||
	    blob_deletion_is_due(b, buf_str(&c->account), STR("")) == FAIL_NONE ||
	    blob_has_note(b, folder, name);
}

static enum fail
check_object(void *arg, struct str folder, struct str name, uint64_t size)
{
	struct check *c = arg;
	struct s3_call call = { .status = 0 };
	struct buf key;
	enum fail named, fail = FAIL_NONE;

	(void)size;
	if (!blob_name_is_ours(name) || !blob_folder_account(folder, &c->account))
		return FAIL_NONE;
	named = blob_is_named(c->r->b, buf_str(&c->account), name);
	if (named != FAIL_MISSING)
		return named;
	if (is_due(c, folder, name))
		return FAIL_NONE;
	if (c->found)
		c->found(c->arg, buf_str(&c->account), name);
	if (!c->is_repair)
		return FAIL_NONE;
	blob_object_key(&key, folder, name);
	s3_delete_start(c->r->s3, &call, &c->r->task, buf_str(&key));
	fail = blob_far_fail(s3_wait(c->r->s3, &call));
	s3_call_release(&call);
	buf_release(&key);
	return fail;
}

enum fail
blob_remote_check(struct blob_remote *r, bool is_repair, blob_found_fn *found, void *arg)
{
	struct check c = { .r = r, .is_repair = is_repair, .found = found, .arg = arg };
	enum fail fail;

	buf_init(&c.account, BLOB_FOLDER_MAX);
	fail = blob_each_object(r, STR(""), check_object, &c);
	buf_release(&c.account);
	return fail;
}

/* --- is a named one there? ------------------------------------------------------------------- */

struct listed {
	struct map_node node;
	uint64_t size;
};

static enum fail
add_name(void *arg, struct str folder, struct str name, uint64_t size)
{
	struct blob_remote *r = arg;
	struct listed *l = arena_alloc(&r->names_arena, 1, sizeof *l);
	struct str copy = arena_str(&r->names_arena, name);

	(void)folder;
	if (l == NULL || copy.p == NULL)
		return FAIL_LIMIT;
	l->size = size;
	if (map_find(&r->names, copy) == NULL)
		map_insert(&r->names, &l->node, copy);
	return FAIL_NONE;
}

/* One list for all questions about an account: a question each would take its messages times a round trip. */
static enum fail
load_names(struct blob_remote *r, struct str folder)
{
	enum fail fail;

	if (str_eq(buf_str(&r->names_of), folder))
		return FAIL_NONE;
	blob_names_release(r);
	arena_init(&r->names_arena, NAMES_ARENA_MAX);
	fail = blob_each_object(r, folder, add_name, r);
	if (fail == FAIL_NONE)
		buf_add(&r->names_of, folder);
	return fail;
}

enum fail
blob_object_size(struct blob_remote *r, struct str folder, struct str name, uint64_t *size_out)
{
	enum fail fail = load_names(r, folder);
	struct map_node *node;

	if (fail != FAIL_NONE)
		return fail;
	node = map_find(&r->names, name);
	*size_out = node ? container_of(node, struct listed, node)->size : 0;
	return node ? FAIL_NONE : FAIL_MISSING;
}

enum fail
blob_remote_exists(struct blob_remote *r, struct str folder, struct str name)
{
	uint64_t size;
	enum fail fail = blob_object_size(r, folder, name, &size);

	return fail == FAIL_NONE && size != blob_name_size(name) ? FAIL_MISSING : fail;
}

static bool
is_in_maildir(const struct blob_store *b, struct str folder, struct str name)
{
	struct blob_path path;

	return blob_path(b, &path, folder, "cur", name) == FAIL_NONE &&
	    blob_is_whole(path.bytes, name);
}

enum fail
blob_is_elsewhere(struct blob_store *b, struct str account, struct str name, const char **where_out)
{
	struct buf folder;
	enum fail fail = blob_folder_name(account, &folder);

	*where_out = "only in the mirror: `blob migrate s3 maildir`";
	if (fail == FAIL_NONE && blob_is_mirrored(b, buf_str(&folder))) {
		fail = blob_remote_exists(b->remote, buf_str(&folder), name);
	} else if (fail == FAIL_NONE) {
		*where_out = "only on this disk: `blob migrate maildir s3`";
		fail =
		    blob_is_remote(b, buf_str(&folder)) && is_in_maildir(b, buf_str(&folder), name)
		    ? FAIL_NONE
		    : FAIL_MISSING;
	}
	buf_release(&folder);
	return fail;
}

void
blob_names_release(struct blob_remote *r)
{
	map_release(&r->names);
	arena_release(&r->names_arena);
	buf_clear(&r->names_of);
}
