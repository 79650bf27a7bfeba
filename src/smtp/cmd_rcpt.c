/* RCPT (RFC 5321 4.1.1.3): where does the address lead? */
#include "smtp/extension.h"

/* rooms */
#include "mail/mail.h"

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
	directory_resolve_start(s->service->directory, &t->resolve, &s->task, t->draft.address);
	return SMTP_RCPT_RESOLVE;
}

/* What the directory's answer means to the client, when it is no list of targets. */
static enum smtp_reply
resolve_reply(enum fail fail)
{
	switch (fail) {
	case FAIL_NONE: return REPLY_RCPT_OK;
	case FAIL_MISSING: return REPLY_NO_USER;
	case FAIL_DENIED: return REPLY_NO_RELAY;
	case FAIL_SYNTAX: return REPLY_BAD_RCPT;
	case FAIL_LIMIT:
	case FAIL_PERM: return REPLY_LOOP;
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return REPLY_DIRECTORY_DOWN;
}

/* Accounts of all targets are known: is there anybody to deliver to? */
static enum smtp_state
accept_rcpt(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	directory_query_release(&t->account);
	directory_query_release(&t->resolve);
	if (t->is_crowded)
		return refuse(s, REPLY_TOO_MANY_RCPT);
	if (t->is_full)
		return refuse(s, smtp_is_lmtp(s) ? REPLY_QUOTA_LATER : REPLY_QUOTA);
	if (t->target_found == 0)
		return refuse(s, t->is_disabled ? REPLY_DISABLED : REPLY_NO_RELAY);
	return add_rcpt(s);
}

/* Look up the account of the next target, or end. */
static enum smtp_state
next_target(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	if (t->target_at == t->resolve.target_count)
		return accept_rcpt(s);
	s->log.doing = "looking up an account";
	directory_account_start(s->service->directory, &t->account, &s->task,
	    t->resolve.targets[t->target_at].name);
	return SMTP_RCPT_ACCOUNT;
}

enum smtp_state
smtp_rcpt_resolved(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	if (t->resolve.op.fail != FAIL_NONE)
		return refuse(s, resolve_reply(t->resolve.op.fail));
	for (size_t i = 0; i < t->resolve.target_count; i++) {
		/* One message goes to all it resolves to or to nobody: there is no way out of here. */
		if (t->resolve.targets[i].kind == DIRECTORY_REMOTE)
			return refuse(s, REPLY_NO_RELAY);
	}
	t->target_at = t->target_found = 0;
	t->is_disabled = t->is_full = t->is_crowded = false;
	return next_target(s);
}

static enum fail
add_target(struct smtp_session *s, const struct directory_account *account)
{
	struct smtp_txn *t = s->txn;
	struct account_limits limits = { .quota_bytes = (uint64_t)account->quota_bytes,
		.quota_messages = (uint64_t)account->quota_messages };
	struct account *open;
	enum fail fail = account_open(s->service->mail, account->name, &limits, &open);

	if (fail != FAIL_NONE)
		return fail;
	fail = account_room(open, t->envelope.size > 0 ? t->envelope.size : 1);
	account_close(&open);
	if (fail == FAIL_NONE)
		t->is_crowded |= delivery_targets_add(&t->targets, t->draft.address, account->name,
				     &limits) != FAIL_NONE;
	return fail;
}

enum smtp_state
smtp_rcpt_account(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	enum fail fail = t->account.op.fail;

	if (fail == FAIL_NONE)
		fail = add_target(s, &t->account.account);
	switch (fail) {
	case FAIL_NONE: t->target_found++; break;
	case FAIL_MISSING:
	case FAIL_DENIED: t->is_disabled = true; break;
	case FAIL_LIMIT: t->is_full = true; break;
	case FAIL_SYNTAX:
	case FAIL_PERM:
	case FAIL_TEMP:
	case FAIL_COUNT: return refuse(s, REPLY_DIRECTORY_DOWN);
	}
	t->target_at++;
	return next_target(s);
}
