/*
 * staunch domain dkim: the keys that sign for a domain.
 *
 *     (none) --add--> signs        (none) --rotate--> next --rotate--> signs --the same--> old --a month--> (none)
 *
 * What is printed is a zone: records, and sentences as comments.
 */

/* system */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* base */
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "cli/domain.h"
#include "codec/json_writer.h"

#define OUTPUT_BYTES (1024 * 1024) /* 64 keys, with what is in their place in DNS */
#define OLD_DAYS     31 /* mail waits a week at most; a month is on the safe side of all queues */

static const struct {
	enum private_key_kind kind;
	char letter; /* of its selectors */
} kinds[] = { { PRIVATE_KEY_RSA, 'r' }, { PRIVATE_KEY_ED25519, 'e' } };

struct work {
	struct cli_domain d;
	struct records rs;
	struct key_files files;
	int64_t now_s;
	struct buf out;
	int lock; /* own: a file, or -1 */
};

enum purpose { KEYS_SHOW, KEYS_CHANGE, KEYS_MAKE };

/* Two commands at once would take the same selectors, and one's keys be gone that it has told to publish. */
static enum cli_status
lock(struct work *w, enum purpose purpose)
{
	enum fail fail = FAIL_NONE;

	if (purpose == KEYS_MAKE)
		fail = key_files_make(w->d.folder, w->d.name);
	if (fail == FAIL_NONE && purpose != KEYS_SHOW)
		fail = key_files_lock(w->d.folder, w->d.name, &w->lock);
	if (fail == FAIL_DENIED)
		return cli_fail(w->d.name, "another command is changing its keys");
	if (fail == FAIL_NONE || fail == FAIL_MISSING) /* it has no keys, which is told then */
		return CLI_OK;
	return cli_fail(w->d.folder, strerror(errno));
}

static enum cli_status
begin(const struct cli *cli, enum purpose purpose, bool needs_dns, struct work *w)
{
	enum cli_status status;

	w->lock = -1;
	buf_init(&w->out, OUTPUT_BYTES);
	records_init(&w->rs, STR(""));
	status = cli_domain_open(cli, &w->d);
	if (status == CLI_OK)
		status = cli_now(cli, &w->now_s);
	if (status == CLI_OK && needs_dns)
		status = cli_domain_open_dns(cli, &w->d);
	if (status == CLI_OK)
		status = cli_domain_enter(&w->d);
	if (status == CLI_OK)
		status = lock(w, purpose);
	if (status == CLI_OK)
		status = domain_keys_list(&w->d, &w->files);
	return status;
}

static enum cli_status
end(struct work *w, enum cli_status status)
{
	enum cli_status printed = cli_print(&w->out);

	buf_release(&w->out);
	records_release(&w->rs);
	if (w->lock >= 0)
		sys.close(w->lock);
	cli_domain_close(&w->d);
	return status == CLI_OK ? printed : status;
}

static size_t
count_state(const struct key_files *files, enum key_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++)
		count += files->items[i].state == state;
	return count;
}

static void
say(struct work *w, const char *sentence)
{
	buf_add_c(&w->out, "; ");
	buf_add_c(&w->out, sentence);
	buf_add_char(&w->out, '\n');
}

/* --- making ----------------------------------------------------------------------------------- */

static bool
is_taken(const struct key_files *files, const char *selector)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].selector, selector) == 0)
			return true;
	}
	return false;
}

/* 20261126r, then 20261126rb, 20261126rc ..; false: as many were made on one day. */
static bool
choose_selector(const struct key_files *files, int64_t now_s, char letter,
    char out[KEY_SELECTOR_MAX + 1])
{
	time_t t = (time_t)now_s;
	struct tm tm = { 0 };
	char day[32] = "";

	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	snprintf(out, KEY_SELECTOR_MAX + 1, "%s%c", day, letter);
	for (char next = 'b'; is_taken(files, out) && next <= 'z'; next++)
		snprintf(out, KEY_SELECTOR_MAX + 1, "%s%c%c", day, letter, next);
	return !is_taken(files, out);
}

