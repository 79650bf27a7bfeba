#include "dns/dns.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "sys/sys.h"

/* rooms */
#include "dns/lookup.h"
#include "dns/name.h"
#include "dns/resolv.h"
#include "dns/zone.h"

#define SCRATCH_BYTES    (512 * 1024) /* the names of the largest answer, written out */
#define TTL_MAX_S        86400        /* records are asked for anew every day */
#define TTL_NEGATIVE_S   900          /* "there is none" for a quarter of an hour at most */
#define CHECK_MS         10000        /* how often resolv.conf is looked at */
#define RESOLV_BYTES_MAX (64 * 1024)
/*
 * Bytes of one answer as it is kept, and of all that are. Names that are a few bytes of a packet, by compression, may be
 * a thousand here; honest answers are under 10 KB.
 */
#define ANSWER_BYTES_MAX (32 * 1024)
#define CACHE_BYTES_MAX  (16 * 1024 * 1024)
#define PATH_BYTES_MAX   4096 /* PATH_MAX */

static const struct log dns_log = { .room = "dns" };

/* --- servers -------------------------------------------------------------------------------- */

static void
read_resolv_conf(struct dns *d, const char *path)
{
	char text[RESOLV_BYTES_MAX];
	int fd = sys.open(path, O_RDONLY, 0);
	ssize_t n = fd < 0 ? -1 : sys.read(fd, text, sizeof text);

	if (fd >= 0)
		sys.close(fd);
	if (n < 0) {
		fail_because(&dns_log, FAIL_MISSING, "dns.resolv-conf", errno);
		return;
	}
	d->server_count = resolv_parse(str_of(text, (size_t)n), d->servers, DNS_SERVERS_MAX);
	d->server_first = 0;
}

/* Laptops and DHCP change the file while we run. */
static void
check_resolv_conf(struct dns *d)
{
	char path[PATH_BYTES_MAX];
	struct stat st;

	if (!str_empty(d->settings->servers) ||
	    (d->checked_ms != 0 && clock_mono_ms() - d->checked_ms < CHECK_MS))
		return;
	d->checked_ms = clock_mono_ms();
	snprintf(path, sizeof path, "%.*s", STR_ARG(d->settings->resolv_conf));
	if (sys.stat(path, &st) == 0 &&
	    (st.st_mtim.tv_sec != d->changed.tv_sec || st.st_mtim.tv_nsec != d->changed.tv_nsec)) {
		d->changed = st.st_mtim;
		read_resolv_conf(d, path);
	}
	if (d->server_count == 0) { /* resolv.conf(5): then it is this machine */
		d->servers[0].address = (struct net_address){ .family = NET_ADDRESS_IPV4,
			.bytes = { 127, 0, 0, 1 },
			.port = 53 };
		d->server_count = 1;
	}
}

enum fail
dns_init(struct dns *d, struct loop *loop, struct net *net, const struct dns_settings *settings,
    struct buf *why)
{
	struct str bad;

	*d = (struct dns){ .loop = loop, .net = net, .settings = settings };
	list_init(&d->recent);
	list_init(&d->lookups);
	arena_init(&d->scratch, SCRATCH_BYTES);
	if (servers_parse(settings->servers, d->servers, DNS_SERVERS_MAX, &d->server_count, &bad) ==
	    FAIL_NONE)
		return FAIL_NONE;
	buf_add_c(why, "[dns] servers: not an address, or one too many: ");
	buf_add(why, bad);
	buf_add_char(why, '\n');
	return FAIL_SYNTAX;
}

enum fail
dns_settings_check(const struct dns_settings *settings, struct buf *why)
{
	char path[PATH_BYTES_MAX];
	struct dns d;
	struct stat st;
	enum fail fail = dns_init(&d, NULL, NULL, settings, why);

	arena_release(&d.scratch);
	/* The default may be missing: the resolver is this machine then. */
	if (fail != FAIL_NONE || !str_empty(settings->servers) ||
	    str_eq(settings->resolv_conf, dns_settings_default.resolv_conf))
		return fail;
	snprintf(path, sizeof path, "%.*s", STR_ARG(settings->resolv_conf));
	if (sys.stat(path, &st) == 0)
		return FAIL_NONE;
	buf_add_c(why, "[dns] resolv-conf: ");
	buf_add(why, settings->resolv_conf);
	buf_add_c(why, ": ");
	buf_add_c(why, strerror(errno));
	buf_add_char(why, '\n');
	return FAIL_MISSING;
}

