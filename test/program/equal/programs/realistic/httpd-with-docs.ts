import { expand, image } from 'tsfront/build';

const docs = image('python:3.12-slim')
  .run('pip install mkdocs')
  .copy('docs', '/w/docs')
  .copy('mkdocs.yml', '/w/')
  .run('cd /w && mkdocs build');

export default () =>
  image('httpd:2.4')
    .copy(docs, '/w/site/', expand('${HTTPD_PREFIX}/htdocs/'))
    .run("echo 'ServerName localhost' >> conf/httpd.conf");
