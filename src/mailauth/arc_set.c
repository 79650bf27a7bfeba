#include "mailauth/arc_set.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/dkim_header.h"
#include "mailauth/tags.h"

enum arc_part { ARC_NONE, ARC_RESULTS, ARC_MESSAGE, ARC_SEAL };

static enum arc_part
part_of(struct str name)
{
	if (str_eq_nocase(name, STR("ARC-Authentication-Results")))
		return ARC_RESULTS;
	if (str_eq_nocase(name, STR("ARC-Message-Signature")))
		return ARC_MESSAGE;
	return str_eq_nocase(name, STR("ARC-Seal")) ? ARC_SEAL : ARC_NONE;
}

/*
 * instance = [CFWS] %s"i" [CFWS] "=" [CFWS] 1*2DIGIT [CFWS], before the first ";" of all three (4.2.1). Liberal: the
 * signatures may have it anywhere, as it is a tag of theirs. 0: there is none. `rest_out` is behind that ";".
 */
static uint32_t
instance_of(enum arc_part part, struct str value, struct str *rest_out)
{
	struct tag_list tags;
	struct str text;
	uint32_t instance;

	*rest_out = (struct str){ "", 0 };
	if (part == ARC_RESULTS) {
		if (!str_take_until(&value, ';', &text))
			return 0;
		*rest_out = str_trim(value);
		header_skip_blanks(&text, STR("\r\n"));
		if (!str_skip_char(&text, 'i'))
			return 0;
		header_skip_blanks(&text, STR("\r\n"));
		if (!str_skip_char(&text, '='))
			return 0;
		header_skip_blanks(&text, STR("\r\n"));
	} else if (tag_list_parse(value, &tags) != FAIL_NONE || !tag_find(&tags, STR("i"), &text)) {
		return 0;
	}
	if (!str_u32(&text, UINT32_MAX, &instance))
		return 0;
	header_skip_blanks(&text, STR("\r\n"));
	return text.n == 0 ? instance : 0;
}

static void
set_fault(struct arc_fault *fault, struct str reason, uint32_t instance)
{
	if (str_empty(fault->reason)) {
		fault->reason = reason;
		fault->instance = instance;
	}
}

/* The highest instance, at most ARC_SETS_MAX. */
static size_t
find_highest(const struct dkim_content *content, struct arc_fault *fault)
{
	size_t highest = 0;
	struct str rest;

	for (size_t i = 0; i < content->count; i++) {
		enum arc_part part = part_of(content->fields[i].name);
		uint32_t instance;

		if (part == ARC_NONE)
			continue;
		instance = instance_of(part, content->fields[i].value, &rest);
		if (instance == 0)
			set_fault(fault, STR("a field without an instance"), 0);
		if (instance > ARC_SETS_MAX) {
			set_fault(fault, STR("more sets than there may be"), 0);
			fault->is_limit = true;
			instance = ARC_SETS_MAX;
		}
		if (instance > highest)
			highest = instance;
	}
	return highest;
}

static struct header *
field_of(struct arc_set *set, enum arc_part part)
{
	switch (part) {
	case ARC_NONE:
	case ARC_RESULTS: break;
	case ARC_MESSAGE: return &set->message;
	case ARC_SEAL: return &set->seal;
	}
	return &set->results;
}

/* "one each of the three" (5.2 3.A) */
static void
fill_sets(const struct dkim_content *content, struct arc_set *sets, struct arc_fault *fault)
{
	struct str rest;

	for (size_t i = 0; i < content->count; i++) {
		const struct header *field = &content->fields[i];
		enum arc_part part = part_of(field->name);
		uint32_t instance = part == ARC_NONE ? 0 : instance_of(part, field->value, &rest);
		struct header *place;

		if (instance == 0 || instance > ARC_SETS_MAX)
			continue;
		place = field_of(&sets[instance - 1], part);
		if (place->name.n > 0)
			set_fault(fault, STR("a field of a set is there twice"), instance);
		*place = *field;
		if (part == ARC_RESULTS)
			sets[instance - 1].authentication = rest;
	}
}

/* Steps 2 and 3 of 5.2 for one set. */
static void
judge_set(struct arc_set *set, uint32_t instance, bool is_last, struct arc_fault *fault)
{
	struct str reason;
	enum verdict want = instance == 1 ? VERDICT_NONE : VERDICT_PASS;

	if (set->results.name.n == 0 || set->message.name.n == 0 || set->seal.name.n == 0) {
		set_fault(fault, STR("a set is not complete"), instance);
		return;
	}
	if (dkim_signature_parse(set->seal.value, DKIM_FORM_ARC_SEAL, &set->seal_signature,
		&reason) != VERDICT_NONE)
		set_fault(fault, reason, instance);
	else if (is_last && set->seal_signature.chain == VERDICT_FAIL)
		set_fault(fault, STR("its last sealer found it broken"), instance);
	else if (set->seal_signature.chain != want)
		set_fault(fault, STR("a sealer says something else of the chain before (cv=)"),
		    instance);
}

void
arc_sets_find(const struct dkim_content *content, struct arc_set **sets_out, size_t *count_out,
    struct arc_fault *fault)
{
	struct arc_set *sets;
	size_t count;

	*fault = (struct arc_fault){ .reason = { "", 0 } };
	count = find_highest(content, fault);
	sets = mem_new(count + 1, sizeof *sets);
	fill_sets(content, sets, fault);
	if (count > 0 && content->is_cut)
		set_fault(fault, STR("the header is too large"), 0);
	if (count > 0 && content->is_odd)
		set_fault(fault, STR("a line of the header is no field"), 0);
	for (size_t i = count; i > 0; i--)
		judge_set(&sets[i - 1], (uint32_t)i, i == count, fault);
	*sets_out = sets;
	*count_out = count;
}

void
arc_sets_write(const struct arc_set *sets, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		dkim_header_write(out, DKIM_RELAXED, &sets[i].results);
		dkim_header_write(out, DKIM_RELAXED, &sets[i].message);
		dkim_header_write(out, DKIM_RELAXED, &sets[i].seal);
	}
}
