import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .run(`cat <<EOF > /hello
hello $USER
EOF`)
    .run(`python3 - <<'PY' && echo done
print(1)
PY`);
