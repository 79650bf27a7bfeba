/* Names of files and folders. */
#include "blob/inner.h"

/* system */
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "sys/sys.h"

#define NAME_RANDOM_BYTES 8

const struct log blob_log = { .room = "blob" };

enum fail
blob_error(struct blob_store *b, const char *event, int error)
{
	if (b->is_well && b->loop != NULL)
		timer_start(b->loop, &b->timer, &b->probe, clock_mono_ms() + BLOB_PROBE_MS);
	b->is_well = false;
	return fail_because(&blob_log, FAIL_TEMP, event, error);
}

/* --- account <-> folder -------------------------------------------------------------------- */

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || char_is_digit(c) || c == '@' || c == '.' || c == '_' ||
	    c == '-' || c == '+' || c == '=';
}

/* Plain bytes stay; others, and a dot at the beginning, are %XX. */
enum fail
blob_folder_name(struct str account, struct buf *out)
{
	buf_init(out, BLOB_FOLDER_MAX);
	for (size_t i = 0; i < account.n; i++) {
		char c = account.p[i];

		if (is_plain(c) && !(i == 0 && c == '.')) {
			buf_add_char(out, c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_hex(out, str_of(&c, 1));
	}
	return buf_ok(out) && out->n > 0 ? FAIL_NONE : FAIL_LIMIT;
}

bool
blob_folder_account(struct str folder, struct buf *out)
{
	struct str cur = folder, plain, hex;
	struct buf again;
	bool is_same;

	buf_clear(out);
	while (str_take_until(&cur, '%', &plain)) {
		uint64_t n;

		buf_add(out, plain);
		if (!str_take(&cur, 2, &hex) || !str_hex(&hex, 255, &n) || hex.n > 0)
			return false;
		buf_add_char(out, (char)(unsigned char)n);
	}
	buf_add(out, cur);
	is_same =
	    blob_folder_name(buf_str(out), &again) == FAIL_NONE && str_eq(buf_str(&again), folder);
	buf_release(&again);
	return is_same;
}

/* --- names --------------------------------------------------------------------------------- */

static void
add(struct blob_name *name, struct str s)
{
	size_t n = size_min(s.n, BLOB_NAME_MAX - name->n);

	memcpy(name->text + name->n, s.p, n);
	name->n = (uint8_t)(name->n + n);
}

/* As the Maildir convention has it: time, what makes it unique, host. */
void
blob_new_name(struct blob_store *b, struct blob_name *out)
{
	char random[NAME_RANDOM_BYTES];
	int64_t ms = clock_wall_ms();
	struct buf text;

	sys_random(random, sizeof random);
	buf_init(&text, BLOB_NAME_MAX);
	buf_add_i64(&text, ms / 1000);
	buf_add_c(&text, ".M");
	buf_add_i64(&text, ms % 1000 * 1000);
	buf_add_c(&text, "P");
	buf_add_i64(&text, getpid());
	buf_add_c(&text, "Q");
	buf_add_u64(&text, b->sequence++);
	buf_add_c(&text, "R");
	buf_add_hex(&text, str_of(random, sizeof random));
	buf_add_char(&text, '.');
	buf_add(&text, b->host);
	*out = (struct blob_name){ 0 };
	add(out, str_head(buf_str(&text), BLOB_NAME_MAX - 24));
	buf_release(&text);
}

void
blob_name_add_size(struct blob_name *name, uint64_t size)
{
	struct buf text;

	buf_init(&text, 32);
	buf_add_c(&text, ",S=");
	buf_add_u64(&text, size);
	add(name, buf_str(&text));
	buf_release(&text);
}

uint64_t
blob_name_size(struct str name)
{
	size_t at = str_find(name, STR(",S="));
	struct str digits = str_from(name, at == STR_NONE ? name.n : at + 3);
	uint64_t n;

	return str_u64(&digits, UINT64_MAX, &n) ? n : 0;
}

struct str
blob_cur_name(struct str entry)
{
	size_t colon = str_find_char(entry, ':');

	return colon == STR_NONE ? entry : str_head(entry, colon);
}

/* Digits of a number that the cursor moves over. */
static bool
skip_number(struct str *cur)
{
	uint64_t n;

	return str_u64(cur, UINT64_MAX, &n);
}

/* Names are printed, too. */
static bool
is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '/')
			return false;
	return true;
}

