/*
 * The requests of all rows with something else in the place of a value, thousands of times: whatever is asked, there
 * is an answer, and it is JSON. The sanitizers say the rest.
 */
#include "fixture.h"

/* rooms */
#include "lib/chance.h"
#include "mail/acl.h"

#define ROUNDS 10 /* of each row; MUTATED_ROUNDS in the environment makes a long run */

static const struct fixture_row rows[] = {
#include "all.rows"
};

/* Values that somebody may have thought cannot be there. */
static const char *const nasty[] = { "null", "true", "false", "0", "-1", "1", "1.5", "1e3",
	"9007199254740991", "9007199254740993", "-9223372036854775808", "1e300", "\"\"", "\"#k\"",
	"\"#\"", "\"a1\"", "\"a2\"", "\"e1\"", "\"e0\"", "\"e18446744073709551615\"", "\"m1\"",
	"\"m4294967297\"", "\"t1\"", "\"b1\"", "\"b1_0_9_n\"", "\"b1_0_40_q\"",
	"\"b1_0_40_b_0_9_q_0_1_u_0_0_n\"", "\"u1_0_9_b\"", "\"b1_9223372036854775807_1_n\"",
	"\"s1\"", "\"s0-0\"", "\"singleton\"", "\"$seen\"", "\"2014-10-30T14:12:00Z\"",
	"\"\\u0000\"", "\"a\\r\\nB: c\"", "\"\\u00e4\\u0130\\ud83d\\ude00\"", "[]", "{}", "[[]]",
	"[null]", "[\"e1\",\"e1\"]", "[\"m1\"]", "{\"m1\":true}", "{\"a\":null}",
	"{\"operator\":\"NOT\",\"conditions\":[{}]}", "[{\"property\":\"size\"}]",
	"{\"e1\":{\"keywords/x\":true}}", "{\"k\":{\"mailboxIds\":{\"m1\":true}}}",
	"{\"resultOf\":\"a\",\"name\":\"Email/get\",\"path\":\"/list/*/id\"}" };

/* How many values there are in it, and itself. */
static unsigned
count_values(const struct json *v)
{
	unsigned count = 1;

	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
		count += count_values(&v->items[i]);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
		count += count_values(&v->members[i].value);
	return count;
}

/* Write it with something else in place of the value that `left` counts down to. */
static void
write_mutated(struct json_writer *w, const struct json *v, size_t *left)
{
	if ((*left)-- == 0) {
		json_raw(w, str_c(nasty[chance_below(ARRAY_LEN(nasty))]));
		return;
	}
	if (v->type == JSON_ARRAY) {
		json_array_begin(w);
		for (uint32_t i = 0; i < v->count; i++)
			write_mutated(w, &v->items[i], left);
		json_array_end(w);
	} else if (v->type == JSON_OBJECT) {
		json_object_begin(w);
		for (uint32_t i = 0; i < v->count; i++) {
			bool is_reference =
			    chance_below(60) == 0 && !str_starts(v->members[i].name, STR("#"));

			json_string_begin(w);
			json_string_piece(w, is_reference ? STR("#") : STR(""));
			json_string_piece(w, v->members[i].name);
			json_string_end(w);
			buf_add_char(w->out, ':');
			w->needs_comma = false;
			write_mutated(w, &v->members[i].value, left);
		}
		json_object_end(w);
	} else {
		json_write_value(w, v);
	}
}

/* The calls with one value changed, or some. */
static void
mutate(const struct json *calls, struct buf *out)
{
	struct json_writer w = { .out = out };
	size_t left = 3 + chance_below(count_values(calls) - 3);

	buf_clear(out);
	write_mutated(&w, calls, &left);
	buf_add_char(out, '\0');
}

static void
check_row(struct fixture *f, const char *calls, uint64_t rounds)
{
	struct buf text, got;
	const struct json *tree, *answer;
	struct arena a, b;

	arena_init(&a, 1 << 24);
	arena_init(&b, 1 << 24);
	buf_init(&text, 1 << 20);
	buf_init(&got, JMAP_RESPONSE_MAX);
	unquote(&text, calls);
	if (CHECK_NUM(json_parse(arena_str(&a, buf_str(&text)), &a, &tree), FAIL_NONE))
		for (uint64_t i = 0; i < rounds; i++) {
			mutate(tree, &text);
			if (!fixture_try(f, buf_str(&text).p, &got))
				continue; /* no Request any more */
			if (!CHECK_NUM(json_parse(buf_str(&got), &b, &answer), FAIL_NONE))
				CHECK_STR(buf_str(&text), buf_str(&got));
			arena_reset(&b);
		}
	buf_release(&text);
	buf_release(&got);
	arena_release(&a);
	arena_release(&b);
}

int
main(void)
{
	uint64_t rounds = chance_environment("MUTATED_ROUNDS", ROUNDS);
	struct fixture f;
	struct account *bob;

	chance_seed(8621);
	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:blob','urn:ietf:params:jmap:submission',"
		  "'urn:ietf:params:jmap:vacationresponse','urn:ietf:params:jmap:quota',"
		  "'urn:ietf:params:jmap:mdn','urn:ietf:params:jmap:mail:share'";
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	CHECK_NUM(acl_set(bob, 1, f.account->name, ACL_ALL), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		fixture_add(&f,
		    "Subject: x\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=o\r\n"
		    "\r\n--o\r\n\r\nx\r\n--o\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC/w==\r\n--o--\r\n",
		    1700000001, FLAG_SEEN);
		(void)fixture_upload(&f, "From: a@b\r\n\r\nQUJD\r\n");
		check_row(&f, rows[i].calls, rounds);
	}
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