/* --- entries -------------------------------------------------------------------------------- */

static void
drop_entry(struct dns_entry *e)
{
	if (--e->holds > 0)
		return;
	invariant(e->lookup == NULL && list_empty(&e->waiting));
	mem_free(e->records);
	mem_free(e);
}

/* Out of the map; queries that hold it keep it. */
static void
forget(struct dns *d, struct dns_entry *e)
{
	if (!e->is_in_map)
		return;
	map_remove(&d->entries, &e->map);
	e->is_in_map = false;
	if (list_linked(&e->node)) {
		list_remove(&e->node);
		d->finished--;
		d->finished_bytes -= e->bytes;
	}
	drop_entry(e);
}

static struct dns_entry *
new_entry(struct dns *d, struct str key)
{
	struct dns_entry *e = mem_new(1, sizeof *e + key.n);

	memcpy(e + 1, key.p, key.n);
	e->key = str_of(e + 1, key.n);
	e->holds = 1;
	e->is_in_map = true;
	map_insert(&d->entries, &e->map, e->key);
	return e;
}

/* What an answer's records and their strings take. */
static size_t
answer_bytes(const struct dns_answer *answer)
{
	size_t n = answer->record_count * sizeof answer->records[0] + answer->canonical.n;

	for (size_t i = 0; i < answer->record_count; i++)
		n += answer->records[i].name.n + answer->records[i].bytes.n;
	return n;
}

