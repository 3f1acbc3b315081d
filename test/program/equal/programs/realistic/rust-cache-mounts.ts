import { expand, image, mount } from 'tsfront/build';

const build = image('rust:1.82-slim')
  .workdir('/src')
  .run(
    `set -e
cargo build --locked --release
cp ./target/release/tool /bin/tool
`,
    {
      mounts: [
        ...['src', 'Cargo.toml', 'Cargo.lock'].map((path) => mount.bind(path, { source: path })),
        mount.cache('/src/target/'),
        mount.cache(expand('$CARGO_HOME/registry/')),
        mount.cache(expand('$CARGO_HOME/git/db'), { sharing: 'private' }),
      ],
    },
  );

export default () =>
  image('debian:bookworm-slim')
    .run(
      'adduser --disabled-password --gecos "" --home "/nonexistent" --shell "/sbin/nologin" --no-create-home --uid "10001" tool',
    )
    .user('tool')
    .copy(build, '/bin/tool', '/bin/')
    .cmd(['/bin/tool']);
