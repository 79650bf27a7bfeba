/* RCPT (RFC 5321 4.1.1.3): where does the address lead? */
#include "smtp/extension.h"

static enum smtp_state
refuse(struct smtp_session *s, enum smtp_reply reply)
{
	delivery_targets_drop(&s->txn->targets, s->txn->draft.address);
	log_info(&s->log, "smtp.rcpt.refused", LOG_TEXT("from", s->txn->envelope.sender),
	    LOG_TEXT("rcpt", s->txn->draft.address),
	    LOG_TEXT("reply", str_c(smtp_reply_code(reply))));
	return smtp_say(s, reply);
}

static bool
is_known(const struct smtp_txn *t, struct str address)
{
	for (const struct smtp_rcpt *r = t->rcpts; r; r = r->next) {
		if (str_eq(r->envelope.address, address))
			return true;
	}
	return false;
}

static enum smtp_state
add_rcpt(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct smtp_rcpt *rcpt = arena_alloc(&t->arena, 1, sizeof *rcpt);

	if (rcpt == NULL)
		return smtp_say(s, REPLY_TOO_MANY_RCPT);
	rcpt->envelope = t->draft;
	if (t->last_rcpt)
		t->last_rcpt->next = rcpt;
	else
		t->rcpts = rcpt;
	t->last_rcpt = rcpt;
	t->rcpt_count++;
	s->have |= HAVE_RCPT;
	return smtp_say(s, REPLY_RCPT_OK);
}

enum smtp_state
cmd_rcpt(struct smtp_session *s, struct str argument)
{
	struct smtp_txn *t = s->txn;
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
	t->draft.address = arena_str(&t->arena, path.address);
	if (t->draft.address.p == NULL)
		return smtp_say(s, REPLY_TOO_MANY_RCPT);
	if (is_known(t,
		t->draft.address)) /* said twice: it must not be refused now, and dropped by that */
		return add_rcpt(s);
	s->log.doing = "looking up a recipient";
	delivery_resolve_start(&t->resolve, s->service->loop, s->service->mail,
	    s->service->directory, &s->task, t->draft.address, t->envelope.size, &t->targets);
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

enum smtp_state
smtp_rcpt_resolved(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	enum smtp_reply reply = reply_of(s, &t->resolve);

	/* One message goes to all it resolves to or to nobody: there is no way out of here. */
	if (t->resolve.remote_count > 0)
		reply = REPLY_NO_RELAY;
	delivery_resolve_release(&t->resolve);
	return reply == REPLY_RCPT_OK ? add_rcpt(s) : refuse(s, reply);
}