static struct str
copy_string(struct str s, char **at)
{
	struct str copy = str_of(*at, s.n);

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

static void
keep_answer(struct dns_entry *e, const struct dns_answer *answer)
{
	size_t count = answer->record_count;
	char *at;

	e->bytes += answer_bytes(answer);
	e->records = mem_new(1, answer_bytes(answer));
	at = (char *)(e->records + count);
	e->record_count = count;
	e->canonical = copy_string(answer->canonical, &at);
	for (size_t i = 0; i < count; i++) {
		e->records[i] = answer->records[i];
		e->records[i].name = copy_string(answer->records[i].name, &at);
		e->records[i].bytes = copy_string(answer->records[i].bytes, &at);
	}
}

/* Tell one query what the entry knows. */
static void
give(struct dns_query *q, const struct dns_entry *e)
{
	q->records = e->records;
	q->record_count = e->record_count;
	q->canonical = e->canonical;
	q->ttl_s = e->ttl_s;
	q->is_secure = e->is_secure;
	q->is_name_missing = e->is_name_missing;
	op_finish(&q->op, e->fail);
}

void
entry_finish(struct dns *d, struct dns_entry *e, enum fail fail, const struct dns_answer *answer,
    bool is_secure)
{
	uint32_t most = fail == FAIL_NONE ? TTL_MAX_S : TTL_NEGATIVE_S;
	struct list_node *node;

	if (answer && answer_bytes(answer) > ANSWER_BYTES_MAX) {
		log_info(&dns_log, "dns.answer.large", LOG_TEXT("name", answer->canonical),
		    LOG_NUM("records", answer->record_count));
		fail = FAIL_TEMP;
		answer = NULL;
	}
	e->fail = fail;
	e->bytes = sizeof *e + e->key.n;
	if (answer) {
		e->ttl_s = answer->ttl_s < most ? answer->ttl_s : most;
		e->is_secure = is_secure;
		e->is_name_missing = answer->rcode == DNS_RCODE_NAME;
		keep_answer(e, answer);
	} else {
		d->counts.failed++;
	}
	e->expires_ms = clock_mono_ms() + (int64_t)e->ttl_s * 1000;
	e->holds++; /* while its queries are told */
	if (e->is_in_map) {
		list_append(&d->recent, &e->node);
		d->finished++;
		d->finished_bytes += e->bytes;
	}
	while ((node = list_pop(&e->waiting)) != NULL)
		give(container_of(node, struct dns_query, node), e);
	if (fail == FAIL_TEMP)
		forget(d, e);
	while ((int64_t)d->finished > d->settings->cache_entries ||
	    d->finished_bytes > CACHE_BYTES_MAX)
		forget(d, container_of(list_first(&d->recent), struct dns_entry, node));
	drop_entry(e);
}

/* The entry for a key: cached and young, or under way, or new. */
static struct dns_entry *
find_entry(struct dns *d, struct str key, const struct task *asker)
{
	struct map_node *node = map_find(&d->entries, key);
	struct dns_entry *e;

	if (node) {
		e = container_of(node, struct dns_entry, map);
		if (e->lookup)
			return e;
		if (clock_mono_ms() < e->expires_ms) {
			list_remove(&e->node);
			list_append(&d->recent, &e->node);
			d->counts.cached++;
			return e;
		}
		forget(d, e);
	}
	check_resolv_conf(d);
	e = new_entry(d, key);
	lookup_start(d, e, asker);
	return e;
}

/* --- queries -------------------------------------------------------------------------------- */

/* RFC 6761 6.3: localhost and what is under it are this machine, whatever a resolver says. */
static bool
answer_localhost(struct dns_query *q, struct str name, enum dns_type type)
{
	static const struct dns_record four = { .address = { .family = NET_ADDRESS_IPV4,
						    .bytes = { 127, 0, 0, 1 } } };
	static const struct dns_record six = { .address = { .family = NET_ADDRESS_IPV6,
						   .bytes = { [15] = 1 } } };

	if (!str_eq(name, STR("localhost")) && !str_ends(name, STR(".localhost")))
		return false;
	if (type == DNS_A || type == DNS_AAAA) {
		q->records = type == DNS_A ? &four : &six;
		q->record_count = 1;
	}
	q->canonical = STR("localhost");
	q->is_secure = true;
	op_finish(&q->op, q->record_count > 0 ? FAIL_NONE : FAIL_MISSING);
	return true;
}

void
dns_query_start(struct dns *d, struct dns_query *q, struct task *owner, struct str name,
    enum dns_type type)
{
	struct buf key;
	struct buf text;

	dns_query_release(q);
	op_begin(&q->op, owner);
	d->counts.asked++;
	buf_init(&text, DNS_NAME_MAX);
	buf_init(&key, DNS_NAME_MAX + 2);
	if (dns_name_parse(name, &text) != FAIL_NONE) {
		op_finish(&q->op, FAIL_SYNTAX);
	} else if (d->zone) {
		zone_answer(d->zone, q, buf_str(&text), type);
	} else if (!answer_localhost(q, buf_str(&text), type)) {
		buf_add_char(&key, (char)(type >> 8));
		buf_add_char(&key, (char)type);
		buf_add(&key, buf_str(&text));
		q->entry = find_entry(d, buf_str(&key), owner);
		q->entry->holds++;
		if (q->entry->lookup)
			list_append(&q->entry->waiting, &q->node);
		else
			give(q, q->entry);
	}
	buf_release(&text);
	buf_release(&key);
}

/* Nobody waits for it, and it was not its turn yet, or is not again. */
static void
drop_lookup(struct dns_entry *e)
{
	struct dns *d = e->lookup && list_empty(&e->waiting) ? lookup_waits_for(e->lookup) : NULL;

	if (d == NULL)
		return;
	lookup_free(e->lookup);
	forget(d, e);
}

/* A try that nobody waits for any more goes on: its answer is cached. */
void
dns_query_cancel(struct dns_query *q)
{
	list_remove(&q->node);
	if (q->entry) {
		drop_lookup(q->entry);
		drop_entry(q->entry);
	}
	*q = (struct dns_query){ 0 };
}

void
dns_query_release(struct dns_query *q)
{
	dns_query_cancel(q);
}

void
dns_release(struct dns *d)
{
	struct list_node *lookup;
	struct map_node *node;

	while ((lookup = list_first(&d->lookups)) != NULL)
		lookup_free(lookup_of(lookup));
	turns_release(&d->turns);
	while ((node = map_first(&d->entries)) != NULL)
		forget(d, container_of(node, struct dns_entry, map));
	map_release(&d->entries);
	arena_release(&d->scratch);
	zone_free(d->zone);
}
