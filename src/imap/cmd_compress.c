#include "imap/command.h"

/* rooms */
#include "net/compress.h"

/*
 * "COMPRESS" SP "DEFLATE" (RFC 4978 3): the OK leaves as it is, compressed is what follows. A client that did not wait
 * for it sends what cannot be told apart.
 */
enum imap_state
imap_cmd_compress(struct imap_session *s, struct imap_cursor *args)
{
	struct buf *out;

	if (!imap_keyword(args, STR("DEFLATE")) || !imap_at_end(args))
		return imap_wrong(s, args);
	if (conn_is_compressed(s->conn))
		return imap_no(s, "COMPRESSIONACTIVE", "DEFLATE is active already");
	out = conn_out(s->conn);
	buf_add(out, s->run.tag);
	buf_add_c(out, " OK Compression is active\r\n");
	if (conn_compress(s->conn) != FAIL_NONE) {
		s->is_told = true;
		return imap_bye(s, "Commands behind COMPRESS");
	}
	s->errors = 0;
	return imap_command_end(s);
}
