#include "lib/queue_stage.h"

/* system */
#include <dirent.h>
#include <stdio.h>

/* base */
#include "base/clock.h"

/* rooms */
#include "lib/fake_blobs.h"
#include "lib/fake_directory.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "mail/view.h"
#include "sys/sys.h"

#define TURNS_MAX 5000

struct stage stage;

/* --- the stage ------------------------------------------------------------------------------------------- */

void
stage_set_time(int64_t now_s)
{
	stage.now_s = now_s;
	clock_fake(1000 + now_s * 1000, (STAGE_WALL + now_s) * 1000);
}

void
stage_settle(void)
{
	unsigned idle = 0;

	for (unsigned i = 0; i < TURNS_MAX && idle < 20; i++) {
		loop_turn(&stage.loop, 0);
		idle = list_empty(&stage.loop.tasks.ready) ? idle + 1 : 0;
	}
}

void
stage_pass(int64_t seconds)
{
	stage_set_time(stage.now_s + seconds);
	stage_settle();
}

static void
open_queue(void)
{
	const struct queue_house house = { .loop = &stage.loop,
		.store = stage.store,
		.blobs = stage.blobs,
		.net = &stage.net,
		.mail = stage.mail,
		.settings = &stage.settings,
		.outbound = &stage.outbound,
		.routes = &stage.list,
		.own = { .hostname = STR("mx.example.test") } };

	CHECK(queue_open(&stage.queue, &house) == FAIL_NONE);
	CHECK(blob_recover(stage.blobs) == FAIL_NONE);
	queue_start(stage.queue);
}

static void
open_files(void)
{
	CHECK(store_open(&stage.store, &stage.loop, str_c(stage.path), NULL) == FAIL_NONE);
	CHECK(
	    blob_open(&stage.blobs, &stage.loop, stage.store, str_c(stage.blob_path)) == FAIL_NONE);
	fake_blobs_begin(stage.blobs, &stage.loop, 1);
	CHECK(mail_open(&stage.mail, &stage.loop, stage.store, stage.blobs) == FAIL_NONE);
}

static void
close_files(void)
{
	mail_close(&stage.mail);
	fake_blobs_end();
	blob_close(&stage.blobs);
	store_close(&stage.store);
}

void
stage_crash(void)
{
	queue_close(&stage.queue);
	store_rollback(stage.store);
	close_files();
	open_files();
	open_queue();
}

void
stage_add_route(const char *name, const char *domains, enum route_way way, uint16_t port)
{
	size_t n = stage.list.count++;

	stage.route_settings[n] = (struct route_settings){ .domains = str_c(domains),
		.way = (int)way,
		.host = way == ROUTE_RELAY || way == ROUTE_LMTP ? STR("127.0.0.1") : STR(""),
		.port = port,
		.fallback_after = 3 };
	stage.routes[n] = (struct queue_route){ str_c(name), &stage.route_settings[n] };
	stage.list.items = stage.routes;
}

void
stage_begin(const char *row)
{
	TEST_ROW(row);
	fake_directory_hold(false);
	stage.settings = queue_settings_default;
	stage.outbound = smtpc_settings_default;
	stage.list.count = 0;
	stage.stores++;
	snprintf(stage.path, sizeof stage.path, "%s/%u.db", test_folder(), stage.stores);
	snprintf(stage.blob_path, sizeof stage.blob_path, "%s/%u", test_folder(), stage.stores);
	stage_set_time(0);
	CHECK(loop_init(&stage.loop) == FAIL_NONE);
	open_files();
	net_init(&stage.net, &stage.loop, &net_settings_default);
	sink_start(&stage.sink, &stage.net);
	sink_start(&stage.other, &stage.net);
	stage.other.is_lmtp = true;
	stage_add_route("sink", "elsewhere.test", ROUTE_RELAY, stage.sink.listener.address.port);
	stage_add_route("lmtp", "lmtp.test", ROUTE_LMTP, stage.other.listener.address.port);
	stage_add_route("bin", "bin.test", ROUTE_DISCARD, 0);
	open_queue();
}

static size_t
entries_of(const char *sub)
{
	char path[400];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "%s/%%2fqueue/%s", stage.blob_path, sub);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

size_t
stage_files_left(void)
{
	return entries_of("cur") + entries_of("tmp");
}

void
stage_end(void)
{
	stage_settle();
	sys_fail_at(0, 0, false);
	sys_restore();
	queue_close(&stage.queue);
	sink_stop(&stage.sink);
	sink_stop(&stage.other);
	stage_settle();
	net_release(&stage.net);
	close_files();
	loop_release(&stage.loop);
}

/* --- adding ------------------------------------------------------------------------------------------------ */

