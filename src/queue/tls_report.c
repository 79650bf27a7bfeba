#include "queue/tls_report.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/hash.h"
#include "crypto/random.h"
#include "dns/name.h"
#include "http/client.h"
#include "message/build.h"
#include "queue/inner.h"
#include "tlspolicy/rpt_mail.h"
#include "tlspolicy/rpt_record.h"
#include "tlspolicy/rpt_store.h"

#define RPT_KEEP_DAYS 3 /* reports that could not be sent are older news then */
#define LATE_MS \
	(3600 * 1000) /* after midnight, at most, so that not all of the world reports at once */
#define AGAIN_MS  (3600 * 1000) /* after what did not work */
#define POST_MS   (60 * 1000)   /* for one POST */
#define REPLY_MAX 4096          /* bytes of its answer */
#define ARENA_MAX (1024 * 1024) /* bytes: a domain's counts, as they are reported */
#define MAIL_MAX  (1024 * 1024) /* bytes: the same, packed and encoded */
#define ID_MAX    100

enum reporter_state {
	REPORTER_REST,
	REPORTER_NEXT,
	REPORTER_RECORD,
	REPORTER_SEND,
	REPORTER_POST,
	REPORTER_STAY, /* no state: wait in the one we are in */
};

struct tls_reporter {
	struct queue *queue; /* borrow */
	struct task task;
	struct timer timer;
	enum reporter_state state;
	uint32_t day;
	struct buf domain; /* own; that is reported about; empty: before the first */
	bool has_left;     /* some are to be tried again */
	struct dns_query query;
	struct rpt_record record; /* points into query's answer */
	size_t at;                /* of its addresses */
	struct http_fetch post;
	struct buf body; /* own; what is posted */
};

/* --- when ------------------------------------------------------------------------------------------------ */

static uint32_t
today(void)
{
	return (uint32_t)(clock_wall_s() / RPT_DAY_S);
}

static enum reporter_state
rest(struct tls_reporter *r, int64_t ms)
{
	timer_start(r->queue->house.loop, &r->timer, &r->task, clock_mono_ms() + ms);
	return REPORTER_REST;
}

static enum reporter_state
rest_until_midnight(struct tls_reporter *r)
{
	int64_t left_s = RPT_DAY_S - clock_wall_s() % RPT_DAY_S;

	return rest(r, left_s * 1000 + (int64_t)random_below(LATE_MS));
}

/* It was reported, or nobody wants it; or not yet, and then it is tried again later, while it is news. */
static enum reporter_state
done(struct tls_reporter *r, bool is_settled)
{
	bool is_news = r->day + RPT_KEEP_DAYS >= today();

	if ((!is_settled && is_news) ||
	    rpt_forget(r->queue->house.store, r->day, buf_str(&r->domain)) != FAIL_NONE)
		r->has_left = true;
	return REPORTER_NEXT;
}

/* The next one behind the last, whatever became of that. */
static enum reporter_state
next(struct tls_reporter *r)
{
	struct buf name;
	enum fail fail = rpt_next(r->queue->house.store, today(), &r->day, &r->domain);

	if (fail != FAIL_NONE || !buf_ok(&r->domain)) {
		bool has_left = r->has_left || fail != FAIL_MISSING;

		r->has_left = false;
		r->day = 0;
		buf_clear(&r->domain);
		return has_left ? rest(r, AGAIN_MS) : rest_until_midnight(r);
	}
	buf_init(&name, DNS_NAME_MAX);
	buf_add(&name, STR("_smtp._tls."));
	buf_add(&name, buf_str(&r->domain));
	dns_query_start(r->queue->house.dns, &r->query, &r->task, buf_str(&name), DNS_TXT);
	buf_release(&name);
	return REPORTER_RECORD;
}

/* --- what ------------------------------------------------------------------------------------------------- */

/* The same for the same report, so that one that comes twice is known (RFC 8460 4.4). */
static void
write_id(struct buf *out, const struct tls_reporter *r)
{
	unsigned char digest[HASH_SIZE_MAX];

	hash_once(HASH_SHA256, buf_str(&r->domain), digest);
	buf_add_u64(out, r->day);
	buf_add_char(out, '.');
	buf_add_hex(out, str_of(digest, 8));
	buf_add_char(out, '@');
	buf_add(out, r->queue->house.own.hostname);
}

