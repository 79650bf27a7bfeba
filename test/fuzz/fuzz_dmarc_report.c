/* Aggregate reports on arbitrary bytes, compressed or not; what was read is written and read back. */
#include "mailauth/dmarc_report.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/report_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX (1 << 20) /* bytes: a bomb of more is stopped */

static void
write_row(void *arg, const struct dmarc_report_row *row)
{
	invariant(row->dkim_count <= DMARC_REPORT_CHECKS_MAX);
	dmarc_report_row(arg, row);
}

static void
count_row(void *arg, const struct dmarc_report_row *row)
{
	(void)row;
	++*(size_t *)arg;
}

static void
read_back(struct str xml, const struct dmarc_report *report)
{
	struct dmarc_report again;
	struct arena a;
	struct buf out;
	size_t before = 0, after = 0;

	arena_init(&a, 8 * DMARC_REPORT_ARENA_MAX);
	buf_init(&out, 64 * TEXT_MAX);
	dmarc_report_begin(&out, report);
	if (dmarc_report_rows(xml, write_row, &out) == FAIL_NONE) {
		dmarc_report_end(&out);
		invariant(buf_ok(&out));
		/* texts may have grown where they were no UTF-8 */
		if (dmarc_report_read(buf_str(&out), &a, &again) == FAIL_NONE) {
			invariant(again.begin_s == report->begin_s && again.end_s == report->end_s);
			invariant(
			    again.percent == report->percent && again.policy == report->policy);
			invariant(dmarc_report_rows(xml, count_row, &before) == FAIL_NONE);
			if (dmarc_report_rows(buf_str(&out), count_row, &after) == FAIL_NONE)
				invariant(before == after);
		}
	}
	buf_release(&out);
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dmarc_report report;
	struct arena a;
	struct buf text;

	arena_init(&a, DMARC_REPORT_ARENA_MAX);
	buf_init(&text, TEXT_MAX);
	if (report_file_read(str_of(data, size), &text) == FAIL_NONE &&
	    dmarc_report_read(buf_str(&text), &a, &report) == FAIL_NONE) {
		invariant(report.domain.n > 0 && report.percent <= 100);
		read_back(buf_str(&text), &report);
	}
	invariant(text.n <= TEXT_MAX);
	buf_release(&text);
	arena_release(&a);
	return 0;
}
