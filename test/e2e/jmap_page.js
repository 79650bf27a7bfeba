// What a web page does with JMAP. Its address names the server, the play and what that needs; each step's outcome goes to
// /outcome, and test_jmap_browser.py has what it should be. A step that throws gives the error's name: a TypeError of
// fetch() is all that a page is told of what it may not read.
'use strict';

const asked = new URLSearchParams(location.search);
const base = asked.get('server');
const basic = `Basic ${btoa(`${asked.get('user')}:${asked.get('secret')}`)}`;
const bearer = `Bearer ${asked.get('token')}`;
const MAIL = 'urn:ietf:params:jmap:mail';
const USING = ['urn:ietf:params:jmap:core', MAIL];
const out = {};

async function step(name, action) {
    try {
        out[name] = await action();
    } catch (error) {
        out[name] = error.name;
    }
}

const get = (path, options) => fetch(path.startsWith('http') ? path : base + path, options);

function post(url, body, authorization, type = 'application/json') {
    return fetch(url, { method: 'POST', body, headers: { Authorization: authorization, 'Content-Type': type } });
}

async function calls(url, authorization, ...methodCalls) {
    const response = await post(url, JSON.stringify({ using: USING, methodCalls }), authorization);
    return (await response.json()).methodResponses.map((one) => one[1]);
}

// Whether it opens, and the first message that comes when `first` is said.
function talk(url, first) {
    return new Promise((resolve) => {
        const socket = new WebSocket(url, 'jmap');
        socket.onerror = () => resolve('refused');
        socket.onopen = () => socket.send(first);
        socket.onmessage = (event) => { resolve([socket.protocol, JSON.parse(event.data)]); socket.close(); };
    });
}

// The first event of this name; `act` runs as soon as the stream is open.
function listen(url, options, act) {
    return new Promise((resolve) => {
        const events = new EventSource(url, options);
        events.onerror = () => { events.close(); resolve('refused'); };
        events.onopen = act;
        events.addEventListener('state', (event) => { events.close(); resolve(JSON.parse(event.data)['@type']); });
    });
}

const eventsUrl = (session) => session.eventSourceUrl.replace('{types}', 'Email').replace('{closeafter}', 'no').replace('{ping}', '300');
const echo = JSON.stringify({ '@type': 'Request', id: 'w', using: USING, methodCalls: [['Core/echo', { from: 'a page' }, '0']] });

// --- a page of an origin that the settings name -----------------------------------------------------------------------

async function readStream(response, want) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ;) {
        const { value, done } = await reader.read();
        if (done)
            return null;
        text += value;
        if (want.test(text)) {
            reader.cancel();
            return text;
        }
    }
}

