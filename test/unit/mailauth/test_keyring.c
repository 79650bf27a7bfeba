/* Which keys sign for a domain: parents, odd names, changes while it runs, damage, many domains. */
#include "mailauth/keyring.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"
#include "sys/sys.h"

static char folder[4096];
static struct keyring ring;
static struct private_key key;
static unsigned warnings;
static bool is_settled; /* folders changed long ago, each time at another second */

static void
count_warnings(struct str line, void *arg)
{
	(void)arg;
	warnings += str_find(line, STR("keyring.")) != STR_NONE;
}

/* Both clocks stand; the wall's so much after what files get now. */
static void
stand(int64_t later_ms)
{
	is_settled = later_ms > 0;
	clock_fake(1000000 + later_ms, (int64_t)time(NULL) * 1000 + later_ms);
}

static void
begin(const char *row)
{
	static unsigned number;

	TEST_ROW(row);
	snprintf(folder, sizeof folder, "%s/ring%u", test_folder(), number++);
	keyring_init(&ring, str_c(folder));
	warnings = 0;
	stand(0);
}

static void
end(void)
{
	keyring_release(&ring);
}

static void
changed(const char *domain)
{
	static int64_t now_s = 1000;
	struct timespec times[2];
	char path[8192];

	if (!is_settled)
		return;
	times[0] = times[1] = (struct timespec){ .tv_sec = now_s++ };
	snprintf(path, sizeof path, "%s/%s", folder, domain);
	CHECK_NUM(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
add(const char *domain, const char *selector, enum key_state state)
{
	CHECK_NUM(key_file_write(str_c(folder), str_c(domain), str_c(selector), state, &key),
	    FAIL_NONE);
	changed(domain);
}

static void
move(const char *domain, const char *selector, enum key_state from, enum key_state to)
{
	struct key_file file = { .state = from };

	snprintf(file.selector, sizeof file.selector, "%s", selector);
	CHECK_NUM(key_file_move(str_c(folder), str_c(domain), &file, to), FAIL_NONE);
	changed(domain);
}

static void
put(const char *name, const char *text)
{
	char path[8192];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	invariant(f != NULL);
	fputs(text, f);
	fclose(f);
}

/* "example.org: s1 s2", or "" */
static struct str
found(struct str domain)
{
	static char text[4096];
	const struct keyring_domain *d = keyring_find(&ring, domain);
	struct buf out;

	buf_init(&out, sizeof text - 1);
	if (d) {
		buf_add(&out, d->domain);
		buf_add_char(&out, ':');
	}
	for (size_t i = 0; d && i < d->key_count; i++) {
		buf_add_char(&out, ' ');
		buf_add_c(&out, d->keys[i].selector);
		CHECK_NUM(d->keys[i].key.kind, PRIVATE_KEY_ED25519);
	}
	memcpy(text, buf_c(&out), out.n + 1);
	buf_release(&out);
	return str_c(text);
}

static void
test_states(void)
{
	begin("only those that sign");
	CHECK_STR(found(STR("example.org")), STR(""));
	add("example.org", "n", KEY_NEXT);
	add("example.org", "o", KEY_OLD);
	CHECK_STR(found(STR("example.org")), STR(""));
	add("example.org", "s1", KEY_SIGNS);
	add("example.org", "s2", KEY_SIGNS);
	CHECK_STR(found(STR("example.org")), STR("example.org: s2 s1"));
	end();
}

#define FILL_63 "a23456789012345678901234567890123456789012345678901234567890123."

static const struct {
	const char *name;
	struct str domain;
	const char *want;
} name_rows[] = {
	{ "itself", STR_INIT("example.org"), "example.org: s" },
	{ "upper case", STR_INIT("EXAMPLE.Org"), "example.org: s" },
	{ "a dot behind it", STR_INIT("example.org."), "example.org: s" },
	{ "one below", STR_INIT("lists.example.org"), "example.org: s" },
	{ "far below", STR_INIT("a.b.c.d.e.f.g.example.org"), "example.org: s" },
	{ "one below with keys", STR_INIT("own.example.org"), "own.example.org: t" },
	{ "one below that has none to sign", STR_INIT("next.example.org"), "example.org: s" },
	{ "in Unicode",
	    STR_INIT("B\xc3\xbc"
		     "cher.example"),
	    "xn--bcher-kva.example: u" },
	{ "in ASCII", STR_INIT("xn--bcher-kva.example"), "xn--bcher-kva.example: u" },
	{ "ends alike", STR_INIT("badexample.org"), "" },
	{ "the parent", STR_INIT("org"), "" },
	{ "nothing", STR_INIT(""), "" },
	{ "a dot", STR_INIT("."), "" },
	{ "two dots", STR_INIT(".."), "" },
	{ "a dot first", STR_INIT(".example.org"), "" },
	{ "up and down", STR_INIT("../ring/example.org"), "" },
	{ "a slash", STR_INIT("example.org/"), "" },
	{ "from the root", STR_INIT("/etc"), "" },
	{ "a NUL", STR_INIT("example.org\0.x"), "" },
	{ "a NUL first", STR_INIT("\0example.org"), "" },
	{ "an address", STR_INIT("[192.0.2.1]"), "" },
	{ "bad UTF-8", STR_INIT("\xff.example.org"), "" },
	{ "a file", STR_INIT("file.test"), "" },
	{ "too long", STR_INIT(FILL_63 FILL_63 FILL_63 FILL_63 "example.org"), "" },
};

static void
test_names(void)
{
	begin("names");
	add("example.org", "s", KEY_SIGNS);
	add("own.example.org", "t", KEY_SIGNS);
	add("next.example.org", "n", KEY_NEXT);
	add("xn--bcher-kva.example", "u", KEY_SIGNS);
	put("file.test", "no folder");
	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		TEST_ROW(name_rows[i].name);
		CHECK_STR(found(name_rows[i].domain), str_c(name_rows[i].want));
	}
	CHECK_NUM(warnings, 0);
	end();
}

/* Within the same tick of the file system's clock, and long after. */
static void
test_changes(int64_t later_ms)
{
	char path[8192];

	begin(later_ms ? "changes, when all is settled" : "changes, at once");
	stand(later_ms);
	add("example.org", "a", KEY_SIGNS);
	CHECK_STR(found(STR("example.org")), STR("example.org: a"));
	add("example.org", "b", KEY_NEXT);
	CHECK_STR(found(STR("example.org")), STR("example.org: a"));
	move("example.org", "b", KEY_NEXT, KEY_SIGNS);
	CHECK_STR(found(STR("example.org")), STR("example.org: b a"));
	move("example.org", "a", KEY_SIGNS, KEY_OLD);
	CHECK_STR(found(STR("example.org")), STR("example.org: b"));
	add("x.example.org", "c", KEY_SIGNS);
	CHECK_STR(found(STR("x.example.org")), STR("x.example.org: c"));
	snprintf(path, sizeof path, "%s/x.example.org/c.pem", folder);
	unlink(path);
	changed("x.example.org");
	CHECK_STR(found(STR("x.example.org")), STR("example.org: b"));
	snprintf(path, sizeof path, "%s/x.example.org", folder);
	rmdir(path);
	CHECK_STR(found(STR("x.example.org")), STR("example.org: b"));
	end();
}

/* What did not change is not read again: one stat(2) for each level. */
static void
test_rest(void)
{
	begin("nothing is read twice");
	stand(60000);
	add("example.org", "a", KEY_SIGNS);
	CHECK_STR(found(STR("lists.example.org")), STR("example.org: a"));
	sys_fail_at(0, 0, false);
	CHECK_STR(found(STR("lists.example.org")), STR("example.org: a"));
	CHECK_NUM(sys_calls(), 2);
	end();
}

static void
test_damage(void)
{
	struct buf pem;

	begin("damage");
	stand(60000);
	add("example.org", "a", KEY_SIGNS);
	put("example.org/b.pem", "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n");
	put("example.org/c.pem", "");
	CHECK_STR(found(STR("example.org")), STR("example.org: a"));
	CHECK_STR(found(STR("example.org")), STR("example.org: a"));
	CHECK_NUM(warnings, 2);
	buf_init(&pem, PRIVATE_KEY_PEM_MAX);
	private_key_write(&key, &pem);
	put("example.org/b.pem", buf_c(&pem)); /* in place: its folder shows no change */
	buf_release(&pem);
	CHECK_STR(found(STR("example.org")), STR("example.org: a"));
	stand(60000 + 61000);
	CHECK_STR(found(STR("example.org")), STR("example.org: b a"));
	CHECK_NUM(warnings, 2);
	add("example.org", "d", KEY_SIGNS);
	CHECK_STR(found(STR("example.org")), STR("example.org: d b a"));
	CHECK_NUM(warnings, 3);
	end();
}

static void
test_many_keys(void)
{
	begin("more keys than are used");
	stand(60000);
	for (int i = 0; i < 6; i++)
		add("example.org", (char[]){ (char)('a' + i), '\0' }, KEY_SIGNS);
	add("example.org", "z", KEY_NEXT);
	CHECK_STR(found(STR("example.org")), STR("example.org: f e d c"));
	CHECK_STR(found(STR("example.org")), STR("example.org: f e d c"));
	CHECK_NUM(warnings, 1);
	end();
}

static void
test_many_domains(void)
{
	char name[32], want[64];

	begin("1000 domains");
	stand(60000);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			snprintf(name, sizeof name, "d%u.test", i);
			snprintf(want, sizeof want, "%s: s", name);
			if (round == 0)
				add(name, "s", KEY_SIGNS);
			CHECK_STR(found(str_c(name)), str_c(want));
			CHECK(ring.domains.count <= KEYRING_DOMAINS_MAX);
		}
	}
	CHECK_NUM(ring.domains.count, KEYRING_DOMAINS_MAX);
	end();
}

