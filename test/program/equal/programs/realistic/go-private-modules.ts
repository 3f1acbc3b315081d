import { image, mount } from 'tsfront/build';

const deps = image('golang:1.21-alpine')
  .run(
    'apk add --no-cache git openssh-client && mkdir -p -m 0700 ~/.ssh && ssh-keyscan git.example.com >> ~/.ssh/known_hosts',
  )
  .env('GOPRIVATE', 'git.example.com/*')
  .workdir('/src')
  .copy('go.*', '.')
  .run(
    `git config --global url."git@git.example.com:".insteadOf "https://git.example.com/" && \
    go mod download`,
    { mounts: [mount.ssh(), mount.secret('netrc', { target: '/root/.netrc', required: true })] },
  )
  .as('deps');

const build = deps.copy('.', '.').run('go build -o /bin/app ./...', { network: 'none' });

export default () =>
  image('gcr.io/distroless/static-debian12').copy(build, '/bin/app', '/app', { link: true }).user(1000).cmd(['/app']);
