/*
 * share_tell.h - notices for those who see a mailbox as members of a group or as anyone (share_notice.h).
 *
 * Who is in which group only the directory knows, and it has to be waited for: so a change of what a group or everybody
 * may do is told behind it. Each account that is here is asked for its groups, one after the other, and has a notice when
 * its rights by the old list and by the new one are not the same.
 *
 *     next name --> ASKING --answer--> a notice, or none --> next name .. --> the next change
 *
 * Bounds: SHARE_TOLD_MAX accounts are asked for one change, in the order of their names; SHARE_TELLS_MAX changes wait. What is
 * beyond, and what was not told when the server stops, is told by nothing but the rights themselves.
 */
#ifndef MAIL_SHARE_TELL_H
#define MAIL_SHARE_TELL_H

/* rooms */
#include "directory/directory.h"
#include "mail/share_notice.h"

#define SHARE_TOLD_MAX  1000 /* as many as the directory names in a list of Principals */
#define SHARE_TELLS_MAX 100  /* a list has ACL_ENTRIES_MAX entries */

/* From now on, on the loop of `m`; both are borrowed until the stop, which comes before they are closed. */
void share_tell_start(struct mail *m, struct directory *directory);
void share_tell_stop(struct mail *m);

/* Private to the room: the list of a mailbox was `was` (its record; empty: none) and is another one now. All is copied. */
void share_tell(struct account *a, const struct share_notice *about, struct str was);

#endif
