/*
 * Signatures for what leaves, made when a job is about to be sent, with the keys of today.
 *
 * What is ours is signed (RFC 6376 5), whoever wrote it: a user, by SMTP or JMAP, or this server. What is forwarded is
 * sealed (ARC, RFC 8617 5.1) when we judged it as it came in: the Authentication-Results that stand on top of it say
 * what was true here, and the seal that we say so.
 *
 * A host that takes less than what the message needs gets it in another form (smtpc/content.h). It is this form that is
 * signed (RFC 6376 5.3), so a host that takes another one gets signatures of its own. Of what is forwarded, its author's
 * signature breaks then, whoever makes the 7-bit form. The chain that it came with is judged as it came in, and what
 * leaves is sealed: who trusts us learns from that what it was. Nobody learned anything from a seal on what was not sent.
 *
 *     begin --a slice looked through--> .. --all, its form is known--> header --a slice of the body--> .. --all of it-->
 *         (forwarded: the chain so far is checked, DNS answers) --> it is its turn to compute (base/effort.h) --> written
 */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/effort.h"
#include "base/mem.h"

/* rooms */
#include "mailauth/arc_seal.h"
#include "mailauth/dkim_sign.h"
#include "mailauth/dmarc.h"
#include "mailauth/dmarc_from.h"
#include "mailauth/keyring.h"
#include "mailauth/results.h"

#define SLICE_BYTES \
	((size_t)64 * 1024)     /* hashed at a time: half a millisecond at most on small hosts */
#define FIELDS_MAX (256 * 1024) /* bytes of all signatures and what was to stand in front already */

struct form {                        /* of the message, as signatures see it */
	struct content bytes;        /* own */
	struct buf first;            /* own; what was handed out until the header was whole .. */
	size_t head_size;            /* .. and bytes of it that are the header */
	struct dkim_content content; /* own */
};

struct job_signing {
	struct form sent;         /* as the host gets it */
	bool has_form;            /* .. which is known, and the header was taken .. */
	bool is_signable;         /* .. and can be signed */
	struct form came;         /* sealed in another form than it came in: that one */
	struct buf domain;        /* of the author, or ours: what d= is, or is below */
	bool is_seal;             /* it is forwarded: this is ARC, else DKIM */
	struct dkim_sign sign;    /* DKIM */
	struct arc_verify verify; /* ARC: what it came with */
	struct buf results;       /* .. and what we found, as a field's value */
	struct effort effort;     /* to compute all signatures */
};

/* --- one form of the message -------------------------------------------------------------------------------- */

static void
form_release(struct form *f)
{
	dkim_content_release(&f->content);
	content_release(&f->bytes);
	buf_release(&f->first);
}

/* Behind the header stands more than the beginning of a line: no field goes on there. */
static bool
is_whole(struct str first, size_t head_size)
{
	return str_find_char(str_from(first, head_size), '\n') != STR_NONE;
}

/* A chain is judged by the header by which it was judged when it came in. */
static size_t
head_size(struct str bytes, bool is_seal)
{
	size_t n = is_seal ? header_block_end(bytes, 0) : header_size(bytes);

	return n > 0 || !is_seal ? n : bytes.n;
}

/* The header. One that is too large to be signed is cut, which dkim_content_header() sees. */
static void
form_start(struct form *f, bool is_seal)
{
	buf_init(&f->first, DKIM_HEADER_MAX + 2 * SLICE_BYTES);
	while (!content_is_done(&f->bytes) && f->first.n <= DKIM_HEADER_MAX &&
	    !is_whole(buf_str(&f->first), f->head_size)) {
		buf_add(&f->first, content_next(&f->bytes, SLICE_BYTES));
		f->head_size = head_size(buf_str(&f->first), is_seal);
	}
	dkim_content_header(&f->content, str_head(buf_str(&f->first), f->head_size));
}

