import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Writes `name.crt` and `name.key` into a folder: a certificate that signs itself, valid for two days for some DNS names. */
export function makeCertificate(folder: string, name: string, dnsNames: readonly string[]): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const names = dnsNames.map((dnsName) => `DNS:${dnsName}`).join(',');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${dnsNames[0]}`, '-addext', `subjectAltName=${names}`, '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { cert, key };
}
