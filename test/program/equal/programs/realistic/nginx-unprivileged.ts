import { image } from 'tsfront/build';

export default () =>
  image('nginx:1.27')
    .run(
      String.raw`sed -i -e 's/listen\(.*\)80;/listen 8080;/' /etc/nginx/conf.d/default.conf && ${''}    sed -i '/user  nginx;/d' /etc/nginx/nginx.conf && ${''}    sed -i 's,/var/run/nginx.pid,/tmp/nginx.pid,' /etc/nginx/nginx.conf && ${''}    chown -R 101:0 /var/cache/nginx && ${''}    chmod -R g+w /var/cache/nginx`,
    )
    .copy('html/', '/usr/share/nginx/html/', { chown: '101:0', chmod: '0644' })
    .expose(8080)
    .user(101);
