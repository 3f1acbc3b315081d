import { arg, expand, image } from 'tsfront/build';

const ruby = arg('RUBY_VERSION', { default: '3.3' });

const base = image(`ruby:${ruby}-slim`).workdir('/rails').env({
  RAILS_ENV: 'production',
  BUNDLE_DEPLOYMENT: '1',
  BUNDLE_PATH: '/usr/local/bundle',
  BUNDLE_WITHOUT: 'development:test',
});

const build = base
  .run(`apt-get update -qq && \
    apt-get install --no-install-recommends -y build-essential git pkg-config && \
    rm -rf /var/lib/apt/lists /var/cache/apt/archives`)
  .copy(['Gemfile', 'Gemfile.lock'], './')
  .run(`bundle install && \
    rm -rf ~/.bundle/ "\${BUNDLE_PATH}"/ruby/*/cache`)
  .copy('.', '.')
  .run('SECRET_KEY_BASE_DUMMY=1 ./bin/rails assets:precompile');

export default () =>
  base
    .copy(build, expand('${BUNDLE_PATH}'), expand('${BUNDLE_PATH}'))
    .copy(build, '/rails', '/rails')
    .run(`useradd rails --create-home --shell /bin/bash && \
    chown -R rails:rails db log storage tmp`)
    .user('rails:rails')
    .entrypoint(['/rails/bin/docker-entrypoint'])
    .expose(3000)
    .cmd(['./bin/rails', 'server']);
