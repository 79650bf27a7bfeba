// What a Node program does with IMAP, by imapflow. usage: node imapflow_client.cjs PORT USER SECRET
// (beside node_modules). Prints one JSON object: what each step gave; test_imapflow.py has what it should be.
'use strict';

const { ImapFlow } = require('imapflow');

const [port, user, pass] = process.argv.slice(2);
const BOX = ['Größe & Co', 'it\'s "here"'];
const DATE = new Date(Date.UTC(2026, 10, 23, 10, 0, 0));
const plain = (n) => Buffer.from(`From: A <a@example.test>\r\nSubject: flow ${n}\r\nMessage-ID: <flow${n}@x>\r\n\r\n${`line ${n}\r\n`.repeat(n)}`);
const parts = Buffer.from('From: =?utf-8?q?J=C3=BCrgen?= <j@example.test>\r\nSubject: =?utf-8?q?=C3=A4?=\r\nMIME-Version: 1.0\r\n' +
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext\r\n' +
    '--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="a.bin"\r\n' +
    'Content-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n--b--\r\n');

const client = () => new ImapFlow({ host: '127.0.0.1', port: Number(port), secure: true, auth: { user, pass }, logger: false,
    qresync: true, tls: { rejectUnauthorized: false } });

const event = (from, name) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no event: ${name}`)), 20000);
    from.once(name, (data) => { clearTimeout(timer); resolve(data); });
});

async function text(stream) {
    const chunks = [];
    for await (const chunk of stream)
        chunks.push(chunk);
    return Buffer.concat(chunks).toString('base64');
}

async function all(messages) {
    const found = [];
    for await (const message of messages)
        found.push({ uid: message.uid, flags: [...message.flags].filter((flag) => flag !== '\\Recent').sort() });
    return found;
}

async function mailboxes(c, out) {
    const made = await c.mailboxCreate(BOX);
    out.created = [made.path, made.created];
    out.again = (await c.mailboxCreate(BOX)).created;
    await c.mailboxSubscribe(made.path);
    out.special = Object.fromEntries((await c.list()).filter((box) => box.specialUse).map((box) => [box.path, box.specialUse]));
    out.listed = (await c.list()).some((box) => box.path === made.path && box.subscribed);
    return made.path;
}

async function messages(c, path, out) {
    for (const data of [plain(1), plain(2), parts])
        out.appended = (out.appended || []).concat((await c.append(path, data, ['\\Seen', '$Label'], DATE)).uid);
    out.status = await c.status(path, { messages: true, unseen: true, uidNext: true, size: true });
    await c.mailboxOpen(path);
    out.same = [];
    for (const [uid, data] of [['1', plain(1)], ['2', plain(2)], ['3', parts]])
        out.same.push((await c.fetchOne(uid, { source: true }, { uid: true })).source.equals(data));
    const one = await c.fetchOne('3', { envelope: true, bodyStructure: true, flags: true, internalDate: true, size: true, threadId: true }, { uid: true });
    out.one = { from: one.envelope.from, subject: one.envelope.subject, types: one.bodyStructure.childNodes.map((part) => part.type),
        flags: [...one.flags].filter((flag) => flag !== '\\Recent').sort(), date: one.internalDate, size: one.size, ids: !!one.emailId && !!one.threadId };
    const part = await c.download('3', '2', { uid: true });
    out.part = [part.meta.filename, await text(part.content)];
    out.search = [await c.search({ subject: 'flow 2' }, { uid: true }), await c.search({ or: [{ body: 'line 1' }, { from: 'Jürgen' }] }, { uid: true }),
        await c.search({ seen: false }, { uid: true }), await c.search({ keyword: '$Label', larger: 1 }, { uid: true })];
}

async function changes(c, path, out) {
    const before = c.mailbox.highestModseq;
    await c.messageFlagsAdd('1', ['\\Flagged'], { uid: true });
    await c.messageFlagsRemove('2', ['\\Seen'], { uid: true });
    out.changed = await all(c.fetch('1:*', { uid: true, flags: true }, { uid: true, changedSince: before }));
    out.copied = [...(await c.messageCopy('1:2', 'Archive', { uid: true })).uidMap];
    out.moved = [...(await c.messageMove('2', 'Trash', { uid: true })).uidMap];
    await c.messageDelete('1', { uid: true });
    out.left = await all(c.fetch('1:*', { uid: true, flags: true }));
    await c.mailboxClose();
    out.renamed = (await c.mailboxRename(path, ['Größe & Co', 'new'])).newPath;
    await c.mailboxOpen(out.renamed);
    out.still = (await c.fetchOne('3', { source: true }, { uid: true })).source.equals(parts);
    await c.mailboxClose();
}

async function idling(c, out) {
    const other = client();
    await other.connect();
    await c.mailboxOpen('INBOX');
    const waiting = c.idle();
    let heard = event(c, 'exists');
    const { uid } = await other.append('INBOX', plain(5));
    out.exists = (await heard).count;
    await other.mailboxOpen('INBOX');
    heard = event(c, 'flags');
    await other.messageFlagsAdd(String(uid), ['\\Flagged'], { uid: true });
    out.flags = [...(await heard).flags].includes('\\Flagged');
    heard = event(c, 'expunge');
    await other.messageDelete(String(uid), { uid: true });
    const gone = await heard;
    out.expunged = gone.vanished ? gone.uid === uid : gone.seq === 1;
    await c.noop();
    await waiting;
    await other.logout();
}

async function main() {
    const out = {};
    const c = client();
    await c.connect();
    out.enabled = [...c.enabled].sort();
    const path = await mailboxes(c, out);
    await messages(c, path, out);
    await changes(c, path, out);
    await idling(c, out);
    await c.mailboxDelete(out.renamed);
    out.deleted = !(await c.list()).some((box) => box.path === out.renamed);
    await c.logout();
    console.log(JSON.stringify(out));
}

main().catch((error) => {
    console.log(`${error.stack} ${error.responseText || ''}`);
    process.exit(1);
});
