import stopEngines from '../engine/global-setup.ts';
import { assembleImage } from './frontend-image.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const teardown = stopEngines();
  if (!process.env['TSFRONT_IMAGE']) await assembleImage();
  return teardown;
}
