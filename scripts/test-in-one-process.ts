/** The one "test file" that Node's runner sees for all tests that may share a process: it imports the real ones. */
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

for (const file of (process.env['WAYLEAVE_TEST_FILES'] ?? '').split('\n').filter((name) => name !== '')) {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    // One file that does not load fails by itself and leaves the others their say.
    test(`${file} loads`, () => {
      throw error;
    });
  }
}
