//! Real NATS servers for tests: started on loopback, killed, restarted, cut off from each other.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Where a server is reached.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// As `--store` takes it.
    pub(crate) store: String,
    /// As `--nats-monitor` takes it.
    pub(crate) monitor: String,
}

/// One server with JetStream that flushes before it acknowledges. Ends with this value.
pub(crate) struct Server {
    home: tempfile::TempDir,
    port: u16,
    monitor: u16,
    child: Option<Child>,
}

/// A port nobody listens on right now. Below those the system gives to whoever asks for any: else somebody gets it before the
/// server does.
pub(crate) fn free_port() -> u16 {
    loop {
        let chance = RandomState::new().build_hasher().finish() % 20_000;
        let port = 10_000 + u16::try_from(chance).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The program: where `./check` puts it, or wherever it is on the path.
fn program() -> PathBuf {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let provided = house.join("target/tools/nats/bin/nats-server");
    if provided.exists() { provided } else { "nats-server".into() }
}

impl Server {
    /// With a store of its own, of this size at the most.
    pub(crate) fn start(largest: Option<u64>) -> Self {
        let largest = largest.map_or(String::new(), |bytes| format!("max_file_store: {bytes}"));
        Self::with(&format!("sync_interval: always, {largest}"), "")
    }

    /// With these settings in its jetstream block, and these beside it.
    pub(crate) fn with(jetstream: &str, more: &str) -> Self {
        let mut server = Self::prepare(jetstream, more);
        server.launch();
        server.wait();
        server
    }

    /// The same, not started yet.
    pub(crate) fn prepare(jetstream: &str, more: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (port, monitor) = (free_port(), free_port());
        let store = home.path().join("store");
        let config = format!(
            "listen: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor}\"\njetstream {{ store_dir: \"{}\", {jetstream} }}\n{more}\n",
            store.display()
        );
        std::fs::write(home.path().join("nats.conf"), config).unwrap();
        Self { home, port, monitor, child: None }
    }

    /// Everything it writes.
    #[allow(dead_code, reason = "only one of the tests looks")]
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn store(&self) -> Address {
        Address {
            store: format!("nats://127.0.0.1:{}", self.port),
            monitor: format!("http://127.0.0.1:{}/", self.monitor),
        }
    }

    /// Starts the process, not waiting for it to be ready. A shell holds on to the test's pipe, so that the server ends
    /// however the test does.
    pub(crate) fn launch(&mut self) {
        let script = r#""$0" -c "$1/nats.conf" -l "$1/nats.log" & echo $! > "$1/pid"; cat > "$1/held"; kill -9 $!"#;
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(program())
            .arg(self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Waits until it answers.
    pub(crate) fn wait(&self) {
        for _ in 0..600 {
            if self.is_healthy() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(self.home.path().join("nats.log")).unwrap_or_default();
        panic!("nats-server does not get ready (is it there? `./check` installs it): {log}");
    }

    fn is_healthy(&self) -> bool {
        use std::io::{Read, Write};
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.monitor)) else { return false };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
        let mut answer = String::new();
        let _ = stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n");
        let _ = stream.read_to_string(&mut answer);
        answer.contains("200 OK")
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.home.path().join("pid")).unwrap();
        let _ = Command::new("kill").args([signal, pid.trim()]).status();
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        self.signal("-9");
        drop(child.stdin.take());
        let _ = child.wait();
    }

    /// Starts it again with what it had on its disk.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.launch();
        self.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
