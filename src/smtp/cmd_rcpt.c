/* RCPT (RFC 5321 4.1.1.3): where does the address lead? */
#include "smtp/extension.h"

/* rooms */
#include "envelope/srs.h"
#include "queue/queue.h"

#define DETAIL_MAX 400 /* bytes of a list's name and reason in a reply */

static enum smtp_state
refuse_with(struct smtp_session *s, enum smtp_reply reply, struct str detail)
{
	delivery_targets_drop(&s->txn->targets, s->txn->draft.address);
	log_info(&s->log, "smtp.rcpt.refused", LOG_TEXT("from", s->txn->envelope.sender),
	    LOG_TEXT("rcpt", s->txn->draft.address),
	    LOG_TEXT("reply", str_c(smtp_reply_code(reply))), LOG_TEXT("detail", detail));
	return smtp_say_with(s, reply, detail);
}

static enum smtp_state
refuse(struct smtp_session *s, enum smtp_reply reply)
{
	return refuse_with(s, reply, STR(""));
}

/* The recipient of this address that was taken already, or NULL. */
static const struct deposit_rcpt *
find_known(const struct smtp_txn *t, struct str address)
{
	const struct deposit_rcpt *r = t->rcpts;

	while (r && !path_is_same(r->envelope.address, address))
		r = r->next;
	return r;
}

static enum smtp_state
add_rcpt(struct smtp_session *s, enum deposit_way way, struct str to)
{
	struct smtp_txn *t = s->txn;
	struct deposit_rcpt *rcpt = arena_alloc(&t->arena, 1, sizeof *rcpt);

	if (rcpt == NULL)
		return smtp_say(s, REPLY_TOO_MANY_RCPT);
	rcpt->envelope = t->draft;
	rcpt->way = way;
	rcpt->to = to;
	if (t->last_rcpt)
		t->last_rcpt->next = rcpt;
	else
		t->rcpts = rcpt;
	t->last_rcpt = rcpt;
	t->rcpt_count++;
	s->have |= HAVE_RCPT;
	return smtp_say(s, REPLY_RCPT_OK);
}

/* Is this an address literal of ours, by the address that the peer has reached? */
static bool
is_own_literal(struct smtp_session *s, struct str domain)
{
	struct str literal =
	    str_skip_char(&domain, '[') && domain.n > 0 ? str_head(domain, domain.n - 1) : STR("");

	if (str_starts_nocase(literal, STR("IPv6:")))
		literal = str_from(literal, 5);
	return !str_empty(literal) && str_eq_nocase(literal, conn_local(s->conn));
}

/* The recipient's address; RFC 5321 4.5.1: our postmaster has mail also where only our IP address is known. */
static struct str
address_of(struct smtp_session *s, const struct path *path)
{
	bool is_master = str_eq_nocase(path->local, STR("postmaster")) ||
	    str_eq_nocase(path->local, STR("mailer-daemon"));

	if (is_master && is_own_literal(s, path->domain))
		return STR("postmaster");
	return arena_str(&s->txn->arena, path->address);
}

enum smtp_state
cmd_rcpt(struct smtp_session *s, struct str argument)
{
	struct smtp_txn *t = s->txn;
	const struct deposit_rcpt *known;
	struct path path;
	enum smtp_reply reply;
	enum fail fail;

	if (!str_skip_nocase(&argument, STR("TO:")))
		return smtp_say(s, REPLY_SYNTAX);
	argument = str_trim(argument);
	fail = path_parse(&argument, &path);
	if (fail == FAIL_NONE && str_empty(path.address))
		fail = FAIL_SYNTAX; /* the null path receives nothing */
	if (fail != FAIL_NONE)
		return smtp_say(s, fail == FAIL_LIMIT ? REPLY_PATH_TOO_LONG : REPLY_BAD_RCPT);
	t->draft = (struct envelope_rcpt){ 0 };
	reply = smtp_params_take(s, argument, true);
	if (reply != REPLY_OK)
		return smtp_say(s, reply);
	if (path.is_utf8 && !t->envelope.is_utf8)
		return smtp_say(s, REPLY_NEEDS_UTF8);
	if (s->have & HAVE_CHUNK)
		return smtp_say(s, REPLY_BDAT_MIXED);
	if (t->rcpt_count >= (size_t)s->service->settings->recipients)
		return smtp_say(s, REPLY_TOO_MANY_RCPT);
	t->draft.address = address_of(s, &path);
	if (t->draft.address.p == NULL)
		return smtp_say(s, REPLY_TOO_MANY_RCPT);
	known = find_known(t, t->draft.address);
	if (known) /* said twice: it must not be refused now, and dropped by that */
		return add_rcpt(s, known->way, known->to);
	s->log.doing = "looking up a recipient";
	delivery_resolve_start(&t->resolve, s->service->loop,
	    queue_hands_on(s->service->queue) ? NULL : s->service->mail, s->service->directory,
	    &s->task, t->draft.address, t->envelope.size, &t->targets);
	return SMTP_RCPT_RESOLVE;
}

