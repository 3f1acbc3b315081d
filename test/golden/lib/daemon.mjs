// A BuildKit gateway that builds nothing: it answers a frontend's calls from the files of a golden case and records
// everything the frontend asked for and returned. It speaks encoded messages; how they travel is not its affair.

import { createHash } from 'node:crypto';
import { decode, encode } from './wire.mjs';
import { schema } from './schema.mjs';

export const SESSION_ID = 'conformance-session';
const FRONTEND_CAPS = 'solve.base solve.inlinereturn resolveimage resolveimage.resolvemode readfile return returnmap readdir statfile importcaches proto.refarray reference.output frontend.inputs gateway.solve.metadata gateway.exec gateway.exec.extrahosts gateway.exec.secretenv gateway.exec.signals gateway.exec.filesystem frontend.caps gateway.solve.evaluate gateway.evaluate gateway.warnings reference.attestations source.metaresolver source.metaresolver.image.attestations source.metaresolver.http.checksumrequest'.split(' ');
const LLB_CAPS = 'source.image source.image.resolvemode source.image.layerlimit source.image.checksum source.local source.local.unique source.local.sessionid source.local.includepatterns source.local.followpaths source.local.excludepatterns source.local.sharedkeyhint source.local.differ source.local.metadatatransfer source.git source.git.keepgitdir source.git.fullurl source.git.httpauth source.git.knownsshhosts source.git.mountsshsock source.git.subdir source.git.checksum source.git.skipsubmodules source.git.signatureverify source.git.mtime source.git.fetchbycommit source.git.bundle source.git.checkoutbundle source.http source.http.auth source.http.checksum source.http.perm soruce.http.uidgid source.http.header source.http.signatureverify source.imageblob source.ocilayout source.buildop.llbfilename exec.meta.base exec.meta.cgroup.parent exec.meta.network exec.meta.network.proxy exec.meta.proxyenv exec.meta.security exec.meta.security.devices.v1 exec.meta.setsdefaultpath exec.meta.ulimit exec.meta.cdi exec.meta.removemountstubs.recursive exec.meta.linux.resources exec.mount.bind exec.mount.bind.readwrite-nooutput exec.mount.cache exec.mount.cache.sharing exec.mount.selector exec.mount.tmpfs exec.mount.tmpfs.size exec.mount.secret exec.mount.ssh exec.mount.cache.content exec.cgroup exec.secretenv exec.validexitcode file.base file.rm.wildcard file.copy.includeexcludepatterns file.copy.requiredpaths file.rm.nofollowsymlink file.copy.alwaysreplaceexistingdestpaths file.copy.modestring file.symlink.create constraints platform meta.ignorecache meta.description meta.exportcache cache.gha cache.s3 cache.azblob mergeop diffop passthroughop exporter.image.annotations exporter.image.attestations exporter.sourcedateepoch exporter.multiple exporter.session source.policy source.policy.session gc.freespacefilter history.filter'.split(' ');
const DEFAULT_WORKERS = [{ ID: 'conformance', Labels: {}, Platforms: [{ architecture: 'amd64', os: 'linux' }] }];

class GatewayError extends Error {
  constructor(code, message, details) { super(message); this.code = code; this.details = details; }
}
const notFound = (what) => new GatewayError(5, `${what}: not found`);
const unknown = (message) => new GatewayError(2, message);

const sha256 = (buf) => 'sha256:' + createHash('sha256').update(buf).digest('hex');
const formatPlatform = (p) => p && [p.OS, p.Architecture, p.Variant].filter(Boolean).join('/');
const asAsked = (p) => p && formatPlatform(p) + (p.OSVersion ? `(${p.OSVersion})` : '');

/** Turns a marshalled Definition into a readable one whose op keys are the content digests. */
export function readDefinition(def) {
  if (!def) return undefined;
  const ops = {};
  let terminal;
  for (const raw of def.def ?? []) {
    const digest = sha256(raw);
    const op = decode(schema, 'Op', raw);
    const isTerminal = !op.exec && !op.source && !op.file && !op.build && !op.merge && !op.diff && !op.passthrough;
    if (isTerminal && op.inputs?.length === 1) terminal = op.inputs[0];
    ops[digest] = op;
  }
  const source = def.Source && {
    infos: (def.Source.infos ?? []).map((i) => ({ filename: i.filename, language: i.language, data: i.data?.toString('utf8'), definition: i.definition && Object.keys(readDefinition(i.definition).ops).sort() })),
    locations: def.Source.locations,
  };
  return { terminal, ops, metadata: def.metadata ?? {}, source };
}

