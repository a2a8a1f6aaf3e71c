/**
 * Every error Wayleave can raise: a stable code, what happened, and what the reader can do. Tests check codes, never
 * texts; `docs/errors.md` is printed from this table.
 */
export const ERRORS = {
  // money and rules
  AMOUNT_INVALID: {
    what: 'An amount is not an integer in the allowed range.',
    remedy: 'This is a defect or a hostile neighbour; report it with the log.',
  },
  AMOUNT_OVERFLOW: {
    what: 'An amount would leave the range of exact integers.',
    remedy: 'Settle the link, or use a larger unit of account.',
  },
  PRICE_INVALID: {
    what: 'A price is not an integer from 0 to 2147483648.',
    remedy: 'Set prices as whole units per MB within that range.',
  },
  HOLD_UNKNOWN: {
    what: 'A hold was ended twice, or never made.',
    remedy: 'This is a defect; the link has been stopped. Report it with the log.',
  },
  HOLDS_EXHAUSTED: {
    what: 'More reservations are open at once than can be.',
    remedy: 'This is a leak of holds; report it with the log.',
  },
  INVARIANT_BROKEN: {
    what: 'A rule of the books does not hold; the link has been stopped.',
    remedy: 'Nothing was changed to hide it. Report it with the log and the link record.',
  },
  NODE_ID_INVALID: {
    what: 'This is not a node id.',
    remedy: 'A node id is an Ethereum address: 0x and 40 hex digits.',
  },
  SERVICE_REFUSED: {
    what: 'A service was asked to go beyond what its link allows.',
    remedy: 'This is a defect of the service: it must ask before it serves. Report it with the log.',
  },
  MESSAGE_UNEXPECTED: {
    what: 'A neighbour sent a message that has no place in the conversation.',
    remedy: 'The neighbour is faulty or of another version; the link was closed.',
  },
  PAYMENT_METHOD_MISSING: {
    what: 'A payment was made, or to be made, in a way this node cannot use.',
    remedy: 'Look at settlement.methods of both nodes; the next method of the list is used meanwhile.',
  },
  PAYMENT_METHOD_UNPREPARED: {
    what: 'This node was not started for this method of payment.',
    remedy: 'Add it to settlement.methods in the configuration, and start the node again.',
  },
  PAYMENT_FLOOD: {
    what: 'A neighbour sends payments faster than it may.',
    remedy: 'Payments are limited to ten a second a link; the link was closed.',
  },
  ONE_WAY_CREDITOR: {
    what: 'Only we can pay on this link, and the neighbour is mostly our debtor.',
    remedy: 'Trade with it needs a way for it to pay, or more use of it by us.',
  },
  EPOCH_STALE: {
    what: 'A frame was priced by terms that are no longer in force.',
    remedy: 'The neighbour must take the newest terms; the frame was refused.',
  },
  EPOCH_UNKNOWN: {
    what: 'A frame names terms that were never sent.',
    remedy: 'The neighbour is faulty or hostile; the link was closed.',
  },
  // terms and conduct
  TERMS_WRONG_VERSION: {
    what: 'The neighbour speaks another version of the protocol.',
    remedy: 'One of the two nodes needs an update.',
  },
  TERMS_WRONG_CHAIN: {
    what: 'The neighbour settles on another chain.',
    remedy: 'Both nodes must use the same chain id; compare their settlement settings.',
  },
  TERMS_WRONG_TOKEN: {
    what: 'The neighbour settles in another token.',
    remedy: 'Both nodes must use the same token; compare their settlement settings.',
  },
  TERMS_ABSURD: {
    what: 'A field of the terms is out of range.',
    remedy: 'The field is named; its owner must correct it. A ratio must lie within a quarter of ours.',
  },
  TERMS_PAYAT_ABOVE_DROPAT: {
    what: 'payAt could never be reached before dropAt.',
    remedy: 'Set payAt below dropAt, with room for at least one piece of every service between them.',
  },
  TERMS_STALE: {
    what: 'The terms are older than those already taken, or differ under the same epoch.',
    remedy: 'The neighbour must send its terms with a higher epoch.',
  },
  TERMS_NO_METHOD: {
    what: 'The two nodes know no common way to pay.',
    remedy: 'Enable one settlement mode on both, or set the bid to 0 to trade without tokens.',
  },
  TERMS_TRANSFER_TOO_SLOW: {
    what: 'A transfer is confirmed too late: the debt would pass dropAt first.',
    remedy: 'Raise dropAt, lower payAt, wait for fewer confirmations, or pay by cheque.',
  },
  STATEMENT_INVALID: {
    what: 'A statement of totals is about another link, chain or store than this one.',
    remedy: 'The neighbour is faulty or hostile; the link was closed.',
  },
  STATEMENT_FORGED: {
    what: 'A statement of totals is not signed by the neighbour.',
    remedy: 'The neighbour is faulty or hostile; the link was closed.',
  },
  STATEMENT_STALE: {
    what: 'A statement of totals is older than one already taken, or names a mark that was never set.',
    remedy: 'It was left out. If this lasts, the neighbour runs on a copy of an old store: it must restore properly.',
  },
  STATEMENT_CONTRADICTS: {
    what: 'A neighbour signed two statements that cannot both be true.',
    remedy: 'Both are kept as evidence in the store, and its credit is withdrawn. Talk to its operator.',
  },
  STATEMENT_UNDERCOUNTS: {
    what: 'A neighbour states that it got less than we gave it.',
    remedy: 'The event says how much of which service since which statement. If it goes on, the link is closed.',
  },
  STATEMENT_OVERCOUNTS: {
    what: 'A neighbour states that it gave more than we got.',
    remedy: 'Only our own count is paid. The event says how much of which service. If it goes on, the link is closed.',
  },
  STATEMENT_PAYMENTS: {
    what: 'A neighbour states other payments than were made and acknowledged.',
    remedy: 'Compare the payments of both nodes; the cheques themselves are the proof.',
  },
  STATEMENT_DENIED: {
    what: 'A neighbour claims on a new connection to have got less than it had signed for.',
    remedy: 'What it signed stands. If it goes on, the link is closed.',
  },
  COUNTS_INFLATED: {
    what: 'A neighbour claims on a new connection that we admitted more than we did.',
    remedy: 'The claim was not taken over; our own count stands. If it goes on, the link is closed.',
  },
  STATEMENT_REPEATED: {
    what: 'A neighbour stated wrong totals again and again.',
    remedy: 'The link is closed for service until you open it again. Its statements are kept in the store.',
  },
  STATEMENT_LATE: {
    what: 'A neighbour trades and makes no statements of its totals.',
    remedy: 'It is slowed down and then cut. Its operator must look at the node.',
  },
  STATEMENT_FLOOD: {
    what: 'A neighbour sends statements faster than it may.',
    remedy: 'The neighbour is faulty or hostile; the link was closed.',
  },
  TERMS_UNACKNOWLEDGED: {
    what: 'Too many changes of terms await acknowledgement.',
    remedy:
      'The change is sent when the neighbour has taken the earlier ones, and a limit that it lowers holds at once; if this ' +
      'lasts, its node hangs.',
  },
  ROUTE_ABSURD: {
    what: 'A neighbour announced a route with values out of range.',
    remedy: 'Its software is broken or hostile; the announcement was dropped. Nothing to do here.',
  },
  ROUTES_EXHAUSTED: {
    what: 'A neighbour announced more destinations than there is room for from one.',
    remedy:
      'Those that were new were dropped. Somebody behind it invents destinations, or should announce ranges instead.',
  },
  ALLOTMENT_AHEAD: {
    what: 'More allotments were bought ahead than are sold.',
    remedy: 'Buy the next allotment when the last is nearly used up.',
  },
  SERVICE_NOT_OFFERED: {
    what: 'The service is not offered under these terms.',
    remedy: 'The neighbour must look at our terms before it asks.',
  },
  // links
  LISTEN_FAILED: {
    what: 'This address cannot be listened on.',
    remedy: 'Check that it belongs to this machine and that the port may be used.',
  },
  PORT_IN_USE: {
    what: 'Another program listens on this port already.',
    remedy: 'Stop it, or choose another port; port 0 takes a free one.',
  },
  WIRE_MALFORMED: {
    what: 'A message or header cannot be read.',
    remedy: 'The sender is faulty, hostile, or of another version; what it sent was dropped.',
  },
  LINK_UNREACHABLE: {
    what: 'Nobody answers at this address.',
    remedy: 'Check the address and that the neighbour runs; it is dialled again by itself.',
  },
  LINK_HANDSHAKE_FAILED: {
    what: 'The secure connection could not be made.',
    remedy: 'The other end is no Wayleave node of this version, was too slow, or refused us; the reason is named.',
  },
  LINK_UNPROVEN: {
    what: 'The other end did not prove its node id.',
    remedy: 'Its certificate breaks the named rule; it is faulty, hostile, or no Wayleave node.',
  },
  LINK_WRONG_PEER: {
    what: 'Another node answers at this address than the one expected.',
    remedy: 'Correct the address or the node id of this neighbour.',
  },
  LINK_SELF: { what: 'This address leads back to this very node.', remedy: 'Remove it from the list of neighbours.' },
  LINK_DUPLICATE: {
    what: 'These two nodes are connected already.',
    remedy: 'Nothing needs to be done; the other connection is used.',
  },
  LINK_LOST: {
    what: 'The connection to the neighbour broke.',
    remedy: 'It is dialled again by itself; if it recurs, look at the network between the two.',
  },
  LINK_SILENT: {
    what: 'The neighbour gave no sign of life.',
    remedy: 'It is dialled again by itself; check that the neighbour runs and can be reached.',
  },
  LINK_STALLED: {
    what: 'The neighbour takes in nothing of what waits for it.',
    remedy: 'The link was closed to keep memory bounded; it is dialled again by itself.',
  },
  LINK_FRAME_INVALID: {
    what: 'A frame breaks the rules of the link.',
    remedy: 'The neighbour is faulty, hostile, or of another version; the link was closed.',
  },
  LINK_FLOODED: {
    what: 'The neighbour sent more, or faster, than it was allowed to.',
    remedy: 'The neighbour is faulty or hostile; the link was closed.',
  },
  LINK_CHANNELS_EXHAUSTED: {
    what: 'No more channels can be opened on this link.',
    remedy: 'Wait until one ends, or use another neighbour.',
  },
  LINK_BUDGET_SPENT: {
    what: 'The neighbour lets us send nothing more for now.',
    remedy: 'It grants more as it serves us and as it is paid.',
  },
  LINK_WINDOW_EXCEEDED: {
    what: 'More was sent on a channel, or given back, than its window holds.',
    remedy: 'This is a defect; report it with the log.',
  },
  FRAME_TOO_LARGE: {
    what: 'A message or header is larger than a frame may carry.',
    remedy: 'This is a defect; report it with the log.',
  },
  DISCOVERY_FAILED: {
    what: 'Neighbours on the local network cannot be looked for.',
    remedy: 'Name neighbours by address, or free UDP port 5353 for shared use.',
  },
  LINK_CLOSED: { what: 'The link is closed.', remedy: 'It is dialled again by itself; try again shortly.' },
  // store
  STORE_FULL: {
    what: 'There is no room left to store anything.',
    remedy: 'Free space on the disk, or raise the size limit of the store; nothing was stored in part.',
  },
  STORE_FAILED: {
    what: 'The store cannot be read or written.',
    remedy: 'Check the disk and the permissions of the data folder, then start the node again.',
  },
  STORE_CLOSED: { what: 'The store is closed.', remedy: 'The node is stopping; try again when it runs.' },
  STORE_IN_USE: {
    what: 'Another process has this store open.',
    remedy: 'Stop the other node, or use another data folder.',
  },
  STORE_NEWER: {
    what: 'This store was written by a later version.',
    remedy: 'Start it with that version or a newer one.',
  },
  STORE_CORRUPT: {
    what: 'This file is not an undamaged store.',
    remedy: 'Restore the newest backup with `wayleave restore`; keep the damaged file for later examination.',
  },
  STORE_WRONG_NODE: {
    what: 'This store belongs to another node.',
    remedy: 'Use the data folder that belongs to this key.',
  },
  STORE_RECORD_INVALID: {
    what: 'A record to be stored is malformed.',
    remedy: 'This is a defect; nothing of the batch was stored. Report it with the log.',
  },
  STORE_EXISTS: {
    what: 'There is a store at this place already.',
    remedy: 'Choose another place, or add --replace: the old one is then kept beside it.',
  },
  STORE_URL_INVALID: {
    what: 'This is not the address of a PostgreSQL database.',
    remedy: 'Write postgres://USER@HOST:PORT/DATABASE?schema=NAME; the schema is letters, digits and "_".',
  },
  STORE_UNREACHABLE: {
    what: 'The database server does not answer.',
    remedy: 'Nothing of the batch was stored. The node goes on by itself when the server answers again.',
  },
  STORE_REFUSED: {
    what: 'The database server refused this node.',
    remedy: 'Check user, password, database and rights; the reason is named.',
  },
  STORE_UNFIT: {
    what: 'The database server cannot keep money safe as it is set up.',
    remedy: 'Use PostgreSQL 15 or later, not a standby, with fsync and full_page_writes on, and no pooler between.',
  },
  STORE_FENCED: {
    what: 'Another process with the same node key has taken over this store.',
    remedy:
      'Nothing more is written here. Run one process for each node key, and start this one again if it is the one.',
  },
  STORE_NOT_EMPTY: {
    what: 'The store holds books already.',
    remedy: 'Nothing was changed. Stop the node, move the old store away, and begin with an empty one.',
  },
  EXPORT_INVALID: {
    what: 'This is not a complete, unchanged export.',
    remedy: 'Nothing was imported. Export the books again; the line or the sum that is wrong is named.',
  },
  BACKUP_EXISTS: { what: 'There is a file at this place already.', remedy: 'Choose another name for the backup.' },
  BACKUP_MISSING: { what: 'There is no backup at this place.', remedy: 'Check the path.' },
  // chain and settlement
  CHAIN_CLOSED: {
    what: 'The connection to the chain was closed.',
    remedy: 'The node is stopping; what was sent is looked up at the next start.',
  },
  CHANNEL_UNVERIFIED: {
    what: 'The channel could not be looked up on the chain yet.',
    remedy: 'The payment is sent again by itself; check the RPC endpoint if this lasts.',
  },
  CHANNEL_NO_CONTRACT: {
    what: 'There is no channel between the two at the address that a payment names.',
    remedy: 'The payer must open it first, on the same chain.',
  },
  CHANNEL_FOREIGN_FACTORY: {
    what: 'The channel was not made by the factory this node trusts, or is not in native coin.',
    remedy: 'Both nodes must be configured with the same factory.',
  },
  CHANNEL_WRONG_PARTIES: {
    what: 'A payment came in a channel between others.',
    remedy: 'The payer must pay in the channel it has with this node.',
  },
  CHANNEL_FREEZE_SHORT: {
    what: 'The freeze period of the channel is too short to answer an old state in.',
    remedy: 'The payer must open a channel with a longer one.',
  },
  CHANNEL_NOT_FOR_ME: {
    what: 'A payment in a channel is made out to someone else.',
    remedy: 'The payer must make it out to the payee of the other party.',
  },
  CHANNEL_CLOSING: {
    what: 'The channel is being closed.',
    remedy: 'The payer uses its next method, or opens the next channel.',
  },
  CHANNEL_CLOSED: {
    what: 'The channel is closed.',
    remedy: 'The payer pays again by its next method, or in the next channel.',
  },
  CHANNEL_STALE: {
    what: 'A payment in a channel does not exceed what was already paid there.',
    remedy: 'The payer must take up its last total again before it pays.',
  },
  CHANNEL_ABSURD: {
    what: 'A payment in a channel is over an impossible amount.',
    remedy: 'The payer is faulty or hostile; the link was closed.',
  },
  CHANNEL_TOO_SMALL: {
    what: 'A payment in a channel adds less than the minimum.',
    remedy: 'The payer must wait until more is due.',
  },
  CHANNEL_NOT_COVERED: {
    what: 'A payment in a channel exceeds what its payer has there.',
    remedy:
      'The payer must top the channel up first; the payment is sent again by itself. Of a closed channel: a reorganisation ' +
      'took a deposit back, and what is missing is a debt again.',
  },
  CHANNEL_FORGED: {
    what: 'A payment in a channel was not signed by its payer.',
    remedy:
      'The payer is faulty or hostile; the link was closed. From `wayleave watch`: write the file anew with ' +
      '`wayleave channel export FILE`, and copy it whole.',
  },
  CHEQUE_NOT_FOR_ME: {
    what: 'A cheque is made out to someone else.',
    remedy: 'The payer must make it out to the id it is connected to.',
  },
  CHEQUE_WRONG_CHEQUEBOOK: {
    what: 'A cheque is not drawn on the chequebook in the terms.',
    remedy: 'The payer must send new terms before it changes its chequebook.',
  },
  CHEQUE_UNVERIFIED: {
    what: 'The chequebook could not be looked up on the chain yet.',
    remedy: 'The cheque is sent again by itself; check the RPC endpoint if this lasts.',
  },
  CHEQUE_NO_CONTRACT: {
    what: 'No contract stands at the chequebook address.',
    remedy: 'The payer must deploy its chequebook, or use the same chain.',
  },
  CHEQUE_FOREIGN_FACTORY: {
    what: 'The chequebook was not made by the factory this node trusts.',
    remedy: 'Both nodes must be configured with the same factory.',
  },
  CHEQUE_STALE: {
    what: 'A cheque does not exceed what was already paid.',
    remedy: 'The payer must take up its last cumulative amount again before it pays.',
  },
  CHEQUE_ABSURD: {
    what: 'A cheque is over an impossible amount.',
    remedy: 'The payer is faulty or hostile; the link was closed.',
  },
  CHEQUE_TOO_SMALL: { what: 'A cheque adds less than the minimum.', remedy: 'The payer must wait until more is due.' },
  CHEQUEBOOKS_TOO_MANY: {
    what: 'A neighbour owes from too many chequebooks at once.',
    remedy: 'The payer stays with one chequebook until the cheques on its earlier ones are cashed.',
  },
  CHEQUE_WRONG_ISSUER: {
    what: 'The chequebook belongs to another node than the one that sent the cheque.',
    remedy: 'The payer must use a chequebook of its own key, or one that was delegated to it.',
  },
  CHEQUE_DELEGATION_EXPIRED: {
    what: 'The delegation by which a node pays from its operator’s chequebook is no longer good.',
    remedy: 'The payer signs another one by itself; if it lasts, compare the clocks of both machines.',
  },
  CHEQUE_FORGED: {
    what: 'A cheque was not signed by the issuer of its chequebook.',
    remedy: 'The payer is faulty or hostile; the link was closed.',
  },
  CHEQUE_DOUBTED: {
    what: 'A cheque bounced, in a block that another branch of the chain may still replace.',
    remedy:
      'Nothing is served to its issuer until `confirmations` blocks are there: then it is cut for good, or, where the ' +
      'branch lost, served as before.',
  },
  CHEQUE_BOUNCED: {
    what: 'The chequebook has bounced before.',
    remedy: 'The payer must pay by other means, or from a new chequebook.',
  },
  KEY_INVALID: {
    what: 'This is not a secp256k1 key.',
    remedy: 'A private key is 32 bytes, not zero and below the order of the curve. Make one with `wayleave init`.',
  },
  KEYSTORE_MISSING: {
    what: 'The key file does not exist.',
    remedy: 'Make one with `wayleave init`, or name the right folder.',
  },
  KEYSTORE_EXISTS: {
    what: 'A key file stands there already.',
    remedy: 'Nothing was written: a key is never replaced. Move the file away first if you mean it.',
  },
  KEYSTORE_INVALID: {
    what: 'The key file is not a Web3 Secret Storage v3 file this program can open.',
    remedy: 'Restore the file from a backup. The reason is named.',
  },
  KEYSTORE_INSECURE: {
    what: 'The key file holds its key without encryption.',
    remedy: 'That is meant for the lab only; allow it with the insecure option, or make an encrypted key.',
  },
  KEYSTORE_PASSWORD_MISSING: {
    what: 'The key file needs a password, and none was given.',
    remedy: 'Give one by password file, by WAYLEAVE_PASSWORD, or at the prompt.',
  },
  KEYSTORE_PASSWORD_WRONG: {
    what: 'The password does not open the key file.',
    remedy: 'Try again; there is no way round it.',
  },
  KEYSTORE_UNLOCK_FAILED: {
    what: 'The process that opens the key file failed or took too long.',
    remedy: 'Unlocking needs up to 512 MB of memory for a moment; look at the cause.',
  },
  KEYSTORE_FAILED: {
    what: 'The key file, or the file with its password, could not be read or written.',
    remedy: 'Look at the rights of the folder and at free space on the disk.',
  },
  RPC_UNREACHABLE: {
    what: 'The chain endpoint does not answer.',
    remedy: 'Check the URL and the network; settlement goes on by itself when it answers again.',
  },
  RPC_FAILED: {
    what: 'The chain endpoint answered with an error.',
    remedy: "The endpoint's own words are in the details.",
  },
  RPC_DISAGREES: {
    what: 'The chain endpoints say different things, and no answer came from as many as the quorum asks for.',
    remedy: 'Nothing was credited. Look which of them is on another fork or lies, and take it out of the list.',
  },
  CHAIN_WRONG: {
    what: 'The chain endpoint serves another chain than configured.',
    remedy: 'Compare the chain id with the endpoint; nothing was signed.',
  },
  CHAIN_EMBEDDED_UNAVAILABLE: {
    what: 'The embedded development chain is not installed here.',
    remedy: 'Run `npm ci` under Node 24 without --omit=optional, or use a JSON-RPC endpoint.',
  },
  TRANSACTION_REVERTED: {
    what: 'The contract refused the transaction.',
    remedy: 'The reason is in the details; gas was spent only if a hash is named.',
  },
  CASHING_UNDONE: {
    what: 'The chain was reorganised, and a payout of a cheque is not in it any more.',
    remedy: 'Nothing; the cheque is as good as before and is cashed again.',
  },
  TRANSACTION_PENDING: {
    what: 'The transaction was sent and is not mined yet.',
    remedy: 'It may still be mined; its outcome is asked for later by its hash.',
  },
  TRANSFER_REFUSED: {
    what: 'The token said no to a transfer without failing: nothing was paid but gas.',
    remedy: 'Look whether the token is paused, or keeps accounts from paying. What is owed is paid again later.',
  },
  TRANSFER_SHORT: {
    what: 'The token kept a part of a transfer: less arrived than was paid.',
    remedy: 'What arrived is paid, the rest is still owed; both ends count alike. Settle in a token that takes no fee.',
  },
  TRANSACTION_REPLACED: {
    what: 'Another transaction of the same key took the place of this one, which can never be mined any more.',
    remedy: 'Let no other program send with the key of a running node.',
  },
  CHAIN_FUNDS_MISSING: {
    what: "The node's account has too little coin for the amount and its gas.",
    remedy: "Send coin to the node's address.",
  },
  GAS_TOO_DEAR: { what: 'The gas price is above the limit set.', remedy: 'Wait until it falls, or raise the limit.' },
  CHAIN_NOT_FACTORY: {
    what: 'No chequebook factory stands at the configured address.',
    remedy: 'Compare the factory address with the chain.',
  },
  CHANNEL_MISSING: {
    what: 'There is no channel to this neighbour to pay in yet.',
    remedy:
      'It is opened by itself when the chain answers and the node key holds coin; the next method is used meanwhile.',
  },
  CHANNEL_FULL: {
    what: 'The deposit in the channel does not cover this payment.',
    remedy: 'It is topped up by itself while the node key holds coin; the next method is used meanwhile.',
  },
  TOKEN_MISSING: {
    what: 'No ERC-20 token stands at the configured address.',
    remedy: 'Compare the token address with the chain.',
  },
  CHANNEL_CLOSED_BEHIND: {
    what: 'A channel was closed with an older total than the neighbour had signed, and nobody answered in time.',
    remedy:
      'What is missing is its debt again, and the link stays closed for service once the close is `confirmations` deep. ' +
      'Let `wayleave watch` run on a second machine, so that this cannot happen.',
  },
  CHANNEL_NOT_AGREED: {
    what: 'A neighbour proposed to close a channel, or to take something out, by totals that are not those of this node.',
    remedy: 'It proposes again when the payments under way are answered.',
  },
  CHANNEL_TOO_LITTLE: {
    what: 'Less than that can be taken out of the channel: the rest is signed away, or there is nothing.',
    remedy: '`wayleave channel` shows what each put in, has signed and has taken out.',
  },
  CHANNEL_UNKNOWN: {
    what: 'There is no open channel with this neighbour.',
    remedy: '`wayleave channel list` shows those there are.',
  },
  SETTLEMENT_NEEDS_SERVER: {
    what: 'Nodes can share a chequebook only through books on one server.',
    remedy: 'Set chequebook and issuer_key under [settlement], and url under [store].',
  },
  CHEQUEBOOK_NOT_OURS: {
    what: 'The chequebook under [settlement] is not one that issuer_key signs for.',
    remedy:
      'Compare chequebook, issuer_key, factory and chain_id. `wayleave chequebook deploy WEI --key FILE` makes one for the key in FILE.',
  },
  CHEQUEBOOK_DELEGATED: {
    what: 'This node pays from its operator’s chequebook and cannot do that with it.',
    remedy: 'Its owner can: `wayleave chequebook … --key FILE`, with the key in FILE.',
  },
  CHEQUEBOOK_UNKNOWN: {
    what: 'This node has no such chequebook.',
    remedy: '`wayleave chequebook` shows those it has; with --key FILE the owner of another one acts on it.',
  },
  CHEQUEBOOK_MISSING: {
    what: 'This node has no chequebook to pay from yet.',
    remedy:
      'It is deployed by itself when the chain answers and the node key holds coin; or set the bid to 0 to trade without paying.',
  },
  CHEQUEBOOK_EMPTY: {
    what: 'The chequebook does not cover this payment.',
    remedy: 'Fill it with wayleave chequebook deposit; cheques then go out again by themselves.',
  },
  CHEQUEBOOK_DAILY_CAP: {
    what: "Today's limit on what cheques promise is reached.",
    remedy: 'Payments go on at midnight UTC, or raise settlement.max_issue_per_day_wei.',
  },
  CASHING_FAILED: {
    what: 'A cheque could not be cashed.',
    remedy: 'It is tried again by itself, less often each time; the cheque stays good meanwhile.',
  },
  // transit
  EGRESS_RULE_INVALID: {
    what: 'This is not a rule for the gateway.',
    remedy:
      'Write a host, an address or a range, with a port if need be: 10.0.0.0/8, 192.0.2.7:80, [fd00::1]:443, intranet.example:80.',
  },
  PROXY_UNPROTECTED: {
    what: 'The proxy would serve anyone who can reach this machine, at your cost.',
    remedy: 'Listen on 127.0.0.1, or set a user name and a password.',
  },
  PACKET_TOO_LARGE: {
    what: 'The payload is longer than one packet carries.',
    remedy: 'Cut it: a packet takes 15360 bytes.',
  },
  PACKETS_WAITING: {
    what: 'Too many packets of this node wait for an answer.',
    remedy: 'Wait for some of them, or wait less long for each.',
  },
  PACKETS_OVER_BUDGET: {
    what: 'Packets of this node have cost as much today as they may, or this one would cost more.',
    remedy: 'Wait until tomorrow, or raise send_budget_units in [packets].',
  },
  PACKET_ID_INVALID: {
    what: 'This is not the id of a packet.',
    remedy: 'It has 16 hexadecimal digits in small letters, as the packet that is answered came with.',
  },
  PACKET_RECEIVER_FAILED: {
    what: 'A program that takes packets from this node failed, or answered with more value than came.',
    remedy: 'Its packet was not answered; what it carried stays here. Look at the program.',
  },
  PACKETS_OFF: {
    what: 'This node carries no packets.',
    remedy: 'Set enabled = true in [packets] and start it again.',
  },
  PACKET_NO_ROUTE: {
    what: 'No way to that node is known.',
    remedy: 'Check the id and that its node is up; or give a value, and the packet is tried all the same.',
  },
  PACKET_RETURN_FALSE: {
    what: 'A neighbour returned a packet it was never sent, or with more value than it was sent with.',
    remedy: 'Nothing was booked and the link was closed. If it happens again, leave that neighbour.',
  },
  SCENARIO_INVALID: {
    what: 'The scenario file has a mistake.',
    remedy: 'The message names the place and what may stand there; docs/packets.md describes the format.',
  },
  MASS_INVALID: {
    what: 'There can be no world of these sizes.',
    remedy: 'Change the setting named to what it accepts; docs/testing.md describes them all.',
  },
  TRACE_INVALID: {
    what: 'The trace has a mistake.',
    remedy: 'The message names the place and what may stand there; wayleave sim trace writes one.',
  },
  REPLAY_NODE_FAILED: {
    what: 'A node of the replay failed, or ended by itself.',
    remedy: 'The last lines of its log are shown; run it again with --dir to keep its folder.',
  },
  REPLAY_STUCK: {
    what: 'The nodes of the replay did not come to rest after a step.',
    remedy: 'Where the machine was not just asleep, real nodes differ from simulated ones: look at the step named.',
  },
  // configuration and faces
  SCENARIO_UNKNOWN: {
    what: 'There is no scenario of this name.',
    remedy: 'Use one of those named, or leave the option out.',
  },
  SCENARIO_SETTLES_OTHERWISE: {
    what: 'The nodes of this scenario do not settle in this way.',
    remedy:
      'Use one of the ways named, or leave --scenario out. Where traffic goes one way only, barter ends at drop_at.',
  },
  LAB_NODE_FAILED: {
    what: 'A node of the neighbourhood did not come up, or ended by itself.',
    remedy: 'The last lines of its log are shown; the folder is kept for a look.',
  },
  LAB_NODE_UNREACHABLE: {
    what: 'A node of the neighbourhood does not answer on its API.',
    remedy: 'Look at its log in the lab folder.',
  },
  LAB_FOLDER_USED: {
    what: 'The lab needs a folder of its own, and this one is not empty.',
    remedy: 'Name a new or an empty folder, or leave the option out.',
  },
  LAB_RESULT_UNWRITABLE: {
    what: 'The result cannot be written to this file.',
    remedy: 'Name a file in a folder that exists and may be written to.',
  },
  LAB_ADDRESS_MISSING: {
    what: 'This machine does not take connections at an address of its own that the lab wants for a web site.',
    remedy: 'On Linux all of 127.0.0.0/8 is there. Elsewhere add it first, on macOS: sudo ifconfig lo0 alias ADDRESS.',
  },
  SOCKS_REFUSED: {
    what: 'The proxy did not open the stream.',
    remedy: 'The reply names the reason; look at the links of that node.',
  },
  DOWNLOAD_FAILED: {
    what: 'A download did not arrive whole.',
    remedy: 'The reason is named; look at the links on its way.',
  },
  NODE_STOPPING: {
    what: 'The neighbour is shutting down.',
    remedy: 'Nothing is wrong; it is dialled again by itself.',
  },
  NEIGHBOUR_UNKNOWN: {
    what: 'This node accepts only neighbours it was told of.',
    remedy: 'Add a [[neighbour]] with this id, or set discovery.accept = "any".',
  },
  SETTLEMENT_NEEDS_CHAIN: {
    what: 'A way to pay is configured that needs a chain, and there is none.',
    remedy: 'Set settlement.rpc, or take the method out of settlement.methods.',
  },
  SETTLEMENT_OFF: {
    what: 'Settlement is switched off on this node.',
    remedy: 'Set settlement.enabled, with rpc and factory.',
  },
  NEIGHBOURS_EXHAUSTED: {
    what: 'This node has accounts with as many neighbours as it keeps.',
    remedy: 'Accept only known neighbours (discovery.accept = "known"), or remove old accounts.',
  },
  CONFIG_NOT_FOUND: {
    what: 'The configuration file cannot be read.',
    remedy: 'Make one with `wayleave init`, or name it with --config FILE.',
  },
  CONFIG_SYNTAX: { what: 'The configuration file is not valid TOML.', remedy: 'Correct the line named above.' },
  CONFIG_UNKNOWN_KEY: {
    what: 'The configuration file has a key that does not exist.',
    remedy: 'Correct the spelling, or remove the line. docs/configuration.md lists every key.',
  },
  CONFIG_INVALID: {
    what: 'A value in the configuration file is not acceptable.',
    remedy: 'Change the line named above to what it accepts. docs/configuration.md lists every key.',
  },
  FILE_FAILED: {
    what: 'A file or folder cannot be made, read or written.',
    remedy: 'Choose another place, or look at its rights and at free space on the disk. The reason is named.',
  },
  INIT_EXISTS: {
    what: 'There is a configuration in this folder already.',
    remedy: 'Nothing was changed. Choose another folder, or move the file away first.',
  },
  PASSWORDS_DIFFER: { what: 'The two passwords differ.', remedy: 'Nothing was written; try again.' },
  BACKUP_EMPTY: {
    what: 'This node has no books yet.',
    remedy: 'Start it once, or keep a copy of its key file and its configuration by hand.',
  },
  BACKUP_OTHER_KEY: {
    what: 'Another key stands where the one of the backup belongs.',
    remedy: 'Nothing was changed: a key is never replaced. Restore into another folder, or move the key away.',
  },
  PROXY_OFF: {
    what: 'The running node offers no proxy.',
    remedy: 'Set enabled = true under [proxy] in its configuration and start it again.',
  },
  PROXY_FAILED: {
    what: 'The address could not be fetched through the proxy.',
    remedy: 'The reason is named. wayleave status shows whether a neighbour carries your traffic, and is paid.',
  },
  URL_INVALID: { what: 'This is not an http or https address.', remedy: 'Write it in full: https://example.com/' },
  LAB_MISSING: {
    what: 'The lab is not part of this installation.',
    remedy: 'It is in the repository and in the published package; install one of them anew.',
  },
  LEDGER_NO_ACCOUNT: {
    what: 'There is no account with this neighbour.',
    remedy: 'wayleave ledger without a name lists every link; a name is that of a [[neighbour]], or an id.',
  },
  LEDGER_TOO_LONG: {
    what: 'That is more history than fits into one answer.',
    remedy: 'Ask for less with --since and --until; what lies outside is summed.',
  },
  HISTORY_FORGED: {
    what: 'This is not a credit history that the named node has signed.',
    remedy: 'Ask for it anew: wayleave history NEIGHBOUR --sign, on the node that gives it.',
  },
  LEDGER_UNEXPLAINED: {
    what: 'The history of a link does not add up to its account.',
    remedy: 'The account decides and is not touched. Keep a backup of the books and report it with the figures named.',
  },
  API_HOST_REFUSED: {
    what: 'The API answers only under a loopback name.',
    remedy: 'Use the address that api.json in the data folder names.',
  },
  API_ORIGIN_REFUSED: {
    what: 'The API was called by a web page from elsewhere.',
    remedy: 'Call it from its own address, or from a program.',
  },
  API_TOKEN_WRONG: {
    what: 'This needs the token of the running node.',
    remedy: 'Send the token from api.json in the data folder as: Authorization: Bearer TOKEN.',
  },
  API_NOT_FOUND: { what: 'The API has no such address.', remedy: 'docs/api.md lists what there is.' },
  API_BODY_INVALID: {
    what: 'The body of the request is not what this address takes.',
    remedy: 'Send a JSON object with the fields that docs/api.md names.',
  },
  API_BODY_TOO_LARGE: { what: 'The body of the request is too large.', remedy: 'No request needs more than 16 kB.' },
  API_LISTENERS_EXHAUSTED: { what: 'Too many readers of the event stream.', remedy: 'Close one of them first.' },
  FILE_UNREADABLE: {
    what: 'A file cannot be read.',
    remedy: 'Check its name and that you may read it.',
  },
  FILE_UNWRITABLE: {
    what: 'A file cannot be written.',
    remedy: 'Name a file in a folder that exists and may be written to.',
  },
  CHANNEL_EXPORT_INVALID: {
    what: 'This is not a file of signed channel states.',
    remedy: 'Write it anew on the machine of the node with `wayleave channel export FILE`, and copy it whole.',
  },
  API_UNREACHABLE: {
    what: 'No running node answers.',
    remedy: 'Start it with `wayleave up`, or name the right one with --config or --url.',
  },
  API_UNSUPPORTED: { what: 'This node does not offer that.', remedy: 'It was started by a program that left it out.' },
  INTERNAL: { what: 'Something failed that should not.', remedy: 'This is a defect. Report it with the log.' },
} as const satisfies Record<string, { what: string; remedy: string }>;

/** A key of the table: stable, in capitals, what programs and tests look at. */
export type ErrorCode = keyof typeof ERRORS;

/** Facts that belong to one occurrence, for example `{ key: 'transit.price', line: 12 }`. */
export type ErrorDetails = Record<string, string | number | boolean | bigint | undefined>;

/** The only error class the product throws on purpose. `message` is the sentence of the table with the details appended. */
export class WayleaveError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    const facts = Object.entries(details)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${String(value)}`);
    super(facts.length === 0 ? ERRORS[code].what : `${ERRORS[code].what} (${facts.join(', ')})`, { cause });
    this.name = 'WayleaveError';
    this.code = code;
    this.details = details;
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}

/** What the table says of a code that came as a bare word, in an event for example; undefined for any other word. */
export function meaningOf(code: unknown): { readonly what: string; readonly remedy: string } | undefined {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
}

/** The code of a `WayleaveError`, else undefined. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof WayleaveError ? error.code : undefined;
}
