#include "message/fields.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "message/mime.h"

const char *const field_names[] = {
	"Date",
	"Subject",
	"From",
	"Sender",
	"Reply-To",
	"To",
	"Cc",
	"Bcc",
	"In-Reply-To",
	"Message-ID",
	"References",
	"List-Id",
	"List-Post",
	"List-Unsubscribe",
};
static_assert(ARRAY_LEN(field_names) == FIELD_COUNT, "one name for each enum field");

#define LANGUAGES_MAX 20 /* of one Content-Language field */

static const char *const content_names[] = { "Content-Type", "Content-Transfer-Encoding",
	"Content-Disposition", "Content-ID", "Content-Description", "Content-Language",
	"Content-Location", "Content-MD5" };
static_assert(ARRAY_LEN(content_names) == CONTENT_COUNT, "one name for each enum content");

void
fields_collect(struct collected *found, struct fields *fields, const struct header *h)
{
	struct str value = { h->value.p ? h->value.p : "", h->value.n };

	if (h->name.n > 8 && str_starts_nocase(h->name, STR("Content-"))) {
		for (size_t i = 0; i < CONTENT_COUNT; i++)
			if (found->raw[i].p == NULL &&
			    str_eq_nocase(h->name, str_c(content_names[i])))
				found->raw[i] = value;
		return;
	}
	if (fields == NULL || strchr("DSFRTCBIMLdsfrtcbiml", h->name.p[0]) == NULL)
		return;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (char_lower(h->name.p[0]) == char_lower(field_names[i][0]) &&
		    str_eq_nocase(h->name, str_c(field_names[i])))
			fields->raw[i] = value;
}

/* --- Content-Transfer-Encoding (RFC 2045 section 6) ---------------------------------------- */

static const struct {
	const char *name;
	enum encoding encoding;
} encodings[] = {
	{ "7BIT", ENCODING_7BIT },
	{ "8BIT", ENCODING_7BIT },
	{ "BINARY", ENCODING_7BIT },
	{ "QUOTED-PRINTABLE", ENCODING_QUOTED_PRINTABLE },
	{ "BASE64", ENCODING_BASE64 },
	{ "X-UUENCODE", ENCODING_UUENCODE },
	{ "X-UUE", ENCODING_UUENCODE },
	{ "UUENCODE", ENCODING_UUENCODE },
	/* seen in the wild for plain text */
	{ "7-BIT", ENCODING_7BIT },
	{ "8-BIT", ENCODING_7BIT },
	{ "7BITS", ENCODING_7BIT },
	{ "8BITS", ENCODING_7BIT },
	{ "NONE", ENCODING_7BIT },
	{ "UNKNOWN", ENCODING_7BIT },
};

static void
apply_encoding(struct str raw, struct part *p, struct arena *a)
{
	struct param *params;
	struct str value;
	uint32_t count;

	p->encoding_text = STR("7BIT");
	if (raw.p == NULL)
		return;
	params_parse(raw, a, &value, &params, &count);
	if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = str_trim(str_slice(value, 1, value.n - 2));
	if (value.n == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
		if (str_eq_nocase(value, str_c(encodings[i].name))) {
			p->encoding = encodings[i].encoding;
			p->encoding_text = str_c(encodings[i].name);
			return;
		}
	}
	p->encoding = ENCODING_UNKNOWN;
	p->encoding_text = value;
}

/* --- the others ---------------------------------------------------------------------------- */

static void
apply_type(const struct collected *found, struct part *p, struct arena *a)
{
	struct str raw = found->raw[CONTENT_TYPE], value;

	p->type = found->in_digest ? STR("message") : STR("text");
	p->subtype = found->in_digest ? STR("rfc822") : STR("plain");
	if (raw.p == NULL)
		return;
	params_parse(raw, a, &value, &p->params, &p->param_count);
	if (media_type_parse(value, a, &p->type, &p->subtype))
		return;
	/* Liberal: "text" alone means text/plain and keeps its charset; else RFC 2045 5.2. */
	if (!str_eq_nocase(value, STR("text")))
		p->param_count = 0;
	p->type = STR("text");
	p->subtype = STR("plain");
}

static void
apply_disposition(struct str raw, struct part *p, struct arena *a)
{
	struct str value;

	if (raw.p == NULL)
		return;
	params_parse(raw, a, &value, &p->disposition_params, &p->disposition_param_count);
	if (value.n == 0)
		return;
	p->is_attachment = str_eq_nocase(value, STR("attachment"));
	p->is_inline = str_eq_nocase(value, STR("inline"));
	p->disposition = lower_case(value, a);
}

static void
apply_languages(struct str raw, struct part *p, struct arena *a)
{
	struct str cur = header_unfold(raw, a), tag, tags[LANGUAGES_MAX];
	uint32_t count = 0;

	while (count < LANGUAGES_MAX && str_next_part(&cur, ',', &tag)) {
		tag = str_trim(tag);
		if (tag.n > 0)
			tags[count++] = tag;
	}
	if (count == 0 || (p->languages = arena_alloc(a, count, sizeof *tags)) == NULL)
		return;
	memcpy(p->languages, tags, count * sizeof *tags);
	p->language_count = count;
}

static struct str
unfolded(struct str raw, struct arena *a)
{
	return raw.p ? header_unfold(raw, a) : raw;
}

void
fields_apply(const struct collected *found, struct part *p, struct arena *a)
{
	apply_encoding(found->raw[CONTENT_TRANSFER_ENCODING], p, a);
	apply_type(found, p, a);
	apply_disposition(found->raw[CONTENT_DISPOSITION], p, a);
	if (found->raw[CONTENT_LANGUAGE].p)
		apply_languages(found->raw[CONTENT_LANGUAGE], p, a);
	p->id = unfolded(found->raw[CONTENT_ID], a);
	p->description = unfolded(found->raw[CONTENT_DESCRIPTION], a);
	p->location = unfolded(found->raw[CONTENT_LOCATION], a);
	p->md5 = unfolded(found->raw[CONTENT_MD5], a);
	if (p->disposition_param_count > 0)
		p->name = param_text(p->disposition_params, p->disposition_param_count,
		    STR("filename"), a);
	if (p->name.p == NULL && p->param_count > 0)
		p->name = param_text(p->params, p->param_count, STR("name"), a);
}
