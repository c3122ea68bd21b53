use super::*;

fn bag(dir: &Path) -> PathBuf {
    let out = dir.join("bag");
    let mut writer = BagWriter::create(&out).unwrap();
    writer.add("data/a.txt", b"a").unwrap();
    writer.add("data/sub/b.txt", b"bb").unwrap();
    writer.close(&[("Source-Organization", "arts")], &[("VERIFY.txt", "how\n")]).unwrap();
    writer.publish("signed\n").unwrap();
    out
}

fn codes(dir: &Path) -> Vec<&'static str> {
    Bag::inspect(dir).unwrap().1.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_bag_is_written_as_the_rfc_says() {
    let dir = tempfile::tempdir().unwrap();
    let out = bag(dir.path());
    assert_eq!(codes(&out), [""; 0]);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(read("bag-info.txt"), "Source-Organization: arts\nPayload-Oxum: 3.2\n");
    assert_eq!(
        read(MANIFEST),
        format!("{}  data/a.txt\n{}  data/sub/b.txt\n", Hash::of(b"a"), Hash::of(b"bb"))
    );
    assert!(read(TAG_MANIFEST).contains("VERIFY.txt") && !read(TAG_MANIFEST).contains("tagmanifest"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing partial is left beside it");
}

#[test]
fn what_exists_is_never_overwritten_and_a_failed_bag_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = bag(dir.path());
    assert_eq!(BagWriter::create(&out).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    let mut writer = BagWriter::create(&dir.path().join("other")).unwrap();
    for path in ["a.txt", "data/../../x", "data//x", "data/.x", "/data/x", "data/a b", "data\\x"] {
        assert!(writer.add(path, b"").is_err(), "{path}");
    }
    drop(writer);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_manifest_that_points_outside_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = bag(dir.path());
    fs::write(dir.path().join("secret"), "outside").unwrap();
    let line = format!("{}  data/../../secret\n", Hash::of(b"outside"));
    fs::write(out.join(MANIFEST), line + &fs::read_to_string(out.join(MANIFEST)).unwrap()).unwrap();
    assert!(codes(&out).contains(&"path-unsafe"));
}

#[cfg(unix)]
#[test]
fn links_and_devices_are_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let out = bag(dir.path());
    fs::remove_file(out.join("data/a.txt")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", out.join("data/a.txt")).unwrap();
    std::os::unix::fs::symlink("/", out.join("data/root")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(out.join("data/socket")).unwrap();
    let found = codes(&out);
    assert_eq!(found.iter().filter(|code| **code == "symlink").count(), 2, "{found:?}");
    assert!(found.contains(&"not-a-file") && found.contains(&"file-missing"), "{found:?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_too_large_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let out = bag(dir.path());
    // Sparse: takes no room on the disk.
    File::options().write(true).open(out.join("data/a.txt")).unwrap().set_len(1 << 40).unwrap();
    assert!(codes(&out).contains(&"too-large"));
}
