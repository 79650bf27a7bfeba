/*
 * The aggregate report about one domain (RFC 7489 7.2): who wants it is asked, rows become XML, and that a file.
 *
 *     begin --> ASKING each address, one after another --> GATHERING rows, a slice each step --> READY
 *
 * A report that is larger than one may be is cut, and says so; an address that wants smaller ones does not get it.
 */
#include "reports/inner.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/deflate.h"
#include "mailauth/dmarc_external.h"
#include "mailauth/report_file.h"
#include "message/date.h"
#include "reports/dmarc_facts.h"

#define FILE_MAX \
	(4 * 1024 * 1024) /* bytes: in base64 what any host takes; honest reports have some 10 KB */
#define FILE_ROOM \
	(256 * 1024) /* .. of which the compressor may hold back so many, and the end of the text */
#define SLICE_ROWS  50          /* of one step */
#define SLICE_BYTES (64 * 1024) /* of XML, after which a step ends: a millisecond or two */
#define XML_MAX     (256 * 1024) /* bytes: a slice, and one more row of names that all need escaping */
#define WORDS_MAX   1200         /* bytes of text for people */

struct dmarc_target {
	struct buf address; /* own */
	uint64_t max_bytes; /* or DMARC_SIZE_ANY */
};

struct dmarc_work {
	struct dmarc_record record; /* texts are the subject's */
	/* asking */
	size_t uri_at;
	bool is_asking, is_gathering;
	bool has_silence; /* DNS did not answer for one of them */
	struct dmarc_external external;
	struct dmarc_target targets[DMARC_URIS_MAX];
	size_t target_count;
	/* gathering */
	struct dmarc_report head;
	struct buf id, row_at, row, xml, file; /* own */
	struct deflate_stream stream;
	uint64_t text_bytes, rows, messages;
	bool is_cut;
	/* sending */
	struct buf subject, name, words; /* own */
};

static_assert(DMARC_URIS_MAX <= REPORT_TO_MAX, "a message takes all addresses");

/* --- begin and end ------------------------------------------------------------------------------ */

static void
begin(struct reports *r)
{
	struct dmarc_work *w = r->dmarc = mem_new(1, sizeof *w);

	buf_init(&w->id, REPORT_ID_MAX);
	buf_init(&w->row_at, STORE_KEY_MAX);
	buf_init(&w->row, TALLY_ROW_MAX);
	buf_init(&w->xml, XML_MAX);
	buf_init(&w->file, FILE_MAX);
	buf_init(&w->subject, REPORT_NAMES_MAX);
	buf_init(&w->name, REPORT_NAMES_MAX);
	buf_init(&w->words, WORDS_MAX);
}

static void
end(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;

	r->dmarc = NULL;
	if (w == NULL)
		return;
	dmarc_external_release(&w->external);
	for (size_t i = 0; i < w->target_count; i++)
		buf_release(&w->targets[i].address);
	deflate_release(&w->stream);
	buf_release(&w->id);
	buf_release(&w->row_at);
	buf_release(&w->row);
	buf_release(&w->xml);
	buf_release(&w->file);
	buf_release(&w->subject);
	buf_release(&w->name);
	buf_release(&w->words);
	mem_free(w);
}

/* --- who wants it ------------------------------------------------------------------------------- */

/* One address that wants it; twice is once. */
static void
add_target(struct dmarc_work *w, struct str address, uint64_t max_bytes)
{
	struct dmarc_target *t = &w->targets[w->target_count];

	for (size_t i = 0; i < w->target_count; i++)
		if (str_eq_nocase(buf_str(&w->targets[i].address), address))
			return;
	buf_init(&t->address, DMARC_ADDRESS_MAX);
	buf_add(&t->address, address);
	t->max_bytes = max_bytes;
	w->target_count++;
}

/* RFC 7489 7.1 has said its word about the address at hand. */
static void
take_answer(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;
	const struct dmarc_uri *uri = &w->record.aggregate[w->uri_at++];

	if (w->external.verdict == VERDICT_PASS)
		add_target(w, buf_str(&w->external.address), uri->max_bytes);
	else
		log_info(&r->log, "reports.unwanted", LOG_TEXT("domain", r->subject.domain),
		    LOG_TEXT("uri", uri->uri),
		    LOG_TEXT("external", verdict_names[w->external.verdict]));
	w->has_silence |= w->external.verdict == VERDICT_TEMPERROR;
	dmarc_external_release(&w->external);
	w->is_asking = false;
}

/* Whom the record names is asked, one after another; then it begins, is left for later, or nobody wants it. */
static enum reports_work
ask(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;

	if (w->is_asking) {
		if (!dmarc_external_look(&w->external))
			return WORK_WAIT;
		take_answer(r);
	}
	if (w->uri_at < w->record.aggregate_count) {
		w->is_asking = true;
		dmarc_external_start(&w->external, r->house.dns, &r->task, r->subject.domain,
		    w->record.aggregate[w->uri_at].uri);
		return WORK_MORE;
	}
	if (w->has_silence && (!r->is_last_try || w->target_count == 0))
		return WORK_LATER;
	w->is_gathering = w->target_count > 0;
	return w->is_gathering ? WORK_MORE : WORK_NEVER;
}

/* --- the file ----------------------------------------------------------------------------------- */

