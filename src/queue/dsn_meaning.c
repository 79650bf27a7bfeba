/* What a status means, in words for people. */
#include "queue/dsn_inner.h"

/* base */
#include "base/mem.h"

/*
 * RFC 3463 3 and the registry that it began (RFC 5248), by subject and detail: what is the matter, and what the
 * sender can do. A detail that is not here means what detail 0 of its subject does, a subject that is not
 * here what 0.0 does. The class says only whether trying again was worth while, which is told elsewhere.
 */
static const struct dsn_meaning meanings[] = {
	{ 0, 0, "The other mail system gave no reason that has a name.",
	    "Read what it said, if it said something. If that is no help, ask the person by other means "
	    "whether there is a better address." },

	{ 1, 0, "Something is wrong with the address.",
	    "Check the address for typing errors and ask the person for the right one by other means." },
	{ 1, 1, "There is no such mailbox.",
	    "Check what stands before the \"@\" for typing errors. If it is right, the mailbox is gone: ask "
	    "the person for a new address by other means." },
	{ 1, 2, "There is no such domain, or it has no mail system.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, ask the person for "
	    "another address by other means." },
	{ 1, 3, "The address is not written as addresses are.",
	    "Check it for blanks, commas, missing dots and missing parts, and send the message again." },
	{ 1, 4, "The address fits more than one mailbox.",
	    "Ask the person for an address that is theirs alone." },
	{ 1, 5, "The address is fine.", "Nothing needs to be done." },
	{ 1, 6, "The mailbox has moved, and nobody left a new address.",
	    "Ask the person for the new address by other means." },
	{ 1, 7, "Your own address, as the sender's, is not written as addresses are.",
	    "Check your address in the settings of your mail program, and send the message again." },
	{ 1, 8,
	    "The domain of your own address does not exist or takes no mail, so the other system does "
	    "not take mail from it.",
	    "Check your address in the settings of your mail program. If it is right, show this message "
	    "to your postmaster: the domain's entries in the DNS need care." },
	{ 1, 9, "The message was handed to a mail system that does not say what becomes of it.",
	    "Ask the person whether it arrived, if that matters." },
	{ 1, 10, "The domain has announced that it takes no mail at all.",
	    "Check what stands behind the \"@\" for typing errors, or ask the person for another address "
	    "by other means." },

	{ 2, 0, "Something is wrong with the mailbox.",
	    "Tell the person by other means; only they or their postmaster can mend it." },
	{ 2, 1, "The mailbox takes no mail at present.",
	    "Tell the person by other means; the mailbox may have been closed or be out of use for a "
	    "while." },
	{ 2, 2, "The mailbox is full.",
	    "Tell the person by other means, and send the message again when there is room." },
	{ 2, 3, "The message is larger than the mailbox allows.",
	    "Leave out attachments, make them smaller, or put them somewhere and send a link." },
	{ 2, 4, "The address belongs to a list, and the list does not work.",
	    "Tell the owner of the list." },

	{ 3, 0, "Something is wrong with the other mail system.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 3, 1, "The other mail system has no room left.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 3, 2, "The other mail system takes no mail, at present or at all.",
	    "Check what stands behind the \"@\" for typing errors, and send the message again later." },
	{ 3, 3, "The other mail system cannot do what this message needs.",
	    "Send it in a plainer form: as simple text, or without special requests." },
	{ 3, 4, "The message is larger than the other mail system allows.",
	    "Leave out attachments, make them smaller, or put them somewhere and send a link." },
	{ 3, 5, "A mail system on the way is set up wrongly.",
	    "Show this message to your postmaster, who can tell whose system it is." },

	{ 4, 0, "The way to the other mail system did not work.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 4, 1, "The other mail system did not answer.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, send the message again "
	    "later: their system or the network may be down." },
	{ 4, 2, "The connection to the other mail system broke.",
	    "Send the message again later. If it comes back again, tell the person by other means." },
	{ 4, 3, "The directory that knows the way to the domain did not answer.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, send the message again "
	    "later: their DNS may be down." },
	{ 4, 4, "No way to the domain was found.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, tell the person by "
	    "other means: their domain's entries in the DNS need care." },
	{ 4, 5, "The mail systems on the way had too much to do.",
	    "Send the message again later." },
	{ 4, 6, "The message went round in circles between mail systems.",
	    "Tell the person by other means: some forwarding leads back to where it came from." },
	{ 4, 7, "It could not be delivered in the time that was allowed for it.",
	    "Send the message again later. If it comes back again, tell the person by other means." },

	{ 5, 0, "Two mail systems did not understand each other.",
	    "This is not your fault. Show this message to your postmaster." },
	{ 5, 3, "The message has more recipients than the other mail system takes at once.",
	    "Send it to fewer recipients at a time." },
	{ 5, 4,
	    "Two mail systems did not understand each other, perhaps because of unusual characters in "
	    "an address.",
	    "Check the address. If it is right, show this message to your postmaster." },

	{ 6, 0, "The other mail system does not take what is in the message.",
	    "Send it in a plainer form: as simple text, or with other attachments." },
	{ 6, 1, "The other mail system does not take this kind of content.",
	    "Send it in a plainer form: as simple text, or with other attachments." },
	{ 6, 3,
	    "The other mail system takes only a form of mail into which this message could not be put.",
	    "Send it in a plainer form: as simple text, or with attachments of the usual kinds." },
	{ 6, 7, "The other mail system does not take addresses with letters beyond A to Z.",
	    "Ask the person for an address in plain letters, or use one yourself." },
	{ 6, 9,
	    "The other mail system does not take headers with letters beyond A to Z, as this message "
	    "has.",
	    "Send it from an address in plain letters, to addresses in plain letters." },

	{ 7, 0, "The other mail system refuses the message by its rules.",
	    "Read what it said; often there is a link or a word that explains it. If you think that it is "
	    "wrong, tell the person by other means." },
	{ 7, 1,
	    "The other mail system refuses the message by its rules: from this sender, to this address, "
	    "or because it looks like something unwanted.",
	    "Read what it said; often there is a link or a word that explains it. If you think that it is "
	    "wrong, tell the person by other means, or show this message to your postmaster." },
	{ 7, 2, "You may not write to this list.",
	    "Write from the address with which you are a member, or ask the owner of the list." },
	{ 7, 4, "The other mail system cannot protect the message as was asked for.",
	    "Send it without that request if it may travel unprotected, or tell the person by other "
	    "means." },
	{ 7, 5, "Something went wrong with the encryption of the message or of the connection.",
	    "Show this message to your postmaster." },
	{ 7, 7, "The message was damaged on its way, or looked as if it were.", "Send it again." },
	{ 7, 8, "A mail system on the way wanted a login and did not get a good one.",
	    "Check name and password in your mail program. If they are right, show this message to your "
	    "postmaster." },
	{ 7, 10, "The message needs an encrypted connection to the right host, and there was none.",
	    "Show this message to your postmaster." },
	{ 7, 13, "The account is switched off.",
	    "Ask the person for another address by other means." },
	{ 7, 17, "The mailbox belongs to somebody else by now.",
	    "Ask the person for a new address by other means." },
	{ 7, 18, "The domain belongs to somebody else by now.",
	    "Ask the person for a new address by other means." },
	{ 7, 20, "The other mail system could not make sure that the message is from you (DKIM).",
	    "Show this message to your postmaster: your domain's signatures need care." },
	{ 7, 21, "The other mail system could not make sure that the message is from you (DKIM).",
	    "Show this message to your postmaster: your domain's signatures need care." },
	{ 7, 22, "The other mail system could not make sure that the message is from you (DKIM).",
	    "Show this message to your postmaster: your domain's signatures need care." },
	{ 7, 23, "Your domain does not allow the mail system that sent the message to do so (SPF).",
	    "Send it through your own provider's mail server, or show this message to your postmaster." },
	{ 7, 24, "The other mail system could not find out who may send for your domain (SPF).",
	    "Show this message to your postmaster: your domain's entries in the DNS need care." },
	{ 7, 25, "The mail system that sent the message has no name that fits its address.",
	    "Show this message to your postmaster: its reverse DNS needs care." },
	{ 7, 26,
	    "The other mail system could not make sure that the message is from you (SPF, DKIM).",
	    "Show this message to your postmaster: your domain's entries in the DNS need care." },
	{ 7, 27,
	    "Your own address belongs to a domain that takes no mail, so the other system does not "
	    "take mail from it.",
	    "Write from an address that can be answered." },
	{ 7, 28, "Too much mail came for this address, or from you, in too short a time.",
	    "Wait for some hours, and send the message again." },
	{ 7, 29, "The other mail system could not make sure where the message comes from (ARC).",
	    "Show this message to your postmaster." },
	{ 7, 30,
	    "The message may travel only over protected connections, and the other mail system has "
	    "none (REQUIRETLS).",
	    "Send it without that request if it may travel unprotected, or tell the person by other "
	    "means." },
};

