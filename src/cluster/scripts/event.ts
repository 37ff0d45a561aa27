import { COMMON, prelude } from './prelude.ts';

/** An event: `flag`, and `sets`, which counts how often it was set, so that a waiter sees also what was cleared again at once. */
export const EVENT = `${prelude('flag', 'sets')}
local function bury() end
${COMMON}
local flag, sets = meta[3], meta[4]
if op == 'set' then
  if flag ~= '1' then
    redis.call('HSET', M, 'flag', '1', 'sets', sets + 1)
    wake(A, 'a', 0, 4294967296)
    redis.call('DEL', A)
  end
  return keep({'OK'})
end
if op == 'clear' then
  redis.call('HSET', M, 'flag', '0')
  return keep({'OK'})
end
if op == 'wait' then
  if flag == '1' or (a3 ~= '' and a3 ~= sets) then return {'OK'} end
  if a2 == '0' then enter(A) end
  return {'WAIT', sets}
end
if op == 'leave' then
  redis.call('ZREM', A, gw)
  return {'OK'}
end
return {flag}
`;
