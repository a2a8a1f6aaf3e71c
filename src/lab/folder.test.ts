import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openKeystore } from '../chain/keystore.ts';
import { codeOf } from '../core/errors.ts';
import { loadConfig } from '../node/load-config.ts';
import { labIds, makeHomes, openFolder } from './folder.ts';
import { nodeNamed, pathOf, scenarioNamed, settlementOf, usualScenario } from './scenario.ts';

const scenario = scenarioNamed('neighbourhood');
const root = mkdtempSync(join(tmpdir(), 'wayleave-folder-'));
after(() => rmSync(root, { recursive: true, force: true }));

const FACTORY = `0x${'fa'.repeat(20)}`;
const homesIn = (folder: string, shaped: boolean) =>
  makeHomes({
    ...{ scenario, seed: 3, folder: openFolder(join(root, folder)).path, shaped },
    ...{
      settlement: 'cheque' as const,
      chain: { url: 'http://127.0.0.1:8545', factory: FACTORY },
      origins: new Map([['A', { host: '127.0.0.1', port: 8080 }]]),
    },
  });

describe('the scenario', () => {
  it('is the neighbourhood of DESIGN §6', () => {
    assert.deepEqual(pathOf(scenario, 'D'), ['D', 'C', 'B', 'A']);
    assert.deepEqual(pathOf(scenario, 'E'), ['E', 'B', 'A']);
    assert.deepEqual(scenario.links.map(({ a, b }) => a + b).sort(), ['AB', 'BC', 'BE', 'CD', 'CE']);
    assert.ok((scenario.downloads[0]?.sizeMb ?? 0) >= 20 && (scenario.downloads[1]?.sizeMb ?? 0) >= 3);
  });

  it('that suits the settlement is played, and no other', () => {
    assert.deepEqual(
      [usualScenario(undefined), usualScenario('channel'), usualScenario('barter')],
      [...['neighbourhood', 'neighbourhood', 'peering']],
    );
    assert.deepEqual([settlementOf(scenario, undefined), settlementOf(scenario, 'transfer')], ['cheque', 'transfer']);
    assert.throws(() => settlementOf(scenario, 'barter'), { code: 'SCENARIO_SETTLES_OTHERWISE' });
    assert.deepEqual(pathOf(scenarioNamed('peering'), 'S'), ['S', 'N']);
  });

  it('says what it is asked for in vain', () => {
    assert.throws(() => scenarioNamed('metropolis'), { code: 'SCENARIO_UNKNOWN' });
    assert.throws(() => nodeNamed(scenario, 'Z'));
  });
});

describe('the folder of a lab', () => {
  it('gives every node a key and a configuration that the node itself accepts', async () => {
    const homes = await homesIn('plain', false);
    const ids = labIds(scenario, 3);
    for (const home of homes) {
      const config = loadConfig(home.config);
      const signer = await openKeystore({ path: config.key.file, insecure: config.key.insecurePlain });
      assert.equal(signer.id, ids.get(home.name));
      assert.equal(statSync(config.key.file).mode & 0o077, 0);
      assert.deepEqual(
        [config.name, config.store.path, config.discovery.mdns, config.discovery.accept],
        [home.name, home.store, false, 'known'],
      );
      assert.deepEqual([config.settlement.enabled, config.settlement.factory], [true, FACTORY]);
      assert.deepEqual(config.transit.allow, home.name === 'A' ? ['127.0.0.1:8080'] : []);
      assert.equal(config.transit.nextHop, nodeNamed(scenario, home.name).nextHop ?? 'uplink');
    }
    const [a, b] = homes.map((home) => loadConfig(home.config));
    assert.deepEqual(b?.neighbours.map(({ name }) => name).sort(), ['A', 'C', 'E']);
    assert.deepEqual(b?.neighbours.find(({ name }) => name === 'A')?.address, a?.listen);
    const ports = homes.map((home) => loadConfig(home.config).listen.port);
    assert.equal(new Set(ports).size, homes.length);
  });

  it('slows down what is watched, at the seller only', async () => {
    const homes = await homesIn('shaped', true);
    const rate = (seller: string, buyer: string): number | undefined => {
      const home = homes.find(({ name }) => name === seller);
      const neighbours = home === undefined ? [] : loadConfig(home.config).neighbours;
      return neighbours.find(({ name }) => name === buyer)?.maxRateMbit;
    };
    assert.deepEqual([rate('C', 'D'), rate('D', 'C'), rate('A', 'B')], [20, 0, 0]);
  });

  it('has other keys for another seed, the same for the same', () => {
    assert.deepEqual(labIds(scenario, 3), labIds(scenario, 3));
    assert.notEqual(labIds(scenario, 3).get('A'), labIds(scenario, 4).get('A'));
    assert.equal(new Set(labIds(scenario, 3).values()).size, 5);
  });

  it('is never one that somebody uses', () => {
    writeFileSync(join(root, 'mine'), '');
    assert.equal(codeOf(thrown(() => openFolder(root))), 'LAB_FOLDER_USED');
    assert.ok(existsSync(join(root, 'mine')));
  });

  it('is gone when removed', () => {
    const folder = openFolder(undefined);
    folder.remove();
    assert.equal(existsSync(folder.path), false);
  });
});

function thrown(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
