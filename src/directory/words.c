#include "directory/words.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

static const struct str kind_words[] = { STR_INIT("login"), STR_INIT("scram"), STR_INIT("resolve"),
	STR_INIT("account"), STR_INIT("domains"), STR_INIT("principals"), STR_INIT("credential") };
static_assert(ARRAY_LEN(kind_words) == DIRECTORY_KIND_COUNT, "a word for each kind");

static const struct str result_words[] = { STR_INIT("ok"), STR_INIT("syntax"), STR_INIT("limit"),
	STR_INIT("denied"), STR_INIT("missing"), STR_INIT("temp"), STR_INIT("perm") };
static_assert(ARRAY_LEN(result_words) == FAIL_COUNT, "a word for each outcome");

struct str
directory_word(enum directory_kind kind)
{
	return kind_words[kind];
}

enum directory_kind
directory_word_find(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
		if (str_eq(kind_words[i], word))
			return (enum directory_kind)i;
	}
	return DIRECTORY_KIND_COUNT;
}

struct str
directory_result_write(enum fail fail)
{
	return result_words[fail];
}

bool
directory_result_parse(struct str word, enum fail *out)
{
	for (size_t i = 0; i < ARRAY_LEN(result_words); i++) {
		if (str_eq(result_words[i], word)) {
			*out = (enum fail)i;
			return true;
		}
	}
	return false;
}
