/** RUN in all its forms and with all its mounts. */
import { type Case, newer } from '../case.ts';

/** A secret and an agent have no input, which is -1; older frontends left the field at 0. */
const withoutInput = 'mounts without input';

export const runs: readonly Case[] = [
  {
    name: 'shell, exec and shells of one’s own',
    dockerfile: `FROM @BASE@
RUN echo one > /one
RUN ["/bin/sh", "-c", "echo two > /two"]
SHELL ["/bin/sh", "-exc"]
RUN echo three > /three; \\
    # a comment between \\
    echo four > /four
RUN true
`,
  },
  {
    name: 'heredocs',
    dockerfile: `FROM @BASE@
RUN <<EOF
echo a > /a
echo "$PATH" > /b
EOF
RUN <<-'ONE' cat > /c
	tabbed $x
	ONE
RUN cat <<ONE > /d && cat <<TWO > /e
first
ONE
second
TWO
RUN <<EOF
#!/bin/sh
echo shebang > /f
EOF
`,
    comparable: newer,
    makes: ['/a', '/b', '/c', '/d', '/e', '/f'].map((file) => `${file} 644 0:0`),
  },
  {
    name: 'bind, cache and tmpfs mounts',
    dockerfile: `FROM @BASE@ AS tools
RUN mkdir /tools && echo tool > /tools/t
FROM @BASE@
RUN --mount=type=bind,target=/context cp /context/file /copied
RUN --mount=type=bind,from=tools,source=/tools,target=/mnt,rw touch /mnt/x && cp /mnt/t /t
RUN --mount=type=cache,target=/cache,id=e2e,mode=0700,uid=5,sharing=locked \\
    stat -c '%a %u' /cache > /cachestat; touch /cache/left
RUN --mount=type=cache,target=/cache,id=e2e,mode=0700,uid=5,sharing=locked ls /cache > /seen
RUN --mount=type=tmpfs,target=/tmpfs grep -c ' /tmpfs tmpfs' /proc/mounts > /tmpfsmounts
`,
    files: { file: 'content\n' },
  },
  {
    name: 'real secrets and an agent',
    dockerfile: `FROM @BASE@
RUN --mount=type=secret,id=token,target=/token,mode=0444,required sha256sum < /token > /digest
RUN --mount=type=secret,id=token test -s /run/secrets/token
RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent
RUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo "$SSH_AUTH_SOCK" > /agent
`,
    files: { secret: 'very secret\n' },
    args: ['--secret', 'id=token,src=@CONTEXT@/secret', '--ssh', 'default=@AGENT@'],
    otherCache: { trixie: withoutInput, bookworm: withoutInput },
  },
  {
    name: 'secrets as variables',
    dockerfile: `FROM @BASE@
RUN --mount=type=secret,id=token,env=TOKEN echo -n "$TOKEN" | sha256sum > /digest
`,
    files: { secret: 'very secret\n' },
    args: ['--secret', 'id=token,src=@CONTEXT@/secret'],
    comparable: ['forky'],
    makes: ['/digest 644 0:0'],
    not: { bookworm: 'BuildKit 0.8 has no secrets in variables' },
  },
  {
    name: 'no network',
    dockerfile: `FROM @BASE@
RUN --network=none ls /sys/class/net > /net
RUN --network=default true
`,
    comparable: newer,
    makes: ['/net 644 0:0'],
  },
  {
    name: 'users, directories and owners of what is made',
    dockerfile: `FROM @BASE@
RUN mkdir /w && chown 1000:1000 /w
USER 1000:1000
WORKDIR /w
RUN touch made && mkdir dir && ln -s made link && id -u > id
COPY file .
WORKDIR /w/deep/er
RUN pwd > pwd || true
`,
    files: { file: 'content\n' },
  },
  {
    name: 'hosts, shared memory and limits',
    dockerfile: `FROM @BASE@
RUN grep -c example /etc/hosts > /hosts; ulimit -n > /files; df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2 > /shm
`,
    args: ['--add-host', 'example:1.2.3.4', '--ulimit', 'nofile=1024:2048', '--shm-size', '32m'],
  },
];
