// The task of the pools that run a file: piscina and tinypool call the default export.
export default function noop(i) {
  return i;
}
