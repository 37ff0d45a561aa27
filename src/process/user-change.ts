const calls = ['setuid', 'setgid', 'seteuid', 'setegid', 'initgroups', 'setgroups'] as const;

/** Calls back whenever this process has changed its user or its groups: the kernel then forgets settings that were made for the old ones. */
export function onUserChange(callback: () => void): void {
  for (const name of calls) {
    const change = Reflect.get(process, name) as ((...ids: unknown[]) => void) | undefined;
    if (change === undefined) continue;
    Object.assign(process, {
      [name]: (...ids: unknown[]) => {
        change(...ids);
        callback();
      },
    });
  }
}
