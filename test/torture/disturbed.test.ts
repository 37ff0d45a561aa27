import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seed } from '../disturb/plan.ts';
import { torture } from './torture.ts';

test(`a family that does everything at once bears a minute of disturbances (seed ${seed})`, async () => {
  const { disturbances, items } = await torture(Number(process.env.TEST_MINUTES ?? 1), seed);
  for (const way of ['kill', 'stop', 'fail']) assert.ok(disturbances[way]! > 0, way);
  assert.ok(items > 0);
});
