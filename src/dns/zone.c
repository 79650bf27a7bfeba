#include "dns/zone.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/name.h"
#include "dns/packet.h"

#define ZONE_BYTES_MAX  (64 * 1024 * 1024) /* arena: a zone is a file that the owner wrote */
#define ZONE_CNAMES_MAX 8                  /* one after another, as lookup.c follows them */
#define ZONE_TTL_S      3600               /* of all records */

/* What the text has for one name and type; type 0: for the name as such. */
struct zone_set {
	struct str name; /* arena */
	unsigned type;
	struct dns_record *records; /* own */
	size_t count;
	bool is_timeout, is_secure;
};

struct dns_zone {
	struct arena arena;
	struct zone_set *sets; /* own */
	size_t count;
};

struct zone_line { /* a cursor, and where what it gives is kept */
	struct str rest;
	struct arena *arena;
};

/* --- words ------------------------------------------------------------------------------------ */

static bool
next_word(struct zone_line *l, struct str *out)
{
	size_t n = 0;

	l->rest = str_trim(l->rest);
	while (n < l->rest.n && !char_is_space(l->rest.p[n]) && l->rest.p[n] != ';')
		n++;
	return n > 0 && str_take(&l->rest, n, out);
}

/* Blanks or a comment, and no more. */
static bool
at_end(const struct zone_line *l)
{
	struct str rest = str_trim(l->rest);

	return str_empty(rest) || rest.p[0] == ';';
}

static bool
next_number(struct zone_line *l, uint32_t max, uint32_t *out)
{
	struct str word;

	return next_word(l, &word) && str_u32(&word, max, out) && str_empty(word);
}

