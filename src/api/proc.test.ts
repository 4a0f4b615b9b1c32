import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInner } from '../net/interfaces.ts';
import { parseDisks, parseEstablished, parseIdle, parseInterfaces, parseMemory, parseSockets } from './proc.ts';

test('memory is read by name', () => {
  const memory = parseMemory(
    'MemTotal:        8146688 kB\nMemAvailable:    5620012 kB\nHugePages_Total:       0\nSwapTotal:             0 kB\n',
  );
  assert.deepEqual(
    [...memory],
    [
      ['MemTotal', 8_146_688],
      ['MemAvailable', 5_620_012],
      ['SwapTotal', 0],
    ],
  );
});

test('disks are summed up whole, without their parts and without what is no disk', () => {
  const diskstats = [
    '   8       0 sda 100 0 2000 50 200 0 4000 60 0 700 110 0 0 0 0',
    '   8       1 sda1 90 0 1900 40 190 0 3900 50 0 600 90 0 0 0 0',
    ' 259       0 nvme0n1 1 0 8 0 2 0 16 0 0 300 0 0 0 0 0',
    ' 259       1 nvme0n1p1 1 0 8 0 2 0 16 0 0 300 0 0 0 0 0',
    '   7       0 loop0 5 0 10 0 0 0 0 0 0 4 0 0 0 0 0',
  ].join('\n');
  assert.deepEqual(parseDisks(diskstats), { read: 2008 * 512, written: 4016 * 512, busy: 1 });
});

test('interfaces have the bytes that they received and sent, also where a name touches its number', () => {
  const dev = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo: 1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0',
    '  eth0:734003200 2    0    0    0     0          0         0 9663676416       2    0    0    0     0       0          0',
  ].join('\n');
  assert.deepEqual(
    [...parseInterfaces(dev)],
    [
      ['lo', { received: 1000, sent: 1000 }],
      ['eth0', { received: 734_003_200, sent: 9_663_676_416 }],
    ],
  );
});

test('sockets of both families are counted', () => {
  const sockstat =
    'sockets: used 50\nTCP: inuse 27 orphan 0 tw 4 alloc 27 mem 1\nUDP: inuse 3 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\n';
  const sockstat6 = 'TCP6: inuse 5\nUDP6: inuse 2\nUDPLITE6: inuse 0\n';
  assert.deepEqual(parseSockets(sockstat + sockstat6), { tcp: 32, timeWait: 4, udp: 5 });
});

test('established connections stand under their name', () => {
  const snmp =
    'Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm RtoMin CurrEstab InSegs\nTcp: 1 200 208 999\nUdp: InDatagrams\nUdp: 7\n';
  assert.equal(parseEstablished(snmp), 208);
});

test('idle time is the second number', () => assert.equal(parseIdle('350735.47 234388.90\n'), 234_388.9));

test('where there is no /proc everything is zero', () => {
  assert.equal(parseMemory('').size, 0);
  assert.deepEqual(parseDisks(''), { read: 0, written: 0, busy: 0 });
  assert.equal(parseInterfaces('').size, 0);
  assert.deepEqual(parseSockets(''), { tcp: 0, timeWait: 0, udp: 0 });
  assert.equal(parseEstablished(''), 0);
  assert.equal(parseIdle(''), 0);
});

test('addresses of private networks, links and this machine are inner ones', () => {
  const inner = ['10.1.2.3', '127.0.0.1', '169.254.9.9', '172.31.0.1', '192.168.1.1', '100.64.0.1'];
  for (const address of inner) assert.ok(isInner(address, 'IPv4'), address);
  for (const address of ['8.8.8.8', '172.32.0.1', '192.169.0.1']) assert.ok(!isInner(address, 'IPv4'), address);
  for (const address of ['::1', 'fe80::1', 'fd00::1']) assert.ok(isInner(address, 'IPv6'), address);
  assert.ok(!isInner('2001:4860::8888', 'IPv6'));
});
