// The module `vscode` as far as the extension and vscode-languageclient use it when they start: what is not named here
// is a class, a function or an event that does nothing.
const settings = JSON.parse(process.env.SETTINGS ?? '{}');

class Disposable {
  constructor(dispose) {
    this.dispose = dispose ?? (() => {});
  }
  static from(...all) {
    return new Disposable(() => {
      for (const it of all) it.dispose();
    });
  }
}
class EventEmitter {
  listeners = new Set();
  event = (listener) => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };
  fire(value) {
    for (const listener of this.listeners) listener(value);
  }
  dispose() {}
}
class Uri {
  constructor(path) {
    Object.assign(this, { scheme: 'file', authority: '', path, query: '', fragment: '', fsPath: path });
  }
  toString() {
    return `file://${this.path}`;
  }
  static parse(text) {
    return new Uri(text.replace(/^file:\/\//, ''));
  }
  static file(path) {
    return new Uri(path);
  }
}
class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}
class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}

/** Kinds are joined by their parts. */
const kind = (value) => ({ value, append: (part) => kind(value === '' ? part : `${value}.${part}`) });

/** Anything: a class, a function, an object with any member. */
const anything = (name) =>
  new Proxy(class {}, {
    get: (target, key) =>
      key === 'prototype' || typeof key === 'symbol'
        ? Reflect.get(target, key)
        : key === 'then'
          ? undefined
          : anything(`${name}.${key}`),
    apply: () => new Disposable(),
    construct: () => new Disposable(),
  });

const commands = new Map();
const shown = [];
const document = {
  uri: Uri.file('/work/Dockerfile'),
  fileName: '/work/Dockerfile',
  languageId: 'dockerfile',
  version: 1,
  isClosed: false,
  getText: () => 'FROM alpine:3\nCOPY --chwon=1 a b\n',
};
const diagnostics = [];
const noEvent = () => new Disposable();
const channel = new Proxy({ logLevel: 0 }, { get: (target, key) => target[key] ?? (() => new Disposable()) });
const known = {
  Disposable,
  EventEmitter,
  Uri,
  Position,
  Range,
  version: '1.101.0',
  env: { appName: 'stub', language: 'en', onDidChangeTelemetryEnabled: noEvent },
  CodeActionKind: { Empty: kind(''), QuickFix: kind('quickfix'), Source: kind('source'), Refactor: kind('refactor') },
  CancellationTokenSource: class {
    token = { isCancellationRequested: false, onCancellationRequested: noEvent };
    cancel() {}
    dispose() {}
  },
  commands: {
    registerCommand(name, run) {
      commands.set(name, run);
      return new Disposable();
    },
    executeCommand: async () => undefined,
  },
  languages: new Proxy(
    {
      match: () => 10,
      createDiagnosticCollection: () => ({
        set: (uri, found) => diagnostics.push({ uri: uri.toString(), found }),
        delete() {},
        clear() {},
        dispose() {},
      }),
    },
    { get: (target, key) => target[key] ?? (() => new Disposable()) },
  ),
  window: new Proxy(
    {
      createOutputChannel: () => channel,
      showErrorMessage: async (text) => void shown.push(text),
      visibleTextEditors: [],
      activeTextEditor: undefined,
      tabGroups: { all: [], onDidChangeTabs: noEvent, onDidChangeTabGroups: noEvent },
    },
    { get: (target, key) => (key in target ? target[key] : () => new Disposable()) },
  ),
  workspace: new Proxy(
    {
      isTrusted: process.env.TRUSTED !== 'no',
      textDocuments: [document],
      notebookDocuments: [],
      workspaceFolders: undefined,
      fs: {},
      getConfiguration: (section) => {
        const values = section === 'tsfront' ? settings : {};
        return {
          ...values,
          get: (name, fallback) => values[name] ?? fallback,
          inspect: () => undefined,
          has: () => false,
        };
      },
    },
    { get: (target, key) => (key in target ? target[key] : () => new Disposable()) },
  ),
};

module.exports = new Proxy(known, {
  get: (target, key) => (key in target ? target[key] : anything(String(key))),
});
Object.assign(module.exports, { $commands: commands, $shown: shown, $diagnostics: diagnostics });
