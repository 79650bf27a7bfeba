/*
 * thread.h - which messages belong together (RFC 8621 section 3).
 *
 * A new Email joins the thread of the oldest Email that shares a message id with it (its own
 * Message-ID, In-Reply-To, or References) and has the same base subject; else it begins a thread.
 * Threads are never merged and an Email never changes its thread. A thread's id is the id of the
 * Email that began it. Ids are compared as
 * 64-bit hashes; of long References the first and the last ones count. Past THREAD_EMAILS_MAX a new one begins.
 */
#ifndef MAIL_THREAD_H
#define MAIL_THREAD_H

#include "base/arena.h"
#include "mail/mail.h"

#define THREAD_EMAILS_MAX 5000 /* Emails in one thread */
#define THREAD_IDS_MAX    12   /* message ids of one Email that count */

/*
 * Emails of the thread that JMAP may see, oldest receivedAt first.
 *   FAIL_MISSING no such thread (or nothing visible in it)   FAIL_LIMIT arena full   FAIL_TEMP
 */
MUST_CHECK enum fail thread_emails(struct account *a, uint64_t thread_id, struct arena *arena,
    uint64_t **ids_out, size_t *count_out);

#endif