/* One more slice of the body; true: that was all. */
static bool
form_hash(struct form *f)
{
	size_t done = f->first.n - f->head_size;

	if (f->content.is_ended)
		return true;
	dkim_content_body(&f->content, str_from(buf_str(&f->first), f->head_size));
	buf_release(&f->first);
	f->head_size = 0;
	while (done < SLICE_BYTES && !content_is_done(&f->bytes)) {
		struct str piece = content_next(&f->bytes, SLICE_BYTES);

		dkim_content_body(&f->content, piece);
		done += piece.n;
	}
	if (!content_is_done(&f->bytes))
		return false;
	dkim_content_end(&f->content);
	return true;
}

/* --- who signs ------------------------------------------------------------------------------------------------ */

void
job_sign_end(struct queue_job *j)
{
	struct job_signing *s = j->signing;

	j->signing = NULL;
	if (s == NULL)
		return;
	arc_verify_release(&s->verify);
	effort_cancel(&s->effort);
	form_release(&s->sent);
	form_release(&s->came);
	buf_release(&s->results);
	buf_release(&s->domain);
	mem_free(s);
}

/* The keys of its author's domain; NULL: it leaves as it is. */
static const struct keyring_domain *
keys_of(const struct queue_job *j)
{
	struct keyring *keyring = j->queue->house.keyring;

	return keyring ? keyring_find(keyring, buf_str(&j->signing->domain)) : NULL;
}

/*
 * Strict: a user gets the signature of his own domain only, whatever From he writes (`from = any`): of several domains
 * here, one's users do not prove to be the other's. His is that of the envelope's sender, which is always an address of
 * his; of receipts, which have none, that of his account.
 */
static bool
may_sign_for(const struct queue_job *j, struct str domain)
{
	const struct queue_message *m = &j->message;
	struct str address = str_empty(m->envelope.sender) ? m->owner : m->envelope.sender;
	size_t at = str_rfind_char(address, '@');

	if (str_empty(m->owner)) /* a host of ours, or this one */
		return true;
	return at != STR_NONE && dmarc_is_aligned(str_from(address, at + 1), domain, false);
}

static bool
begin_sign(struct queue_job *j, struct str head)
{
	struct job_signing *s = j->signing;
	struct str why;

	return dmarc_from_find(head, &s->domain, &why) == FAIL_NONE &&
	    may_sign_for(j, buf_str(&s->domain)) && keys_of(j) != NULL;
}

static struct arc_seal
seal_of(const struct job_signing *s, const struct keyring_domain *keys,
    const struct keyring_key *key)
{
	return (struct arc_seal){ .domain = keys->domain,
		.selector = str_c(key->selector),
		.results = str_trim(buf_str(&s->results)),
		.time_s = clock_wall_s() };
}

/* The key that most can check. */
static const struct keyring_key *
key_for_seal(const struct keyring_domain *keys)
{
	for (size_t i = 0; i < keys->key_count; i++)
		if (keys->keys[i].key.kind == PRIVATE_KEY_RSA)
			return &keys->keys[i];
	return &keys->keys[0];
}

/*
 * What we found when it came in. Nobody but we can have written that, if it is there (RFC 8601 5); of a host that is
 * trusted it is not.
 */
static bool
read_results(struct job_signing *s, struct str head, struct str own)
{
	struct results results;
	struct header field;
	struct arena arena;
	bool is_there;

	arena_init(&arena, RESULTS_ARENA_MAX);
	is_there = header_find(head, STR("Authentication-Results"), &field) &&
	    results_is_ours(field.value, own) &&
	    results_parse(field.value, &arena, &results) == FAIL_NONE;
	if (is_there)
		results_write(&s->results, STR(""), &results);
	arena_release(&arena);
	return is_there;
}

static bool
begin_seal(struct queue_job *j, struct str head)
{
	struct job_signing *s = j->signing;
	struct str sender = j->message.envelope.sender, own = j->queue->house.own.hostname;
	size_t at = str_rfind_char(sender, '@');

	s->is_seal = true;
	if (!read_results(s, head, own))
		return false;
	/* It leaves under a sender of ours (forward.c), or under one that stays: then our name vouches. */
	buf_add(&s->domain, at == STR_NONE ? own : str_from(sender, at + 1));
	if (keys_of(j) != NULL)
		return true;
	buf_clear(&s->domain);
	buf_add(&s->domain, own);
	return keys_of(j) != NULL;
}

