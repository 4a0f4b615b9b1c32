import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fail } from './prepare.mjs';

/** What the tests run beside Headwater: the Debian package, and how to see that it is there. */
export const NEEDS = [
  { apt: 'ffmpeg', has: () => onPath('ffmpeg') },
  { apt: 'chromium', has: () => onPath('chromium') },
  { apt: 'nginx-light', has: () => onPath('nginx') },
  { apt: 'libnginx-mod-rtmp', has: () => existsSync('/usr/lib/nginx/modules/ngx_rtmp_module.so') },
  { apt: 'rtmpdump', has: () => onPath('rtmpdump') },
  { apt: 'gstreamer1.0-tools', has: () => onPath('gst-launch-1.0') },
  { apt: 'gstreamer1.0-plugins-base', has: () => hasElement('videotestsrc') },
  { apt: 'gstreamer1.0-plugins-good', has: () => hasElement('flvmux') },
  { apt: 'gstreamer1.0-plugins-bad', has: () => hasElement('rtmp2sink') },
  { apt: 'gstreamer1.0-plugins-ugly', has: () => hasElement('x264enc') },
  { apt: 'gstreamer1.0-libav', has: () => hasElement('avenc_aac') },
  { apt: 'openssl', has: () => onPath('openssl') },
  { apt: 'redis-server', has: () => onPath('redis-server') },
  { apt: 'iproute2', has: () => onPath('ip') && onPath('bridge') },
  { apt: 'util-linux', has: () => onPath('unshare') },
];

/** Installs what the tests need where that is possible, else ends with the line that says what to install. */
export function bringNeeds() {
  let missing = absent();
  if (missing.length > 0 && canInstall()) missing = install(missing);
  if (missing.length > 0)
    fail(`The tests need more programs. On Debian or Ubuntu, as root: apt-get install -y ${missing.join(' ')}`);
}

function absent() {
  return NEEDS.filter(({ has }) => !has()).map(({ apt }) => apt);
}

function canInstall() {
  return process.getuid?.() === 0 && onPath('apt-get');
}

function install(packages) {
  process.stderr.write(`Installing ${packages.join(' ')} …\n`);
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-q'], options);
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], options);
  return absent();
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function hasElement(name) {
  return spawnSync('gst-inspect-1.0', ['--exists', name], { stdio: 'ignore' }).status === 0;
}
