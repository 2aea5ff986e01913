//! Images, as far as their heads tell: format and size. What Pillow refuses when it opens and verifies a
//! file is none: unknown formats, a PNG that is cut off or changed, more pixels than a picture has.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

use flate2::Crc;
use imagesize::{Compression, ImageType};

/// Twice Pillow's `MAX_IMAGE_PIXELS`: beyond, it takes an image for a bomb.
const MAX_PIXELS: u64 = 2 * 89_478_485;

/// How much of a file is read to find its size.
const LONGEST_HEAD: u64 = 1024 * 1024;

/// The extensions that images may have: those of Pillow's formats.
pub(crate) const EXTENSIONS: &str = "avif, avifs, blp, bmp, dib, bufr, cur, pcx, dcx, dds, ps, eps, fit, \
    fits, fli, flc, ftc, ftu, gbr, gif, grib, h5, hdf, png, apng, jp2, j2k, jpc, jpf, jpx, j2c, icns, ico, \
    im, iim, jfif, jpe, jpg, jpeg, mpg, mpeg, tif, tiff, mpo, msp, palm, pcd, pdf, pxr, pbm, pgm, ppm, pnm, \
    pfm, psd, qoi, bw, rgb, rgba, sgi, ras, tga, icb, vda, vst, webp, wmf, emf, xbm, xpm";

/// What the head of an image says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageInfo {
    /// `image/png`
    pub content_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl ImageInfo {
    /// Reads an image; `None` if it is none, or broken.
    pub(super) fn read(file: impl Read + Seek) -> Option<Self> {
        let mut head = BufReader::new(Bounded { file, left: LONGEST_HEAD });
        let kind = imagesize::reader_type(&mut head).ok()?;
        let size = kind.reader_size(&mut head).ok()?;
        let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
        if u64::from(width) * u64::from(height) > MAX_PIXELS || width == 0 || height == 0 {
            return None;
        }
        let content_type = match kind {
            ImageType::Png => "image/png",
            ImageType::Jpeg => "image/jpeg",
            ImageType::Gif => "image/gif",
            ImageType::Bmp => "image/bmp",
            ImageType::Webp => "image/webp",
            ImageType::Tiff => "image/tiff",
            ImageType::Ico => "image/x-icon",
            ImageType::Psd => "image/vnd.adobe.photoshop",
            ImageType::Heif(Compression::Av1) => "image/avif",
            _ => return None,
        };
        if kind == ImageType::Png {
            let Bounded { file, .. } = head.into_inner();
            verify_png(BufReader::new(file)).ok()?;
        }
        Some(Self { content_type, width, height })
    }
}

/// Reads no more than a head has, however a file leads around in itself.
struct Bounded<F> {
    file: F,
    left: u64,
}

impl<F> Bounded<F> {
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or(ErrorKind::FileTooLarge)?;
        Ok(())
    }
}

impl<F: Read> Read for Bounded<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.take(read as u64)?;
        Ok(read)
    }
}

impl<F: Seek> Seek for Bounded<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // a loop of steps ends too
        self.take(16)?;
        self.file.seek(to)
    }
}

/// Checks that every chunk up to the last is there and has its checksum (`PngImageFile.verify`).
fn verify_png(mut file: impl BufRead + Seek) -> io::Result<()> {
    file.seek(SeekFrom::Start(8))?;
    loop {
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let [a, b, c, d, name @ ..] = head;
        if &name == b"IEND" {
            return Ok(());
        }
        let mut crc = Crc::new();
        crc.update(&name);
        let mut left = u32::from_be_bytes([a, b, c, d]) as usize;
        while left > 0 {
            let bytes = file.fill_buf()?;
            let part = bytes.get(..left.min(bytes.len())).unwrap_or_default();
            if part.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            crc.update(part);
            let read = part.len();
            file.consume(read);
            left -= read;
        }
        let mut sum = [0; 4];
        file.read_exact(&mut sum)?;
        if u32::from_be_bytes(sum) != crc.sum() {
            return Err(ErrorKind::InvalidData.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Two pixels by three.
    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAE0lEQVR4nGP8z8DAwMDAxIBMAQAUQAEF3SN5DgAAAABJRU5ErkJggg==";
    const GIF: &[u8] = b"GIF89a\x05\x00\x04\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

    fn png() -> Vec<u8> {
        STANDARD.decode(PNG).unwrap()
    }

    fn read(bytes: &[u8]) -> Option<(&'static str, u32, u32)> {
        let info = ImageInfo::read(Cursor::new(bytes))?;
        Some((info.content_type, info.width, info.height))
    }

    #[test]
    fn formats_and_sizes_are_in_heads() {
        assert_eq!(read(&png()), Some(("image/png", 2, 3)));
        assert_eq!(read(GIF), Some(("image/gif", 5, 4)));
        for none in [&b""[..], b"x", b"not an image", b"GIF8", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4\n"]
        {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_png_that_is_cut_off_or_changed_is_none() {
        let whole = png();
        // the checksum of the end is not looked at
        for length in 0..whole.len() - 4 {
            assert_eq!(read(&whole[..length]), None, "{length}");
        }
        let mut changed = whole.clone();
        changed[45] ^= 1;
        assert_eq!(read(&changed), None);
    }

    #[test]
    fn an_image_of_too_many_pixels_is_a_bomb() {
        let mut gif = GIF.to_vec();
        gif[6..10].copy_from_slice(&[0xff, 0xff, 0x00, 0x08]);
        assert_eq!(read(&gif), Some(("image/gif", 65_535, 2048)));
        gif[6..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        assert_eq!(read(&gif), None);
    }

    #[test]
    fn broken_heads_are_read_within_bounds() {
        let starts: [&[u8]; 8] = [
            b"II*\0\x08\0\0\0\xff\xff\0\x01\x03\0\x01\0\0\0\x08\0\0\0",
            b"MM\0*\0\0\0\x08\0\xff",
            b"\xff\xd8\xff\xe0\0\x02\xff\xe0\0\x02",
            b"RIFF\0\0\0\0WEBPVP8X",
            b"\0\0\x01\0\xff\xff",
            b"\0\0\0\x18ftypavif\0\0\0\0avifmif1miaf",
            b"8BPS\0\x01",
            b"BM\0\0\0\0",
        ];
        let mut seed = 1_u32;
        for start in starts {
            for round in 0..2000_usize {
                let mut bytes = start.to_vec();
                for _ in 0..64 + round % 64 {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    bytes.push(if round % 3 == 0 { 0 } else { (seed >> 24) as u8 });
                }
                let _ = read(&bytes);
            }
        }
    }
}
