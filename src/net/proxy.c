#include "net/proxy.h"

/* system */
#include <string.h>

/* base */
#include "base/num.h"

#define SIGNATURE     STR("\r\n\r\n\0\r\nQUIT\n")
#define HEAD_BYTES    16 /* signature, version and command, family and transport, length */
#define VERSION       2
#define BLOCK_V4      (2 * 4 + 2 * 2) /* bytes of both addresses, then of both ports */
#define BLOCK_V6      (2 * 16 + 2 * 2)
#define BLOCK_UNIX    (2 * 108)
#define COMMAND_LOCAL 0
#define COMMAND_PROXY 1

enum { FAMILY_UNSPEC, FAMILY_V4, FAMILY_V6, FAMILY_UNIX, FAMILY_COUNT };
enum { TRANSPORT_UNSPEC, TRANSPORT_STREAM, TRANSPORT_DATAGRAM, TRANSPORT_COUNT };

/* Is s the beginning of `word`, or the other way round? */
static bool
may_start(struct str s, struct str word)
{
	size_t n = size_min(s.n, word.n);

	return str_eq(str_head(s, n), str_head(word, n));
}

/* --- version 1 (2.1) ------------------------------------------------------------------------ */

/* A port without leading zeros. */
static bool
take_port(struct str *cur, uint16_t *out)
{
	struct str digits = *cur;
	uint32_t port;

	if (!str_u32(cur, UINT16_MAX, &port) || (digits.p[0] == '0' && digits.n - cur->n > 1))
		return false;
	*out = (uint16_t)port;
	return true;
}

/* address SP, in the writing of its family; an IPv4 address may hide in an IPv6 one. */
static bool
take_address(struct str *cur, bool is_six, struct net_address *out)
{
	struct str text;

	return str_take_until(cur, ' ', &text) && net_address_parse(text, out) == FAIL_NONE &&
	    (str_find_char(text, ':') != STR_NONE) == is_six;
}

/* source SP destination SP source-port SP destination-port */
static bool
parse_tcp(struct str rest, bool is_six, struct proxy_header *out)
{
	out->is_relayed = true;
	return take_address(&rest, is_six, &out->from) && take_address(&rest, is_six, &out->to) &&
	    take_port(&rest, &out->from.port) && str_skip_char(&rest, ' ') &&
	    take_port(&rest, &out->to.port) && rest.n == 0;
}

/* "PROXY" SP ("UNKNOWN" *any / "TCP4" .. / "TCP6" ..) CRLF; `line` without its CRLF */
static bool
parse_line(struct str line, struct proxy_header *out)
{
	if (!str_skip(&line, STR("PROXY ")) || str_find_char(line, '\r') != STR_NONE)
		return false;
	if (str_skip(&line, STR("UNKNOWN")))
		return line.n == 0 || line.p[0] == ' ';
	if (str_skip(&line, STR("TCP4 ")))
		return parse_tcp(line, false, out);
	return str_skip(&line, STR("TCP6 ")) && parse_tcp(line, true, out);
}

static enum proxy
parse_v1(struct str bytes, struct proxy_header *out)
{
	struct str most = str_head(bytes, PROXY_LINE_MAX);
	size_t at = str_find_char(most, '\n');

	if (at == STR_NONE)
		return most.n < PROXY_LINE_MAX ? PROXY_MORE : PROXY_BAD;
	if (at == 0 || most.p[at - 1] != '\r' || !parse_line(str_head(most, at - 1), out))
		return PROXY_BAD;
	out->n = at + 1;
	return PROXY_DONE;
}

/* --- version 2 (2.2) ------------------------------------------------------------------------ */

static unsigned
byte_of(struct str s, size_t at)
{
	return (unsigned char)s.p[at];
}

static uint16_t
u16_of(struct str s, size_t at)
{
	return (uint16_t)(byte_of(s, at) << 8 | byte_of(s, at + 1));
}

/* An address of `n` bytes; its port stands elsewhere. */
static struct net_address
address_of(enum net_address_family family, const char *p, size_t n, uint16_t port)
{
	struct net_address a = { .family = (uint8_t)family, .port = port };

	memcpy(a.bytes, p, n);
	net_address_unmap(&a);
	return a;
}

/* Both addresses, then both ports. */
static void
take_inet(struct str block, enum net_address_family family, size_t n, struct proxy_header *out)
{
	out->from = address_of(family, block.p, n, u16_of(block, 2 * n));
	out->to = address_of(family, block.p + n, n, u16_of(block, 2 * n + 2));
	out->is_relayed = true;
}

/* The addresses of a stream; false when the block is too short for its family. */
static bool
take_block(struct str block, unsigned family, struct proxy_header *out)
{
	switch (family) {
	case FAMILY_V4:
		if (block.n < BLOCK_V4)
			return false;
		take_inet(block, NET_ADDRESS_IPV4, 4, out);
		break;
	case FAMILY_V6:
		if (block.n < BLOCK_V6)
			return false;
		take_inet(block, NET_ADDRESS_IPV6, 16, out);
		break;
	case FAMILY_UNIX: /* paths tell us nothing: it is a program on the proxy's host */
		if (block.n < BLOCK_UNIX)
			return false;
		out->from.family = out->to.family = NET_ADDRESS_UNIX;
		out->is_relayed = true;
		break;
	}
	return true;
}

/* The first HEAD_BYTES: values that are not assigned must be refused. */
static bool
is_head(struct str head)
{
	unsigned version = byte_of(head, 12) >> 4, command = byte_of(head, 12) & 15;
	unsigned family = byte_of(head, 13) >> 4, transport = byte_of(head, 13) & 15;

	if (version != VERSION || HEAD_BYTES + u16_of(head, 14) > PROXY_HEADER_MAX)
		return false;
	/* of LOCAL the family is ignored, whatever it is */
	return command == COMMAND_LOCAL ||
	    (command == COMMAND_PROXY && family < FAMILY_COUNT && transport < TRANSPORT_COUNT);
}

static enum proxy
parse_v2(struct str bytes, struct proxy_header *out)
{
	size_t n;
	bool is_stream;

	if (bytes.n < HEAD_BYTES)
		return PROXY_MORE;
	if (!is_head(bytes))
		return PROXY_BAD;
	n = HEAD_BYTES + (size_t)u16_of(bytes, 14);
	if (bytes.n < n)
		return PROXY_MORE;
	is_stream = (byte_of(bytes, 12) & 15) == COMMAND_PROXY &&
	    (byte_of(bytes, 13) & 15) == TRANSPORT_STREAM;
	if (is_stream &&
	    !take_block(str_slice(bytes, HEAD_BYTES, n - HEAD_BYTES), byte_of(bytes, 13) >> 4, out))
		return PROXY_BAD;
	out->n = n;
	return PROXY_DONE;
}

enum proxy
proxy_parse(struct str bytes, struct proxy_header *out)
{
	*out = (struct proxy_header){ 0 };
	if (may_start(bytes, SIGNATURE))
		return parse_v2(bytes, out);
	return may_start(bytes, STR("PROXY ")) ? parse_v1(bytes, out) : PROXY_BAD;
}
