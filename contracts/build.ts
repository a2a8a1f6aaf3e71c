import { writeFileSync } from 'node:fs';
import { compileContracts } from './compile.ts';

/** `npm run contracts`: compiles the sources and writes `artifacts.json` beside them. */
const artifacts = await compileContracts();
writeFileSync(new URL('artifacts.json', import.meta.url), `${JSON.stringify(artifacts, null, 1)}\n`);
for (const [name, { deployedBytecode }] of Object.entries(artifacts.contracts)) {
  console.log(`${name}: ${(deployedBytecode.length - 2) / 2} bytes`);
}
