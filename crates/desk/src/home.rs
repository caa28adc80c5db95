//! The data folder: where the encrypted database lies. Private to the user; holds no key. Whatever waits for the disk waits in
//! [`blocking`], on a thread that serves nobody else.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{error::Error, id, problem::Problem};

/// A turn at the providers ends with its last answer; one that takes longer than this belongs to a program that hangs.
const LONGEST_TURN: Duration = Duration::from_secs(150);

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// The platform has no folder for data, and none was given.
    #[error("this platform has no data folder")]
    Nowhere,
    /// It cannot be made, read or written.
    #[error("data folder")]
    Io(#[source] std::io::Error),
    /// Another program has the turn at the providers and does not give it back.
    #[error("another program has the turn at the providers")]
    TurnTaken,
}

impl HomeError {
    /// The disk is full.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, HomeError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull)
    }

    /// The same may be possible later, without anybody having changed the folder.
    pub(crate) fn passes(&self) -> bool {
        self.is_full() || matches!(self, HomeError::TurnTaken)
    }
}

/// The data folder of one desk, shared by the window and `offizinctl`.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// The given folder, or the platform's data folder where none is given. Nothing is created yet.
    pub fn at(dir: Option<PathBuf>) -> Result<Self, Problem> {
        Ok(Self::absolute(dir)?)
    }

    fn absolute(dir: Option<PathBuf>) -> Result<Self, Error> {
        let dir = match dir {
            Some(dir) => dir,
            None => {
                directories::ProjectDirs::from("", "", "offizin").ok_or(HomeError::Nowhere)?.data_local_dir().to_owned()
            }
        };
        Ok(Self { dir: std::path::absolute(dir).map_err(HomeError::Io)? })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("offizin.db")
    }

    /// Creates the folder (0700) and holds its lock, so that two programs never create the same database at once.
    pub(crate) async fn lock(&self) -> Result<HomeLock, Error> {
        let dir = self.dir.clone();
        blocking(move || {
            make_private_dir(&dir)?;
            let file = lock_file(&dir.join("lock"))?;
            file.lock().map_err(HomeError::Io)?;
            Ok(HomeLock { _file: file })
        })
        .await
    }

    /// Waits for this desk's turn at the providers and holds it: two programs on one folder never ask at once. The operating
    /// system gives it back when a program ends, however it ends.
    pub(crate) async fn turn(&self) -> Result<HomeLock, Error> {
        let path = self.dir.join("turn");
        let file = blocking(move || lock_file(&path)).await?;
        let began = tokio::time::Instant::now();
        loop {
            // Asks the system and waits for nobody.
            match file.try_lock() {
                Ok(()) => return Ok(HomeLock { _file: file }),
                Err(TryLockError::WouldBlock) if began.elapsed() < LONGEST_TURN => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(TryLockError::WouldBlock) => return Err(HomeError::TurnTaken.into()),
                Err(TryLockError::Error(error)) => return Err(HomeError::Io(error).into()),
            }
        }
    }

    /// The random id under which this folder's secrets lie in the keyring, made on first use. A moved folder keeps it.
    pub(crate) async fn id(&self, _lock: &HomeLock) -> Result<String, Error> {
        let path = self.dir.join("home.id");
        blocking(move || read_id(&path)).await
    }

    /// Moves the database and its companions aside, under a name that says when. Nothing is deleted.
    pub(crate) async fn set_database_aside(&self, _lock: &HomeLock, now: jiff::Timestamp) -> Result<(), Error> {
        let dir = self.dir.clone();
        blocking(move || {
            let stamp = now.strftime("%Y%m%dT%H%M%SZ");
            for suffix in ["", "-wal", "-shm"] {
                let from = dir.join(format!("offizin.db{suffix}"));
                let to = dir.join(format!("offizin-set-aside-{stamp}.db{suffix}"));
                match std::fs::rename(from, to) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(HomeError::Io(error).into()),
                }
            }
            Ok(())
        })
        .await
    }
}

/// Files that were opened with another program: the one place outside the database that holds health data, for as short as
/// can be.
impl Home {
    fn opened_dir(&self) -> PathBuf {
        self.dir.join("opened")
    }

