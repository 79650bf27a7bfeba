/*
 * The parameters of an envelope's addresses (RFC 8621 7): those that submission takes by SMTP, decoded already.
 */
#include "jmap/submission.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "envelope/xtext.h"
#include "message/date.h"

#define BY_DIGITS 9 /* by-time = ["-" / "+"] 1*9digit (RFC 2852 4) */

/* --- MAIL ------------------------------------------------------------------------------------------ */

static bool
take_size(struct str value, const struct param_limits *limits, struct envelope *out)
{
	return str_u64(&value, UINT64_MAX, &out->size) && value.n == 0 &&
	    out->size <= (uint64_t)limits->message_bytes;
}

static bool
take_body(struct str value, const struct param_limits *limits, struct envelope *out)
{
	(void)limits;
	if (str_eq_nocase(value, STR("BINARYMIME")))
		out->body = BODY_BINARYMIME;
	return out->body == BODY_BINARYMIME || str_eq_nocase(value, STR("7BIT")) ||
	    str_eq_nocase(value, STR("8BITMIME"));
}

static bool
take_ret(struct str value, const struct param_limits *limits, struct envelope *out)
{
	(void)limits;
	if (str_eq_nocase(value, STR("FULL")))
		out->ret = RETURN_FULL;
	else if (str_eq_nocase(value, STR("HDRS")))
		out->ret = RETURN_HEADERS;
	return out->ret != RETURN_UNSAID;
}

/* RFC 3461 4.4: printable ASCII, at most 100 characters */
static bool
take_envid(struct str value, const struct param_limits *limits, struct envelope *out)
{
	(void)limits;
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 || (unsigned char)value.p[i] > 0x7e)
			return false;
	out->id = value;
	return value.n > 0 && value.n <= ENVELOPE_ID_MAX;
}

static bool
hold(int64_t until_s, const struct param_limits *limits, struct envelope *out)
{
	if (out->hold_s != 0 || limits->hold_s == 0 || until_s > limits->now_s + limits->hold_s)
		return false;
	out->hold_s = until_s;
	return true;
}

/* RFC 4865 4 */
static bool
take_holdfor(struct str value, const struct param_limits *limits, struct envelope *out)
{
	uint32_t seconds;

	return str_u32(&value, 999999999, &seconds) && value.n == 0 && seconds > 0 &&
	    hold(limits->now_s + seconds, limits, out);
}

static bool
take_holduntil(struct str value, const struct param_limits *limits, struct envelope *out)
{
	struct date date;

	return date_parse_3339(value, &date) == FAIL_NONE && date.unix_s > 0 &&
	    hold(date.unix_s, limits, out);
}

/* by-value = by-time ";" ("N" / "R") ["T"] (RFC 2852 4) */
static bool
take_by(struct str value, const struct param_limits *limits, struct envelope *out)
{
	bool is_past = str_skip_char(&value, '-');
	struct str digits = value;
	uint64_t seconds;

	if (!is_past && str_skip_char(&value, '+'))
		digits = value;
	if (!str_u64(&value, UINT32_MAX, &seconds) || digits.n - value.n > BY_DIGITS ||
	    !str_skip_char(&value, ';'))
		return false;
	if (str_skip_nocase(&value, STR("N")))
		out->by = BY_NOTIFY;
	else if (str_skip_nocase(&value, STR("R")))
		out->by = BY_RETURN;
	out->is_by_traced = str_skip_nocase(&value, STR("T"));
	out->by_s = limits->now_s + (is_past ? -(int64_t)seconds : (int64_t)seconds);
	return out->by != BY_NONE && value.n == 0 &&
	    !(out->by == BY_RETURN && (is_past || seconds == 0));
}

/* priority-value = ["-"] NZDIGIT / "0" (RFC 6710 4) */
static bool
take_priority(struct str value, const struct param_limits *limits, struct envelope *out)
{
	bool is_negative = str_skip_char(&value, '-');
	uint32_t n;

	(void)limits;
	if (value.n != 1 || !str_u32(&value, ENVELOPE_PRIORITY_MAX, &n) || (is_negative && n == 0))
		return false;
	out->priority = (int8_t)(is_negative ? -(int)n : (int)n);
	return true;
}

