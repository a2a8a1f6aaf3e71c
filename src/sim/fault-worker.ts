import { parentPort } from 'node:worker_threads';
import { type FaultRun, runFaults } from './fault-run.ts';

/** Runs in a worker of `fault-runs.ts`: one run after the other, as they are sent. */
parentPort?.on('message', (run: FaultRun) => {
  void runFaults(run).then((outcome) => parentPort?.postMessage(outcome));
});
