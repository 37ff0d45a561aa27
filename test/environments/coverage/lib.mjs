export function byReference(n) {
  return n + 1;
}

export function neverCalled() {
  return 1;
}