async function named() {
    const session = await (await get('/.well-known/jmap', { headers: { Authorization: basic } })).json();
    const accountId = session.primaryAccounts[MAIL];
    const url = (template, more) => Object.entries({ accountId, ...more })
        .reduce((text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), template);
    out.basic = session.username;
    await step('bearer', async () => (await (await get('/jmap/session', { headers: { Authorization: bearer } })).json()).username);
    await step('wrong token', async () => {
        const response = await get('/jmap/session', { headers: { Authorization: `${bearer}x` } });
        return [response.status, response.headers.get('WWW-Authenticate')];
    });
    await step('problem', async () => {
        const response = await post(session.apiUrl, 'no JSON', bearer);
        return [response.status, (await response.json()).type];
    });
    await step('mailboxes', async () => (await calls(session.apiUrl, basic, ['Mailbox/get', { accountId, ids: null }, '0']))[0].list
        .map((one) => one.role).sort());

    const bytes = new TextEncoder().encode('From: page@example.test\r\nSubject: from a page\r\n\r\nwritten in a browser\r\n');
    const upload = await (await post(url(session.uploadUrl), bytes, bearer, 'message/rfc822')).json();
    out.upload = [upload.type, upload.size === bytes.length];
    const [imported] = await calls(session.apiUrl, bearer, ['Email/import', { accountId, emails: { one: { blobId: upload.blobId,
        mailboxIds: { [asked.get('inbox')]: true } } } }, '0']);
    const email = imported.created.one;
    await step('download', async () => {
        const response = await get(url(session.downloadUrl, { blobId: email.blobId, name: 'a page.eml', type: 'message/rfc822' }),
            { headers: { Authorization: bearer } });
        const again = await get(response.url, { cache: 'no-store', headers: { Authorization: bearer, 'If-None-Match': response.headers.get('ETag') } });
        return [await response.text() === new TextDecoder().decode(bytes), response.headers.get('Content-Disposition') !== null, again.status];
    });

    const flag = (value) => calls(session.apiUrl, bearer, ['Email/set', { accountId, update: { [email.id]: { 'keywords/$flagged': value } } }, '0']);
    await step('stream', async () => {
        const response = await get(eventsUrl(session), { headers: { Authorization: bearer } });
        await flag(true);
        const text = await readStream(response, /event: state\ndata: .*\n(id: .*\n)?\n/);
        const id = text.match(/^id: (.*)$/m)[1];
        await flag(null);
        const next = await get(eventsUrl(session), { headers: { Authorization: bearer, 'Last-Event-ID': id } });
        return [response.headers.get('Content-Type'), JSON.parse(text.match(/^data: (.*)$/m)[1])['@type'],
            (await readStream(next, /event: state\ndata: .*\n(id: .*\n)?\n/)).includes('StateChange')];
    });
    // For what takes no Authorization of a page: one ticket for one opening.
    const endpoint = session.capabilities['com:linagora:params:jmap:ws:ticket'].generationEndpoint;
    const ticket = async () => (await (await post(endpoint, '', bearer)).json()).value;
    const ws = session.capabilities['urn:ietf:params:jmap:websocket'].url;
    const used = await ticket();
    await step('ticket: WebSocket', async () => {
        const [protocol, answer] = await talk(`${ws}?ticket=${used}`, echo);
        return [protocol, answer['@type'], answer.requestId, answer.methodResponses[0][1].from];
    });
    await step('ticket: used', () => talk(`${ws}?ticket=${used}`, echo));
    await step('ticket: EventSource', async () => listen(`${eventsUrl(session)}&ticket=${await ticket()}`, {}, () => flag(true)));
    await step('ticket: session', async () => (await get(`/jmap/session?ticket=${await ticket()}`)).status);
    await step('no login: WebSocket', () => talk(ws, echo));
    await step('no login: EventSource', () => listen(eventsUrl(session)));
    await step('no login: fetch', async () => (await get('/jmap/session')).status);
}

// --- a page of any other origin -------------------------------------------------------------------------------------------

async function stranger() {
    const ws = base.replace('http', 'ws') + '/jmap/ws';
    const events = `${base}/jmap/eventsource?types=*&closeafter=no&ping=300`;
    await step('its own password', async () => (await get('/jmap/session', { headers: { Authorization: basic } })).status);
    await step('its own token', async () => (await post(`${base}/jmap/api`, '{}', bearer)).status);
    await step('nothing', async () => (await get('/jmap/session')).status);
    await step('what is remembered', async () => (await get('/jmap/session', { credentials: 'include' })).status);
    await step('unseen', async () => {
        const response = await get('/jmap/session', { mode: 'no-cors', credentials: 'include' });
        return [response.type, response.status, await response.text()];
    });
    await step('a plain post', async () => (await get('/jmap/api', { method: 'POST', credentials: 'include', body: JSON.stringify({
        using: USING, methodCalls: [['Mailbox/set', { accountId: asked.get('account'), create: { x: { name: 'made by a stranger' } } }, '0']] }) })).status);
    await step('WebSocket', () => talk(ws, echo));
    await step('WebSocket with a ticket', () => talk(`${ws}?ticket=${asked.get('ticket')}`, echo));
    await step('EventSource', () => listen(events, { withCredentials: true }));
}

// --- a named page, after the user typed his password for the server itself ------------------------------------------------

async function remembered() {
    const options = { credentials: 'include' };
    const session = await (await get('/jmap/session', options)).json();
    const accountId = session.primaryAccounts[MAIL];
    out.fetch = session.username;
    await step('WebSocket', async () => {
        const [protocol, answer] = await talk(session.capabilities['urn:ietf:params:jmap:websocket'].url, echo);
        return [protocol, answer['@type'], answer.requestId, answer.methodResponses[0][1].from];
    });
    await step('EventSource', () => listen(eventsUrl(session), { withCredentials: true }, () => fetch(session.apiUrl, { ...options, method: 'POST',
        headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ using: USING, methodCalls: [
            ['Email/set', { accountId, update: { [asked.get('email')]: { 'keywords/$flagged': true } } }, '0']] }) })));
}

step('the whole play', { named, stranger, remembered }[asked.get('play')])
    .then(() => fetch('/outcome', { method: 'POST', body: JSON.stringify(out) }));
