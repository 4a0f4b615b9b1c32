const LOOPBACK = /^(?:localhost|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i;

/** Whether an IP address, or the name localhost, means this machine itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