const char stage_text[] = "Return-Path: <x>\r\nReceived: here\r\nFrom: Ann <ann@x.test>\r\n"
			  "Subject: Hello\r\nMessage-ID: <1@x.test>\r\n\r\n.dot\r\nbye\r\n";

struct stage_order
stage_order(const char *sender, const char *rcpt)
{
	return (struct stage_order){ .envelope = { .sender = str_c(sender) },
		.rcpts = { { .address = str_c(rcpt) } },
		.rcpt_count = 1,
		.is_remote = true,
		.text = stage_text };
}

void
stage_also(struct stage_order *o, const char *rcpt)
{
	o->rcpts[o->rcpt_count++] = (struct envelope_rcpt){ .address = str_c(rcpt) };
}

uint64_t
stage_add(const struct stage_order *o)
{
	struct blob_writer w = { .store = NULL };
	struct blob_name name;
	struct queue_new new = { .envelope = &o->envelope,
		.rcpts = o->rcpts,
		.rcpt_count = o->rcpt_count,
		.skip = sizeof "Return-Path: <x>\r\n" - 1,
		.helo = STR("client.test"),
		.log_id = STR("0123456789abcdef"),
		.is_remote = o->is_remote };
	uint64_t id = 0;

	CHECK(blob_write_start(stage.blobs, &w, STR(QUEUE_FOLDER)) == FAIL_NONE);
	CHECK(blob_write(&w, str_c(o->text)) == FAIL_NONE);
	CHECK(blob_write_finish(&w, &name) == FAIL_NONE);
	new.blob = blob_name_str(&name);
	CHECK(queue_add(stage.queue, &new, &id) == FAIL_NONE);
	return id;
}

uint64_t
stage_send_one(const char *sender, const char *rcpt)
{
	struct stage_order o = stage_order(sender, rcpt);
	uint64_t id = stage_add(&o);

	stage_settle();
	return id;
}

uint64_t
stage_send_here(const char *sender, const char *rcpt, unsigned notify)
{
	struct stage_order o = stage_order(sender, rcpt);
	uint64_t id;

	o.is_remote = false;
	o.rcpts[0].notify = notify;
	id = stage_add(&o);
	stage_settle();
	return id;
}

/* --- looking ------------------------------------------------------------------------------------------------- */

size_t
stage_inbox(const char *name, struct buf *newest)
{
	struct account *a;
	struct view *view;
	struct blob_map map;
	size_t count;

	if (account_find(stage.mail, str_c(name), &a) != FAIL_NONE)
		return 0;
	CHECK(view_open(a, mailbox_by_role(a, MAILBOX_ROLE_INBOX)->id, &view) == FAIL_NONE);
	count = view->count;
	if (count > 0 && newest &&
	    CHECK(fake_blobs_email_map(a, view->entries[count - 1].email_id, &map) == FAIL_NONE)) {
		buf_clear(newest);
		buf_add(newest, map.bytes);
		blob_unmap(&map);
	}
	view_close(&view);
	account_close(&a);
	return count;
}

size_t
stage_copies(const char *name)
{
	struct account *a;
	struct view *view;
	struct blob_map map;
	size_t count = 0;

	if (account_find(stage.mail, str_c(name), &a) != FAIL_NONE)
		return 0;
	CHECK(view_open(a, mailbox_by_role(a, MAILBOX_ROLE_INBOX)->id, &view) == FAIL_NONE);
	for (size_t i = 0; i < view->count; i++) {
		if (!CHECK(fake_blobs_email_map(a, view->entries[i].email_id, &map) == FAIL_NONE))
			continue;
		count += str_starts(map.bytes, str_c(stage_text));
		blob_unmap(&map);
	}
	view_close(&view);
	account_close(&a);
	return count;
}

bool
stage_inbox_has(const char *name, const char *text)
{
	struct buf newest;
	bool has_it;

	buf_init(&newest, 1 << 20);
	has_it =
	    stage_inbox(name, &newest) > 0 && str_find(buf_str(&newest), str_c(text)) != STR_NONE;
	if (!has_it)
		CHECK_STR(buf_str(&newest), str_c(text));
	buf_release(&newest);
	return has_it;
}

uint64_t
stage_left(void)
{
	return queue_counts(stage.queue).messages;
}

struct queue_rcpt
stage_look(uint64_t id, size_t at)
{
	static struct arena arena;
	struct queue_entry e;

	arena_release(&arena);
	arena_init(&arena, 1 << 20);
	if (!CHECK(queue_entry_get(stage.queue, id, &arena, &e) == FAIL_NONE) ||
	    !CHECK(at < e.rcpt_count))
		return (struct queue_rcpt){ .n = 99 };
	return e.rcpts[at];
}