/** A frontend input as a definition: one image, or a merge of several. */
function encodeInput(refs) {
  const ops = [refs].flat().map((ref) => encode(schema, 'Op', { source: { identifier: `docker-image://${ref}` }, platform: { Architecture: 'amd64', OS: 'linux' } }));
  const def = [...ops], metadata = Object.fromEntries(ops.map((op) => [sha256(op), { caps: { 'source.image': true } }]));
  const inputs = (list) => list.map((op) => ({ digest: sha256(op) }));
  if (ops.length > 1) {
    def.push(encode(schema, 'Op', { inputs: inputs(ops), merge: { inputs: ops.map((_, i) => (i ? { input: i } : {})) } })); // zeros are left out, as Go does
    metadata[sha256(def.at(-1))] = { caps: { mergeop: true } };
  }
  return { def: [...def, encode(schema, 'Op', { inputs: inputs([def.at(-1)]) })], metadata };
}

/** The files a solved definition would hold, as far as a frontend may read them back. */
function filesOf(definition, testCase) {
  if (!definition?.terminal) return new Map();
  const byIdentifier = (id) => {
    const own = new Map();
    for (const [name, body] of testCase.files) {
      const bang = name.indexOf('!');
      if (bang > 0 && name.slice(0, bang) === id) own.set(name.slice(bang + 1), body);
      else if (bang < 0 && (id === 'local://dockerfile' || id === 'local://context')) own.set(name, body);
    }
    return own;
  };
  const op = definition.ops[definition.terminal.digest];
  if (op?.source) return byIdentifier(op.source.identifier);
  const copy = op?.file?.actions?.[0]?.copy;
  const from = op?.inputs?.map((i) => definition.ops[i.digest]).find((o) => o?.source);
  if (!copy || !from) return new Map();
  const dir = copy.attemptUnpackDockerCompatibility ? '' : copy.src.replace(/^\/+|\/+$/g, '');
  const scoped = new Map();
  for (const [name, body] of byIdentifier(from.source.identifier)) {
    if (!dir) scoped.set(name, body);
    else if (name.startsWith(dir + '/')) scoped.set(name.slice(dir.length + 1), body);
  }
  return scoped;
}

const S_IFREG = 0o644, S_IFDIR = 0x80000000 + 0o755; // Go's fs.FileMode bits

function statOf(files, path) {
  const clean = path.replace(/^\.?\/+|\/+$|^\.$/g, '');
  if (clean === '') return { path: '.', mode: S_IFDIR };
  if (files.has(clean)) return { path: clean.split('/').pop(), mode: S_IFREG, size: Buffer.byteLength(files.get(clean)) };
  for (const name of files.keys()) if (name.startsWith(clean + '/')) return { path: clean.split('/').pop(), mode: S_IFDIR };
  return undefined;
}

function resolveImage(ref, platform, testCase) {
  const bare = ref.replace(/@sha256:[0-9a-f]{64}$/, '');
  const image = testCase.images[ref] ?? testCase.images[bare];
  if (!image) throw notFound(ref);
  const want = formatPlatform(platform) ?? 'linux/amd64';
  const config = image.platforms[want] ?? image.platforms[want.split('/').slice(0, 2).join('/')] ?? image.platforms['*'];
  if (!config) throw notFound(`no match for platform in manifest ${image.digest}`);
  return { Digest: image.digest, Config: Buffer.from(JSON.stringify(config)) };
}

/** What the frontend that a case forwards to answers: `{error, sources}` or `{metadata, platforms}`. */
function forwarded({ error, sources, metadata, platforms }, id) {
  if (error) throw new GatewayError(2, error, sources?.map((s) => ({ type_url: 'github.com/moby/buildkit/errdefs.Source+json', value: Buffer.from(JSON.stringify(s)) })));
  const ref = { id };
  return { result: { metadata, ...(platforms ? { refs: { refs: Object.fromEntries(platforms.map((p) => [p, ref])) } } : { ref }) } };
}

