/*
 * key_files.h - the files of the keys that sign for our domains.
 *
 *     FOLDER/example.org/20261126r.pem    signs
 *                        20270301r.next   made: its record is to be published, it signs later
 *                        20260102r.old    signs no more: its record stays for mail on its way
 *
 * The name before the suffix is the selector (RFC 6376 3.1). A file's time says since when it is in its state.
 * Other names are passed over. Folders have mode 0700, files 0600.
 *
 * Domains here are in ASCII and lower case (idna.h), which also keeps paths inside the folder. Changes are durable
 * when the function returns; a crash leaves the file as it was, as it is to be, or a .tmp that nobody reads and
 * the next write of this selector replaces.
 *
 * Every function that says so gives FAIL_TEMP with errno set when the system refuses.
 */
#ifndef MAILAUTH_KEY_FILES_H
#define MAILAUTH_KEY_FILES_H

#include <stdint.h>

#include "crypto/private_key.h"

#define KEY_SELECTOR_MAX 63 /* bytes: what a label of DNS holds; ours have 10 */
#define KEY_FILES_MAX    64 /* of one domain that are looked at; there are two to six */

enum key_state { KEY_SIGNS, KEY_NEXT, KEY_OLD, KEY_STATE_COUNT };
extern const struct str key_state_names[KEY_STATE_COUNT]; /* "signs", "next", "old" */

struct key_file {
	char selector[KEY_SELECTOR_MAX + 1];
	enum key_state state;
	int64_t since_s; /* seconds since 1970 */
};

struct key_files {
	struct key_file items[KEY_FILES_MAX]; /* by selector */
	size_t count;
	bool has_more; /* some were left out */
};

/* The domain's folder, and the one above it when that is missing, too. FAIL_TEMP. */
MUST_CHECK enum fail key_files_make(struct str folder, struct str domain);

/*
 * Keep others that ask from changing its keys, until *fd_out is closed: who lists files, and then moves or makes some,
 * asks before it lists them. FAIL_MISSING: the domain has no folder; FAIL_DENIED: somebody else is at it; FAIL_TEMP.
 */
MUST_CHECK enum fail key_files_lock(struct str folder, struct str domain, int *fd_out);

/* FAIL_MISSING: the domain has no folder, and so no keys; FAIL_TEMP. */
MUST_CHECK enum fail key_files_list(struct str folder, struct str domain, struct key_files *out);

/*
 * Read the key, to be released after FAIL_NONE. FAIL_MISSING: the file is gone, or has no key in it; FAIL_SYNTAX,
 * FAIL_PERM: it is damaged, or of a kind that we do not do (private_key.h); FAIL_DENIED: its mode; FAIL_TEMP.
 */
MUST_CHECK enum fail key_file_read(struct str folder, struct str domain,
    const struct key_file *file, struct private_key *out);

/* Write a new one, and the folders. FAIL_TEMP. */
MUST_CHECK enum fail key_file_write(struct str folder, struct str domain, struct str selector,
    enum key_state state, const struct private_key *key);

/* Move it to another state, from now on. FAIL_TEMP. */
MUST_CHECK enum fail key_file_move(struct str folder, struct str domain,
    const struct key_file *file, enum key_state to);

/* Delete it. FAIL_TEMP. */
MUST_CHECK enum fail key_file_remove(struct str folder, struct str domain,
    const struct key_file *file);

#endif
