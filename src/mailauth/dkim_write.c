#include "mailauth/dkim_write.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "mailauth/dkim_header.h"

#define COLUMNS 76 /* of a line (RFC 5322 2.1.1 asks for 78) */

/* RFC 6376 5.4.1, what says how the body is to be read (8.2.1), and RFC 8460 5.3. */
static const struct str usual_names[] = { STR_INIT("From"), STR_INIT("Sender"),
	STR_INIT("Reply-To"), STR_INIT("To"), STR_INIT("Cc"), STR_INIT("Subject"), STR_INIT("Date"),
	STR_INIT("Message-ID"), STR_INIT("In-Reply-To"), STR_INIT("References"),
	STR_INIT("MIME-Version"), STR_INIT("Content-Type"), STR_INIT("Content-Transfer-Encoding"),
	STR_INIT("Content-Disposition"), STR_INIT("Content-ID"), STR_INIT("Content-Description"),
	STR_INIT("Content-Language"), STR_INIT("Resent-Date"), STR_INIT("Resent-From"),
	STR_INIT("Resent-Sender"), STR_INIT("Resent-To"), STR_INIT("Resent-Cc"),
	STR_INIT("Resent-Message-ID"), STR_INIT("List-Id"), STR_INIT("List-Help"),
	STR_INIT("List-Unsubscribe"), STR_INIT("List-Unsubscribe-Post"), STR_INIT("List-Subscribe"),
	STR_INIT("List-Post"), STR_INIT("List-Owner"), STR_INIT("List-Archive"),
	STR_INIT("Autocrypt"), STR_INIT("TLS-Required"), STR_INIT("TLS-Report-Domain"),
	STR_INIT("TLS-Report-Submitter") };

static void
add(struct dkim_writer *w, struct str text)
{
	buf_add(w->out, text);
	w->column += text.n;
}

static void
fold(struct dkim_writer *w)
{
	buf_add_c(w->out, "\r\n\t");
	w->column = 8;
}

/* Room for `n` more in this line, or in a new one. */
static void
make_room(struct dkim_writer *w, size_t n)
{
	if (w->column + 1 + n > COLUMNS)
		fold(w);
	else
		add(w, STR(" "));
}

void
dkim_write_begin(struct dkim_writer *w, const char *name)
{
	add(w, str_c(name));
	add(w, STR(":"));
}

static void
begin_tag(struct dkim_writer *w, const char *tag, size_t n)
{
	struct str name = str_c(tag);

	make_room(w, name.n + 1 + n + 1);
	add(w, name);
	add(w, STR("="));
}

void
dkim_write_tag(struct dkim_writer *w, const char *tag, struct str value)
{
	begin_tag(w, tag, value.n);
	add(w, value);
	add(w, STR(";"));
}

void
dkim_write_number(struct dkim_writer *w, const char *tag, uint64_t n)
{
	struct buf text;

	buf_init(&text, 20);
	buf_add_u64(&text, n);
	dkim_write_tag(w, tag, buf_str(&text));
	buf_release(&text);
}

static void
add_base64(struct dkim_writer *w, struct str bytes)
{
	struct buf text;
	struct str rest;

	buf_init(&text, base64_length(bytes.n));
	base64_write(&text, bytes);
	rest = buf_str(&text);
	while (rest.n > 0) {
		if (w->column >= COLUMNS)
			fold(w);
		struct str line = str_head(rest, COLUMNS - w->column);

		add(w, line);
		rest = str_from(rest, line.n);
	}
	buf_release(&text);
}

void
dkim_write_bytes(struct dkim_writer *w, const char *tag, struct str bytes)
{
	begin_tag(w, tag, base64_length(bytes.n));
	add_base64(w, bytes);
	add(w, STR(";"));
}

void
dkim_write_names(struct dkim_writer *w, struct str names)
{
	struct str name;
	bool is_first = true;

	while (dkim_next_name(&names, &name)) {
		if (is_first)
			begin_tag(w, "h", name.n);
		else if (w->column + name.n + 2 > COLUMNS)
			fold(w);
		is_first = false;
		add(w, name);
		add(w, names.p ? STR(":") : STR(";"));
	}
}

/* As often as there are such fields; false: too many. */
static bool
add_name(const struct dkim_content *content, struct str name, size_t *total, struct buf *out)
{
	for (size_t i = 0; i < content->count; i++) {
		if (!str_eq_nocase(content->fields[i].name, name))
			continue;
		if (++*total > DKIM_NAMES_MAX)
			return false;
		buf_add_char(out, ':');
		buf_add(out, name);
	}
	return buf_ok(out);
}

enum fail
dkim_write_usual_names(const struct dkim_content *content, struct str also, struct buf *out)
{
	size_t total = 1;

	buf_add_c(out, "From");
	for (size_t i = 0; i < ARRAY_LEN(usual_names); i++) {
		if (!add_name(content, usual_names[i], &total, out))
			return FAIL_LIMIT;
	}
	return add_name(content, also, &total, out) ? FAIL_NONE : FAIL_LIMIT;
}

enum fail
dkim_write_signature(struct dkim_writer *w, struct buf *text, enum dkim_canon canon,
    const struct private_key *key)
{
	unsigned char digest[DKIM_DIGEST_BYTES];
	struct buf signature;
	struct header own;
	struct str cur;

	fold(w);
	add(w, STR("b="));
	cur = buf_str(w->out);
	if (!buf_ok(w->out) || !header_next(&cur, &own))
		return FAIL_LIMIT;
	dkim_header_write_own(text, canon, &own);
	if (!buf_ok(text))
		return FAIL_LIMIT;
	hash_once(HASH_SHA256, buf_str(text), digest);
	buf_init(&signature, PRIVATE_KEY_SIGNATURE_MAX);
	if (!private_key_sign(key, digest, &signature)) {
		buf_release(&signature);
		return FAIL_PERM;
	}
	add_base64(w, buf_str(&signature));
	buf_add_c(w->out, "\r\n");
	buf_release(&signature);
	return buf_ok(w->out) ? FAIL_NONE : FAIL_LIMIT;
}
