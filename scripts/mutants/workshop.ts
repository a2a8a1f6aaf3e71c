import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
/** What a trial needs. node_modules is linked; nothing there is changed. */
const COPIED = ['src', 'scripts', 'test', 'contracts', 'package.json', 'tsconfig.json'];

/** A copy of the tree, so that it may be edited while mutants are tried. */
export class Workshop {
  readonly folder: string;

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'wayleave-mutants-')));
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.folder, name), {
        recursive: true,
        filter: (path) => !path.includes('node_modules'),
      });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
