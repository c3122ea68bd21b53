use super::*;
use crate::evidence::{SigningKey, WitnessKey};

/// A log of entries that are numbers, with every hash it ever stored.
struct Grown {
    key: SigningKey,
    tree: Tree,
    rows: BTreeMap<u64, Hash>,
}

impl Grown {
    fn new() -> Self {
        Grown {
            key: SigningKey::generate("arts.example/evidence").unwrap(),
            tree: Tree::empty(),
            rows: BTreeMap::new(),
        }
    }

    fn grow(&mut self, entries: u64, flavour: &str) {
        for number in 0..entries {
            let leaf = Hash::of(format!("{flavour} {number}").as_bytes());
            self.rows.extend(self.tree.append(leaf).into_iter().map(|row| (row.index, row.hash)));
        }
    }

    /// A copy as a backup holds it; the key is the same.
    fn backup(&self) -> (Tree, BTreeMap<u64, Hash>) {
        (self.tree.clone(), self.rows.clone())
    }

    fn request(&self, old: u64) -> AddCheckpoint {
        let path = if old <= self.tree.size() {
            ConsistencyProof::make(old, self.tree.size(), &self.rows).unwrap().path
        } else {
            Vec::new()
        };
        AddCheckpoint { old, path, note: self.key.sign(&self.tree, None).unwrap().text().to_owned() }
    }
}

fn witness(dir: &Path, log: &Grown) -> Witness {
    let path = dir.join("witness.key");
    let key = if path.exists() {
        CosigningKey::load(&path)
    } else {
        CosigningKey::create(&path, "trustee.example/w")
    };
    Witness::open(&dir.join("state"), key.unwrap(), [log.key.verifier_key().clone()]).unwrap()
}

fn ask(witness: &mut Witness, request: &AddCheckpoint, now: u64) -> (Answer, Option<Fork>) {
    witness.add_checkpoint(request.to_body().as_bytes(), now)
}

fn body_of(request: &AddCheckpoint) -> String {
    request.note.split("\n\n").next().unwrap().to_owned() + "\n"
}

#[test]
fn a_log_that_only_grows_is_cosigned_and_the_witness_remembers_it_across_restarts() {
    let (dir, mut log) = (tempfile::tempdir().unwrap(), Grown::new());
    let mut old = 0;
    let key: WitnessKey = witness(dir.path(), &log).key().public();
    for (turn, more) in [5, 0, 1, 300].into_iter().enumerate() {
        log.grow(more, "entry");
        let mut reopened = witness(dir.path(), &log);
        let request = log.request(old);
        let (answer, fork) = ask(&mut reopened, &request, 1_000 + turn as u64);
        assert_eq!((answer.status, fork), (200, None), "{answer:?}");
        let cosignature = key.verify(&body_of(&request), &answer.body).unwrap();
        assert_eq!(cosignature.time, 1_000 + turn as u64);
        old = log.tree.size();
        assert_eq!(reopened.logs().next().unwrap().size(), old);
    }
}

#[test]
fn the_protocols_refusals_have_the_protocols_numbers() {
    let (dir, mut log) = (tempfile::tempdir().unwrap(), Grown::new());
    log.grow(8, "entry");
    let mut w = witness(dir.path(), &log);
    assert_eq!(ask(&mut w, &log.request(0), 1).0.status, 200);
    log.grow(4, "entry");
    let good = log.request(8);

    assert_eq!(w.add_checkpoint(b"old x\n\n", 2).0.status, 400);
    let larger = AddCheckpoint { old: 13, path: vec![], ..good.clone() };
    assert_eq!(ask(&mut w, &larger, 2).0.status, 400);
    let unknown = AddCheckpoint { note: good.note.replace("arts.example", "else.example"), ..good.clone() };
    assert_eq!(ask(&mut w, &unknown, 2).0.status, 404);
    let forged = AddCheckpoint { note: good.note.replace("\n12\n", "\n13\n"), ..good.clone() };
    assert_eq!(ask(&mut w, &forged, 2).0.status, 403);
    let stale = ask(&mut w, &log.request(7), 2);
    assert_eq!((stale.0.status, stale.0.media_type, stale.0.body.as_str()), (409, "text/x.tlog.size", "8\n"));
    assert_eq!(stale.1, None, "a log that does not know where its witness stands is no fork");
    let mut wrong = good.clone();
    wrong.path[0].0[0] ^= 1;
    assert_eq!(ask(&mut w, &wrong, 2).0.status, 422);
    // None of it moved the witness.
    assert_eq!(ask(&mut w, &good, 3).0.status, 200);
}

