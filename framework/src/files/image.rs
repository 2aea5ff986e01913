//! Images, as far as their heads tell: format and size. What Pillow refuses when it opens and verifies a
//! file is none: unknown formats, a PNG that is cut off or changed, more pixels than a picture has.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

use flate2::Crc;
use imagesize::{Compression, ImageType};

/// Twice Pillow's `MAX_IMAGE_PIXELS`: beyond, it takes an image for a bomb.
const MAX_PIXELS: u64 = 2 * 89_478_485;

/// How much of a file is read to find its size.
const LONGEST_HEAD: u64 = 1024 * 1024;

/// The extensions that images may have: those of Pillow's formats, in the order in which it has them once it
/// has opened an image.
pub(crate) const EXTENSIONS: &str = "bmp, dib, gif, jfif, jpe, jpg, jpeg, pbm, pgm, ppm, pnm, pfm, png, apng, avif, avifs, blp, bufr, \
    cur, pcx, dcx, dds, ps, eps, fit, fits, fli, flc, ftc, ftu, gbr, grib, h5, hdf, jp2, j2k, jpc, \
    jpf, jpx, j2c, icns, ico, im, iim, mpg, mpeg, tif, tiff, mpo, msp, palm, pcd, pdf, pxr, psd, \
    qoi, bw, rgb, rgba, sgi, ras, tga, icb, vda, vst, webp, wmf, emf, xbm, xpm";

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
        let mut info = Self { content_type, width, height };
        match kind {
            ImageType::Png => {
                let Bounded { file, .. } = head.into_inner();
                verify_png(BufReader::new(file)).ok()?;
            }
            ImageType::Gif => {
                let (right, bottom) = first_frame(head).ok()?;
                (info.width, info.height) = (width.max(right), height.max(bottom));
            }
            ImageType::Jpeg => has_a_scan(head).ok()?,
            ImageType::Webp => is_at_least(head, 4, 8).ok()?,
            // where the pixels start
            ImageType::Bmp => is_at_least(head, 10, 0).ok()?,
            _ => {}
        }
        Some(info)
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

/// Where the first frame of a GIF ends, which may be beyond its screen.
fn first_frame(mut file: impl BufRead + Seek) -> io::Result<(u32, u32)> {
    file.seek(SeekFrom::Start(10))?;
    let [flags] = bytes(&mut file)?;
    file.seek_relative(2)?;
    if flags & 0x80 != 0 {
        file.seek_relative(3 << ((flags & 7) + 1))?;
    }
    loop {
        match bytes(&mut file)? {
            [b','] => {
                let [left, top, width, height] = [(); 4].map(|()| bytes(&mut file));
                let end = |start: io::Result<[u8; 2]>, length: io::Result<[u8; 2]>| {
                    let at = |side| u32::from(u16::from_le_bytes(side));
                    Ok::<_, io::Error>(at(start?) + at(length?))
                };
                return Ok((end(left, width)?, end(top, height)?));
            }
            // an extension: a label, and blocks up to an empty one
            [b'!'] => {
                file.seek_relative(1)?;
                loop {
                    match bytes(&mut file)? {
                        [0] => break,
                        [length] => file.seek_relative(length.into())?,
                    }
                }
            }
            [b';'] => return Err(ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
    }
}

/// Checks that the segments of a JPEG lead to pixels.
fn has_a_scan(mut file: impl BufRead + Seek) -> io::Result<()> {
    const SCAN: u8 = 0xDA;
    file.seek(SeekFrom::Start(2))?;
    loop {
        // a marker may have fill bytes before it
        let [mut marker] = bytes(&mut file)?;
        if marker != 0xFF {
            continue;
        }
        while marker == 0xFF {
            [marker] = bytes(&mut file)?;
        }
        match marker {
            SCAN => return Ok(()),
            // those without a length
            0 | 1 | 0xD0..=0xD8 => {}
            0xD9 => return Err(ErrorKind::UnexpectedEof.into()),
            _ => {
                let length = u16::from_be_bytes(bytes(&mut file)?);
                let rest = length.checked_sub(2).ok_or(ErrorKind::InvalidData)?;
                file.seek_relative(rest.into())?;
            }
        }
    }
}

/// Checks that a file is as long as a number in its head says, and this much more.
fn is_at_least(mut file: impl BufRead + Seek, place: u64, more: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(place))?;
    let length = u64::from(u32::from_le_bytes(bytes(&mut file)?)) + more;
    if file.seek(SeekFrom::End(0))? < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
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
    fn a_gif_has_a_frame_and_a_jpeg_a_scan() {
        for length in 0..GIF.len() {
            // the place and the size of the frame stand behind its sign
            assert_eq!(read(&GIF[..length]).is_some(), length >= 19 + 9, "{length}");
        }
        let mut wide = GIF.to_vec();
        wide[24..26].copy_from_slice(&[9, 0]);
        assert_eq!(read(&wide), Some(("image/gif", 9, 4)));
        let jpeg =
            b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x03\0\x02\x01\x01\x11\0\xff\xda\0\x02";
        assert_eq!(read(jpeg), Some(("image/jpeg", 2, 3)));
        for length in 0..jpeg.len() - 2 {
            assert_eq!(read(&jpeg[..length]), None, "{length}");
        }
    }

    #[test]
    fn a_file_is_as_long_as_its_head_says() {
        let mut bmp = [0; 54];
        bmp[..2].copy_from_slice(b"BM");
        for (at, value) in [(10, 54), (14, 40), (18, 2), (22, 3)] {
            bmp[at] = value;
        }
        assert_eq!(read(&bmp), Some(("image/bmp", 2, 3)));
        assert_eq!(read(&bmp[..53]), None);
        let webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x01\0\0\x02\0\0";
        assert_eq!(read(webp), Some(("image/webp", 2, 3)));
        assert_eq!(read(&webp[..29]), None);
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
    fn broken_heads_of_every_kind_are_read_to_an_end() {
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

    /// Counts the bytes that are read.
    struct Counting(Cursor<Vec<u8>>, u64);

    impl Read for Counting {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(into)?;
            self.1 += read as u64;
            Ok(read)
        }
    }

    impl Seek for Counting {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn a_head_without_an_end_is_read_up_to_its_bound() {
        let starts: [(&[u8], u8); 6] = [
            (b"GIF89a\x05\0\x04\0\0\0\0!\x01", 1),
            (b"GIF89a\x05\0\x04\0\0\0\0", 0),
            (b"\xff\xd8\xff\xe0\0\x02", 0),
            (b"\xff\xd8\xff\xe0\0\x02", 0xff),
            (b"II*\0\x08\0\0\0\xff\xff", 1),
            (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1miaf", 1),
        ];
        let mut most = 0;
        for (start, filled) in starts {
            let mut bytes = start.to_vec();
            bytes.resize(4 << 20, filled);
            let mut file = Counting(Cursor::new(bytes), 0);
            assert_eq!(ImageInfo::read(&mut file), None, "{start:?}");
            // the last piece is read before it is counted
            assert!(file.1 <= LONGEST_HEAD + 8 * 1024, "{start:?} {}", file.1);
            most = most.max(file.1);
        }
        assert!(most > LONGEST_HEAD / 2, "{most}");
    }
}
