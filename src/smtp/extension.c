#include "smtp/extension.h"

/* base */
#include "base/mem.h"

#define DETAIL_MAX 60 /* bytes of a limit in words */

/* These need nothing but their name here: the reader of commands (session.c), HELP and the table of
 * replies do what they promise. */
static const struct smtp_extension pipelining = { .keyword = "PIPELINING" }; /* RFC 2920 */
static const struct smtp_extension help = { .keyword = "HELP" };             /* RFC 5321 4.1.1.8 */
static const struct smtp_extension statuscodes = { .keyword =
						       "ENHANCEDSTATUSCODES" }; /* RFC 2034 */

/* The last one is always offered, so that it can end the reply. */
static const struct smtp_extension *const extensions[] = {
	&pipelining,
	&smtp_ext_size,
	&smtp_ext_8bitmime,
	&smtp_ext_binarymime,
	&smtp_ext_utf8,
	&smtp_ext_chunking,
	&smtp_ext_dsn,
	&smtp_ext_deliverby,
	&smtp_ext_future,
	&smtp_ext_priority,
	&smtp_ext_requiretls,
	&smtp_ext_solicit,
	&smtp_ext_xclient,
	&smtp_ext_starttls,
	&smtp_ext_auth,
	&smtp_ext_limits,
	&help,
	&statuscodes,
};

static bool
is_offered(const struct smtp_session *s, const struct smtp_extension *e)
{
	return e->is_offered == NULL || e->is_offered(s);
}

void
smtp_extensions_write(const struct smtp_session *s, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
		const struct smtp_extension *e = extensions[i];

		if (!is_offered(s, e))
			continue;
		buf_add_c(out, i + 1 < ARRAY_LEN(extensions) ? "250-" : "250 ");
		buf_add_c(out, e->keyword);
		if (e->add_words)
			e->add_words(s, out);
		buf_add(out, STR("\r\n"));
	}
}

static const struct smtp_param *
find_param(const struct smtp_session *s, struct str name, bool is_rcpt)
{
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
		const struct smtp_extension *e = extensions[i];
		const struct smtp_param *p = is_rcpt ? e->rcpt : e->mail;

		for (; p->name; p++)
			if (str_eq_nocase(name, str_c(p->name)))
				return is_offered(s, e) ? p : NULL;
	}
	return NULL;
}

enum smtp_reply
smtp_refuse_seconds(struct smtp_session *s, enum smtp_reply reply, int64_t most_s)
{
	struct buf detail;

	buf_init(&detail, DETAIL_MAX);
	buf_add_i64(&detail, most_s);
	buf_add(&detail, STR(" seconds at most"));
	s->txn->detail = arena_str(&s->txn->arena, buf_str(&detail));
	buf_release(&detail);
	return reply;
}

enum smtp_reply
smtp_params_take(struct smtp_session *s, struct str rest, bool is_rcpt)
{
	const struct smtp_param *seen[SMTP_PARAMS_MAX];
	size_t count = 0;
	struct str name, value;

	while (path_param_next(&rest, &name, &value)) {
		const struct smtp_param *p =
		    (s->have & HAVE_ESMTP) ? find_param(s, name, is_rcpt) : NULL;
		enum smtp_reply reply;

		if (p == NULL || count == SMTP_PARAMS_MAX)
			return REPLY_BAD_PARAM;
		for (size_t i = 0; i < count; i++) /* RFC 5321 4.1.1.11: each at most once */
			if (seen[i] == p)
				return REPLY_BAD_VALUE;
		seen[count++] = p;
		reply = p->take(s, value);
		if (reply != REPLY_OK)
			return reply;
	}
	return REPLY_OK;
}
