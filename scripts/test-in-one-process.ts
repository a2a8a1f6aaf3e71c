/** The one "test file" that Node's runner sees for all tests that may share a process: it imports the real ones. */
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const files = (process.env['WAYLEAVE_TEST_FILES'] ?? '').split('\n').filter((name) => name !== '');
const failures: Promise<(readonly [file: string, error: unknown])[]> = load();

// Registered first, so that no test runs before all files are loaded. A file that fails leaves the others their say.
test('every test file loads', async () => {
  const [first, ...others] = await failures;
  if (first === undefined) return;
  for (const [file, error] of others) console.error(`${file} does not load:`, error);
  throw new Error(`${first[0]} does not load`, { cause: first[1] });
});
await failures;

async function load(): Promise<(readonly [file: string, error: unknown])[]> {
  const failed: (readonly [file: string, error: unknown])[] = [];
  for (const file of files) {
    await import(pathToFileURL(file).href).catch((error: unknown) => failed.push([file, error]));
  }
  return failed;
}
