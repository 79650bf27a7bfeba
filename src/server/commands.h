/*
 * commands.h - the commands that a running server answers, by file (private to the room).
 */
#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

#include "server/command.h"

/* command_queue.c */
bool command_queue_list(struct command_run *r);
bool command_queue_show(struct command_run *r);

/* command_queue_retry.c */
bool command_queue_retry(struct command_run *r);

/* command_queue_change.c */
bool command_queue_hold(struct command_run *r);
bool command_queue_release(struct command_run *r);
bool command_queue_cancel(struct command_run *r);

/* command_queue_stats.c */
bool command_queue_stats(struct command_run *r);

/* command_report.c */
bool command_report_list(struct command_run *r);

/* command_index.c */
bool command_reindex(struct command_run *r);

/* command_ban.c */
bool command_ban_list(struct command_run *r);
bool command_ban_lift(struct command_run *r);

#endif
