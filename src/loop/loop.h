/*
 * loop.h - sleep, run what is runnable, commit once, let output go, reap.
 *
 * One turn, always in this order:
 *
 *     events -> runnable tasks -> SYNC -> COMMIT -> COMMITTED -> FLUSH -> reap -> sleep
 *
 * Rooms that take part hang a hook on one of the four stages. Nothing that a task buffered for a
 * peer leaves before COMMIT of its turn went well: no success is reported before it is durable (D1).
 *
 * Watches and timers only wake tasks; no code of anybody runs inside an event. Watches are edge
 * triggered: `ready` keeps a bit until the owner saw EAGAIN and cleared it with watch_spent().
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/task.h"

enum turn_stage {
	TURN_SYNC,   /* message files and their folders reach the disk (D2) */
	TURN_COMMIT, /* the store's transaction commits, or rolls back when SYNC failed */
	TURN_COMMITTED, /* memory follows: files dropped (D3), watchers woken, caches forgotten on failure */
	TURN_FLUSH, /* output leaves; on failure the connections that depended on it are dropped */
	TURN_STAGE_COUNT
};

/*
 * A hook gets the outcome of the turn so far and returns its own: the first failure of SYNC or
 * COMMIT is what later hooks see; what COMMITTED and FLUSH return is ignored.
 */
struct turn_hook { /* embedded in the room's own struct */
	enum fail (*run)(struct turn_hook *hook, enum fail so_far);
	struct list_node node;
};

enum {
	WATCH_READ = 1,   /* readable, or the peer closed its sending side */
	WATCH_WRITE = 2,  /* writable */
	WATCH_HANGUP = 4, /* both sides are gone, or an error is pending */
	WATCH_END = 8,    /* the peer closed its sending side: a short read need not be the last */
	WATCH_ERROR = 16  /* an error is pending: nothing that is written arrives */
};

struct watch {              /* fields: read only */
	struct task *owner; /* borrow: woken on events */
	int fd;             /* -1 when not started */
	unsigned ready;     /* WATCH_ bits since last spent */
};

struct timer {               /* fields: read only */
	struct task *owner;  /* borrow: woken at the deadline */
	int64_t deadline_ms; /* monotonic */
	size_t at;           /* 1-based place in the heap, 0 when not running */
	bool has_fired;      /* since the last timer_start() */
};

struct loop { /* fields: read only */
	struct task_queue tasks;
	struct list hooks[TURN_STAGE_COUNT];
	struct timer **timers; /* own; heap, earliest first, from index 1 */
	size_t timer_count, timer_cap;
	int epoll_fd;
	bool is_dirty;   /* the store has uncommitted changes of this turn */
	bool is_stopped; /* loop_stop() was called */
	unsigned steps;  /* of tasks, in this turn */
	uint64_t turns;  /* since start */
};

/* FAIL_TEMP when the kernel gives no epoll descriptor. */
MUST_CHECK enum fail loop_init(struct loop *l);
void loop_release(struct loop *l);

/* Hooks of one stage run in the order in which they were added. */
void loop_hook(struct loop *l, enum turn_stage stage, struct turn_hook *hook);
void loop_unhook(struct turn_hook *hook);

/* The store says: from now on, what tasks of this turn tell peers depends on its commit. */
void loop_dirty(struct loop *l);

/* One turn: sleeps until an event, a timer, or at most `wait_ms` (-1 for no bound). */
void loop_turn(struct loop *l, int wait_ms);

/* Turns until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* For a task that gives way: others were stepped in this turn before it, or wait behind it. */
bool loop_is_busy(const struct loop *l);

/* A task in this loop's queue. */
void loop_task(struct loop *l, struct task *t, enum step (*step)(struct task *),
    void (*reap)(struct task *));

/*
 * Watch a descriptor for both directions; FAIL_TEMP when the kernel refuses. The descriptor stays
 * the caller's, and must be stopped before it is closed.
 */
MUST_CHECK enum fail watch_start(struct loop *l, struct watch *w, int fd, struct task *owner);
void watch_stop(struct loop *l, struct watch *w);

/* The owner met EAGAIN in these directions. */
static inline void
watch_spent(struct watch *w, unsigned bits)
{
	w->ready &= ~bits;
}

/* Wake `owner` at `deadline_ms` on the monotonic clock; starting a running timer moves it. */
void timer_start(struct loop *l, struct timer *t, struct task *owner, int64_t deadline_ms);
void timer_stop(struct loop *l, struct timer *t);
static inline bool
timer_running(const struct timer *t)
{
	return t->at != 0;
}

#endif
