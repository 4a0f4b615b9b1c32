import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './ffmpeg.ts';
import type { Owner } from './until.ts';

/** Makes a key and a certificate for localhost; both files are there until the owner is done. */
export async function makeCertificate(owner: Owner): Promise<{ cert: string; key: string }> {
  const folder = await temporaryFolder(owner);
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    ...curve,
    ...names,
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  return { cert, key };
}
