import { z } from 'zod';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const share = z.number().nonnegative();

const self = z.object({
  version: z.string(),
  pid: count,
  ppid: count,
  argv: z.string(),
  cwd: z.string(),
  mem_kbyte: count,
  mem_percent: share.describe('Share of the machine, 0 to 1.'),
  cpu_percent: share.describe('Processors in use: 1 is one of them.'),
  cores: count.describe('How many it can use: one for each worker.'),
  srs_uptime: count.describe('Seconds.'),
});

const system = z.object({
  cpu_percent: share.describe('Share of all processors, 0 to 1.'),
  disk_read_KBps: count,
  disk_write_KBps: count,
  disk_busy_percent: share,
  mem_ram_kbyte: count,
  mem_ram_percent: share,
  mem_swap_kbyte: count,
  mem_swap_percent: share,
  cpus: count,
  cpus_online: count,
  uptime: count,
  ilde_time: count.describe('Idle seconds of all processors together; the name is as in SRS.'),
  load_1m: z.number(),
  load_5m: z.number(),
  load_15m: z.number(),
  net_sample_time: count.describe('Unix time in milliseconds.'),
  net_recv_bytes: count.describe('Of interfaces with a public address.'),
  net_send_bytes: count,
  net_recvi_bytes: count.describe('Of interfaces with inner addresses alone.'),
  net_sendi_bytes: count,
  srs_sample_time: count,
  srs_recv_bytes: count.describe('Media from publishers since the start.'),
  srs_send_bytes: count.describe('Media to viewers since the start.'),
  conn_sys: count,
  conn_sys_et: count,
  conn_sys_tw: count,
  conn_sys_udp: count,
  conn_srs: count.describe('Connections to this server.'),
});

const data = z.object({ ok: z.boolean(), now_ms: count, self, system });

const example: z.output<typeof data> = {
  ok: true,
  now_ms: 1_790_000_000_000,
  self: {
    version: '0.1.0',
    pid: 1902,
    ppid: 1,
    argv: 'node src/main.ts',
    cwd: '/opt/headwater',
    mem_kbyte: 92_160,
    mem_percent: 0.011,
    cpu_percent: 0.08,
    cores: 1,
    srs_uptime: 3600,
  },
  system: {
    cpu_percent: 0.12,
    disk_read_KBps: 0,
    disk_write_KBps: 48,
    disk_busy_percent: 0.01,
    mem_ram_kbyte: 8_146_688,
    mem_ram_percent: 0.31,
    mem_swap_kbyte: 0,
    mem_swap_percent: 0,
    cpus: 4,
    cpus_online: 4,
    uptime: 86_400,
    ilde_time: 331_776,
    load_1m: 0.42,
    load_5m: 0.4,
    load_15m: 0.37,
    net_sample_time: 1_790_000_000_000,
    net_recv_bytes: 734_003_200,
    net_send_bytes: 9_663_676_416,
    net_recvi_bytes: 1_048_576,
    net_sendi_bytes: 1_048_576,
    srs_sample_time: 1_790_000_000_000,
    srs_recv_bytes: 702_545_920,
    srs_send_bytes: 9_540_000_000,
    conn_sys: 212,
    conn_sys_et: 208,
    conn_sys_tw: 2,
    conn_sys_udp: 3,
    conn_srs: 204,
  },
};

/** `/api/v1/summaries` */
export function summaries(services: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/summaries',
      group: 'Server',
      summary: 'What the server and its machine use. What a system does not tell is 0.',
      envelope: 'node',
      answer: z.object({ data }),
      example: { data: example },
      handle: async () => ({ data: await summarize(services) }),
    }),
  ];
}

/** The machine as this process sees it, and what all processes of the server use. */
export async function summarize({ context, machine, survey, version }: Services): Promise<z.output<typeof data>> {
  const [{ self, system }, used] = await Promise.all([machine.usage(), survey.usage()]);
  const now = Math.floor(context.clock.wall() / 1000);
  const { mem_kbyte, mem_percent, cpu_percent } = used;
  const cores = Math.min(used.cores, system.cpus_online);
  const server = {
    srs_sample_time: now,
    srs_recv_bytes: used.bytesIn,
    srs_send_bytes: used.bytesOut,
    conn_srs: used.connections,
  };
  return {
    ok: true,
    now_ms: now,
    self: { version, ...self, mem_kbyte, mem_percent, cpu_percent, cores },
    system: { ...system, ...server },
  };
}
