/**
 * How often rules were right on Dockerfiles of other projects: the number of findings, how many of them a person has
 * read, and how many of these were right. Read on 2026-11-29.
 */
export const readings = {
  /** Number of Dockerfiles. */
  files: 975,
  UntaggedBase: { findings: 80, read: 6, right: 6 },
  LatestBase: { findings: 77, read: 6, right: 6 },
  SudoInRun: { findings: 22, read: 16, right: 16 },
  LastUserRoot: { findings: 11, read: 11, right: 5 },
  UnansweredInstall: { findings: 2, read: 2, right: 2 },
  PackageCacheKept: { findings: 197, read: 16, right: 16 },
  UpdateAlone: { findings: 12, read: 10, right: 10 },
  AptInScript: { findings: 52, read: 10, right: 10 },
  RecommendedPackages: { findings: 203, read: 5, right: 5 },
  UnpinnedPackage: { findings: 2975, read: 14, right: 14 },
  CurlWithoutFail: { findings: 160, read: 16, right: 16 },
  UncheckedPipe: { findings: 29, read: 29, right: 29 },
  UncheckedHeredoc: { findings: 48, read: 13, right: 13 },
  DownloadInRun: { findings: 107, read: 8, right: 7 },
  WgetProgress: { findings: 52, read: 6, right: 6 },
  AddOfLocalFile: { findings: 158, read: 13, right: 13 },
  CopyBeforeInstall: { findings: 51, read: 13, right: 13 },
  CopyWithoutWorkdir: { findings: 106, read: 8, right: 5 },
  ChangedAfterCopy: { findings: 24, read: 13, right: 13 },
  RemovedInLaterLayer: { findings: 21, read: 13, right: 13 },
  ConsecutiveRuns: { findings: 432, read: 4, right: 3 },
  EnvUsesItself: { findings: 3, read: 3, right: 2 },
  UnusedArg: { findings: 13, read: 13, right: 13 },
  UnusedStage: { findings: 35, read: 8, right: 1 },
};