struct making { /* a report about r->domain */
	struct arena arena;
	struct buf id, contact;
	struct rpt_report report;
};

static enum fail
make(const struct tls_reporter *r, struct making *m)
{
	struct str hostname = r->queue->house.own.hostname;

	arena_init(&m->arena, ARENA_MAX);
	buf_init(&m->id, ID_MAX + DNS_NAME_MAX);
	buf_init(&m->contact, ID_MAX + DNS_NAME_MAX);
	write_id(&m->id, r);
	buf_add_c(&m->contact, "postmaster@");
	buf_add(&m->contact, hostname);
	m->report = (struct rpt_report){ .organization = hostname,
		.contact = buf_str(&m->contact),
		.id = buf_str(&m->id),
		.start_s = (int64_t)r->day * RPT_DAY_S,
		.end_s = (int64_t)r->day * RPT_DAY_S + RPT_DAY_S - 1 };
	return rpt_load(r->queue->house.store, r->day, buf_str(&r->domain), &m->arena,
	    &m->report.policies, &m->report.policy_count);
}

static void
making_release(struct making *m)
{
	buf_release(&m->contact);
	buf_release(&m->id);
	arena_release(&m->arena);
}

/* --- by mail ------------------------------------------------------------------------------------------------ */

static enum fail
write_file(struct tls_reporter *r, const struct rpt_mail *mail, struct blob_name *out)
{
	struct buf text;
	enum fail fail;

	buf_init(&text, MAIL_MAX);
	fail = rpt_mail_write(&text, mail);
	if (fail == FAIL_NONE)
		fail = queue_write_own(r->queue->house.blobs, buf_str(&text), out);
	buf_release(&text);
	return fail;
}

/* From the null sender: what comes back of a report nobody would read. */
static enum fail
send_mail(struct tls_reporter *r, const struct making *m, struct str to)
{
	char random[BUILD_RANDOM_BYTES];
	const struct rpt_mail mail = { .report = &m->report,
		.hostname = r->queue->house.own.hostname,
		.domain = buf_str(&r->domain),
		.to = to,
		.random = str_of(random, sizeof random),
		.now_s = clock_wall_s() };
	const struct envelope envelope = { .body = BODY_7BIT };
	const struct envelope_rcpt rcpt = { .address = to, .notify = NOTIFY_NEVER };
	struct blob_name blob;
	struct queue_new new = { .envelope = &envelope,
		.rcpts = &rcpt,
		.rcpt_count = 1,
		.skip = QUEUE_OWN_SKIP,
		.traits = QUEUE_OURS,
		.log_id = STR("tls-report") };
	enum fail fail;

	random_bytes(random, sizeof random);
	fail = write_file(r, &mail, &blob);
	new.blob = blob_name_str(&blob);
	return fail == FAIL_NONE ? queue_add(r->queue, &new, NULL) : fail;
}

/* --- by HTTPS ----------------------------------------------------------------------------------------------- */

static bool
can_post(const struct tls_reporter *r)
{
	return r->queue->house.get_http != NULL;
}

/* RFC 8460 5.4: the packed report, as its media type. */
static enum fail
post(struct tls_reporter *r, const struct making *m, struct str uri)
{
	static const struct http_header headers[] = { { STR_INIT("Content-Type"),
	    STR_INIT("application/tlsrpt+gzip") } };
	const struct queue_house *house = &r->queue->house;
	struct http_order order = { .method = HTTP_POST,
		.url = uri,
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.body_max = REPLY_MAX,
		.timeout_ms = POST_MS,
		.is_discarded = true,
		.allow_private = house->outbound->allow_private };
	enum fail fail;

	buf_clear(&r->body);
	fail = rpt_pack(&r->body, &m->report);
	order.body = buf_str(&r->body);
	if (fail == FAIL_NONE)
		http_fetch_start(house->get_http(house->trust_arg), &r->post, &r->task, &order);
	return fail;
}