/* The Nth call fails while a changed folder is read: the old keys stay until it works. */
static bool
change_with_fault(unsigned long nth, bool for_good)
{
	struct str got;
	bool has_failed;

	begin("faults");
	stand(60000);
	add("example.org", "a", KEY_SIGNS);
	CHECK_STR(found(STR("x.example.org")), STR("example.org: a"));
	add("example.org", "b", KEY_SIGNS);
	sys_fail_at(nth, EIO, for_good);
	got = found(STR("x.example.org"));
	has_failed = sys_has_failed();
	CHECK(str_eq(got, STR("example.org: a")) || str_eq(got, STR("example.org: b a")));
	if (!has_failed)
		CHECK_STR(got, STR("example.org: b a"));
	(void)found(STR("x.example.org"));
	CHECK(warnings <= 1);
	sys_fail_at(0, 0, false);
	CHECK_STR(found(STR("x.example.org")), STR("example.org: b a"));
	end();
	return has_failed;
}

static void
test_faults(void)
{
	for (unsigned for_good = 0; for_good < 2; for_good++) {
		unsigned long nth = 1;

		while (change_with_fault(nth, for_good))
			nth++;
		CHECK(nth > 6);
	}
}

int
main(void)
{
	log_capture(count_warnings, NULL);
	private_key_generate(&key, PRIVATE_KEY_ED25519);
	test_states();
	test_names();
	test_changes(0);
	test_changes(60000);
	test_rest();
	test_damage();
	test_many_keys();
	test_many_domains();
	test_faults();
	private_key_release(&key);
	return test_end();
}
