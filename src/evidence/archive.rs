//! A bundle as one file, for a sealed one: a tar archive (POSIX ustar) of plain files, always written the same way.
//!
//! `age -d -i identity.txt bundle.age | tar -x` opens it without this program. Reading is strict: regular files with plain
//! names only, in one folder, of bearable size; nothing in an archive can lead out of the folder that it is put into.

use super::bag::{LARGEST_FILE, is_plain_path};

/// The folder that an archive unpacks into.
const FOLDER: &str = "bundle/";
const BLOCK: usize = 512;
/// The most files that are read from an archive.
const MOST_FILES: usize = 500_000;

/// Writes files, by path, as an archive.
#[must_use]
pub fn write(files: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut archive = Vec::new();
    for (path, bytes) in files {
        archive.extend(header(path, bytes.len())?);
        archive.extend(bytes);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    Some(archive)
}

/// A ustar header; none for a name that does not fit.
fn header(path: &str, length: usize) -> Option<[u8; BLOCK]> {
    let name = format!("{FOLDER}{path}");
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    if name.len() > 100 || !is_plain_path(path) {
        return None;
    }
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    // The same moment for every file of every archive.
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(header)
}

/// Reads an archive that [`write`] made; none for anything else.
#[must_use]
pub fn read(mut archive: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    loop {
        let (block, rest) = archive.split_at_checked(BLOCK)?;
        if block.iter().all(|byte| *byte == 0) {
            let end = rest.len() == BLOCK && rest.iter().all(|byte| *byte == 0);
            return end.then_some(files);
        }
        let name = block[..100].split(|byte| *byte == 0).next()?;
        let path = std::str::from_utf8(name).ok()?.strip_prefix(FOLDER)?;
        let digits = std::str::from_utf8(&block[124..135]).ok()?;
        let length = usize::from_str_radix(digits, 8).ok().filter(|length| *length as u64 <= LARGEST_FILE)?;
        // One spelling: whatever else the header says, it has to be what would have been written.
        if header(path, length)?.as_slice() != block || files.len() >= MOST_FILES {
            return None;
        }
        let (bytes, _) = rest.split_at_checked(length)?;
        files.push((path.to_owned(), bytes.to_vec()));
        archive = rest.get(length.next_multiple_of(BLOCK)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_archive_goes_there_and_back_and_nothing_leads_out_of_it() {
        let files = vec![
            ("bagit.txt".to_owned(), b"BagIt".to_vec()),
            ("data/empty".to_owned(), Vec::new()),
            ("data/sealed/0001.age".to_owned(), vec![7; 1_500]),
        ];
        let archive = write(&files).unwrap();
        assert_eq!(read(&archive).unwrap(), files);
        for path in ["../out", "/etc/passwd", "data/../x", "a\\b", &"x".repeat(120)] {
            assert!(write(&[(path.to_owned(), Vec::new())]).is_none(), "{path}");
        }
        for cut in [0, 1, 511, 512, 1_024, archive.len() - 1] {
            assert!(read(&archive[..cut]).is_none(), "cut to {cut}");
        }
        // A symbolic link in place of a file (type 2), with its checksum made right again.
        let mut link = archive.clone();
        link[156] = b'2';
        link[148..156].copy_from_slice(b"        ");
        let sum: u32 = link[..512].iter().map(|byte| u32::from(*byte)).sum();
        link[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(read(&link).is_none());
    }

    proptest! {
        #[test]
        fn a_changed_header_is_refused_and_noise_never_panics(at in 0_usize..512, bit in 0_u8..8, noise in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut archive = write(&[("data/x".to_owned(), b"x".to_vec())]).unwrap();
            archive[at] ^= 1 << bit;
            let read_back = read(&archive);
            prop_assert!(read_back.is_none_or(|files| files[0].0 != "data/x"));
            let _ = read(&noise);
        }
    }
}
