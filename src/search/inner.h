/*
 * inner.h - the index as its own files see it (private to the room).
 */
#ifndef SEARCH_INNER_H
#define SEARCH_INNER_H

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "blob/blob.h"
#include "loop/loop.h"
#include "message/message.h"
#include "message/text.h"
#include "search/grams.h"
#include "search/page.h"
#include "search/search.h"
#include "search/vocabulary.h"
#include "search/words.h"

struct sqlite3;
struct sqlite3_stmt;

#define SEARCH_FORM       2  /* of the file: what is indexed, and how; another one is made anew */
#define SEARCH_EMAIL_BITS 40 /* of a row's number; the account's number stands above */
#define SEARCH_PAGE_BITS  11 /* the same of a page: account, chunk, page */
#define SEARCH_PAGES_MAX \
	((1 << SEARCH_PAGE_BITS) - 1) /* of a chunk: 8 MB; more, and it is not narrowed */
#define SEARCH_ROW_MAX \
	(GRAM_VARINT_MAX + GRAMS_LIST_MAX + WORDS_LIST_MAX) /* bytes of a message's row */
#define SEARCH_BATCH_MS  30000 /* after the first of them it comes, when nothing more does */
#define SEARCH_BEHIND_MS 200   /* behind the commit of a message: a burst of them goes first */
#define SEARCH_PAUSE_MS  50    /* between two slices while others have something to do */
#define SEARCH_RETRY_MS  60000 /* after a failure of the disk */
#define SEARCH_FAR_MS    60000 /* after a message that is far away could not be reached */
#define SEARCH_SLICE_US  2000
#define SEARCH_WAIT_MAX \
	2000 /* messages indexed before a question is answered; with more it does not wait */
#define SEARCH_LOOSE_ROWS \
	1000 /* so many messages and half of all must be gone before it is indexed anew */

/* An account with something to do. */
struct search_work_account {
	struct map_node by_id;
	struct list_node node; /* in search->waiting */
	struct search_account now;
	uint64_t done;    /* indexed up to here */
	uint64_t rows;    /* messages in the index */
	uint64_t built;   /* chunks below are pages, or empty; as far as this process knows */
	bool is_gone;     /* the account; its rows go */
	bool is_dropping; /* its rows go, to be indexed anew */
};

/* The messages of one chunk, some of them not yet in the file; and the same on their way to pages (build.c). */
#define BUCKET_BITS 12 /* grams of a bucket: 512 KB of bits */

enum search_group_stage {
	GROUP_FILLING,
	GROUP_COMPLETE, /* no message of it is to come */
	GROUP_GRAMS,
	GROUP_WORDS,
};

struct search_group {
	struct search_work_account *account; /* borrow; NULL: none */
	uint64_t chunk;
	enum search_group_stage stage;
	struct buf *rows;    /* own array by bit: a message's grams and words */
	struct bits have;    /* that are in `rows` */
	struct bits written; /* .. and in the file */

	struct gram_cursor *cursors; /* own: by bit */
	struct bits *bucket;         /* own: by gram */
	uint16_t *counts;            /* own: the same */
	uint32_t next;               /* bucket */
	uint32_t last;               /* gram of the page */
	struct vocabulary vocabulary;
	unsigned word_pass, word_bit; /* how far its words are read */
	unsigned pages, word_pages;
	struct buf page;   /* own */
	struct buf firsts; /* own: how pages of grams begin, 4 bytes each */
};

/* The message that is being indexed. */
struct search_job {
	struct search_work_account *account; /* borrow; NULL: none */
	uint64_t email;
	struct blob_wait wait; /* for its file; nothing else is done meanwhile */
	bool is_begun;         /* it has its file .. */
	bool is_parsed;        /* .. and its parts are known */
	struct blob_map map;   /* own */
	struct arena arena;
	struct message message;
	struct message_parser
	    *parser; /* arena; NULL: it does not fit, and nothing of it is known */
	struct text_walk walk;
	struct grams grams;
	struct words words;
};

enum search_sql {
	SQL_PUT_FRESH,
	SQL_GET_FRESH,
	SQL_DROP_FRESH,
	SQL_PUT_PAGE,
	SQL_GET_PAGE,
	SQL_NEXT_PAGE,
	SQL_DROP_PAGES,
	SQL_MARK,
	SQL_SET_MARK,
	SQL_DROP_MARK,
	SQL_NEXT_MARK,
	SQL_COUNT
};

struct search {
	struct loop *loop; /* borrow */
	struct log log;
	const struct search_source *source; /* borrow */
	void *arg;                          /* borrow */
	struct buf path;                    /* own */
	struct sqlite3 *db;                 /* own; NULL: nothing is narrowed */
	struct sqlite3_stmt *statements[SQL_COUNT];
	bool is_writing;      /* a transaction is open */
	bool has_news;        /* something is not yet durable */
	int64_t commit_at_ms; /* then it is due */
	int64_t retry_at_ms;  /* after a failure; 0: none */
	int64_t far_at_ms;    /* a message could not be reached: no other one before this */
	bool is_broken;       /* found damaged: to be set aside at the next chance */
	bool is_unwanted;     /* .. because the owner wants another one: nothing is kept of it */
	uint64_t generation;  /* one more each time that what was in memory is forgotten */
	struct map accounts;  /* search_work_account by id */
	struct list waiting;  /* the same */
	struct search_job job;
	struct search_group group;
	struct task task;
	struct timer timer;
	struct search_status status;
	struct buf row; /* own: scratch */
};

