/**
 * Extended attributes of files. Node has no calls for them; an optional package has, on the platforms that it is built
 * for. Where it is not installed, files are sent and received without, and so are files whose names are not text: the
 * package takes text only, and would come to another file.
 */

/** Values by name, such as `user.comment` and `security.capability`. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

/** Calls for the extended attributes of files. */
export interface XattrCalls {
  /**
   * The attributes of a file, of a link its own; undefined for none.
   * @param inside another path of the file, by which the values are read
   * @throws Error if they cannot be read
   */
  read(file: string, inside?: string): Xattrs | undefined;
  /** Sets what can be set. The file system may refuse some, and a user who is not root may not set others. */
  write(file: string, xattrs: Xattrs): void;
}

let calls: Promise<XattrCalls | undefined> | undefined;

/** The calls, loaded on first use; undefined if the package is not installed. */
export function xattrCalls(): Promise<XattrCalls | undefined> {
  calls ??= load();
  return calls;
}

async function load(): Promise<XattrCalls | undefined> {
  const xattr = await import('@napi-rs/xattr').catch(() => undefined);
  if (!xattr) return undefined;
  const { listAttributesSync, getAttributeSync, setAttributeSync } = xattr;
  const attempt = <T>(act: () => T): T | undefined => {
    try {
      return act();
    } catch {
      return undefined;
    }
  };
  return {
    read(file, inside = file) {
      if (!file.isWellFormed()) return undefined;
      const names = listNames(file, listAttributesSync);
      if (names.length === 0) return undefined;
      const xattrs = new Map<string, Uint8Array>();
      for (const name of names) {
        const value = name.startsWith('com.apple.') ? undefined : attempt(() => getAttributeSync(inside, name));
        if (value) xattrs.set(name, value);
      }
      return xattrs.size > 0 ? xattrs : undefined;
    },
    write(file, xattrs) {
      if (!file.isWellFormed()) return;
      for (const [name, value] of xattrs) attempt(() => setAttributeSync(file, name, value));
    },
  };
}

/**
 * Errors that mean that a file has no attributes: it is gone, or its file system has no attributes (on Linux, on
 * macOS).
 */
const none = new Set(['2', '20', '95', '45']);

function listNames(file: string, list: (file: string) => string[]): string[] {
  try {
    return list(file);
  } catch (error) {
    const { message } = error as Error;
    if (none.has(/\(os error (\d+)\)/.exec(message)?.[1] ?? '')) return [];
    throw new Error(`failed to read the extended attributes of ${file}: ${message}`);
  }
}
