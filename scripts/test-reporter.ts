/**
 * Node's own `spec` report, with the skipped tests and their reasons listed above its closing lines.
 * With WAYLEAVE_NO_SKIPS=1 (set by .ci/run, which installs every server) a skipped test fails the run.
 */
import { Readable } from 'node:stream';
import type { TestEvent } from 'node:test/reporters';
import { spec } from 'node:test/reporters';

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(withSkips(source)).pipe(new spec()) as AsyncIterable<string>;
}

async function* withSkips(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const skipped: string[] = [];
  let told = false;
  for await (const event of source) {
    if (event.type === 'test:pass' && event.data.skip !== undefined && event.data.skip !== false) {
      skipped.push(`${event.data.name}: ${event.data.skip === true ? 'no reason given' : event.data.skip}`);
    }
    const closing =
      event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d/.test(event.data.message);
    if (closing && !told) {
      told = true;
      yield* skipped.map((line) => diagnostic(`skipped ${line}`));
      if (skipped.length > 0 && process.env['WAYLEAVE_NO_SKIPS'] === '1') {
        process.exitCode = 1;
        yield diagnostic(`${skipped.length} skipped, and WAYLEAVE_NO_SKIPS=1 allows none: this run has failed`);
      }
    }
    yield event;
  }
}

function diagnostic(message: string): TestEvent {
  return { type: 'test:diagnostic', data: { message, nesting: 0, level: 'info' } };
}
