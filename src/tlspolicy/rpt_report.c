#include "tlspolicy/rpt_report.h"

/* rooms */
#include "codec/json.h"
#include "message/date.h"

/* --- writing --------------------------------------------------------------------------------------------- */

static void
write_time(struct json_writer *w, struct str name, int64_t time_s)
{
	struct buf text;

	buf_init(&text, 64);
	date_write_3339(&text, time_s, 0);
	json_name_string(w, name, buf_str(&text));
	buf_release(&text);
}

static void
write_texts(struct json_writer *w, struct str name, const struct str *texts, size_t count)
{
	if (count == 0)
		return;
	json_name(w, name);
	json_array_begin(w);
	for (size_t i = 0; i < count; i++)
		json_string(w, texts[i]);
	json_array_end(w);
}

static void
write_optional(struct json_writer *w, struct str name, struct str text)
{
	if (!str_empty(text))
		json_name_string(w, name, text);
}

static void
write_failure(struct json_writer *w, const struct rpt_failure *f)
{
	json_object_begin(w);
	json_name_string(w, STR("result-type"), f->result);
	write_optional(w, STR("sending-mta-ip"), f->sender);
	write_optional(w, STR("receiving-mx-hostname"), f->host);
	write_optional(w, STR("receiving-ip"), f->address);
	json_name_int(w, STR("failed-session-count"), f->sessions);
	write_optional(w, STR("failure-reason-code"), f->reason);
	json_object_end(w);
}

static void
write_policy(struct json_writer *w, const struct rpt_policy *p)
{
	json_object_begin(w);
	json_name(w, STR("policy"));
	json_object_begin(w);
	json_name_string(w, STR("policy-type"), p->type);
	write_texts(w, STR("policy-string"), p->strings, p->string_count);
	json_name_string(w, STR("policy-domain"), p->domain);
	write_texts(w, STR("mx-host"), p->hosts, p->host_count);
	json_object_end(w);
	json_name(w, STR("summary"));
	json_object_begin(w);
	json_name_int(w, STR("total-successful-session-count"), p->successes);
	json_name_int(w, STR("total-failure-session-count"), p->failures);
	json_object_end(w);
	if (p->detail_count > 0) {
		json_name(w, STR("failure-details"));
		json_array_begin(w);
		for (size_t i = 0; i < p->detail_count; i++)
			write_failure(w, &p->details[i]);
		json_array_end(w);
	}
	json_object_end(w);
}

void
rpt_report_write(struct buf *out, const struct rpt_report *report)
{
	struct json_writer w = { .out = out };

	json_object_begin(&w);
	json_name_string(&w, STR("organization-name"), report->organization);
	json_name(&w, STR("date-range"));
	json_object_begin(&w);
	write_time(&w, STR("start-datetime"), report->start_s);
	write_time(&w, STR("end-datetime"), report->end_s);
	json_object_end(&w);
	json_name_string(&w, STR("contact-info"), report->contact);
	json_name_string(&w, STR("report-id"), report->id);
	json_name(&w, STR("policies"));
	json_array_begin(&w);
	for (size_t i = 0; i < report->policy_count; i++)
		write_policy(&w, &report->policies[i]);
	json_array_end(&w);
	json_object_end(&w);
}

/* --- reading ---------------------------------------------------------------------------------------------- */

/* A member that may be missing; of another type it is missing. */
static struct str
text_of(const struct json *v, struct str name)
{
	struct str text;

	return json_get_text(json_find(v, name), &text) ? text : STR("");
}

/* Counts of strangers: never negative. */
static int64_t
count_of(const struct json *v, struct str name)
{
	int64_t n;

	return json_get_int(json_find(v, name), &n) && n > 0 ? n : 0;
}

static MUST_CHECK bool
time_of(const struct json *v, struct str name, int64_t *out)
{
	struct date date;

	if (date_parse_3339(text_of(v, name), &date) != FAIL_NONE)
		return false;
	*out = date.unix_s;
	return true;
}

/* An array of texts, or one text, as some write it. */
static enum fail
read_texts(const struct json *v, struct arena *arena, const struct str **out, size_t *count_out)
{
	bool is_array = json_is(v, JSON_ARRAY);
	size_t most = is_array ? v->count : json_is(v, JSON_STRING) ? 1 : 0, n = 0;
	struct str *texts;

	if (most == 0)
		return FAIL_NONE;
	texts = arena_alloc(arena, most, sizeof *texts);
	if (texts == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < most; i++)
		if (json_get_text(is_array ? &v->items[i] : v, &texts[n]))
			n++;
	*out = texts;
	*count_out = n;
	return FAIL_NONE;
}

static enum fail
read_failures(const struct json *v, struct arena *arena, struct rpt_policy *out)
{
	struct rpt_failure *details;

	if (!json_is(v, JSON_ARRAY) || v->count == 0)
		return FAIL_NONE;
	details = arena_alloc(arena, v->count, sizeof *details);
	if (details == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < v->count; i++)
		details[i] = (struct rpt_failure){
			.result = text_of(&v->items[i], STR("result-type")),
			.host = text_of(&v->items[i], STR("receiving-mx-hostname")),
			.address = text_of(&v->items[i], STR("receiving-ip")),
			.sender = text_of(&v->items[i], STR("sending-mta-ip")),
			.reason = text_of(&v->items[i], STR("failure-reason-code")),
			.sessions = count_of(&v->items[i], STR("failed-session-count")),
		};
	out->details = details;
	out->detail_count = v->count;
	return FAIL_NONE;
}

static enum fail
read_policy(const struct json *v, struct arena *arena, struct rpt_policy *out)
{
	const struct json *policy = json_find(v, STR("policy"));
	const struct json *summary = json_find(v, STR("summary"));
	enum fail fail;

	*out = (struct rpt_policy){ .type = text_of(policy, STR("policy-type")),
		.domain = text_of(policy, STR("policy-domain")),
		.successes = count_of(summary, STR("total-successful-session-count")),
		.failures = count_of(summary, STR("total-failure-session-count")) };
	fail = read_texts(json_find(policy, STR("policy-string")), arena, &out->strings,
	    &out->string_count);
	if (fail == FAIL_NONE)
		fail = read_texts(json_find(policy, STR("mx-host")), arena, &out->hosts,
		    &out->host_count);
	if (fail == FAIL_NONE)
		fail = read_failures(json_find(v, STR("failure-details")), arena, out);
	return fail;
}

enum fail
rpt_report_read(struct str text, struct arena *arena, struct rpt_report *out)
{
	const struct json *v, *list, *range;
	struct rpt_policy *policies;
	enum fail fail = json_parse(text, arena, &v);

	if (fail != FAIL_NONE)
		return fail == FAIL_LIMIT ? FAIL_LIMIT : FAIL_SYNTAX;
	list = json_find(v, STR("policies"));
	range = json_find(v, STR("date-range"));
	*out = (struct rpt_report){ .organization = text_of(v, STR("organization-name")),
		.contact = text_of(v, STR("contact-info")),
		.id = text_of(v, STR("report-id")) };
	if (!json_is(list, JSON_ARRAY) || !time_of(range, STR("start-datetime"), &out->start_s) ||
	    !time_of(range, STR("end-datetime"), &out->end_s))
		return FAIL_SYNTAX;
	policies = arena_alloc(arena, list->count + (size_t)1, sizeof *policies);
	if (policies == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < list->count && fail == FAIL_NONE; i++)
		fail = read_policy(&list->items[i], arena, &policies[i]);
	out->policies = policies;
	out->policy_count = list->count;
	return fail;
}