static bool
take_requiretls(struct str value, const struct param_limits *limits, struct envelope *out)
{
	(void)limits;
	out->is_tls_must = true;
	return str_empty(value);
}

static bool
take_utf8(struct str value, const struct param_limits *limits, struct envelope *out)
{
	(void)limits;
	out->is_utf8 = true;
	return str_empty(value);
}

static const struct {
	struct str name;
	bool (*take)(struct str value, const struct param_limits *limits, struct envelope *out);
	bool has_value;
} mail_params[] = {
	{ STR_INIT("SIZE"), take_size, true },              /* RFC 1870 */
	{ STR_INIT("BODY"), take_body, true },              /* RFC 6152 */
	{ STR_INIT("RET"), take_ret, true },                /* RFC 3461 4.3 */
	{ STR_INIT("ENVID"), take_envid, true },            /* RFC 3461 4.4 */
	{ STR_INIT("HOLDFOR"), take_holdfor, true },        /* RFC 4865 */
	{ STR_INIT("HOLDUNTIL"), take_holduntil, true },    /* RFC 4865 */
	{ STR_INIT("BY"), take_by, true },                  /* RFC 2852 */
	{ STR_INIT("MT-PRIORITY"), take_priority, true },   /* RFC 6710 */
	{ STR_INIT("REQUIRETLS"), take_requiretls, false }, /* RFC 8689 */
	{ STR_INIT("SMTPUTF8"), take_utf8, false },         /* RFC 6531 */
};

bool
jmap_mail_param(const struct submission_param *p, const struct param_limits *limits,
    struct envelope *out)
{
	for (size_t i = 0; i < ARRAY_LEN(mail_params); i++)
		if (str_eq_nocase(p->name, mail_params[i].name))
			return (p->value.p != NULL) == mail_params[i].has_value &&
			    mail_params[i].take(p->value.p ? p->value : STR(""), limits, out);
	return false;
}

/* --- RCPT ------------------------------------------------------------------------------------------ */

/* notify-esmtp-value = "NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" ) (RFC 3461 4.1) */
static bool
take_notify(struct str value, struct envelope_rcpt *out)
{
	static const struct {
		struct str word;
		unsigned bit;
	} words[] = { { STR_INIT("SUCCESS"), NOTIFY_SUCCESS },
		{ STR_INIT("FAILURE"), NOTIFY_FAILURE }, { STR_INIT("DELAY"), NOTIFY_DELAY } };
	struct str word;

	out->notify = str_eq_nocase(value, STR("NEVER")) ? NOTIFY_NEVER : 0;
	while (out->notify != NOTIFY_NEVER && str_next_part(&value, ',', &word)) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && !str_eq_nocase(word, words[i].word))
			i++;
		if (i == ARRAY_LEN(words))
			return false;
		out->notify |= words[i].bit;
	}
	return out->notify != 0;
}

/* "rfc822;ann@example.org": what is behind the type becomes xtext again (RFC 3461 4.2) */
static bool
take_orcpt(struct str value, struct arena *a, struct envelope_rcpt *out)
{
	struct str type;
	struct buf text;
	bool is_good;

	if (!str_take_until(&value, ';', &type) || type.n == 0 || value.n == 0)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!char_is_alpha(type.p[i]) && !char_is_digit(type.p[i]) && type.p[i] != '-')
			return false;
	buf_init(&text, ENVELOPE_ORIGINAL_MAX);
	buf_add(&text, type);
	buf_add_char(&text, ';');
	if (utf8_is_ascii(value))
		xtext_write(&text, value);
	else
		buf_add(&text, value); /* RFC 6533 3: of type utf-8 it may stand as it is */
	out->original = arena_str(a, buf_str(&text));
	is_good = buf_ok(&text) && out->original.p &&
	    (utf8_is_ascii(value) || str_eq_nocase(type, STR("utf-8")));
	buf_release(&text);
	return is_good;
}

bool
jmap_rcpt_param(const struct submission_param *p, struct arena *a, struct envelope_rcpt *out)
{
	if (p->value.p && str_eq_nocase(p->name, STR("NOTIFY")))
		return take_notify(p->value, out);
	return p->value.p && str_eq_nocase(p->name, STR("ORCPT")) && take_orcpt(p->value, a, out);
}
