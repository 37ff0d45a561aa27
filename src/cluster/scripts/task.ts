const COMMON = `#!lua flags=allow-oom
local T, S, O, R = unpack(KEYS)
-- The stream must not outlive the program either.
local function settle(id, result)
  if redis.call('HDEL', T, id) == 0 then return {'LATE'} end
  redis.call('HDEL', S, id)
  redis.call('XADD', R, '*', id, result)
  if redis.call('PTTL', R) < 0 then redis.call('PEXPIRE', R, math.max(1000, 2 * redis.call('PTTL', O))) end
  return {'OK'}
end
`;

/** The steps of a task: see ../README.md, "Tasks". KEYS: tasks, starts, pool, results. */
export const TASK = `${COMMON}
local op, id, claim = ARGV[1], ARGV[2], ARGV[3]
local count, host, last = string.match(redis.call('HGET', S, id) or '', '^(%d+) (%S+) (%S+)$')
count = tonumber(count or '0')
if op == 'take' then
  local task = redis.call('HGET', T, id)
  if not task or redis.call('EXISTS', O) == 0 then return {'GONE'} end
  if last ~= claim then
    if count >= tonumber(ARGV[5]) then return {'SPENT', host} end
    count = count + 1
    redis.call('HSET', S, id, count .. ' ' .. ARGV[4] .. ' ' .. claim)
  end
  return {'RUN', task, count}
end
-- Another start, or none any more, has the say from now on.
if last ~= claim then return {'LATE'} end
if op == 'finish' then return settle(id, ARGV[4]) end
-- 'back': the start does not count.
if count <= 1 then redis.call('HDEL', S, id) else redis.call('HSET', S, id, (count - 1) .. ' ' .. host .. ' -') end
return {'OK'}
`;

/** The result of a task that was not started any more: nobody has a claim on it. KEYS as above. */
export const SPEND = `${COMMON}
return settle(ARGV[1], ARGV[2])
`;
