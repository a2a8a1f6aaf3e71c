import { SimDisk } from '../../src/sim/disk/sim-disk.ts';
import { Life } from '../../src/sim/life.ts';
import { SeededRandom } from '../../src/sim/seeded-random.ts';
import { Timeline } from '../../src/sim/timeline.ts';
import type { Store } from '../../src/store/store.ts';
import { storeConformance } from './store.ts';

/** Once answering at once, once through the timeline, which then runs by itself. */
for (const commitLatencyMs of [0, 5]) {
  storeConformance(`simulated, ${commitLatencyMs} ms`, async () => {
    const timeline = new Timeline();
    const disks = new Map<string, SimDisk>();
    const at = (place: string) => {
      const disk = disks.get(place) ?? new SimDisk({ timeline, random: new SeededRandom(place) });
      disks.set(place, disk);
      return disk;
    };
    const open = async (place: string, roomBytes: number): Promise<Store> => {
      const disk = at(place);
      disk.commitLatencyMs = commitLatencyMs;
      disk.roomBytes = roomBytes;
      return disk.open(new Life());
    };
    let running = true;
    const run = () => {
      timeline.next();
      if (running) setImmediate(run);
    };
    run();
    return {
      open: (place) => open(place, Number.POSITIVE_INFINITY),
      openSmall: (place) => open(place, 20_000),
      backupPath: (name) => name,
      restore: async (from, place) => {
        const image = [...disks.values()].map(({ backups }) => backups.get(from)).find((found) => found !== undefined);
        if (image === undefined) throw new Error(`no backup ${from}`);
        at(place).restore(image);
      },
      dispose: async () => {
        running = false;
      },
    };
  });
}
