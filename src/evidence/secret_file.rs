//! Files that hold a secret: made once, readable by their owner only, never overwritten.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// Key files are a few hundred bytes; more is the wrong file.
const LARGEST: u64 = 1 << 20;

/// Writes a new secret file (mode 0600 where the system knows modes) and waits until it is on the disk. It is there whole
/// or not at all: a key file that a kill left empty would keep every later start from working.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::AlreadyExists`] when there is a file of that name, whatever it holds.
pub fn create(path: &Path, secret: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(unfinished)?;
    file.write_all(secret)?;
    file.sync_all()?;
    // A link, unlike a renaming, never replaces what is there.
    match std::fs::hard_link(unfinished, path) {
        // A stick knows no links.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
            std::fs::rename(unfinished, path)
        }
        linked => linked.and(std::fs::remove_file(unfinished)),
    }
}

/// Reads a secret file of at most a mebibyte, as the installation keeps its own.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::PermissionDenied`] when others than its owner may read it,
/// [`io::ErrorKind::FileTooLarge`] when it cannot be a key file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&File::open(path)?.metadata()?.permissions()) & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("others than its owner may read it; run: chmod 600 {}", path.display()),
        ));
    }
    read_anywhere(path)
}

/// Reads a secret file wherever a person keeps it: on a stick that knows no permissions, too. A lead who has to read
/// evidence now is not sent away to change modes.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::FileTooLarge`] when it cannot be a key file.
pub fn read_anywhere(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large for a key file"));
    }
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_its_owners_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        create(&path, b"secret").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(create(&path, b"other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&path).unwrap(), b"secret");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = read(&path).unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
        assert_eq!(read_anywhere(&path).unwrap(), b"secret");
    }
}
