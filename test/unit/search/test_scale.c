/*
 * A large index: what a message costs, how large the file is, how fast it answers. Printed, not judged.
 * SCALE_MESSAGES=100000 in the environment gives the size that issue numbers speak of.
 */
#include "fixture.h"

/* system */
#include <stdlib.h>
#include <sys/stat.h>

#define MESSAGES_DEFAULT 300
#define BODY_BYTES       4096
#define WORDS            20000

struct scale {
	uint64_t count;
	uint32_t state;
	int64_t longest_us;
};

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* A word of the language of this test: the same number is always the same word. */
static void
add_word(struct buf *out, uint32_t number)
{
	static const char letters[] =
	    "eeeeeetttttaaaaooooiiiinnnnssshhhrrrdddlluuccmmffyywwggppbbvvkxqjz";
	uint32_t state = number * 2654435761u, length = 2 + number % 9;

	for (uint32_t i = 0; i < length; i++)
		buf_add_char(out, letters[random_next(&state) % (sizeof letters - 1)]);
}

static void
write_message(struct buf *out, uint64_t id)
{
	uint32_t state = (uint32_t)id * 747796405u;

	buf_clear(out);
	buf_add_c(out, "Received: from mail.example.org by mx.example.test with ESMTPS id ");
	buf_add_u64(out, id * 7919);
	buf_add_c(out,
	    "; Wed, 25 Nov 2026 20:11:00 +0000\r\nFrom: Somebody <some.body@example.org>\r\n"
	    "To: someone@example.test\r\nMessage-ID: <");
	buf_add_u64(out, id * 1000003);
	buf_add_c(out, "@example.org>\r\nSubject: ");
	for (int i = 0; i < 5; i++) {
		add_word(out, random_next(&state) % WORDS);
		buf_add_char(out, ' ');
	}
	buf_add_c(out, "\r\n\r\n");
	while (out->n < BODY_BYTES) {
		uint32_t a = random_next(&state) % WORDS, b = random_next(&state) % WORDS;

		add_word(out, a < b ? a : b);
		buf_add_char(out, random_next(&state) % 12 ? ' ' : '\n');
	}
	if (id % 1000 == 0)
		buf_add_c(out, " unforgettable xylophones");
}

static enum fail
scale_account(void *arg, uint64_t after, struct search_account *out)
{
	struct scale *s = arg;

	*out = (struct search_account){ .id = 1, .last = s->count, .emails = s->count };
	return after == 0 ? FAIL_NONE : FAIL_MISSING;
}

static enum fail
scale_next(void *arg, uint64_t account, uint64_t after, uint64_t *email_out)
{
	struct scale *s = arg;

	(void)account;
	*email_out = after + 1;
	return after < s->count ? FAIL_NONE : FAIL_MISSING;
}

static enum fail
scale_map(void *arg, uint64_t account, uint64_t email, struct blob_wait *w, struct task *owner,
    struct blob_map *out)
{
	struct buf message;
	char *copy;

	(void)arg;
	(void)account;
	(void)w;
	(void)owner;
	buf_init(&message, 64 * 1024);
	write_message(&message, email);
	copy = mem_new(message.n, 1);
	memcpy(copy, message.p, message.n);
	*out = (struct blob_map){ .bytes = str_of(copy, message.n) };
	buf_release(&message);
	return FAIL_NONE;
}

static const struct search_source scale_source = { scale_account, scale_next, scale_map };

static void
ask(struct search *index, const char *text)
{
	struct search_term term = fixture_text(SEARCH_IN_ALL, str_c(text));
	struct search_query q;
	int64_t start = clock_precise_us(), longest = 0;
	bool is_done;

	search_query_start(&q, index, 1, &term);
	do {
		int64_t slice = clock_precise_us();

		is_done = search_query_step(&q, slice + 2000);
		slice = clock_precise_us() - slice;
		longest = slice > longest ? slice : longest;
	} while (!is_done);
	printf("  %-28s %8zu candidates %9.3f ms, longest slice %7.3f ms\n", text, q.count,
	    (double)(clock_precise_us() - start) / 1000, (double)longest / 1000);
	CHECK(q.is_narrow);
	search_query_release(&q);
}

int
main(void)
{
	const char *given = getenv("SCALE_MESSAGES");
	struct scale s = { .count = given ? strtoull(given, NULL, 10) : MESSAGES_DEFAULT };
	struct search *index;
	struct stat st;
	char path[300];
	int64_t start, longest = 0, sum = 0;
	unsigned slices = 0;
	bool has_more;

	snprintf(path, sizeof path, "%s/index.db", test_folder());
	start = clock_precise_us();
	for (uint64_t i = 1; i <= 1000; i++) {
		struct blob_map map;

		CHECK_NUM(scale_map(&s, 1, i, NULL, NULL, &map), FAIL_NONE);
		blob_unmap(&map);
	}
	printf("  making a message %22.1f us\n", (double)(clock_precise_us() - start) / 1000);
	search_open(&index, NULL, str_c(path), &scale_source, &s);
	start = clock_precise_us();
	do {
		int64_t slice = clock_precise_us();

		has_more = search_work(index, slice + 2000);
		slice = clock_precise_us() - slice;
		sum += slice > 10000;
		longest = slice > longest ? slice : longest;
		slices++;
	} while (has_more);
	start = clock_precise_us() - start;
	printf(
	    "  indexed %8llu in %.1f s, %.0f a second, longest of %u slices %.1f ms, %lld over 10 ms\n",
	    (unsigned long long)s.count, (double)start / 1e6, (double)s.count * 1e6 / (double)start,
	    slices, (double)longest / 1000, (long long)sum);
	CHECK_NUM(search_status(index).indexed, s.count);
	ask(index, "unforgettable xylophones");
	ask(index, "nothing has these zwordzq");
	ask(index, "xylophone");
	ask(index, "some.body@example.org");
	ask(index, "the");
	search_close(&index);
	CHECK_NUM(stat(path, &st), 0);
	printf("  the file: %.1f MB, %.0f bytes a message\n", (double)st.st_size / 1e6,
	    (double)st.st_size / (double)s.count);
	return test_end();
}
