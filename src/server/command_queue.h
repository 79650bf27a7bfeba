/*
 * command_queue.h - what the commands about the queue share (private to the room).
 */
#ifndef SERVER_COMMAND_QUEUE_H
#define SERVER_COMMAND_QUEUE_H

#include "codec/json_writer.h"
#include "server/command.h"

/* "next try in 5m", "next try now"; for 0 "held" */
void command_add_wait(struct buf *out, int64_t next_s);

/* A time as RFC 3339 has it; 0: null. */
void command_add_time(struct buf *out, int64_t time_s);
void command_json_time(struct json_writer *w, const char *name, int64_t time_s);

/* The number of a message, as the first argument; false: it is none, and that was said. */
bool command_take_id(struct command_run *r, uint64_t *id);

/* Try one message now, or say why that cannot be. Returns false. */
bool command_retry_one(struct command_run *r, uint64_t id);

#endif
