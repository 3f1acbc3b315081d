/**
 * How often rules were right on Dockerfiles of other projects: the number of findings, how many of them a person has
 * read, and how many of these were right. Read on 2026-11-29 and 2026-11-30.
 */
export const readings = {
  /** Number of Dockerfiles. */
  files: 3163,
  UntaggedBase: { findings: 174, read: 10, right: 10 },
  LatestBase: { findings: 129, read: 9, right: 9 },
  SudoInRun: { findings: 44, read: 18, right: 18 },
  LastUserRoot: { findings: 39, read: 11, right: 5 },
  UnansweredInstall: { findings: 10, read: 2, right: 2 },
  PackageCacheKept: { findings: 748, read: 20, right: 20 },
  UpdateAlone: { findings: 58, read: 13, right: 13 },
  AptInScript: { findings: 181, read: 13, right: 13 },
  RecommendedPackages: { findings: 697, read: 5, right: 5 },
  UnpinnedPackage: { findings: 8156, read: 14, right: 14 },
  CurlWithoutFail: { findings: 395, read: 20, right: 20 },
  SecretInText: { findings: 1, read: 1, right: 1 },
  ServiceDoesNotLast: { findings: 1, read: 1, right: 1 },
  ShellByLink: { findings: 1, read: 1, right: 1 },
  UncheckedPipe: { findings: 70, read: 32, right: 32 },
  UncheckedHeredoc: { findings: 48, read: 13, right: 13 },
  DownloadInRun: { findings: 344, read: 8, right: 7 },
  WgetProgress: { findings: 247, read: 6, right: 6 },
  AddOfLocalFile: { findings: 402, read: 17, right: 17 },
  CopyBeforeInstall: { findings: 225, read: 16, right: 16 },
  CopyWithoutWorkdir: { findings: 194, read: 8, right: 5 },
  ChangedAfterCopy: { findings: 82, read: 17, right: 17 },
  RemovedInLaterLayer: { findings: 40, read: 17, right: 17 },
  ConsecutiveRuns: { findings: 1438, read: 4, right: 3 },
  EnvUsesItself: { findings: 13, read: 3, right: 2 },
  UnusedArg: { findings: 17, read: 13, right: 13 },
  UnusedStage: { findings: 66, read: 8, right: 1 },
};
