/*
 * index.h - the mail as the full-text index sees it (search/search.h).
 *
 * The index is opened over `mail_source` and the mail, then given to mail_use_search(); from then on it hears of
 * every durable arrival, and of accounts that go. Protocol rooms ask mail_search().
 */
#ifndef MAIL_INDEX_H
#define MAIL_INDEX_H

#include "mail/mail.h"
#include "search/search.h"

extern const struct search_source mail_source; /* its argument: the struct mail */

/* Borrowed until mail_use_search(m, NULL) or mail_close(). */
void mail_use_search(struct mail *m, struct search *s);

/* NULL: there is no index. */
struct search *mail_search(const struct mail *m);

#endif