/* False: there is nothing to be put in front of it. */
static bool
begin(struct queue_job *j, struct str message)
{
	struct job_signing *s = j->signing = mem_new(1, sizeof *s);
	bool is_ours = j->message.traits & QUEUE_OURS;
	struct str head = str_head(message, head_size(message, !is_ours));

	buf_init(&s->domain, IDNA_DOMAIN_MAX + 1);
	buf_init(&s->results, FIELDS_MAX);
	content_init(&s->sent.bytes, STR(""), message);
	return is_ours ? begin_sign(j, head) : begin_seal(j, head);
}

/* --- in which form ---------------------------------------------------------------------------------------------- */

static bool
start_sign(struct queue_job *j)
{
	struct job_signing *s = j->signing;
	const struct keyring_domain *keys = keys_of(j);

	if (keys == NULL)
		return false;
	s->sign = (struct dkim_sign){ .domain = keys->domain, .time_s = clock_wall_s() };
	return dkim_sign_start(&s->sign, &s->sent.content) == FAIL_NONE;
}

/* What becomes "?" on the way is sealed so. */
static void
make_ascii(struct buf *text)
{
	struct buf ascii;

	buf_init(&ascii, FIELDS_MAX);
	for (size_t i = 0; i < text->n; i++) {
		char c = buf_str(text).p[i];

		buf_add_char(&ascii, (c & 0x80) ? '?' : c);
	}
	buf_release(text);
	*text = ascii;
}

static bool
start_seal(struct queue_job *j, struct str message, struct task *owner)
{
	struct job_signing *s = j->signing;
	const struct keyring_domain *keys = keys_of(j);
	struct form *came = &s->sent;
	struct arc_seal seal;

	if (keys == NULL)
		return false;
	if (s->sent.bytes.form == CONTENT_FOR_7BIT)
		make_ascii(&s->results);
	if (s->sent.bytes.form != CONTENT_AS_IS) {
		came = &s->came;
		content_init(&came->bytes, STR(""), message);
		form_start(came, true);
	}
	seal = seal_of(s, keys, key_for_seal(keys));
	if (arc_seal_start(&seal, &s->sent.content) != FAIL_NONE)
		return false;
	arc_verify_start(&s->verify, &came->content, j->queue->house.dns, owner, clock_wall_s());
	return true;
}

/* All of it was seen. What cannot be had in the form that this host takes, smtpc tells. */
static void
start(struct queue_job *j, struct str message, unsigned takes, struct task *owner)
{
	struct job_signing *s = j->signing;

	s->has_form = true;
	j->needs = s->sent.bytes.needs;
	j->form = content_form(j->needs, takes);
	if (content_begin(&s->sent.bytes, takes) != FAIL_NONE)
		return;
	form_start(&s->sent, s->is_seal);
	s->is_signable = s->is_seal ? start_seal(j, message, owner) : start_sign(j);
}

/* --- the fields --------------------------------------------------------------------------------------------------- */

static void
note_failure(const struct queue_job *j, const struct keyring_domain *keys,
    const struct keyring_key *key, enum fail fail)
{
	log_warn(&j->queue->log, "queue.sign.failed", LOG_NUM("message", j->message.id),
	    LOG_TEXT("domain", keys->domain), LOG_TEXT("selector", str_c(key->selector)),
	    LOG_TEXT("why", str_c(fail_names[fail])));
}

static void
write_signatures(struct queue_job *j, const struct keyring_domain *keys, struct buf *out)
{
	struct job_signing *s = j->signing;

	s->sign.domain = keys->domain; /* the keyring may have read its files anew */
	for (size_t i = 0; i < keys->key_count; i++) {
		const struct keyring_key *key = &keys->keys[i];
		enum fail fail = dkim_sign_write(&s->sign, &s->sent.content, str_c(key->selector),
		    &key->key, out);

		if (fail != FAIL_NONE)
			note_failure(j, keys, key, fail);
	}
}

