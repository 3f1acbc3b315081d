import { describe, expect, test } from 'vitest';
import { cloneImageConfig, emptyImage, marshalImageConfig, parseImageConfig } from '../../src/image/config.ts';
import { parsePlatform } from '../../src/image/platform.ts';

const parse = (text: string) => parseImageConfig(new TextEncoder().encode(text));
const marshal = (image: ReturnType<typeof parse>) => new TextDecoder().decode(marshalImageConfig(image));

describe('image config', () => {
  test('an image config is written in the order of its fields, without unknown members', () => {
    const text =
      '{"config":{"Shell":["/bin/sh"],"OnBuild":["RUN a"],"Healthcheck":{"Retries":3,"Interval":30000000000,"Test":["NONE"],' +
      '"Timeout":1,"StartPeriod":2,"StartInterval":3},"ArgsEscaped":true,"StopSignal":"9","Labels":{"b":"<2>","a":"1"},' +
      '"WorkingDir":"/w","Volumes":{"/v":{}},"Cmd":["c"],"Entrypoint":["e"],"Env":["A=1"],"ExposedPorts":{"80/tcp":{},"443/tcp":{}},' +
      '"User":"u","Unknown":1},"history":[{"empty_layer":true,"comment":"c","author":"a","created_by":"b",' +
      '"created":"2024-01-01T00:00:00+02:00"}],"rootfs":{"diff_ids":["sha256:x"],"type":"layers"},"variant":"v7",' +
      '"os.features":["f"],"os.version":"1","OS":"linux","architecture":"arm","author":"me","created":"2024-05-22T18:18:12.052Z"}';
    expect(marshal(parse(text))).toBe(
      '{"created":"2024-05-22T18:18:12.052Z","author":"me","architecture":"arm","os":"linux","os.version":"1",' +
        '"os.features":["f"],"variant":"v7","rootfs":{"type":"layers","diff_ids":["sha256:x"]},"history":[{' +
        '"created":"2024-01-01T00:00:00+02:00","created_by":"b","author":"a","comment":"c","empty_layer":true}],' +
        '"config":{"User":"u","ExposedPorts":{"443/tcp":{},"80/tcp":{}},"Env":["A=1"],"Entrypoint":["e"],"Cmd":["c"],' +
        '"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"a":"1","b":"\\u003c2\\u003e"},"StopSignal":"9","ArgsEscaped":true,' +
        '"Healthcheck":{"Test":["NONE"],"Interval":30000000000,"Timeout":1,"StartPeriod":2,"StartInterval":3,"Retries":3},' +
        '"OnBuild":["RUN a"],"Shell":["/bin/sh"]}}',
    );
  });

  test('empty parts are left out, but for those that Go writes always', () => {
    expect(marshal(parse('{}'))).toBe('{"architecture":"","os":"","rootfs":{"type":"","diff_ids":null},"config":{}}');
    expect(marshal(parse('null'))).toBe(marshal(parse('{}')));
    expect(
      marshal(parse('{"rootfs":{"diff_ids":[]},"history":[{}],"config":{"Env":[],"Labels":{},"Healthcheck":{}}}')),
    ).toBe('{"architecture":"","os":"","rootfs":{"type":"","diff_ids":[]},"history":[{}],"config":{"Healthcheck":{}}}');
  });

  test('null and empty lists are told apart', () => {
    expect(parse('{"config":{"Cmd":[],"Entrypoint":null}}').config).toMatchObject({ cmd: [], entrypoint: undefined });
  });

  test.each([
    ['"x"', 'json: cannot unmarshal string into Go value of type v1.DockerOCIImage'],
    [
      '{"config":{"Healthcheck":"x"}}',
      'json: cannot unmarshal string into Go struct field DockerOCIImageConfig.config.DockerOCIImageConfigExt.Healthcheck of type v1.HealthcheckConfig',
    ],
    [
      '{"config":{"Env":"x"}}',
      'json: cannot unmarshal string into Go struct field DockerOCIImageConfig.config.ImageConfig.Env of type []string',
    ],
    [
      '{"config":{"Volumes":{"/v":1}}}',
      'json: cannot unmarshal number into Go struct field DockerOCIImageConfig.config.ImageConfig.Volumes of type struct {}',
    ],
    [
      '{"config":{"ExposedPorts":[]}}',
      'json: cannot unmarshal array into Go struct field DockerOCIImageConfig.config.ImageConfig.ExposedPorts of type map[string]struct {}',
    ],
    [
      '{"config":7}',
      'json: cannot unmarshal number into Go struct field DockerOCIImage.config of type v1.DockerOCIImageConfig',
    ],
    ['{"os":1}', 'json: cannot unmarshal number into Go struct field DockerOCIImage.Image.Platform.os of type string'],
    [
      '{"rootfs":{"diff_ids":[1]}}',
      'json: cannot unmarshal number into Go struct field RootFS.Image.rootfs.diff_ids of type digest.Digest',
    ],
    [
      '{"history":{}}',
      'json: cannot unmarshal object into Go struct field DockerOCIImage.Image.history of type []v1.History',
    ],
    ['{"created":"now"}', 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'],
    ['{"os":"linux"', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
  ])("an image config is refused with Go's words if it has %s", (text, message) => {
    expect(() => parse(text)).toThrow(new Error(message));
  });

  test('FROM scratch starts with a working directory, and a PATH except on Windows', () => {
    expect(marshal(emptyImage(parsePlatform('linux/arm/v6')))).toBe(
      '{"architecture":"arm","os":"linux","variant":"v6","rootfs":{"type":"layers","diff_ids":null},"config":{' +
        '"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"}}',
    );
    expect(marshal(emptyImage(parsePlatform('windows(1.2)/amd64')))).toBe(
      '{"architecture":"amd64","os":"windows","os.version":"1.2","rootfs":{"type":"layers","diff_ids":null},' +
        '"config":{"WorkingDir":"/"}}',
    );
  });

  test('changes of a clone do not change the original', () => {
    const original = emptyImage(parsePlatform('linux/amd64'));
    original.config.labels = new Map([['a', '1']]);
    const copy = cloneImageConfig(original);
    copy.config.env.push('B=2');
    copy.config.labels?.set('b', '2');
    expect(original.config.env).toHaveLength(1);
    expect(original.config.labels.size).toBe(1);
    expect(copy.config.labels?.get('a')).toBe('1');
  });

  test('a time that JSON cannot hold', () => {
    const image = { ...emptyImage(parsePlatform('linux/amd64')), created: { seconds: 1n << 62n, nanos: 0 } };
    expect(() => marshalImageConfig(image)).toThrow(
      'json: error calling MarshalJSON for type *time.Time: Time.MarshalJSON: year outside of range [0,9999]',
    );
  });
});
