import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { freePort } from '../support/nginx.ts';
import { PacedPublisher } from '../support/paced.ts';
import { Program } from '../support/program.ts';
import { isFrame } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const DATA = join(ROOT, 'test/data/srs');
const FILES = ['serverA', 'serverB', 'edge'] as const;
const PORTS = ['19350', '19351', '9090', '9091', '1935', '8080'] as const;
const read = (name: string) => readFileSync(join(DATA, `origin.cluster.${name}.conf`), 'utf8');

/** The ports of the files, and those that take their places here. */
const ports = Object.fromEntries(await Promise.all(PORTS.map(async (port) => [port, await freePort()] as const)));
const folder = await temporaryFolder({ after });
const programs: Program[] = [];
for (const name of FILES) {
  const text = read(name).replaceAll(/\b\d{4,5}\b(?=[;\s])/g, (port) => String(ports[port] ?? port));
  const file = join(folder, `origin.cluster.${name}.conf`);
  await writeFile(file, text);
  programs.push(new Program({ after }, process.execPath, [join(ROOT, 'src/main.ts'), '--config', file]));
}
for (const program of programs) {
  await until(`a server starts; it said ${program.stdout} ${program.stderr}`, () =>
    /"msg":"started"/.test(program.stdout),
  );
}

const NEEDS = needs('ffmpeg');
const { tags } = NEEDS.skip === undefined ? await clip('movie') : { tags: [] };

test('what the files ask for and is not there is told, with its place', () => {
  const warnings = programs.map(({ stdout }) =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { level: string; msg: string })
      .filter(({ level }) => level === 'warn')
      .map(({ msg }) => msg.replace(folder, '')),
  );
  for (const [i, name] of FILES.entries()) {
    assert.ok(
      warnings[i]!.some((line) => line.startsWith(`/origin.cluster.${name}.conf:6: pid: `)),
      warnings[i]!.join('\n'),
    );
  }
});

describe('a stream that is pushed to either origin', () => {
  for (const [here, there] of [
    ['19350', '19351'],
    ['19351', '19350'],
  ] as const) {
    const name = `to-${here}`;

    test(`plays from the edge by RTMP and HTTP-FLV when it comes to ${here}`, NEEDS, async (t) => {
      const client = await RtmpClient.connect(t, { port: ports[here]! });
      await client.publish(name);
      new PacedPublisher(t, client, tags, 4000);
      const byRtmp = await (await RtmpClient.connect(t, { port: ports['1935']! })).play(name);
      await byRtmp.gets(50, isFrame);
      const byHttp = httpFlvViewer(t, `http://127.0.0.1:${ports['8080']}/live/${name}.flv`);
      await byHttp.gets(50, isFrame);
    });

    test(`is where ${there} sends an RTMP player when it comes to ${here}`, NEEDS, async (t) => {
      const client = await RtmpClient.connect(t, { port: ports[here]! });
      await client.publish(`${name}-sent`);
      new PacedPublisher(t, client, tags, 4000);
      await (await (await RtmpClient.connect(t, { port: ports[here]! })).play(`${name}-sent`)).gets(20);
      const player = await RtmpClient.connect(t, { port: ports[there]! });
      await assert.rejects(player.play(`${name}-sent`), /RTMP 302 Redirect/);
      const url = new URL(player.statuses.at(-1)!.redirect![1]);
      assert.deepEqual(
        [url.hostname, url.port, url.pathname],
        ['127.0.0.1', String(ports[here]), `/live/${name}-sent`],
      );
    });
  }
});
