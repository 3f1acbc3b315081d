/** What an editor says about the arguments that every build has. */

/** By name: those that are set without being declared in front of FROM, and proxies, which need no declaration. */
export const predefinedVariables: Readonly<Record<string, string>> = {
  BUILDPLATFORM: 'The platform of the machine that builds.',
  BUILDOS: 'The operating system in BUILDPLATFORM.',
  BUILDOSVERSION: 'The version of the operating system in BUILDPLATFORM.',
  BUILDARCH: 'The architecture in BUILDPLATFORM.',
  BUILDVARIANT: 'The variant of the architecture in BUILDPLATFORM.',
  TARGETPLATFORM: 'The platform of the result.',
  TARGETOS: 'The operating system in TARGETPLATFORM.',
  TARGETOSVERSION: 'The version of the operating system in TARGETPLATFORM.',
  TARGETARCH: 'The architecture in TARGETPLATFORM.',
  TARGETVARIANT: 'The variant of the architecture in TARGETPLATFORM.',
  TARGETSTAGE: 'The stage that is built.',
};

/** Proxies: set by `--build-arg`, without ARG. */
export const proxyVariables: readonly string[] = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];
