import { writeFileSync } from 'node:fs';
import { compileContracts } from './compile.ts';
import { writeGas } from './gas.ts';

/** `npm run contracts`: compiles the sources, writes `artifacts.json` beside them and the gas into `docs/contracts.md`. */
const artifacts = await compileContracts();
writeFileSync(new URL('artifacts.json', import.meta.url), `${JSON.stringify(artifacts, null, 1)}\n`);
for (const [name, { deployedBytecode }] of Object.entries(artifacts.contracts)) {
  console.log(`${name}: ${(deployedBytecode.length - 2) / 2} bytes`);
}
await writeGas();
