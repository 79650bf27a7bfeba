#include "directory/child.h"

/* rooms */
#include "codec/json.h"
#include "directory/anybody.h"
#include "directory/words.h"

#define QUESTION_BYTES (64 * 1024) /* of the tree of one question */

/* The member as text, or empty. */
static struct str
text_of(const struct json *v, struct str name)
{
	struct str text = STR("");

	return json_get_text(json_find(v, name), &text) ? text : STR("");
}

static enum fail
ask_database(struct lookup *l, enum directory_kind kind, const struct json *question,
    struct json_writer *w)
{
	struct str name = text_of(question, STR("name"));

	switch (kind) {
	case DIRECTORY_LOGIN: return lookup_login(l, name, text_of(question, STR("secret")), w);
	case DIRECTORY_SCRAM: return lookup_scram(l, name, text_of(question, STR("mechanism")), w);
	case DIRECTORY_RESOLVE: return lookup_resolve(l, text_of(question, STR("address")), w);
	case DIRECTORY_ACCOUNT: return lookup_account(l, name, w);
	case DIRECTORY_DOMAINS: return lookup_domains(l, w);
	case DIRECTORY_PRINCIPALS: return lookup_principals(l, text_of(question, STR("domain")), w);
	case DIRECTORY_CREDENTIAL:
		return lookup_credential(l, name, text_of(question, STR("credential")), w);
	case DIRECTORY_KIND_COUNT: break;
	}
	return FAIL_PERM;
}

static enum fail
answer(struct lookup *l, const struct json *question, struct json_writer *w)
{
	enum directory_kind kind = directory_word_find(text_of(question, STR("ask")));
	enum fail fail = ask_database(l, kind, question, w);
	struct str name =
	    text_of(question, kind == DIRECTORY_RESOLVE ? STR("address") : STR("name"));

	if ((fail != FAIL_MISSING && fail != FAIL_DENIED) || str_empty(l->settings->test_password))
		return fail;
	buf_clear(w->out); /* what the refused lookup had begun */
	w->needs_comma = false;
	return anybody_answer(l, kind, name,
		   text_of(question,
		       kind == DIRECTORY_CREDENTIAL ? STR("credential") : STR("secret")),
		   w) == FAIL_NONE
	    ? FAIL_NONE
	    : fail;
}

void
directory_child_answer(struct lookup *l, struct str line, struct buf *out)
{
	struct json_writer w = { .out = out };
	const struct json *question;
	struct buf members;
	struct json_writer inner = { .out = &members };
	struct arena a;
	int64_t id = 0;
	enum fail fail;

	arena_init(&a, QUESTION_BYTES);
	buf_init(&members, DIRECTORY_LINE_MAX - 100);
	fail = json_parse(line, &a, &question);
	if (fail == FAIL_NONE && json_get_int(json_find(question, STR("id")), &id))
		fail = answer(l, question, &inner);
	else
		fail = FAIL_PERM;
	if (fail == FAIL_NONE && !buf_ok(&members))
		fail = FAIL_TEMP;
	json_object_begin(&w);
	json_name_int(&w, STR("id"), id);
	json_name_string(&w, STR("result"), directory_result_write(fail));
	if (fail == FAIL_NONE) {
		buf_add_char(out, ',');
		buf_add(out, buf_str(&members));
	}
	json_object_end(&w);
	buf_release(&members);
	arena_release(&a);
}