bool
blob_name_is_ours(struct str name)
{
	struct str rest = name, size;
	size_t at = str_find(name, STR(",S="));

	size = str_from(name, at == STR_NONE ? name.n : at + 3);
	return name.n <= BLOB_NAME_MAX && is_printable(name) && skip_number(&rest) &&
	    str_starts(rest, STR(".M")) && skip_number(&size) && str_empty(size);
}

/* --- paths --------------------------------------------------------------------------------- */

void
blob_path_add(struct blob_path *p, struct str s)
{
	size_t n = size_min(s.n, sizeof p->bytes - 1 - p->n);

	if (n > 0)
		memcpy(p->bytes + p->n, s.p, n);
	p->n += n;
	p->bytes[p->n] = '\0';
}

/* Names come from records: one with a slash, a NUL or a leading dot is none of ours. */
static bool
is_name(struct str name)
{
	return name.n <= BLOB_NAME_MAX && str_find_char(name, '/') == STR_NONE &&
	    str_find_char(name, '\0') == STR_NONE && !str_starts(name, STR("."));
}

enum fail
blob_path(const struct blob_store *b, struct blob_path *out, struct str folder, const char *sub,
    struct str name)
{
	out->n = 0;
	blob_path_add(out, b->root);
	if (folder.n > 0) {
		blob_path_add(out, STR("/"));
		blob_path_add(out, folder);
	}
	if (sub[0] != '\0') {
		blob_path_add(out, STR("/"));
		blob_path_add(out, str_c(sub));
	}
	if (name.n == 0)
		return FAIL_NONE;
	if (!is_name(name))
		return FAIL_MISSING;
	blob_path_add(out, STR("/"));
	blob_path_add(out, name);
	if (str_eq(str_c(sub), STR("cur")))
		blob_path_add(out, STR(":2,"));
	return FAIL_NONE;
}

enum fail
blob_unlink_entry(struct blob_path *folder, struct str entry)
{
	blob_path_add(folder, STR("/"));
	blob_path_add(folder, entry);
	if (sys.unlink(folder->bytes) != 0)
		return fail_because(&blob_log, FAIL_TEMP, "blob.unlink", errno);
	return FAIL_NONE;
}

void
blob_touch(struct blob_store *b, struct str path)
{
	struct blob_folder *f;
	char *copy;

	if (map_find(&b->folders, path) != NULL)
		return;
	f = mem_new(1, sizeof *f + path.n + 1);
	copy = (char *)(f + 1);
	memcpy(copy, path.p, path.n);
	f->path = str_of(copy, path.n);
	map_insert(&b->folders, &f->node, f->path);
}

static enum fail
make(struct blob_store *b, const struct blob_path *p)
{
	if (sys.mkdir(p->bytes, 0700) != 0 && errno != EEXIST)
		return blob_error(b, "blob.folder", errno);
	return FAIL_NONE;
}

enum fail
blob_make_folders(struct blob_store *b, struct str folder)
{
	/* tmp comes last: where a file can be written, the folder that it moves to is there too */
	static const char *const subs[] = { "", "new", "cur", "tmp" };
	struct blob_path p;
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < ARRAY_LEN(subs) && fail == FAIL_NONE; i++) {
		fail = blob_path(b, &p, folder, subs[i], STR(""));
		if (fail == FAIL_NONE)
			fail = make(b, &p);
	}
	blob_touch(b, b->root);
	if (blob_path(b, &p, folder, "", STR("")) == FAIL_NONE)
		blob_touch(b, str_of(p.bytes, p.n));
	return fail;
}
