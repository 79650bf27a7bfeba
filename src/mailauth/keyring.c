#include "mailauth/keyring.h"

/* system */
#include <errno.h>
#include <limits.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sys/sys.h"

#define SETTLED_MS \
	2000 /* a folder that changed so lately may change within the same tick of its clock */
#define DAMAGED_MS \
	60000 /* files that could not be read are tried again: a mode can be put right without a trace */

static const struct log keyring_log = { .room = "mailauth" };

void
keyring_init(struct keyring *k, struct str folder)
{
	struct buf copy;

	*k = (struct keyring){ 0 };
	list_init(&k->recent);
	buf_init(&copy, PATH_MAX);
	buf_add(&copy, folder);
	k->folder = buf_take(&copy);
}

static void
free_keys(struct keyring_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		private_key_release(&keys[i].key);
	mem_free(keys);
}

static void
forget(struct keyring *k, struct keyring_domain *d)
{
	free_keys(d->keys, d->key_count);
	map_remove(&k->domains, &d->node);
	list_remove(&d->recent);
	mem_free(d);
}

void
keyring_release(struct keyring *k)
{
	while (!list_empty(&k->recent))
		forget(k, container_of(list_first(&k->recent), struct keyring_domain, recent));
	map_release(&k->domains);
	mem_free((void *)(uintptr_t)k->folder.p);
	*k = (struct keyring){ 0 };
}

/* --- reading ---------------------------------------------------------------------------------- */

static void
note(const struct keyring_domain *d, const char *event, struct str selector, enum fail fail)
{
	log_warn(&keyring_log, event, LOG_TEXT("domain", d->domain), LOG_TEXT("selector", selector),
	    LOG_TEXT("fail", str_c(fail_names[fail])),
	    LOG_TEXT("why", str_c(fail == FAIL_TEMP ? strerror(errno) : "")));
}

struct reading {
	struct keyring *k;
	struct keyring_domain *d;
	struct keyring_key *keys; /* own; room for KEYRING_KEYS_MAX */
	size_t key_count;
	bool is_news;    /* the folder changed: a line about what is wrong with it */
	bool is_damaged; /* files were passed over */
};

/* FAIL_TEMP: the disk fails; else it is taken, or passed over. */
static enum fail
read_key(struct reading *r, const struct key_file *file)
{
	struct keyring_key *key = &r->keys[r->key_count];
	enum fail fail = key_file_read(r->k->folder, r->d->domain, file, &key->key);

	if (fail == FAIL_TEMP)
		return FAIL_TEMP;
	if (fail == FAIL_NONE) {
		memcpy(key->selector, file->selector, sizeof key->selector);
		r->key_count++;
		return FAIL_NONE;
	}
	r->is_damaged = true;
	if (r->is_news)
		note(r->d, "keyring.key.unusable", str_c(file->selector), fail);
	return FAIL_NONE;
}

/* The last selectors first, as those are the newest. */
static enum fail
read_keys(struct reading *r)
{
	struct key_files files;
	enum fail fail = key_files_list(r->k->folder, r->d->domain, &files);

	if (fail == FAIL_TEMP)
		return FAIL_TEMP;
	if (files.has_more && r->is_news)
		note(r->d, "keyring.files.many", STR(""), FAIL_LIMIT);
	for (size_t i = files.count; i-- > 0;) {
		if (files.items[i].state != KEY_SIGNS)
			continue;
		if (r->key_count == KEYRING_KEYS_MAX) {
			if (r->is_news)
				note(r->d, "keyring.keys.many", str_c(files.items[i].selector),
				    FAIL_LIMIT);
			break;
		}
		if (read_key(r, &files.items[i]) != FAIL_NONE)
			return FAIL_TEMP;
	}
	return FAIL_NONE;
}

