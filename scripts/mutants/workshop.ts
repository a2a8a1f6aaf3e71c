import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutant.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What a trial needs. node_modules is linked; nothing there is changed. */
const COPIED = ['src', 'scripts', 'test', 'contracts', 'package.json', 'tsconfig.json'];

/** A copy of the tree in which one mutant at a time is put in place and taken out again. */
export class Workshop {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'wayleave-mutants-'));
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.folder, name), {
        recursive: true,
        filter: (path) => !path.includes('node_modules'),
      });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    mkdirSync(join(this.folder, '.cache'), { recursive: true });
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** Runs `use` while the mutant is in place. */
  async with<T>(mutant: Mutant, use: () => Promise<T>): Promise<T> {
    const path = join(this.folder, mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end));
    try {
      return await use();
    } finally {
      writeFileSync(path, source);
    }
  }

  /** The test beside a file, and those of what is made of it, as far as they exist. */
  has(file: string): boolean {
    try {
      readFileSync(join(this.folder, file));
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    if (dirname(this.folder) === tmpdir()) rmSync(this.folder, { recursive: true, force: true });
  }
}
