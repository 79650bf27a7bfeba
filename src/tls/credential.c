#include "tls/credential.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"
#include "sys/sys.h"

/* rooms */
#include "codec/pem.h"
#include "tls/x509.h"

enum fail
refuse_file(struct buf *why, const char *path, const char *reason, enum fail fail)
{
	buf_add_c(why, path);
	buf_add_c(why, ": ");
	buf_add_c(why, reason);
	return fail;
}

static struct file_stamp
stamp_of(const struct stat *st)
{
	return (
	    struct file_stamp){ .modified = st->st_mtim, .size = st->st_size, .inode = st->st_ino };
}

static enum fail
read_all(int fd, const char *path, struct buf *out, struct buf *why)
{
	for (;;) {
		char *room = buf_room(out, 16384);
		ssize_t n;

		if (room == NULL)
			return refuse_file(why, path, "too big for certificates", FAIL_SYNTAX);
		n = sys.read(fd, room, 16384);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse_file(why, path, strerror(errno), FAIL_MISSING);
		if (n == 0)
			return FAIL_NONE;
		buf_grow(out, (size_t)n);
	}
}

enum fail
file_read(const char *path, struct buf *out, struct file_stamp *stamp_out, struct buf *why)
{
	int fd = sys.open(path, O_RDONLY, 0);
	struct stat st;
	enum fail fail;

	buf_init_secret(out, TLS_FILE_MAX); /* it may be of a key */
	if (fd < 0)
		return refuse_file(why, path, strerror(errno), FAIL_MISSING);
	if (sys.fstat(fd, &st) != 0)
		fail = refuse_file(why, path, strerror(errno), FAIL_MISSING);
	else
		fail = read_all(fd, path, out, why);
	sys.close(fd);
	if (fail == FAIL_NONE && stamp_out)
		*stamp_out = stamp_of(&st);
	return fail;
}

bool
certificate_key(br_x509_decoder_context *d, const br_x509_certificate *cert, br_x509_pkey *out)
{
	const br_x509_pkey *key;

	br_x509_decoder_init(d, NULL, NULL);
	br_x509_decoder_push(d, cert->data, cert->data_len);
	key = br_x509_decoder_get_pkey(d);
	if (key == NULL)
		return false;
	*out = *key;
	return true;
}

static enum fail
add_certificate(struct credential *c, struct str der)
{
	br_x509_certificate *cert = &c->chain[c->chain_count++];
	struct x509_facts facts;
	enum hash hash;

	cert->data = mem_new(der.n, 1);
	cert->data_len = der.n;
	memcpy(cert->data, der.p, der.n);
	if (x509_parse(str_of(cert->data, cert->data_len), &facts) != FAIL_NONE)
		return FAIL_SYNTAX;
	if (c->chain_count == 1) {
		c->names = facts.names;
		c->not_after_s = facts.not_after_s;
		if (x509_binding_hash(facts.signed_by, &hash)) {
			hash_once(hash, der, c->end_point);
			c->end_point_n = hash_size(hash);
		}
	}
	c->not_after_s = i64_min(c->not_after_s, facts.not_after_s);
	return FAIL_NONE;
}

static enum fail
parse_chain(struct credential *c, struct str text, struct buf *why)
{
	struct str label;
	struct buf der;
	enum fail fail;

	buf_init(&der, TLS_FILE_MAX);
	while ((fail = pem_next(&text, &label, &der)) == FAIL_NONE) {
		if (!str_eq(label, STR("CERTIFICATE")))
			continue;
		if (c->chain_count == TLS_CHAIN_MAX) {
			fail = refuse_file(why, c->paths[0], "too many certificates for one chain",
			    FAIL_SYNTAX);
			goto out;
		}
		fail = add_certificate(c, buf_str(&der));
		if (fail != FAIL_NONE)
			break;
	}
	if (fail != FAIL_MISSING)
		fail = refuse_file(why, c->paths[0], "a certificate is damaged", FAIL_SYNTAX);
	else if (c->chain_count == 0)
		fail = refuse_file(why, c->paths[0], "no certificate in it", FAIL_SYNTAX);
	else
		fail = FAIL_NONE;
out:
	buf_release(&der);
	return fail;
}

