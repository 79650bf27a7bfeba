#include "blob/blob.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/inner.h"
#include "sys/sys.h"

#define HOST_MAX 40 /* bytes of the host's name in file names */

struct str
blob_copy_of(struct str s)
{
	char *p = mem_new(1, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return str_of(p, s.n);
}

/* Part of names: what Maildir names must not have, and the comma of ours, becomes a dash. */
static struct str
host_name(void)
{
	char host[HOST_MAX + 1] = { 0 };

	if (gethostname(host, HOST_MAX) != 0 || host[0] == '\0')
		memcpy(host, "localhost", sizeof "localhost");
	for (char *p = host; *p != '\0'; p++)
		if (!char_is_alpha(*p) && !char_is_digit(*p) && *p != '.')
			*p = '-';
	return blob_copy_of(str_c(host));
}

void
blob_give_back(struct str *s)
{
	union {
		const char *read;
		void *own;
	} p = { s->p };

	mem_free(p.own);
	*s = (struct str){ 0 };
}

enum fail
blob_open(struct blob_store **out, struct loop *loop, struct store *store, struct str folder)
{
	struct blob_store *b;

	*out = NULL;
	if (folder.n == 0 || folder.n > BLOB_ROOT_MAX)
		return FAIL_LIMIT;
	b = mem_new(1, sizeof *b);
	b->loop = loop;
	b->store = store;
	b->root = blob_copy_of(folder);
	b->host = host_name();
	blob_turn_init(b);
	blob_carry_init(b);
	b->root_fd = -1;
	if (sys.mkdir(b->root.p, 0700) == 0 || errno == EEXIST)
		b->root_fd = sys.open(b->root.p, O_RDONLY | O_DIRECTORY, 0);
	if (b->root_fd < 0) {
		enum fail fail = fail_because(&blob_log, FAIL_TEMP, "blob.open", errno);

		blob_close(&b);
		return fail;
	}
	*out = b;
	return FAIL_NONE;
}

void
blob_close(struct blob_store **blob)
{
	struct blob_store *b = *blob;

	if (b == NULL)
		return;
	blob_remote_close(b);
	invariant(list_empty(&b->writing));
	blob_carry_release(b);
	blob_turn_release(b);
	if (b->root_fd >= 0)
		sys.close(b->root_fd);
	blob_give_back(&b->root);
	blob_give_back(&b->host);
	mem_free(b);
	*blob = NULL;
}

void
blob_add_namer(struct blob_store *b, struct blob_namer *namer, blob_named_fn *fn, void *arg)
{
	namer->fn = fn;
	namer->arg = arg;
	list_append(&b->namers, &namer->node);
}

void
blob_remove_namer(struct blob_namer *namer)
{
	list_remove(&namer->node);
}

bool
blob_is_well(const struct blob_store *b)
{
	return b->is_well;
}
