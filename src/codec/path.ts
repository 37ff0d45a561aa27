/** How a step of a path was made; the step itself is a key, an index or, for RAW, the finished text. */
export const PROPERTY = 0;
export const ELEMENT = 1;
export const MAP_VALUE = 2;
export const NTH_KEY = 3;
export const NTH_VALUE = 4;
export const RAW = 5;

/** Not made before there is a path to write: to look all letters of Unicode up takes V8 0.2 ms. */
let identifier: RegExp | undefined;

/** Returns the path from `root`, which is at level `from`, to a value, as a programmer would write it: `args[0].map.get("k")["odd key"]`. */
export function renderPath(
  root: string,
  steps: readonly (string | number)[],
  kinds: ArrayLike<number>,
  depth: number,
  from = 0,
) {
  let path = root;
  for (let i = from + 1; i <= depth; i++) path += renderStep(steps[i] as string | number, kinds[i] as number);
  return root === '' && path.startsWith('.') ? path.slice(1) : path;
}

function renderStep(step: string | number, kind: number): string {
  switch (kind) {
    case PROPERTY:
      identifier ??= /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
      return identifier.test(String(step)) ? `.${step}` : `[${JSON.stringify(String(step))}]`;
    case ELEMENT:
      return `[${step}]`;
    case MAP_VALUE:
      return `.get(${typeof step === 'string' ? JSON.stringify(step) : step})`;
    case NTH_KEY:
      return `.keys()[${step}]`;
    case NTH_VALUE:
      return `.values()[${step}]`;
    default:
      return String(step);
  }
}