/** An error as gRPC carries it with its details. */
export const encodeStatus = (error) => encode(schema, 'Status', error);

/** What BuildKit puts into the environment of a frontend, for a case. */
export function environmentOf(testCase) {
  const env = { BUILDKIT_SESSION_ID: SESSION_ID, BUILDKIT_EXPORTEDPRODUCT: 'buildkit', BUILDKIT_WORKERS: JSON.stringify(testCase.workers ?? DEFAULT_WORKERS) };
  Object.entries(testCase.opts ?? {}).forEach(([k, v], i) => { env[`BUILDKIT_FRONTEND_OPT_${i}`] = `${k}=${v}`; });
  return env;
}

/**
 * A daemon for one case.
 * @param {object} testCase  {opts, files: Map, images, inputs?, sources?, forward?, fail?, workers?, disableCaps?}
 * @returns the record (solves, resolves, warnings, and result or error), and `call`, which answers an encoded request or
 *   throws {code, message, details}
 */
export function createDaemon(testCase) {
  const record = { solves: [], resolves: [], warnings: [] };
  const refs = new Map();

  const handlers = {
    Ping: () => ({
      FrontendAPICaps: FRONTEND_CAPS.filter((c) => !testCase.disableCaps?.includes(c)).map((ID) => ({ ID, Enabled: true })),
      LLBCaps: LLB_CAPS.filter((c) => !testCase.disableCaps?.includes(c)).map((ID) => ({ ID, Enabled: true })),
      Workers: (testCase.workers ?? DEFAULT_WORKERS).map((w) => ({ ID: w.ID, Labels: w.Labels, platforms: w.Platforms.map((p) => ({ OS: p.os, Architecture: p.architecture, Variant: p.variant })) })),
    }),
    Inputs: () => ({ Definitions: Object.fromEntries(Object.entries(testCase.inputs ?? {}).map(([name, ref]) => [name, encodeInput(ref)])) }),
    ResolveImageConfig: (req) => {
      record.resolves.push({ ref: req.Ref, platform: asAsked(req.Platform), mode: req.ResolveMode, logName: req.LogName });
      return { ...resolveImage(req.Ref, req.Platform, testCase), Ref: req.Ref };
    },
    ResolveSourceMeta: (req) => {
      const id = req.Source.identifier;
      record.resolves.push({ source: id, attrs: req.Source.attrs, platform: asAsked(req.Platform), mode: req.ResolveMode, logName: req.LogName, git: req.Git });
      const meta = testCase.sources?.[id];
      // What a source policy turned the source into; an image stays one only if it became another image.
      const Source = meta?.updated ? { ...req.Source, identifier: meta.updated } : req.Source;
      const image = /^(?:docker-image|oci-layout):\/\/(.*)$/.exec(Source.identifier);
      if (image) return { Source, Image: resolveImage(image[1], req.Platform, testCase) };
      if (meta?.updated || id.startsWith('local://')) return { Source };
      if (!meta) throw notFound(id);
      const git = meta.git && { ...meta.git, CommitObject: meta.git.CommitObject && Buffer.from(meta.git.CommitObject) };
      return { Source, Git: git, HTTP: meta.http };
    },
    Solve: (req) => {
      const definition = readDefinition(req.Definition);
      // the same whatever order the calls come in, if it can be
      const id = `ref-${definition?.terminal ? `${definition.terminal.digest}-${definition.terminal.index ?? 0}` : refs.size}`;
      refs.set(id, { files: filesOf(definition, testCase), terminal: definition?.terminal, forward: req.Frontend ? req.FrontendOpt : undefined });
      const frontendInputs = req.FrontendInputs && Object.fromEntries(Object.entries(req.FrontendInputs).map(([name, def]) => [name, readDefinition(def).terminal]));
      record.solves.push({ definition, frontend: req.Frontend, frontendOpt: req.FrontendOpt, frontendInputs, cacheImports: req.CacheImports, evaluate: req.Evaluate });
      if (req.Frontend && testCase.forward) return forwarded(testCase.forward, id);
      if (!definition?.terminal && !req.Frontend) return { result: { ref: {} } };
      return { result: { ref: { id, def: req.Definition } } };
    },
    ReadFile: (req) => {
      const files = refs.get(req.Ref)?.files;
      const path = req.FilePath ?? '';
      if (!files) throw unknown(`no such ref: ${req.Ref}`);
      if (statOf(files, path)?.mode === S_IFDIR) throw unknown(`${path} is not a regular file`);
      const body = files.get(path.replace(/^\/+/, ''));
      if (body === undefined) throw unknown(`open ${path}: no such file or directory`);
      const data = Buffer.from(body);
      const from = req.Range?.Offset ?? 0;
      return { Data: req.Range ? data.subarray(from, from + (req.Range.Length ?? 0)) : data };
    },
    StatFile: (req) => {
      const stat = statOf(refs.get(req.Ref)?.files ?? new Map(), req.Path ?? '');
      if (!stat) throw unknown(`lstat ${req.Path}: no such file or directory`);
      return { stat };
    },
    ReadDir: (req) => {
      const files = refs.get(req.Ref)?.files ?? new Map();
      const dir = (req.DirPath ?? '').replace(/^\.?\/+|\/+$|^\.$/g, '');
      const names = new Set();
      for (const name of files.keys()) if (!dir || name.startsWith(dir + '/')) names.add(name.slice(dir ? dir.length + 1 : 0).split('/')[0]);
      return { entries: [...names].sort().map((n) => statOf(files, dir ? `${dir}/${n}` : n)) };
    },
    Evaluate: () => ({}),
    Warn: (req) => {
      record.warnings.push({ level: req.level, short: req.short?.toString('utf8'), detail: req.detail?.map((d) => d.toString('utf8')), url: req.url, filename: req.info?.filename, ranges: req.ranges });
      return {};
    },
    Return: (req) => {
      if (req.error) record.error = readStatus(req.error);
      else record.result = readResult(req.result ?? {}, refs);
      return {};
    },
  };

  const requestType = (m) => `${m}Request`;
  const responseType = { Ping: 'PongResponse' };

  return {
    record,
    call(method, request) {
      const handler = handlers[method];
      if (!handler) throw new GatewayError(12, `unknown method ${method}`);
      if (testCase.fail?.[method]) throw unknown(testCase.fail[method]);
      return encode(schema, responseType[method] ?? `${method}Response`, handler(decode(schema, requestType(method), Buffer.from(request))));
    },
  };
}

