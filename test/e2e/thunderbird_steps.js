/*
 * What thunderbird.py lets Thunderbird do, in its main window: each step is a function that ends when Thunderbird says
 * that it is done. Where there is a command of the user's, that is what runs; the rest is what its own windows call.
 */
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const WAIT_MS = 20000;

/* Thunderbird tells little of what goes on behind its windows: ask again until it is so. */
async function until(what, is) {
	for (const end = Date.now() + WAIT_MS; ; ) {
		const found = is();

		if (found) return found;
		if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
		await new Promise(resolve => setTimeout(resolve, 30));
	}
}

/* Until a listener with OnStopX(status) is called; `begin` gives it to Thunderbird. */
async function listened(what, stop, more, begin) {
	const status = await new Promise(resolve => begin({ ...more, [stop]: (...values) => resolve(values.find(Number.isInteger) ?? 0) }));

	if (!Components.isSuccessCode(status)) throw new Error(`${what}: ${status.toString(16)}`);
}

const main = () => Services.wm.getMostRecentWindow("mail:3pane");
const pane = () => main().document.getElementById("tabmail").currentAbout3Pane;
const server = () => MailServices.accounts.accounts[0].incomingServer;
const folder = path => path.split("/").reduce((above, name) => above.getChildNamed(name), server().rootFolder);
const headers = path => [...folder(path).messages];
const header = (path, subject) => headers(path).find(one => one.mime2DecodedSubject == subject);

const steps = {
	async login(user, secret) {
		for (const scheme of ["imap", "smtp"]) {
			const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);

			login.init(`${scheme}://127.0.0.1`, null, `${scheme}://127.0.0.1`, user, secret, "", "");
			await Services.logins.addLoginAsync(login);
		}
	},

	/* The account's folders, with what the server says they are for. */
	async folders(count) {
		const uses = { Archive: "Archive", Drafts: "Drafts", Inbox: "Inbox", Junk: "Junk", SentMail: "Sent", Trash: "Trash" };
		const all = () => server().rootFolder.descendants;

		MailServices.imap.discoverAllFolders(server().rootFolder, null, main().msgWindow);
		await until(`${count} folders`, () => all().length == count);
		return Object.fromEntries(all().map(one => [one.name, Object.keys(uses).filter(use => one.flags & Ci.nsMsgFolderFlags[use]).map(use => uses[use])]));
	},

	/* Show a folder and wait until it has so many messages. */
	async open(path, count) {
		pane().displayFolder(folder(path).URI);
		await until(`${count} messages in ${path}`, () => headers(path).length == count);
		return headers(path).map(one => one.mime2DecodedSubject).sort();
	},

	/* Without asking: IDLE tells. */
	async arrives(path, count) {
		await until(`${count} messages in ${path}`, () => headers(path).length == count);
		return headers(path).map(one => one.mime2DecodedSubject).sort();
	},

	/* Choose a message in the list: it is shown, which reads it. Its text as it stands on the screen. */
	async read(path, subject) {
		const list = pane();
		const row = await until(`${subject} in the list`, () => {
			const at = list.gDBView?.findIndexOfMsgHdr(header(path, subject), true);

			return at >= 0 && at < 0xffffffff ? { at } : null;
		});
		list.threadTree.selectedIndex = row.at;
		const shown = () => list.messageBrowser.contentWindow?.getMessagePaneBrowser();
		const text = await until("its text", () => shown()?.currentURI.spec != "about:blank" && list.messageBrowser.contentWindow.gMessage?.mime2DecodedSubject == subject &&
			shown().contentDocument?.body?.textContent.trim());

		await until("that it is read", () => header(path, subject).isRead);
		return text;
	},

	async flag(path, subject, is) {
		folder(path).markMessagesFlagged([header(path, subject)], is);
	},

	async tag(path, subject, keyword) {
		folder(path).addKeywordsToMessages([header(path, subject)], keyword);
	},

	async create(path) {
		const [above, name] = path.includes("/") ? [folder(path.slice(0, path.lastIndexOf("/"))), path.slice(path.lastIndexOf("/") + 1)] : [server().rootFolder, path];

		above.createSubfolder(name, main().msgWindow);
		await until(path, () => above.subFolders.some(one => one.name == name));
	},

	async move(from, subject, to) {
		await listened("move", "onStopCopy", {}, listener =>
			MailServices.copy.copyMessages(folder(from), [header(from, subject)], folder(to), true, listener, main().msgWindow, false));
		await until("that it is gone", () => !header(from, subject));
	},

	/* As the Delete key does: to the Trash. */
	async remove(path, subject) {
		folder(path).deleteMessages([header(path, subject)], main().msgWindow, false, false, null, true);
		await until("that it is gone", () => !header(path, subject));
	},

	/* A search that runs on the server. */
	async search(path, body) {
		const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
		const term = session.createTerm();
		const found = [];
		const value = term.value;

		value.attrib = Ci.nsMsgSearchAttrib.Body;
		value.str = body;
		term.value = value;
		term.attrib = Ci.nsMsgSearchAttrib.Body;
		term.op = Ci.nsMsgSearchOp.Contains;
		session.appendTerm(term);
		session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder(path));
		await listened("search", "onSearchDone", { onSearchHit: one => found.push(one.mime2DecodedSubject), onNewSearch() {} }, listener => {
			session.registerListener(listener);
			session.search(main().msgWindow);
		});
		return found.sort();
	},

	/* Write a message in a window of its own; save it as a draft, or send it. */
	async compose(to, subject, text, isSent) {
		const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
		const parameters = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);

		fields.to = to;
		fields.subject = subject;
		fields.body = text;
		parameters.composeFields = fields;
		parameters.identity = MailServices.accounts.defaultAccount.defaultIdentity;
		parameters.format = Ci.nsIMsgCompFormat.PlainText;
		MailServices.compose.OpenComposeWindowWithParams(null, parameters);
		const writer = await until("a window to write in", () => {
			const one = Services.wm.getMostRecentWindow("msgcompose");

			return one?.gMsgCompose && one.composeEditorReady ? one : null;
		});
		if (isSent) {
			await writer.SendMessage();
			await until("that it is sent", () => writer.closed);
		} else {
			await writer.SaveAsDraft();
			await until("that it is saved", () => !writer.gSaveOperationInProgress);
			writer.close();
		}
	},

	/* What another client does is told: a flag, a message that goes. */
	async hears(path, subject, what) {
		const is = { flagged: one => one?.isFlagged, gone: one => !one };

		await until(what, () => is[what](header(path, subject)));
	},

	async rename(path, name) {
		folder(path).rename(name, main().msgWindow);
		await until(name, () => server().rootFolder.descendants.some(one => one.name == name));
	},

	async emptyTrash() {
		folder("Trash").emptyTrash(null);
		await until("an empty trash", () => folder("Trash").getTotalMessages(false) == 0);
	},
};
