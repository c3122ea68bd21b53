//! A BagIt bag (RFC 8493, version 1.0, SHA-256): a folder that lists its own files with their hashes, so that
//! `sha256sum -c` shows whether anything changed on the way.
//!
//! [`BagWriter`] writes one whole or not at all. [`Bag`] reads one from a disk that may be hostile: no symbolic link
//! is followed, nothing but regular files is opened, no path leaves the folder, and every size has a bound. Bags are
//! read strictly, in the one spelling that this program writes, so that no byte of a manifest can change unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::hash::Hash;
use super::report::Finding;

/// The bag declaration of RFC 8493 §2.1.1.
const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const MANIFEST: &str = "manifest-sha256.txt";
/// The list of the hashes of the tag files; its own hash stands for the whole bag.
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// The one tag file that the tag manifest does not list: it signs the tag manifest.
pub const SIGNATURE: &str = "signature.txt";

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: u64 = 256 * 1024 * 1024;
/// The most files that are looked at.
const MOST_FILES: usize = 500_000;
/// The deepest folder that is looked into.
const DEEPEST: usize = 8;

/// Writes a bag: into a folder beside its final name, which it takes when it is complete; or into memory, where what
/// is in it must never stand on a disk.
#[derive(Debug)]
pub struct BagWriter {
    place: Place,
    payload: BTreeMap<String, Hash>,
    octets: u64,
}

/// Where the files of a bag go.
#[derive(Debug)]
enum Place {
    Folder { partial: PathBuf, out: PathBuf },
    Memory(Vec<(String, Vec<u8>)>),
}

impl Place {
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        match self {
            Place::Folder { partial, .. } => write_file(&partial.join(path), bytes),
            Place::Memory(files) => {
                files.push((path.to_owned(), bytes.to_vec()));
                Ok(())
            }
        }
    }
}

impl BagWriter {
    /// Begins a bag that will be at `out`, where nothing may be yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something is there, and those of the file system.
    pub fn create(out: &Path) -> io::Result<Self> {
        let place = Place::Folder { partial: begin(out)?, out: out.to_owned() };
        Ok(BagWriter { place, payload: BTreeMap::new(), octets: 0 })
    }

    /// Begins a bag in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        BagWriter { place: Place::Memory(Vec::new()), payload: BTreeMap::new(), octets: 0 }
    }

    /// Adds a payload file; `path` starts with `data/` and is made of plain names.
    ///
    /// # Errors
    /// Those of the file system; [`io::ErrorKind::InvalidInput`] for a path that a bag of ours would not hold.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if !is_plain_path(path) || !path.starts_with("data/") {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{path:?} cannot be in a bag")));
        }
        self.place.write(path, bytes)?;
        self.octets += bytes.len() as u64;
        self.payload.insert(path.to_owned(), Hash::of(bytes));
        Ok(())
    }

    /// Writes the tag files and the manifests, and returns the hash of the tag manifest, which stands for the whole.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn close(&mut self, info: &[(&str, &str)], tag_files: &[(&str, &str)]) -> io::Result<Hash> {
        let mut bag_info = String::new();
        for (name, value) in info {
            let _ = writeln!(bag_info, "{name}: {value}");
        }
        let _ = writeln!(bag_info, "Payload-Oxum: {}.{}", self.octets, self.payload.len());
        let manifest = manifest_text(&self.payload);
        let mut tags = BTreeMap::new();
        let own = [("bagit.txt", DECLARATION), ("bag-info.txt", &bag_info), (MANIFEST, &manifest)];
        for (name, text) in own.iter().chain(tag_files) {
            self.place.write(name, text.as_bytes())?;
            tags.insert((*name).to_owned(), Hash::of(text.as_bytes()));
        }
        let tag_manifest = manifest_text(&tags);
        self.place.write(TAG_MANIFEST, tag_manifest.as_bytes())?;
        Ok(Hash::of(tag_manifest.as_bytes()))
    }

    /// Adds the signature of the tag manifest and moves the bag to its place; gives the files of one in memory.
    ///
    /// # Errors
    /// Those of the file system; nothing is left at the final name then.
    pub fn publish(mut self, signature: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
        self.place.write(SIGNATURE, signature.as_bytes())?;
        match &mut self.place {
            Place::Folder { partial, out } => finish(partial, out).map(|()| Vec::new()),
            Place::Memory(files) => {
                files.sort();
                Ok(std::mem::take(files))
            }
        }
    }
}

