#include "cli/mail_file.h"

/* rooms */
#include "cli/cli.h"
#include "message/header.h"
#include "message/lines.h"

enum fail
cli_read_mail(struct str path, struct buf *out)
{
	struct buf file;
	bool had_cr = false;
	enum fail fail;

	buf_init(&file, CLI_FILE_MAX);
	fail = cli_read_file(path, &file);
	if (fail == FAIL_NONE)
		lines_write(out, buf_str(&file), &had_cr);
	buf_release(&file);
	return fail;
}

struct str
cli_mail_header(struct str mail, struct str *body_out)
{
	size_t n = header_block_end(mail, 0);

	if (n == 0)
		n = mail.n; /* fields only */
	*body_out = str_from(mail, n);
	return str_head(mail, n);
}