/** BuildKit packs typed error details as JSON under a `…+json` type; plain protobuf is read as well. */
function readDetail(any) {
  const [, type, json] = /([^/]*?)(\+json)?$/.exec(any.type_url ?? '');
  const text = () => any.value?.toString('utf8') ?? '';
  return { type, value: json ? JSON.parse(text()) : schema[type] ? decode(schema, type, any.value ?? Buffer.alloc(0)) : text() };
}

function readStatus(status) {
  const sources = [], details = [];
  for (const { type, value } of (status.details ?? []).map(readDetail)) {
    if (type === 'errdefs.Source') sources.push({ filename: value.info?.filename, ranges: value.ranges });
    else if (type && !/stack/i.test(type)) details.push({ type, value });
  }
  return { code: status.code, message: status.message, sources, details };
}

function readResult(result, refs) {
  const metadata = Object.fromEntries(Object.entries(result.metadata ?? {}).map(([k, v]) => [k, v.toString('utf8')]));
  const terminal = (ref) => { const r = refs.get(ref?.id); return r ? (r.forward ? 'forwarded' : r.terminal ?? null) : ref?.id ? `unknown ref ${ref.id}` : null; };
  const out = { metadata };
  const many = result.refs?.refs ?? (result.refsDeprecated && Object.fromEntries(Object.entries(result.refsDeprecated.refs ?? {}).map(([k, id]) => [k, { id }])));
  if (many || result.refs) out.refs = Object.fromEntries(Object.entries(many ?? {}).map(([k, r]) => [k, terminal(r)]));
  else out.ref = terminal(result.ref ?? { id: result.refDeprecated });
  if (result.attestations) out.attestations = Object.fromEntries(Object.entries(result.attestations).map(([k, a]) => [k, (a.attestation ?? []).map((x) => ({ ...x, ref: terminal(x.ref), metadata: Object.fromEntries(Object.entries(x.metadata ?? {}).map(([mk, mv]) => [mk, mv.toString('utf8')])) }))]));
  return out;
}