impl Drop for BagWriter {
    fn drop(&mut self) {
        // After `publish` there is nothing left to remove.
        if let Place::Folder { partial, .. } = &self.place {
            let _ = fs::remove_dir_all(partial);
        }
    }
}

/// Makes the folder in which `out` grows, beside it and private to its owner.
pub(super) fn begin(out: &Path) -> io::Result<PathBuf> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it exists already"));
    }
    let name =
        out.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no folder"))?;
    let partial = out.with_file_name(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&partial)?;
    Ok(partial)
}

/// Moves the finished folder to its place.
pub(super) fn finish(partial: &Path, out: &Path) -> io::Result<()> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it exists already"));
    }
    fs::rename(partial, out)
}

/// Writes a new file with its folders. An export can be repeated: it is not worth a wait for the disk a file.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    File::options().write(true).create_new(true).open(path)?.write_all(bytes)
}

fn manifest_text(files: &BTreeMap<String, Hash>) -> String {
    files.iter().fold(String::new(), |text, (path, hash)| text + &format!("{hash}  {path}\n"))
}

/// Relative, of plain names only: no `..`, no drive, no backslash, no control character, nothing to encode.
pub(super) fn is_plain_path(path: &str) -> bool {
    path.len() <= 240
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
        && !path.split('/').any(|part| part.is_empty() || part.starts_with('.'))
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// A bag that was looked at: its files, and what its manifests say of them.
#[derive(Debug)]
pub struct Bag {
    root: PathBuf,
    /// Regular files of bearable size with plain names, by path, with their hash.
    files: BTreeMap<String, Hash>,
}

impl Bag {
    /// Looks at every file of the folder and holds it against the manifests. Never panics on what it finds.
    ///
    /// # Errors
    /// Those of the file system when the folder itself cannot be read.
    pub fn inspect(dir: &Path) -> io::Result<(Self, Vec<Finding>)> {
        let mut findings = Vec::new();
        let mut files = BTreeMap::new();
        for path in walk(dir, &mut findings)? {
            match hash_file(&dir.join(&path)) {
                Ok(hash) => {
                    files.insert(path, hash);
                }
                Err(why) => findings.push(Finding::broken(
                    "file-unreadable",
                    Some(&path),
                    format!("cannot be read: {why}"),
                )),
            }
        }
        let bag = Bag { root: dir.to_owned(), files };
        bag.check(&mut findings);
        Ok((bag, findings))
    }

    /// The hash of a file of the bag; none when it is not there.
    #[must_use]
    pub fn hash(&self, path: &str) -> Option<Hash> {
        self.files.get(path).copied()
    }

    /// All files, by path.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The bytes of a file, if they are still those that were hashed.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let expected = self.hash(path)?;
        let mut bytes = Vec::new();
        File::open(self.root.join(path)).ok()?.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
        (Hash::of(&bytes) == expected).then_some(bytes)
    }

    /// The text of a file; none when it is not there or not UTF-8.
    #[must_use]
    pub fn read_text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.read(path)?).ok()
    }

    fn check(&self, findings: &mut Vec<Finding>) {
        if self.read_text("bagit.txt").as_deref() != Some(DECLARATION) {
            findings.push(Finding::broken(
                "bag-declaration",
                Some("bagit.txt"),
                "is missing or not that of a BagIt 1.0 bag",
            ));
        }
        let in_payload = |path: &str| path.starts_with("data/");
        let payload = self.check_manifest(MANIFEST, in_payload, findings);
        self.check_manifest(
            TAG_MANIFEST,
            |path| !in_payload(path) && path != TAG_MANIFEST && path != SIGNATURE,
            findings,
        );
        let octets: u64 =
            payload.iter().filter_map(|path| fs::metadata(self.root.join(path)).ok()).map(|m| m.len()).sum();
        let oxum = format!("Payload-Oxum: {octets}.{}", payload.len());
        if !self.read_text("bag-info.txt").is_some_and(|info| info.lines().any(|line| line == oxum)) {
            findings.push(Finding::broken(
                "payload-count",
                Some("bag-info.txt"),
                "does not give the number and size of the payload files",
            ));
        }
    }

    /// Holds one manifest against the files that it has to list, and returns the paths that it lists.
    fn check_manifest(
        &self,
        name: &str,
        belongs: impl Fn(&str) -> bool,
        findings: &mut Vec<Finding>,
    ) -> BTreeSet<String> {
        let Some(listed) = self.read_text(name).as_deref().and_then(parse_manifest) else {
            let words = "is missing, or not written as `sha256sum` writes it, sorted by path";
            findings.push(Finding::broken("manifest-malformed", Some(name), words));
            return BTreeSet::new();
        };
        for (path, hash) in &listed {
            if !is_plain_path(path) || !belongs(path) {
                findings.push(Finding::broken(
                    "path-unsafe",
                    Some(path),
                    format!("is listed in {name}, where it has no place"),
                ));
                continue;
            }
            match self.hash(path) {
                None => findings.push(Finding::broken(
                    "file-missing",
                    Some(path),
                    format!("is listed in {name} but is not there"),
                )),
                Some(found) if found != *hash => {
                    findings.push(Finding::broken(
                        "file-altered",
                        Some(path),
                        format!("is not the file that {name} lists"),
                    ));
                }
                Some(_) => {}
            }
        }
        for path in self.paths().filter(|path| belongs(path) && !listed.contains_key(*path)) {
            findings.push(Finding::broken("file-extra", Some(path), format!("is not listed in {name}")));
        }
        listed.into_keys().collect()
    }
}

