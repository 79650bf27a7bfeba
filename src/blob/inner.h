/*
 * inner.h - the blob store as its own files see it (private to the room).
 */
#ifndef BLOB_INNER_H
#define BLOB_INNER_H

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "blob/blob.h"

#define BLOB_PATH_MAX    4096       /* bytes, PATH_MAX of Linux */
#define BLOB_ROOT_MAX    2048       /* bytes of the mail folder's path */
#define BLOB_BUFFER_MAX  (64 << 10) /* a writer's buffer: messages up to this are one write */
#define BLOB_BACK_BYTES  (1 << 20)  /* of a big message: begin writing back after each */
#define BLOB_OPEN_MAX    128 /* finished files kept open until the sync; then they sync early */
#define BLOB_WHOLE_SYNC  4   /* files in one turn from which one syncfs is cheaper */
#define BLOB_READ_MAX    (128 << 10) /* up to this read() into memory beats mmap() */
#define BLOB_CARRY_MAX   (16 << 10)  /* a message that the commit carries: it is written twice */
#define BLOB_CARRY_TURN  (128 << 10) /* all in one turn: with more, one syncfs costs each little */
#define BLOB_PROBE_MS    5000
#define BLOB_PROBE_BYTES (64 << 10)
#define BLOB_UNLINK_MAX  16    /* files unlinked in one step */
#define BLOB_DUE_MAX     10000 /* that wait for it, a megabyte or two; more go at once */
#define BLOB_PURGE_AT    256   /* done deletions that are forgotten together */
#define BLOB_PURGE_MAX   1000  /* of them in one transaction */

extern const struct log blob_log;

/* A path in the tree. */
struct blob_path {
	size_t n;
	char bytes[BLOB_PATH_MAX];
};

/* A file that is being written, or was finished in this turn, or whose commit failed. */
struct blob_pending {
	struct list_node node;
	int fd;           /* own; open until it is synced, else -1 */
	uint64_t size;    /* bytes written */
	uint64_t backed;  /* of them given to the disk to begin with */
	uint64_t commits; /* of the store when its own commit failed */
	struct blob_name name;
	struct blob_name whole; /* the name it will have; empty until it is put or finished */
	bool is_remote;         /* its bytes are kept far away: not synced here */
	bool is_put;            /* they are there */
	bool may_be_there;      /* they may be: to be deleted when nobody names them */
	bool is_carried;        /* it has no file yet: its bytes go into the commit */
	bool is_in_commit;      /* they are in it */
	bool is_unsure;         /* who names it could not say so */
	struct buf bytes;       /* own; of what is carried */
	struct s3_sums *sums;   /* own; of what is put */
	struct blob_job *job;   /* borrow: that puts it; or NULL */
	struct str folder;      /* own: the account's folder name */
};

/*
 * The far side: where messages are kept when not on this disk. A start that has to wait calls op_begin() on w->op
 * and sets w->state; else it calls blob_wait_done(). The may_ functions say FAIL_NONE, or why that cannot be done
 * now: it was not waited for. may_link is NULL where blob_remote_link() says that.
 */
struct blob_far {
	void (*fetch)(struct blob_far *far, struct blob_wait *w, struct task *owner,
	    struct str account, struct str name);
	void (*put)(struct blob_far *far, struct blob_wait *w, struct task *owner,
	    struct blob_writer *writer);
	void (*copy)(struct blob_far *far, struct blob_wait *w, struct task *owner,
	    struct str account, struct str name, struct str to);
	void (*release)(struct blob_far *far, struct blob_wait *w);
	enum fail (*may_map)(struct blob_far *far, struct str account, struct str name);
	enum fail (*may_finish)(struct blob_far *far, const struct blob_writer *writer);
	enum fail (
	    *may_link)(struct blob_far *far, struct str account, struct str name, struct str to);
};

/* A deletion: to be done after the commit, then to be forgotten. */
struct blob_deletion {
	struct list_node node;
	bool is_forgotten;          /* its key was deleted in the transaction under way */
	bool is_note;               /* has no key but a file in tmp, which goes last */
	struct blob_remove *parent; /* borrow: has no key: of an account that is emptied; or NULL */
	struct str account, name;   /* own, one block behind this struct; name empty: all of it */
};

/* A folder whose entries changed. */
struct blob_folder {
	struct map_node node;
	struct str path; /* own, behind this struct; with a NUL */
};

struct blob_store {
	struct loop *loop;          /* borrow; may be NULL */
	struct store *store;        /* borrow */
	struct blob_far *far;       /* borrow; NULL: Maildir, everything is here */
	struct blob_remote *remote; /* own; remote.h: the S3 engine or the mirror; or NULL */
	struct str root;            /* own */
	int root_fd; /* own; for syncfs: it tells of all that failed since it was opened */
	struct turn_hook sync_hook, committed_hook;
	struct store_passing passing;
	struct task probe, unlinking;
	struct timer timer;
	struct list namers;     /* blob_namer.node */
	struct list writing;    /* blob_pending: not finished */
	struct list fresh;      /* blob_pending: finished in this turn */
	struct list doubtful;   /* blob_pending: their commit failed, perhaps only seemingly */
	size_t open_count;      /* descriptors in fresh */
	uint64_t carried_bytes; /* in fresh */
	bool is_loose;          /* carried files of earlier turns are not synced */
	bool is_behind;         /* of some of them, only the keys can be trusted */
	bool is_blind;          /* and those cannot be read now */
	bool is_whole_due;      /* and are to be synced with this turn */
	struct map folders;     /* blob_folder: to be synced with this turn */
	struct list deletions;  /* blob_deletion: of this turn */
	struct list due;        /* blob_deletion: durable, not yet unlinked */
	size_t due_count;
	struct list done; /* blob_deletion: unlinked, their keys are still there */
	size_t done_count;
	uint64_t sequence; /* of names */
	struct str host;   /* own */
	bool is_well;
	bool has_failed; /* this turn's sync: the commit was not even tried */
};