    /// Writes a file only its owner can read, in a folder only its owner can enter, under a name nobody can guess.
    pub(crate) async fn lay_out(
        &self,
        extension: &str,
        bytes: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<PathBuf, Error> {
        let dir = self.opened_dir();
        let path = dir.join(format!("{}.{extension}", id::random_text()?));
        blocking(move || {
            make_private_dir(&dir)?;
            let written = private_file().create_new(true).write(true).open(&path).and_then(|mut file| {
                file.write_all(bytes.as_ref())?;
                file.sync_all()
            });
            if let Err(error) = written {
                // Half a file is health data too.
                std::fs::remove_file(&path).ok();
                return Err(HomeError::Io(error).into());
            }
            Ok(path)
        })
        .await
    }

    /// Removes what was laid out at least so long ago. What another program still shows stays shown: it has read it.
    pub(crate) async fn clear_away(&self, older_than: Duration) -> Result<(), Error> {
        let dir = self.opened_dir();
        blocking(move || {
            let entries = match std::fs::read_dir(dir) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(HomeError::Io(error).into()),
            };
            for entry in entries {
                let entry = entry.map_err(HomeError::Io)?;
                let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
                // A file without an age comes from a clock that was set back: it goes too.
                if age.is_none_or(|age| age >= older_than) {
                    std::fs::remove_file(entry.path()).map_err(HomeError::Io)?;
                }
            }
            Ok(())
        })
        .await
    }
}

/// Held while a desk opens, or asks a provider.
#[derive(Debug)]
pub(crate) struct HomeLock {
    _file: File,
}

/// A file that somebody named, made anew and readable by its owner only: what we write out may be health data.
pub(crate) async fn private_new_file(path: &Path) -> Result<tokio::fs::File, Error> {
    let path = path.to_owned();
    let opened = blocking(move || {
        let opened = private_file().create(true).write(true).truncate(true).open(&path);
        opened.and_then(|file| keep_private(&file).map(|()| file)).map_err(Error::File)
    });
    Ok(tokio::fs::File::from_std(opened.await?))
}

/// Takes the rights to a file of ours from everybody else.
pub(crate) async fn make_private(path: &Path) -> Result<(), Error> {
    let path = path.to_owned();
    blocking(move || Ok(keep_private_at(&path).map_err(HomeError::Io)?)).await
}

/// Does something that waits for the disk, on a thread that may wait: the threads of the runtime serve everybody else
/// meanwhile. Nothing else of the desk calls `std::fs` where it is asynchronous; `tests/arrows.mjs` looks for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)?
}

fn make_private_dir(dir: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    private_dir(&mut builder);
    Ok(builder.create(dir).map_err(HomeError::Io)?)
}

fn lock_file(path: &Path) -> Result<File, Error> {
    Ok(private_file().create(true).truncate(false).write(true).open(path).map_err(HomeError::Io)?)
}

fn read_id(path: &Path) -> Result<String, Error> {
    match File::open(path) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(HomeError::Io)?;
            let text = text.trim();
            if text.is_empty() { write_id(path) } else { Ok(text.to_owned()) }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => write_id(path),
        Err(error) => Err(HomeError::Io(error).into()),
    }
}

fn write_id(path: &Path) -> Result<String, Error> {
    let id = id::random_text()?;
    let new = path.with_extension("new");
    let mut file = private_file().create(true).truncate(true).write(true).open(&new).map_err(HomeError::Io)?;
    file.write_all(id.as_bytes()).map_err(HomeError::Io)?;
    file.sync_all().map_err(HomeError::Io)?;
    std::fs::rename(new, path).map_err(HomeError::Io)?;
    Ok(id)
}