/// Reads a manifest in the one spelling that is written here.
fn parse_manifest(text: &str) -> Option<BTreeMap<String, Hash>> {
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let (hash, path) = line.split_once("  ")?;
        files.insert(path.to_owned(), hash.parse().ok()?);
    }
    (manifest_text(&files) == text).then_some(files)
}

/// The regular files below `dir` with plain names, as paths with `/`.
fn walk(dir: &Path, findings: &mut Vec<Finding>) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![(dir.to_owned(), String::new(), 0)];
    let mut seen = 0;
    while let Some((folder, prefix, depth)) = folders.pop() {
        let listing = match fs::read_dir(&folder) {
            Ok(listing) => listing,
            Err(why) if depth == 0 => return Err(why),
            Err(why) => {
                findings.push(Finding::broken(
                    "file-unreadable",
                    Some(&prefix),
                    format!("cannot be listed: {why}"),
                ));
                continue;
            }
        };
        for entry in listing {
            let entry = entry?;
            seen += 1;
            if seen > MOST_FILES {
                findings.push(Finding::broken(
                    "too-many-files",
                    None,
                    format!("more than {MOST_FILES} files; the rest was not looked at"),
                ));
                return Ok(files);
            }
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            if name.to_str().is_none() || !is_plain_path(&path) {
                findings.push(Finding::broken(
                    "file-extra",
                    Some(&path),
                    "has a name that no file of a bundle has",
                ));
                continue;
            }
            // Of the entry itself: a symbolic link is not followed.
            let metadata = fs::symlink_metadata(entry.path())?;
            let kind = metadata.file_type();
            if kind.is_symlink() {
                findings.push(Finding::broken(
                    "symlink",
                    Some(&path),
                    "is a symbolic link; it was not followed",
                ));
            } else if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), format!("{path}/"), depth + 1));
            } else if !kind.is_file() {
                findings.push(Finding::broken(
                    "not-a-file",
                    Some(&path),
                    "is neither a file nor a folder of a bundle; it was not opened",
                ));
            } else if metadata.len() > LARGEST_FILE {
                findings.push(Finding::broken(
                    "too-large",
                    Some(&path),
                    "is larger than any file of a bundle; it was not read",
                ));
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn hash_file(path: &Path) -> io::Result<Hash> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?.take(LARGEST_FILE + 1), &mut hasher)?;
    Ok(Hash(hasher.finalize().into()))
}

#[cfg(test)]
#[path = "bag_tests.rs"]
mod tests;
