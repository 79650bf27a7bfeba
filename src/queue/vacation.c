/* Answers for users who are away (RFC 8621 8, RFC 3834), in the turn in which their mail was stored. */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "delivery/delivery.h"
#include "mail/identity.h"
#include "mail/vacation.h"
#include "message/answer.h"
#include "message/header.h"

#define AGAIN_S \
	(7 * 24 * 3600) /* the same sender hears it again after that (RFC 5230 4.1's default) */
#define ARENA_MAX \
	(2 * 1024 * 1024) /* bytes: a vacation response, identities, addresses of a header */
#define MESSAGE_MAX  (512 * 1024) /* bytes of an answer */
#define HANDLE_MAX   40           /* bytes */
#define OWN_MAX      100          /* addresses of an account that are looked for */
#define RANDOM_BYTES 16

struct away {
	struct queue *queue;
	struct account *account;
	struct arena arena;
	struct vacation *vacation;
	struct str own[OWN_MAX]; /* the account's addresses, its name first */
	size_t own_count;
	struct str name; /* for people */
	struct str head, sender;
	int64_t now_s;
	bool is_tls_must; /* as the message was (RFC 8689 6) */
};

/* Addresses that the account has by itself: those of its identities that follow the directory. */
static enum fail
load_addresses(struct away *w)
{
	struct identity *i;
	uint64_t *ids;
	size_t count;
	enum fail fail = identity_ids(w->account, &w->arena, &ids, &count);

	w->own[w->own_count++] = w->account->name;
	for (size_t k = 0; fail == FAIL_NONE && k < count && w->own_count < OWN_MAX; k++) {
		fail = identity_get(w->account, ids[k], &w->arena, &i);
		if (fail || !i->is_own)
			continue;
		if (str_eq_nocase(i->email, w->account->name))
			w->name = i->name;
		w->own[w->own_count++] = i->email;
	}
	return fail;
}

static bool
is_own(const struct away *w, struct str address)
{
	for (size_t i = 0; i < w->own_count; i++)
		if (str_eq_nocase(w->own[i], address))
			return true;
	return false;
}

/* The sender hears it once in a while, and anew when the user changed what is said. */
static enum fail
take_sender(const struct away *w, bool *is_new_out)
{
	struct buf handle;
	enum fail fail;

	buf_init(&handle, HANDLE_MAX);
	buf_add_c(&handle, "jmap ");
	buf_add_u64(&handle, w->vacation->modseq);
	fail =
	    answered_take(w->account, buf_str(&handle), w->sender, w->now_s, AGAIN_S, is_new_out);
	buf_release(&handle);
	return fail;
}

static enum fail
write_answer(struct away *w, struct blob_name *out)
{
	char random[RANDOM_BYTES];
	const struct answer answer = { .head = w->head,
		.from = w->account->name,
		.from_name = w->name,
		.to = w->sender,
		.subject = w->vacation->subject,
		.text = w->vacation->text,
		.html = w->vacation->html,
		.random = str_of(random, sizeof random),
		.hostname = w->queue->house.own.hostname,
		.now_s = w->now_s };
	struct buf text;
	enum fail fail;

	random_bytes(random, sizeof random);
	buf_init(&text, MESSAGE_MAX);
	fail = answer_write(&text, &answer, &w->arena);
	if (fail == FAIL_NONE)
		fail = queue_write_own(w->queue->house.blobs, buf_str(&text), out);
	buf_release(&text);
	return fail;
}

/* From the null sender, so that nothing comes back and nobody answers it (RFC 3834 3.3). */
static enum fail
send_answer(struct away *w)
{
	const struct envelope envelope = { .body = BODY_8BITMIME, .is_tls_must = w->is_tls_must };
	const struct envelope_rcpt rcpt = { .address = w->sender, .notify = NOTIFY_NEVER };
	struct blob_name blob;
	struct queue_new new = { .envelope = &envelope,
		.rcpts = &rcpt,
		.rcpt_count = 1,
		.skip = QUEUE_OWN_SKIP,
		.traits = QUEUE_OURS,
		.log_id = STR("vacation") };
	enum fail fail = write_answer(w, &blob);

	new.blob = blob_name_str(&blob);
	return fail ? fail : queue_add(w->queue, &new, NULL);
}

static enum fail
answer(struct away *w)
{
	bool is_new = false;
	enum fail fail = vacation_get(w->account, &w->arena, &w->vacation);

	if (fail || !vacation_is_on(w->vacation, w->now_s))
		return fail;
	fail = load_addresses(w);
	if (fail || is_own(w, w->sender) ||
	    !answer_is_wanted(w->head, w->own, w->own_count, &w->arena))
		return fail;
	fail = take_sender(w, &is_new);
	return fail || !is_new ? fail : send_answer(w);
}

static void
answer_for(struct queue *q, struct str head, const struct delivery *d, struct str name)
{
	struct away w = { .queue = q,
		.head = head,
		.sender = d->sender,
		.is_tls_must = d->is_tls_must,
		.now_s = clock_wall_s() };
	enum fail fail;

	if (account_find(q->house.mail, name, &w.account) != FAIL_NONE)
		return;
	arena_init(&w.arena, ARENA_MAX);
	fail = vacation_is_set(w.account) ? answer(&w) : FAIL_NONE;
	if (fail) /* an answer that cannot be given takes nothing from the mail */
		log_warn(&q->log, "queue.vacation.lost", LOG_TEXT("account", name),
		    LOG_TEXT("sender", d->sender), LOG_TEXT("why", str_c(fail_names[fail])));
	arena_release(&w.arena);
	account_close(&w.account);
}

void
queue_answer(struct queue *q, struct str bytes, const struct delivery *d,
    const struct delivery_targets *targets)
{
	struct str head = str_head(bytes, header_size(bytes));

	if (str_empty(d->sender) || answer_is_robot(d->sender))
		return;
	for (size_t i = 0; i < targets->count; i++)
		if (targets->targets[i].outcome == FAIL_NONE)
			answer_for(q, head, d, targets->targets[i].account);
}

bool
queue_may_answer(struct queue *q, const struct delivery_targets *targets)
{
	bool may = false;

	for (size_t i = 0; i < targets->count && !may; i++) {
		struct account *a;

		if (targets->targets[i].outcome != FAIL_NONE ||
		    account_find(q->house.mail, targets->targets[i].account, &a) != FAIL_NONE)
			continue;
		may = vacation_is_set(a);
		account_close(&a);
	}
	return may;
}
