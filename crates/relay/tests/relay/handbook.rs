//! What docs/relay.md tells an administrator to type is typed here, in its order, and what it says about settings is what
//! the program says. A folder stands in for the root of the server; what needs root or systemd (`useradd`, `runuser`,
//! `systemctl`) is played by scripts, the service by what its unit would start. The document names the rest of the test.

#![cfg(unix)]

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use offizin_wire::PairingCode;

use crate::{
    house::Desk,
    nats::{Server, free_port},
};

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(house().join(path)).unwrap()
}

/// The blocks of a kind, in their order.
fn blocks(document: &str, kind: &str) -> Vec<String> {
    let begin = format!("```{kind}\n");
    document.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What plays the parts of the system that a test must not touch.
const STAND_INS: [(&str, &str); 4] = [
    ("useradd", "exit 0"),
    ("runuser", r#"[ "$1 $2 $3" = "-u offizin-relay --" ] || exit 9; shift 3; exec "$@""#),
    // Owners are root's to give away.
    (
        "install",
        r#"words=(); while [ $# -gt 0 ]; do case $1 in -o | -g) shift ;; *) words+=("$1") ;; esac; shift; done
exec /usr/bin/install "${words[@]}""#,
    ),
    (
        "systemctl",
        r#"unit=$ROOT/etc/systemd/system/offizin-relay.service
case $1 in
enable | start)
  grep -q '^User=offizin-relay$' "$unit"
  set -a; eval "$(sed -n 's/^Environment=//p' "$unit")"; set +a
  $(sed -n 's/^ExecStart=//p' "$unit") >"$ROOT/told" 2>"$ROOT/log" & echo $! >"$ROOT/pid"
  for _ in $(seq 300); do [ -s "$ROOT/told" ] && exit 0; sleep 0.05; done
  cat "$ROOT/log" >&2; exit 1 ;;
stop)
  [ -e "$ROOT/pid" ] || exit 0
  kill "$(cat "$ROOT/pid")"; while kill -0 "$(cat "$ROOT/pid")" 2>/dev/null; do sleep 0.05; done; rm "$ROOT/pid" "$ROOT/told" ;;
*) exit 9 ;;
esac"#,
    ),
];

/// A server that is as empty as at the beginning of the document.
struct Empty {
    root: tempfile::TempDir,
    port: u16,
    nats: Server,
}

