/* PushSubscription/get and /set, without anybody who pushes: ids are random, so requests name them by P and Q. */
#include "fixture.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "jmap/push.h"
#include "mail/id.h"
#include "mail/push.h"

static struct fixture f;
static struct buf answer;

#define POINT \
	"'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'"
#define AUTH "'BTBZMqHH6r4Tts7J_aSIgg'"
#define SET  "[['PushSubscription/set',"
#define GET  "[['PushSubscription/get',"
#define WEEK "'2023-11-21T22:13:20Z'" /* from the fake clock's now */

/* The subscriptions there are, by age: P is the first that was made, Q the second; C and D their codes. */
static uint64_t ids[2];

static void
find_ids(void)
{
	struct push_subscription room[PUSH_MAX];
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	CHECK_NUM(push_list(f.account, &arena, room, &count), FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		if (ids[0] == 0)
			ids[0] = room[i].id;
		else if (ids[1] == 0 && room[i].id != ids[0])
			ids[1] = room[i].id;
	}
	arena_release(&arena);
}

static void
add_code(struct buf *out, uint64_t id)
{
	struct push_subscription s;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	CHECK_NUM(push_get(f.account, id, &arena, &s), FAIL_NONE);
	CHECK_NUM(s.code.n, PUSH_CODE_CHARS);
	buf_add(out, s.code);
	arena_release(&arena);
}

/* @P, @Q, @C, @D are written out. */
static const char *
fill_in(struct buf *out, const char *text)
{
	buf_clear(out);
	for (; *text; text++) {
		if (*text != '@') {
			buf_add_char(out, *text);
			continue;
		}
		text++;
		if (*text == 'P' || *text == 'Q')
			id_write(out, ID_PUSH, ids[*text == 'Q']);
		else
			add_code(out, ids[*text == 'D']);
	}
	return buf_c(out);
}

static const struct {
	const char *name, *calls, *want;
} rows[] = {
	{ "none", GET "{},'c']]", GET "{'list':[],'notFound':[]},'c']]" },
	{ "none of these", GET "{'ids':['p1','x','m1']},'c']]",
	    GET "{'list':[],'notFound':['p1','x','m1']},'c']]" },
	{ "url asked for", GET "{'properties':['id','url']},'c']]",
	    "[['error',{'type':'forbidden','description':'url and keys are never returned.'},'c']]" },
	{ "keys asked for", GET "{'ids':[],'properties':['keys']},'c']]",
	    "[['error',{'type':'forbidden','description':'url and keys are never returned.'},'c']]" },
	{ "unknown property", GET "{'properties':['color']},'c']]",
	    "[['error',{'type':'invalidArguments','description':'There is no such property.'},'c']]" },
	{ "nothing set", SET "{},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':null,"
	    "'notDestroyed':null},'c']]" },
	{ "create",
	    SET "{'create':{'k':{'deviceClientId':'phone','url':'https://push.test/x'}}},'c']]",
	    SET "{'created':{'k':{'id':'@P','keys':null,'expires':" WEEK ",'types':null}},"
		"'updated':null,'destroyed':null,'notCreated':null,'notUpdated':null,"
		"'notDestroyed':null},'c']]" },
	{ "get", GET "{'ids':null},'c']]",
	    GET
	    "{'list':[{'id':'@P','deviceClientId':'phone','verificationCode':null,'expires':" WEEK
	    ",'types':null}],'notFound':[]},'c']]" },
	{ "get by id", GET "{'ids':['@P','@P'],'properties':['deviceClientId']},'c']]",
	    GET "{'list':[{'id':'@P','deviceClientId':'phone'}],'notFound':[]},'c']]" },
	{ "create with everything",
	    SET
	    "{'create':{'l':{'deviceClientId':'tablet','url':'https://push.test:8443/y?z','keys':"
	    "{'p256dh':" POINT ",'auth':" AUTH "},'verificationCode':null,"
	    "'expires':'2023-11-20T00:00:00Z','types':['Email','Todo']}}},'c']]",
	    SET "{'created':{'l':{'id':'@Q'}},'updated':null,'destroyed':null,'notCreated':null,"
		"'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "get what was given", GET "{'ids':['@Q']},'c']]",
	    GET
	    "{'list':[{'id':'@Q','deviceClientId':'tablet','verificationCode':null,"
	    "'expires':'2023-11-20T00:00:00Z','types':['Email','Todo']}],'notFound':[]},'c']]" },
	{ "later than a week", SET "{'update':{'@Q':{'expires':'2024-01-01T00:00:00Z'}}},'c']]",
	    SET "{'created':null,'updated':{'@Q':{'expires':" WEEK "}},'destroyed':null,"
		"'notCreated':null,'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "shorter", SET "{'update':{'@Q':{'expires':'2023-11-15T00:00:00Z','types':null}}},'c']]",
	    SET "{'created':null,'updated':{'@Q':null},'destroyed':null,"
		"'notCreated':null,'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "in the past", SET "{'update':{'@Q':{'expires':'2023-11-14T22:13:20Z'}}},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':{'@Q':"
	    "{'type':'invalidProperties','description':'expires is no UTCDate to come.',"
	    "'properties':['expires']}},'notDestroyed':null},'c']]" },
	{ "another's code", SET "{'update':{'@P':{'verificationCode':'@D'}}},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':{'@P':"
	    "{'type':'invalidProperties','description':'This is not the code.',"
	    "'properties':['verificationCode']}},'notDestroyed':null},'c']]" },
	{ "no code yet, said again",
	    SET "{'update':{'@P':{'deviceClientId':'phone','verificationCode':null}}},'c']]",
	    SET "{'created':null,'updated':{'@P':null},'destroyed':null,'notCreated':null,"
		"'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "the code", SET "{'update':{'@P':{'verificationCode':'@C'}}},'c']]",
	    SET "{'created':null,'updated':{'@P':null},'destroyed':null,'notCreated':null,"
		"'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "a code is not taken back", SET "{'update':{'@P':{'verificationCode':null}}},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,"
	    "'notUpdated':{'@P':{'type':'invalidProperties','description':'This is not the code.',"
	    "'properties':['verificationCode']}},'notDestroyed':null},'c']]" },
	{ "the code is shown", GET "{'properties':['verificationCode'],'ids':['@P','@Q']},'c']]",
	    GET "{'list':[{'id':'@P','verificationCode':'@C'},{'id':'@Q','verificationCode':null}],"
		"'notFound':[]},'c']]" },
	{ "immutable, the same", SET "{'update':{'@P':{'id':'@P','deviceClientId':'phone'}}},'c']]",
	    SET "{'created':null,'updated':{'@P':null},'destroyed':null,'notCreated':null,"
		"'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "immutable",
	    SET "{'update':{'@P':{'url':'https://push.test/x'},'@Q':{'keys':null}}},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':{'@P':"
	    "{'type':'invalidProperties','description':'This cannot be changed.','properties':['url']},"
	    "'@Q':{'type':'invalidProperties','description':'This cannot be changed.',"
	    "'properties':['keys']}},'notDestroyed':null},'c']]" },
	{ "another device", SET "{'update':{'@P':{'deviceClientId':'x'},'@Q':{'id':'@P'}}},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':{'@P':"
	    "{'type':'invalidProperties','description':'This cannot be changed.',"
	    "'properties':['deviceClientId']},'@Q':{'type':'invalidProperties',"
	    "'description':'This cannot be changed.','properties':['id']}},'notDestroyed':null},'c']]" },
	{ "below a property", SET "{'update':{'@P':{'types/0':'Email'}}},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':{'@P':"
	    "{'type':'invalidPatch','description':'There is nothing below this property.'}},"
	    "'notDestroyed':null},'c']]" },
	{ "states are not compared",
	    SET "{'ifInState':'x','update':{'p1':{}},'destroy':['p1','x']},'c']]",
	    SET
	    "{'created':null,'updated':null,'destroyed':null,'notCreated':null,'notUpdated':{'p1':"
	    "{'type':'notFound'}},'notDestroyed':{'p1':{'type':'notFound'},'x':{'type':'notFound'}}},"
	    "'c']]" },
	{ "http", SET "{'create':{'k':{'deviceClientId':'d','url':'http://push.test/'}}},'c']]",
	    SET "{'created':null,'updated':null,'destroyed':null,'notCreated':{'k':{"
		"'type':'invalidProperties','description':'url is no absolute https URL.',"
		"'properties':['url']}},'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "created and changed in one request",
	    SET
	    "{'create':{'k':{'deviceClientId':'d','url':'https://push.test/','types':[]}}},'c'],"
	    "['PushSubscription/set',{'destroy':['#k']},'d'],['PushSubscription/get',{'ids':['#k']},'e']]",
	    NULL },
	{ "destroy", SET "{'destroy':['@Q']},'c']]",
	    SET "{'created':null,'updated':null,'destroyed':['@Q'],'notCreated':null,"
		"'notUpdated':null,'notDestroyed':null},'c']]" },
	{ "one is left", GET "{'properties':['id']},'c']]",
	    GET "{'list':[{'id':'@P'}],'notFound':[]},'c']]" },
};

