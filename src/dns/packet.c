#include "dns/packet.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "dns/name.h"

#define JUMPS_MAX      64  /* compression pointers in one name; each must lead backward too */
#define RECORDS_MAX    512 /* of an answer section */
#define CNAMES_MAX     16
#define TTL_NONE_S     60 /* of "there is none" without a SOA: RFC 2308 5 lets us choose */
#define CLASS_IN       1
#define TYPE_SOA       6
#define TYPE_OPT       41
#define FLAG_ANSWER    0x8000
#define FLAG_OPCODE    0x7800
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSE   0x0100
#define FLAG_AUTHENTIC 0x0020

/* --- writing -------------------------------------------------------------------------------- */

static void
add_u16(struct buf *out, unsigned n)
{
	buf_add_char(out, (char)(n >> 8));
	buf_add_char(out, (char)n);
}

static void
add_name(struct buf *out, struct str name)
{
	struct buf bytes;
	struct str label;
	char c;

	buf_init(&bytes, DNS_LABEL_MAX);
	while (str_next_part(&name, '.', &label)) {
		buf_clear(&bytes);
		while (dns_label_next(&label, &c))
			buf_add_char(&bytes, c);
		buf_add_char(out, (char)bytes.n);
		buf_add(out, buf_str(&bytes));
	}
	buf_release(&bytes);
	buf_add_char(out, '\0');
}

void
dns_question_write(struct buf *out, uint16_t id, struct str name, enum dns_type type, bool has_edns)
{
	add_u16(out, id);
	add_u16(out, FLAG_RECURSE | FLAG_AUTHENTIC); /* AD: tell us (RFC 6840 5.7) */
	add_u16(out, 1);
	add_u16(out, 0);
	add_u16(out, 0);
	add_u16(out, has_edns);
	add_name(out, name);
	add_u16(out, type);
	add_u16(out, CLASS_IN);
	if (!has_edns)
		return;
	buf_add_char(out, '\0'); /* OPT, RFC 6891 6.1.2 */
	add_u16(out, TYPE_OPT);
	add_u16(out, DNS_UDP_BYTES);
	add_u16(out, 0);
	add_u16(out, 0);
	add_u16(out, 0);
}

/* --- reading -------------------------------------------------------------------------------- */

/* Where we are in a packet. */
struct reader {
	struct str packet;
	size_t at;
};

static bool
read_u8(struct reader *r, unsigned *out)
{
	if (r->at >= r->packet.n)
		return false;
	*out = (unsigned char)r->packet.p[r->at++];
	return true;
}

static bool
read_u16(struct reader *r, unsigned *out)
{
	unsigned high, low;

	if (!read_u8(r, &high) || !read_u8(r, &low))
		return false;
	*out = high << 8 | low;
	return true;
}

static bool
read_u32(struct reader *r, uint32_t *out)
{
	unsigned high, low;

	if (!read_u16(r, &high) || !read_u16(r, &low))
		return false;
	*out = (uint32_t)high << 16 | low;
	return true;
}

static bool
read_bytes(struct reader *r, size_t n, struct str *out)
{
	if (n > r->packet.n - r->at)
		return false;
	*out = str_slice(r->packet, r->at, n);
	r->at += n;
	return true;
}

/* A name with compression (RFC 1035 4.1.4): pointers lead backward only, so this ends. */
static bool
read_labels(struct reader *r, struct buf *out)
{
	struct reader here = *r;
	size_t wire = 1, lowest = r->at;
	unsigned jumps = 0, n, low;
	struct str label;

	for (;;) {
		if (!read_u8(&here, &n))
			return false;
		if (n >= 0xc0) {
			if (!read_u8(&here, &low))
				return false;
			if (jumps++ == 0)
				r->at = here.at;
			here.at = (size_t)(n & 0x3f) << 8 | low;
			if (here.at >= lowest || jumps > JUMPS_MAX)
				return false;
			lowest = here.at;
		} else if (n == 0) {
			if (jumps == 0)
				r->at = here.at;
			if (out->n == 0)
				buf_add_char(out, '.');
			return true;
		} else {
			if (n > DNS_LABEL_MAX || (wire += n + 1) > DNS_WIRE_MAX ||
			    !read_bytes(&here, n, &label))
				return false;
			dns_label_add(out, label);
		}
	}
}

static bool
read_name(struct reader *r, struct arena *a, struct str *out)
{
	struct buf text;
	bool ok;

	buf_init(&text, DNS_NAME_MAX);
	ok = read_labels(r, &text) && buf_ok(&text);
	if (ok) {
		*out = arena_str(a, buf_str(&text));
		ok = out->p != NULL;
	}
	buf_release(&text);
	return ok;
}

/* A resource record before its data is looked at. */
struct raw {
	struct str owner; /* arena */
	unsigned type, class;
	uint32_t ttl_s;
	size_t at, n; /* its data in the packet */
};