impl Empty {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "usr/local/bin", "etc/systemd/system", "var/lib", "var/backups", "here"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        for (name, script) in STAND_INS {
            let path = root.path().join("bin").join(name);
            std::fs::write(&path, format!("#!/bin/bash\nset -e\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::fs::write(root.path().join("bin/journalctl"), "#!/bin/sh\ncat \"$ROOT/told\"\n").unwrap();
        let journal = root.path().join("bin/journalctl");
        std::fs::set_permissions(journal, std::fs::Permissions::from_mode(0o755)).unwrap();
        let server = Self { root, port: free_port(), nats: Server::start(None) };
        // What the document says to bring along.
        std::fs::copy(env!("CARGO_BIN_EXE_offizin-relay"), server.path("here/offizin-relay")).unwrap();
        for file in ["relay.toml", "offizin-relay.service"] {
            let text = server.moved(&read(&format!("packaging/relay/{file}")));
            std::fs::write(server.path("here").join(file), text).unwrap();
        }
        server
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// The same text, for this root and this port.
    fn moved(&self, text: &str) -> String {
        let root = self.root.path().display();
        let mut text = text.replace("127.0.0.1:8787", &format!("127.0.0.1:{}", self.port));
        for folder in ["/usr/local/bin", "/etc/", "/var/"] {
            text = text.replace(folder, &format!("{root}{folder}"));
        }
        text.replace("nats://relay:PASSWORD@n1,n2,n3", &self.nats.store().store)
    }

    /// Types a block into a shell that knows what was exported before.
    fn typed(&self, block: &str) -> Output {
        let path = format!("{}:{}:/usr/bin:/bin", self.path("bin").display(), self.path("usr/local/bin").display());
        Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", &self.moved(block)])
            .current_dir(self.path("here"))
            .env_clear()
            .env("PATH", path)
            .env("ROOT", self.root.path())
            .env("OFFIZIN_RELAY_CONFIG", self.path("etc/offizin-relay.toml"))
            .env("OFFIZIN_RELAY_NATS_MONITOR", self.nats.store().monitor)
            .output()
            .unwrap()
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = self.typed("systemctl stop offizin-relay");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_as_written_and_in_its_order() {
    let server = Empty::new();
    let document = read("docs/relay.md");
    let mut typed = Vec::new();
    let mut desk = None;
    for block in blocks(&document, "sh") {
        // How the program came to be is this test's own beginning.
        if block.starts_with("cargo ") {
            continue;
        }
        let output = tokio::task::block_in_place(|| server.typed(&block));
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{block}\n{told}{}", String::from_utf8_lossy(&output.stderr));
        if block.contains("journalctl") {
            assert!(told.contains("https://relay.example.com/"), "{told}");
        }
        if block.contains("inbox add") {
            let code = told.split_whitespace().find_map(|word| PairingCode::parse(word).ok()).unwrap();
            assert_eq!(code.relay.as_str(), "https://relay.example.com/");
            let paired = Desk::new(([127, 0, 0, 1], server.port).into(), reqwest::Client::new());
            assert_eq!(paired.pair(&code, "Desk").await.status(), 200);
            let inlet = paired.inlet().await;
            inlet.deliver("the first event").await;
            assert_eq!(paired.bodies().await.len(), 1);
            desk = Some((paired, inlet));
        }
        if block.contains("/metrics") {
            assert!(told.contains("offizin_relay_accepted_total 1\n"), "{told}");
            assert!(told.contains("offizin_relay_served_segments_total 1\n"), "{told}");
            assert!(told.contains("Adler-Apotheke  1 device(s), 1 inlet(s), 1 segment(s)"), "{told}");
        }
        if block.contains(" restore ") {
            let (desk, inlet) = desk.as_ref().unwrap();
            inlet.deliver("after the restoration").await;
            assert_eq!(desk.bodies().await.len(), 2);
        }
        if block.contains("inbox remove") {
            let again = server.typed(r#"runuser -u offizin-relay -- offizin-relay inbox add "Adler-Apotheke""#);
            assert!(again.status.success(), "for what comes after in the document");
        }
        typed.push(block);
    }
    assert!(desk.is_some());
    let all = typed.concat();
    for command in ["inbox add", "inbox code", "inbox list", "inbox remove", "backup", "restore", "migrate"] {
        assert!(all.contains(&format!("offizin-relay {command}")), "{command} is shown");
    }
}

#[test]
fn the_settings_file_is_the_one_that_is_printed() {
    let settings = |text: &str| text.parse::<toml::Table>().unwrap();
    let printed = blocks(&read("docs/relay.md"), "toml");
    assert_eq!(settings(&printed[0]), settings(&read("packaging/relay/relay.toml")));
    // What is commented out there is the other block.
    let other: String = read("packaging/relay/relay.toml")
        .lines()
        .filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = \"")))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(settings(&printed[1]), settings(&other));
}

/// Flag → what the program says of it: its environment variable and, where it tells one, its default.
fn flags(command: &[&str]) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let output = Command::new(env!("CARGO_BIN_EXE_offizin-relay")).args(command).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let mut flags = BTreeMap::new();
    let mut current = None;
    for line in help.lines() {
        let line = line.trim_start();
        if let Some(flag) =
            line.split_whitespace().find(|word| word.starts_with("--")).filter(|_| line.starts_with('-'))
        {
            current = Some(flag.to_owned());
            flags.insert(flag.to_owned(), (None, None));
        }
        let Some(entry) = current.as_ref().and_then(|flag| flags.get_mut(flag)) else { continue };
        let told = |begin: &str| line.split(begin).nth(1).map(|rest| rest.split([']', '=']).next().unwrap().to_owned());
        entry.0 = told("[env: ").or(entry.0.take());
        entry.1 = told("[default: ").or(entry.1.take());
    }
    flags.retain(|flag, _| !matches!(flag.as_str(), "--help" | "--version"));
    flags
}

#[test]
fn the_table_of_settings_is_complete_and_right() {
    let document = read("docs/relay.md");
    let mut rows: BTreeMap<String, (String, String)> = BTreeMap::new();
    for line in document.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<_> = line.split(" | ").collect();
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for (flag, variable) in words(cells[0]).into_iter().zip(words(cells[1])) {
            rows.insert(flag, (variable, cells[2].to_owned()));
        }
    }
    let mut known = flags(&["serve"]);
    known.extend(flags(&["inbox", "add"]).into_iter().filter(|(flag, _)| flag == "--code-life"));
    let names = |of: Vec<&String>| of.into_iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(rows.keys().collect()), names(known.keys().collect()));
    for (flag, (variable, default)) in known {
        let (said, cell) = &rows[&flag];
        assert_eq!(Some(said), variable.as_ref(), "{flag}");
        // Some are explained in words.
        if let Some(default) = default.filter(|default| !default.contains(' ') && default != "false") {
            let told = cell.split(['`', ' ', ',', '/']).any(|word| word == default);
            assert!(told, "{flag} is {default} by default, the table says {cell}");
        }
    }
}

/// Alarms, dashboard and handbook ask for metrics that exist.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_watched_is_there_to_be_seen() {
    let house = crate::house::House::open().await;
    let (_desk, inlet) = house.inbox("Adler").await;
    inlet.deliver("x").await;
    let told = house.client.get(house.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let known: BTreeSet<_> = told.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let mut asked = 0;
    for file in ["docs/relay.md", "packaging/relay/alerts.yml", "packaging/relay/dashboard.json"] {
        for word in read(file).split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if word.strip_prefix("offizin_relay_").is_none_or(str::is_empty) {
                continue;
            }
            let name = ["_bucket", "_count", "_sum"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            assert!(known.contains(name), "{file} asks for {word}");
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
}
