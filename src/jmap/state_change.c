#include "jmap/state_change.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/args.h"

static const struct {
	struct str name;
	unsigned mail_bit;
	enum change_type state;
} types[] = {
	{ STR_INIT("Email"), MAIL_CHANGED_EMAILS, CHANGE_EMAIL },
	{ STR_INIT("Mailbox"), MAIL_CHANGED_MAILBOXES, CHANGE_MAILBOX },
	{ STR_INIT("Thread"), MAIL_CHANGED_THREADS, CHANGE_THREAD },
	{ STR_INIT("EmailDelivery"), MAIL_ARRIVED, CHANGE_EMAIL }, /* RFC 8621 1.5 */
	{ STR_INIT("Identity"), MAIL_CHANGED_IDENTITIES, CHANGE_IDENTITY },
	{ STR_INIT("EmailSubmission"), MAIL_CHANGED_SUBMISSIONS, CHANGE_SUBMISSION },
	{ STR_INIT("VacationResponse"), MAIL_CHANGED_VACATION, CHANGE_VACATION },
};

unsigned
state_type(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i].name, name))
			return 1u << i;
	return 0;
}

unsigned
state_types_by(unsigned mail_bits)
{
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].mail_bit & mail_bits)
			set |= 1u << i;
	return set;
}

unsigned
state_types_after(const struct account *a, uint64_t modseq)
{
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (change_state(a, types[i].state) > modseq)
			set |= 1u << i;
	return set;
}

unsigned
state_types_since(const struct account *a, struct str push_state)
{
	uint64_t since;

	if (!id_parse(push_state, ID_STATE, &since) || since > a->modseq)
		since = 0;
	return state_types_after(a, since);
}

void
state_change_write(struct json_writer *w, const struct account *a, unsigned set,
    bool has_push_state)
{
	struct id_text id = id_text(ID_ACCOUNT, a->id);

	json_object_begin(w);
	json_name_string(w, STR("@type"), STR("StateChange"));
	json_name(w, STR("changed"));
	json_object_begin(w);
	json_name(w, id_str(&id));
	json_object_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (set & 1u << i)
			jmap_write_state(w, types[i].name, change_state(a, types[i].state));
	json_object_end(w);
	json_object_end(w);
	if (has_push_state)
		jmap_write_state(w, STR("pushState"), a->modseq);
	json_object_end(w);
}
