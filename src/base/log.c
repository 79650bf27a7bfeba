#include "base/log.h"

/* system */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

#define LOG_LINE_MAX        4096 /* bytes; journald and syslog readers cut not far above */
#define LOG_FIELD_MAX       512  /* bytes of one value: a hostile name must not push the rest out */
#define LOG_DEBUG_ROOMS_MAX 255

static struct {
	enum log_level level;
	bool is_json;
	char debug_rooms[LOG_DEBUG_ROOMS_MAX + 1];
	void (*sink)(struct str line, void *arg);
	void *sink_arg;
} settings = { .level = LOG_LEVEL_INFO };

const char *const log_level_names[] = { [LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	NULL };

/* journald and syslog priorities */
static const char *const prefixes[] = { [LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARN] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
	[LOG_LEVEL_DEBUG] = "<7>" };

void
log_set_level(enum log_level level)
{
	settings.level = level;
}

void
log_set_json(bool is_json)
{
	settings.is_json = is_json;
}

void
log_set_debug(struct str rooms)
{
	size_t n = size_min(rooms.n, LOG_DEBUG_ROOMS_MAX);

	if (n > 0)
		memcpy(settings.debug_rooms, rooms.p, n);
	settings.debug_rooms[n] = '\0';
}

bool
log_debug_on(const char *room)
{
	struct str rooms = str_c(settings.debug_rooms), part;

	if (settings.debug_rooms[0] == '\0')
		return false;
	while (str_next_part(&rooms, ' ', &part)) {
		if (str_eq(part, STR("*")) || str_eq(part, str_c(room)))
			return true;
	}
	return false;
}

void
log_capture(void (*sink)(struct str line, void *arg), void *arg)
{
	settings.sink = sink;
	settings.sink_arg = arg;
}

/*
 * Bytes of the UTF-8 character that a text begins with (RFC 3629 4); 0: it begins with none. This room knows
 * no other, so the grammar of codec/utf8.h is here in small.
 */
static size_t
character(struct str s, uint32_t *code_out)
{
	unsigned char first = s.n > 0 ? (unsigned char)s.p[0] : 0;
	size_t n = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code = n == 1 ? first : first & (0x7fu >> n);

	if (s.n < n || (first >= 0x80 && first < 0xc2) || first > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*code_out = code;
	return n;
}

/* Controls, and what ends lines or turns their direction for some who show them. */
static bool
is_control(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void
add_escape(struct buf *b, uint32_t code)
{
	const char bytes[2] = { (char)(code >> 8), (char)(code & 0xff) };

	buf_add(b, STR("\\u"));
	buf_add_hex(b, str_of(bytes, sizeof bytes));
}

/*
 * Quote a value. UTF-8 stays; both forms allow \" \\ and \uXXXX, which is for controls and for bytes that are
 * no UTF-8.
 */
static void
add_quoted(struct buf *b, struct str s)
{
	size_t n;

	buf_add_char(b, '"');
	for (s = str_head(s, LOG_FIELD_MAX); s.n > 0; s = str_from(s, n)) {
		uint32_t code = (unsigned char)s.p[0];
		bool is_character = (n = character(s, &code)) > 0;

		n = is_character ? n : 1;
		if (code == '"' || code == '\\')
			buf_add_char(b, '\\');
		if (is_character && !is_control(code))
			buf_add(b, str_head(s, n));
		else
			add_escape(b, code);
	}
	buf_add_char(b, '"');
}

static void
add_name(struct buf *b, const char *name)
{
	if (settings.is_json) {
		buf_add(b, STR(",\""));
		buf_add_c(b, name);
		buf_add(b, STR("\":"));
	} else {
		buf_add_char(b, ' ');
		buf_add_c(b, name);
		buf_add_char(b, '=');
	}
}

static void
add_text(struct buf *b, const char *name, struct str value)
{
	if (str_empty(value))
		return;
	add_name(b, name);
	add_quoted(b, value);
}

static void
add_field(struct buf *b, const struct log_field *f)
{
	add_name(b, f->name);
	if (f->type == LOG_TYPE_NUM)
		buf_add_i64(b, f->num);
	else
		add_quoted(b, f->text);
}

static void
add_context(struct buf *b, const struct log *log)
{
	if (log == NULL)
		return;
	if (log->session != 0) {
		add_name(b, "session");
		buf_add_u64(b, log->session);
	}
	add_text(b, "peer", log->peer);
	add_text(b, "user", log->user);
	add_text(b, "doing", str_c(log->doing));
}

static void
put_line(struct buf *b)
{
	struct str rest = buf_str(b);

	if (settings.sink) {
		settings.sink(rest, settings.sink_arg);
		return;
	}
	while (rest.n > 0) {
		ssize_t n = write(STDERR_FILENO, rest.p, rest.n);

		if (n <= 0)
			return; /* a log nobody can read must not stop the mail */
		rest = str_from(rest, (size_t)n);
	}
}

void
log_write(const struct log *log, enum log_level level, const char *event, ...)
{
	struct buf line;
	va_list fields;

	if (level > settings.level && level != LOG_LEVEL_DEBUG)
		return;
	buf_init(&line, LOG_LINE_MAX);
	if (settings.is_json) {
		buf_add(&line, STR("{\"level\":\""));
		buf_add_c(&line, log_level_names[level]);
		buf_add(&line, STR("\",\"event\":\""));
		buf_add_c(&line, event);
		buf_add_char(&line, '"');
	} else {
		buf_add_c(&line, prefixes[level]);
		buf_add_c(&line, event);
	}
	add_context(&line, log);
	va_start(fields, event);
	for (;;) {
		struct log_field f = va_arg(fields, struct log_field);
		size_t before = line.n;

		if (f.type == LOG_TYPE_END)
			break;
		add_field(&line, &f);
		if (!buf_ok(&line)) { /* a field that does not fit is left out whole */
			buf_truncate(&line, before);
			break;
		}
	}
	va_end(fields);
	line.overflow = false;
	line.max += 2;
	buf_add_c(&line, settings.is_json ? "}\n" : "\n");
	put_line(&line);
	buf_release(&line);
}

void
fail_log(const struct log *log, enum fail fail, const char *event, int error_number)
{
	log_warn(log, event, LOG_TEXT("fail", str_c(fail_names[fail])),
	    LOG_TEXT("error", str_c(strerror(error_number))));
}
