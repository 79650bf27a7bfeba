// What a Node program does with JMAP, by jmap-jam. usage: node jmap_jam_client.mjs SESSION-URL TOKEN RECIPIENT
// (beside node_modules). Prints one JSON object: what each step gave; test_jmap_client.py has what it should be. When it
// needs something done over IMAP it prints {"ask": NAME} first and goes on when a line is read.
import readline from 'node:readline';

import { EventSource } from 'eventsource';
import JamClient from 'jmap-jam';

const [sessionUrl, bearerToken, recipient] = process.argv.slice(2);
const SUBMISSION = 'urn:ietf:params:jmap:submission';
const TYPES = ['Email', 'Mailbox'];

// The library opens an EventSource by its URL alone, which no server takes: this one sends the token too.
globalThis.EventSource = class extends EventSource {
    constructor(url) {
        super(url, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${bearerToken}` } }) });
    }
};

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(name) {
    console.log(JSON.stringify({ ask: name }));
    await lines.next();
}

const failed = (promise) => promise.then(() => 'no error', (error) => error);

async function login(out) {
    const jam = new JamClient({ sessionUrl, bearerToken });
    const session = await jam.session;
    const accountId = await jam.getPrimaryAccount();
    out.login = { user: session.username, name: session.accounts[accountId].name, personal: session.accounts[accountId].isPersonal,
        sends: SUBMISSION in session.capabilities };
    const wrong = new JamClient({ sessionUrl, bearerToken: `${bearerToken}x` });
    out.refused = (await wrong.session).status;
    return [jam, accountId];
}

// One request gives what a list shows: the mailboxes, the newest Emails and their Threads.
async function sync(jam, accountId, out) {
    const [all, meta] = await jam.requestMany((t) => {
        const boxes = t.Mailbox.get({ accountId, properties: ['name', 'role', 'totalEmails'] });
        const inbox = t.Mailbox.query({ accountId, filter: { role: 'inbox' } });
        const found = t.Email.query({ accountId, sort: [{ property: 'receivedAt', isAscending: false }], limit: 10, calculateTotal: true });
        const emails = t.Email.get({ accountId, ids: found.$ref('/ids'), properties: ['threadId', 'subject', 'from', 'keywords', 'mailboxIds'] });
        const threads = t.Thread.get({ accountId, ids: emails.$ref('/list/*/threadId') });
        return { boxes, inbox, found, emails, threads };
    });
    const box = (role) => all.boxes.list.find((one) => one.role === role)?.id;
    out.session = meta.sessionState === (await jam.session).state;
    out.boxes = all.boxes.list.map((one) => one.role).sort();
    out.inbox = all.inbox.ids[0] === box('inbox');
    out.list = all.emails.list.map((one) => [one.subject, one.from[0].email, Object.keys(one.keywords)]);
    out.total = all.found.total;
    out.threads = all.threads.list.map((one) => one.emailIds.length).sort();
    return { box, emails: all.emails, mailboxState: all.boxes.state };
}

// What another program did over IMAP meanwhile.
async function changes(jam, accountId, before, out) {
    await ask('change');
    const [all] = await jam.requestMany((t) => {
        const moved = t.Email.changes({ accountId, sinceState: before.emails.state });
        const made = t.Email.get({ accountId, ids: moved.$ref('/created'), properties: ['subject'] });
        const updated = t.Email.get({ accountId, ids: moved.$ref('/updated'), properties: ['subject', 'keywords'] });
        const boxes = t.Mailbox.changes({ accountId, sinceState: before.mailboxState });
        return { moved, made, updated, boxes };
    });
    const subject = new Map(before.emails.list.map((one) => [one.id, one.subject]));
    out.created = all.made.list.map((one) => one.subject);
    out.updated = all.updated.list.map((one) => [one.subject, Object.keys(one.keywords).sort()]);
    out.destroyed = all.moved.destroyed.map((id) => subject.get(id));
    out.counts = [all.boxes.updated.includes(before.box('inbox')), [...all.boxes.updatedProperties].sort()];
    out.more = all.moved.hasMoreChanges;
    const error = await failed(jam.api.Email.changes({ accountId, sinceState: 'none of yours' }));
    out.unknownState = error.map ? error[0].type : error.type;
}

async function search(jam, accountId, box, out) {
    const [all] = await jam.requestMany((t) => {
        const found = t.Email.query({ accountId, filter: { operator: 'AND', conditions: [{ text: 'quarterly' }, { inMailbox: box('inbox') }] } });
        const emails = t.Email.get({ accountId, ids: found.$ref('/ids'), properties: ['subject', 'preview', 'bodyValues', 'textBody'],
            fetchTextBodyValues: true });
        const snippets = t.SearchSnippet.get({ accountId, emailIds: found.$ref('/ids'), filter: { text: 'quarterly' } });
        return { found, emails, snippets };
    });
    const [one] = all.emails.list;
    out.search = [all.emails.list.length, one.subject, one.preview, one.bodyValues[one.textBody[0].partId].value];
    out.snippet = all.snippets.list[0].preview;
    const [none] = await jam.api.Email.query({ accountId, filter: { from: 'nobody@nowhere.test' } });
    out.none = none.ids;
    out.badFilter = (await failed(jam.api.Email.query({ accountId, filter: { colour: 'red' } }))).type;
}

async function draft(jam, accountId, box, out) {
    const bytes = new Uint8Array([0, 1, 2, 255]);
    const blob = await jam.uploadBlob(accountId, bytes, { headers: { Authorization: jam.authHeader, 'Content-Type': 'application/x-own' } });
    const [set] = await jam.api.Email.set({ accountId, create: { draft: {
        mailboxIds: { [box('drafts')]: true }, keywords: { $draft: true, $seen: true }, from: [{ name: 'Jürgen', email: (await jam.session).username }],
        to: [{ name: null, email: recipient }], subject: 'Grüße', bodyValues: { text: { value: 'Hallo!\n' } },
        textBody: [{ partId: 'text', type: 'text/plain' }],
        attachments: [{ blobId: blob.blobId, type: 'application/x-own', name: 'own.bin', disposition: 'attachment' }] } } });
    const { id } = set.created.draft;
    const [got] = await jam.api.Email.get({ accountId, ids: [id], properties: ['subject', 'from', 'to', 'keywords', 'attachments', 'hasAttachment'] });
    const [one] = got.list;
    out.draft = [one.subject, one.from, one.to, Object.keys(one.keywords).sort(), one.hasAttachment];
    const [file] = one.attachments;
    const response = await jam.downloadBlob({ accountId, blobId: file.blobId, mimeType: file.type, fileName: file.name });
    out.file = [file.name, file.type, response.headers.get('Content-Type'), [...new Uint8Array(await response.arrayBuffer())]];
    return id;
}

async function send(jam, accountId, box, emailId, out) {
    const [identities] = await jam.api.Identity.get({ accountId });
    // The library keeps one answer for each call: what it gives here is that of the implicit Email/set, so the submission is looked for.
    const [all] = await jam.requestMany((t) => ({ sent: t.EmailSubmission.set({ accountId,
        create: { send: { emailId, identityId: identities.list[0].id } },
        onSuccessUpdateEmail: { '#send': { [`mailboxIds/${box('drafts')}`]: null, [`mailboxIds/${box('sent')}`]: true, 'keywords/$draft': null } } }) }));
    const [found] = await jam.api.EmailSubmission.query({ accountId, filter: { emailIds: [emailId] } });
    const [got] = await jam.api.Email.get({ accountId, ids: [emailId], properties: ['mailboxIds', 'keywords'] });
    const [submission] = await jam.api.EmailSubmission.get({ accountId, ids: found.ids });
    const [one] = submission.list;
    out.sent = [emailId in all.sent.updated, Object.keys(got.list[0].mailboxIds)[0] === box('sent'), Object.keys(got.list[0].keywords),
        submission.list.length, one.undoStatus, one.envelope.rcptTo.map((to) => to.email)];
}

// A StateChange about each thing that another program does over IMAP, and what it says is what /get says.
async function push(jam, accountId, out) {
    const events = await jam.connectEventSource({ types: TYPES, ping: 300 });
    const changes = [];
    let wake = () => {};
    events.addEventListener('state', (event) => { changes.push(JSON.parse(event.data)); wake(); });
    await new Promise((resolve, reject) => { events.onopen = resolve; events.onerror = (error) => reject(new Error(error.message)); });
    await ask('push');
    while (changes.length === 0)
        await new Promise((resolve) => { wake = resolve; });
    const [now] = await jam.api.Email.get({ accountId, ids: [] });
    const { [accountId]: states } = changes.at(-1).changed;
    out.push = [changes[0]['@type'], Object.keys(states).sort(), states.Email === now.state];
    events.close();
}

const out = {};
const [jam, accountId] = await login(out);
const before = await sync(jam, accountId, out);
await changes(jam, accountId, before, out);
await search(jam, accountId, before.box, out);
const id = await draft(jam, accountId, before.box, out);
await send(jam, accountId, before.box, id, out);
await push(jam, accountId, out);
console.log(JSON.stringify(out));
process.exit(0);
