#include "mail/vacation.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/thing.h"
#include "store/record.h"

enum { RECORD_VERSION = 1, VACATION_ID = 1 /* there is one */ };

/* --- the record -------------------------------------------------------------------------------------- */

static void
text_write(struct buf *out, struct str text)
{
	record_add_bool(out, text.p != NULL);
	record_add_bytes(out, text);
}

static struct str
text_read(struct record *r)
{
	bool is_set = record_bool(r);
	struct str text = record_bytes(r);

	return is_set ? text : (struct str){ 0 };
}

void
vacation_record_write(struct buf *out, const struct vacation *v)
{
	record_begin(out, RECORD_VERSION);
	record_add_bool(out, v->is_enabled);
	record_add_bool(out, v->has_from);
	record_add_i64(out, v->from_s);
	record_add_bool(out, v->has_to);
	record_add_i64(out, v->to_s);
	text_write(out, v->subject);
	text_write(out, v->text);
	text_write(out, v->html);
}

enum fail
vacation_record_read(struct str value, struct vacation *out)
{
	struct record r;

	record_read(&r, value);
	*out = (struct vacation){ .is_enabled = record_bool(&r) };
	out->has_from = record_bool(&r);
	out->from_s = record_i64(&r);
	out->has_to = record_bool(&r);
	out->to_s = record_i64(&r);
	out->subject = text_read(&r);
	out->text = text_read(&r);
	out->html = text_read(&r);
	return record_end(&r);
}

/* --- reading and changing ------------------------------------------------------------------------------ */

bool
vacation_is_set(const struct account *a)
{
	return change_state(a, CHANGE_VACATION) > 0;
}

bool
vacation_is_on(const struct vacation *v, int64_t now_s)
{
	return v->is_enabled && (!v->has_from || now_s >= v->from_s) &&
	    (!v->has_to || now_s < v->to_s);
}

static enum fail
get_read(struct txn *t, void *arg)
{
	struct thing_reading *in = arg;
	struct vacation *v = in->out;
	struct str body;
	enum fail fail = thing_copy(t, in, CHANGE_VACATION, &body);

	if (fail == FAIL_NONE)
		fail = vacation_record_read(body, v);
	if (fail == FAIL_NONE)
		v->modseq = change_state(in->account, CHANGE_VACATION);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

enum fail
vacation_get(struct account *a, struct arena *arena, struct vacation **out)
{
	struct vacation *v = arena_alloc(arena, 1, sizeof(*v));
	struct thing_reading in = { .account = a, .id = VACATION_ID, .arena = arena, .out = v };
	enum fail fail = account_usable(a);

	*out = v;
	if (fail == FAIL_NONE && !v)
		fail = FAIL_LIMIT;
	return fail || !vacation_is_set(a) ? fail : store_read(a->mail->store, get_read, &in);
}

const char *
vacation_too_long(const struct vacation *v)
{
	if (v->subject.n > VACATION_SUBJECT_MAX)
		return "subject";
	if (v->text.n > VACATION_TEXT_MAX)
		return "textBody";
	return v->html.n > VACATION_HTML_MAX ? "htmlBody" : NULL;
}

static enum fail
set_run(struct edit *e, void *arg)
{
	struct buf body;
	enum fail fail = FAIL_LIMIT;

	buf_init(&body, THINGS_PUT_MAX);
	vacation_record_write(&body, arg);
	if (buf_ok(&body))
		fail = thing_put(e, CHANGE_VACATION, VACATION_ID, buf_str(&body));
	buf_release(&body);
	return fail;
}

enum fail
vacation_set(struct account *a, const struct vacation *to)
{
	struct vacation v = *to;

	return vacation_too_long(to) ? FAIL_LIMIT : edit_run(a, NULL, set_run, &v);
}
