#include "smtpc/command.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "codec/utf8.h"
#include "envelope/path.h"
#include "envelope/xtext.h"

#define BY_MAX 999999999 /* RFC 2852 4: by-time = ["-" / "+"] 1*9digit */

/* --- addresses ------------------------------------------------------------------------------ */

/* The grammar wants angle brackets. */
static bool
parse(struct str address, struct buf *path, struct path *out)
{
	struct str cur;

	buf_init(path, SMTP_PATH_MAX + 2);
	buf_add_char(path, '<');
	buf_add(path, address);
	buf_add_char(path, '>');
	cur = buf_str(path);
	return buf_ok(path) && path_parse(&cur, out) == FAIL_NONE && str_empty(cur) &&
	    str_eq(out->address, address); /* and no source route before it */
}

static bool
is_foldable(const struct path *path)
{
	struct buf ascii;
	bool is_good;

	if (!utf8_is_ascii(path->local))
		return false;
	buf_init(&ascii, IDNA_DOMAIN_MAX);
	is_good = idna_write_ascii(&ascii, path->domain) == FAIL_NONE;
	buf_release(&ascii);
	return is_good;
}

enum command_address
command_address(struct str address)
{
	struct buf text;
	struct path path;
	enum command_address kind = COMMAND_ADDRESS_UTF8;

	if (!parse(address, &text, &path))
		kind = COMMAND_ADDRESS_BAD;
	else if (!path.is_utf8)
		kind = COMMAND_ADDRESS_ASCII;
	else if (is_foldable(&path))
		kind = COMMAND_ADDRESS_FOLDS;
	buf_release(&text);
	return kind;
}

/* "<local@domain>", the domain in ASCII where it has to be. */
static void
add_path(struct buf *out, struct str address, bool is_utf8)
{
	size_t at = str_rfind_char(address, '@');

	buf_add_char(out, '<');
	if (is_utf8 || at == STR_NONE || utf8_is_ascii(address)) {
		buf_add(out, address);
	} else {
		enum fail fail;

		buf_add(out, str_head(address, at + 1));
		fail = idna_write_ascii(out, str_from(address, at + 1));
		invariant(fail == FAIL_NONE); /* command_address() said that it folds */
	}
	buf_add_char(out, '>');
}

/* --- parameters ----------------------------------------------------------------------------- */

int64_t
command_by_left(const struct envelope *e, int64_t now_s)
{
	int64_t left;

	if (__builtin_sub_overflow(e->by_s, now_s, &left))
		return e->by_s < 0 ? -BY_MAX : BY_MAX;
	return left > BY_MAX ? BY_MAX : left < -BY_MAX ? -BY_MAX : left;
}

static void
add_by(struct buf *out, const struct envelope *e, int64_t now_s)
{
	buf_add(out, STR(" BY="));
	buf_add_i64(out, command_by_left(e, now_s));
	buf_add(out, e->by == BY_RETURN ? STR(";R") : STR(";N"));
	if (e->is_by_traced)
		buf_add_char(out, 'T');
}

static void
add_dsn(struct buf *out, const struct envelope *e)
{
	if (e->ret != RETURN_UNSAID)
		buf_add(out, e->ret == RETURN_FULL ? STR(" RET=FULL") : STR(" RET=HDRS"));
	if (!str_empty(e->id) && e->id.n <= ENVELOPE_ID_MAX) {
		buf_add(out, STR(" ENVID="));
		xtext_write(out, e->id);
	}
}

static void
add_body(struct buf *out, enum envelope_body body)
{
	switch (body) {
	case BODY_7BIT: break;
	case BODY_8BITMIME: buf_add(out, STR(" BODY=8BITMIME")); break;
	case BODY_BINARYMIME: buf_add(out, STR(" BODY=BINARYMIME")); break;
	}
}

void
command_mail_write(struct buf *out, const struct envelope *e, const struct command_mail *mail,
    unsigned has)
{
	buf_add(out, STR("MAIL FROM:"));
	add_path(out, e->sender, mail->is_utf8);
	if ((has & SMTPC_HAS_SIZE) && mail->size > 0) {
		buf_add(out, STR(" SIZE="));
		buf_add_u64(out, mail->size);
	}
	add_body(out, mail->body);
	if (mail->is_utf8)
		buf_add(out, STR(" SMTPUTF8"));
	if (has & SMTPC_HAS_DSN)
		add_dsn(out, e);
	if (e->is_tls_must && (has & SMTPC_HAS_REQUIRETLS))
		buf_add(out, STR(" REQUIRETLS"));
	if (e->by != BY_NONE && (has & SMTPC_HAS_DELIVERBY))
		add_by(out, e, mail->now_s);
	if (e->priority != 0 && (has & SMTPC_HAS_PRIORITY)) {
		buf_add(out, STR(" MT-PRIORITY="));
		buf_add_i64(out, e->priority);
	}
	buf_add(out, STR("\r\n"));
}

static void
add_notify(struct buf *out, unsigned notify)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = { { NOTIFY_NEVER, "NEVER" }, { NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" }, { NOTIFY_DELAY, "DELAY" } };
	const char *between = " NOTIFY=";

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(notify & words[i].bit))
			continue;
		buf_add_c(out, between);
		buf_add_c(out, words[i].word);
		between = ",";
		if (words[i].bit == NOTIFY_NEVER) /* which stands alone (RFC 3461 4.1) */
			break;
	}
}

/*
 * ORCPT as it was said. Where UTF-8 may not stand, it is written as RFC 6533 3 has it. Nothing is added
 * of what would not be one parameter.
 */
static void
add_original(struct buf *out, struct str original, bool is_utf8)
{
	for (size_t i = 0; i < original.n; i++) {
		char c = original.p[i];

		if ((unsigned char)c <= ' ' || c == 0x7f || c == '=')
			return;
	}
	if (original.n > ENVELOPE_ORIGINAL_MAX || !utf8_is_valid(original))
		return;
	buf_add(out, STR(" ORCPT="));
	while (!str_empty(original)) {
		uint32_t c = utf8_take(&original);

		if (c < 0x80 || is_utf8)
			utf8_write(out, c);
		else
			embedded_write(out, c);
	}
}

/* RFC 3461 5.2.1: who got it without one may name the address that it got. */
static void
add_our_original(struct buf *out, struct str address)
{
	struct buf text;

	if (!utf8_is_ascii(address))
		return;
	buf_init(&text, ENVELOPE_ORIGINAL_MAX);
	buf_add(&text, STR("rfc822;"));
	xtext_write(&text, address);
	if (buf_ok(&text))
		add_original(out, buf_str(&text), false);
	buf_release(&text);
}

void
command_rcpt_write(struct buf *out, const struct envelope_rcpt *rcpt, bool is_utf8, unsigned has)
{
	buf_add(out, STR("RCPT TO:"));
	add_path(out, rcpt->address, is_utf8);
	if (has & SMTPC_HAS_DSN) {
		add_notify(out, rcpt->notify);
		if (!str_empty(rcpt->original))
			add_original(out, rcpt->original, is_utf8);
		else
			add_our_original(out, rcpt->address);
	}
	buf_add(out, STR("\r\n"));
}
