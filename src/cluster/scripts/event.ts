import { COMMON, PRELUDE } from './prelude.ts';

/** An event: `flag`, and `sets`, which counts how often it was set, so that a waiter sees also what was cleared again at once. */
export const EVENT = `${PRELUDE}
local function bury() end
${COMMON}
local state = redis.call('HMGET', M, 'flag', 'sets')
if op == 'set' then
  if state[1] ~= '1' then
    redis.call('HSET', M, 'flag', '1', 'sets', state[2] + 1)
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
  if state[1] == '1' or (a3 ~= '' and a3 ~= state[2]) then return {'OK'} end
  if a2 == '0' then enter(A) end
  return {'WAIT', state[2]}
end
if op == 'leave' then
  redis.call('ZREM', A, gw)
  return {'OK'}
end
return {state[1]}
`;