/* What the answer means to the client. */
static enum smtp_reply
reply_of(const struct smtp_session *s, const struct delivery_resolve *r)
{
	switch (r->op.fail) {
	case FAIL_NONE: return REPLY_RCPT_OK;
	case FAIL_MISSING: return r->is_disabled ? REPLY_DISABLED : REPLY_NO_USER;
	case FAIL_DENIED: return REPLY_NO_RELAY;
	case FAIL_SYNTAX: return REPLY_BAD_RCPT;
	case FAIL_PERM: return REPLY_LOOP;
	case FAIL_LIMIT:
		if (!r->is_full)
			return REPLY_TOO_MANY_RCPT;
		return smtp_is_lmtp(s) ? REPLY_QUOTA_LATER : REPLY_QUOTA;
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return REPLY_DIRECTORY_DOWN;
}

/* Into the queue, which looks the address up: the accounts found here are its affair, too. */
static enum smtp_state
queue_rcpt(struct smtp_session *s, enum deposit_way way, struct str to)
{
	if (!queue_has_room(s->service->queue))
		return refuse(s, REPLY_QUEUE_FULL);
	delivery_targets_drop(&s->txn->targets, s->txn->draft.address);
	return add_rcpt(s, way, to);
}

/* Whom a sender of ours stands for, under which we forwarded mail (SRS): that is where bounces go. Or empty. */
static struct str
find_writer(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct str to = STR("");
	struct buf address;

	buf_init(&address, SMTP_PATH_MAX);
	if (queue_reverse_sender(s->service->queue, &address, t->draft.address) == FAIL_NONE)
		to = arena_str(&t->arena, buf_str(&address));
	buf_release(&address);
	return to;
}

/* The address leads somewhere, to `to`; is this peer's mail taken for it? */
static enum smtp_state
take_rcpt(struct smtp_session *s, enum deposit_way way, struct str to)
{
	struct buf detail;
	enum smtp_reply reply;
	enum smtp_state next;

	buf_init(&detail, DETAIL_MAX);
	reply = smtp_check_recipient(s, &detail);
	if (reply != REPLY_OK)
		next = refuse_with(s, reply, buf_str(&detail));
	else if (way == DEPOSIT_WAY_MAILBOX)
		next = add_rcpt(s, way, to);
	else
		next = queue_rcpt(s, way, to);
	buf_release(&detail);
	return next;
}

/*
 * A sender that we made, for mail that was forwarded. Such addresses are there for bounces, which have
 * the null sender (RFC 5321 4.5.5); other mail to them would leave under its writer's name, from us.
 */
static enum smtp_state
take_bounce(struct smtp_session *s, struct str writer)
{
	if (str_empty(s->txn->envelope.sender))
		return take_rcpt(s, DEPOSIT_WAY_LOOKUP, writer);
	return refuse(s, REPLY_BOUNCES_ONLY);
}

/*
 * The directory knows the address. Into mailboxes in this turn, when that is all; where mailboxes are elsewhere, to a
 * single account's at once. The rest is the queue's affair, which asks again when it is time.
 */
static enum deposit_way
way_of(struct smtp_session *s, struct str *to_out)
{
	struct smtp_txn *t = s->txn;
	bool is_simple = t->resolve.remote_count == 0 && t->envelope.hold_s == 0;

	*to_out = t->draft.address;
	if (!queue_hands_on(s->service->queue))
		return is_simple ? DEPOSIT_WAY_MAILBOX : DEPOSIT_WAY_LOOKUP;
	if (!is_simple || t->resolve.local_count != 1)
		return DEPOSIT_WAY_LOOKUP;
	*to_out = arena_str(&t->arena, delivery_account_of(&t->targets, t->draft.address));
	return to_out->p ? DEPOSIT_WAY_HOME : DEPOSIT_WAY_LOOKUP;
}

enum smtp_state
smtp_rcpt_resolved(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	enum fail fail = t->resolve.op.fail;
	struct str to = STR("");
	enum deposit_way way = fail == FAIL_NONE ? way_of(s, &to) : DEPOSIT_WAY_REMOTE;
	enum smtp_reply reply = reply_of(s, &t->resolve);
	struct str writer = STR("");

	delivery_resolve_release(&t->resolve);
	/* Also where a catch-all has every other address of the domain. */
	if (fail == FAIL_NONE || fail == FAIL_MISSING)
		writer = find_writer(s);
	if (!str_empty(writer))
		return take_bounce(s, writer);
	if (fail == FAIL_NONE)
		return take_rcpt(s, way, to);
	if (fail == FAIL_DENIED && smtp_may_relay(s))
		return smtp_check_remote(s);
	if (fail == FAIL_MISSING && srs_is_rewritten(t->draft.address))
		return refuse(s, REPLY_BAD_BOUNCE);
	if (fail == FAIL_MISSING && smtp_is_judged(s))
		return smtp_offend(s, OFFENCE_RCPT, refuse(s, reply));
	return refuse(s, reply);
}

enum smtp_state
smtp_rcpt_checked(struct smtp_session *s)
{
	enum smtp_reply reply = smtp_remote_checked(s);

	return reply == REPLY_RCPT_OK ? queue_rcpt(s, DEPOSIT_WAY_REMOTE, s->txn->draft.address)
				      : refuse(s, reply);
}