/* A chain that is broken for good, or cannot be checked now, gets no seal of ours. */
static void
write_seal(struct queue_job *j, const struct keyring_domain *keys, struct buf *out)
{
	const struct job_signing *s = j->signing;
	const struct keyring_key *key = key_for_seal(keys);
	struct arc_seal seal = seal_of(s, keys, key);
	enum fail fail = arc_seal_write(&seal, &s->sent.content, &s->verify, &key->key, out);

	if (fail != FAIL_NONE && fail != FAIL_DENIED && fail != FAIL_TEMP)
		note_failure(j, keys, key, fail);
}

/* Both fields of a seal are signed. */
static unsigned
cost_of(const struct queue_job *j)
{
	const struct keyring_domain *keys = keys_of(j);
	unsigned cost = 0;

	if (keys && j->signing->is_seal)
		return 2 * private_key_cost(&key_for_seal(keys)->key);
	for (size_t i = 0; keys && i < keys->key_count; i++)
		cost += private_key_cost(&keys->keys[i].key);
	return cost;
}

/* They go in front of the fields that are to stand there. */
static void
finish(struct queue_job *j)
{
	const struct job_signing *s = j->signing;
	const struct keyring_domain *keys = s->is_signable ? keys_of(j) : NULL;

	buf_init(&j->signed_fields, FIELDS_MAX);
	if (keys && s->is_seal)
		write_seal(j, keys, &j->signed_fields);
	else if (keys)
		write_signatures(j, keys, &j->signed_fields);
	buf_add(&j->signed_fields, j->message.fields);
}

/* What was made for a host that takes another form is no use. */
static void
forget_other_form(struct queue_job *j, unsigned takes)
{
	bool has_form = j->is_signed || (j->signing && j->signing->has_form);

	if (!has_form || content_form(j->needs, takes) == j->form)
		return;
	job_sign_end(j);
	j->is_signed = false;
	buf_release(&j->signed_fields);
}

static enum job_signed
end(struct queue_job *j)
{
	finish(j);
	j->is_signed = true;
	job_sign_end(j);
	return JOB_SIGNED;
}

/* One more slice. */
static enum job_signed
go_on(struct queue_job *j, struct str message, unsigned takes, struct task *owner)
{
	struct job_signing *s = j->signing;
	bool is_hashed;

	if (!s->has_form && !content_look(&s->sent.bytes))
		return JOB_SIGN_MORE;
	if (!s->has_form)
		start(j, message, takes, owner);
	if (!s->is_signable)
		return end(j);
	is_hashed = form_hash(&s->sent);
	if (s->is_seal && s->sent.bytes.form != CONTENT_AS_IS)
		is_hashed &= form_hash(&s->came);
	if (!is_hashed)
		return JOB_SIGN_MORE;
	if (s->is_seal && !arc_verify_look(&s->verify))
		return JOB_SIGN_WAIT;
	if (!effort_take(&s->effort, owner, cost_of(j)))
		return JOB_SIGN_WAIT;
	return end(j);
}

enum job_signed
job_sign(struct queue_job *j, struct str message, unsigned takes, struct task *owner)
{
	if (j->queue->house.keyring == NULL || j->is_plain)
		return JOB_SIGNED;
	forget_other_form(j, takes);
	if (j->is_signed)
		return JOB_SIGNED;
	if (j->signing == NULL && !begin(j, message)) {
		j->is_plain = true;
		job_sign_end(j);
		return JOB_SIGNED;
	}
	return go_on(j, message, takes, owner);
}

struct str
job_fields(const struct queue_job *j)
{
	bool is_signed = j->is_signed && buf_ok(&j->signed_fields);

	return is_signed ? buf_str(&j->signed_fields) : j->message.fields;
}
