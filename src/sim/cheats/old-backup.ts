import { overStore } from '../../store/over-store.ts';
import type { Cheat } from '../cheat.ts';
import type { DiskImage } from '../disk/disk-image.ts';

const BACKUP_MS = 1_500;
const RESTORE_MS = 6_000;

/**
 * Goes back to an old copy of its books again and again, so as to owe less and to have its cheques uncashed: half of the
 * times in secret, under the epoch it had.
 */
export const oldBackup: Cheat = {
  name: 'old-backup',
  join({ machine, random, every, cheated }) {
    const copies: DiskImage[] = [];
    let secret = 0;
    machine.alter = (ports) => {
      const { store } = ports;
      const load = async () => {
        const state = await store.load();
        return { ...state, epoch: state.epoch - secret };
      };
      return {
        ...ports,
        store: overStore(store, { load }),
      };
    };
    every(BACKUP_MS, () => {
      copies.push(machine.disk.image());
      if (copies.length > 4) copies.shift();
    });
    every(RESTORE_MS, () => {
      machine.crash();
      machine.disk.restore(random.pick(copies));
      if (random.chance(0.5)) secret += 1;
      cheated();
    });
  },
};
