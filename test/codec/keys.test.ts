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

describe('a key', () => {
  test('a key that is secret, public or private arrives as what it is', () => {
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

  test('a key signs in a process and in a thread', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const data = Buffer.from('data');
    for (const Kind of [Pool, ThreadPool]) {
      await using pool = new Kind(1);
      const signature = await pool.apply((key: KeyObject, text: Buffer) => sign(null, text, key), [privateKey, data]);
      assert.ok(verify(null, data, publicKey, signature));
    }
  });

  test('a key of WebCrypto keeps its algorithm and usages', async () => {
    const hmac = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
    const ec = (await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ])) as webcrypto.CryptoKeyPair;
    const aes = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
    const rsa = await subtle.generateKey(
      { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true,
      ['encrypt', 'decrypt'],
    );
    const ed = (await subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
    for (const key of [hmac, aes, ...[ec, rsa, ed].flatMap(({ publicKey, privateKey }) => [publicKey, privateKey])]) {
      const arrived = roundTrip(key);
      assert.deepEqual(
        [arrived.type, arrived.extractable, arrived.usages, { ...arrived.algorithm }],
        [key.type, key.extractable, key.usages, { ...key.algorithm }],
      );
      assert.ok(KeyObject.from(arrived).equals(KeyObject.from(key)));
    }
  });

  test('a key of WebCrypto signs in a process and in a thread', async () => {
    const key = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
    const data = Buffer.from('data');
    for (const Kind of [Pool, ThreadPool]) {
      await using pool = new Kind(1);
      const signature = await pool.apply((key: webcrypto.CryptoKey) => crypto.subtle.sign('HMAC', key, data), [key]);
      assert.ok(await subtle.verify('HMAC', key, signature, data));
    }
  });

  test('a key that is not extractable is refused, and so is one in a captured variable', async () => {
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

  test('a key that is not extractable goes to a thread and back, and stays so', async () => {
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

  test('a key does not leave the family, with a key or without', async () => {
    for (const authKey of [undefined, 'the key of a test']) {
      using listener = new Listener({ authKey });
      const [served, client] = await Promise.all([listener.accept(), connect(listener.address, { authKey })]);
      assert.throws(() => client.sendSync(createSecretKey(Buffer.from('s'))), /a key does not leave its family/);
      served.close();
      client.close();
    }
  });
});