static bool
is_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* What the folder holds now; what was known stays when that cannot be told. */
static void
read_domain(struct keyring *k, struct keyring_domain *d, const struct timespec *changed)
{
	struct reading r = { .k = k, .d = d, .is_news = !is_same(&d->changed, changed) };

	r.keys = mem_new(KEYRING_KEYS_MAX, sizeof *r.keys);
	if (read_keys(&r) != FAIL_NONE) {
		if (!d->is_failing)
			note(d, "keyring.unreadable", STR(""), FAIL_TEMP);
		d->is_failing = true;
		free_keys(r.keys, r.key_count);
		return;
	}
	free_keys(d->keys, d->key_count);
	d->keys = r.keys;
	d->key_count = r.key_count;
	d->changed = *changed;
	d->is_failing = false;
	d->again_ms = r.is_damaged ? clock_mono_ms() + DAMAGED_MS : 0;
	if (clock_wall_ms() - changed->tv_sec * 1000 < SETTLED_MS)
		d->again_ms = clock_mono_ms(); /* at the next call */
}

/* --- finding ---------------------------------------------------------------------------------- */

static struct keyring_domain *
find_known(const struct keyring *k, struct str name)
{
	struct map_node *node = map_find(&k->domains, name);

	return node ? container_of(node, struct keyring_domain, node) : NULL;
}

static struct keyring_domain *
add_domain(struct keyring *k, struct str name)
{
	struct keyring_domain *d;

	if (k->domains.count == KEYRING_DOMAINS_MAX)
		forget(k, container_of(list_first(&k->recent), struct keyring_domain, recent));
	d = mem_new(1, sizeof *d);
	memcpy(d->name, name.p, name.n);
	d->domain = str_of(d->name, name.n);
	map_insert(&k->domains, &d->node, d->domain);
	list_append(&k->recent, &d->recent);
	return d;
}

static bool
is_fresh(const struct keyring_domain *d, const struct timespec *changed)
{
	return !d->is_failing && is_same(&d->changed, changed) &&
	    (d->again_ms == 0 || clock_mono_ms() < d->again_ms);
}

/* When the domain's folder changed last: FAIL_MISSING: there is none; FAIL_TEMP: who knows. */
static enum fail
look_at(const struct keyring *k, struct str name, struct timespec *changed_out)
{
	struct buf path;
	struct stat st;
	enum fail fail = FAIL_NONE;

	buf_init(&path, PATH_MAX - 1);
	buf_add(&path, k->folder);
	buf_add_char(&path, '/');
	buf_add(&path, name);
	if (!buf_ok(&path))
		fail = FAIL_MISSING;
	else if (sys.stat(buf_c(&path), &st) != 0)
		fail = errno == ENOENT || errno == ENOTDIR ? FAIL_MISSING : FAIL_TEMP;
	else if (!S_ISDIR(st.st_mode))
		fail = FAIL_MISSING;
	buf_release(&path);
	if (fail == FAIL_NONE)
		*changed_out = st.st_mtim;
	return fail;
}

/* The domain itself, with what its folder holds now; NULL: it has no folder. */
static const struct keyring_domain *
find_level(struct keyring *k, struct str name)
{
	struct keyring_domain *d = find_known(k, name);
	struct timespec changed;
	enum fail fail = look_at(k, name, &changed);

	if (fail == FAIL_MISSING && d) {
		forget(k, d);
		d = NULL;
	}
	if (fail != FAIL_NONE)
		return d;
	if (d == NULL)
		d = add_domain(k, name);
	list_remove(&d->recent);
	list_append(&k->recent, &d->recent);
	if (!is_fresh(d, &changed))
		read_domain(k, d, &changed);
	return d;
}

const struct keyring_domain *
keyring_find(struct keyring *k, struct str domain)
{
	const struct keyring_domain *d = NULL;
	struct buf ascii;
	struct str name, label;

	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, domain) == FAIL_NONE && buf_ok(&ascii)) {
		name = buf_str(&ascii);
		do {
			d = find_level(k, name);
		} while ((d == NULL || d->key_count == 0) && str_take_until(&name, '.', &label));
	}
	buf_release(&ascii);
	return d && d->key_count > 0 ? d : NULL;
}
