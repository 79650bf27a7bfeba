/* A whole logged-in session on arbitrary bytes: it never breaks its facts, and ends with the peer. */
#include "imap/imap.h"

/* system */
#include <stdio.h>
#include <stdlib.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "directory/directory.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "net/memory.h"
#include "store/store.h"
#include "sys/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stage {
	struct loop loop;
	struct net net;
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct imap_service service;
	struct imap_settings rules;
	struct imap_listener settings;
	struct listener listener;
	bool is_open;
} stage;

/* Everybody is alice. */
void
directory_login_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str secret)
{
	(void)d;
	(void)name;
	(void)secret;
	op_begin(&q->op, owner);
	q->account =
	    (struct directory_account){ .name = STR("alice@example.test"), .is_enabled = true };
	op_finish(&q->op, FAIL_NONE);
}

void
directory_scram_start(struct directory *d, struct directory_query *q, struct task *owner,
    enum hash hash, struct str name)
{
	(void)d;
	(void)hash;
	(void)name;
	op_begin(&q->op, owner);
	op_finish(&q->op, FAIL_TEMP);
}

void
directory_account_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	directory_login_start(d, q, owner, name, name);
}

void
directory_query_cancel(struct directory_query *q)
{
	op_drop(&q->op);
}

void
directory_query_release(struct directory_query *q)
{
	op_drop(&q->op);
}

static void
put_message(void)
{
	static const struct str text = STR_INIT("From: a@b\r\nSubject: x\r\nContent-Type: "
						"multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none"
						"\r\n--b\r\n\r\ntwo\r\n--b--\r\n");
	struct account *account;
	struct email_added added;
	uint32_t inbox;

	invariant(account_open(stage.mail, STR("alice@example.test"), NULL, &account) == FAIL_NONE);
	inbox = mailbox_by_role(account, MAILBOX_ROLE_INBOX)->id;
	struct email_new new = { .bytes = text, .mailboxes = &inbox, .mailbox_count = 1 };
	invariant(email_add_bytes(account, &new, &added) == FAIL_NONE);
	account_close(&account);
}

static int
no_sync(int fd)
{
	(void)fd;
	return 0;
}

static void
close_stage(void)
{
	net_release(&stage.net);
	mail_close(&stage.mail);
	blob_close(&stage.blobs);
	store_close(&stage.store);
	loop_release(&stage.loop);
	(void)test_end();
}

/* Once; what one input does to the mail, the next one finds. */
static void
open_stage(void)
{
	const char *folder = test_folder();
	char path[300];

	sys.fsync = sys.fdatasync = sys.syncfs = no_sync;
	invariant(atexit(close_stage) == 0);
	log_set_level(LOG_LEVEL_ERROR);
	clock_fake(1000, 1000000);
	snprintf(path, sizeof(path), "%s/store.db", folder);
	invariant(loop_init(&stage.loop) == FAIL_NONE);
	invariant(store_open(&stage.store, &stage.loop, str_c(path), NULL) == FAIL_NONE);
	invariant(blob_open(&stage.blobs, &stage.loop, stage.store, str_c(folder)) == FAIL_NONE);
	invariant(mail_open(&stage.mail, &stage.loop, stage.store, stage.blobs) == FAIL_NONE);
	net_init(&stage.net, &stage.loop, &net_settings_default);
	imap_service_init(&stage.service);
	stage.service.loop = &stage.loop;
	stage.service.mail = stage.mail;
	stage.rules = imap_settings_default;
	stage.rules.message_limit = 3; /* so few that inputs pass it */
	stage.service.settings = &stage.rules;
	stage.settings.has_plaintext_login = true;
	stage.listener =
	    (struct listener){ .service = &stage.service.service, .settings = &stage.settings };
	stage.is_open = true;
}

static void
turns(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		loop_turn(&stage.loop, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conn *c;

	if (!stage.is_open)
		open_stage();
	put_message();
	c = conn_memory(&stage.net, &stage.listener, STR("127.0.0.1"));
	stage.service.service.accept(&stage.service.service, &stage.listener, c);
	conn_memory_feed(c, STR("a LOGIN alice x\r\nb SELECT INBOX\r\n"));
	conn_memory_feed(c, str_of(data, size));
	conn_memory_end(c);
	for (unsigned i = 0; i < 1000 && !list_empty(&stage.service.sessions); i++)
		turns(1);
	invariant(list_empty(&stage.service.sessions));
	turns(2);
	return 0;
}