static bool
read_raw(struct reader *r, struct arena *a, struct raw *out)
{
	unsigned n;
	struct str data;

	if (!read_name(r, a, &out->owner) || !read_u16(r, &out->type) ||
	    !read_u16(r, &out->class) || !read_u32(r, &out->ttl_s) || !read_u16(r, &n))
		return false;
	out->at = r->at;
	out->n = n;
	if (out->ttl_s > INT32_MAX) /* RFC 2181 8 */
		out->ttl_s = 0;
	return read_bytes(r, n, &data);
}

/* TXT: strings, each with its length, joined. */
static bool
read_strings(struct reader *r, struct arena *a, struct str *out)
{
	size_t total = 0;
	char *p = arena_alloc(a, size_max(r->packet.n - r->at, 1), 1);
	unsigned n;
	struct str part;

	if (p == NULL)
		return false;
	while (r->at < r->packet.n) {
		if (!read_u8(r, &n) || !read_bytes(r, n, &part))
			return false;
		if (part.n > 0)
			memcpy(p + total, part.p, part.n);
		total += part.n;
	}
	*out = str_of(p, total);
	return true;
}

static bool
read_rest(struct reader *r, struct arena *a, struct str *out)
{
	struct str rest;

	if (!read_bytes(r, r->packet.n - r->at, &rest))
		return false;
	*out = arena_str(a, rest);
	return out->p != NULL;
}

static bool
read_address(struct reader *r, enum net_address_family family, struct net_address *out)
{
	size_t n = family == NET_ADDRESS_IPV4 ? 4 : 16;
	struct str bytes;

	if (!read_bytes(r, n, &bytes))
		return false;
	*out = (struct net_address){ .family = (uint8_t)family };
	memcpy(out->bytes, bytes.p, n);
	return true;
}

