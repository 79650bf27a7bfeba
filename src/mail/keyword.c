#include "mail/keyword.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

static const struct {
	const char *jmap, *imap;
} fixed_names[] = {
	[KEYWORD_SEEN] = { "$seen", "\\Seen" },
	[KEYWORD_ANSWERED] = { "$answered", "\\Answered" },
	[KEYWORD_FLAGGED] = { "$flagged", "\\Flagged" },
	[KEYWORD_DRAFT] = { "$draft", "\\Draft" },
	[KEYWORD_FORWARDED] = { "$forwarded", "$Forwarded" },
	[KEYWORD_MDNSENT] = { "$mdnsent", "$MDNSent" },
	[KEYWORD_JUNK] = { "$junk", "$Junk" },
	[KEYWORD_NOTJUNK] = { "$notjunk", "$NotJunk" },
	[KEYWORD_PHISHING] = { "$phishing", "$Phishing" },
	[KEYWORD_IMPORTANT] = { "$important", "$Important" },
	[KEYWORD_SUBMITTED] = { "$submitted", "$Submitted" },
	[KEYWORD_SUBMITPENDING] = { "$submitpending", "$SubmitPending" },
};
_Static_assert(ARRAY_LEN(fixed_names) == KEYWORD_FIXED_COUNT, "a name for each keyword");

struct str
keyword_name(const struct account *a, unsigned bit)
{
	if (bit < KEYWORD_FIXED_COUNT)
		return str_c(fixed_names[bit].jmap);
	if (bit >= KEYWORD_CUSTOM && bit < KEYWORD_BITS)
		return account_inner(a)->keywords[bit - KEYWORD_CUSTOM];
	return STR("");
}

struct str
keyword_imap_name(const struct account *a, unsigned bit)
{
	if (bit < KEYWORD_FIXED_COUNT)
		return str_c(fixed_names[bit].imap);
	if (bit == FLAG_DELETED_BIT)
		return STR("\\Deleted");
	return keyword_name(a, bit);
}

/*
 * keyword: "ASCII characters in the range %x21-%x7e (excludes control characters and space)" and none
 * of ( ) { ] % * " \ (RFC 8621 4.1.1); what IMAP's atom allows lies within.
 */
static bool
name_is_keyword(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c <= 0x20 || c > 0x7e || memchr("(){]%*\"\\", c, 8))
			return false;
	}
	return name.n > 0;
}

static bool
fixed_find(struct str name, unsigned *bit_out)
{
	for (unsigned i = 0; i < KEYWORD_FIXED_COUNT; i++) {
		if (str_eq_nocase(name, str_c(fixed_names[i].jmap)) ||
		    str_eq_nocase(name, str_c(fixed_names[i].imap))) {
			*bit_out = i;
			return true;
		}
	}
	if (!str_eq_nocase(name, STR("\\Deleted")))
		return false;
	*bit_out = FLAG_DELETED_BIT;
	return true;
}

static bool
custom_find(const struct str *names, struct str name, unsigned *bit_out)
{
	for (unsigned i = 0; i < KEYWORD_CUSTOM_MAX; i++) {
		if (names[i].n && str_eq_nocase(names[i], name)) {
			*bit_out = KEYWORD_CUSTOM + i;
			return true;
		}
	}
	return false;
}

/* --- new names ---------------------------------------------------------------------------------------- */

struct naming {
	const struct str *wanted;
	size_t count;
	struct str names[KEYWORD_CUSTOM_MAX]; /* the table as it will be */
	uint64_t freed;                       /* bits that lost their name */
};

/* All custom keywords that a message carries. */
static enum fail
keywords_used(struct edit *e, uint64_t *out)
{
	struct key from = key_account(SPACE_EMAIL, e->account->id), to = key_after(from);
	struct membership room[EMAIL_MEMBERSHIPS_MAX];
	struct email_record r;
	struct str key, value;
	struct cursor c;

	*out = 0;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		if (email_record_read(value, room, EMAIL_MEMBERSHIPS_MAX, &r) == FAIL_NONE)
			*out |= r.keywords;
	return cursor_end(&c);
}

/* The names wanted that are in the table, some of them perhaps since a moment ago. */
static uint64_t
names_wanted(const struct naming *naming)
{
	uint64_t wanted = 0;
	unsigned bit;

	for (size_t i = 0; i < naming->count; i++)
		if (custom_find(naming->names, naming->wanted[i], &bit))
			wanted |= FLAG(bit);
	return wanted;
}