#[cfg(unix)]
fn keep_private(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // The file may have been there already, with other rights.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(unix)]
fn keep_private_at(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn keep_private_at(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private_dir(builder: &mut DirBuilder) {
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
}

#[cfg(not(unix))]
fn private_dir(_: &mut DirBuilder) {}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(not(unix))]
fn private_file() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(Some(dir.path().join("deep/home"))).unwrap();
        (dir, home)
    }

    fn names(dir: &Path) -> Vec<String> {
        let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "lock").collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
    }

    #[test]
    fn naming_a_data_folder_makes_none() {
        let (_dir, home) = home();
        assert!(!home.dir().exists());
    }

    #[test]
    fn a_data_folder_is_named_from_the_root() {
        assert!(Home::at(Some("offizin".into())).unwrap().dir().is_absolute(), "wherever the program goes later");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_data_folder_is_for_its_owner_alone() {
        let (_dir, home) = home();
        let _lock = home.lock().await.unwrap();
        assert_eq!((mode(home.dir()), mode(&home.dir().join("lock"))), (0o700, 0o600));
    }

    #[tokio::test]
    async fn a_data_folder_keeps_its_id_when_it_is_moved() {
        let (dir, home) = home();
        let id = home.id(&home.lock().await.unwrap()).await.unwrap();
        let moved = dir.path().join("moved");
        std::fs::rename(home.dir(), &moved).unwrap();
        let moved = Home::at(Some(moved)).unwrap();
        assert_eq!(moved.id(&moved.lock().await.unwrap()).await.unwrap(), id);
    }

    #[tokio::test]
    async fn an_id_that_was_never_written_to_its_end_is_made_anew() {
        let (_dir, home) = home();
        let lock = home.lock().await.unwrap();
        std::fs::write(home.dir().join("home.id"), " \n").unwrap();
        let id = home.id(&lock).await.unwrap();
        assert_eq!((id.len(), home.id(&lock).await.unwrap()), (16, id.clone()));
    }

    #[tokio::test]
    async fn a_line_break_at_the_end_of_an_id_is_not_part_of_it() {
        let (_dir, home) = home();
        let lock = home.lock().await.unwrap();
        std::fs::write(home.dir().join("home.id"), "abc\n").unwrap();
        assert_eq!(home.id(&lock).await.unwrap(), "abc");
    }

    #[tokio::test]
    async fn a_database_is_set_aside_with_its_companions_and_nothing_is_deleted() {
        let (_dir, home) = home();
        let lock = home.lock().await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            std::fs::write(home.dir().join(format!("offizin.db{suffix}")), suffix).unwrap();
        }
        home.set_database_aside(&lock, "2026-03-01T12:30:00Z".parse().unwrap()).await.unwrap();
        let aside = "offizin-set-aside-20260301T123000Z.db";
        assert_eq!(names(home.dir()), [aside.to_owned(), format!("{aside}-shm"), format!("{aside}-wal")]);
        assert_eq!(std::fs::read_to_string(home.dir().join(format!("{aside}-wal"))).unwrap(), "-wal");
    }

    #[tokio::test]
    async fn setting_aside_what_is_not_there_is_fine() {
        let (_dir, home) = home();
        home.set_database_aside(&home.lock().await.unwrap(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(names(home.dir()), Vec::<String>::new());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_is_laid_out_can_be_read_by_its_owner_alone() {
        let (_dir, home) = home();
        let file = home.lay_out("pdf", b"health").await.unwrap();
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        assert_eq!(file.extension().unwrap(), "pdf");
    }

    #[tokio::test]
    async fn a_file_that_is_laid_out_has_a_name_nobody_can_guess() {
        let (_dir, home) = home();
        let (first, second) = (home.lay_out("pdf", b"").await.unwrap(), home.lay_out("pdf", b"").await.unwrap());
        assert_ne!(first, second);
        assert_eq!(first.file_stem().unwrap().len(), 16);
    }

    #[tokio::test]
    async fn what_was_just_laid_out_stays_and_what_is_old_goes() {
        let (_dir, home) = home();
        let file = home.lay_out("pdf", b"health").await.unwrap();
        home.clear_away(Duration::from_secs(3600)).await.unwrap();
        assert!(file.exists());
        home.clear_away(Duration::ZERO).await.unwrap();
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn a_file_from_the_future_is_cleared_away() {
        let (_dir, home) = home();
        let path = home.lay_out("pdf", b"health").await.unwrap();
        let written = File::open(&path).unwrap();
        written
            .set_modified(std::fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(9_000))
            .unwrap();
        home.clear_away(Duration::from_secs(3600)).await.unwrap();
        assert!(!path.exists(), "a clock that was set back must not keep health data");
    }

    #[tokio::test]
    async fn clearing_away_where_nothing_was_laid_out_is_fine() {
        let (_dir, home) = home();
        home.clear_away(Duration::ZERO).await.unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_everybody_could_read_becomes_private_before_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("orders.csv");
        std::fs::write(&path, "of before").unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&path, open).unwrap();
        private_new_file(&path).await.unwrap();
        assert_eq!((mode(&path), std::fs::metadata(&path).unwrap().len()), (0o600, 0));
    }

    #[test]
    fn a_full_disk_and_a_taken_turn_pass_and_a_folder_that_is_none_does_not() {
        let full = || HomeError::Io(std::io::ErrorKind::StorageFull.into());
        assert!(full().is_full() && full().passes() && HomeError::TurnTaken.passes());
        assert!(!HomeError::Io(std::io::ErrorKind::PermissionDenied.into()).passes() && !HomeError::Nowhere.passes());
    }
}