static bool
read_small(struct reader *r, uint8_t *out)
{
	unsigned n;

	if (!read_u8(r, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

static bool
read_medium(struct reader *r, uint16_t *out)
{
	unsigned n;

	if (!read_u16(r, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

/* Of CAA: letters and digits, in lower case (RFC 8659 4.1). */
static bool
read_tag(struct reader *r, struct arena *a, struct str *out)
{
	struct str tag;
	unsigned n;
	char *p;

	if (!read_u8(r, &n) || n == 0 || !read_bytes(r, n, &tag))
		return false;
	p = arena_alloc(a, n, 1);
	for (size_t i = 0; p && i < n; i++) {
		if (!char_is_alpha(tag.p[i]) && !char_is_digit(tag.p[i]))
			return false;
		p[i] = char_lower(tag.p[i]);
	}
	*out = str_of(p, n);
	return p != NULL;
}

/* The data of a record must be used up exactly. */
static bool
read_record(struct str packet, const struct raw *raw, struct arena *a, struct dns_record *out)
{
	struct reader r = { str_head(packet, raw->at + raw->n), raw->at };
	bool ok = false;

	*out = (struct dns_record){ 0 };
	switch ((enum dns_type)raw->type) {
	case DNS_A: ok = read_address(&r, NET_ADDRESS_IPV4, &out->address); break;
	case DNS_AAAA: ok = read_address(&r, NET_ADDRESS_IPV6, &out->address); break;
	case DNS_CNAME:
	case DNS_PTR: ok = read_name(&r, a, &out->name); break;
	case DNS_MX: ok = read_medium(&r, &out->priority) && read_name(&r, a, &out->name); break;
	case DNS_SRV:
		ok = read_medium(&r, &out->priority) && read_medium(&r, &out->weight) &&
		    read_medium(&r, &out->port) && read_name(&r, a, &out->name);
		break;
	case DNS_TXT: ok = read_strings(&r, a, &out->bytes); break;
	case DNS_TLSA:
		ok = read_small(&r, &out->usage) && read_small(&r, &out->selector) &&
		    read_small(&r, &out->matching) && read_rest(&r, a, &out->bytes);
		break;
	case DNS_CAA: /* RFC 8659 4.1 */
		ok = read_small(&r, &out->usage) && read_tag(&r, a, &out->name) &&
		    read_rest(&r, a, &out->bytes);
		break;
	}
	return ok && r.at == r.packet.n;
}

/* --- an answer ------------------------------------------------------------------------------ */

struct header {
	unsigned id, flags, questions, answers, authorities, extras;
};

static bool
read_header(struct reader *r, struct header *h)
{
	return read_u16(r, &h->id) && read_u16(r, &h->flags) && read_u16(r, &h->questions) &&
	    read_u16(r, &h->answers) && read_u16(r, &h->authorities) && read_u16(r, &h->extras);
}

static bool
read_question(struct reader *r, struct arena *a, struct str name, enum dns_type type)
{
	struct str asked;
	unsigned asked_type, class;

	return read_name(r, a, &asked) && str_eq(asked, name) && read_u16(r, &asked_type) &&
	    asked_type == type && read_u16(r, &class) && class == CLASS_IN;
}

/* Follow CNAMEs from `name`; what they lead to, and the smallest TTL on the way. */
static enum fail
follow(struct str packet, const struct raw *raws, size_t count, struct arena *a,
    struct dns_answer *out)
{
	for (unsigned hops = 0; hops < CNAMES_MAX; hops++) {
		struct dns_record alias;
		size_t i = 0;

		while (i < count &&
		    (raws[i].type != DNS_CNAME || !str_eq(raws[i].owner, out->canonical)))
			i++;
		if (i == count)
			return FAIL_NONE;
		if (!read_record(packet, &raws[i], a, &alias))
			return FAIL_SYNTAX;
		out->canonical = alias.name;
		out->is_partial = true;
		out->ttl_s = raws[i].ttl_s < out->ttl_s ? raws[i].ttl_s : out->ttl_s;
	}
	return FAIL_LIMIT; /* a loop */
}

static enum fail
gather(struct str packet, const struct raw *raws, size_t count, enum dns_type type, struct arena *a,
    struct dns_answer *out)
{
	enum fail fail = FAIL_NONE;

	if (type != DNS_CNAME)
		fail = follow(packet, raws, count, a, out);
	if (fail != FAIL_NONE)
		return fail;
	out->records = arena_alloc(a, count + 1, sizeof out->records[0]);
	if (out->records == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < count; i++) {
		if (raws[i].type != type || !str_eq(raws[i].owner, out->canonical))
			continue;
		if (!read_record(packet, &raws[i], a, &out->records[out->record_count]))
			return FAIL_SYNTAX;
		out->record_count++;
		out->ttl_s = raws[i].ttl_s < out->ttl_s ? raws[i].ttl_s : out->ttl_s;
	}
	return FAIL_NONE;
}

/* How long "there is none" holds (RFC 2308 5): the SOA's TTL or its MINIMUM, the smaller. */
static bool
read_soa(struct str packet, const struct raw *raw, struct arena *a, uint32_t *out)
{
	struct reader r = { str_head(packet, raw->at + raw->n), raw->at };
	struct str server, mailbox;
	uint32_t n;

	if (!read_name(&r, a, &server) || !read_name(&r, a, &mailbox))
		return false;
	for (int i = 0; i < 5; i++) { /* serial, refresh, retry, expire, minimum */
		if (!read_u32(&r, &n))
			return false;
	}
	*out = n < raw->ttl_s ? n : raw->ttl_s;
	return true;
}

/* The authority section of an answer without records; true when it has a SOA. */
static bool
read_authority(struct reader *r, unsigned count, struct arena *a, struct dns_answer *out)
{
	bool has_soa = false;
	uint32_t ttl_s;
	struct raw raw;

	for (unsigned i = 0; i < count && !has_soa; i++) {
		if (!read_raw(r, a, &raw))
			return false;
		if (raw.type != TYPE_SOA || raw.class != CLASS_IN ||
		    !read_soa(r->packet, &raw, a, &ttl_s))
			continue;
		has_soa = true;
		out->ttl_s = ttl_s < out->ttl_s ? ttl_s : out->ttl_s;
	}
	return has_soa;
}

static enum fail
read_sections(struct reader *r, const struct header *h, enum dns_type type, struct arena *a,
    struct dns_answer *out)
{
	struct raw *raws = arena_alloc(a, (size_t)h->answers + 1, sizeof raws[0]);
	size_t count = 0;
	enum fail fail;

	if (raws == NULL)
		return FAIL_LIMIT;
	for (unsigned i = 0; i < h->answers; i++) {
		if (!read_raw(r, a, &raws[count]))
			return FAIL_SYNTAX;
		count += raws[count].class == CLASS_IN;
	}
	fail = gather(r->packet, raws, count, type, a, out);
	if (fail != FAIL_NONE)
		return fail;
	if (out->record_count > 0 || read_authority(r, h->authorities, a, out) ||
	    out->rcode == DNS_RCODE_NAME)
		out->is_partial = false;
	if (out->ttl_s == UINT32_MAX)
		out->ttl_s = TTL_NONE_S;
	return FAIL_NONE;
}

bool
dns_packet_id(struct str packet, uint16_t *id_out)
{
	struct reader r = { packet, 0 };

	return read_medium(&r, id_out);
}

enum fail
dns_answer_parse(struct str packet, struct str name, enum dns_type type, struct arena *a,
    struct dns_answer *out)
{
	struct reader r = { packet, 0 };
	struct header h;

	*out = (struct dns_answer){ .canonical = name, .ttl_s = UINT32_MAX };
	if (!read_header(&r, &h) || (h.flags & (FLAG_ANSWER | FLAG_OPCODE)) != FLAG_ANSWER)
		return FAIL_SYNTAX;
	out->rcode = h.flags & 15;
	out->is_truncated = h.flags & FLAG_TRUNCATED;
	out->is_authentic = h.flags & FLAG_AUTHENTIC;
	/* Servers that do not know EDNS may leave the question out of their complaint. */
	if (h.questions == 0 && out->rcode == DNS_RCODE_FORMAT)
		return FAIL_NONE;
	if (h.questions != 1 || !read_question(&r, a, name, type))
		return FAIL_SYNTAX;
	if (out->is_truncated || (out->rcode != DNS_RCODE_OK && out->rcode != DNS_RCODE_NAME))
		return FAIL_NONE;
	if (h.answers > RECORDS_MAX)
		return FAIL_LIMIT;
	return read_sections(&r, &h, type, a, out);
}