/* One of each kind; all are made before the first is written. */
static enum cli_status
make_keys(struct work *w, enum key_state state)
{
	struct private_key keys[ARRAY_LEN(kinds)];
	char selectors[ARRAY_LEN(kinds)][KEY_SELECTOR_MAX + 1];
	enum cli_status status = CLI_OK;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!choose_selector(&w->files, w->now_s, kinds[i].letter, selectors[i]))
			return cli_fail(w->d.name, "has no names left for keys made today");
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		private_key_generate(&keys[i], kinds[i].kind);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (status == CLI_OK &&
		    key_file_write(w->d.folder, w->d.name, str_c(selectors[i]), state, &keys[i]) !=
			FAIL_NONE)
			status = cli_fail(w->d.folder, strerror(errno));
		private_key_release(&keys[i]);
	}
	return status == CLI_OK ? domain_keys_list(&w->d, &w->files) : status;
}

/* The records of all keys in this state. */
static enum cli_status
gather(struct work *w, enum key_state state)
{
	enum cli_status status = CLI_OK;

	for (size_t i = 0; i < w->files.count; i++) {
		if (w->files.items[i].state == state &&
		    !domain_keys_record(&w->d, &w->rs, &w->files.items[i], w->now_s))
			status = CLI_FAILED;
	}
	return status;
}

enum cli_status
cmd_dkim_add(const struct cli *cli)
{
	struct work w;
	enum cli_status status = begin(cli, KEYS_MAKE, false, &w);

	if (status == CLI_OK && count_state(&w.files, KEY_SIGNS) > 0)
		status = cli_fail(w.d.name, "has keys; `domain dkim rotate` replaces them");
	if (status == CLI_OK && count_state(&w.files, KEY_NEXT) > 0)
		status = cli_fail(w.d.name,
		    "has keys that are to be published; `domain dkim rotate` lets them sign");
	if (status == CLI_OK)
		status = make_keys(&w, KEY_SIGNS);
	if (status == CLI_OK)
		status = gather(&w, KEY_SIGNS);
	if (status == CLI_OK) {
		say(&w,
		    "These keys sign from now on. Put their records into the zone of the domain;");
		say(&w, "`domain check` says whether the world can see them.\n");
		records_write_zone(&w.rs, &w.out);
	}
	return end(&w, status);
}

/* --- rotating --------------------------------------------------------------------------------- */

static enum cli_status
move(struct work *w, enum key_state from, enum key_state to)
{
	for (size_t i = 0; i < w->files.count; i++) {
		if (w->files.items[i].state == from &&
		    key_file_move(w->d.folder, w->d.name, &w->files.items[i], to) != FAIL_NONE)
			return cli_fail(str_c(w->files.items[i].selector), strerror(errno));
	}
	return CLI_OK;
}

/* Keys whose mail has long arrived. */
static enum cli_status
remove_old(struct work *w)
{
	for (size_t i = 0; i < w->files.count; i++) {
		const struct key_file *file = &w->files.items[i];

		if (file->state != KEY_OLD || domain_keys_days(file, w->now_s) < OLD_DAYS)
			continue;
		if (key_file_remove(w->d.folder, w->d.name, file) != FAIL_NONE)
			return cli_fail(str_c(file->selector), strerror(errno));
		buf_add_c(&w->out, "; ");
		buf_add_c(&w->out, file->selector);
		buf_add_c(&w->out,
		    " has not signed for a month and was removed; its record can go, too.\n");
	}
	return CLI_OK;
}

/* First half: keys to be published. */
static enum cli_status
prepare(struct work *w)
{
	enum cli_status status = CLI_OK;

	if (count_state(&w->files, KEY_SIGNS) == 0)
		return cli_fail(w->d.name, "has no keys; `domain dkim add` makes some");
	status = make_keys(w, KEY_NEXT);
	if (status == CLI_OK)
		status = gather(w, KEY_NEXT);
	if (status != CLI_OK)
		return status;
	say(w,
	    "These keys are to sign next. Put their records into the zone of the domain, leave those");
	say(w,
	    "of the keys before them, and give this command again when the world can see them.\n");
	records_write_zone(&w->rs, &w->out);
	return CLI_OK;
}