static bool
next_u8(struct zone_line *l, uint8_t *out)
{
	uint32_t n;

	if (!next_number(l, UINT8_MAX, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

static bool
next_u16(struct zone_line *l, uint16_t *out)
{
	uint32_t n;

	if (!next_number(l, UINT16_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool
next_name(struct zone_line *l, struct str *out)
{
	struct buf name;
	struct str word;
	bool is_name = false;

	buf_init(&name, DNS_NAME_MAX);
	if (next_word(l, &word)) {
		if (str_eq(word, STR(".")))
			buf_add(&name, word);
		else if (dns_name_parse(word, &name) != FAIL_NONE)
			buf_clear(&name);
		*out = arena_str(l->arena, buf_str(&name));
		is_name = name.n > 0 && out->p != NULL;
	}
	buf_release(&name);
	return is_name;
}

static bool
next_address(struct zone_line *l, enum net_address_family family, struct net_address *out)
{
	struct str word;

	return next_word(l, &word) && net_address_parse(word, out) == FAIL_NONE &&
	    out->family == family;
}

/* One byte of a quoted string; false at its end, or at an escape that is none. */
static bool
next_quoted(struct str *cur, char *out)
{
	struct str digits;
	uint32_t n;

	if (str_empty(*cur) || cur->p[0] == '"')
		return false;
	if (!str_skip_char(cur, '\\')) {
		*out = cur->p[0];
		*cur = str_from(*cur, 1);
		return true;
	}
	digits = str_head(*cur, 3);
	if (digits.n == 3 && str_u32(&digits, UINT8_MAX, &n) && str_empty(digits)) {
		*out = (char)n;
		*cur = str_from(*cur, 3);
		return true;
	}
	if (str_empty(*cur))
		return false;
	*out = cur->p[0];
	*cur = str_from(*cur, 1);
	return true;
}

/* One string or more, joined (RFC 7208 3.3). */
static bool
next_strings(struct zone_line *l, struct str *out)
{
	struct buf joined;
	char byte = 0;
	bool is_good = !at_end(l);

	buf_init(&joined, DNS_PACKET_MAX);
	while (is_good && !at_end(l)) {
		l->rest = str_trim(l->rest);
		is_good = str_skip_char(&l->rest, '"');
		while (is_good && next_quoted(&l->rest, &byte))
			buf_add_char(&joined, byte);
		is_good = is_good && str_skip_char(&l->rest, '"');
	}
	*out = arena_str(l->arena, buf_str(&joined));
	is_good = is_good && buf_ok(&joined) && out->p != NULL;
	buf_release(&joined);
	return is_good;
}

static bool
next_hex(struct zone_line *l, struct str *out)
{
	struct str word, digits;
	uint64_t byte;
	char *bytes;

	if (!next_word(l, &word) || word.n % 2 != 0)
		return false;
	bytes = arena_alloc(l->arena, word.n / 2, 1);
	if (bytes == NULL)
		return false;
	for (size_t i = 0; i < word.n / 2; i++) {
		digits = str_slice(word, 2 * i, 2);
		if (!str_hex(&digits, UINT8_MAX, &byte) || !str_empty(digits))
			return false;
		bytes[i] = (char)byte;
	}
	*out = str_of(bytes, word.n / 2);
	return true;
}

/* Of CAA (RFC 8659 4.1). */
static bool
next_tag(struct zone_line *l, struct str *out)
{
	struct str word;
	char *p;

	if (!next_word(l, &word))
		return false;
	p = arena_alloc(l->arena, word.n, 1);
	for (size_t i = 0; p && i < word.n; i++) {
		if (!char_is_alpha(word.p[i]) && !char_is_digit(word.p[i]))
			return false;
		p[i] = char_lower(word.p[i]);
	}
	*out = str_of(p, word.n);
	return p != NULL;
}

/* --- records ---------------------------------------------------------------------------------- */

static bool
read_record(struct zone_line *l, enum dns_type type, struct dns_record *r)
{
	switch (type) {
	case DNS_A: return next_address(l, NET_ADDRESS_IPV4, &r->address);
	case DNS_AAAA: return next_address(l, NET_ADDRESS_IPV6, &r->address);
	case DNS_CNAME:
	case DNS_PTR: return next_name(l, &r->name);
	case DNS_MX: return next_u16(l, &r->priority) && next_name(l, &r->name);
	case DNS_SRV:
		return next_u16(l, &r->priority) && next_u16(l, &r->weight) &&
		    next_u16(l, &r->port) && next_name(l, &r->name);
	case DNS_TXT: return next_strings(l, &r->bytes);
	case DNS_TLSA:
		return next_u8(l, &r->usage) && next_u8(l, &r->selector) &&
		    next_u8(l, &r->matching) && next_hex(l, &r->bytes);
	case DNS_CAA:
		return next_u8(l, &r->usage) && next_tag(l, &r->name) && next_strings(l, &r->bytes);
	}
	return false;
}

static const struct {
	struct str word;
	enum dns_type type;
} zone_types[] = {
	{ STR_INIT("A"), DNS_A },
	{ STR_INIT("AAAA"), DNS_AAAA },
	{ STR_INIT("CAA"), DNS_CAA },
	{ STR_INIT("CNAME"), DNS_CNAME },
	{ STR_INIT("MX"), DNS_MX },
	{ STR_INIT("PTR"), DNS_PTR },
	{ STR_INIT("SRV"), DNS_SRV },
	{ STR_INIT("TLSA"), DNS_TLSA },
	{ STR_INIT("TXT"), DNS_TXT },
};

static bool
find_type(struct str word, enum dns_type *out)
{
	for (size_t i = 0; i < ARRAY_LEN(zone_types); i++) {
		if (str_eq_nocase(word, zone_types[i].word)) {
			*out = zone_types[i].type;
			return true;
		}
	}
	return false;
}

static struct zone_set *
find_set(const struct dns_zone *z, struct str name, unsigned type)
{
	for (size_t i = 0; i < z->count; i++) {
		if (z->sets[i].type == type && str_eq(z->sets[i].name, name))
			return &z->sets[i];
	}
	return NULL;
}

static struct zone_set *
get_set(struct dns_zone *z, struct str name, unsigned type)
{
	struct zone_set *set = find_set(z, name, type);

	if (set == NULL) {
		z->sets = mem_resize(z->sets, z->count + 1, sizeof z->sets[0]);
		set = &z->sets[z->count++];
		*set = (struct zone_set){ .name = name, .type = type };
	}
	return set;
}

static bool
read_line(struct dns_zone *z, struct str text)
{
	struct zone_line l = { .rest = text, .arena = &z->arena }, peek;
	struct dns_record record = { 0 };
	struct zone_set *set;
	enum dns_type type;
	struct str name, word;

	if (at_end(&l))
		return true;
	if (!next_name(&l, &name) || !next_word(&l, &word))
		return false;
	if (str_eq(word, STR("TIMEOUT"))) {
		get_set(z, name, 0)->is_timeout = true;
		return at_end(&l);
	}
	if (str_eq(word, STR("SECURE"))) {
		get_set(z, name, 0)->is_secure = true;
		return at_end(&l);
	}
	if (!find_type(word, &type))
		return false;
	get_set(z, name, 0);
	set = get_set(z, name, type);
	peek = l;
	if (next_word(&peek, &word) && str_eq(word, STR("TIMEOUT"))) {
		set->is_timeout = true;
		return at_end(&peek);
	}
	if (!read_record(&l, type, &record) || !at_end(&l))
		return false;
	set->records = mem_resize(set->records, set->count + 1, sizeof record);
	set->records[set->count++] = record;
	return true;
}

enum fail
dns_zone_read(struct dns *d, struct str text, struct buf *why)
{
	struct dns_zone *z = mem_new(1, sizeof *z);
	struct str line;
	size_t number = 0;

	invariant(d->zone == NULL);
	arena_init(&z->arena, ZONE_BYTES_MAX);
	while (str_next_part(&text, '\n', &line)) {
		number++;
		if (read_line(z, line))
			continue;
		buf_add_c(why, "line ");
		buf_add_u64(why, number);
		buf_add_c(why, ": not NAME TYPE DATA\n");
		zone_free(z);
		return FAIL_SYNTAX;
	}
	d->zone = z;
	return FAIL_NONE;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Behind all CNAMEs; NULL: there are too many. */
static const struct zone_set *
follow(const struct dns_zone *z, struct str name, enum dns_type type, bool *is_secure)
{
	static const struct zone_set unknown = { 0 };

	for (unsigned i = 0; i < ZONE_CNAMES_MAX; i++) {
		const struct zone_set *whole = find_set(z, name, 0);
		const struct zone_set *alias = find_set(z, name, DNS_CNAME);

		if (whole == NULL)
			return &unknown;
		*is_secure = *is_secure && whole->is_secure;
		if (type == DNS_CNAME || alias == NULL || alias->count == 0)
			return whole;
		name = alias->records[0].name;
	}
	return NULL;
}

void
zone_answer(const struct dns_zone *z, struct dns_query *q, struct str name, enum dns_type type)
{
	bool is_secure = true;
	const struct zone_set *whole = follow(z, name, type, &is_secure);
	const struct zone_set *set = whole ? find_set(z, whole->name, type) : NULL;

	q->ttl_s = ZONE_TTL_S;
	if (whole == NULL || (set ? set->is_timeout && set->count == 0 : whole->is_timeout)) {
		op_finish(&q->op, FAIL_TEMP);
		return;
	}
	q->is_secure = is_secure && whole->is_secure;
	q->is_name_missing = str_empty(whole->name);
	q->canonical = q->is_name_missing ? name : whole->name;
	if (set && set->count > 0) {
		q->records = set->records;
		q->record_count = set->count;
	}
	op_finish(&q->op, q->record_count > 0 ? FAIL_NONE : FAIL_MISSING);
}

void
zone_free(struct dns_zone *z)
{
	if (z == NULL)
		return;
	for (size_t i = 0; i < z->count; i++)
		mem_free(z->sets[i].records);
	mem_free(z->sets);
	arena_release(&z->arena);
	mem_free(z);
}