static void
write_head(struct reports *r)
{
	const struct reports_settings *settings = r->house.settings;
	struct dmarc_work *w = r->dmarc;

	reports_write_id(r, &w->id);
	w->head = (struct dmarc_report){
		.organization =
		    str_empty(settings->organization) ? r->house.hostname : settings->organization,
		.email = buf_str(&r->from),
		.contact = settings->contact,
		.id = buf_str(&w->id),
		.begin_s = (uint64_t)r->subject.begin_s,
		.end_s = (uint64_t)r->subject.end_s - 1,
		.domain = r->subject.domain,
		.policy = w->record.policy,
		.subdomain_policy = w->record.subdomain_policy,
		.is_dkim_strict = w->record.is_dkim_strict,
		.is_spf_strict = w->record.is_spf_strict,
		.percent = w->record.percent,
		.failure_options = w->record.failure_options,
	};
	dmarc_report_begin(&w->xml, &w->head);
	deflate_start(&w->stream, DEFLATE_GZIP, false);
}

/* Some more rows into w->xml. FAIL_MISSING: that was the last. */
static enum fail
gather_rows(struct txn *t, void *arg)
{
	struct reports *r = arg;
	struct dmarc_work *w = r->dmarc;
	struct dmarc_report_row row;
	uint64_t count;

	for (size_t i = 0; i < SLICE_ROWS && w->xml.n < SLICE_BYTES; i++) {
		enum fail fail = tally_next_row(t, buf_str(&r->place), &w->row_at, &count, &w->row);

		if (fail != FAIL_NONE)
			return fail;
		if (dmarc_facts_read(buf_str(&w->row), &row) != FAIL_NONE)
			continue; /* damaged */
		row.count = count;
		dmarc_report_row(&w->xml, &row);
		w->rows++;
		w->messages += count;
	}
	return FAIL_NONE;
}

/* What stands in w->xml goes into the file. False: it is too large. */
static bool
compress(struct dmarc_work *w, enum deflate_flush flush)
{
	struct str text = buf_str(&w->xml);
	bool is_done =
	    buf_ok(&w->xml) && deflate_feed(&w->stream, &text, flush, &w->file) == FAIL_NONE;

	w->text_bytes += w->xml.n;
	buf_clear(&w->xml);
	w->is_cut = w->file.n > FILE_MAX - FILE_ROOM || w->text_bytes > REPORT_TEXT_MAX - XML_MAX;
	return is_done;
}

/* --- the message -------------------------------------------------------------------------------- */

static void
write_words(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;
	struct buf *out = &w->words;

	buf_add(out, STR("This is a report of DMARC (RFC 7489), for programs: what came to\r\n"));
	buf_add(out, r->house.hostname);
	buf_add(out, STR(" in the name of\r\n"));
	buf_add(out, r->subject.domain);
	buf_add(out, STR("\r\nfrom "));
	date_write_3339(out, r->subject.begin_s, 0);
	buf_add(out, STR(" to "));
	date_write_3339(out, r->subject.end_s - 1, 0);
	buf_add(out, STR(":\r\nmessages: "));
	buf_add_u64(out, w->messages);
	buf_add(out, STR("\r\n"));
	if (!w->is_cut && r->subject.dropped == 0)
		return;
	buf_add(out, STR("There were more than this report could hold.\r\n"));
	log_warn(&r->log, "reports.cut", LOG_TEXT("domain", r->subject.domain),
	    LOG_NUM("rows", w->rows), LOG_NUM("of", r->subject.rows),
	    LOG_NUM("dropped", r->subject.dropped));
}

/* Addresses that take so large a message. */
static void
choose_targets(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;
	size_t bytes = report_message_size(w->file.n);

	for (size_t i = 0; i < w->target_count; i++) {
		const struct dmarc_target *t = &w->targets[i];

		if (bytes <= t->max_bytes)
			r->message.to[r->message.to_count++] = buf_str(&t->address);
		else
			log_warn(&r->log, "reports.too-large",
			    LOG_TEXT("domain", r->subject.domain),
			    LOG_TEXT("to", buf_str(&t->address)), LOG_NUM("bytes", bytes));
	}
}

static enum reports_work
finish(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;
	bool is_cut = w->is_cut;

	dmarc_report_end(&w->xml);
	if (!compress(w, DEFLATE_END))
		return WORK_NEVER;
	w->is_cut = is_cut;
	reports_write_subject(r, buf_str(&w->id), &w->subject);
	reports_write_name(r, STR(".xml.gz"), &w->name);
	write_words(r);
	r->message = (struct report_message){ .subject = buf_str(&w->subject),
		.type = STR("multipart/mixed"),
		.text = buf_str(&w->words),
		.file_type = STR("application/gzip"),
		.file_name = buf_str(&w->name),
		.file = buf_str(&w->file) };
	choose_targets(r);
	return w->rows > 0 && r->message.to_count > 0 ? WORK_READY : WORK_NEVER;
}

static enum reports_work
gather(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;
	enum fail fail;

	if (w->id.n == 0)
		write_head(r);
	fail = store_read(r->house.store, gather_rows, r);
	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return WORK_LATER;
	if (!compress(w, DEFLATE_MORE))
		return WORK_NEVER;
	return fail == FAIL_MISSING || w->is_cut ? finish(r) : WORK_MORE;
}

static enum reports_work
step(struct reports *r)
{
	struct dmarc_work *w = r->dmarc;

	if (w->is_gathering)
		return gather(r);
	if (w->uri_at == 0 && !w->is_asking &&
	    dmarc_record_parse(r->subject.about, &w->record) != FAIL_NONE)
		return WORK_NEVER;
	return ask(r);
}

static bool
is_on(const struct reports *r)
{
	return r->house.settings->has_dmarc;
}

const struct reports_kind reports_dmarc = { TALLY_DMARC, STR_INIT("dmarc"), is_on, begin, step,
	end };
