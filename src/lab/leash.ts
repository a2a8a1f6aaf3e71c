/*
 * Loaded into every node of the lab before its own program (`node --import`): when the lab is gone, however it went, the
 * channel to it breaks, and the node stops as if it had been asked to. So no lab leaves a node behind.
 */

/** After this long it is no longer waited for, milliseconds. */
const LAST_MS = 5_000;

process.channel?.unref();
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_MS).unref();
});