/* --- db.c: the file ----------------------------------------------------------------------------------------- */

/* Open it or make it; FAIL_TEMP: neither. An unusable file is set aside first. */
MUST_CHECK enum fail search_db_open(struct search *s);
void search_db_close(struct search *s);

/* Set it aside and open a new one. */
void search_db_renew(struct search *s);

/* A statement, ready to be bound; NULL when there is no database. */
struct sqlite3_stmt *search_db_statement(struct search *s, enum search_sql which);

/* Run it to its end, without rows. FAIL_TEMP: it failed, and everything since the last commit is undone. */
MUST_CHECK enum fail search_db_run(struct search *s, struct sqlite3_stmt *statement);

/* What SQLite answered when it was no row and not the end: logged, undone, damage remembered. */
enum fail search_db_fail(struct search *s, int code);

/*
 * Rows carry a sum of their bytes and number behind them, for SQLite does not notice when single bytes change, and
 * a missing gram would hide a message. search_db_content(): what column `at` of a row holds; false: damaged, which
 * is remembered as by search_db_fail().
 */
MUST_CHECK enum fail search_db_put(struct search *s, enum search_sql which, int64_t row,
    struct str bytes);
MUST_CHECK bool search_db_content(struct search *s, struct sqlite3_stmt *statement, int at,
    int64_t row, struct str *out);

/* Something is to become durable: in SEARCH_BATCH_MS at the latest. */
void search_db_due(struct search *s);

/* Begin to write, if not begun; make durable. */
MUST_CHECK enum fail search_db_begin(struct search *s);
MUST_CHECK enum fail search_db_commit(struct search *s);

/* How far an account is indexed. FAIL_MISSING: not at all. */
MUST_CHECK enum fail search_mark_get(struct search *s, uint64_t account, uint64_t *done_out,
    uint64_t *rows_out);
MUST_CHECK enum fail search_mark_set(struct search *s, uint64_t account, uint64_t done,
    uint64_t rows);

/* Numbers that the index can have: of accounts and of Emails. */
bool search_can_have(uint64_t account, uint64_t email);

/* The rows of an Email, and of a chunk's page: 0 is its directory. */
int64_t search_fresh_row(uint64_t account, uint64_t email);
int64_t search_page_row(uint64_t account, uint64_t chunk, unsigned page);

/* --- group.c ------------------------------------------------------------------------------------------------ */

/* Make this the group in memory; what was in the one before is in the file then. */
MUST_CHECK enum fail search_group_choose(struct search *s, struct search_work_account *a,
    uint64_t chunk);

/* The row of a message of the group, made of its two lists. */
void search_group_add(struct search *s, uint64_t email, struct str grams, struct str words);

/* The two lists of a row. False: it is damaged. */
MUST_CHECK bool search_row_read(struct str row, struct str *grams_out, struct str *words_out);

/* The rows that were written before this group was in memory. */
MUST_CHECK enum fail search_group_load(struct search *s);

/* Rows of the file from one number to another. */
MUST_CHECK enum fail search_rows_drop(struct search *s, enum search_sql which, int64_t from,
    int64_t to);

/* Write what is only in memory, with the account's mark. */
MUST_CHECK enum fail search_group_flush(struct search *s);

/* Forget it. */
void search_group_drop(struct search *s);

/* --- build.c ------------------------------------------------------------------------------------------------- */

/* The chunk of the group is complete: rows become pages. *done_out: all of it. */
MUST_CHECK enum fail search_group_build(struct search *s, int64_t end_us, bool *done_out);

/* Only what is needed while it is built. */
void search_build_drop(struct search_group *g);

/* --- work.c, index.c: what is behind ------------------------------------------------------------------------- */

/* The account's entry; NULL: nothing is to be done for it. */
struct search_work_account *search_account_find(struct search *s, uint64_t id);
struct search_work_account *search_account_new(struct search *s, uint64_t id);
void search_account_free(struct search *s, struct search_work_account **a);

/* Neither damaged nor waiting for the disk. */
bool search_is_usable(const struct search *s);

/* Look at all accounts: those that are behind wait. */
void search_survey(struct search *s);

/* After what may have given work: let it begin. */
void search_wake(struct search *s, int64_t delay_ms);

/*
 * Index messages of the account (after the one that is under way) until the time is over. *more_out: there are
 * more. FAIL_TEMP: not now.
 */
MUST_CHECK enum fail search_index(struct search *s, struct search_work_account *a, int64_t end_us,
    bool *more_out);

/* Take out all rows of the account; the same. */
MUST_CHECK enum fail search_drop(struct search *s, struct search_work_account *a, int64_t end_us,
    bool *more_out);

void search_job_drop(struct search *s);

/* Nothing more can be indexed now: a message is on its way here, or could not be reached lately. */
bool search_is_stuck(const struct search *s);

#endif