/* The same where no other host spoke, and what is told of "the other mail system" would be told of us. */
static const struct dsn_meaning own_meanings[] = {
	{ 3, 0, "Something is wrong with this mail system.",
	    "Send the message again later. If it comes back again, show it to your postmaster." },
	{ 3, 5, "This mail system is not set up in a way that would let it deliver the message.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, show this message to "
	    "your postmaster: what is said here tells what to mend." },
	{ 7, 1, "This mail system is not allowed to send mail there.",
	    "Check what stands behind the \"@\" for typing errors. If it is right, show this message to "
	    "your postmaster: the settings of this mail system forbid it." },
};

const struct dsn_meaning *
dsn_meaning(const struct dsn_rcpt *rcpt)
{
	struct status status = dsn_status(rcpt);
	size_t found = 0; /* 0.0 is the first row */

	for (size_t i = 0; rcpt->remote.n == 0 && rcpt->code == 0 && i < ARRAY_LEN(own_meanings);
	     i++)
		if (own_meanings[i].subject == status.subject &&
		    own_meanings[i].detail == status.detail)
			return &own_meanings[i];
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (meanings[i].subject != status.subject)
			continue;
		if (meanings[i].detail == status.detail)
			return &meanings[i];
		if (meanings[i].detail == 0)
			found = i;
	}
	return &meanings[found];
}
