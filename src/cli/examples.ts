/** Examples for the help of each command, by its words. Tests run their options through the parser. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  compile: [
    'tsfront compile .',
    'tsfront compile . --offline --images images.json --format tree',
    'tsfront compile . --platform linux/amd64,linux/arm64 -o image.json',
  ],
  check: [
    'tsfront check .',
    'tsfront check services/api/Dockerfile services/web/Dockerfile',
    'tsfront check . --format json',
  ],
  graph: ['tsfront graph . | dot -Tsvg > graph.svg', 'tsfront graph . --target test -o graph.dot'],
  build: [
    'tsfront build -t app:latest .',
    'tsfront build -t registry.example.com/app:1 --platform linux/amd64,linux/arm64 --push .',
    'tsfront build --secret id=token,env=TOKEN -o type=local,dest=out .',
    'tsfront build --check .',
  ],
  solve: [
    'tsfront compile . -o image.json && tsfront solve image.json --local context=. -o type=image,name=app:latest',
    'tsfront solve image.json --local context=. -o type=local,dest=out',
  ],
  workers: ['tsfront workers', 'tsfront workers --builder tcp://buildkit.example.com:1234 --json'],
  du: ['tsfront du', 'tsfront du --filter type=exec.cachemount --format json'],
  prune: ['tsfront prune', 'tsfront prune --force --keep-duration 24h --max-used-space 20GB'],
  history: ['tsfront history ls'],
  'history ls': ['tsfront history ls --format json'],
  'history inspect': ['tsfront history inspect 5n8q0g0yr5m1'],
  'history logs': ['tsfront history logs 5n8q0g0yr5m1 --progress rawjson'],
  'history rm': ['tsfront history rm 5n8q0g0yr5m1'],
  completion: [
    'source <(tsfront completion bash)',
    'tsfront completion zsh > ~/.zfunc/_tsfront',
    'tsfront completion fish > ~/.config/fish/completions/tsfront.fish',
  ],
};
