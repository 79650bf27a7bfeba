#include "directory/anybody.h"

/* base */
#include "base/mem.h"

/* A name of nobody else, in a domain of ours. */
static bool
is_anybody(struct lookup *l, struct str name)
{
	size_t at = str_rfind_char(name, '@');

	return at != STR_NONE && at > 0 &&
	    source_has(l->source, SOURCE_DOMAIN, str_from(name, at + 1)) == FAIL_NONE &&
	    source_has(l->source, SOURCE_ACCOUNT, name) == FAIL_MISSING;
}

static void
write_account(struct str name, struct json_writer *w)
{
	json_name(w, STR("account"));
	json_object_begin(w);
	json_name_string(w, STR("name"), name);
	json_name_bool(w, STR("enabled"), true);
	json_name(w, STR("addresses"));
	json_array_begin(w);
	json_string(w, name);
	json_array_end(w);
	json_name(w, STR("groups"));
	json_array_begin(w);
	json_array_end(w);
	json_object_end(w);
}

static void
write_target(struct str name, struct json_writer *w)
{
	json_name(w, STR("targets"));
	json_array_begin(w);
	json_object_begin(w);
	json_name_string(w, STR("account"), name);
	json_object_end(w);
	json_array_end(w);
}

enum fail
anybody_answer(struct lookup *l, enum directory_kind kind, struct str name, struct str secret,
    struct json_writer *w)
{
	struct str password = l->settings->test_password;

	if (str_empty(password) || !is_anybody(l, name))
		return FAIL_MISSING;
	switch (kind) {
	case DIRECTORY_LOGIN:
		if (secret.n != password.n || !mem_equal_secret(secret.p, password.p, secret.n))
			return FAIL_DENIED;
		write_account(name, w);
		return FAIL_NONE;
	case DIRECTORY_CREDENTIAL:
		if (!str_empty(secret))
			return FAIL_DENIED; /* somebody's who is gone */
		write_account(name, w);
		return FAIL_NONE;
	case DIRECTORY_ACCOUNT: write_account(name, w); return FAIL_NONE;
	case DIRECTORY_RESOLVE: write_target(name, w); return FAIL_NONE;
	case DIRECTORY_SCRAM:
	case DIRECTORY_DOMAINS:
	case DIRECTORY_PRINCIPALS:
	case DIRECTORY_KIND_COUNT: break;
	}
	return FAIL_MISSING;
}
