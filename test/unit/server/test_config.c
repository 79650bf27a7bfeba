#include "server/config.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

struct sample {
	bool tls;
	int64_t count, size, wait_ms;
	struct str text, words, nets, zones, rate, secret;
	struct setting_durations times;
	int mode;
	struct str modes;
	struct str name, helo, domains, v4, v6;
};

static const char *const modes[] = { "off", "on", "auto", NULL };

static const struct setting sample_rows[] = {
	{ "tls", SETTING_BOOL, offsetof(struct sample, tls), "yes", 0, 0, NULL, "Use TLS" },
	{ "count", SETTING_NUMBER, offsetof(struct sample, count), "3", 1, 10, NULL, "How many" },
	{ "size", SETTING_BYTES, offsetof(struct sample, size), "2MB", 0, 1 << 30, NULL,
	    "How big" },
	{ "wait", SETTING_DURATION, offsetof(struct sample, wait_ms), "5m", 0, 86400000, NULL,
	    "How long" },
	{ "text", SETTING_TEXT, offsetof(struct sample, text), "", 0, 0, NULL, "Any text" },
	{ "words", SETTING_LIST, offsetof(struct sample, words), "a b", 0, 0, NULL, "Some words" },
	{ "nets", SETTING_NETWORKS, offsetof(struct sample, nets), "loopback", 0, 0, NULL,
	    "Some networks" },
	{ "times", SETTING_DURATIONS, offsetof(struct sample, times), "5m 1h", 1000, 86400000, NULL,
	    "Some times" },
	{ "zones", SETTING_ZONES, offsetof(struct sample, zones), "", 0, 0, NULL,
	    "Some DNS lists" },
	{ "rate", SETTING_RATE, offsetof(struct sample, rate), "30/1m", 0, 0, NULL, "How often" },
	{ "secret", SETTING_SECRET, offsetof(struct sample, secret), "", 0, 0, NULL, "A secret" },
	{ "mode", SETTING_CHOICE, offsetof(struct sample, mode), "auto", 0, 0, modes, "A mode" },
	{ "modes", SETTING_CHOICES, offsetof(struct sample, modes), "", 0, 0, modes, "Some modes" },
	{ "name", SETTING_HOST, offsetof(struct sample, name), "a.test", 0, 0, NULL, "A host" },
	{ "helo", SETTING_HOST, offsetof(struct sample, helo), "", 0, 0, NULL, "Another, or none" },
	{ "domains", SETTING_DOMAINS, offsetof(struct sample, domains), "", 0, 0, NULL, "Domains" },
	{ "v4", SETTING_IPV4, offsetof(struct sample, v4), "", 0, 0, NULL, "An address" },
	{ "v6", SETTING_IPV6, offsetof(struct sample, v6), "", 0, 0, NULL, "An address" },
};

static const struct setting needed_rows[] = {
	{ "host", SETTING_TEXT, offsetof(struct sample, text), NULL, 0, 0, NULL, "Needed" },
};

static const struct setting gate_rows[] = {
	{ "name", SETTING_HOST, offsetof(struct sample, name), NULL, 0, 0, NULL, "Needed" },
};

static const struct setting_section gate_section = { "gate", gate_rows, ARRAY_LEN(gate_rows),
	sizeof(struct sample), true, "A gate" };
static const struct setting_section sample_section = { "sample", sample_rows,
	ARRAY_LEN(sample_rows), sizeof(struct sample), false, "A sample" };
static const struct setting_section needed_section = { "door", needed_rows, ARRAY_LEN(needed_rows),
	sizeof(struct sample), true, "A door" };
static const struct setting_section *const sections[] = { &sample_section, &needed_section,
	&gate_section, NULL };

