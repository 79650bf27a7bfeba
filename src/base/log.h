/*
 * log.h - one line per fact: an event name, then typed fields.
 *
 *     log_info(&s->log, "smtp.rcpt.refused", LOG_TEXT("rcpt", rcpt), LOG_NUM("tries", n));
 *
 * The logger writes key="value" with everything outside printable ASCII escaped, so bytes of peers
 * are harmless; or one JSON object per line. Lines go to stderr, with journald's priority prefix in
 * the text form. A context (struct log) is set up once per session and its fields are added to
 * every line; `doing` says what the session was at ("asking the directory").
 *
 * info = what a postmaster needs to follow one message; warn = act soon; error = something was lost
 * or refused wrongly; debug is switched per room. Never credentials, never message bodies.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
extern const char *const log_level_names[]; /* "error" .., NULL at the end */

struct log {               /* a context; zeroed is valid: no fields */
	const char *room;  /* "smtp": the debug switch it obeys */
	uint64_t session;  /* id of the session, 0 for none */
	struct str peer;   /* borrow: the session's */
	struct str user;   /* borrow: the session's */
	const char *doing; /* static text, or NULL */
};

enum log_type { LOG_TYPE_END, LOG_TYPE_TEXT, LOG_TYPE_NUM };

struct log_field {
	const char *name;
	enum log_type type;
	struct str text;
	int64_t num;
};

#define LOG_TEXT(name_, s) \
	((struct log_field){ .name = (name_), .type = LOG_TYPE_TEXT, .text = (s) })
#define LOG_NUM(name_, i) \
	((struct log_field){ .name = (name_), .type = LOG_TYPE_NUM, .num = (int64_t)(i) })
#define LOG_END ((struct log_field){ .type = LOG_TYPE_END })

#define log_error(log, ...) log_write((log), LOG_LEVEL_ERROR, __VA_ARGS__, LOG_END)
#define log_warn(log, ...)  log_write((log), LOG_LEVEL_WARN, __VA_ARGS__, LOG_END)
#define log_info(log, ...)  log_write((log), LOG_LEVEL_INFO, __VA_ARGS__, LOG_END)
#define log_debug(log, ...) \
	do { \
		if (log_debug_on((log)->room)) \
			log_write((log), LOG_LEVEL_DEBUG, __VA_ARGS__, LOG_END); \
	} while (0)

/* The line itself; fields are struct log_field by value, LOG_END last. Use the macros. */
void log_write(const struct log *log, enum log_level level, const char *event, ...);

/* Log a failed system call or library call once, where it is known, and hand `fail` on. */
void fail_log(const struct log *log, enum fail fail, const char *event, int error_number);

/* Inline, so that a static analyser sees that what comes out is what went in. */
static inline enum fail
fail_because(const struct log *log, enum fail fail, const char *event, int error_number)
{
	fail_log(log, fail, event, error_number);
	return fail;
}

/* Settings: lowest level written; JSON instead of text; debug per room ("smtp", "*"). */
void log_set_level(enum log_level level);
void log_set_json(bool is_json);
void log_set_debug(struct str rooms); /* blank-separated; copied, cut at 255 bytes */
bool log_debug_on(const char *room);

/* For tests: lines go here instead of stderr; NULL restores. */
void log_capture(void (*sink)(struct str line, void *arg), void *arg);

#endif
