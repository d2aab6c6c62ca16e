import { deflateSync } from 'node:zlib';

/** A file as Playwright's `setInputFiles` takes it. */
export interface File {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** A file of so many bytes that is no picture. */
export function bytes(name: string, nBytes: number, mimeType = 'application/octet-stream'): File {
  return { name, mimeType, buffer: Buffer.alloc(nBytes, 'Porchlight ') };
}

/** A picture of a sunset, which is a real PNG. */
export function png(name: string, width: number, height: number): File {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const up = 1 - y / height;
      const far = Math.hypot(x - width * 0.6, (y - height * 0.62) * 1.1) / Math.min(width, height);
      const isHill = y > height * (0.72 + 0.1 * Math.sin((x / width) * 5));
      const color = isHill ? [46, 58, 72] : far < 0.14 ? [255, 236, 170] : [250 - up * 130, 150 - up * 40, 90 + up * 90];
      rows.set(color.map(Math.round), y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return { name, mimeType: 'image/png', buffer: Buffer.concat([signature, ...chunks]) };
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(checksum(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** CRC-32, as PNG wants it. */
function checksum(data: Buffer): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
