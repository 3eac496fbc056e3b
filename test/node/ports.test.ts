/** The small ports on Node: digests by their published vectors, and an alarm that can be set for next year. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createNodeAlarm, nodeHash, nodeRandom } from '../../src/node/ports.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const repeated = (byte: number, count: number) => Buffer.alloc(count, byte);

/** Source: RFC 4231 §4. Test case 5 is about truncation, which is not used here. */
const rfc4231: [string, Uint8Array, Uint8Array, string][] = [
  ['case 1', repeated(0x0b, 20), Buffer.from('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    'case 2: a key shorter than the digest',
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['case 3', repeated(0xaa, 20), repeated(0xdd, 50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    'case 4',
    Buffer.from('0102030405060708090a0b0c0d0e0f10111213141516171819', 'hex'),
    repeated(0xcd, 50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    'case 6: a key longer than a block',
    repeated(0xaa, 131),
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'case 7: key and text longer than a block',
    repeated(0xaa, 131),
    Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
];

test.each(rfc4231)('HMAC-SHA256, RFC 4231 %s', (_case, key, message, mac) => {
  expect(hex(nodeHash.hmacSha256(key, message))).toBe(mac);
});

test("HMAC-SHA256 is node:crypto's, for keys and messages around a block's length", () => {
  for (const keyLength of [0, 1, 31, 32, 63, 64, 65, 200]) {
    for (const length of [0, 1, 63, 64, 65, 1000]) {
      const [key, message] = [randomBytes(keyLength), randomBytes(length)];
      expect(Buffer.from(nodeHash.hmacSha256(key, message)).toString('hex')).toBe(
        createHmac('sha256', key).update(message).digest('hex'),
      );
    }
  }
});

test('SHA-256 of text is that of its UTF-8 bytes', () => {
  expect(hex(nodeHash.sha256('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(hex(nodeHash.sha256('é 漢'))).toBe(hex(nodeHash.sha256(new TextEncoder().encode('é 漢'))));
  const bytes = randomBytes(1_000);
  expect(hex(nodeHash.sha256(bytes.subarray(10, 900)))).toBe(createHash('sha256').update(bytes.subarray(10, 900)).digest('hex'));
});

test('random bytes are as many as were asked for, and fractions lie in [0, 1)', () => {
  expect(nodeRandom.bytes(24)).toHaveLength(24);
  expect(hex(nodeRandom.bytes(24))).not.toBe(hex(nodeRandom.bytes(24)));
  const fractions = Array.from({ length: 100 }, () => nodeRandom.fraction());
  expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
});

describe('the alarm', () => {
  const startMs = Date.UTC(2026, 2, 2);
  const dayMs = 24 * 3_600_000;
  let rings: number[];
  const alarm = () => createNodeAlarm({ now: Date.now }, () => rings.push(Date.now()));

  beforeEach(() => {
    rings = [];
    vi.useFakeTimers({ now: startMs });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('rings once, at its time', () => {
    alarm().arm(startMs + 5_000);
    vi.advanceTimersByTime(4_999);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(rings).toEqual([startMs + 5_000]);
  });

  test('rings at its time even when that is further ahead than a timer of Node can be set (2^31 ms, 24.8 days)', () => {
    alarm().arm(startMs + 60 * dayMs);
    vi.advanceTimersByTime(60 * dayMs - 1);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rings).toEqual([startMs + 60 * dayMs]);
  });

  test('set for the past, rings at once, but not within the call', () => {
    alarm().arm(startMs - dayMs);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rings).toHaveLength(1);
  });

  test('has one time: setting it again replaces the one before, earlier or later, near or far', () => {
    const one = alarm();
    one.arm(startMs + 60 * dayMs);
    one.arm(startMs + 1_000);
    one.arm(startMs + 2_000);
    vi.advanceTimersByTime(90 * dayMs);
    expect(rings).toEqual([startMs + 2_000]);
  });

  test.each([1_000, 60 * dayMs])('never rings once it is disarmed (%i ms ahead)', (ahead) => {
    const one = alarm();
    one.arm(startMs + ahead);
    vi.advanceTimersByTime(ahead / 2);
    one.disarm();
    vi.advanceTimersByTime(2 * ahead);
    expect(rings).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