static const struct {
	const char *name, *in, *errors;
} rows[] = {
	{ "empty", "", "" },
	{ "comments", "# a\n; b\n\n  # c\n", "" },
	{ "all kinds",
	    "[sample]\ntls = no\ncount=7\nsize = 64 KB\nwait = 90s\ntext = a = b # c\nmode = ON\n",
	    "" },
	{ "windows line ends", "[sample]\r\ncount = 7\r\n", "" },
	{ "unknown key", "[sample]\ncuont = 7\n",
	    "f:2: cuont is not a setting of this section; did you mean count?\n" },
	{ "unknown key, nothing near", "[sample]\nzzzzzz = 7\n",
	    "f:2: zzzzzz is not a setting of this section\n" },
	{ "unknown section", "[simple]\ncount = 7\n",
	    "f:1: simple is not a section; did you mean sample?\n" },
	{ "out of range", "[sample]\ncount = 11\n", "f:2: count must be between 1 and 10\n" },
	{ "no number", "[sample]\ncount = many\n", "f:2: count is not a number\n" },
	{ "huge number", "[sample]\nsize = 99999999999TB\n",
	    "f:2: size must be between 0 and 1GB\n" },
	{ "bad bool", "[sample]\ntls = maybe\n", "f:2: tls must be yes or no\n" },
	{ "a comment behind", "[sample]\ntls = yes # always\n",
	    "f:2: tls must be yes or no; a comment needs a line of its own\n" },
	{ "bad choice", "[sample]\nmode = x\n", "f:2: mode must be one of off on auto\n" },
	{ "choices", "[sample]\nmodes = AUTO  off\n", "" },
	{ "a bad choice among them", "[sample]\nmodes = off outo\n",
	    "f:2: modes does not know outo; did you mean auto?\n" },
	{ "networks", "[sample]\nnets = 10.0.0.0/8 ::1\n", "" },
	{ "times", "[sample]\ntimes = 1s  2m\n", "" },
	{ "a time too short", "[sample]\ntimes = 1s 10ms\n",
	    "f:2: times must be between 1s and 1d\n" },
	{ "no time", "[sample]\ntimes = \n", "f:2: times needs a time\n" },
	{ "too many times",
	    "[sample]\ntimes = 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s\n",
	    "f:2: times has more times than 16\n" },
	{ "no network", "[sample]\nnets = 10.0.0.0/8 10.0.0.0/99\n",
	    "f:2: nets names a network that is none: 10.0.0.0/99\n" },
	{ "DNS lists", "[sample]\nzones = zen.test  own.test=127.0.0.2,127.0.0.4/30\n", "" },
	{ "no DNS list", "[sample]\nzones = zen.test own.test=192.0.2.1\n",
	    "f:2: zones names a list that is not ZONE or ZONE=127.0.0.2,127.0.0.4/30: "
	    "own.test=192.0.2.1\n" },
	{ "too many DNS lists", "[sample]\nzones = a b c d e f g h i j k l m n o p q\n",
	    "f:2: zones names more than 16 lists\n" },
	{ "rates", "[sample]\nrate = 1/7d\n[door x]\nhost = a\n", "" },
	{ "no rate", "[sample]\nrate =\n", "" },
	{ "half a rate", "[sample]\nrate = 30\n",
	    "f:2: rate must be a number in a time, like 30/1m\n" },
	{ "rate out of range", "[sample]\nrate = 30/8d\n",
	    "f:2: rate must be between 1 and 1000000 in between 1s and 7d\n" },
	{ "twice", "[sample]\ncount = 1\ncount = 2\n",
	    "f:3: count is set twice in this section\n" },
	{ "section twice", "[sample]\n[sample]\n",
	    "f:2: [sample] stands here twice: its settings belong below line 1\n" },
	{ "no section", "count = 1\n", "f:1: count stands before the first [section]\n" },
	{ "garbage", "[sample]\nhello\n", "f:2: hello is neither [section] nor key = value\n" },
	{ "name missing", "[door]\nhost = a\n", "f:1: [door] needs a name: [section NAME]\n" },
	{ "name not wanted", "[sample x]\n", "f:1: [sample x] takes no name\n" },
	{ "needed key", "[door front]\n", "f:1: door lacks a setting that must be given: host\n" },
	{ "two mistakes", "[sample]\ncount = x\ntls = x\n",
	    "f:2: count is not a number\nf:3: tls must be yes or no\n" },
	{ "secret file missing", "[sample]\nsecret = file:/nonexistent\n",
	    "f:2: secret names a file that cannot be read: /nonexistent: No such file or directory\n" },
	{ "secret file is a folder", "[sample]\nsecret = file:/\n",
	    "f:2: secret names a file that cannot be read: /: Is a directory\n" },
	{ "bare times", "[sample]\ntimes = 5 10\n", "" },
	{ "a bare time among others", "[sample]\ntimes = 5m 10\n",
	    "f:2: times has a time without a unit among others that have one: 10\n" },
	{ "everybody", "[sample]\nnets = 10.0.0.0/8 0.0.0.0/0\n",
	    "f:2: nets must not trust the whole Internet, strangers and spammers too: 0.0.0.0/0\n" },
	{ "everybody, IPv6", "[sample]\nnets = ::/0\n",
	    "f:2: nets must not trust the whole Internet, strangers and spammers too: ::/0\n" },
	{ "names",
	    "[sample]\nname = b\xc3\xbc"
	    "cher.Test.\nhelo =\n[gate g]\nname = a\n",
	    "" },
	{ "no name", "[gate g]\nname =\n",
	    "f:2: name is empty, and must be a host name, like mail.example.org\n" },
	{ "empty label", "[sample]\nhelo = bad..x\n",
	    "f:2: helo must be a host name, like mail.example.org, and is no: bad..x\n" },
	{ "underscore", "[sample]\nhelo = bad_name.x\n",
	    "f:2: helo must be a host name, like mail.example.org, and is no: bad_name.x\n" },
	{ "an address as a name", "[sample]\nhelo = 192.0.2.1\n",
	    "f:2: helo must be a host name, like mail.example.org, and is no: 192.0.2.1\n" },
	{ "a path as a name", "[sample]\nhelo = a/b\n",
	    "f:2: helo must be a host name, like mail.example.org, and is no: a/b\n" },
	{ "domains", "[sample]\ndomains = a.test  .b.test * xn--bcher-kva.test\n", "" },
	{ "domains with a comma", "[sample]\ndomains = a.test, b.test\n",
	    "f:2: domains has a comma; blanks stand between domains: a.test,\n" },
	{ "domains with a star", "[sample]\ndomains = *.a.test\n",
	    "f:2: domains has a pattern that is written without its star, like .example.org: *.a.test\n" },
	{ "an address among domains", "[sample]\ndomains = bob@a.test\n",
	    "f:2: domains has a word that is no domain: bob@a.test\n" },
	{ "an empty label among domains", "[sample]\ndomains = a..test\n",
	    "f:2: domains has a word that is no domain: a..test\n" },
	{ "a dot alone", "[sample]\ndomains = .\n",
	    "f:2: domains has a word that is no domain: .\n" },
	{ "addresses", "[sample]\nv4 = 192.0.2.1\nv6 = 2001:db8::1\n", "" },
	{ "of the other family", "[sample]\nv4 = ::1\nv6 = 127.0.0.1\n",
	    "f:2: v4 is no IPv4 address: ::1\nf:3: v6 is no IPv6 address: 127.0.0.1\n" },
};

