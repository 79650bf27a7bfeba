/*
 * house.h - the parent's side: questions under way and the children. Private to the room.
 *
 * A question (directory_ask) is one line put to one child; any number of queries may wait for it.
 *
 *     waiting --ask_dispatch--> sent --answer--> queries end, ask freed
 *        \--deadline, close-->                \--deadline--> queries end FAIL_TEMP, the ask stays with
 *                                                            its child until that answers or dies
 *
 *     child:  down --backoff over--> opening --it answers--> up --hang-up, garbage, stuck--> down, its asks
 *                                       \--perm, garbage, hang-up, stuck--> down                  end FAIL_TEMP
 *
 * directory.db needs no opening. A program that cannot reach its database (temp) is up all the same: it goes on trying.
 */
#ifndef DIRECTORY_HOUSE_H
#define DIRECTORY_HOUSE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "directory/cache.h"
#include "directory/directory.h"
#include "directory/keeper.h"

#define ASKS_PER_CHILD 8   /* lines at one child at a time: it is never idle for want of one */
#define BACKOFF_MIN_MS 100 /* before a child that died is started again */
#define BACKOFF_MAX_MS 10000
#define DEADLINE_NONE  INT64_MAX
#define WHY_MAX        1000 /* bytes of what a program says about its opening */

struct directory_ask {
	struct list_node node;  /* in directory.waiting or child.asks */
	struct map_node by_key; /* in directory.by_key when it may be shared */
	bool is_shared;         /* by_key is in use */
	enum directory_kind kind;
	uint64_t id, epoch;   /* epoch: the directory's when it was put */
	int64_t deadline_ms;  /* DEADLINE_NONE once its queries were told */
	struct list waiters;  /* directory_query.node */
	struct buf key, line; /* own; the line is wiped after it was sent */
};

struct directory_child {
	struct directory *directory; /* borrow: its owner */
	struct watch watch;
	size_t place;       /* at the keeper */
	int fd;             /* -1: down */
	bool is_open;       /* it may be asked */
	struct buf in, out; /* own */
	struct list asks;   /* sent, the oldest first */
	size_t ask_count;
	int64_t heard_ms;   /* when it last answered, started, or got work while idle */
	int64_t restart_ms; /* down: when to try again */
	int64_t backoff_ms;
};

/* What tells that directory.db changed: SQLite's change counter, and the write-ahead log beside it. */
struct directory_stamp {
	unsigned char counter[4];
	int64_t wal_bytes, wal_changed_ns, inode;
};

struct directory {
	struct loop *loop; /* borrow: the server's */
	struct task task;  /* serves the children */
	struct timer timer;
	const struct directory_settings *settings; /* borrow: the configuration's */
	struct buf path;
	struct keeper keeper;
	struct watch keeper_watch;
	bool is_lost;   /* the keeper is gone: no child starts any more */
	struct buf why; /* what programs said last about their opening; empty: nothing bad */
	struct directory_child *children; /* own */
	size_t child_count;
	struct list waiting; /* asks not sent yet, the oldest first */
	struct map by_key;   /* asks that may be shared */
	size_t ask_count;    /* waiting and sent, without those given up */
	uint64_t next_id;
	uint64_t epoch; /* counts how often everything learnt was forgotten */
	struct cache answers, logins;
	struct directory_stamp stamp;
	uint64_t stamp_turn;      /* the loop's turn in which it was looked at last, plus one */
	unsigned char secret[32]; /* for login marks and fake SCRAM keys */
};

/* directory.c: what was learnt is forgotten when directory.db has changed; it is looked at once a turn. */
void directory_look(struct directory *d);

/* ask.c: the questions. */
struct directory_ask *ask_new(struct directory *d, enum directory_kind kind, struct str key);
void ask_join(struct directory_ask *ask, struct directory_query *q);
void ask_leave(struct directory_query *q);
/* End every query that waits for it: with the answer in `line`, or with `fail` when that is empty. */
void ask_tell(struct directory *d, struct directory_ask *ask, struct str line, enum fail fail);
void ask_free(struct directory *d, struct directory_ask *ask);
/* Fill in a query from a child's line, as the public header promises each outcome. */
enum fail ask_read(struct directory *d, struct directory_query *q, struct str line);

/* opening.c: what a program's first line needs. */
void opening_begin(struct directory_child *c);
/* Its answer: false when the child is of no use. */
MUST_CHECK bool opening_line(struct directory_child *c, struct str line);

/* children.c: the processes. */
MUST_CHECK enum fail child_start(struct directory_child *c);
void child_stop(struct directory_child *c);
void children_serve(struct directory *d); /* one step of everything that moves */

#endif
