/*
 * limits.h - every limit of the program, with its unit and its reason.
 *
 * Rooms keep limits that nobody outside needs in their own files, in the same form.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* --- the loop ------------------------------------------------------------------------------ */
#define LOOP_SLICE_US   2000 /* a task yields after about this long, so that nobody waits longer */
#define LOOP_EVENTS_MAX 256  /* readiness events taken per sleep */
#define LOOP_STEPS_MAX \
	12288 /* steps per turn: it ends and commits under any load, and tells all of 10000 watchers */
#define TASK_TURNS_MAX 64 /* state changes of one session per step (style.md section 3) */

/* --- connections --------------------------------------------------------------------------- */
#define CONN_OUT_HIGH (64 * 1024) /* bytes of unsent output above which a session pauses */
#define CONN_OUT_MAX \
	(1024 * 1024) /* bytes: one reply piece never adds more than the rest above HIGH */
#define CONN_IN_MAX     (64 * 1024) /* bytes buffered from a peer at most: the longest line we take */
#define CONN_READ_BYTES (16 * 1024) /* one read; a TLS record is no longer */

/* --- SMTP ------------------------------------------------------------------------------------ */
#define SMTP_LINE_MAX \
	2048 /* command line bytes: 512 of RFC 5321 4.5.3.1.4, plus extensions, AUTH 12288 apart */
#define SMTP_AUTH_LINE_MAX 12288 /* RFC 4954 section 4 */
#define SMTP_PATH_MAX      320   /* RFC 5321 4.5.3.1: local part 64 + @ + domain 255 */
#define SMTP_LOCAL_MAX \
	250 /* .. but bounce addresses that carry another in theirs (VERP, SRS) are longer */
#define SMTP_PARAMS_MAX 20   /* parameters of one MAIL or RCPT; all that there are fit */
#define SMTP_RCPT_MAX   1000 /* recipients per transaction; RFC 5321 4.5.3.1.8 asks for 100 */

/* --- IMAP ------------------------------------------------------------------------------------ */
#define IMAP_LINE_MAX \
	(64 * 1024) /* RFC 7162 section 4 asks for 8192; UID sets of mbsync are longer */
#define IMAP_LITERAL_MAX (64 * 1024) /* bytes of a literal that is not a message */

/* --- messages -------------------------------------------------------------------------------- */
#define MESSAGE_DEPTH_MAX  50   /* nested parts; deeper ones are leaves */
#define MESSAGE_PARTS_MAX  2000 /* parts of one message; the rest belongs to the last one */
#define MESSAGE_HEADER_MAX (1024 * 1024) /* bytes of one header block that are parsed */

/* --- JSON and HTTP ------------------------------------------------------------------------ */
#define JSON_DEPTH_MAX  64          /* nested arrays and objects */
#define HTTP_HEADER_MAX (16 * 1024) /* bytes of a request's line and headers together */

#endif