static void
test_errors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;
		struct buf errors;
		enum fail fail;

		TEST_ROW(rows[i].name);
		buf_init(&errors, CONFIG_ERRORS_MAX);
		config_init(&c, sections, NULL);
		fail = config_parse(&c, STR("f"), str_c(rows[i].in), &errors);
		CHECK_STR(buf_str(&errors), str_c(rows[i].errors));
		CHECK((fail == FAIL_NONE) == (rows[i].errors[0] == '\0'));
		config_release(&c);
		buf_release(&errors);
	}
}

static void
test_values(void)
{
	struct config c;
	struct buf errors, shown;
	const struct sample *s;
	const struct config_instance *door;

	TEST_ROW("values");
	buf_init(&errors, CONFIG_ERRORS_MAX);
	buf_init(&shown, CONFIG_ERRORS_MAX);
	config_init(&c, sections, NULL);
	CHECK(config_parse(&c, STR("f"),
		  STR("[sample]\nsize = 1GB\nwait = 250ms\nsecret = hush\nmode = off\nmodes = on\n"
		      "helo = B\xc3\xbc"
		      "cher.test.\ndomains =  .b\xc3\xbc"
		      "cher.test  * B.test\n"
		      "[door front]\nhost = a\n[door back]\nhost = b\n"),
		  &errors) == FAIL_NONE);
	s = config_values(&c, &sample_section);
	CHECK(s->tls);
	CHECK_NUM(s->count, 3);
	CHECK_NUM(s->size, 1 << 30);
	CHECK_NUM(s->wait_ms, 250);
	CHECK_STR(s->secret, STR("hush"));
	CHECK_NUM(s->mode, 0);
	door = config_next(&c, &needed_section, NULL);
	CHECK_STR(door->name, STR("front"));
	door = config_next(&c, &needed_section, door);
	CHECK_STR(((const struct sample *)door->values)->text, STR("b"));
	CHECK(config_next(&c, &needed_section, door) == NULL);
	config_write(&c, &shown);
	CHECK_STR(buf_str(&shown),
	    STR("[sample]\ntls = yes\ncount = 3\nsize = 1GB\nwait = 250ms\ntext = \nwords = a b\n"
		"nets = loopback\ntimes = 5m 1h\nzones = \nrate = 30/1m\n"
		"secret = (hidden)\nmode = off\nmodes = on\nname = a.test\nhelo = xn--bcher-kva.test\n"
		"domains = .xn--bcher-kva.test * b.test\nv4 = \nv6 = \n\n[door front]\nhost = a\n\n[door back]\nhost = b\n\n"));
	buf_release(&shown);
	buf_release(&errors);
	config_release(&c);
}

