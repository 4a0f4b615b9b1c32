/** What /proc of Linux tells, taken apart. Every function makes zeros of an empty text: other systems have no /proc. */

const WHOLE_DISK = /^(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;
const SECTOR = 512;

/** Numbers by name out of /proc/meminfo, in KiB. */
export function parseMemory(meminfo: string): ReadonlyMap<string, number> {
  const lines = meminfo.matchAll(/^(\w+):\s+(\d+) kB$/gm);
  return new Map(Array.from(lines, ([, name, value]) => [name!, Number(value)]));
}

/** Bytes and busy seconds of all whole disks since the boot, out of /proc/diskstats (Linux, admin-guide/iostats). */
export function parseDisks(diskstats: string): { read: number; written: number; busy: number } {
  const sum = { read: 0, written: 0, busy: 0 };
  for (const line of diskstats.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (!WHOLE_DISK.test(fields[2] ?? '')) continue;
    sum.read += Number(fields[5]) * SECTOR;
    sum.written += Number(fields[9]) * SECTOR;
    sum.busy += Number(fields[12]) / 1000;
  }
  return sum;
}

/** Bytes of every network interface, out of /proc/net/dev. */
export function parseInterfaces(dev: string): ReadonlyMap<string, { received: number; sent: number }> {
  const lines = dev.matchAll(/^\s*([^:\s]+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/gm);
  return new Map(
    Array.from(lines, ([, name, received, sent]) => [name!, { received: Number(received), sent: Number(sent) }]),
  );
}

/** TCP sockets in use and in TIME-WAIT, and UDP sockets, out of /proc/net/sockstat and sockstat6. */
export function parseSockets(sockstat: string): { tcp: number; timeWait: number; udp: number } {
  const sum = (pattern: RegExp) =>
    Array.from(sockstat.matchAll(pattern)).reduce((total, [, value]) => total + Number(value), 0);
  return {
    tcp: sum(/^TCP6?: inuse (\d+)/gm),
    timeWait: sum(/^TCP: .*\btw (\d+)/gm),
    udp: sum(/^UDP6?: inuse (\d+)/gm),
  };
}

/** Established TCP connections, out of /proc/net/snmp: a line of names, then one of values. */
export function parseEstablished(snmp: string): number {
  const [names = [], values = []] = Array.from(snmp.matchAll(/^Tcp: (.+)$/gm), ([, line]) => line!.split(' '));
  return Number(values[names.indexOf('CurrEstab')] ?? 0);
}

/** Seconds that all processors together have idled, out of /proc/uptime. */
export function parseIdle(uptime: string): number {
  return Number(uptime.split(/\s+/)[1] ?? 0);
}