#[test]
fn a_database_that_was_put_back_and_grown_differently_is_refused_and_kept_as_proof() {
    let (dir, mut log) = (tempfile::tempdir().unwrap(), Grown::new());
    log.grow(90, "entry");
    let old_backup = log.backup();
    log.grow(60, "entry");
    let mut w = witness(dir.path(), &log);
    assert_eq!(ask(&mut w, &log.request(0), 1).0.status, 200);

    (log.tree, log.rows) = old_backup;
    log.grow(30, "another entry");
    // Still shorter than what was cosigned: the answer tells the log that it is behind itself.
    let behind = ask(&mut w, &log.request(90), 2);
    assert_eq!((behind.0.status, behind.0.body.as_str(), behind.1), (409, "150\n", None));
    // As long as what was cosigned: two roots for one size.
    log.grow(30, "another entry");
    let (answer, fork) = ask(&mut w, &log.request(150), 3);
    assert_eq!(answer.status, 409);
    let fork = fork.unwrap();
    assert_eq!((fork.cosigned, fork.offered, fork.known), (150, 150, false));
    let kept = fs::read_to_string(&fork.file).unwrap();
    assert_eq!(
        kept.matches("arts.example/evidence\n150\n").count(),
        2,
        "both states, each with its signature: {kept}"
    );
    assert!(ask(&mut w, &log.request(150), 3).1.unwrap().known, "the same again raises no second alarm");
    // Longer: the proof cannot hold.
    log.grow(10, "another entry");
    let (answer, fork) = ask(&mut w, &log.request(150), 4);
    assert_eq!((answer.status, fork.unwrap().offered), (422, 160));
    drop(w);
    let w = witness(dir.path(), &log);
    assert_eq!((w.logs().next().unwrap().size(), w.logs().next().unwrap().forks()), (150, 2));
}

#[test]
fn a_clock_that_was_set_back_does_not_unsay_a_later_time() {
    let (dir, mut log) = (tempfile::tempdir().unwrap(), Grown::new());
    log.grow(3, "entry");
    let mut w = witness(dir.path(), &log);
    ask(&mut w, &log.request(0), 5_000);
    log.grow(3, "entry");
    let request = log.request(3);
    let (answer, _) = ask(&mut w, &request, 4_000);
    assert_eq!(w.key().public().verify(&body_of(&request), &answer.body).unwrap().time, 5_000);
}

#[test]
fn one_process_at_a_time_and_no_damaged_memory() {
    let (dir, mut log) = (tempfile::tempdir().unwrap(), Grown::new());
    log.grow(3, "entry");
    let mut w = witness(dir.path(), &log);
    ask(&mut w, &log.request(0), 1);
    let open = || {
        let key = CosigningKey::load(&dir.path().join("witness.key")).unwrap();
        Witness::open(&dir.path().join("state"), key, [log.key.verifier_key().clone()])
    };
    assert!(matches!(open(), Err(WitnessError::Held(_))));
    let folder = w.logs().next().unwrap().folder.clone();
    drop(w);
    // Half a line is what a power cut leaves: it was never answered for.
    let whole = fs::read(folder.join(HISTORY)).unwrap();
    fs::write(folder.join(HISTORY), [&whole[..], b"6 abc"].concat()).unwrap();
    let mut torn = open().unwrap();
    log.grow(3, "entry");
    assert_eq!(ask(&mut torn, &log.request(3), 2).0.status, 200);
    drop(torn);
    let text = fs::read_to_string(folder.join(HISTORY)).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    // The history cut off behind the newest checkpoint is a memory that was altered.
    fs::write(folder.join(HISTORY), &whole).unwrap();
    let key = CosigningKey::load(&dir.path().join("witness.key")).unwrap();
    let damaged = Witness::open(&dir.path().join("state"), key, [log.key.verifier_key().clone()]);
    assert!(matches!(damaged, Err(WitnessError::Damaged(_))), "{damaged:?}");
}