/* A section of other versions is read as strictly, said, and not there. */
static void
test_foreign(void)
{
	static const struct setting_section *const own[] = { &sample_section, NULL };
	static const struct setting_section *const foreign[] = { &needed_section, NULL };
	const struct config_instance *i;
	struct config c;
	struct buf errors, shown;

	TEST_ROW("foreign");
	buf_init(&errors, CONFIG_ERRORS_MAX);
	buf_init(&shown, CONFIG_ERRORS_MAX);
	config_init(&c, own, foreign);
	CHECK(config_parse(&c, STR("f"), STR("[door front]\n[sample]\ncount = 2\n[door back]\n"),
		  &errors) == FAIL_NONE);
	CHECK(config_next(&c, &needed_section, NULL) == NULL);
	i = config_next_foreign(&c, NULL);
	CHECK(i && i->line == 1 && str_eq(i->name, STR("front")));
	i = config_next_foreign(&c, i);
	CHECK(i && i->line == 4 && config_next_foreign(&c, i) == NULL);
	config_write(&c, &shown);
	CHECK(str_find(buf_str(&shown), STR("door")) == STR_NONE);
	config_release(&c);
	config_init(&c, own, foreign);
	CHECK(config_parse(&c, STR("f"), STR("[door]\n[door x]\nhots = a\n"), &errors) ==
	    FAIL_SYNTAX);
	CHECK_STR(buf_str(&errors),
	    STR("f:1: [door] needs a name: [section NAME]\n"
		"f:3: hots is not a setting of this section; did you mean host?\n"));
	config_release(&c);
	buf_release(&errors);
	buf_release(&shown);
}

int
main(void)
{
	test_errors();
	test_values();
	test_foreign();
	return test_end();
}
