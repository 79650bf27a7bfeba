/* The envelope of an API request, its back-references, properties and blob ids on arbitrary bytes. */
#include "jmap/request.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/blob_id.h"
#include "jmap/header_form.h"
#include "jmap/limits.h"
#include "lib/whole_request.h"

#define ARENA_BYTES (8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The arguments as a text of their own. */
static struct str
text_of(const struct json *args, struct arena *a)
{
	struct buf text;
	struct json_writer w = { .out = &text };
	struct str copy;

	buf_init(&text, ARENA_BYTES);
	json_write_value(&w, args);
	copy = arena_str(a, buf_str(&text));
	buf_release(&text);
	return copy.p ? copy : STR("");
}

/* Each call's arguments are resolved against the arguments of the calls before it. */
static void
resolve_all(const struct jmap_request *r, struct arena *a)
{
	struct jmap_answer answers[JMAP_CALLS_MAX] = { 0 };
	const struct json *out;

	for (size_t i = 0; i < r->call_count; i++) {
		answers[i].name = r->calls[i].name;
		answers[i].id = r->calls[i].id;
		answers[i].text = text_of(r->calls[i].args, a);
		if (whole_resolve(r->calls[i].args, answers, i, a, &out) == FAIL_NONE)
			invariant(json_is(out, JSON_OBJECT));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size);
	struct header_property property;
	struct jmap_request r;
	struct blob_id id;
	struct arena a;
	struct buf out;

	arena_init(&a, ARENA_BYTES);
	buf_init(&out, 256);
	if (whole_request(text, &a, &r) == JMAP_TAKEN)
		resolve_all(&r, &a);
	if (blob_id_parse(text, &id)) {
		blob_id_write(&out, &id);
		invariant(str_eq(buf_str(&out), text));
	}
	if (header_property_parse(text, &property))
		invariant(property.name.n > 0);
	buf_release(&out);
	arena_release(&a);
	return 0;
}
