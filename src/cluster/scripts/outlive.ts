/**
 * Makes the keys of a pool expire. KEYS: its own; ARGV: milliseconds; 'NX' if keys that have a time to live already keep it, else ''; a channel and a
 * message for it, or '' twice; what the names of BullMQ's keys begin with, then their ends.
 */
export const OUTLIVE = `#!lua flags=allow-oom
local ms, when, channel, text, start = unpack(ARGV)
local function outlive(key)
  if when == '' then redis.call('PEXPIRE', key, ms) else redis.call('PEXPIRE', key, ms, when) end
end
for _, key in ipairs(KEYS) do outlive(key) end
for i = 6, #ARGV do outlive(start .. ARGV[i]) end
if channel ~= '' then redis.call('PUBLISH', channel, text) end
return {1}
`;
