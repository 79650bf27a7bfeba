/*
 * small_mail.h - just enough of a mail room to test store and blob together.
 *
 * Messages have a number, an account and a content that follows from the number and size. Each is
 * named in the store by two keys and counted in a third, so that a test can ask whether the rules
 * D1-D5 hold: everything named is there and whole, nothing else is, and the count is exact.
 */
#ifndef TEST_LIB_SMALL_MAIL_H
#define TEST_LIB_SMALL_MAIL_H

#include "blob/blob.h"
#include "store/store.h"

struct small_mail {
	struct store *store;
	struct blob_store *blob;
	struct blob_namer namer;
};

/* Open <folder>/store.db and <folder>/mail (the folder must exist) and recover, without a loop. */
MUST_CHECK enum fail small_open(struct small_mail *m, struct loop *loop, struct str folder);
void small_close(struct small_mail *m);

/* The store's log size from the next small_open() on; 0: the default. A small one brings a flush after each turn. */
void small_log_size(int64_t bytes);

/* Add message `number` of `size` bytes; not durable before the commit. */
MUST_CHECK enum fail small_add(struct small_mail *m, struct str account, uint32_t number,
    uint32_t size);

/* The same with a run that fails after it named the file. */
MUST_CHECK enum fail small_add_undone(struct small_mail *m, struct str account, uint32_t number,
    uint32_t size);

/* Link message `from` to `account` as `number`. */
MUST_CHECK enum fail small_link(struct small_mail *m, uint32_t from, struct str account,
    uint32_t number);

/* Drop a message; FAIL_MISSING when there is none. */
MUST_CHECK enum fail small_drop(struct small_mail *m, uint32_t number);

/* FAIL_NONE: there and whole. FAIL_MISSING: not named. FAIL_PERM: named, but not there or damaged. */
enum fail small_look(struct small_mail *m, uint32_t number);

/* How many messages the store's counter says; -1 when it cannot be read. */
int64_t small_count(struct small_mail *m);

/*
 * Everything at once: a line to stdout for each thing that is wrong; how many. With `is_settled` also
 * files that nobody names, which only a recovered tree promises not to have.
 */
int small_verify(struct small_mail *m, bool is_settled);

/* The bytes of a message. */
void small_content(uint32_t number, char *out, size_t size);

/* Remove a folder with all that is in it; make it again. */
void small_fresh_folder(const char *path);

#endif
