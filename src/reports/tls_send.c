/*
 * The report about the conversations with one domain (RFC 8460): who wants it is asked, rows become JSON, and that a
 * file, which goes to the first address that takes it.
 *
 *     begin --> ASKING for the domain's record --> GATHERING rows, a slice each step --> OFFERING to each address:
 *               by mail: READY; by HTTPS: wait, then DONE, or the next address
 */
#include "reports/inner.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/name.h"
#include "http/client.h"
#include "mailauth/dmarc_external.h"
#include "mailauth/report_file.h"
#include "message/compose.h"
#include "reports/tls_row.h"
#include "tlspolicy/rpt_build.h"
#include "tlspolicy/rpt_record.h"

#define ARENA_MAX  (512 * 1024) /* bytes: TALLY_ROWS_MAX failures; JSON of it takes some 10 ms */
#define FILE_MAX   (2 * 1024 * 1024) /* bytes, packed: receivers take ten megabytes (RFC 8460 5.2) */
#define SLICE_ROWS 50                /* of one step */
#define POST_MS    (60 * 1000)       /* for one POST */
#define REPLY_MAX  4096              /* bytes of its answer */
#define FIELDS_MAX 2048              /* bytes: two fields with names of domains */
#define WORDS_MAX  1200              /* bytes of text for people */

enum tls_stage { TLS_ASKING, TLS_GATHERING, TLS_OFFERING, TLS_POSTING };

struct tls_work {
	enum tls_stage stage;
	struct dns_query query;
	struct rpt_record record; /* points into query's answer */
	size_t at;                /* of its addresses: the next one */
	/* gathering */
	struct arena arena;
	struct rpt_builder builder;
	struct buf row_at, row; /* own */
	/* offering */
	struct buf id, file, subject, name, fields, words, address; /* own */
	struct http_fetch post;
};

/* --- begin and end ------------------------------------------------------------------------------ */

/* RFC 8460 3 */
static void
begin(struct reports *r)
{
	struct tls_work *w = r->tls = mem_new(1, sizeof *w);
	struct buf name;

	arena_init(&w->arena, ARENA_MAX);
	w->builder.arena = &w->arena;
	buf_init(&w->row_at, STORE_KEY_MAX);
	buf_init(&w->row, TALLY_ROW_MAX);
	buf_init(&w->id, REPORT_ID_MAX);
	buf_init(&w->file, FILE_MAX);
	buf_init(&w->subject, REPORT_NAMES_MAX);
	buf_init(&w->name, REPORT_NAMES_MAX);
	buf_init(&w->fields, FIELDS_MAX);
	buf_init(&w->words, WORDS_MAX);
	buf_init(&w->address, DMARC_ADDRESS_MAX);
	buf_init(&name, DNS_NAME_MAX);
	buf_add(&name, STR("_smtp._tls."));
	buf_add(&name, r->subject.domain);
	dns_query_start(r->house.dns, &w->query, &r->task, buf_str(&name), DNS_TXT);
	buf_release(&name);
}

static void
end(struct reports *r)
{
	struct tls_work *w = r->tls;

	r->tls = NULL;
	if (w == NULL)
		return;
	dns_query_release(&w->query);
	http_fetch_release(&w->post);
	arena_release(&w->arena);
	buf_release(&w->row_at);
	buf_release(&w->row);
	buf_release(&w->id);
	buf_release(&w->file);
	buf_release(&w->subject);
	buf_release(&w->name);
	buf_release(&w->fields);
	buf_release(&w->words);
	buf_release(&w->address);
	mem_free(w);
}

/* --- who wants it ------------------------------------------------------------------------------- */

static enum reports_work
ask(struct reports *r)
{
	struct tls_work *w = r->tls;

	if (op_pending(&w->query.op))
		return WORK_WAIT;
	if (w->query.op.fail == FAIL_TEMP)
		return WORK_LATER;
	if (w->query.op.fail != FAIL_NONE ||
	    rpt_record_parse(w->query.records, w->query.record_count, &w->record) != FAIL_NONE)
		return WORK_NEVER;
	w->stage = TLS_GATHERING;
	return WORK_MORE;
}

/* --- the file ----------------------------------------------------------------------------------- */

/* Some more rows. FAIL_MISSING: that was the last. */
static enum fail
gather_rows(struct txn *t, void *arg)
{
	struct reports *r = arg;
	struct tls_work *w = r->tls;
	struct rpt_session session;
	uint64_t count;

	for (size_t i = 0; i < SLICE_ROWS; i++) {
		enum fail fail = tally_next_row(t, buf_str(&r->place), &w->row_at, &count, &w->row);

		if (fail != FAIL_NONE)
			return fail;
		if (tls_row_read(buf_str(&w->row), &session) == FAIL_NONE)
			rpt_build_add(&w->builder, &session, (int64_t)count);
	}
	return FAIL_NONE;
}

static enum fail
write_file(struct reports *r)
{
	const struct reports_settings *settings = r->house.settings;
	struct tls_work *w = r->tls;
	struct rpt_report report = { .organization = str_empty(settings->organization)
		    ? r->house.hostname
		    : settings->organization,
		.contact = buf_str(&r->from),
		.id = buf_str(&w->id),
		.start_s = r->subject.begin_s,
		.end_s = r->subject.end_s - 1 };
	struct arena arena;
	struct buf json;
	enum fail fail;

	arena_init(&arena, RPT_END_BYTES);
	fail = rpt_build_end(&w->builder, &arena, &report.policies, &report.policy_count);

	buf_init(&json, RPT_FILE_MAX);
	if (fail == FAIL_NONE)
		rpt_report_write(&json, &report);
	if (fail == FAIL_NONE && buf_ok(&json))
		report_file_write(&w->file, buf_str(&json));
	if (fail == FAIL_NONE && !(buf_ok(&json) && buf_ok(&w->file)))
		fail = FAIL_LIMIT;
	buf_release(&json);
	arena_release(&arena);
	return fail;
}

