import type { Cheat } from '../cheat.ts';

const BURST_MS = 1_000;
/** Type bytes from 128 up are to be ignored by whoever does not know them. */
const UNKNOWN_TYPE = 200;

/** Sends junk: messages nobody knows, old ones again, and requests for channels, far more than it may. */
export const floods: Cheat = {
  name: 'floods',
  join({ machine, random, every, cheated }) {
    const heard: Uint8Array[] = [];
    machine.tamper = {
      outgoing(_peer, _kind, bytes) {
        if (heard.length < 50) heard.push(bytes);
        return undefined;
      },
    };
    every(BURST_MS, () => {
      const links = [...(machine.transport?.links ?? [])];
      if (links.length === 0) return;
      const link = random.pick(links);
      const count = random.between(5, 400);
      for (let sent = 0; sent < count; sent += 1) {
        const junk = random.bytes(random.between(1, 200));
        junk[0] = UNKNOWN_TYPE;
        if (heard.length > 0 && random.chance(0.2)) link.sendRaw('control', random.pick(heard));
        else link.sendRaw(random.chance(0.5) ? 'control' : 'payment', junk);
      }
      cheated(count);
    });
  },
};
