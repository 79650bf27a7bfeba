<?php
// What Nextcloud Mail and IMP do with IMAP, by Horde_Imap_Client. usage: php horde_client.php PORT USER SECRET OTHER-USER
// Prints one JSON object: what each step gave; test_horde.py has what it should be.
error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('display_errors', 'stderr');
spl_autoload_register(function ($class) {
    $file = '/usr/share/php/' . str_replace(['_', '\\'], '/', $class) . '.php';
    if (is_file($file))
        require $file;
});

use Horde_Imap_Client as H;

const BOX = 'Größe & Co/it\'s "here"';
const REPLY = "In-Reply-To: <m1@far.test>\r\n";
const FILLED = "X-Filled: so that it is not among the hundred bytes that Horde quotes, line ends and all, once UTF8=ACCEPT is enabled\r\n";

// What the client knows of the messages, longer than one connection: with it, Horde enables QRESYNC.
class Memory extends Horde_Imap_Client_Cache_Backend
{
    private $messages = [], $meta = [];

    public function get($box, $uids, $fields, $valid)
    {
        $known = array_intersect_key($this->messages[$box] ?? [], array_flip($uids));
        return empty($fields) ? $known : array_map(fn($data) => array_intersect_key($data, array_flip($fields)), $known);
    }

    public function getCachedUids($box, $valid)
    {
        return array_keys($this->messages[$box] ?? []);
    }

    public function set($box, $data, $valid)
    {
        $this->setMetaData($box, ['uidvalid' => $valid]);
        foreach ($data as $uid => $fields)
            $this->messages[$box][$uid] = $fields + ($this->messages[$box][$uid] ?? []);
    }

    public function getMetaData($box, $valid, $entries)
    {
        $known = $this->meta[$box] ?? [];
        return empty($entries) ? $known : array_intersect_key($known, array_flip($entries) + ['uidvalid' => 0]);
    }

    public function setMetaData($box, $data)
    {
        $this->meta[$box] = $data + ($this->meta[$box] ?? []);
    }

    public function deleteMsgs($box, $uids)
    {
        $this->messages[$box] = array_diff_key($this->messages[$box] ?? [], array_flip($uids));
    }

    public function deleteMailbox($box)
    {
        unset($this->messages[$box], $this->meta[$box]);
    }

    public function clear($lifetime)
    {
        $this->messages = $this->meta = [];
    }
}

