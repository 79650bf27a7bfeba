/* Reports that others sent about connections to our domains (TLS-RPT, RFC 8460), in words. */
#include "cli/cli.h"

/* base */
#include "base/arena.h"
#include "base/mem.h"

/* rooms */
#include "codec/deflate.h"
#include "codec/utf8.h"
#include "message/date.h"
#include "message/message.h"
#include "message/text.h"
#include "tlspolicy/rpt_report.h"

#define ARENA_MAX ((size_t)256 * 1024 * 1024) /* bytes: RPT_FILE_MAX as a tree */
#define DAY_CHARS 10                          /* "2026-01-31" */

/* --- from a file to JSON ---------------------------------------------------------------------------------- */

/* A bomb ends at RPT_FILE_MAX. */
static enum fail
unpack(struct str packed, struct buf *out)
{
	struct deflate_stream z = { 0 };
	enum fail fail;

	inflate_start(&z, DEFLATE_GZIP);
	fail = inflate_feed(&z, &packed, out);
	if (fail == FAIL_NONE && !z.has_ended)
		fail = FAIL_SYNTAX;
	deflate_release(&z);
	return fail;
}

static bool
is_gzip(struct str bytes)
{
	return str_starts(bytes, STR("\x1f\x8b"));
}

static enum fail
take(struct str bytes, struct buf *json)
{
	if (is_gzip(bytes))
		return unpack(bytes, json);
	buf_add(json, bytes);
	return buf_ok(json) ? FAIL_NONE : FAIL_LIMIT;
}

/* RFC 8460 6.4, 6.5; many only name the file. */
static bool
is_report_part(const struct part *p)
{
	return part_is(p, STR("application"), STR("tlsrpt+gzip")) ||
	    part_is(p, STR("application"), STR("tlsrpt+json")) ||
	    str_ends_nocase(p->name, STR(".json.gz")) || str_ends_nocase(p->name, STR(".json"));
}

/* The report in a message (RFC 8460 5.3). */
static enum fail
take_from_message(struct str bytes, struct arena *arena, struct buf *json)
{
	struct message m;
	const struct part *p;
	struct body_reader *reader;
	struct buf body;
	enum fail fail;

	message_parse(&m, bytes, arena);
	for (p = &m.root; p && !is_report_part(p); p = part_next(p))
		continue;
	if (p == NULL)
		return FAIL_MISSING;
	buf_init(&body, RPT_FILE_MAX);
	reader = body_reader_new(&m, p, BODY_BYTES);
	while (body_read(reader, &body) && buf_ok(&body))
		continue;
	body_reader_free(&reader);
	fail = buf_ok(&body) ? take(buf_str(&body), json) : FAIL_LIMIT;
	buf_release(&body);
	return fail;
}

static enum fail
find_json(struct str file, struct arena *arena, struct buf *json)
{
	struct str start = str_head(str_trim(file), 1);

	return is_gzip(file) || str_eq(start, STR("{")) ? take(file, json)
							: take_from_message(file, arena, json);
}

/* --- in words: texts of strangers go to a terminal --------------------------------------------------------- */

static void
add_day(struct buf *out, int64_t time_s)
{
	size_t before = out->n;

	date_write_3339(out, time_s, 0);
	buf_truncate(out, before + DAY_CHARS);
}

static void
add_failure(struct buf *out, const struct rpt_failure *f)
{
	buf_add(out, STR("    "));
	buf_add_i64(out, f->sessions);
	buf_add_char(out, ' ');
	utf8_write_plain(out, str_empty(f->result) ? STR("failed") : f->result);
	if (!str_empty(f->host) || !str_empty(f->address))
		buf_add(out, STR(" at "));
	utf8_write_plain(out, f->host);
	if (!str_empty(f->address)) {
		buf_add(out, str_empty(f->host) ? STR("[") : STR(" ["));
		utf8_write_plain(out, f->address);
		buf_add_char(out, ']');
	}
	if (!str_empty(f->reason)) {
		buf_add(out, STR(": "));
		utf8_write_plain(out, f->reason);
	}
	buf_add_char(out, '\n');
}

static void
add_report(struct buf *out, const struct rpt_report *r)
{
	utf8_write_plain(out, str_empty(r->organization) ? STR("somebody") : r->organization);
	buf_add(out, STR(", "));
	add_day(out, r->start_s);
	if (r->end_s - r->start_s > 86400) {
		buf_add(out, STR(" to "));
		add_day(out, r->end_s);
	}
	buf_add_char(out, '\n');
	for (size_t i = 0; i < r->policy_count; i++) {
		const struct rpt_policy *p = &r->policies[i];

		buf_add(out, STR("  "));
		utf8_write_plain(out, p->domain);
		buf_add(out, STR(" ("));
		utf8_write_plain(out, p->type);
		buf_add(out, STR("): "));
		buf_add_i64(out, p->successes);
		buf_add(out, STR(" sessions went well, "));
		buf_add_i64(out, p->failures);
		buf_add(out, STR(" failed\n"));
		for (size_t f = 0; f < p->detail_count; f++)
			add_failure(out, &p->details[f]);
	}
}

/* --- the command ------------------------------------------------------------------------------------------- */

static const char *
why(enum fail fail)
{
	return fail == FAIL_LIMIT  ? "is too large for a report"
	    : fail == FAIL_MISSING ? "has no TLS report in it"
				   : "is not a TLS report";
}

static enum cli_status
add_file(const struct cli *cli, struct str path, struct buf *out)
{
	struct arena arena;
	struct buf file, json;
	struct rpt_report report;
	enum cli_status status = CLI_FAILED;
	enum fail fail;

	arena_init(&arena, ARENA_MAX);
	buf_init(&file, CLI_FILE_MAX);
	buf_init(&json, RPT_FILE_MAX);
	if (cli_read_file(path, &file) != FAIL_NONE)
		goto out;
	fail = find_json(buf_str(&file), &arena, &json);
	if (fail == FAIL_NONE)
		fail = rpt_report_read(buf_str(&json), &arena, &report);
	if (fail != FAIL_NONE) {
		status = cli_fail(path, why(fail));
		goto out;
	}
	if (cli->is_json) {
		rpt_report_write(out, &report);
		buf_add_char(out, '\n');
	} else {
		add_report(out, &report);
	}
	status = CLI_OK;
out:
	buf_release(&json);
	buf_release(&file);
	arena_release(&arena);
	return status;
}

/* All that can be read is printed; one that cannot makes the command fail. */
enum cli_status
cmd_report_tls(const struct cli *cli)
{
	struct buf out;
	enum cli_status status = CLI_OK, printed;

	buf_init(&out, CLI_FILE_MAX);
	for (size_t i = 0; i < cli->argument_count; i++)
		if (add_file(cli, cli->arguments[i], &out) != CLI_OK)
			status = CLI_FAILED;
	printed = cli_print(&out);
	buf_release(&out);
	return status != CLI_OK ? status : printed;
}