/* The first private key of a PEM text. */
static enum fail
parse_key(struct credential *c, struct str text, struct buf *why)
{
	struct str label;
	struct buf der;
	enum fail fail;

	buf_init_secret(&der, TLS_FILE_MAX);
	do {
		fail = pem_next(&text, &label, &der);
	} while (fail == FAIL_NONE && !str_ends(label, STR("PRIVATE KEY")));
	if (fail == FAIL_MISSING)
		fail = refuse_file(why, c->paths[1], "no private key in it", FAIL_SYNTAX);
	else if (fail != FAIL_NONE)
		fail = refuse_file(why, c->paths[1], "the private key is damaged", fail);
	else if (str_starts(label, STR("ENCRYPTED")))
		fail = refuse_file(why, c->paths[1],
		    "the key is protected by a password; store it "
		    "without one",
		    FAIL_PERM);
	else if ((fail = tls_key_parse(&c->key, label, buf_str(&der))) == FAIL_PERM)
		refuse_file(why, c->paths[1],
		    "neither an RSA key of 2048 to 4096 bits nor an EC key on P-256 or P-384",
		    fail);
	else if (fail != FAIL_NONE)
		refuse_file(why, c->paths[1], "the private key is damaged", fail);
	buf_release(&der);
	return fail;
}

static enum fail
check_match(const struct credential *c, struct buf *why)
{
	br_x509_decoder_context d;
	br_x509_pkey public;

	if (certificate_key(&d, &c->chain[0], &public) && tls_key_matches(&c->key, &public))
		return FAIL_NONE;
	buf_add_c(why, c->paths[1]);
	buf_add_c(why, ": does not belong to the certificate in ");
	buf_add_c(why, c->paths[0]);
	return FAIL_PERM;
}

static char *
path_of(struct str s)
{
	char *path = mem_new(s.n + 1, 1);

	memcpy(path, s.p, s.n);
	return path;
}

enum fail
credential_load(struct credential *c, const struct tls_files *files, struct buf *why)
{
	struct buf text;
	enum fail fail;

	*c = (struct credential){ .paths = { path_of(files->chain), path_of(files->key) } };
	fail = file_read(c->paths[0], &text, &c->stamps[0], why);
	if (fail == FAIL_NONE)
		fail = parse_chain(c, buf_str(&text), why);
	buf_release(&text);
	if (fail != FAIL_NONE)
		goto out;
	fail = file_read(c->paths[1], &text, &c->stamps[1], why);
	if (fail == FAIL_NONE)
		fail = parse_key(c, buf_str(&text), why);
	buf_release(&text);
	if (fail == FAIL_NONE)
		fail = check_match(c, why);
out:
	if (fail != FAIL_NONE)
		credential_release(c);
	return fail;
}

void
credential_release(struct credential *c)
{
	for (size_t i = 0; i < c->chain_count; i++)
		mem_free(c->chain[i].data);
	tls_key_release(&c->key);
	mem_free(c->paths[0]);
	mem_free(c->paths[1]);
	*c = (struct credential){ 0 };
}

bool
credential_changed(const struct credential *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->paths); i++) {
		struct stat st;
		struct file_stamp now;

		if (sys.stat(c->paths[i], &st) != 0)
			continue; /* being replaced: look again later */
		now = stamp_of(&st);
		if (now.size != c->stamps[i].size || now.inode != c->stamps[i].inode ||
		    now.modified.tv_sec != c->stamps[i].modified.tv_sec ||
		    now.modified.tv_nsec != c->stamps[i].modified.tv_nsec)
			return true;
	}
	return false;
}