static void
test_rows(void)
{
	struct buf calls, filled, want;

	buf_init(&calls, 1 << 16);
	buf_init(&filled, 1 << 16);
	buf_init(&want, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		fixture_run(&f, fill_in(&calls, rows[i].calls), &answer);
		find_ids();
		buf_clear(&want);
		if (!rows[i].want) {
			CHECK(str_find(buf_str(&answer), STR("\"destroyed\":[\"p")) != STR_NONE);
			CHECK(str_find(buf_str(&answer),
				  STR("\"list\":[],\"notFound\":[\"#k\"]")) != STR_NONE);
			continue;
		}
		unquote(&want, "{'methodResponses':");
		unquote(&want, fill_in(&filled, rows[i].want));
		unquote(&want, ",'sessionState':'x'}");
		CHECK_STR(buf_str(&answer), buf_str(&want));
	}
	buf_release(&calls);
	buf_release(&filled);
	buf_release(&want);
}

/* A subscription whose time is over is not there, though nobody removed it yet. */
static void
test_over(void)
{
	struct buf calls;

	TEST_ROW("past its time");
	buf_init(&calls, 4096);
	clock_fake(2000000, 1700000000000 + 1000ll * PUSH_LIFE_S);
	fixture_run(&f, GET "{},'c']]", &answer);
	CHECK(str_find(buf_str(&answer), STR("\"list\":[],")) != STR_NONE);
	fixture_run(&f, fill_in(&calls, GET "{'ids':['@P']},'c']]"), &answer);
	CHECK(str_find(buf_str(&answer), STR("\"list\":[],\"notFound\":[\"p")) != STR_NONE);
	fixture_run(&f, fill_in(&calls, SET "{'update':{'@P':{'expires':null}}},'c']]"), &answer);
	CHECK(str_find(buf_str(&answer), STR("{\"type\":\"notFound\"}")) != STR_NONE);
	buf_release(&calls);
}

int
main(void)
{
	clock_fake(1000000, 1700000000000);
	buf_init(&answer, 1 << 20);
	fixture_open(&f);
	test_rows();
	test_over();
	fixture_close(&f);
	buf_release(&answer);
	return test_end();
}
