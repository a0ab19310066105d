//! Where bytes go: standard output, or a file that is replaced as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use polars::error::PolarsError;

use super::plan::{cannot_write, no_folder};
use crate::error::{Error, Result};

const BUFFER: usize = 1 << 16;
const STDOUT_NAMES: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// What a format's writer can come to: a write that failed (the sink knows where), or an error of ours.
#[derive(Debug)]
pub enum Failure {
    Io(io::Error),
    Ours(Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Failure {
    /// A writer of polars' that failed: the system's words where it was the system.
    pub(super) fn from_polars(error: PolarsError, doing: &str) -> Self {
        match system_error(&error) {
            Some(error) => Self::Io(error),
            None => Self::Ours(Error::Internal { doing: doing.to_owned(), why: error.to_string() }),
        }
    }

    pub(super) fn into_error(self, path: &str) -> Error {
        match self {
            Self::Ours(error) => error,
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Error::BrokenPipe,
            Self::Io(source) => Error::Io { action: "write", path: path.to_owned(), source },
        }
    }
}

/// The system's error behind one of polars'. Its Parquet writer turns it into a text, in which only the number is left.
pub(crate) fn system_error(error: &PolarsError) -> Option<io::Error> {
    if let PolarsError::IO { error, .. } = error {
        return Some(match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(error.kind(), error.to_string()),
        });
    }
    let text = error.to_string();
    let (_, code) = text.split_once("(os error ")?;
    code.split_once(')')?.0.parse().ok().map(io::Error::from_raw_os_error)
}

/// Where the result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Stdout,
    /// Written beside it and renamed over it.
    File(PathBuf),
    /// A device or a named pipe: written as it is.
    Direct(PathBuf),
}

impl Target {
    /// `None` and `-` are standard output. A path that cannot be written for a reason visible now is refused.
    pub fn of(output: Option<&Path>) -> Result<Self> {
        let Some(path) = output else { return Ok(Self::Stdout) };
        if STDOUT_NAMES.iter().any(|name| path.as_os_str() == *name) {
            return Ok(Self::Stdout);
        }
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => Err(Error::BadOption {
                option: "-o".into(),
                value: path.display().to_string(),
                why: "is a directory".into(),
                hint: Some("name a file in it".into()),
            }),
            Ok(there) if !there.is_file() || path.starts_with("/dev") || path.starts_with("/proc") => {
                Ok(Self::Direct(path.to_owned()))
            }
            _ => Ok(Self::File(path.to_owned())),
        }
    }

    pub fn is_stdout(&self) -> bool {
        *self == Self::Stdout
    }
}

/// Whether `path` could be replaced, found out without touching what is there.
pub(super) fn check_writable(path: &Path) -> Result<()> {
    let path = &follow(path);
    if path.is_file() {
        // Renaming would replace a file that its owner has made read-only.
        File::options().write(true).open(path).map_err(|e| cannot_write(path, e))?;
    }
    match temporary(path) {
        Ok(probe) => {
            let probe_path = probe.path().to_owned();
            drop(probe);
            forget(&probe_path);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Lets `render` write to `target`. A file appears complete or not at all, and what was there before stays until then.
pub fn write(target: &Target, render: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<()> {
    match target {
        Target::Stdout => stream(io::stdout().lock(), render).map_err(|f| f.into_error("standard output")),
        Target::Direct(path) => {
            let file = File::options().write(true).open(path).map_err(|e| cannot_write(path, e))?;
            stream(file, render).map_err(|f| f.into_error(&path.display().to_string()))
        }
        Target::File(path) => replace(path, render),
    }
}

fn stream(
    out: impl Write,
    render: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let written = finish(&mut out, render);
    if written.is_err() {
        // Dropping it would write what the buffer still holds.
        drop(out.into_parts());
    }
    written
}

fn finish(
    out: &mut impl Write,
    render: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    render(out)?;
    out.flush()?;
    Ok(())
}

fn replace(path: &Path, render: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<()> {
    let path = &follow(path);
    let temporary = temporary(path)?;
    let temporary_path = temporary.path().to_owned();
    let written = fill_and_rename(temporary, path, render)
        .map_err(|failure| failure.into_error(&path.display().to_string()));
    forget(&temporary_path);
    written
}

/// Whatever fails here drops the temporary file, which removes it.
fn fill_and_rename(
    temporary: tempfile::NamedTempFile,
    path: &Path,
    render: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(BUFFER, temporary);
    finish(&mut out, render)?;
    let temporary = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Ok(there) = fs::metadata(path) {
        take_after(temporary.as_file(), &there)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    if let Some(folder) = path.parent().filter(|_| cfg!(unix)) {
        // Some file systems cannot sync a folder; the file itself is safe by then.
        let _ = File::open(folder_or_here(folder)).and_then(|f| f.sync_all());
    }
    Ok(())
}

/// Owner (where that is allowed) and mode of the file that is to be replaced.
fn take_after(file: &File, there: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (there.uid(), there.gid()) {
            let _ = fchown(file, Some(there.uid()), Some(there.gid()));
        }
    }
    file.set_permissions(there.permissions())
}

/// A temporary file in the folder of `path`, with the mode that a new file usually has; `remove_temporary_files` knows it
/// until `forget`.
pub(crate) fn temporary(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = folder_or_here(path.parent().unwrap_or(Path::new("")));
    if !folder.is_dir() {
        return Err(match fs::metadata(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => cannot_write(path, error),
            Ok(_) => cannot_write(path, io::ErrorKind::NotADirectory.into()),
            Err(_) => no_folder(folder),
        });
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".siyu-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    // The lock is held while the file is made, so that an interrupt in between finds it in the list.
    let mut list = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    let temporary = builder.tempfile_in(folder).map_err(|e| cannot_write(path, e))?;
    list.push(temporary.path().to_owned());
    Ok(temporary)
}

fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The file that a chain of symbolic links ends in, whether it exists yet or not.
fn follow(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&path) else { break };
        path = match path.parent() {
            Some(folder) => folder.join(next),
            None => next,
        };
    }
    path
}

static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the temporary files of writes under way: for the handler of Ctrl-C, right before the process ends.
pub fn remove_temporary_files() {
    for path in TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
pub(super) fn remove_temporary_file(path: &Path) {
    assert!(TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|p| p == path));
    let _ = fs::remove_file(path);
}

/// What has its place is no temporary file any more.
pub(crate) fn forget(path: &Path) {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).retain(|p| p != path);
}
