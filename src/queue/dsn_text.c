/* The part of a report that people read. */
#include "queue/dsn_inner.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/utf8.h"
#include "message/date.h"

#define EXPIRED "the time that is allowed for it is over."

#define WIDTH 72 /* columns of text: fits everywhere, quoted once or twice */
#define WORD_MAX \
	500 /* bytes before a word is broken, so that no line is over 998 (RFC 5322 2.1.1) */

/* --- lines ------------------------------------------------------------------------------------------ */

/* A paragraph, lines broken at blanks. */
static void
add_wrapped(struct buf *out, size_t indent, struct str text)
{
	size_t column = 0;
	struct str word;

	while (text.n > 0) {
		size_t blank = str_find_char(text, ' ');

		word = utf8_cut(str_head(text, blank), WORD_MAX);
		text = str_from(text, word.n);
		while (str_skip_char(&text, ' '))
			continue;
		if (word.n == 0)
			continue;
		if (column > 0 && column + 1 + utf8_length(word) > WIDTH) {
			buf_add_c(out, "\r\n");
			column = 0;
		}
		for (; column < indent; column++)
			buf_add_char(out, ' ');
		if (column > indent) {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add(out, word);
		column += utf8_length(word);
	}
	buf_add_c(out, "\r\n");
}

/* Something that others wrote, perhaps with a word of ours before it. */
static void
add_quoted(struct buf *out, size_t indent, const char *before, struct str text)
{
	struct buf clean;

	buf_init(&clean, 4 * DSN_TEXT_MAX);
	buf_add_c(&clean, before);
	dsn_clean(&clean, text, true);
	add_wrapped(out, indent, buf_str(&clean));
	buf_release(&clean);
}

static void
add_sentence(struct buf *out, size_t indent, const char *text)
{
	add_wrapped(out, indent, str_c(text));
	buf_add_c(out, "\r\n");
}

static void
add_date(struct buf *out, int64_t unix_s)
{
	date_write_5322(out, unix_s, 0);
}

/* "5 days", "an hour" .. */
static void
add_span(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = {
		{ 86400, "a day", " days" },
		{ 3600, "an hour", " hours" },
		{ 60, "a minute", " minutes" },
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = seconds / units[i].seconds;

		if (n == 1) {
			buf_add_c(out, units[i].one);
			return;
		}
		if (n > 1) {
			buf_add_i64(out, n);
			buf_add_c(out, units[i].many);
			return;
		}
	}
	buf_add_c(out, "some seconds");
}

/* --- one recipient ---------------------------------------------------------------------------------- */

/* Addresses may hold blanks, in quotes, and stay on one line, unless they are no addresses. */
static void
add_address(struct buf *out, const char *before, struct str address, const char *after)
{
	struct buf line;

	buf_init(&line, 4 * DSN_TEXT_MAX);
	buf_add_c(&line, before);
	dsn_clean(&line, address, true);
	buf_add_c(&line, after);
	if (line.n > WORD_MAX) {
		add_wrapped(out, 0, buf_str(&line));
	} else {
		buf_add(out, buf_str(&line));
		buf_add_c(out, "\r\n");
	}
	buf_release(&line);
}

static void
add_addresses(struct buf *out, struct dsn *d, const struct dsn_rcpt *rcpt)
{
	struct str type, original = dsn_original(d, rcpt, &type);

	add_address(out, "<", rcpt->rcpt->address, ">");
	if (original.n > 0 && !str_eq_nocase(original, rcpt->rcpt->address))
		add_address(out, "(you wrote to <", original, ">)");
	buf_add_c(out, "\r\n");
}

static void
add_meaning(struct buf *out, const struct dsn_rcpt *rcpt)
{
	struct status status = dsn_status(rcpt);
	const struct dsn_meaning *meaning = dsn_meaning(rcpt);
	struct buf text;

	buf_init(&text, DSN_TEXT_MAX);
	buf_add_c(&text, meaning->meaning);
	buf_add_c(&text, " (");
	status_write(&text, status);
	buf_add_char(&text, ')');
	add_wrapped(out, 4, buf_str(&text));
	buf_add_c(out, "\r\n");
	if (rcpt->action == DSN_FAILED) {
		buf_clear(&text);
		buf_add_c(&text, "What you can do: ");
		buf_add_c(&text, meaning->advice);
		add_wrapped(out, 4, buf_str(&text));
		buf_add_c(out, "\r\n");
	}
	buf_release(&text);
}

/* Who said what, and in answer to what. */
static void
add_answer(struct buf *out, const struct dsn_rcpt *rcpt)
{
	struct buf line;

	if (rcpt->text.n == 0 && rcpt->code == 0)
		return;
	buf_init(&line, 8 * DSN_TEXT_MAX);
	if (rcpt->code == 0 && rcpt->remote.n == 0) {
		buf_add_c(&line, "What happened:");
	} else if (rcpt->code == 0) {
		buf_add_c(&line, "What happened with ");
		dsn_clean(&line, rcpt->remote, true);
		buf_add_char(&line, ':');
	} else {
		if (rcpt->remote.n > 0)
			dsn_clean(&line, rcpt->remote, true);
		else
			buf_add_c(&line, "The mail system");
		buf_add_c(&line, " said");
		if (rcpt->stage.n > 0)
			buf_add_c(&line, " in answer to ");
		dsn_clean(&line, rcpt->stage, true);
		buf_add_char(&line, ':');
	}
	add_wrapped(out, 4, buf_str(&line));
	buf_add_c(out, "\r\n");
	buf_clear(&line);
	if (rcpt->code > 0) {
		buf_add_u64(&line, rcpt->code);
		buf_add_char(&line, ' ');
	}
	add_quoted(out, 8, rcpt->code > 0 ? buf_c(&line) : "", rcpt->text);
	buf_add_c(out, "\r\n");
	buf_release(&line);
}

/* For how long it was tried, or will be. */
static void
add_times(struct buf *out, const struct dsn *d, const struct dsn_rcpt *rcpt)
{
	int64_t arrived_s = d->report->arrived_s;
	struct buf text;

	buf_init(&text, DSN_TEXT_MAX);
	if (rcpt->action == DSN_FAILED && dsn_status(rcpt).kind == 4 &&
	    rcpt->last_try_s > arrived_s) {
		buf_add_c(&text, "We tried for ");
		add_span(&text, rcpt->last_try_s - arrived_s);
		buf_add_c(&text, ", the last time on ");
		add_date(&text, rcpt->last_try_s);
		buf_add_c(&text, ", and have given up");
		buf_add_c(&text, rcpt->is_expired ? ": " EXPIRED : ".");
	} else if (rcpt->is_expired) {
		buf_add_c(&text, "We have given up: " EXPIRED);
	} else if (rcpt->action == DSN_DELAYED && rcpt->will_retry_until_s > 0) {
		buf_add_c(&text, "We go on trying until ");
		add_date(&text, rcpt->will_retry_until_s);
		buf_add_c(&text, ", and tell you if it cannot be delivered by then.");
	} else if (rcpt->action == DSN_DELAYED) {
		buf_add_c(&text, "We go on trying, and tell you if we give up.");
	}
	if (text.n > 0) {
		add_wrapped(out, 4, buf_str(&text));
		buf_add_c(out, "\r\n");
	}
	buf_release(&text);
}

static void
add_rcpt(struct buf *out, struct dsn *d, const struct dsn_rcpt *rcpt)
{
	add_addresses(out, d, rcpt);
	switch (rcpt->action) {
	case DSN_FAILED:
	case DSN_DELAYED:
		add_meaning(out, rcpt);
		add_answer(out, rcpt);
		add_times(out, d, rcpt);
		break;
	case DSN_RELAYED:
		if (rcpt->remote.n > 0) {
			add_quoted(out, 4, "It was handed to ", rcpt->remote);
			buf_add_c(out, "\r\n");
		}
		break;
	case DSN_DELIVERED:
	case DSN_EXPANDED:
	case DSN_ACTION_COUNT: break;
	}
}

/* --- the whole -------------------------------------------------------------------------------------- */

static const struct {
	const char *news;      /* when it is the gravest */
	const char *one, *all; /* above the recipients of whom it is true */
} actions[DSN_ACTION_COUNT] = {
	[DSN_FAILED] = { "Your message could not be delivered.",
	    "It could not be delivered to this address:",
	    "It could not be delivered to these addresses:" },
	[DSN_DELAYED] = { "Your message is delayed. You need not do anything, and need not send it again.",
	    "It has not been delivered yet to this address:",
	    "It has not been delivered yet to these addresses:" },
	[DSN_DELIVERED] = { "Your message was delivered, as you asked to be told.",
	    "It was put into the mailbox of this address:",
	    "It was put into the mailboxes of these addresses:" },
	[DSN_RELAYED] = { NULL, /* handed_on() */
	    "It was handed on to the mail system of this address:",
	    "It was handed on to the mail systems of these addresses:" },
	[DSN_EXPANDED] = { "Your message was delivered to an address that stands for several people, and handed on to "
			   "all of them.",
	    "It was handed on to everybody behind this address:",
	    "It was handed on to everybody behind these addresses:" },
};

/* Only what was asked for is said to have been (RFC 3461 5.2.2, RFC 2852 5). */
static const char *
handed_on(const struct dsn_report *r)
{
	for (size_t i = 0; i < r->rcpt_count; i++)
		if (r->rcpts[i].action == DSN_RELAYED &&
		    (r->rcpts[i].rcpt->notify & NOTIFY_SUCCESS) != 0)
			return "Your message was handed on. You asked to be told when it is delivered, but "
			       "from here on nobody will: the next mail system does not report that. If "
			       "nothing else comes, it probably arrived.";
	if (r->about->is_by_traced)
		return "Your message was handed on. You asked to be told of each step on its way.";
	return "Your message was handed on. The next mail system does not promise to deliver it in the time "
	       "that you asked for. If nothing else comes, it probably arrived.";
}

static const char *
news_of(const struct dsn *d, bool is_mixed)
{
	if (is_mixed && d->action == DSN_FAILED)
		return "Your message could not be delivered to everybody.";
	return d->action == DSN_RELAYED ? handed_on(d->report) : actions[d->action].news;
}

static void
add_message(struct buf *out, const struct dsn *d)
{
	if (d->subject.n > 0)
		add_quoted(out, 4, "Subject: ", d->subject);
	buf_add_c(out, "    Arrived here: ");
	add_date(out, d->report->arrived_s);
	buf_add_c(out, "\r\n\r\n");
}

static void
add_group(struct buf *out, struct dsn *d, enum dsn_action action)
{
	const struct dsn_report *r = d->report;
	size_t count = 0;

	for (size_t i = 0; i < r->rcpt_count; i++)
		count += r->rcpts[i].action == action;
	if (count == 0)
		return;
	add_sentence(out, 0, count == 1 ? actions[action].one : actions[action].all);
	for (size_t i = 0; i < r->rcpt_count; i++)
		if (r->rcpts[i].action == action)
			add_rcpt(out, d, &r->rcpts[i]);
}

void
dsn_text_write(struct buf *out, struct dsn *d)
{
	bool is_mixed = false;
	struct buf text;

	buf_init(&text, 4 * DSN_TEXT_MAX);
	buf_add_c(&text, "This is the mail system at ");
	buf_add(&text, d->host);
	buf_add_char(&text, '.');
	add_wrapped(out, 0, buf_str(&text));
	buf_add_c(out, "\r\n");
	for (size_t i = 0; i < d->report->rcpt_count; i++)
		is_mixed |= d->report->rcpts[i].action != d->action;
	add_sentence(out, 0, news_of(d, is_mixed));
	add_message(out, d);
	for (unsigned action = 0; action < DSN_ACTION_COUNT; action++)
		add_group(out, d, (enum dsn_action)action);
	buf_clear(&text);
	buf_add_c(&text, "If you need help, send all of this to postmaster@");
	buf_add(&text, d->host);
	buf_add_c(&text, ". What follows tells programs the same, and then comes ");
	buf_add_c(&text, d->is_full ? "your message." : "the header of your message.");
	add_wrapped(out, 0, buf_str(&text));
	buf_release(&text);
}
