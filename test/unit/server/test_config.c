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
};

static const struct setting needed_rows[] = {
	{ "host", SETTING_TEXT, offsetof(struct sample, text), NULL, 0, 0, NULL, "Needed" },
};

static const struct setting_section sample_section = { "sample", sample_rows,
	ARRAY_LEN(sample_rows), sizeof(struct sample), false, "A sample" };
static const struct setting_section needed_section = { "door", needed_rows, ARRAY_LEN(needed_rows),
	sizeof(struct sample), true, "A door" };
static const struct setting_section *const sections[] = { &sample_section, &needed_section, NULL };

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
	{ "section twice", "[sample]\n[sample]\n", "f:2: [sample] stands here twice\n" },
	{ "no section", "count = 1\n", "f:1: count stands before the first [section]\n" },
	{ "garbage", "[sample]\nhello\n", "f:2: hello is neither [section] nor key = value\n" },
	{ "name missing", "[door]\nhost = a\n", "f:1: [door] needs a name: [section NAME]\n" },
	{ "name not wanted", "[sample x]\n", "f:1: [sample x] takes no name\n" },
	{ "needed key", "[door front]\n", "f:1: door lacks a setting that must be given: host\n" },
	{ "two mistakes", "[sample]\ncount = x\ntls = x\n",
	    "f:2: count is not a number\nf:3: tls must be yes or no\n" },
	{ "secret file missing", "[sample]\nsecret = file:/nonexistent\n",
	    "f:2: secret names a file that cannot be read\n" },
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
		config_init(&c, sections);
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
	config_init(&c, sections);
	CHECK(config_parse(&c, STR("f"),
		  STR("[sample]\nsize = 1GB\nwait = 250ms\nsecret = hush\nmode = off\nmodes = on\n"
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
		"secret = (hidden)\nmode = off\nmodes = on\n\n[door front]\nhost = a\n\n[door back]\nhost = b\n\n"));
	buf_release(&shown);
	buf_release(&errors);
	config_release(&c);
}

int
main(void)
{
	test_errors();
	test_values();
	return test_end();
}
