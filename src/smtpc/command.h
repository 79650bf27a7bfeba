/*
 * command.h - what is said of an envelope: MAIL and RCPT with their parameters (RFC 5321 4.1.1.2, .3).
 *
 * Which parameters go out is decided by what the host offers and the envelope wants. Addresses were
 * checked by command_address() before: nothing with a line end in it gets here. Pure.
 */
#ifndef SMTPC_COMMAND_H
#define SMTPC_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "envelope/envelope.h"
#include "smtpc/smtpc.h"

enum command_address {
	COMMAND_ADDRESS_ASCII,
	COMMAND_ADDRESS_FOLDS, /* UTF-8 in the domain only, which has an ASCII form (RFC 5890) */
	COMMAND_ADDRESS_UTF8,  /* SMTPUTF8 or not at all */
	COMMAND_ADDRESS_BAD,   /* not an address: cannot be said */
};

/* Of which kind an address is; the empty one (the null path) is ASCII. */
enum command_address command_address(struct str address);

struct command_mail {
	bool is_utf8; /* say SMTPUTF8, and addresses as they are */
	enum envelope_body body;
	uint64_t size; /* bytes; 0: not known */
	int64_t now_s;
};

/* Seconds that are left of DELIVERBY, within what BY= can say (RFC 2852 4). */
int64_t command_by_left(const struct envelope *e, int64_t now_s);

/* Append the line with its CRLF; `has` are SMTPC_HAS_ bits. */
void command_mail_write(struct buf *out, const struct envelope *e, const struct command_mail *mail,
    unsigned has);
void command_rcpt_write(struct buf *out, const struct envelope_rcpt *rcpt, bool is_utf8,
    unsigned has);

#endif
