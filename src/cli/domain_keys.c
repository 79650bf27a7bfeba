/* The keys that sign for a domain, and their records (RFC 6376 3.6.1). */

/* system */
#include <errno.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "cli/domain.h"
#include "mailauth/dkim_sign.h"

#define RECORD_BYTES_MAX 4096 /* of a key's record; RSA 4096 has 800 */

enum cli_status
domain_keys_list(const struct cli_domain *d, struct key_files *out)
{
	enum fail fail = key_files_list(d->folder, d->name, out);

	if (fail == FAIL_TEMP)
		return cli_fail(d->folder, strerror(errno));
	return CLI_OK;
}

int64_t
domain_keys_days(const struct key_file *file, int64_t now_s)
{
	return now_s > file->since_s ? (now_s - file->since_s) / 86400 : 0;
}

static const struct {
	const char *before, *after; /* the number of days */
} sentences[KEY_STATE_COUNT] = {
	[KEY_SIGNS] = { "has signed for ", "." },
	[KEY_NEXT] = { "is to sign next, made ", " ago." },
	[KEY_OLD] = { "signed until ", " ago; mail on its way still needs its record." },
};

/* "20261126r (rsa) has signed for 3 days." */
static void
write_why(const struct key_file *file, const struct private_key *key, int64_t now_s,
    struct buf *why)
{
	int64_t days = domain_keys_days(file, now_s);

	buf_add_c(why, "DKIM: ");
	buf_add_c(why, file->selector);
	buf_add_c(why, key->kind == PRIVATE_KEY_RSA ? " (rsa) " : " (ed25519) ");
	buf_add_c(why, sentences[file->state].before);
	buf_add_i64(why, days);
	buf_add_c(why, days == 1 ? " day" : " days");
	buf_add_c(why, sentences[file->state].after);
}

static const char *const reasons[FAIL_COUNT] = {
	[FAIL_MISSING] = "there is no key in its file",
	[FAIL_SYNTAX] = "its file is damaged",
	[FAIL_PERM] = "its file has a key of another kind or size than we use",
	[FAIL_DENIED] = "the server's user may not read its file",
	[FAIL_LIMIT] = "its file is too large",
	[FAIL_TEMP] = "its file cannot be read",
};

struct record *
domain_keys_record(const struct cli_domain *d, struct records *rs, const struct key_file *file,
    int64_t now_s)
{
	struct private_key key;
	struct record *r;
	struct buf name, data, why;
	enum fail fail = key_file_read(d->folder, d->name, file, &key);

	if (fail != FAIL_NONE) {
		cli_fail(str_c(file->selector), reasons[fail]);
		return NULL;
	}
	buf_init(&name, RECORD_BYTES_MAX);
	buf_init(&data, RECORD_BYTES_MAX);
	buf_init(&why, RECORD_BYTES_MAX);
	buf_add_c(&name, file->selector);
	buf_add(&name, STR("._domainkey."));
	buf_add(&name, d->name);
	dkim_record_write(&key, &data);
	write_why(file, &key, now_s, &why);
	r = records_add(rs, RECORD_DKIM, buf_str(&name), buf_str(&data), buf_str(&why));
	r->is_needed = file->state == KEY_SIGNS;
	buf_release(&name);
	buf_release(&data);
	buf_release(&why);
	private_key_release(&key);
	return r;
}
