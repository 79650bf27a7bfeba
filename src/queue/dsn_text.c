/* The part of a report that people read. */
#include "queue/dsn_inner.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/utf8.h"
#include "message/date.h"

#define WIDTH 72 /* columns of text: fits everywhere, quoted once or twice */
#define WORD_MAX \
	500 /* bytes before a word is broken, so that no line is over 998 (RFC 5322 2.1.1) */

/* --- what a status means ---------------------------------------------------------------------------- */

/*
 * RFC 3463 3 and the registry that it began (RFC 5248), by subject and detail: what is the matter, and what the
 * sender can do. A detail that is not here means what detail 0 of its subject does, a subject that is not
 * here what 0.0 does. The class says only whether trying again was worth while, which is told elsewhere.
 */
static const struct {
	uint16_t subject, detail;
	const char *meaning, *advice;
} meanings[] = {
	{ 0, 0, "The other mail system gave no reason that has a name.",
	    "Read what it said, if it said something. If that is no help, ask the person by other means "
	    "whether there is a better address." },

	{ 1, 0, "Something is wrong with the address.",
	    "Check the address for typing errors and ask the person for the right one by other means." },
	{ 1, 1, "There is no such mailbox.",
	    "Check what stands before the \"@\" for typing errors. If it is right, the mailbox is gone: ask "
	    "the person for a new address by other means." },
	{ 1, 2, "There is no such domain, or it has no mail system.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, ask the person for "
	    "another address by other means." },
	{ 1, 3, "The address is not written as addresses are.",
	    "Check it for blanks, commas, missing dots and missing parts, and send the message again." },
	{ 1, 4, "The address fits more than one mailbox.",
	    "Ask the person for an address that is theirs alone." },
	{ 1, 5, "The address is fine.", "Nothing needs to be done." },
	{ 1, 6, "The mailbox has moved, and nobody left a new address.",
	    "Ask the person for the new address by other means." },
	{ 1, 7, "Your own address, as the sender's, is not written as addresses are.",
	    "Check your address in the settings of your mail program, and send the message again." },
	{ 1, 8,
	    "The domain of your own address does not exist or takes no mail, so the other system does "
	    "not take mail from it.",
	    "Check your address in the settings of your mail program. If it is right, show this message "
	    "to your postmaster: the domain's entries in the DNS need care." },
	{ 1, 9, "The message was handed to a mail system that does not say what becomes of it.",
	    "Ask the person whether it arrived, if that matters." },
	{ 1, 10, "The domain has announced that it takes no mail at all.",
	    "Check what stands behind the \"@\" for typing errors, or ask the person for another address "
	    "by other means." },

	{ 2, 0, "Something is wrong with the mailbox.",
	    "Tell the person by other means; only they or their postmaster can mend it." },
	{ 2, 1, "The mailbox takes no mail at present.",
	    "Tell the person by other means; the mailbox may have been closed or be out of use for a "
	    "while." },
	{ 2, 2, "The mailbox is full.",
	    "Tell the person by other means, and send the message again when there is room." },
	{ 2, 3, "The message is larger than the mailbox allows.",
	    "Leave out attachments, make them smaller, or put them somewhere and send a link." },
	{ 2, 4, "The address belongs to a list, and the list does not work.",
	    "Tell the owner of the list." },

	{ 3, 0, "Something is wrong with the other mail system.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 3, 1, "The other mail system has no room left.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 3, 2, "The other mail system takes no mail, at present or at all.",
	    "Check what stands behind the \"@\" for typing errors, and send the message again later." },
	{ 3, 3, "The other mail system cannot do what this message needs.",
	    "Send it in a plainer form: as simple text, or without special requests." },
	{ 3, 4, "The message is larger than the other mail system allows.",
	    "Leave out attachments, make them smaller, or put them somewhere and send a link." },
	{ 3, 5, "A mail system on the way is set up wrongly.",
	    "Show this message to your postmaster, who can tell whose system it is." },

	{ 4, 0, "The way to the other mail system did not work.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 4, 1, "The other mail system did not answer.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, send the message again "
	    "later: their system or the network may be down." },
	{ 4, 2, "The connection to the other mail system broke.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 4, 3, "The directory that knows the way to the domain did not answer.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, send the message again "
	    "later: their DNS may be down." },
	{ 4, 4, "No way to the domain was found.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, tell the person by "
	    "other means: their domain's entries in the DNS need care." },
	{ 4, 5, "The mail systems on the way had too much to do.",
	    "Send the message again later." },
	{ 4, 6, "The message went round in circles between mail systems.",
	    "Tell the person by other means: some forwarding leads back to where it came from." },
	{ 4, 7, "It could not be delivered in the time that was allowed for it.",
	    "Send the message again later. If it comes back again, tell the person by other means." },

	{ 5, 0, "Two mail systems did not understand each other.",
	    "This is not your fault. Show this message to your postmaster." },
	{ 5, 3, "The message has more recipients than the other mail system takes at once.",
	    "Send it to fewer recipients at a time." },
	{ 5, 4,
	    "Two mail systems did not understand each other, perhaps because of unusual characters in "
	    "an address.",
	    "Check the address. If it is right, show this message to your postmaster." },

	{ 6, 0, "The other mail system does not take what is in the message.",
	    "Send it in a plainer form: as simple text, or with other attachments." },
	{ 6, 1, "The other mail system does not take this kind of content.",
	    "Send it in a plainer form: as simple text, or with other attachments." },
	{ 6, 3,
	    "The other mail system takes only a form of mail into which this message could not be put.",
	    "Send it in a plainer form: as simple text, or with attachments of the usual kinds." },
	{ 6, 7, "The other mail system does not take addresses with letters beyond A to Z.",
	    "Ask the person for an address in plain letters, or use one yourself." },
	{ 6, 9,
	    "The other mail system does not take headers with letters beyond A to Z, as this message "
	    "has.",
	    "Send it from an address in plain letters, to addresses in plain letters." },

	{ 7, 0, "The other mail system refuses the message by its rules.",
	    "Read what it said; often there is a link or a word that explains it. If you think that it is "
	    "wrong, tell the person by other means." },
	{ 7, 1,
	    "The other mail system refuses the message by its rules: from this sender, to this address, "
	    "or because it looks like something unwanted.",
	    "Read what it said; often there is a link or a word that explains it. If you think that it is "
	    "wrong, tell the person by other means, or show this message to your postmaster." },
	{ 7, 2, "You may not write to this list.",
	    "Write from the address with which you are a member, or ask the owner of the list." },
	{ 7, 4, "The other mail system cannot protect the message as was asked for.",
	    "Send it without that request if it may travel unprotected, or tell the person by other "
	    "means." },
	{ 7, 5, "Something went wrong with the encryption of the message or of the connection.",
	    "Show this message to your postmaster." },
	{ 7, 7, "The message was damaged on its way, or looked as if it were.", "Send it again." },
	{ 7, 8, "A mail system on the way wanted a login and did not get a good one.",
	    "Check name and password in your mail program. If they are right, show this message to your "
	    "postmaster." },
	{ 7, 10, "The message needs an encrypted connection, and there was none.",
	    "Show this message to your postmaster." },
	{ 7, 13, "The account is switched off.",
	    "Ask the person for another address by other means." },
	{ 7, 17, "The mailbox belongs to somebody else by now.",
	    "Ask the person for a new address by other means." },
	{ 7, 18, "The domain belongs to somebody else by now.",
	    "Ask the person for a new address by other means." },
	{ 7, 20, "The other mail system could not make sure that the message is from you (DKIM).",
	    "Show this message to your postmaster: your domain's signatures need care." },
	{ 7, 21, "The other mail system could not make sure that the message is from you (DKIM).",
	    "Show this message to your postmaster: your domain's signatures need care." },
	{ 7, 22, "The other mail system could not make sure that the message is from you (DKIM).",
	    "Show this message to your postmaster: your domain's signatures need care." },
	{ 7, 23, "Your domain does not allow the mail system that sent the message to do so (SPF).",
	    "Send it through your own provider's mail server, or show this message to your postmaster." },
	{ 7, 24, "The other mail system could not find out who may send for your domain (SPF).",
	    "Show this message to your postmaster: your domain's entries in the DNS need care." },
	{ 7, 25, "The mail system that sent the message has no name that fits its address.",
	    "Show this message to your postmaster: its reverse DNS needs care." },
	{ 7, 26,
	    "The other mail system could not make sure that the message is from you (SPF, DKIM).",
	    "Show this message to your postmaster: your domain's entries in the DNS need care." },
	{ 7, 27,
	    "Your own address belongs to a domain that takes no mail, so the other system does not "
	    "take mail from it.",
	    "Write from an address that can be answered." },
	{ 7, 28, "Too much mail came for this address, or from you, in too short a time.",
	    "Wait for some hours, and send the message again." },
	{ 7, 29, "The other mail system could not make sure where the message comes from (ARC).",
	    "Show this message to your postmaster." },
	{ 7, 30,
	    "The message may travel only over protected connections, and the other mail system has "
	    "none (REQUIRETLS).",
	    "Send it without that request if it may travel unprotected, or tell the person by other "
	    "means." },
};

