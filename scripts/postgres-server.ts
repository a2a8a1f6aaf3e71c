/**
 * A PostgreSQL server of our own for tests and benches: made in a temporary folder, on a free port of loopback, run by a
 * user without rights, gone with the process that started it. Needs the server's programs (Debian: `postgresql`).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** PostgreSQL refuses to run as root. */
const USERS = ['postgres', 'nobody'];
const OLDEST = 15;
const START_TIMEOUT_MS = 30_000;

/** The folder of the newest server's programs. Undefined where none is installed. */
export function postgresPrograms(): string | undefined {
  const folders = globSync('/usr/lib/postgresql/*/bin').filter((folder) => existsSync(join(folder, 'initdb')));
  const version = (folder: string) => Number(/(\d+)\/bin$/.exec(folder)?.[1]);
  return folders.filter((folder) => version(folder) >= OLDEST).sort((a, b) => version(b) - version(a))[0];
}

export interface PostgresServer {
  /** For `openPostgresStore`, without a schema. */
  readonly url: string;
  /** SIGKILL to every process of the server, as if the power had failed for it. */
  kill(): Promise<void>;
  /** A clean stop that throws its clients out. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its files. */
  dispose(): Promise<void>;
}

/** `settings` as in postgresql.conf, for example `fsync = off`. Undefined where no server is installed. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer | undefined> {
  const programs = postgresPrograms();
  if (programs === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-postgres-'));
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const init = [
    '-D',
    data,
    '-U',
    'wayleave',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  execFileSync(join(programs, 'initdb'), init, { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder, ...owner });
  const port = await freePort();
  const server = new LocalServer({ programs, folder, port, owner, settings });
  await server.start();
  return server;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface LocalOptions {
  readonly programs: string;
  readonly folder: string;
  readonly port: number;
  readonly owner: Owner | undefined;
  readonly settings: readonly string[];
}

class LocalServer implements PostgresServer {
  readonly url: string;
  readonly #options: LocalOptions;
  #child: ChildProcess | undefined;

  constructor(options: LocalOptions) {
    this.#options = options;
    this.url = `postgres://wayleave@127.0.0.1:${options.port}/postgres`;
  }

  async start(): Promise<void> {
    const { programs, folder, port, owner, settings } = this.#options;
    const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, ...settings];
    const server = [join(programs, 'postgres'), '-D', join(folder, 'data'), ...options.flatMap((each) => ['-c', each])];
    // The server would outlive a parent that is killed: the kernel tells it. Ctrl-C at a terminal is for the parent alone.
    const child = spawn('setpriv', ['--pdeathsig=INT', '--', ...server], {
      stdio: 'ignore',
      detached: true,
      cwd: folder,
      ...owner,
    });
    this.#child = child;
    const untilMs = performance.now() + START_TIMEOUT_MS;
    while (!this.#ready()) {
      if (child.exitCode !== null || performance.now() > untilMs)
        throw new Error('the PostgreSQL server did not start');
      await sleep(50);
    }
  }

  #ready(): boolean {
    const { programs, port } = this.#options;
    try {
      execFileSync(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  async kill(): Promise<void> {
    const pid = this.#child?.pid;
    // Each has a session of its own, and the next server does not start while one of them is left.
    const all = pid === undefined ? [] : [pid, ...childrenOf(pid)];
    for (const each of all) signal(each, 'SIGKILL');
    this.#child = undefined;
    while (all.some((each) => existsSync(`/proc/${each}`))) await sleep(10);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGINT');
    await gone;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.#options.folder, { recursive: true, force: true });
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just gone by itself.
  }
}

function unprivileged(): Owner {
  for (const user of USERS) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next one, then.
    }
  }
  throw new Error(`PostgreSQL does not run as root, and none of these users exists: ${USERS.join(', ')}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
