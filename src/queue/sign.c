/*
 * Signatures for what leaves (RFC 6376 5): made when a job is about to be sent, so that everything of ours has them,
 * whoever wrote it: a user, by SMTP or JMAP, or this server. Each job signs anew, with the keys of today.
 *
 * The body is hashed in slices. A message that its host wants in seven bits is changed behind this, which breaks them
 * (RFC 6376 5.3); such hosts have become rare.
 */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mailauth/dkim_sign.h"
#include "mailauth/dmarc_from.h"
#include "mailauth/keyring.h"

#define SLICE_BYTES \
	((size_t)64 * 1024)     /* hashed at a time: half a millisecond at most on small hosts */
#define FIELDS_MAX (256 * 1024) /* bytes of all signatures and what was to stand in front already */

struct job_signing {
	struct dkim_content content;
	struct dkim_sign sign;
	struct buf domain; /* of the author: what d= is, or is below */
	size_t at;         /* bytes of the message that were hashed */
};

void
job_sign_end(struct queue_job *j)
{
	struct job_signing *s = j->signing;

	j->signing = NULL;
	if (s == NULL)
		return;
	dkim_content_release(&s->content);
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

static bool
begin(struct queue_job *j, struct str message)
{
	struct job_signing *s = j->signing = mem_new(1, sizeof *s);
	size_t head = header_size(message);
	const struct keyring_domain *keys;
	struct str why;

	buf_init(&s->domain, IDNA_DOMAIN_MAX + 1);
	if (dmarc_from_find(str_head(message, head), &s->domain, &why) != FAIL_NONE)
		return false;
	keys = keys_of(j);
	if (keys == NULL)
		return false;
	s->sign = (struct dkim_sign){ .domain = keys->domain, .time_s = clock_wall_s() };
	dkim_content_header(&s->content, str_head(message, head));
	s->at = head;
	return dkim_sign_start(&s->sign, &s->content) == FAIL_NONE;
}

/* One more slice; true: that was all. */
static bool
hash_on(struct job_signing *s, struct str message)
{
	struct str slice = str_slice(message, s->at, SLICE_BYTES);

	dkim_content_body(&s->content, slice);
	s->at += slice.n;
	if (s->at < message.n)
		return false;
	dkim_content_end(&s->content);
	return true;
}

/* Signatures go in front of the fields that are to stand there. */
static void
finish(struct queue_job *j)
{
	struct job_signing *s = j->signing;
	const struct keyring_domain *keys = keys_of(j);
	struct buf fields;
	struct str kept;

	buf_init(&fields, FIELDS_MAX);
	s->sign.domain =
	    keys ? keys->domain : STR(""); /* the keyring may have read its files anew */
	for (size_t i = 0; keys && i < keys->key_count; i++) {
		const struct keyring_key *key = &keys->keys[i];
		enum fail fail = dkim_sign_write(&s->sign, &s->content, str_c(key->selector),
		    &key->key, &fields);

		if (fail != FAIL_NONE)
			log_warn(&j->queue->log, "queue.sign.failed",
			    LOG_NUM("message", j->message.id), LOG_TEXT("domain", keys->domain),
			    LOG_TEXT("selector", str_c(key->selector)),
			    LOG_TEXT("why", str_c(fail_names[fail])));
	}
	buf_add(&fields, j->message.fields);
	kept = arena_str(&j->arena, buf_str(&fields));
	if (buf_ok(&fields) && kept.p != NULL)
		j->message.fields = kept;
	buf_release(&fields);
}

bool
job_sign(struct queue_job *j, struct str message)
{
	if (j->is_signed || !(j->message.traits & QUEUE_OURS))
		return true;
	if (j->signing == NULL && !begin(j, message)) {
		j->is_signed = true;
		job_sign_end(j);
		return true;
	}
	if (!hash_on(j->signing, message))
		return false;
	finish(j);
	j->is_signed = true;
	job_sign_end(j);
	return true;
}
