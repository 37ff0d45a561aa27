import { COMMON, prelude } from './prelude.ts';

/**
 * A barrier. `d` has the waits of the round, `gateway|number`, as `w`, and those of a full round that have not heard of it yet as `o`. `count` says how
 * many of the round have come. `h` has the gateways whose clients have ever come: one that dies breaks the barrier.
 */
export const BARRIER = `${prelude('parties')}
local parties = tonumber(meta[3])
local function wakeAll()
  wake(A, 'a', 0, 4294967296)
  redis.call('DEL', A)
end
-- Those that wait find nothing of theirs: their round is broken.
local function forget()
  for _, field in ipairs(redis.call('HKEYS', D)) do
    if redis.call('HGET', D, field) == 'w' then redis.call('HDEL', D, field) end
  end
  redis.call('HSET', M, 'count', '0')
  wakeAll()
end
local function broke()
  if redis.call('HGET', M, 'broken') == '1' then return end
  redis.call('HSET', M, 'broken', '1')
  forget()
end
local function bury(each)
  for _, field in ipairs(redis.call('HKEYS', D)) do
    if string.sub(field, 1, #each + 1) == each .. '|' then redis.call('HDEL', D, field) end
  end
  if redis.call('HDEL', H, each) == 1 then broke() end
end
${COMMON}
local mine = gw .. '|' .. (a1 or '')
if op == 'arrive' then
  if redis.call('HGET', M, 'broken') == '1' then return {'BROKEN'} end
  redis.call('HSET', H, gw, '1')
  mortal(H)
  local count = redis.call('HINCRBY', M, 'count', 1)
  if count < parties then
    redis.call('HSET', D, mine, 'w')
    mortal(D)
    enter(A)
    return keep({'WAIT', count - 1})
  end
  for _, field in ipairs(redis.call('HKEYS', D)) do redis.call('HSET', D, field, 'o') end
  redis.call('HSET', M, 'count', '0')
  stay()
  wakeAll()
  return keep({'OK', count - 1})
end
if op == 'look' then
  local found = redis.call('HGET', D, mine)
  if found == 'w' then
    enter(A)
    return {'WAIT'}
  end
  redis.call('HDEL', D, mine)
  return keep({found and 'OK' or 'BROKEN'})
end
-- A party gives up; 'OK' if its round was full before. Its time being over breaks the barrier for all (a2).
if op == 'withdraw' then
  local found = redis.call('HGET', D, mine)
  redis.call('HDEL', D, mine)
  if found == 'w' and a2 == '0' then redis.call('HINCRBY', M, 'count', -1) end
  if found ~= 'o' and a2 == '1' then broke() end
  return keep({found == 'o' and 'OK' or 'LEFT'})
end
if op == 'break' then
  broke()
  return keep({'OK'})
end
if op == 'reset' then
  redis.call('HSET', M, 'broken', '0')
  forget()
  return keep({'OK'})
end
if op == 'part' then
  redis.call('HDEL', H, gw)
  redis.call('ZREM', L, gw)
  return keep({'OK'})
end
if op == 'leave' then
  redis.call('ZREM', A, gw)
  return {'OK'}
end
return {parties, redis.call('HGET', M, 'count'), redis.call('HGET', M, 'broken')}
`;
