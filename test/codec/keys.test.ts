import assert from 'node:assert/strict';
import {
  createSecretKey,
  generateKeyPairSync,
  KeyObject,
  type KeyPairKeyObjectResult,
  sign,
  verify,
  webcrypto,
} from 'node:crypto';
import { describe, test } from 'node:test';
import { Pool, ThreadPool } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { roundTrip } from './round-trip.ts';

const { subtle } = webcrypto;
const canMakeCryptoKeys = 'toCryptoKey' in createSecretKey(Buffer.from('any'));

describe('a key', () => {
  test('that is secret, public or private arrives as what it is', () => {
    const secret = createSecretKey(Buffer.from('secret'));
    assert.ok(roundTrip(secret).equals(secret));
    for (const type of ['rsa', 'ec', 'ed25519', 'x25519', 'rsa-pss'] as const) {
      const options = { modulusLength: 1024, namedCurve: 'P-256' };
      const pair: KeyPairKeyObjectResult = generateKeyPairSync(type as 'rsa', options);
      const { publicKey, privateKey } = roundTrip(pair);
      assert.ok(publicKey.equals(pair.publicKey) && privateKey.equals(pair.privateKey), type);
      assert.deepEqual([privateKey.type, privateKey.asymmetricKeyType], ['private', type]);
    }
  });

  test('signs in a process and in a thread', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const data = Buffer.from('data');
    for (const Kind of [Pool, ThreadPool]) {
      await using pool = new Kind(1);
      const signature = await pool.apply((key: KeyObject, text: Buffer) => sign(null, text, key), [privateKey, data]);
      assert.ok(verify(null, data, publicKey, signature));
    }
  });

  test('of WebCrypto keeps its algorithm and usages', async (t) => {
    const hmac = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
    if (!canMakeCryptoKeys) {
      assert.throws(() => roundTrip(hmac), /22\.10 and later can; send KeyObject\.from\(\)/);
      assert.ok(roundTrip(KeyObject.from(hmac)).equals(KeyObject.from(hmac)));
      t.skip('this Node makes no CryptoKey at once');
      return;
    }
    const ec = (await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ])) as webcrypto.CryptoKeyPair;
    for (const key of [hmac, ec.publicKey, ec.privateKey]) {
      const arrived = roundTrip(key);
      assert.deepEqual(
        [arrived.type, arrived.extractable, arrived.usages, { ...arrived.algorithm }],
        [key.type, true, key.usages, { ...key.algorithm }],
      );
      assert.ok(KeyObject.from(arrived).equals(KeyObject.from(key)));
    }
  });

  test('that is not extractable is refused, and so is one in a captured variable', async () => {
    const key = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    assert.throws(
      () => roundTrip({ key }),
      /Cannot send key: a CryptoKey that is not extractable stays in its process/,
    );
    await using pool = new Pool(1);
    await assert.rejects(
      pool.apply(() => key.type),
      /not extractable/,
    );
    const secret = createSecretKey(Buffer.from('captured'));
    assert.equal(await pool.apply(() => secret.export().toString()), 'captured');
  });

  test('that is not extractable goes to a thread and back, and stays so', async (t) => {
    if (!canMakeCryptoKeys) return t.skip('this Node makes no CryptoKey at once');
    const usages = ['sign', 'verify'] as const;
    const key = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, [...usages]);
    const data = Buffer.from('data');
    await using pool = new ThreadPool(1);
    const signature = await pool.apply((key: webcrypto.CryptoKey) => crypto.subtle.sign('HMAC', key, data), [key]);
    assert.ok(await subtle.verify('HMAC', key, signature, data));
    const back = await pool.apply((key: webcrypto.CryptoKey) => key, [key]);
    assert.deepEqual([back.extractable, back.usages], [false, [...usages]]);
    assert.ok(await subtle.verify('HMAC', back, signature, data));
    await assert.rejects(
      pool.apply(() => key.type),
      /not extractable.*argument/,
    );
    await using processes = new Pool(1);
    await assert.rejects(
      processes.apply((key: webcrypto.CryptoKey) => key.type, [key]),
      /not extractable/,
    );
  });

  test('does not leave the family, with a key or without', async () => {
    for (const authKey of [undefined, 'the key of a test']) {
      using listener = new Listener({ authKey });
      const [served, client] = await Promise.all([listener.accept(), connect(listener.address, { authKey })]);
      assert.throws(() => client.sendSync(createSecretKey(Buffer.from('s'))), /a key does not leave its family/);
      served.close();
      client.close();
    }
  });
});
