import { file, image } from 'tsfront/build';

export const app = image('php:8.3-fpm').copy('src/', '/var/www/html/');

const site = String.raw`server {
  listen 80;
  root /usr/share/nginx/html;
  location ~ \.php$ {
    fastcgi_pass app:9000;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  }
}
`;

export const web = () =>
  image('nginx:1.27')
    .copy(app, '/var/www/html/public', '/usr/share/nginx/html')
    .copy(file(site), '/etc/nginx/conf.d/default.conf')
    .healthcheck(['curl', '-fs', 'http://localhost/ping']);

export default () => web();