/* RFC 8460 5.3, and for hosts further on that the report goes in spite of what they demand (3; RFC 8689 3). */
static enum fail
write_fields(struct reports *r, struct buf *out)
{
	enum fail fail = header_write_raw(out, STR("TLS-Report-Domain"), r->subject.domain);

	if (fail == FAIL_NONE)
		fail = header_write_raw(out, STR("TLS-Report-Submitter"), reports_submitter(r));
	return fail == FAIL_NONE ? header_write_raw(out, STR("TLS-Required"), STR("No")) : fail;
}

static void
write_words(struct reports *r)
{
	struct buf *out = &r->tls->words;

	buf_add(out, STR("This is a report about connections by which\r\n"));
	buf_add(out, r->house.hostname);
	buf_add(out, STR(" tried to bring mail to\r\n"));
	buf_add(out, r->subject.domain);
	buf_add(out,
	    STR("\r\nand how they were encrypted (RFC 8460). It is for programs to read.\r\n"));
	if (r->tls->builder.is_cut || r->subject.dropped > 0)
		buf_add(out, STR("There were more than this report could hold.\r\n"));
}

static enum reports_work
gather(struct reports *r)
{
	struct tls_work *w = r->tls;
	enum fail fail = store_read(r->house.store, gather_rows, r);

	if (fail == FAIL_NONE)
		return WORK_MORE;
	if (fail != FAIL_MISSING)
		return WORK_LATER;
	reports_write_id(r, &w->id);
	if (w->builder.sessions == 0 || write_file(r) != FAIL_NONE ||
	    write_fields(r, &w->fields) != FAIL_NONE)
		return WORK_NEVER;
	reports_write_subject(r, buf_str(&w->id), &w->subject);
	reports_write_name(r, STR(".json.gz"), &w->name);
	write_words(r);
	w->stage = TLS_OFFERING;
	return WORK_MORE;
}

/* --- to whom it goes ---------------------------------------------------------------------------- */

/* RFC 8460 5.4: the packed report, as its media type. */
static void
post(struct reports *r, struct str uri)
{
	static const struct http_header headers[] = { { STR_INIT("Content-Type"),
	    STR_INIT("application/tlsrpt+gzip") } };
	struct http_order order = { .method = HTTP_POST,
		.url = uri,
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.body = buf_str(&r->tls->file),
		.body_max = REPLY_MAX,
		.timeout_ms = POST_MS,
		.is_discarded = true,
		.allow_private = r->house.allow_private };

	http_fetch_start(r->house.get_http(r->house.http_arg), &r->tls->post, &r->task, &order);
	r->tls->stage = TLS_POSTING;
}

static enum reports_work
posted(struct reports *r)
{
	struct tls_work *w = r->tls;
	bool is_taken = w->post.op.fail == FAIL_NONE && w->post.status / 100 == 2;

	log_info(&r->log, "reports.posted", LOG_TEXT("domain", r->subject.domain),
	    LOG_NUM("status", w->post.status),
	    LOG_TEXT("outcome", str_c(fail_names[w->post.op.fail])));
	http_fetch_release(&w->post);
	w->stage = TLS_OFFERING;
	return is_taken ? WORK_DONE : WORK_MORE;
}

static enum reports_work
mail(struct reports *r)
{
	struct tls_work *w = r->tls;

	r->message = (struct report_message){ .to = { buf_str(&w->address) },
		.to_count = 1,
		.subject = buf_str(&w->subject),
		.fields = buf_str(&w->fields),
		.type = STR("multipart/report; report-type=\"tlsrpt\""),
		.text = buf_str(&w->words),
		.file_type = STR("application/tlsrpt+gzip"),
		.file_name = buf_str(&w->name),
		.file = buf_str(&w->file),
		.is_tls_optional = true };
	return WORK_READY;
}

/* To the next address; when none took it, it waits. */
static enum reports_work
offer(struct reports *r)
{
	struct tls_work *w = r->tls;
	struct str uri;

	if (w->at == w->record.count)
		return WORK_LATER;
	uri = w->record.uris[w->at++];
	buf_clear(&w->address);
	if (dmarc_uri_address(uri, &w->address))
		return mail(r);
	if (r->house.get_http && str_starts_nocase(uri, STR("https://")))
		post(r, uri);
	return WORK_MORE;
}

static enum reports_work
step(struct reports *r)
{
	switch (r->tls->stage) {
	case TLS_ASKING: return ask(r);
	case TLS_GATHERING: return gather(r);
	case TLS_OFFERING: return offer(r);
	case TLS_POSTING: return op_pending(&r->tls->post.op) ? WORK_WAIT : posted(r);
	}
	return WORK_NEVER;
}

static bool
is_on(const struct reports *r)
{
	return r->house.settings->has_tls;
}

const struct reports_kind reports_tls = { TALLY_TLS, STR_INIT("tls"), is_on, begin, step, end };
