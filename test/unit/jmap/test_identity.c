/* Identities (RFC 8621 6): each row a request, and what must be answered; then a directory that changes its mind. */
#include "fixture.h"

/* rooms */
#include "directory/directory.h"

static const struct {
	const char *name, *calls, *want;
} rows[] = {
#include "methods_identity.rows"
};

static struct fixture f;
static struct buf got, want;

static void
check(const char *name, const char *calls, const char *wanted)
{
	TEST_ROW(name);
	fixture_run(&f, calls, &got);
	buf_clear(&want);
	unquote(&want, "{'methodResponses':");
	unquote(&want, wanted);
	unquote(&want, ",'sessionState':'x'}");
	CHECK_STR(buf_str(&got), buf_str(&want));
}

/* A creation whose property is this long. */
static void
check_long(const char *property, size_t n, const char *wanted)
{
	struct buf calls;

	buf_init(&calls, 1 << 20);
	buf_add_c(&calls,
	    "[['Identity/set',{'accountId':'a1','create':{'k':{'email':"
	    "'alice@example.test','");
	buf_add_c(&calls, property);
	buf_add_c(&calls, "':'");
	for (size_t i = 0; i < n; i++)
		buf_add_char(&calls, 'x');
	buf_add_c(&calls, "'}}},'c']]");
	TEST_ROW(property);
	fixture_run(&f, buf_c(&calls), &got);
	CHECK(str_find(buf_str(&got), str_c(wanted)) != STR_NONE);
	buf_release(&calls);
}

static void
check_limits(void)
{
	check_long("name", 1000, "\"notCreated\":null");
	check_long("name", 1001, "\"type\":\"tooLarge\"");
	check_long("textSignature", 24 * 1024, "\"notCreated\":null");
	check_long("textSignature", 24 * 1024 + 1, "\"type\":\"tooLarge\"");
	check_long("htmlSignature", 24 * 1024, "\"notCreated\":null");
	check_long("htmlSignature", 24 * 1024 + 1, "\"properties\":[\"htmlSignature\"]");
	for (unsigned i = 0; i < 600; i++)
		fixture_run(&f,
		    "[['Identity/set',{'accountId':'a1','create':{'k':{'email':'alice@example.test'}}},'c']]",
		    &got);
	TEST_ROW("too many");
	CHECK(str_find(buf_str(&got), STR("\"type\":\"overQuota\"")) != STR_NONE);
}

int
main(void)
{
	const struct str addresses[] = { STR_INIT("alice@example.test"),
		STR_INIT("Sales@example.test"), STR_INIT("new@example.test") };
	const struct str catch_all[] = { STR_INIT("alice@example.test"),
		STR_INIT("@example.test") };
	struct directory_account user = { .name = STR("alice@example.test"),
		.display_name = STR("Alice A."),
		.addresses = addresses,
		.address_count = 2 };

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:submission'";
	f.host.user = &user;
	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].name, rows[i].calls, rows[i].want);
	user.addresses = addresses + 1; /* one goes, one comes; what the user made of it stays */
	check("addresses change",
	    "[['Identity/changes',{'accountId':'a1','sinceState':'s13'},'c'],"
	    "['Identity/get',{'accountId':'a1','properties':['name','email']},'d']]",
	    "[['Identity/changes',{'accountId':'a1','oldState':'s13','newState':'s15',"
	    "'hasMoreChanges':false,'created':['i5'],'updated':[],'destroyed':['i1']},'c'],"
	    "['Identity/get',{'accountId':'a1','state':'s15','list':[{'id':'i2','name':'Alice A.',"
	    "'email':'Sales@example.test'},{'id':'i3','name':'A','email':'sales@example.test'},"
	    "{'id':'i5','name':'Alice A.','email':'new@example.test'}],'notFound':[]},'d']]");
	user.addresses = catch_all;
	user.address_count = 2;
	check("a catch-all",
	    "[['Identity/set',{'accountId':'a1','create':{'k':{'email':'*@example.test'},"
	    "'l':{'email':'*@other.test'}}},'c'],"
	    "['Identity/get',{'accountId':'a1','properties':['email','mayDelete']},'d']]",
	    "[['Identity/set',{'accountId':'a1','oldState':'s19','created':{'k':{'id':'i8','n"
	    "ame':'','email':'*@example.test','replyTo':null,'bcc':null,'textSignature':'','h"
	    "tmlSignature':'','mayDelete':true}},'updated':null,'destroyed':null,'notCreated'"
	    ":{'l':{'type':'forbiddenFrom','description':'This is no address of the user.'}},"
	    "'notUpdated':null,'notDestroyed':null,'newState':'s20'},'c'],['Identity/get',{'a"
	    "ccountId':'a1','state':'s20','list':[{'id':'i3','email':'sales@example.test','ma"
	    "yDelete':true},{'id':'i6','email':'alice@example.test','mayDelete':false},{'id':"
	    "'i7','email':'*@example.test','mayDelete':false},{'id':'i8','email':'*@example.t"
	    "est','mayDelete':true}],'notFound':[]},'d']]");
	check("and again", "[['Identity/changes',{'accountId':'a1','sinceState':'s19'},'c']]",
	    "[['Identity/changes',{'accountId':'a1','oldState':'s19','newState':'s20','hasMor"
	    "eChanges':false,'created':['i8'],'updated':[],'destroyed':[]},'c']]");
	user.addresses = addresses;
	check_limits();
	buf_release(&got);
	buf_release(&want);
	fixture_close(&f);
	return test_end();
}