/* blob.c: text of one's own, with a NUL behind it */
struct str blob_copy_of(struct str s);
void blob_give_back(struct str *s);

/* path.c: names and folders */
enum fail blob_folder_name(struct str account, struct buf *out);
bool blob_folder_account(struct str folder, struct buf *out); /* the other way; false: not ours */
void blob_new_name(struct blob_store *b, struct blob_name *out);
void blob_name_add_size(struct blob_name *name, uint64_t size);
struct str blob_cur_name(struct str entry); /* without ":2,.." */
/* "<seconds>.M..,S=<size>": a name of ours. Whatever else a bucket holds is somebody else's. */
bool blob_name_is_ours(struct str name);
void blob_path_add(struct blob_path *p, struct str s); /* what does not fit is cut */
enum fail blob_path(const struct blob_store *b, struct blob_path *out, struct str folder,
    const char *sub, struct str name); /* "cur" adds ":2," */
enum fail blob_unlink_entry(struct blob_path *folder, struct str entry);
enum fail blob_make_folders(struct blob_store *b, struct str folder);
void blob_touch(struct blob_store *b, struct str path);                   /* to be synced */
enum fail blob_error(struct blob_store *b, const char *event, int error); /* log; not well */

/* write.c */
struct blob_pending *blob_pending_new(struct blob_store *b, struct str folder);
void blob_pending_free(struct blob_store *b, struct blob_pending **p);
void blob_pending_finish(struct blob_store *b, struct blob_pending *p);
void blob_pending_drop(struct blob_store *b,
    struct blob_pending **p);                     /* and its file, its object */
enum fail blob_writer_lay(struct blob_writer *w); /* into tmp, whole, under its whole name */
void blob_writer_close(struct blob_writer *w);    /* no more bytes: its whole name is made */
/* A file to be made in tmp; the account's folders are made when they are missing. */
enum fail blob_create(struct blob_store *b, struct str folder, const struct blob_path *path,
    int flags, int *fd_out);
enum fail blob_write_all(struct blob_store *b, int fd, struct str bytes);

enum fail blob_pending_lay(struct blob_store *b, struct blob_pending *p, struct str bytes);
void blob_pending_uncarry(struct blob_store *b, struct blob_pending *p);

/* carry.c: small messages in the commit */
bool blob_carry_may(const struct blob_writer *w);
void blob_carry(struct blob_writer *w);
enum fail blob_carry_lay(struct blob_store *b, struct str folder, struct str name);
enum fail blob_carry_put(struct blob_store *b);
void blob_carry_settle(struct blob_store *b, enum fail outcome);
/* Not yet in a file, or not safely: FAIL_MISSING for all others. */
enum fail blob_carry_find(struct blob_store *b, struct str account, struct str name,
    struct blob_map *out);
void blob_carry_recover(struct blob_store *b);
void blob_carry_init(struct blob_store *b);
void blob_carry_release(struct blob_store *b);

/* read.c: where a file may lie, one place after the other; FAIL_MISSING: not in this one */
#define BLOB_PLACES 4
enum fail blob_place(const struct blob_store *b, struct blob_path *out, struct str folder,
    struct str name, unsigned place);
bool blob_is_whole(const char *path, struct str name); /* as long as its name says */
enum fail blob_map_path(struct blob_store *b, const char *path, struct blob_map *out);
int blob_link_places(struct blob_store *b, struct str folder, struct str name,
    const struct blob_path *to); /* 0 or the error */

/* wait.c: it ended before it began */
void blob_wait_done(struct blob_wait *w, struct task *owner, enum fail fail);

/* remote.c */
void blob_remote_close(struct blob_store *b);

/* turn.c */
void blob_turn_init(struct blob_store *b);
void blob_turn_release(struct blob_store *b);
enum fail blob_sync(struct blob_store *b);
enum fail blob_sync_files(struct blob_store *b);
void blob_settle(struct blob_store *b, enum fail outcome);
enum fail blob_is_named(struct blob_store *b, struct str account, struct str name);

/* delete.c */
#define BLOB_DELETES_MAX \
	10000 /* objects to be deleted that are remembered; of others only the keys */
struct blob_deletion *blob_deletion_new(struct str account, struct str name);
/* Does a key of the store ask for it? FAIL_MISSING: none. */
enum fail blob_deletion_is_due(struct blob_store *b, struct str account, struct str name);
void blob_deletion_done(struct blob_store *b, struct blob_deletion *d); /* its key may go */
enum fail blob_deletions_collect(struct blob_store *b);
void blob_deletions_commit(struct blob_store *b, enum fail outcome);
enum step blob_deletions_step(struct task *t);
enum fail blob_deletions_forget(struct blob_store *b);
void blob_deletions_release(struct blob_store *b);

/* sweep.c: every entry of a folder that is no dot file, FAIL_MISSING when there is no folder */
typedef enum fail blob_entry_fn(void *arg, struct str entry);
enum fail blob_each_entry(struct blob_store *b, const char *path, blob_entry_fn *fn, void *arg);
enum fail blob_sync_tree(struct blob_store *b); /* all that was made, written, unlinked in it */
enum fail blob_sweep_account(struct blob_store *b, struct str account);

#endif
