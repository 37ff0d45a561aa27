import { Pool } from 'multiproc';

test('what the library returns is of the main realm, as what structuredClone returns', async () => {
  const pool = new Pool(1);
  const [result] = await pool.map((n: number) => ({ n, list: [n], map: new Map([[n, n]]), date: new Date(n) }), [1]);
  pool.terminate();
  await pool.join();
  const own = { n: 1, list: [1], map: new Map([[1, 1]]), date: new Date(1) };
  expect(result).toEqual(own);
  expect(result).toStrictEqual(own);
  for (const value of [result, structuredClone(own)]) {
    expect(value instanceof Object).toBe(false);
    expect(value?.map instanceof Map).toBe(false);
  }
}, 60_000);
