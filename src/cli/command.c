#include "cli/cli.h"

/* clang-format off */
const struct cli_command cli_commands[] = {
	/* words           arguments           count  options                       run */
	{ "serve",          "",                0, 0, OPTION_CONFIG,                 cmd_serve,          "run the server until it is told to stop" },
	{ "setup",          "",                0, 0, OPTION_LOCAL,                  cmd_setup,          "make a complete private installation in a folder" },
	{ "config check",   "",                0, 0, OPTION_CONFIG,                 cmd_config_check,   "say what is wrong with the configuration" },
	{ "config show",    "",                0, 0, OPTION_CONFIG,                 cmd_config_show,    "print every setting with its value" },
	{ "config example", "",                0, 0, 0,                             cmd_config_example, "print a configuration with every setting explained" },
	{ "user add",       "NAME",            1, 1, OPTION_CONFIG | OPTION_STDIN | OPTION_USER, cmd_user_add, "make an account; its name is its first address" },
	{ "user list",      "",                0, 0, OPTION_CONFIG | OPTION_JSON,   cmd_user_list,      "list accounts" },
	{ "user passwd",    "NAME",            1, 1, OPTION_CONFIG | OPTION_STDIN,  cmd_user_passwd,    "set an account's password" },
	{ "user quota",     "NAME SIZE MESSAGES", 3, 3, OPTION_CONFIG,              cmd_user_quota,     "limit an account; 0 is no limit" },
	{ "user disable",   "NAME",            1, 1, OPTION_CONFIG,                 cmd_user_disable,   "let nobody log in, and take no mail for it" },
	{ "user enable",    "NAME",            1, 1, OPTION_CONFIG,                 cmd_user_enable,    "undo that" },
	{ "user del",       "NAME",            1, 1, OPTION_CONFIG,                 cmd_user_del,       "delete an account; its mail stays on the disk" },
	{ "alias add",      "ADDRESS TARGET",  2, 2, OPTION_CONFIG,                 cmd_alias_add,      "let an address (or @domain) lead to an account" },
	{ "alias list",     "",                0, 0, OPTION_CONFIG | OPTION_JSON,   cmd_alias_list,     "list aliases" },
	{ "alias del",      "ADDRESS [TARGET]", 1, 2, OPTION_CONFIG,                cmd_alias_del,      "delete an alias, or one of its targets" },
	{ "domain add",     "NAME",            1, 1, OPTION_CONFIG,                 cmd_domain_add,     "take mail for a domain" },
	{ "domain list",    "",                0, 0, OPTION_CONFIG | OPTION_JSON,   cmd_domain_list,    "list domains" },
	{ "domain del",     "NAME",            1, 1, OPTION_CONFIG,                 cmd_domain_del,     "delete a domain without addresses" },
	{ "queue list",     "",                0, 0, OPTION_CONFIG | OPTION_JSON,   cmd_queue_list,     "list mail that waits, with the last answer and the next try" },
	{ "queue show",     "ID",              1, 1, OPTION_CONFIG | OPTION_JSON,   cmd_queue_show,     "show one of them" },
	{ "queue retry",    "[ID|SITE]",       0, 1, OPTION_CONFIG,                 cmd_queue_retry,    "try one, all for a domain (or route/NAME), or all now" },
	{ "queue hold",     "ID",              1, 1, OPTION_CONFIG,                 cmd_queue_hold,     "keep one until it is released" },
	{ "queue release",  "ID",              1, 1, OPTION_CONFIG,                 cmd_queue_release,  "let it go on, now, even before its time" },
	{ "queue cancel",   "ID",              1, 1, OPTION_CONFIG,                 cmd_queue_cancel,   "remove one; nobody is told" },
	{ "queue stats",    "",                0, 0, OPTION_CONFIG | OPTION_JSON,   cmd_queue_stats,    "count messages, and what waits for each site" },
	{ "ban list",       "",                0, 0, OPTION_CONFIG | OPTION_JSON,   cmd_ban_list,       "list addresses that may not connect for a while, and why" },
	{ "ban lift",       "ADDRESS",         1, 1, OPTION_CONFIG,                 cmd_ban_lift,       "let one in again" },
	{ "check",          "",                0, 0, OPTION_CONFIG | OPTION_REPAIR, cmd_check,          "verify that store and mail agree (the server must be stopped)" },
	{ "mime-parse",     "FILE",            1, 1, 0,                             cmd_mime_parse,     "print what the parser sees in a message, as JSON" },
	{ "json-parse",     "FILE",            1, 1, 0,                             cmd_json_parse,     "say whether a file is I-JSON, and print it back" },
	{ "version",        "",                0, 0, 0,                             cmd_version,        "print versions of this program and its libraries" },
	{ NULL, NULL, 0, 0, 0, NULL, NULL },
};
/* clang-format on */
