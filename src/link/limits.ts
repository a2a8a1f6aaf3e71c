/**
 * Every limit of a link, with its unit and reason. Both ends must agree on those marked "wire".
 *
 * What one neighbour can make this node hold, per link:
 * - received and not yet released: `START_WINDOW_BYTES` × channels + `WINDOW_POOL_BYTES`, so at most 72 MiB with all
 *   4,096 channels full, 24 MiB with 1,000 of them. Frame overhead counts (`DATA_COST_BYTES`), so tiny frames cannot
 *   multiply it; small pieces are copied out of large buffers, so they cannot keep 16 times as much alive;
 * - one unfinished message or piece of a frame: 64 KiB;
 * - queued to be sent: `QUEUE_BYTES` + `START_WINDOW_BYTES` × channels of data, `URGENT_QUEUE_BYTES` of messages and
 *   small frames, `PIPE_BYTES` handed to the system.
 * An idle link holds none of it.
 */

const KIB = 1024;

/** Payload of one data frame (wire). Large enough that headers vanish, small enough to pass in 6 ms at 100 Mbit/s. */
export const MAX_DATA_BYTES = 64 * KIB;
/** One control or payment message (wire). Terms, statements and cheques are a few hundred bytes. */
export const MAX_MESSAGE_BYTES = 64 * KIB;
/** The header of an `open` (wire): a destination, a service, a few options. */
export const MAX_HEADER_BYTES = KIB;
/** The code in a close frame (wire), ASCII. */
export const MAX_CLOSE_BYTES = 64;

/** What a data frame takes from the window beside its payload (wire): the memory it costs a receiver to keep it apart. */
export const DATA_COST_BYTES = 64;
/** Window of each direction of a new channel, before any window frame (wire). Also what a channel keeps under pressure. */
export const START_WINDOW_BYTES = 16 * KIB;
/** What a channel's window is raised to at once while the pool allows: two bandwidth-delay products of 5 Mbit/s and 50 ms. */
export const USUAL_WINDOW_BYTES = 64 * KIB;
/** The largest window a fast channel grows to: 160 Mbit/s at 50 ms. */
export const MAX_WINDOW_BYTES = 1024 * KIB;
/** What all windows of a link may add up to beyond `START_WINDOW_BYTES` each. */
export const WINDOW_POOL_BYTES = 8192 * KIB;
/** More credit than this on one channel is a fault of the neighbour. */
export const MAX_CREDIT_BYTES = 2 ** 30;
/** Channels each side may have open on a link: 1,000 streams through one carrier with room to spare. */
export const MAX_CHANNELS = 2048;

/** Handed to the system and not yet taken by it: what a control message may have to wait behind. */
export const PIPE_BYTES = 256 * KIB;
/** One gathered write. */
export const BATCH_BYTES = 128 * KIB;
/**
 * One write while more than this waits in messages and no data does, and the next when it has left: what a TLS connection has
 * to take at once makes its buffers grow for good, from the 1 or 2 KiB of the handshake to 16 KiB and more.
 */
export const PIECE_BYTES = 900;
/** Buffers of that size kept for the next writes, over all links of a node: 2 MiB. */
export const MAX_POOLED_BUFFERS = 16;
/** What one channel sends before the next has its turn. */
export const TURN_BYTES = 16 * KIB;
/** What one channel may queue. */
export const CHANNEL_QUEUE_BYTES = 256 * KIB;
/** When all channels of a link queue more than this, each may queue only `START_WINDOW_BYTES`. */
export const QUEUE_BYTES = 4096 * KIB;
/** Messages and small frames waiting for a neighbour that takes nothing; beyond it the link is closed (`LINK_STALLED`). */
export const URGENT_QUEUE_BYTES = 4096 * KIB;

/** Messages a neighbour may send: terms, statements, cheques and acknowledgements need a few a second. */
export const MESSAGES_PER_SECOND = 100;
export const MESSAGES_BURST = 1000;
/** Bytes in those messages, per second and at once. */
export const MESSAGE_BYTES_PER_SECOND = 1024 * KIB;
export const MESSAGE_BYTES_BURST = 4096 * KIB;
/** Channels a neighbour may open: a guard of the CPU; the forward budget limits what they cost. */
export const OPENS_PER_SECOND = 10_000;
export const OPENS_BURST = 20_000;
/** All other small frames (accept, end, reset, window, budget). 2 GB/s of data needs about 60,000 window frames at the least window. */
export const SMALL_FRAMES_PER_SECOND = 100_000;
export const SMALL_FRAMES_BURST = 200_000;
/** Pings: one a few seconds, and one when a duplicate connection is judged. */
export const PINGS_PER_SECOND = 5;
export const PINGS_BURST = 50;

/** A ping is sent this often; it measures the round trip and keeps address translators awake. Milliseconds. */
export const KEEP_ALIVE_MS = 10_000;
/** Nothing heard for this long: the link is dead. Three pings lost. Milliseconds. */
export const SILENT_MS = 30_000;
/** How long a closing link may take to send what is queued. Milliseconds. */
export const CLOSE_LINGER_MS = 3000;

/** A handshake, from the first packet to the last byte of it. Milliseconds; a slow radio needs seconds. */
export const HANDSHAKE_MS = 10_000;
/** Connections whose other end has not proved itself yet. */
export const MAX_HALF_OPEN = 128;
/** Links accepted at a time. A node has tens of neighbours; keys are free, so strangers need a bound. */
export const MAX_ACCEPTED_LINKS = 1024;
/**
 * So many accepted links at a time read the socket in pieces of 64 KiB, which costs each of them that much memory for
 * ever. Those beyond begin with 1 KiB, which is enough for one that only says that it is there, and 16 KiB once more comes
 * at a time: a little more CPU for uploads, 50 kB less for each of many links that are mostly idle.
 */
export const ROOMY_LINKS = 8;
/** Handshakes per remote address: each costs some 5 ms of CPU. The burst lets a whole lab on one machine restart at once. */
export const HANDSHAKES_PER_SECOND = 10;
export const HANDSHAKES_BURST = 100;
/** Remote addresses remembered for that. */
export const MAX_HANDSHAKE_ADDRESSES = 4096;
