//! Others outside, on this machine: a witness behind its own listener, and a time-stamping authority made of `openssl ts`
//! behind a small HTTP server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use chaperone::clock::Clock;
use chaperone::evidence::{CosigningKey, VerifierKey, WitnessKey};
use chaperone::witness::{Fork, Witness, serve};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A witness that listens.
pub struct Trustee {
    pub key: WitnessKey,
    pub url: String,
    pub forks: mpsc::UnboundedReceiver<Fork>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Trustee {
    /// Begins (or goes on, in the same folder) to witness a log.
    pub async fn up(dir: &Path, log: VerifierKey, clock: Clock) -> Self {
        let file = dir.join("witness.key");
        let key = if file.exists() {
            CosigningKey::load(&file)
        } else {
            CosigningKey::create(&file, "trustee.example/w")
        };
        let key = key.unwrap();
        let public = key.public();
        let witness = Witness::open(&dir.join("state"), key, [log]).unwrap();
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (found, forks) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, witness, clock, found, async {
            let _ = stopped.await;
        }));
        Trustee { key: public, url, forks, stop, task }
    }

    pub async fn down(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }
}

/// True when `openssl` can be an authority; says loudly what is skipped when it is not there.
pub fn has_openssl(skipped: &str) -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: {skipped}, because openssl is not installed");
    }
    there
}

/// A time-stamping authority: a root certificate, a stamping certificate below it, and `openssl ts -reply`.
#[derive(Clone)]
pub struct Authority {
    dir: Arc<tempfile::TempDir>,
}

const CONFIG: &str = "
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = Test time-stamping authority
[ root ]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ stamping ]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ tsa ]
serial = serial
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

impl Authority {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("openssl.cnf"), CONFIG).unwrap();
        std::fs::write(dir.path().join("serial"), "01\n").unwrap();
        let authority = Authority { dir: Arc::new(dir) };
        for line in [
            "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -config openssl.cnf -extensions root -subj /CN=root",
            "req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -config openssl.cnf",
            "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -set_serial 2 -days 30 -extfile openssl.cnf -extensions stamping -out tsa.pem",
        ] {
            let output = authority.openssl(line);
            assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
        }
        authority
    }

    fn openssl(&self, line: &str) -> Output {
        Command::new("openssl").args(line.split(' ')).current_dir(self.dir.path()).output().unwrap()
    }

    /// The root that whoever verifies has to trust.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("root.pem")
    }

    /// The authority's answer to a request.
    pub fn reply(&self, query: &[u8]) -> Vec<u8> {
        std::fs::write(self.dir.path().join("query.tsq"), query).unwrap();
        let output =
            self.openssl("ts -reply -config openssl.cnf -section tsa -queryfile query.tsq -out reply.tsr");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(self.dir.path().join("reply.tsr")).unwrap()
    }

    /// Begins to serve; gives its address.
    pub async fn serve(&self) -> String {
        let authority = self.clone();
        let app = Router::new().route(
            "/tsr",
            post(move |query: Bytes| async move {
                ([("content-type", "application/timestamp-reply")], authority.reply(&query))
            }),
        );
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}/tsr", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    /// Whether `openssl ts -verify` accepts a response for the bytes of a file.
    pub fn verifies(&self, data: &Path, response: &Path) -> bool {
        let output = Command::new("openssl")
            .args(["ts", "-verify", "-data"])
            .arg(data)
            .arg("-in")
            .arg(response)
            .arg("-CAfile")
            .arg(self.root())
            .output()
            .unwrap();
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("Verification: OK")
    }
}
