#include "jmap/state_change.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/args.h"
#include "jmap/state_watch.h"

#define ACCOUNT_BYTES_MAX 480 /* of one account with all of its types */

static const struct {
	struct str name;
	unsigned mail_bit;
	enum change_type state;
	bool is_shared; /* others' accounts have it */
} types[] = {
	{ STR_INIT("Email"), MAIL_CHANGED_EMAILS, CHANGE_EMAIL, true },
	{ STR_INIT("Mailbox"), MAIL_CHANGED_MAILBOXES, CHANGE_MAILBOX, true },
	{ STR_INIT("Thread"), MAIL_CHANGED_THREADS, CHANGE_THREAD, true },
	{ STR_INIT("EmailDelivery"), MAIL_ARRIVED, CHANGE_EMAIL, true }, /* RFC 8621 1.5 */
	{ STR_INIT("Identity"), MAIL_CHANGED_IDENTITIES, CHANGE_IDENTITY, false },
	{ STR_INIT("EmailSubmission"), MAIL_CHANGED_SUBMISSIONS, CHANGE_SUBMISSION, false },
	{ STR_INIT("VacationResponse"), MAIL_CHANGED_VACATION, CHANGE_VACATION, false },
	{ STR_INIT("ShareNotification"), MAIL_CHANGED_SHARE_NOTICES, CHANGE_SHARE_NOTICE,
	    false }, /* RFC 9670 3 */
};
static_assert(ARRAY_LEN(types) == STATE_TYPE_COUNT, "a tick per type");

unsigned
state_type(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i].name, name))
			return 1u << i;
	return 0;
}

unsigned
state_types_by(unsigned mail_bits)
{
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].mail_bit & mail_bits)
			set |= 1u << i;
	return set;
}

unsigned
state_types_shared(void)
{
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].is_shared)
			set |= 1u << i;
	return set;
}

static unsigned
types_after(const struct account *a, uint64_t modseq)
{
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (change_state(a, types[i].state) > modseq)
			set |= 1u << i;
	return set;
}

/* --- debts ------------------------------------------------------------------------------------- */

void
state_debt_clear(struct state_debt *d, const struct state_user *u)
{
	*d = (struct state_debt){ .told = u->tick };
}

/* Whether mail came in is not known then: EmailDelivery moves with Email. */
void
state_debt_from(struct state_debt *d, const struct state_user *u, uint64_t modseq, uint64_t others)
{
	uint64_t seen = state_others(u);

	*d = (struct state_debt){ .told = u->tick,
		.own = types_after(u->account, modseq <= u->account->modseq ? modseq : 0),
		.others = seen != 0 && seen != others };
}

void
state_debt_since(struct state_debt *d, const struct state_user *u, struct str push_state)
{
	uint64_t modseq = 0, others = 0;
	struct str own = push_state;

	if (!push_state.p) {
		state_debt_clear(d, u);
		return;
	}
	if (str_take_until(&push_state, '-', &own) && !str_u64(&push_state, UINT64_MAX, &others))
		others = 0;
	if (!id_parse(own, ID_STATE, &modseq))
		modseq = 0;
	state_debt_from(d, u, modseq, others);
}

/* The place of an account in a row: the user's own stands before all others. */
static uint64_t
place_of(const struct state_user *u, const struct state_account *a)
{
	return a == u->accounts[0] ? 1 : a->id + 1;
}

/* What is to be told of one account. */
static unsigned
types_of(const struct state_debt *d, const struct state_user *u, const struct state_account *a,
    unsigned asked)
{
	bool is_own = a == u->accounts[0];
	unsigned set = 0;

	if (d->began && place_of(u, a) <= d->after)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (a->moved[i] > d->told)
			set |= 1u << i;
	if (is_own)
		set |= d->own;
	else if (d->others && a->access.account)
		set |= state_types_shared();
	return set & asked;
}

unsigned
state_debt_types(const struct state_debt *d, const struct state_user *u, unsigned asked)
{
	unsigned set = 0;

	for (size_t i = 0; i < u->account_count; i++)
		set |= types_of(d, u, u->accounts[i], asked);
	/* What moved meanwhile in those that the row has behind it. */
	for (size_t i = 0; d->began && i < u->account_count; i++)
		for (size_t t = 0; t < ARRAY_LEN(types); t++)
			if (u->accounts[i]->moved[t] > d->began)
				set |= 1u << t & asked;
	return set;
}

/* --- writing ----------------------------------------------------------------------------------- */

static void
write_account(struct json_writer *w, const struct state_account *a, unsigned set)
{
	struct id_text id = id_text(ID_ACCOUNT, a->id);
	const struct account *account = a->access.account;

	json_name(w, id_str(&id));
	json_object_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (set & 1u << i)
			jmap_write_state(w, types[i].name,
			    account ? change_state(account, types[i].state) : a->gone_state);
	json_object_end(w);
}

void
state_token_write(struct buf *out, const struct state_user *u)
{
	uint64_t others = state_others(u);

	id_write(out, ID_STATE, u->account->modseq);
	if (others) {
		buf_add_char(out, '-');
		buf_add_u64(out, others);
	}
}

/* The accounts of this piece; true when nothing is left for another one. */
static bool
write_piece(struct json_writer *w, const struct state_user *u, struct state_debt *d, unsigned asked)
{
	size_t start = buf_str(w->out).n;

	for (size_t i = 0; i < u->account_count; i++) {
		const struct state_account *a = u->accounts[i];
		unsigned set = types_of(d, u, a, asked);

		if (!set)
			continue;
		if (buf_str(w->out).n - start > STATE_CHANGE_MAX - ACCOUNT_BYTES_MAX)
			return false;
		write_account(w, a, set);
		if (!d->began)
			d->began = u->tick;
		d->after = place_of(u, a);
	}
	return true;
}

bool
state_change_write(struct json_writer *w, const struct state_user *u, struct state_debt *d,
    unsigned asked, bool has_push_state)
{
	struct buf token;
	bool is_last;

	json_object_begin(w);
	json_name_string(w, STR("@type"), STR("StateChange"));
	json_name(w, STR("changed"));
	json_object_begin(w);
	is_last = write_piece(w, u, d, asked);
	json_object_end(w);
	if (is_last) /* but for what moved since the first piece */
		*d = (struct state_debt){ .told = d->began ? d->began : u->tick };
	if (is_last && d->told == u->tick && has_push_state) {
		buf_init(&token, STATE_TOKEN_MAX);
		state_token_write(&token, u);
		json_name_string(w, STR("pushState"), buf_str(&token));
		buf_release(&token);
	}
	json_object_end(w);
	return is_last && d->told == u->tick;
}
