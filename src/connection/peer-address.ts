/**
 * Returns the owner of an address, for limits. An IPv4 address has one owner; the owner of an IPv6 address has all addresses with the
 * same first half. A unix socket belongs to this machine.
 */
export function peerOf(address: string | undefined): string {
  if (address === undefined) return 'this machine';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head, tail] = address.replace(/%.*$/, '').split('::') as [string, string | undefined];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...new Array(missing).fill('0'), ...(tail ? tail.split(':') : [])];
  return `${all.slice(0, 4).join(':')}::/64`;
}