static size_t
find_meaning(struct status status)
{
	size_t found = 0; /* 0.0 is the first row */

	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (meanings[i].subject != status.subject)
			continue;
		if (meanings[i].detail == status.detail)
			return i;
		if (meanings[i].detail == 0)
			found = i;
	}
	return found;
}

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
	size_t i = find_meaning(status);
	struct buf text;

	buf_init(&text, DSN_TEXT_MAX);
	buf_add_c(&text, meanings[i].meaning);
	buf_add_c(&text, " (");
	status_write(&text, status);
	buf_add_char(&text, ')');
	add_wrapped(out, 4, buf_str(&text));
	buf_add_c(out, "\r\n");
	if (rcpt->action == DSN_FAILED) {
		buf_clear(&text);
		buf_add_c(&text, "What you can do: ");
		buf_add_c(&text, meanings[i].advice);
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
		buf_add_c(&text, ", and have given up.");
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
	[DSN_RELAYED] = { "Your message was handed on. You asked to be told when it is delivered, but from here on "
			  "nobody will: the next mail system does not report that. If nothing else comes, it "
			  "probably arrived.",
	    "It was handed on to the mail system of this address:",
	    "It was handed on to the mail systems of these addresses:" },
	[DSN_EXPANDED] = { "Your message was delivered to an address that stands for several people, and handed on to "
			   "all of them.",
	    "It was handed on to everybody behind this address:",
	    "It was handed on to everybody behind these addresses:" },
};

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
	add_sentence(out, 0,
	    is_mixed && d->action == DSN_FAILED
		? "Your message could not be delivered to everybody."
		: actions[d->action].news);
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
