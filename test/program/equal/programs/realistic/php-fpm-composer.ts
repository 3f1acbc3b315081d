import { expand, file, image, mount } from 'tsfront/build';

const vendor = image('composer:2')
  .copy(['composer.json', 'composer.lock'], './')
  .run('composer install --no-dev --no-scripts --prefer-dist --optimize-autoloader', {
    mounts: [mount.secret('auth', { target: '/tmp/auth.json' }), mount.cache('/tmp/cache')],
  });

const settings = `memory_limit = 256M
opcache.validate_timestamps = 0
`;

export default () =>
  image('php:8.3-fpm')
    .run(`set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends libicu-dev libzip-dev; \
    docker-php-ext-install -j"$(nproc)" intl opcache pdo_mysql zip; \
    apt-get purge -y --auto-remove libicu-dev libzip-dev; \
    rm -rf /var/lib/apt/lists/*`)
    .run('mv "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"')
    .copy(file(settings), expand('$PHP_INI_DIR/conf.d/app.ini'))
    .copy(vendor, '/app/vendor/', 'vendor/')
    .copy('.', '.', { chown: 'www-data:www-data' })
    .user('www-data');
