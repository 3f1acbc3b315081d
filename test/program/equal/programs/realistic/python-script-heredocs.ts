import { file, image } from 'tsfront/build';

const requirements = file('requirements.txt', 'requests==2.32.3\n');

const job = file(
  'job.py',
  `import requests
print(requests.get("https://example.com").status_code)
`,
);

export default () =>
  image('python:3.12-slim')
    .run(`apt-get update
apt-get install -y --no-install-recommends curl
rm -rf /var/lib/apt/lists/*
`)
    .copy([requirements, job], '/job/')
    .run('pip install -r /job/requirements.txt')
    .run(`#!/usr/bin/env python3
import sys
print(sys.version)
`)
    .cmd(['python', '/job/job.py']);