/* The table is full: names that no message carries go. */
static enum fail
names_reclaim(struct edit *e, struct naming *naming)
{
	uint64_t used;
	enum fail fail = keywords_used(e, &used);

	if (fail)
		return fail;
	naming->freed = ~(used | names_wanted(naming)) & FLAGS_CUSTOM;
	for (unsigned i = 0; i < KEYWORD_CUSTOM_MAX; i++)
		if (naming->freed & FLAG(KEYWORD_CUSTOM + i))
			naming->names[i] = STR("");
	for (size_t i = 0; i < e->account->mailbox_count; i++) {
		struct mailbox_edit *m = edit_mailbox(e, e->account->mailboxes[i]->id);

		if (m)
			m->now.keywords &= ~naming->freed;
	}
	return naming->freed ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
name_place(struct edit *e, struct naming *naming, struct str name)
{
	char lower[KEYWORD_NAME_MAX];
	unsigned bit;

	if (custom_find(naming->names, name, &bit))
		return FAIL_NONE;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < KEYWORD_CUSTOM_MAX; i++) {
			if (naming->names[i].n)
				continue;
			for (size_t k = 0; k < name.n; k++)
				lower[k] = char_lower(name.p[k]);
			naming->names[i] = arena_str(&e->arena, str_of(lower, name.n));
			return naming->names[i].p ? FAIL_NONE : FAIL_LIMIT;
		}
		if (pass == 0) {
			enum fail fail = names_reclaim(e, naming);

			if (fail)
				return fail;
		}
	}
	return FAIL_LIMIT;
}

static void
names_remember(struct account_private *p, const struct str *names)
{
	for (size_t i = 0; i < KEYWORD_CUSTOM_MAX; i++) {
		char *copy = NULL;

		if (str_eq(p->keywords[i], names[i]))
			continue;
		if (names[i].n) {
			copy = mem_new(names[i].n, 1);
			memcpy(copy, names[i].p, names[i].n);
		}
		mem_free((void *)(uintptr_t)p->keywords[i].p);
		p->keywords[i] = str_of(copy, names[i].n);
	}
}

static enum fail
names_run(struct edit *e, void *arg)
{
	struct naming *naming = arg;
	struct key k = key_account(SPACE_KEYWORD, e->account->id);
	enum fail fail = FAIL_NONE;
	unsigned bit;

	memcpy(naming->names, e->p->keywords, sizeof(naming->names));
	for (size_t i = 0; fail == FAIL_NONE && i < naming->count; i++)
		if (!fixed_find(naming->wanted[i], &bit))
			fail = name_place(e, naming, naming->wanted[i]);
	if (fail)
		return fail;
	buf_clear(&e->value);
	names_record_write(&e->value, naming->names, KEYWORD_CUSTOM_MAX);
	fail = edit_put(e, &k);
	if (fail == FAIL_NONE) /* last of all: the copies die with the edit's arena */
		e->names = naming->names;
	return fail;
}

void
keywords_apply(struct edit *e)
{
	if (e->names)
		names_remember(e->p, e->names);
}

/* --- the question ---------------------------------------------------------------------------------------- */

static enum fail
name_check(struct str name)
{
	unsigned bit;

	if (fixed_find(name, &bit))
		return FAIL_NONE;
	if (!name_is_keyword(name))
		return FAIL_SYNTAX;
	return name.n > KEYWORD_NAME_MAX ? FAIL_LIMIT : FAIL_NONE;
}

/* The bits of names that are known; how many are not. */
static size_t
bits_known(const struct account *a, const struct str *names, size_t count, uint64_t *bits)
{
	size_t unknown = 0;
	unsigned bit;

	*bits = 0;
	for (size_t i = 0; i < count; i++) {
		if (fixed_find(names[i], &bit) ||
		    custom_find(account_inner(a)->keywords, names[i], &bit))
			*bits |= FLAG(bit);
		else
			unknown++;
	}
	return unknown;
}

enum fail
keyword_bits(struct account *a, const struct str *names, size_t count, bool may_add,
    uint64_t *bits_out, bool *missed_out)
{
	struct naming naming = { .wanted = names, .count = count };
	size_t unknown;
	enum fail fail;

	*bits_out = 0;
	if (missed_out)
		*missed_out = false;
	for (size_t i = 0; i < count; i++) {
		fail = name_check(names[i]);
		if (fail)
			return fail;
	}
	unknown = bits_known(a, names, count, bits_out);
	if (unknown && may_add) {
		fail = edit_run(a, NULL, names_run, &naming);
		if (fail)
			return fail;
		unknown = bits_known(a, names, count, bits_out);
	}
	if (missed_out)
		*missed_out = unknown > 0;
	return FAIL_NONE;
}

enum fail
keywords_for(const struct account *from, struct account *to, uint64_t set, bool may_add,
    uint64_t *bits_out)
{
	uint64_t custom = set & FLAGS_CUSTOM, bits;
	struct str names[KEYWORD_CUSTOM_MAX];
	size_t count = 0;
	unsigned bit;

	*bits_out = set & ~FLAGS_CUSTOM;
	while (keyword_next(&custom, &bit)) {
		enum fail fail;

		names[count] = keyword_name(from, bit);
		if (str_empty(names[count]))
			continue;
		fail = keyword_bits(to, names, count + 1, may_add, &bits, NULL);
		if (fail == FAIL_TEMP)
			return fail;
		if (fail == FAIL_NONE) { /* a full table loses this keyword only */
			count++;
			*bits_out |= bits;
		}
	}
	return FAIL_NONE;
}