/* Second half: new keys sign first, then the old ones stop; a crash between the two leaves both. */
static enum cli_status
change(struct work *w, bool is_forced)
{
	enum cli_status status = gather(w, KEY_NEXT);

	if (status == CLI_OK && !is_forced) {
		for (size_t i = 0; i < w->rs.count; i++)
			w->rs.items[i].is_needed = true;
		records_check(&w->rs, &w->d.dns);
		if (records_have_trouble(&w->rs)) {
			records_write_report(&w->rs, &w->out);
			return cli_fail(w->d.name,
			    "the records of the next keys are not there, so nothing was changed; "
			    "--force changes it even so");
		}
	}
	if (status == CLI_OK)
		status = move(w, KEY_NEXT, KEY_SIGNS);
	if (status == CLI_OK)
		status = move(w, KEY_SIGNS, KEY_OLD);
	if (status == CLI_OK) {
		say(w,
		    "The new keys sign from now on. Leave the records of the old ones where they are for a");
		say(w,
		    "month, for mail on its way; this command removes their files when it is given then.");
	}
	return status;
}

enum cli_status
cmd_dkim_rotate(const struct cli *cli)
{
	struct work w;
	enum cli_status status = begin(cli, KEYS_CHANGE, !cli->is_forced, &w);

	if (status == CLI_OK)
		status = remove_old(&w);
	if (status == CLI_OK)
		status =
		    count_state(&w.files, KEY_NEXT) > 0 ? change(&w, cli->is_forced) : prepare(&w);
	return end(&w, status);
}

/* --- showing ---------------------------------------------------------------------------------- */

static const char *const visible[] = {
	[RECORD_OK] = "visible in DNS",
	[RECORD_MISSING] = "not in DNS",
	[RECORD_WRONG] = "wrong in DNS",
	[RECORD_UNKNOWN] = "DNS did not answer",
};
static_assert(ARRAY_LEN(visible) == RECORD_STATE_COUNT, "every state has its words");

static void
show_line(struct work *w, const struct record *r, bool has_asked)
{
	buf_add_c(&w->out, "; ");
	buf_add(&w->out, r->why);
	if (has_asked) {
		buf_add_char(&w->out, ' ');
		buf_add_c(&w->out, visible[r->state]);
		if (r->but[0] && r->state != RECORD_UNKNOWN) {
			buf_add_c(&w->out, ": ");
			buf_add_c(&w->out, r->but);
		}
		buf_add_char(&w->out, '.');
	}
	buf_add_char(&w->out, '\n');
	record_write_line(r, &w->out);
}

static void
show_json(struct work *w, struct json_writer *json, const struct key_file *file,
    const struct record *r, bool has_asked)
{
	json_object_begin(json);
	json_name_string(json, STR("selector"), str_c(file->selector));
	json_name_string(json, STR("state"), key_state_names[file->state]);
	json_name_int(json, STR("since"), file->since_s);
	json_name_int(json, STR("days"), domain_keys_days(file, w->now_s));
	if (r) {
		json_name_string(json, STR("name"), r->name);
		json_name_string(json, STR("record"), r->data);
	}
	if (r && has_asked)
		json_name_string(json, STR("dns"), str_c(visible[r->state]));
	json_object_end(json);
}

enum cli_status
cmd_dkim_show(const struct cli *cli)
{
	struct work w;
	struct record *records[KEY_FILES_MAX] = { NULL };
	struct json_writer json = { .out = &w.out };
	bool asks = !str_empty(cli->dns);
	enum cli_status status = begin(cli, KEYS_SHOW, asks, &w);

	for (size_t i = 0; status == CLI_OK && i < w.files.count; i++)
		records[i] = domain_keys_record(&w.d, &w.rs, &w.files.items[i], w.now_s);
	if (status == CLI_OK && asks)
		records_check(&w.rs, &w.d.dns);
	if (status == CLI_OK && cli->is_json)
		json_array_begin(&json);
	for (size_t i = 0; status == CLI_OK && i < w.files.count; i++) {
		if (cli->is_json)
			show_json(&w, &json, &w.files.items[i], records[i], asks);
		else if (records[i])
			show_line(&w, records[i], asks);
	}
	if (status == CLI_OK && cli->is_json) {
		json_array_end(&json);
		buf_add_char(&w.out, '\n');
	}
	return end(&w, status);
}
