/** Which part of the drawing is in view, and at which scale. */
import { type Box, type Layout, rowMiddle } from '../../src/graph/layout.ts';

const [minScale, maxScale] = [0.03, 3];
/** Below this scale nobody reads the text of steps. */
const readableScale = 0.5;
const padding = 36;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of the drawing. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A window on the drawing; it moves and changes its scale, and tells when it has. */
export class Viewport {
  /** The place of the drawing's origin in the window, in pixels. */
  private x = padding;
  private y = padding;
  /** Pixels for a unit of the drawing. */
  scale = 1;
  private readonly size: () => Size;
  private readonly onChange: () => void;

  /** @param size the size of the window in pixels */
  constructor(size: () => Size, onChange: () => void) {
    this.size = size;
    this.onChange = onChange;
  }

  /** The transformation of the drawing, as SVG writes it. */
  get transform(): string {
    return `translate(${this.x} ${this.y}) scale(${this.scale})`;
  }

  /** What is in view. @param margin pixels around it that count as in view */
  area(margin = 0): Area {
    const { width, height } = this.size();
    return {
      left: (-this.x - margin) / this.scale,
      top: (-this.y - margin) / this.scale,
      right: (width - this.x + margin) / this.scale,
      bottom: (height - this.y + margin) / this.scale,
    };
  }

  /** @param dx pixels by which the drawing moves to the right */
  move(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.onChange();
  }

  /** Changes the scale; the point of the window stays where it is. */
  zoomAt(factor: number, x: number, y: number): void {
    const scale = Math.min(maxScale, Math.max(minScale, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.onChange();
  }

  /** Changes the scale; the middle of the window stays where it is. */
  zoom(factor: number): void {
    const { width, height } = this.size();
    this.zoomAt(factor, width / 2, height / 2);
  }

  /** Moves a point of the drawing to the middle of the window. */
  centerOn(x: number, y: number): void {
    const { width, height } = this.size();
    this.x = width / 2 - x * this.scale;
    this.y = height / 2 - y * this.scale;
    this.onChange();
  }

  /** Whether the text can be read when everything is in view. */
  canReadAll(layout: Layout): boolean {
    return this.fittingScale(layout) >= readableScale;
  }

  showAll(layout: Layout): void {
    const { width, height } = this.size();
    this.scale = Math.max(minScale, this.fittingScale(layout));
    this.x = Math.max(padding / 2, (width - layout.width * this.scale) / 2);
    this.y = Math.max(padding / 2, (height - layout.height * this.scale) / 2);
    this.onChange();
  }

  /** Shows a box at the end of the drawing, at a scale at which it can be read. */
  showEnd(box: Box): void {
    this.scale = 0.8;
    const { width, height } = this.size();
    this.x = Math.min(padding, width - padding - (box.x + box.width) * this.scale);
    this.y = Math.min(padding, height / 2 - (box.y + Math.min(box.height, height) / 2) * this.scale);
    this.onChange();
  }

  /** Moves as little as shows a row of a box. @param covered pixels at the right that something else covers */
  reveal(box: Box, row: number, covered: number): void {
    if (this.scale < readableScale) this.scale = 0.9;
    const { width, height } = this.size();
    const y = rowMiddle(box, row);
    const [left, right] = [box.x * this.scale + this.x, (box.x + box.width) * this.scale + this.x];
    const middle = y * this.scale + this.y;
    if (left < 16 || right > width - covered - 16)
      this.x = (width - covered) / 2 - (box.x + box.width / 2) * this.scale;
    if (middle < 40 || middle > height - 40) this.y = height / 2 - y * this.scale;
    this.onChange();
  }

  /** The scale at which everything is in view. */
  private fittingScale(layout: Layout): number {
    const { width, height } = this.size();
    return Math.min(1.15, (width - 2 * padding) / (layout.width || 1), (height - 2 * padding) / (layout.height || 1));
  }
}
