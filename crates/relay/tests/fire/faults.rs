//! Disks that are full, cut writes short, or say that they flushed and did not.
//!
//! Covered: a limit on the size of files (short writes, then errors), and a library loaded before libc that makes flushes
//! fail, writes fall short or find no space, in the store's files only and only while it is told to. Not covered: a disk
//! that says it flushed and did not; no program can notice that.

#![cfg(target_os = "linux")]

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    house::{Desk, Inlet},
    programs::{Served, add_inbox, program},
    writers::Ledger,
};

const WRITERS: usize = 16;
/// A relay that is asked often enough, and forgets what was acknowledged.
const SETTINGS: [&str; 2] = ["--inlet-rate", "0"];

async fn paired(served: &Served, home: &Path) -> (Desk, Inlet) {
    let code = add_inbox(home, "Adler");
    let desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(&code, "Desk").await.status(), 200);
    let inlet = desk.inlet().await;
    (desk, inlet)
}

/// SQLite's own opinion of the file.
async fn assert_sound(home: &Path) {
    use sqlx::ConnectOptions;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.join("relay.db"));
    let mut connection = options.connect().await.unwrap();
    let said: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(said, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_that_may_not_grow_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    // Blocks of 512 bytes; without the trap the signal would end the process before the error reaches it.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 6000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_offizin-relay")]);
    limited.env_clear().env("PATH", "/usr/bin:/bin");
    limited.env("OFFIZIN_RELAY_STORE", format!("sqlite:{}", home.path().join("relay.db").display()));
    let served = Served::start_with(limited, &SETTINGS);
    let (mut desk, inlet) = paired(&served, home.path()).await;
    let ledger = Ledger::default();
    let url = format!("{}/in/{}", desk.base, inlet.token.expose());
    let writers = ledger.write(WRITERS, std::slice::from_ref(&url));
    let refused = async {
        while desk.client.post(&url).body(crate::house::noise(60_000)).send().await.is_ok_and(|a| a.status() == 200) {}
    };
    tokio::time::timeout(crate::house::HANG, refused).await.expect("the limit is reached");
    tokio::time::sleep(Duration::from_millis(300)).await;
    writers.stop().await;
    assert!(ledger.acknowledged() > 0);
    served.kill();
    let served = Served::start(home.path(), &[]);
    desk.base = format!("http://{}", served.address);
    let kept = desk.bodies().await;
    assert!(kept.len() >= ledger.acknowledged());
    ledger.settle_at_least(&desk).await;
    desk.inlet_at(inlet.id, inlet.token).deliver("there is room again").await;
    served.kill();
    assert_sound(home.path()).await;
}

/// Compiled by the test: what stands between the relay and its disk.
fn liar(home: &Path) -> PathBuf {
    let (source, library) = (home.join("liar.c"), home.join("liar.so"));
    std::fs::write(&source, LIAR).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    assert!(compiler.status().unwrap().success(), "a C compiler is needed");
    library
}

const LIAR: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char told(int fd) {
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  if (!strstr(path, "relay.db")) return 0;
  const char *file = getenv("LIAR");
  int f = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  char what = 0;
  if (f >= 0) { if (read(f, &what, 1) != 1) what = 0; close(f); }
  return what;
}
static unsigned turn;
static int now(unsigned every) { return __sync_add_and_fetch(&turn, 1) % every == 0; }

int fsync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  if (told(fd) == 'f' && now(2)) { errno = EIO; return -1; }
  return real(fd);
}
int fdatasync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
  if (told(fd) == 'f' && now(2)) { errno = EIO; return -1; }
  return real(fd);
}
static ssize_t put(int fd, const void *b, size_t n, off_t at, const char *name) {
  ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, name);
  char what = told(fd);
  if (what == 's' && n > 1 && now(3)) return real(fd, b, n / 2, at);
  if (what == 'n' && now(3)) { if (n > 1) real(fd, b, n / 2, at); errno = ENOSPC; return -1; }
  return real(fd, b, n, at);
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { return put(fd, b, n, at, "pwrite"); }
ssize_t pwrite64(int fd, const void *b, size_t n, off_t at) { return put(fd, b, n, at, "pwrite64"); }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_disk_that_fails_to_flush_to_write_or_to_have_room_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (library, mood) = (liar(home.path()), home.path().join("mood"));
    std::fs::write(&mood, "-").unwrap();
    let lied_to = || {
        let mut command = program(home.path());
        command.env("LD_PRELOAD", &library).env("LIAR", &mood);
        command
    };
    let mut served = Served::start_with(lied_to(), &SETTINGS);
    let (mut desk, inlet) = paired(&served, home.path()).await;
    let ledger = Ledger::default();
    for round in 0..3 {
        for kind in ["f", "s", "n"] {
            let url = format!("{}/in/{}", desk.base, inlet.token.expose());
            let writers = ledger.write(WRITERS, &[url]);
            tokio::time::sleep(Duration::from_millis(100)).await;
            std::fs::write(&mood, kind).unwrap();
            tokio::time::sleep(Duration::from_millis(400)).await;
            // Every other time it recovers by itself; else it is killed amid the fault.
            if round % 2 == 0 {
                std::fs::write(&mood, "-").unwrap();
                let again = inlet_again(&desk, &inlet);
                let recovered = async { while again.post("again").await.status() != 200 {} };
                tokio::time::timeout(crate::house::HANG, recovered).await.expect("it recovers");
            }
            served.kill();
            writers.stop().await;
            std::fs::write(&mood, "-").unwrap();
            served = Served::start_with(lied_to(), &SETTINGS);
            desk.base = format!("http://{}", served.address);
            ledger.settle_at_least(&desk).await;
        }
    }
    assert!(ledger.acknowledged() > 50);
    let log = served.kill();
    assert!(!log.contains("panicked"), "{log}");
    assert_sound(home.path()).await;
}

fn inlet_again(desk: &Desk, inlet: &Inlet) -> Inlet {
    desk.inlet_at(inlet.id.clone(), inlet.token.clone())
}
