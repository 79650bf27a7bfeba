/* The table of commands that a running server answers (command.h). */
#include "server/commands.h"

/* clang-format off */
const struct server_command server_commands[] = {
	/* words           needs       arguments  run */
	{ "queue list",    NEED_QUEUE, 0, 0, command_queue_list },
	{ "queue show",    NEED_QUEUE, 1, 1, command_queue_show },
	{ "queue retry",   NEED_QUEUE, 0, 1, command_queue_retry },
	{ "queue hold",    NEED_QUEUE, 1, 1, command_queue_hold },
	{ "queue release", NEED_QUEUE, 1, 1, command_queue_release },
	{ "queue cancel",  NEED_QUEUE, 1, 1, command_queue_cancel },
	{ "queue stats",   NEED_QUEUE, 0, 0, command_queue_stats },
	{ "ban list",      NEED_RUN,   0, 0, command_ban_list },
	{ "ban lift",      NEED_RUN,   1, 1, command_ban_lift },
	{ "report list",   NEED_QUEUE, 0, 0, command_report_list },
	{ "reindex",       NEED_INDEX, 0, 1, command_reindex },
	{ NULL, NEED_RUN, 0, 0, NULL },
};
/* clang-format on */