/* --- the states ----------------------------------------------------------------------------------------------- */

static enum reporter_state
record_came(struct tls_reporter *r)
{
	if (r->query.op.fail == FAIL_TEMP)
		return done(r, false);
	if (r->query.op.fail != FAIL_NONE ||
	    rpt_record_parse(r->query.records, r->query.record_count, &r->record) != FAIL_NONE)
		return done(r, true);
	r->at = 0;
	return REPORTER_SEND;
}

static enum reporter_state
send_to(struct tls_reporter *r, const struct rpt_address *to)
{
	struct making m;
	enum reporter_state state;
	enum fail fail = make(r, &m);

	if (fail == FAIL_NONE && str_empty(to->mail))
		fail = can_post(r) ? post(r, &m, to->uri) : FAIL_DENIED;
	else if (fail == FAIL_NONE)
		fail = send_mail(r, &m, to->mail);
	if (fail != FAIL_NONE)
		state = REPORTER_SEND; /* the next address */
	else
		state = str_empty(to->mail) ? REPORTER_POST : done(r, true);
	log_info(&r->queue->log, "queue.tls.report", LOG_TEXT("domain", buf_str(&r->domain)),
	    LOG_TEXT("to", to->uri), LOG_TEXT("outcome", str_c(fail_names[fail])));
	making_release(&m);
	return state;
}

static enum reporter_state
send_next(struct tls_reporter *r)
{
	if (r->at == r->record.count)
		return done(r, false);
	return send_to(r, &r->record.addresses[r->at++]);
}

static enum reporter_state
posted(struct tls_reporter *r)
{
	bool is_taken = r->post.op.fail == FAIL_NONE && r->post.status / 100 == 2;

	log_info(&r->queue->log, "queue.tls.posted", LOG_TEXT("domain", buf_str(&r->domain)),
	    LOG_NUM("status", r->post.status),
	    LOG_TEXT("outcome", str_c(fail_names[r->post.op.fail])));
	http_fetch_release(&r->post);
	buf_clear(&r->body);
	return is_taken ? done(r, true) : REPORTER_SEND;
}

static enum reporter_state
advance(struct tls_reporter *r)
{
	switch (r->state) {
	case REPORTER_REST: return timer_running(&r->timer) ? REPORTER_STAY : REPORTER_NEXT;
	case REPORTER_NEXT: return next(r);
	case REPORTER_RECORD: return op_pending(&r->query.op) ? REPORTER_STAY : record_came(r);
	case REPORTER_SEND: return send_next(r);
	case REPORTER_POST: return op_pending(&r->post.op) ? REPORTER_STAY : posted(r);
	case REPORTER_STAY: break;
	}
	return REPORTER_STAY;
}

/* One move in a turn: a report is written and packed in one go. */
static enum step
reporter_step(struct task *task)
{
	struct tls_reporter *r = container_of(task, struct tls_reporter, task);
	enum reporter_state state;

	if (r->queue->is_stopping)
		return STEP_WAIT;
	state = advance(r);
	if (state == REPORTER_STAY)
		return STEP_WAIT;
	r->state = state;
	return STEP_YIELD;
}

struct tls_reporter *
tls_reporter_start(struct queue *q)
{
	struct tls_reporter *r;

	if (!q->house.outbound->has_reports)
		return NULL;
	r = mem_new(1, sizeof *r);
	r->queue = q;
	r->state = REPORTER_NEXT;
	buf_init(&r->domain, DNS_NAME_MAX);
	buf_init(&r->body, MAIL_MAX);
	loop_task(q->house.loop, &r->task, reporter_step, NULL);
	task_wake(&r->task);
	return r;
}

void
tls_reporter_free(struct tls_reporter **reporter)
{
	struct tls_reporter *r = *reporter;

	*reporter = NULL;
	if (r == NULL)
		return;
	timer_stop(r->queue->house.loop, &r->timer);
	task_cancel(&r->task);
	dns_query_release(&r->query);
	http_fetch_release(&r->post);
	buf_release(&r->body);
	buf_release(&r->domain);
	mem_free(r);
}
