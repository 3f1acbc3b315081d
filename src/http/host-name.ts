/** The host of an address. */

/** A host as sockets and programs take it: an IPv6 address without the brackets that it has in a URL. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
