import { type Extension, reach, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { StateError } from '../contracts/errors.ts';
import { queueMicrotask } from '../engine/builtins.ts';
import { ReferencedObject } from './by-reference.ts';
import type { Lease } from './lease.ts';
import { Link } from './link.ts';
import type { ObjectId } from './messages.ts';
import { originOf } from './origin.ts';
import { BaseProxy, COMPANION, referenceOf } from './proxy.ts';
import { makeProxy } from './proxy-kinds.ts';
import { Reference } from './reference.ts';
import { type Server, servedHere } from './server.ts';
import type { Far, Near, ServerRef } from './server-ref.ts';

/** Within a family, the message holds the object and says how to reach its server. */
const NEAR = 0;
/** Elsewhere, the message names an object of a server that the receiver knows; COUNTED if that server itself sends it. */
const NAMED = 1;
const COUNTED = 2;

const NAME_FIELDS = ['string', 'string', 'value', 'value'] as const;

/** Sends a proxy, or an object that a server presents, as the name of the object; the receiver has one proxy for it. */
export const proxyExtension: Extension<BaseProxy | ReferencedObject> = {
  id: extensionIds.PROXY,
  name: 'proxy of a managed object',
  forms: [
    // The form contains the address and the key of the server: only the family may see them, and only the family may name a server to
    // connect to and its key.
    {
      name: 'near',
      reach: reach.FAMILY,
      fields: [...NAME_FIELDS, 'value', 'value', 'value', 'value'],
      read: (input) => readNear(readName(input), input),
    },
    { name: 'named', reach: reach.ANYBODY, fields: NAME_FIELDS, read: (input) => readNamed(readName(input), false) },
    { name: 'counted', reach: reach.TRUSTED, fields: NAME_FIELDS, read: (input) => readNamed(readName(input), true) },
  ],
  // The proxy of an object of a cluster leaves its family in another form.
  matches: (value, out): value is BaseProxy | ReferencedObject =>
    value instanceof ReferencedObject ||
    (value instanceof BaseProxy && !(out?.reach === reach.TRUSTED && originOf(value) !== undefined)),
  write(value, out) {
    if (value instanceof ReferencedObject) writeReferenced(value, out);
    else writeProxy(value, out);
  },
};

function writeProxy(proxy: BaseProxy, out: ValueWriter): void {
  const { link, id, kind } = referenceOf(proxy);
  const { identity } = link.ref;
  const isNear = out.reach === reach.FAMILY;
  const here = servedHere(identity);
  out.form(isNear ? NEAR : here?.table.give(id) ? COUNTED : NAMED);
  out.string(identity);
  out.string(kind);
  out.value(id, '');
  out.value(proxy[COMPANION], '');
  if (!isNear) return;
  writeRef(link.ref, out);
  const { lease, isLoan } = referenceOf(proxy).lend();
  out.value(lease, '');
  // The message holds its leases only when all of it is encoded; this is the case before a microtask runs.
  if (isLoan) queueMicrotask(() => lease.close());
}

function writeReferenced({ identity, id, kind }: ReferencedObject, out: ValueWriter): void {
  const { table, ref } = servedHere(identity) as Server;
  const isNear = out.reach === reach.FAMILY;
  if (!isNear) table.give(id);
  out.form(isNear ? NEAR : COUNTED);
  out.string(identity);
  out.string(kind);
  out.value(id, '');
  out.value(undefined, '');
  if (!isNear) return;
  writeRef(ref, out);
  out.value(table.lend(id), '');
}

/** Writes what another process of the same heap needs, including the key. */
function writeRef({ near, far }: ServerRef, out: ValueWriter): void {
  out.value(near?.connectEnd, '');
  out.value(near?.returns, '');
  out.value(near === undefined ? far : undefined, '');
}

/** The beginning of each form. */
interface Name {
  readonly identity: string;
  readonly kind: string;
  readonly id: ObjectId;
  readonly companion: BaseProxy | undefined;
}

function readName(input: ValueReader): Name {
  const identity = input.string();
  const kind = input.string();
  const id = input.value();
  const companion = input.value();
  if (typeof id !== 'number' && typeof id !== 'string') input.corrupt('a proxy names no object');
  if (companion !== undefined && !(companion instanceof BaseProxy)) input.corrupt('what comes with a proxy is none');
  return { identity, kind, id, companion };
}

function readNear({ identity, kind, id, companion }: Name, input: ValueReader): BaseProxy {
  const connectEnd = input.value() as Near['connectEnd'] | undefined;
  const returns = input.value() as Near['returns'] | undefined;
  const far = input.value() as Far | undefined;
  const lease = input.value() as Lease;
  const near = connectEnd && returns && { connectEnd, returns };
  const link = Link.to({ identity, near, far });
  const known = link.proxies.get(id)?.deref() as BaseProxy | undefined;
  if (known !== undefined) return known;
  if (near !== undefined) return makeProxy(new Reference(link, id, kind, { lease }), companion);
  link.claim(id);
  return makeProxy(new Reference(link, id, kind, { loan: lease }), companion);
}

/** `isCounted` is true if the server itself has sent the proxy and has counted that. */
function readNamed({ identity, kind, id, companion }: Name, isCounted: boolean): BaseProxy {
  const here = servedHere(identity);
  const link = here === undefined ? Link.known(identity) : Link.to(here.ref);
  if (link === undefined) {
    throw new StateError(
      "The proxy is of a manager that this process is not connected to: await that manager's connect() first.",
    );
  }
  const known = link.proxies.get(id)?.deref() as BaseProxy | undefined;
  if (known !== undefined) {
    if (isCounted) referenceOf(known).count();
    return known;
  }
  if (here === undefined && !isCounted) link.claim(id);
  const lease = here === undefined ? undefined : here.hold(id);
  return makeProxy(new Reference(link, id, kind, { lease }), companion);
}
