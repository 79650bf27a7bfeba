/*
 * Signatures for what leaves, made when a job is about to be sent, with the keys of today.
 *
 * What is ours is signed (RFC 6376 5), whoever wrote it: a user, by SMTP or JMAP, or this server. What is forwarded is
 * sealed (ARC, RFC 8617 5.1) when we judged it as it came in: the Authentication-Results that stand on top of it say
 * what was true here, and the seal that we say so.
 *
 *     begin --a slice of the body--> .. --all of it--> (forwarded: the chain so far is checked, DNS answers)
 *         --> it is its turn to compute (base/effort.h) --> written
 *
 * The body is hashed in slices. A message that its host wants in seven bits is changed behind this, which breaks them
 * (RFC 6376 5.3); such hosts have become rare.
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

struct job_signing {
	struct dkim_content content;
	struct buf domain;        /* of the author, or ours: what d= is, or is below */
	size_t at;                /* bytes of the message that were hashed */
	bool is_seal;             /* it is forwarded: this is ARC, else DKIM */
	struct dkim_sign sign;    /* DKIM */
	struct arc_verify verify; /* ARC: what it came with */
	struct buf results;       /* .. and what we found, as a field's value */
	struct effort effort;     /* to compute all signatures */
};

void
job_sign_end(struct queue_job *j)
{
	struct job_signing *s = j->signing;

	j->signing = NULL;
	if (s == NULL)
		return;
	arc_verify_release(&s->verify);
	effort_cancel(&s->effort);
	dkim_content_release(&s->content);
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
	const struct keyring_domain *keys;
	struct str why;

	if (dmarc_from_find(head, &s->domain, &why) != FAIL_NONE)
		return false;
	keys = may_sign_for(j, buf_str(&s->domain)) ? keys_of(j) : NULL;
	if (keys == NULL)
		return false;
	s->sign = (struct dkim_sign){ .domain = keys->domain, .time_s = clock_wall_s() };
	return dkim_sign_start(&s->sign, &s->content) == FAIL_NONE;
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
begin_seal(struct queue_job *j, struct str head, struct task *owner)
{
	struct job_signing *s = j->signing;
	const struct queue_house *h = &j->queue->house;
	struct str sender = j->message.envelope.sender, own = h->own.hostname;
	size_t at = str_rfind_char(sender, '@');
	const struct keyring_domain *keys;
	struct arc_seal seal;

	s->is_seal = true;
	if (!read_results(s, head, own))
		return false;
	/* It leaves under a sender of ours (forward.c), or under one that stays: then our name vouches. */
	buf_add(&s->domain, at == STR_NONE ? own : str_from(sender, at + 1));
	keys = keys_of(j);
	if (keys == NULL) {
		buf_clear(&s->domain);
		buf_add(&s->domain, own);
		keys = keys_of(j);
	}
	if (keys == NULL)
		return false;
	seal = seal_of(s, keys, key_for_seal(keys));
	if (arc_seal_start(&seal, &s->content) != FAIL_NONE)
		return false;
	arc_verify_start(&s->verify, &s->content, h->dns, owner, clock_wall_s());
	return true;
}

/* A chain is judged by the bytes by which it was judged when it came in. */
static struct str
head_of(struct str message, bool is_ours)
{
	size_t n = is_ours ? header_size(message) : header_block_end(message, 0);

	return str_head(message, n > 0 ? n : message.n);
}

/* False: there is nothing to be put in front of it. */
static bool
begin(struct queue_job *j, struct str message, struct task *owner)
{
	struct job_signing *s = j->signing = mem_new(1, sizeof *s);
	bool is_ours = j->message.traits & QUEUE_OURS;
	struct str head = head_of(message, is_ours);

	buf_init(&s->domain, IDNA_DOMAIN_MAX + 1);
	buf_init(&s->results, FIELDS_MAX);
	dkim_content_header(&s->content, head);
	s->at = head.n;
	return is_ours ? begin_sign(j, head) : begin_seal(j, head, owner);
}

/* One more slice; true: that was all. */
static bool
hash_on(struct job_signing *s, struct str message)
{
	struct str slice = str_slice(message, s->at, SLICE_BYTES);

	if (s->content.is_ended)
		return true;
	dkim_content_body(&s->content, slice);
	s->at += slice.n;
	if (s->at < message.n)
		return false;
	dkim_content_end(&s->content);
	return true;
}

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
		enum fail fail =
		    dkim_sign_write(&s->sign, &s->content, str_c(key->selector), &key->key, out);

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
	enum fail fail = arc_seal_write(&seal, &s->content, &s->verify, &key->key, out);

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
	const struct keyring_domain *keys = keys_of(j);
	struct buf fields;
	struct str kept;

	buf_init(&fields, FIELDS_MAX);
	if (keys && j->signing->is_seal)
		write_seal(j, keys, &fields);
	else if (keys)
		write_signatures(j, keys, &fields);
	buf_add(&fields, j->message.fields);
	kept = arena_str(&j->arena, buf_str(&fields));
	if (buf_ok(&fields) && kept.p != NULL)
		j->message.fields = kept;
	buf_release(&fields);
}

static enum job_signed
end(struct queue_job *j)
{
	j->is_signed = true;
	job_sign_end(j);
	return JOB_SIGNED;
}

enum job_signed
job_sign(struct queue_job *j, struct str message, struct task *owner)
{
	if (j->is_signed || j->queue->house.keyring == NULL)
		return JOB_SIGNED;
	if (j->signing == NULL && !begin(j, message, owner))
		return end(j);
	if (!hash_on(j->signing, message))
		return JOB_SIGN_MORE;
	if (j->signing->is_seal && !arc_verify_look(&j->signing->verify))
		return JOB_SIGN_WAIT;
	if (!effort_take(&j->signing->effort, owner, cost_of(j)))
		return JOB_SIGN_WAIT;
	finish(j);
	return end(j);
}
