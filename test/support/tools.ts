import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** What stands in the options of a test that needs programs: `test('…', needs('ffmpeg'), async (t) => …)`. */
export interface Needs {
  readonly skip?: string;
  readonly timeout: number;
}

/** A program that tests run beside the server: its Debian package, and how to see that it is there. */
const TOOLS = {
  ffmpeg: { apt: 'ffmpeg', has: () => isOnPath('ffmpeg') && isOnPath('ffprobe') },
  rtmpdump: { apt: 'rtmpdump', has: () => isOnPath('rtmpdump') },
  nginx: { apt: 'nginx-light libnginx-mod-rtmp', has: () => isOnPath('nginx') && existsSync(NGINX_RTMP) },
  gstreamer: {
    apt: 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad',
    has: () => hasElements('rtmp2sink', 'rtmp2src', 'flvmux'),
  },
  chromium: { apt: 'chromium', has: () => existsSync(CHROMIUM) },
  iproute2: { apt: 'iproute2', has: () => isOnPath('ip') && isOnPath('bridge') },
  openssl: { apt: 'openssl', has: () => isOnPath('openssl') },
  redis: { apt: 'redis-server', has: () => isOnPath('redis-server') },
};

/** The name of such a program. */
export type Tool = keyof typeof TOOLS;

/** Where Debian has nginx's RTMP module. */
export const NGINX_RTMP = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
/** The browser that pages are tested with. */
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const LONGEST_TEST = 60_000;
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const isCi = process.env['CI'] === 'true';
const missing = new Map<Tool, boolean>();

/** Skips a test where a program is missing, and says which; in CI (`CI=true`) that is an error instead. */
export function needs(...tools: readonly Tool[]): Needs {
  const absent = tools.filter(isMissing);
  if (absent.length === 0) return { timeout: LONGEST_TEST };
  const packages = absent.map((tool) => TOOLS[tool].apt).join(' ');
  const skip = `needs ${absent.join(' and ')}; on Debian: apt-get install ${packages}`;
  if (isCi) throw new Error(skip);
  return { skip, timeout: LONGEST_TEST };
}

/** The whole path of a program. */
export function programPath(name: string): string {
  return FOLDERS.map((folder) => join(folder, name)).find(existsSync) ?? name;
}

function isMissing(tool: Tool): boolean {
  if (!missing.has(tool)) missing.set(tool, !TOOLS[tool].has());
  return missing.get(tool)!;
}

function isOnPath(program: string): boolean {
  return existsSync(programPath(program));
}

function hasElements(...names: readonly string[]): boolean {
  return names.every((name) => spawnSync('gst-inspect-1.0', ['--exists', name], { stdio: 'ignore' }).status === 0);
}
