const COMMON = `#!lua flags=allow-oom
local T, S, O, R = unpack(KEYS)
local function countsOf(job)
  local n, limit = string.match(job, '%-(%d+)%-(%d+)$')
  return tonumber(n), tonumber(limit)
end
local function fieldsOf(job, n)
  local fields = {}
  for i = 1, n do fields[i] = job .. '.' .. (i - 1) end
  return fields
end
-- A task of a batch that has ended stays marked until all have.
local function close(job)
  local fields = fieldsOf(job, (countsOf(job)))
  for _, state in ipairs(redis.call('HMGET', S, unpack(fields))) do
    if state ~= 'd' then return end
  end
  redis.call('HDEL', S, unpack(fields))
  redis.call('HDEL', T, job)
end
`;

/**
 * The steps of the tasks of a job: see ../README.md, "Tasks". KEYS: tasks, starts, pool, results, and for 'take' BullMQ's keys of what is claimed
 * and of what waits. ARGV: the step, the job, the claim, and what the step needs.
 */
export const TASK = `${COMMON}
local op, job, claim = ARGV[1], ARGV[2], ARGV[3]

if op == 'take' then
  local host, from, count, prefix = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
  -- Without a job: the one that was claimed by the command before this one.
  if job == '' then
    for _, id in ipairs(redis.call('LRANGE', KEYS[5], 0, 63)) do
      if redis.call('GET', prefix .. id .. ':lock') == claim then job = id; break end
    end
    if job == '' then return {'NONE'} end
  end
  local waiting = redis.call('ZCARD', KEYS[6]) + redis.call('LLEN', KEYS[7])
  local sealed = redis.call('HGET', T, job)
  if not sealed or redis.call('EXISTS', O) == 0 then return {'GONE', job, '', waiting} end
  local reply = {'RUN', job, from == 0 and sealed or '', waiting}
  local n, limit = countsOf(job)
  local fields, marks = {}, {}
  for i = from, math.min(n, from + count) - 1 do fields[#fields + 1] = job .. '.' .. i end
  if #fields == 0 then return reply end
  -- A verdict is followed by the number of tasks, one behind the other, that have it.
  local function say(verdict)
    if reply[#reply - 1] == verdict and #reply > 4 then reply[#reply] = reply[#reply] + 1
    else reply[#reply + 1] = verdict; reply[#reply + 1] = 1 end
  end
  local first = '1 ' .. claim .. ' ' .. host .. ' 1'
  for i, state in ipairs(redis.call('HMGET', S, unpack(fields))) do
    if state == 'd' then say('d')
    elseif not state then
      marks[#marks + 1] = fields[i]
      marks[#marks + 1] = first
      say('s1 1')
    else
      local starts, last, where, given = string.match(state, '^(%d+) (%S+) (%S+) (%d+)$')
      starts, given = tonumber(starts or '0'), tonumber(given or '0')
      if last ~= claim and starts >= limit then say('l' .. where)
      else
        if last ~= claim then
          starts, given = starts + 1, given + 1
          marks[#marks + 1] = fields[i]
          marks[#marks + 1] = starts .. ' ' .. claim .. ' ' .. host .. ' ' .. given
        end
        say('s' .. starts .. ' ' .. given)
      end
    end
  end
  if #marks > 0 then redis.call('HSET', S, unpack(marks)) end
  -- Made by hosts: if the program and its hosts die now, they must not stay.
  redis.call('PEXPIRE', S, ARGV[8], 'NX')
  redis.call('PEXPIRE', KEYS[5], ARGV[8], 'NX')
  return reply
end

if op == 'cancel' then
  if redis.call('HEXISTS', T, job) == 1 then
    redis.call('HSET', S, job .. '.' .. ARGV[4], 'd')
    close(job)
  end
  return {'OK'}
end

if op == 'back' then
  -- The starts do not count, but no other start has their fences.
  for i = 4, #ARGV do
    local field = job .. '.' .. ARGV[i]
    local starts, last, where, given = string.match(redis.call('HGET', S, field) or '', '^(%d+) (%S+) (%S+) (%d+)$')
    if last == claim then redis.call('HSET', S, field, (starts - 1) .. ' - ' .. where .. ' ' .. given) end
  end
  return {'OK'}
end

if op == 'lost' then
  -- Of a job that came back from a lost host, and that no other has claimed since: which host had the last start that a task may have.
  if redis.call('EXISTS', ARGV[4] .. job .. ':lock') == 1 or redis.call('HEXISTS', T, job) == 0 then return {'NONE'} end
  local reply = {'LOST'}
  local n, limit = countsOf(job)
  for i, state in ipairs(redis.call('HMGET', S, unpack(fieldsOf(job, n)))) do
    local starts, where = string.match(state or '', '^(%d+) %S+ (%S+) %d+$')
    reply[i + 1] = starts and tonumber(starts) >= limit and where or ''
  end
  return reply
end

-- 'finish': the results of some tasks. Another start, or none any more, has the say if the last one is not of this claim; with the claim ''
-- the tasks have no start left.
if redis.call('HEXISTS', T, job) == 0 then return {'LATE'} end
local isLast, sealed, life = ARGV[4] == '1', ARGV[5], ARGV[6]
-- The indices come as ranges: '0-3 7-7'.
local indices, fields, accepted, mine = {}, {}, {}, {}
for from, to in string.gmatch(ARGV[7], '(%d+)-(%d+)') do
  for i = tonumber(from), tonumber(to) do
    indices[#indices + 1] = i
    fields[#fields + 1] = job .. '.' .. i
  end
end
local seen, isMine
for i, state in ipairs(#fields > 0 and redis.call('HMGET', S, unpack(fields)) or {}) do
  if state ~= seen then
    local last = string.match(state or '', '^%d+ (%S+) %S+ %d+$')
    seen, isMine = state, last and (claim == '' or last == claim)
  end
  if isMine then
    accepted[#accepted + 1] = indices[i]
    mine[#mine + 1] = fields[i]
  end
end
if #accepted > 0 then
  if #accepted == #fields then redis.call('XADD', R, '*', job, sealed)
  else redis.call('XADD', R, '*', job, sealed, 'of', table.concat(accepted, ' ')) end
  -- The stream must not stay if the program is dead; how long the program has been silent says nothing.
  redis.call('PEXPIRE', R, life, 'NX')
  -- All tasks of the job at once: nothing has to be marked.
  if #accepted == countsOf(job) then
    redis.call('HDEL', S, unpack(mine))
    redis.call('HDEL', T, job)
    return {'OK'}
  end
  local marks = {}
  for _, field in ipairs(mine) do
    marks[#marks + 1] = field
    marks[#marks + 1] = 'd'
  end
  redis.call('HSET', S, unpack(marks))
end
if isLast then close(job) end
return {'OK'}
`;