function client($user, $memory = null)
{
    global $argv;
    return new Horde_Imap_Client_Socket(['username' => $user, 'password' => $argv[3], 'hostspec' => '127.0.0.1', 'port' => (int)$argv[1],
        'secure' => 'ssl', 'timeout' => 20, 'debug' => '/shared/debug', 'id' => ['name' => 'Horde'], 'cache' => $memory ? ['backend' => $memory] : [],
        'context' => ['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]]]);
}

function plain($number, $extra = '')
{
    return "From: =?utf-8?q?J=C3=BCrgen?= <j$number@far.test>\r\nTo: <x@example.test>\r\nSubject: pears $number\r\n$extra" .
        "Message-ID: <m$number@far.test>\r\nDate: Mon, 23 Nov 2026 10:00:0$number +0000\r\n\r\n" . str_repeat("line $number\r\n", $number);
}

function mixed()
{
    return "From: Ann <ann@far.test>\r\nSubject: =?utf-8?q?=C3=A4?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" .
        "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n" .
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"a.bin\"\r\n" .
        "Content-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n--b--\r\n";
}

function ids($ids)
{
    return iterator_to_array($ids, false);
}

function flags($client, $box, $options = [])
{
    $query = new Horde_Imap_Client_Fetch_Query();
    $query->flags();
    $found = [];
    foreach ($client->fetch($box, $query, $options) as $uid => $data) {
        $flags = array_values(array_diff($data->getFlags(), ['\recent']));
        sort($flags);
        $found[] = "$uid " . implode(' ', $flags);
    }
    return $found;
}

function query($fill)
{
    $query = new Horde_Imap_Client_Search_Query();
    $query->charset('UTF-8', false);
    $fill($query);
    return $query;
}

function mailboxes($client)
{
    $out['namespaces'] = array_keys(iterator_to_array($client->getNamespaces([], ['ob_return' => true])));
    $client->createMailbox(BOX, ['special_use' => [H::SPECIALUSE_FLAGGED]]);
    $client->subscribeMailbox(BOX, true);
    $options = ['attributes' => true, 'special_use' => true, 'children' => true, 'status' => H::STATUS_MESSAGES | H::STATUS_UIDNEXT];
    foreach ($client->listMailboxes(['*'], H::MBOX_ALL_SUBSCRIBED, $options) as $name => $box)
        $out['list'][$name] = [implode(' ', $box['attributes']), $box['status'] ?? null];
    $client->createMailbox('old/sub');
    $client->renameMailbox('old', 'new');
    $out['renamed'] = array_map('strval', $client->listMailboxes(['new*', 'old*'], H::MBOX_ALL, ['flat' => true]));
    $client->deleteMailbox('new/sub');
    $client->deleteMailbox('new');
    $out['deleted'] = $client->listMailboxes('new*', H::MBOX_ALL, ['flat' => true]);
    return $out;
}

function append($client)
{
    $date = new DateTime('2020-11-23 10:00:00 +0000');
    $out['several'] = ids($client->append(BOX, [['data' => plain(1), 'flags' => ['\seen', '$label'], 'internaldate' => $date],
        ['data' => plain(2, REPLY)], ['data' => mixed()]]));
    $out['pieces'] = ids($client->append(BOX, [['data' => [['t' => 'text', 'v' => "Subject: pieces\r\n" . FILLED . "\r\n"],
        ['t' => 'url', 'v' => '/' . rawurlencode(BOX) . '/;UID=1/;SECTION=TEXT']]]]));
    $out['zero'] = ids($client->append('INBOX', [['data' => "Subject: zero\r\n" . FILLED . "Content-Transfer-Encoding: binary\r\n\r\na\0b\r\n"]]));
    $status = $client->status(BOX, H::STATUS_MESSAGES | H::STATUS_UNSEEN | H::STATUS_UIDNEXT | H::STATUS_FIRSTUNSEEN | H::STATUS_PERMFLAGS);
    sort($status['permflags']);
    return $out + ['status' => $status];
}

function search($client)
{
    $all = [H::SEARCH_RESULTS_COUNT, H::SEARCH_RESULTS_MATCH, H::SEARCH_RESULTS_MAX, H::SEARCH_RESULTS_MIN];
    $pears = query(fn($q) => $q->headerText('Subject', 'PEARS'));
    $said = $client->search(BOX, $pears, ['results' => $all]);
    $out['all'] = [(int)$said['count'], ids($said['match']), (int)$said['min'], (int)$said['max']];
    $rows = [
        'body' => query(fn($q) => $q->text('grüße')),
        'text' => query(fn($q) => $q->text('jürgen', false)),
        'flag' => query(fn($q) => $q->flag('$label', false)),
        'size' => query(fn($q) => $q->size(300, true)),
        'since' => query(fn($q) => $q->dateSearch(new DateTime('2026-11-23'), Horde_Imap_Client_Search_Query::DATE_SINCE, true)),
        'within' => query(fn($q) => $q->intervalSearch(3600, Horde_Imap_Client_Search_Query::INTERVAL_YOUNGER)),
        'ids' => query(fn($q) => $q->ids(new Horde_Imap_Client_Ids([1, 3, 99]))),
        'or' => query(fn($q) => $q->orSearch([query(fn($p) => $p->headerText('Subject', 'ä')), query(fn($p) => $p->headerText('Subject', '2'))])),
        'modseq' => query(fn($q) => $q->modseq(1)),
    ];
    foreach ($rows as $name => $row)
        $out[$name] = ids($client->search(BOX, $row)['match']);
    foreach (['subject' => [H::SORT_SUBJECT], 'from' => [H::SORT_REVERSE, H::SORT_DISPLAYFROM, H::SORT_SIZE], 'size' => [H::SORT_SIZE]] as $name => $sort)
        $out["sorted by $name"] = ids($client->search(BOX, null, ['sort' => $sort])['match']);
    $client->search(BOX, $pears, ['results' => [H::SEARCH_RESULTS_SAVE]]);
    $out['saved'] = flags($client, BOX, ['ids' => new Horde_Imap_Client_Ids(Horde_Imap_Client_Ids::SEARCH_RES)]);
    foreach (['references' => H::THREAD_REFERENCES, 'refs' => H::THREAD_REFS, 'subjects' => H::THREAD_ORDEREDSUBJECT] as $name => $kind)
        $out["threads by $name"] = array_map('array_keys', array_values($client->thread(BOX, ['criteria' => $kind])->getThreads()));
    return $out;
}

function fetch($client)
{
    $query = new Horde_Imap_Client_Fetch_Query();
    foreach (['envelope', 'structure', 'imapDate', 'size', 'uid', 'seq', 'modseq'] as $item)
        $query->$item();
    $query->fullText(['peek' => true]);
    $query->headerText(['peek' => true]);
    $query->bodyText(['peek' => true, 'start' => 2, 'length' => 5]);
    $query->headers('some', ['subject', 'x-none'], ['peek' => true]);
    $query->bodyPart('1', ['peek' => true, 'decode' => true]);
    $found = $client->fetch(BOX, $query, ['ids' => new Horde_Imap_Client_Ids([1, 2, 3])]);
    $out['same'] = [$found[1]->getFullMsg() === plain(1), $found[3]->getFullMsg() === mixed()];
    $first = $found[1];
    $out['first'] = [$first->getEnvelope()->subject, (string)$first->getEnvelope()->from, $first->getImapDate()->format('c'), $first->getSize(),
        $first->getUid(), $first->getSeq(), $first->getModSeq() > 0, $first->getBodyText(), $first->getHeaders('some'), $first->getBodyPart('1')];
    $header = explode("\r\n\r\n", plain(2, REPLY))[0];
    $out['header'] = $found[2]->getHeaderText() === "$header\r\n\r\n";
    $query = new Horde_Imap_Client_Fetch_Query();
    foreach (['1', '2'] as $part) {
        $query->bodyPart($part, ['peek' => true, 'decode' => true]);
        $query->bodyPartSize($part, ['decode' => true]);
        $query->mimeHeader($part, ['peek' => true]);
    }
    $mixed = $client->fetch(BOX, $query, ['ids' => new Horde_Imap_Client_Ids(3)])[3];
    $out['types'] = array_values($found[3]->getStructure()->contentTypeMap());
    $out['name'] = $found[3]->getStructure()->getPart('2')->getName();
    foreach (['1', '2'] as $part)
        $out["part $part"] = [bin2hex($mixed->getBodyPart($part)), $mixed->getBodyPartDecode($part), strlen($mixed->getMimeHeader($part))];
    $query = new Horde_Imap_Client_Fetch_Query();
    $query->fullText(['peek' => true]);
    $zero = $client->fetch('INBOX', $query, ['ids' => new Horde_Imap_Client_Ids(1)])[1]->getFullMsg();
    return $out + ['zero' => bin2hex(substr($zero, -5))];
}

function store($client, $again, $other)
{
    $token = $client->getSyncToken(BOX);
    $known = $client->status(BOX, H::STATUS_HIGHESTMODSEQ)['highestmodseq'];
    $two = ['ids' => new Horde_Imap_Client_Ids([1, 2])];
    $client->store(BOX, $two + ['add' => ['\flagged', '$mine'], 'remove' => ['$label']]);
    $out['failed'] = ids($client->store(BOX, $two + ['add' => ['\answered'], 'unchangedsince' => $known]));
    $client->store(BOX, ['ids' => new Horde_Imap_Client_Ids(3), 'replace' => ['\draft', '\seen']]);
    $out['stored'] = flags($client, BOX);
    $out['copied'] = $client->copy(BOX, 'Archive', ['ids' => new Horde_Imap_Client_Ids([2, 3]), 'force_map' => true]);
    $out['moved'] = $client->copy(BOX, 'Made', ['ids' => new Horde_Imap_Client_Ids(4), 'force_map' => true, 'move' => true, 'create' => true]);
    $other->store(BOX, ['ids' => new Horde_Imap_Client_Ids(2), 'add' => ['\deleted']]);
    $out['expunged'] = ids($other->expunge(BOX, ['ids' => new Horde_Imap_Client_Ids(2), 'list' => true]));
    $other->append(BOX, [['data' => plain(5)]]);
    $client->logout();
    $client = $again; // which knows what the former knew: SELECT (QRESYNC ..)
    $sync = $client->sync(new Horde_Imap_Client_Mailbox(BOX), $token);
    $out['sync'] = ['new' => ids($sync->newmsgsuids), 'flags' => ids($sync->flagsuids), 'vanished' => ids($sync->vanisheduids)];
    $out['vanished'] = ids($client->vanished(BOX, $known));
    $out['changed'] = flags($client, BOX, ['changedsince' => $known]);
    $client->store(BOX, ['ids' => new Horde_Imap_Client_Ids(1), 'add' => ['\deleted']]);
    $client->close(['expunge' => true]);
    $out['left'] = $client->status(BOX, H::STATUS_MESSAGES)['messages'];
    return $out;
}

function extras($client, $user)
{
    $client->setACL('Archive', $user, ['rights' => 'lr']);
    $client->setACL('Archive', $user, ['rights' => 's', 'action' => 'add']);
    $acl = $client->getACL('Archive');
    $out['acl'] = (string)$acl[$user];
    $client->deleteACL('Archive', $user);
    $out['no acl'] = isset($client->getACL('Archive')[$user]);
    $out['mine'] = (string)$client->getMyACLRights('Archive');
    $client->setMetadata('Archive', ['/private/comment' => 'a "line" ü']);
    $out['metadata'] = array_values($client->getMetadata('Archive', ['/private/comment'], ['depth' => 'infinity']));
    $out['quota'] = array_values($client->getQuotaRoot('INBOX'));
    try {
        $client->openMailbox('none');
    } catch (Horde_Imap_Client_Exception $error) {
        $out['none'] = $error->getCode() === Horde_Imap_Client_Exception::NONEXISTENT;
    }
    return $out;
}

$memory = new Memory();
[$client, $again] = [client($argv[2], $memory), client($argv[2], $memory)];
$other = client($argv[2]);
$client->login();
$out = ['server' => $client->getID(), 'mailboxes' => mailboxes($client), 'append' => append($client), 'search' => search($client),
    'fetch' => fetch($client), 'store' => store($client, $again, $other),
    'extras' => extras($again, $argv[4])];
$again->logout();
$other->logout();
echo json_encode($out, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
